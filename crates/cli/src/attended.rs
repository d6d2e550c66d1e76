//! Whether a person is there to be asked.

use std::io::{self, IsTerminal};

/// Whether stdin is a terminal.
pub(crate) fn attended() -> bool {
    io::stdin().is_terminal()
}
