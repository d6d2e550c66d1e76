//! The bytes of the current attempt: handed out once, kept to recognise their echo and to send them again.

use crate::encode_error::EncodeError;
use crate::feetech::Packet;

/// Room for the largest burst: a group write of 4 bytes and a group read, 32 servos each. In Feetech's protocol these
/// are 168 and 40 bytes, in Dynamixel's 174 and 46 and at most a third more of stuffing.
const CAPACITY: usize = 320;

#[derive(Debug, Clone)]
pub(super) struct Outbox {
    bytes: [u8; CAPACITY],
    len: usize,
    longest: usize,
    packets: u8,
    state: OutboxState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutboxState {
    /// Filled, but it is not time yet, or not any more.
    Held,
    Released,
    Taken,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            len: 0,
            longest: 0,
            packets: 0,
            state: OutboxState::Held,
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.longest = 0;
        self.packets = 0;
        self.state = OutboxState::Held;
    }

    /// Appends the packet that `encode` writes.
    pub(super) fn append(
        &mut self,
        encode: impl FnOnce(&mut [u8]) -> Result<&[u8], EncodeError>,
    ) -> Result<(), EncodeError> {
        let written = encode(&mut self.bytes[self.len..])?.len();
        self.longest = self.longest.max(written);
        self.packets = self.packets.saturating_add(1);
        self.len = (self.len + written).min(CAPACITY);
        Ok(())
    }

    /// From now on the bytes may be taken, once.
    pub(super) fn release(&mut self) {
        self.state = OutboxState::Released;
    }

    /// Bytes that have not been taken must not be sent any more.
    pub(super) fn withdraw(&mut self) {
        if !self.is_taken() {
            self.state = OutboxState::Held;
        }
    }

    pub(super) fn take(&mut self) -> &[u8] {
        if self.state != OutboxState::Released {
            return &[];
        }
        self.state = OutboxState::Taken;
        self.bytes()
    }

    pub(super) fn is_taken(&self) -> bool {
        self.state == OutboxState::Taken
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// `packet` is one of ours; all of ours are Feetech's.
    pub(super) fn holds(&self, packet: &Packet<'_>) -> bool {
        self.packets().any(|bytes| packet.is_on_the_wire(bytes))
    }

    /// How many packets there are.
    pub(super) fn count(&self) -> u8 {
        self.packets
    }

    /// Bytes of our longest packet.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Everything, whatever its state.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn packets(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes();
        core::iter::from_fn(move || {
            let length = rest.get(3)?;
            let (packet, later) = rest.split_at_checked(usize::from(*length) + 4)?;
            rest = later;
            Some(packet)
        })
    }
}
