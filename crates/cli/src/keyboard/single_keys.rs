//! The terminal's modes while single keys are read.

use std::io;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// A terminal on stdin that gives single keys while this program is in its foreground.
#[derive(Debug)]
pub(super) struct SingleKeys {
    before: Termios,
    taken: bool,
}

impl SingleKeys {
    /// The terminal as it is now, to which it returns in the end.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            before: tcgetattr(io::stdin())?,
            taken: false,
        })
    }

    /// Has single keys given, if this program is in the foreground; whether it is. In the background the terminal is another
    /// program's: changing it or reading from it would stop this one.
    pub(super) fn take(&mut self) -> bool {
        // A terminal that is not this program's own, or is gone, has no foreground; that it is gone is for the reader to find out.
        if tcgetpgrp(io::stdin()).is_ok_and(|group| group != getpgrp()) {
            self.taken = false;
            return false;
        }
        if !self.taken {
            let mut single = self.before.clone();
            single
                .local_modes
                .remove(LocalModes::ICANON | LocalModes::ECHO);
            self.taken = tcsetattr(io::stdin(), OptionalActions::Now, &single).is_ok();
        }
        true
    }

    /// Another program, such as the shell, may have changed the terminal.
    pub(super) fn forget(&mut self) {
        self.taken = false;
    }

    /// The terminal as it was before.
    pub(super) fn restore(&mut self) {
        if std::mem::take(&mut self.taken) {
            // A terminal that is gone needs no restoring.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        }
    }
}

impl Drop for SingleKeys {
    fn drop(&mut self) {
        self.restore();
    }
}
