//! How much is said: set once, at the start, by `-v` and `-q`.

use std::sync::atomic::{AtomicBool, Ordering};

static VERBOSE: AtomicBool = AtomicBool::new(false);
static QUIET: AtomicBool = AtomicBool::new(false);

/// Sets how much is said.
pub(crate) fn set_loudness(verbose: bool, quiet: bool) {
    VERBOSE.store(verbose, Ordering::Relaxed);
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether the user wants to know more (`-v`).
pub(crate) fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// Whether the user wants results, questions, warnings and errors alone (`-q`).
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}
