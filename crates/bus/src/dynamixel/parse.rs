//! What a packet says: for simulated servos, which have to obey it.

use super::instruction::Instruction;

/// A packet's instruction, with its parameters parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// Answer with model number and firmware version.
    Ping,
    /// Answer with `len` bytes from `address` on.
    Read {
        /// First register address.
        address: u16,
        /// Number of bytes.
        len: u16,
    },
    /// Write `data` from `address` on.
    Write {
        /// First register address.
        address: u16,
        /// The bytes.
        data: &'a [u8],
    },
    /// Keep a write until `Action`.
    RegWrite {
        /// First register address.
        address: u16,
        /// The bytes.
        data: &'a [u8],
    },
    /// Carry out the write that was kept.
    Action,
    /// Back to the factory's settings; what to keep is in the parameter.
    FactoryReset,
    /// Start again.
    Reboot,
    /// Forget the full turns.
    Clear,
    /// A servo's answer.
    Status {
        /// Its error byte.
        error: u8,
        /// The bytes asked for.
        data: &'a [u8],
    },
    /// Answer one after the other, or all in one packet.
    SyncRead {
        /// First register address.
        address: u16,
        /// Bytes of each servo.
        len: u16,
        /// The servos, in the order of their answers.
        ids: &'a [u8],
        /// All in one packet.
        fast: bool,
    },
    /// The same registers of several servos.
    SyncWrite {
        /// First register address.
        address: u16,
        /// Id and data of each servo.
        items: SyncItems<'a>,
    },
    /// Answer one after the other, or all in one packet.
    BulkRead {
        /// Servos, addresses and lengths.
        items: BulkItems<'a>,
        /// All in one packet.
        fast: bool,
    },
    /// Registers of their own for several servos.
    BulkWrite {
        /// Servos, addresses and data.
        items: BulkItems<'a>,
    },
}

impl<'a> Parsed<'a> {
    /// `None` if the parameters do not fit the instruction.
    pub(super) fn of(instruction: u8, params: &'a [u8]) -> Option<Self> {
        let empty = params.is_empty();
        Some(match (Instruction::from_code(instruction)?, params) {
            (Instruction::Ping, _) if empty => Self::Ping,
            (Instruction::Action, _) if empty => Self::Action,
            (Instruction::Reboot, _) if empty => Self::Reboot,
            (Instruction::FactoryReset, [_]) => Self::FactoryReset,
            (Instruction::Clear, _) if !empty => Self::Clear,
            (Instruction::Read, &[a, b, c, d]) => Self::Read {
                address: u16::from_le_bytes([a, b]),
                len: u16::from_le_bytes([c, d]),
            },
            (Instruction::Write, [a, b, data @ ..]) if !data.is_empty() => Self::Write {
                address: u16::from_le_bytes([*a, *b]),
                data,
            },
            (Instruction::RegWrite, [a, b, data @ ..]) if !data.is_empty() => Self::RegWrite {
                address: u16::from_le_bytes([*a, *b]),
                data,
            },
            (Instruction::Status, [error, data @ ..]) => Self::Status {
                error: *error,
                data,
            },
            (
                kind @ (Instruction::SyncRead | Instruction::FastSyncRead),
                [a, b, c, d, ids @ ..],
            ) => Self::SyncRead {
                address: u16::from_le_bytes([*a, *b]),
                len: u16::from_le_bytes([*c, *d]),
                ids,
                fast: kind == Instruction::FastSyncRead,
            },
            (Instruction::SyncWrite, [a, b, c, d, rest @ ..]) => Self::SyncWrite {
                address: u16::from_le_bytes([*a, *b]),
                items: SyncItems::of(u16::from_le_bytes([*c, *d]), rest)?,
            },
            (kind @ (Instruction::BulkRead | Instruction::FastBulkRead), rest) => Self::BulkRead {
                items: BulkItems::of(rest, false)?,
                fast: kind == Instruction::FastBulkRead,
            },
            (Instruction::BulkWrite, rest) => Self::BulkWrite {
                items: BulkItems::of(rest, true)?,
            },
            _ => return None,
        })
    }
}

/// Each servo's part of a sync write: (id, data).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncItems<'a> {
    width: usize,
    rest: &'a [u8],
}

impl<'a> SyncItems<'a> {
    fn of(width: u16, rest: &'a [u8]) -> Option<Self> {
        let width = usize::from(width);
        (width > 0 && rest.len().is_multiple_of(width + 1)).then_some(Self { width, rest })
    }
}

impl<'a> Iterator for SyncItems<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&id, rest) = self.rest.split_first()?;
        let (data, rest) = rest.split_at_checked(self.width)?;
        self.rest = rest;
        Some((id, data))
    }
}

/// Each servo's part of a bulk read or write: (id, address, number of bytes, the bytes of a write).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkItems<'a> {
    rest: &'a [u8],
    writes: bool,
}

impl<'a> BulkItems<'a> {
    fn of(rest: &'a [u8], writes: bool) -> Option<Self> {
        let items = Self { rest, writes };
        let mut probe = items;
        while probe.next().is_some() {}
        probe.rest.is_empty().then_some(items)
    }
}

impl<'a> Iterator for BulkItems<'a> {
    type Item = (u8, u16, u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [id, a, b, c, d, rest @ ..] = self.rest else {
            return None;
        };
        let address = u16::from_le_bytes([*a, *b]);
        let len = u16::from_le_bytes([*c, *d]);
        let (data, rest) = rest.split_at_checked(if self.writes { len.into() } else { 0 })?;
        self.rest = rest;
        Some((*id, address, len, data))
    }
}
