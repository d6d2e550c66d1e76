//! Packets into bytes. Each function writes one packet into the caller's buffer and returns the written part.

use super::crc::Crc16;
use super::format::{BLOCK_OVERHEAD, BROADCAST, HEADER, MAX_PACKET};
use super::instruction::Instruction;
use crate::encode_error::{EncodeError, not_empty, one, one_or_all};

/// What `Clear` must carry to be believed: the count of turns, and a password (`dynamixel-sdk` 4.1.0).
const CLEAR_TURNS: [u8; 5] = [0x01, 0x44, 0x58, 0x4C, 0x22];

/// Asks one servo, or with the broadcast id every servo, whether it is there.
pub fn ping(out: &mut [u8], id: u8) -> Result<&[u8], EncodeError> {
    Writer::new(out, one_or_all(id)?, Instruction::Ping).finish()
}

/// Asks one servo for `len` bytes of its registers from `address` on.
pub fn read(out: &mut [u8], id: u8, address: u16, len: u16) -> Result<&[u8], EncodeError> {
    not_empty(len.into())?;
    let mut writer = Writer::new(out, one(id)?, Instruction::Read);
    writer.put_words(&[address, len]);
    writer.finish()
}

/// Writes `data` into one servo's registers (or, with the broadcast id, into every servo's) from `address` on.
pub fn write<'o>(
    out: &'o mut [u8],
    id: u8,
    address: u16,
    data: &[u8],
) -> Result<&'o [u8], EncodeError> {
    write_as(Instruction::Write, out, id, address, data)
}

/// Like [`write()`], to be carried out when [`action`] follows.
pub fn reg_write<'o>(
    out: &'o mut [u8],
    id: u8,
    address: u16,
    data: &[u8],
) -> Result<&'o [u8], EncodeError> {
    write_as(Instruction::RegWrite, out, id, address, data)
}

/// Starts what [`reg_write`] left waiting in one servo or, with the broadcast id, in all.
pub fn action(out: &mut [u8], id: u8) -> Result<&[u8], EncodeError> {
    Writer::new(out, one_or_all(id)?, Instruction::Action).finish()
}

/// Starts one servo again, which clears a latched hardware error and drops what it carries.
pub fn reboot(out: &mut [u8], id: u8) -> Result<&[u8], EncodeError> {
    Writer::new(out, one(id)?, Instruction::Reboot).finish()
}

/// Makes one servo forget the full turns that it has counted.
pub fn clear_turns(out: &mut [u8], id: u8) -> Result<&[u8], EncodeError> {
    let mut writer = Writer::new(out, one(id)?, Instruction::Clear);
    writer.put(&CLEAR_TURNS);
    writer.finish()
}

/// Asks the servos `ids` for `len` bytes each, from `address` on. They answer in this order.
pub fn sync_read(
    out: &mut [u8],
    address: u16,
    len: u16,
    ids: impl IntoIterator<Item = u8>,
) -> Result<&[u8], EncodeError> {
    sync_read_as(Instruction::SyncRead, out, address, len, ids)
}

/// Like [`sync_read`], answered in one packet.
pub fn fast_sync_read(
    out: &mut [u8],
    address: u16,
    len: u16,
    ids: impl IntoIterator<Item = u8>,
) -> Result<&[u8], EncodeError> {
    sync_read_as(Instruction::FastSyncRead, out, address, len, ids)
}

/// Writes `width` bytes into each servo of `entries` (id, data) from `address` on. No servo answers.
pub fn sync_write<'o, 'd>(
    out: &'o mut [u8],
    address: u16,
    width: u16,
    entries: impl IntoIterator<Item = (u8, &'d [u8])>,
) -> Result<&'o [u8], EncodeError> {
    not_empty(width.into())?;
    let mut writer = Writer::new(out, BROADCAST, Instruction::SyncWrite);
    writer.put_words(&[address, width]);
    let mut count = 0;
    for (id, data) in entries {
        if data.len() != usize::from(width) {
            return Err(EncodeError::WrongWidth {
                id,
                expected: u8::try_from(width).unwrap_or(u8::MAX),
                got: data.len(),
            });
        }
        writer.put(&[one(id)?]);
        writer.put(data);
        count += 1;
    }
    not_empty(count)?;
    writer.finish()
}

/// Asks several servos for registers of their own: `entries` are (id, address, number of bytes).
pub fn bulk_read(
    out: &mut [u8],
    entries: impl IntoIterator<Item = (u8, u16, u16)>,
) -> Result<&[u8], EncodeError> {
    bulk_read_as(Instruction::BulkRead, out, entries)
}

/// Like [`bulk_read`], answered in one packet.
pub fn fast_bulk_read(
    out: &mut [u8],
    entries: impl IntoIterator<Item = (u8, u16, u16)>,
) -> Result<&[u8], EncodeError> {
    bulk_read_as(Instruction::FastBulkRead, out, entries)
}

/// Writes registers of their own into several servos: `entries` are (id, address, data). No servo answers.
pub fn bulk_write<'o, 'd>(
    out: &'o mut [u8],
    entries: impl IntoIterator<Item = (u8, u16, &'d [u8])>,
) -> Result<&'o [u8], EncodeError> {
    let mut writer = Writer::new(out, BROADCAST, Instruction::BulkWrite);
    let mut count = 0;
    for (id, address, data) in entries {
        not_empty(data.len())?;
        writer.put(&[one(id)?]);
        let width = u16::try_from(data.len()).map_err(|_| EncodeError::PacketTooLong)?;
        writer.put_words(&[address, width]);
        writer.put(data);
        count += 1;
    }
    not_empty(count)?;
    writer.finish()
}

/// A servo's answer: its error byte and the bytes that were asked for. This is what simulated servos send.
pub fn status<'o>(
    out: &'o mut [u8],
    id: u8,
    error: u8,
    params: &[u8],
) -> Result<&'o [u8], EncodeError> {
    let mut writer = Writer::new(out, one(id)?, Instruction::Status);
    writer.put(&[error]);
    writer.put(params);
    writer.finish()
}

/// The common answer to a fast read: `blocks` are (id, error, data) of those who answer, in the order asked, and `asked` is
/// how many bytes of data each servo asked was to give, whether it answers or not. With fewer blocks than that, the packet
/// breaks off where a real one does.
pub fn fast_status<'o, 'd>(
    out: &'o mut [u8],
    asked: impl IntoIterator<Item = u16>,
    blocks: impl IntoIterator<Item = (u8, u8, &'d [u8])>,
) -> Result<&'o [u8], EncodeError> {
    let owed = asked
        .into_iter()
        .map(|len| usize::from(len) + BLOCK_OVERHEAD)
        .sum::<usize>();
    let length = owed + 1;
    if length + Writer::LENGTH_END > MAX_PACKET {
        return Err(EncodeError::PacketTooLong);
    }
    let mut writer = Writer::new(out, BROADCAST, Instruction::Status);
    writer.stuffs = false;
    writer.set_length(length)?;
    let mut crc = Crc16::new();
    let mut done = 0;
    for (id, error, data) in blocks {
        writer.put(&[error, one(id)?]);
        writer.put(data);
        crc.update(writer.written(done)?);
        done = writer.len;
        writer.put(&crc.to_bytes());
    }
    writer.written(0)?;
    let Writer { out, len, .. } = writer;
    // Without the first servo there is no header either.
    Ok(&out[..if done == 0 { 0 } else { len }])
}

fn write_as<'o>(
    instruction: Instruction,
    out: &'o mut [u8],
    id: u8,
    address: u16,
    data: &[u8],
) -> Result<&'o [u8], EncodeError> {
    not_empty(data.len())?;
    let mut writer = Writer::new(out, one_or_all(id)?, instruction);
    writer.put_words(&[address]);
    writer.put(data);
    writer.finish()
}

fn sync_read_as(
    instruction: Instruction,
    out: &mut [u8],
    address: u16,
    len: u16,
    ids: impl IntoIterator<Item = u8>,
) -> Result<&[u8], EncodeError> {
    not_empty(len.into())?;
    let mut writer = Writer::new(out, BROADCAST, instruction);
    writer.put_words(&[address, len]);
    let mut count = 0;
    for id in ids {
        writer.put(&[one(id)?]);
        count += 1;
    }
    not_empty(count)?;
    writer.finish()
}

fn bulk_read_as(
    instruction: Instruction,
    out: &mut [u8],
    entries: impl IntoIterator<Item = (u8, u16, u16)>,
) -> Result<&[u8], EncodeError> {
    let mut writer = Writer::new(out, BROADCAST, instruction);
    let mut count = 0;
    for (id, address, len) in entries {
        not_empty(len.into())?;
        writer.put(&[one(id)?]);
        writer.put_words(&[address, len]);
        count += 1;
    }
    not_empty(count)?;
    writer.finish()
}

/// Appends bytes with their stuffing and remembers how many there would be, so that only `finish` has to look at the limits.
struct Writer<'o> {
    out: &'o mut [u8],
    len: usize,
    stuffs: bool,
    /// How much of FF FF FD the newest bytes are.
    matched: usize,
}

impl<'o> Writer<'o> {
    /// Where the length stands, and where what it counts begins.
    const LENGTH: usize = 5;
    const LENGTH_END: usize = 7;

    fn new(out: &'o mut [u8], id: u8, instruction: Instruction) -> Self {
        let mut writer = Self {
            out,
            len: 0,
            stuffs: false,
            matched: 0,
        };
        writer.put(&HEADER);
        writer.put(&[id, 0, 0, instruction.code()]);
        writer.stuffs = true;
        writer.matched = 0;
        writer
    }

    fn put_words(&mut self, words: &[u16]) {
        for word in words {
            self.put(&word.to_le_bytes());
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.put_plain(byte);
            self.matched = match (self.matched, byte) {
                (0, 0xFF) => 1,
                (1 | 2, 0xFF) => 2,
                (2, 0xFD) if self.stuffs => {
                    self.put_plain(0xFD);
                    0
                }
                _ => 0,
            };
        }
    }

    fn put_plain(&mut self, byte: u8) {
        if let Some(room) = self.out.get_mut(self.len) {
            *room = byte;
        }
        self.len = self.len.saturating_add(1);
    }

    fn set_length(&mut self, length: usize) -> Result<(), EncodeError> {
        let length = u16::try_from(length).map_err(|_| EncodeError::PacketTooLong)?;
        let available = self.out.len();
        self.out
            .get_mut(Self::LENGTH..Self::LENGTH_END)
            .ok_or(EncodeError::BufferTooSmall { available })?
            .copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// What was written from there on.
    fn written(&self, from: usize) -> Result<&[u8], EncodeError> {
        let available = self.out.len();
        self.out
            .get(from..self.len)
            .ok_or(EncodeError::BufferTooSmall { available })
    }

    fn finish(mut self) -> Result<&'o [u8], EncodeError> {
        let total = self.len.saturating_add(2);
        if total > MAX_PACKET {
            return Err(EncodeError::PacketTooLong);
        }
        self.set_length(total - Self::LENGTH_END)?;
        let crc = Crc16::of(self.written(0)?).to_bytes();
        self.stuffs = false;
        self.put(&crc);
        self.written(0)?;
        Ok(&self.out[..total])
    }
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod tests;
