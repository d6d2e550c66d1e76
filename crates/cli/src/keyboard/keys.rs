//! From the bytes of a terminal to keys: letters, arrows and Esc, which is all that has a meaning here.
//!
//! `crossterm`'s reader never comes back from a terminal that was closed, so this reads by itself.

use std::io;
use std::time::Duration;

use crossterm::event::KeyCode;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What a terminal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pressed {
    /// A key was pressed.
    Key(KeyCode),
    /// Keys go elsewhere from now on.
    FocusLost,
}

/// What a wait for keys came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// No key was pressed.
    Nothing,
    /// These were.
    Keys(Vec<Pressed>),
    /// The terminal is closed.
    Gone,
}

/// What has arrived of a key so far.
#[derive(Debug, Default)]
pub(super) struct Keys {
    begun: Vec<u8>,
}

/// Longer sequences are none of a key.
const LONGEST: usize = 32;

impl Keys {
    /// Waits for keys on stdin, no longer than this.
    pub(super) fn typed(&mut self, wait: Duration) -> Typed {
        let stdin = io::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        let timeout = Timespec::try_from(wait).ok();
        // An interrupted wait is one without keys.
        if poll(&mut fds, timeout.as_ref()).unwrap_or(0) == 0 {
            // What has not gone on by now is complete.
            let keys = self.take(true);
            return match keys.is_empty() {
                true => Typed::Nothing,
                false => Typed::Keys(keys),
            };
        }
        let found = fds[0].revents();
        if found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Typed::Gone;
        }
        let mut bytes = [0; 256];
        match rustix::io::read(&stdin, &mut bytes) {
            Ok(0) => Typed::Gone,
            Ok(count) => {
                self.begun.extend_from_slice(&bytes[..count]);
                Typed::Keys(self.take(false))
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Typed::Nothing,
            Err(_) => Typed::Gone,
        }
    }

    /// The keys that are complete; all are if nothing more has come for a while.
    fn take(&mut self, all: bool) -> Vec<Pressed> {
        let mut keys = Vec::new();
        let mut rest = self.begun.as_slice();
        while let Some((key, length)) = first(rest, all) {
            keys.extend(key);
            rest = &rest[length..];
        }
        self.begun = match rest.len() > LONGEST {
            true => Vec::new(),
            false => rest.to_vec(),
        };
        keys
    }
}

/// The first key, if it is one that has a name here, and how many bytes it has; nothing while it is incomplete.
fn first(bytes: &[u8], all: bool) -> Option<(Option<Pressed>, usize)> {
    use Pressed::Key;
    const ESC: u8 = 0x1b;
    match bytes {
        [] => None,
        [ESC] => all.then_some((Some(Key(KeyCode::Esc)), 1)),
        // An arrow in both of a terminal's modes; parameters say which other keys are held.
        [ESC, kind @ (b'[' | b'O'), rest @ ..] => {
            let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
                return all.then_some((None, bytes.len()));
            };
            let key = match (rest[end], kind) {
                (b'C', _) => Some(Key(KeyCode::Right)),
                (b'D', _) => Some(Key(KeyCode::Left)),
                (b'O', b'[') => Some(Pressed::FocusLost),
                _ => None,
            };
            Some((key, 2 + end + 1))
        }
        [ESC, ESC, ..] => Some((Some(Key(KeyCode::Esc)), 1)),
        // With Alt.
        [ESC, _, ..] => Some((None, 2)),
        [b'\r' | b'\n', ..] => Some((Some(Key(KeyCode::Enter)), 1)),
        [letter, ..] if letter.is_ascii() => {
            Some((Some(Key(KeyCode::Char(char::from(*letter)))), 1))
        }
        // No key with a meaning is outside of ASCII.
        _ => Some((None, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_however_their_bytes_arrive() {
        use KeyCode::{Char, Enter, Esc, Left, Right};
        let typed = b"n\x1b[C\x1bOD\x1b[1;5C\x1bxq\n\xc3\xa4\x1b[3~\x1b[Or\x1b[I\x1b";
        let key = Pressed::Key;
        let before = [Char('n'), Right, Left, Right, Char('q'), Enter].map(key);
        let expected = [&before[..], &[Pressed::FocusLost, key(Char('r')), key(Esc)]].concat();
        for cut in 0..=typed.len() {
            let mut keys = Keys::default();
            let mut found = Vec::new();
            for part in [&typed[..cut], &typed[cut..]] {
                keys.begun.extend_from_slice(part);
                found.extend(keys.take(false));
            }
            found.extend(keys.take(true));
            assert_eq!(found, expected, "cut at {cut}");
        }
        // Esc twice, and a sequence that never ends.
        let mut keys = Keys::default();
        keys.begun.extend_from_slice(b"\x1b\x1b");
        assert_eq!(
            (keys.take(false), keys.take(true)),
            (vec![key(Esc)], vec![key(Esc)])
        );
        keys.begun.extend_from_slice(b"\x1b[");
        keys.begun.extend([b'1'; 99]);
        assert_eq!(keys.take(false), []);
        keys.begun.extend_from_slice(b"n");
        assert_eq!(keys.take(true), [key(Char('n'))]);
    }
}
