//! Bytes for one wire, gathered during a step. What finds no room is dropped whole and counted by its sender.

/// At most `N` bytes.
#[derive(Debug, Clone)]
pub(super) struct Outbox<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Outbox<N> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds all of these, or none.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) else {
            return false;
        };
        room.copy_from_slice(bytes);
        self.len += bytes.len();
        true
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
