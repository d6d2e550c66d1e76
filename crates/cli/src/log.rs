//! `--log LEVEL` and `--log-file FILE`: what the libraries report through `tracing` while they work.
//!
//! Nothing is logged in the control thread: what happens there comes out of the session as events, and those are logged where they arrive.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;
use ulna_outside::{Lines, Printable};

use crate::log_level::LogLevel;
use crate::print;

/// Begins to log, on stderr or into a file, which is continued if it is there. Without a level, a file gets `debug`.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn start(level: Option<LogLevel>, file: Option<&Path>) -> Result<()> {
    let level = match (level, file) {
        (Some(level), _) => level,
        (None, Some(_)) => LogLevel::Debug,
        (None, None) => return Ok(()),
    };
    // Only ours: what other libraries log is written for their authors.
    let ours = Targets::new().with_target("ulna", level.filter());
    let place = match file {
        Some(path) => Place::File(Mutex::new(open(path)?)),
        None => Place::Stderr,
    };
    let lines = layer()
        .with_ansi(false)
        .with_writer(place)
        .with_filter(ours);
    // One is set up once in a process.
    registry()
        .with(lines)
        .try_init()
        .context("the log cannot be set up")
}

fn open(path: &Path) -> Result<File> {
    let shown = Printable(path.display()).to_string();
    ulna_outside::files::append(path).with_context(|| {
        format!("--log-file {shown} cannot be written; name a file in a folder that is there")
    })
}

/// Where the log goes.
enum Place {
    Stderr,
    File(Mutex<File>),
}

/// One entry of it, written as a whole.
struct Entry<'a> {
    place: &'a Place,
    bytes: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Place {
    type Writer = Entry<'a>;

    fn make_writer(&'a self) -> Entry<'a> {
        Entry {
            place: self,
            bytes: Vec::new(),
        }
    }
}

impl Write for Entry<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.bytes);
        let text = text.trim_end_matches('\n');
        match self.place {
            Place::Stderr => print::log(text),
            Place::File(file) => {
                let mut file = file
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                // A log that cannot be written (ENOSPC) is no reason to end a session.
                let _ = writeln!(file, "{}", Lines(text));
            }
        }
    }
}
