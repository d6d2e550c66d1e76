//! What waits to be sent: the goals of a tick, and the bytes that leave at once.

use ulna_bus::engine::{GroupEntry, MAX_SERVOS};

/// Bytes of one burst: the goals of wheels, those of joints, and a question.
const BURST: usize = 1024;

pub(super) const NO_GOAL: GroupEntry = GroupEntry {
    id: 0,
    data: [0; 4],
};

/// The goals of one tick that have not been sent yet; those of the next tick take their place.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) positions: [GroupEntry; MAX_SERVOS],
    pub(super) count: usize,
    /// The wheels' speeds, if there are wheels: they lie elsewhere than the goals of joints.
    pub(super) speeds: Option<[GroupEntry; 3]>,
    /// Not sent yet.
    pub(super) due: bool,
}

impl Outgoing {
    pub(super) const NONE: Self = Self {
        positions: [NO_GOAL; MAX_SERVOS],
        count: 0,
        speeds: None,
        due: false,
    };
}

/// What is sent at once.
pub(super) struct Burst {
    bytes: [u8; BURST],
    len: usize,
}

impl Burst {
    pub(super) fn new() -> Self {
        Self {
            bytes: [0; BURST],
            len: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = &mut self.bytes[self.len..];
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.len += count;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
