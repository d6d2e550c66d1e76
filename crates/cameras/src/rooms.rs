//! Memory for pictures, used again once no one holds the picture that was in it: clearing a new megabyte for each costs a tenth of decoding.

use std::sync::Arc;

/// More are not kept: what is recorded, shown and seen by a policy at one time.
const MOST: usize = 8;
/// Nor more than so many bytes of one camera.
const BYTES: usize = 32 << 20;

/// The memory of one camera's last pictures.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Vec<Arc<[u8]>>);

impl Rooms {
    /// Room for so many bytes, whatever is in it.
    pub(crate) fn of(&mut self, bytes: usize) -> Arc<[u8]> {
        let is_free = |room: &mut Arc<[u8]>| room.len() == bytes && Arc::get_mut(room).is_some();
        match self.0.iter_mut().position(is_free) {
            Some(at) => self.0.swap_remove(at),
            None => std::iter::repeat_n(0, bytes).collect(),
        }
    }

    /// Remembers the room of a picture; the oldest are forgotten if there are too many.
    pub(crate) fn keep(&mut self, room: &Arc<[u8]>) {
        let held = |rooms: &[Arc<[u8]>]| rooms.iter().map(|room| room.len()).sum::<usize>();
        self.0.push(Arc::clone(room));
        while self.0.len() > MOST || held(&self.0) > BYTES {
            self.0.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_used_again_when_its_picture_is_gone_and_not_before() {
        let mut rooms = Rooms::default();
        let first = rooms.of(12);
        rooms.keep(&first);
        let second = rooms.of(12);
        assert!(!Arc::ptr_eq(&first, &second), "the first one is in use");
        rooms.keep(&second);
        let (at, held) = (Arc::as_ptr(&first), Arc::clone(&second));
        drop((first, second));
        assert_eq!(Arc::as_ptr(&rooms.of(12)), at);
        assert_ne!(Arc::as_ptr(&rooms.of(12)), Arc::as_ptr(&held));
        assert_eq!(rooms.of(15).len(), 15);
        for _ in 0..100 {
            let room = rooms.of(3);
            rooms.keep(&room);
        }
        assert!(rooms.0.len() <= MOST);
        rooms.keep(&vec![0; BYTES + 1].into());
        assert!(
            rooms.0.is_empty(),
            "a picture of that size has memory of its own"
        );
    }
}
