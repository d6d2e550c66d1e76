//! Packets into bytes. Each function writes one packet into the caller's buffer and returns the written part.

use super::format::{BROADCAST, HEADER, Instruction, MAX_PACKET, checksum};
use crate::encode_error::{EncodeError, not_empty, one, one_or_all};

/// Asks one servo whether it is there.
pub fn ping(out: &mut [u8], id: u8) -> Result<&[u8], EncodeError> {
    Writer::new(out, one_or_all(id)?, Instruction::Ping.code()).finish()
}

/// Asks one servo for `len` bytes of its registers from `address` on.
pub fn read(out: &mut [u8], id: u8, address: u8, len: u8) -> Result<&[u8], EncodeError> {
    not_empty(len.into())?;
    let mut writer = Writer::new(out, one(id)?, Instruction::Read.code());
    writer.put(&[address, len]);
    writer.finish()
}

/// Writes `data` into one servo's registers (or, with the broadcast id, into every servo's) from `address` on.
pub fn write<'o>(
    out: &'o mut [u8],
    id: u8,
    address: u8,
    data: &[u8],
) -> Result<&'o [u8], EncodeError> {
    write_as(Instruction::Write, out, id, address, data)
}

/// Like [`write()`], to be carried out when [`action`] follows.
pub fn reg_write<'o>(
    out: &'o mut [u8],
    id: u8,
    address: u8,
    data: &[u8],
) -> Result<&'o [u8], EncodeError> {
    write_as(Instruction::RegWrite, out, id, address, data)
}

/// Starts what [`reg_write`] left waiting in one servo or, with the broadcast id, in all.
pub fn action(out: &mut [u8], id: u8) -> Result<&[u8], EncodeError> {
    Writer::new(out, one_or_all(id)?, Instruction::Action.code()).finish()
}

/// Asks the servos `ids` for `len` bytes each, from `address` on. They answer in this order.
pub fn sync_read(
    out: &mut [u8],
    address: u8,
    len: u8,
    ids: impl IntoIterator<Item = u8>,
) -> Result<&[u8], EncodeError> {
    not_empty(len.into())?;
    let mut writer = Writer::new(out, BROADCAST, Instruction::SyncRead.code());
    writer.put(&[address, len]);
    let mut count = 0;
    for id in ids {
        writer.put(&[one(id)?]);
        count += 1;
    }
    not_empty(count)?;
    writer.finish()
}

/// Writes `width` bytes into each servo of `entries` (id, data) from `address` on. No servo answers.
pub fn sync_write<'o, 'd>(
    out: &'o mut [u8],
    address: u8,
    width: u8,
    entries: impl IntoIterator<Item = (u8, &'d [u8])>,
) -> Result<&'o [u8], EncodeError> {
    not_empty(width.into())?;
    let mut writer = Writer::new(out, BROADCAST, Instruction::SyncWrite.code());
    writer.put(&[address, width]);
    let mut count = 0;
    for (id, data) in entries {
        if data.len() != usize::from(width) {
            return Err(EncodeError::WrongWidth {
                id,
                expected: width,
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

/// A servo's answer: its error byte and the bytes that were asked for. This is what simulated servos send.
pub fn status<'o>(
    out: &'o mut [u8],
    id: u8,
    error: u8,
    params: &[u8],
) -> Result<&'o [u8], EncodeError> {
    let mut writer = Writer::new(out, one(id)?, error);
    writer.put(params);
    writer.finish()
}

fn write_as<'o>(
    instruction: Instruction,
    out: &'o mut [u8],
    id: u8,
    address: u8,
    data: &[u8],
) -> Result<&'o [u8], EncodeError> {
    not_empty(data.len())?;
    let mut writer = Writer::new(out, one_or_all(id)?, instruction.code());
    writer.put(&[address]);
    writer.put(data);
    writer.finish()
}

/// Appends bytes and remembers how many there would be, so that only `finish` has to look at the limits.
struct Writer<'o> {
    out: &'o mut [u8],
    len: usize,
}

impl<'o> Writer<'o> {
    /// Where the length byte stands.
    const LENGTH: usize = 3;

    fn new(out: &'o mut [u8], id: u8, kind: u8) -> Self {
        let mut writer = Self { out, len: 0 };
        writer.put(&HEADER);
        writer.put(&[id, 0, kind]);
        writer
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        if let Some(room) = self.out.get_mut(self.len..end) {
            room.copy_from_slice(bytes);
        }
        self.len = end;
    }

    fn finish(mut self) -> Result<&'o [u8], EncodeError> {
        let total = self.len.saturating_add(1);
        if total > MAX_PACKET {
            return Err(EncodeError::PacketTooLong);
        }
        let available = self.out.len();
        let too_small = EncodeError::BufferTooSmall { available };
        let length =
            u8::try_from(total - Self::LENGTH - 1).map_err(|_| EncodeError::PacketTooLong)?;
        *self.out.get_mut(Self::LENGTH).ok_or(too_small)? = length;
        let sum = checksum(self.out.get(HEADER.len()..self.len).ok_or(too_small)?);
        self.put(&[sum]);
        self.out.get(..total).ok_or(too_small)
    }
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod tests;
