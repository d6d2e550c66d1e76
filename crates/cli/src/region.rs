//! The last lines of a terminal, drawn in place on stderr; nothing if stderr is no terminal that knows how.
//!
//! The cursor rests in the line below them, so that whatever is written there by others (a shell's prompt, a signal's name) begins a line of
//! its own. What ulna itself prints takes the lines away first ([`erased`]). No line is as wide as the terminal, and each is
//! cleared by itself: clearing all that is below would push lines into the scrollback of some terminals.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossterm::cursor::{MoveDown, MoveToColumn, MoveUp};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType, size};

use crate::loudness::is_quiet;
use crate::wrap::columns;

/// The columns and rows of a terminal that does not say how many it has.
const USUAL: (usize, usize) = (80, 24);

/// What is there now.
static DRAWN: Mutex<Drawn> = Mutex::new(Drawn {
    columns: Vec::new(),
    suspended: false,
});

/// What is there now.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// The columns of each line.
    columns: Vec<usize>,
    /// Nothing is to be drawn.
    suspended: bool,
}

/// Whether anything can be drawn.
pub(crate) fn can_draw() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
    io::stderr().is_terminal() && !is_quiet() && !is_dumb
}

/// The columns and rows that there are; the last column is to stay free, as a cursor behind it would be in the next line.
pub(crate) fn room() -> (usize, usize) {
    let (columns, rows) = size().unwrap_or_default();
    let known = |stated: u16, usual| match stated {
        0 => usual,
        stated => usize::from(stated),
    };
    (known(columns, USUAL.0), known(rows, USUAL.1))
}

/// Draws these lines in the place of what was there: each as it is seen, and with its colours.
pub(crate) fn draw(lines: &[(String, String)]) {
    let mut drawn = drawn();
    if !drawn.suspended {
        // A terminal that cannot be written to shows nothing: nothing is lost.
        drop(redraw(&mut drawn, lines));
    }
}

/// Takes away what is drawn, and lets nothing be drawn before the guard is dropped: what is printed meanwhile stays.
pub(crate) fn erased() -> MutexGuard<'static, Drawn> {
    let mut drawn = drawn();
    if !drawn.columns.is_empty() {
        drop(redraw(&mut drawn, &[]));
    }
    drawn
}

/// Draws nothing more until [`resume`]: the terminal is going to be another program's.
pub(crate) fn suspend() {
    erased().suspended = true;
}

/// Draws again.
pub(crate) fn resume() {
    drawn().suspended = false;
}

fn drawn() -> MutexGuard<'static, Drawn> {
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn redraw(drawn: &mut Drawn, lines: &[(String, String)]) -> io::Result<()> {
    let (width, height) = room();
    let skipped = lines.len().saturating_sub(height.saturating_sub(1).max(1));
    let lines = &lines[skipped..];
    // A terminal that has become narrower since has broken lines into several.
    let rows = |columns: &usize| columns.div_ceil(width).max(1);
    let rows: usize = drawn.columns.iter().map(rows).sum();
    let moved = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX);
    let mut out = io::stderr().lock();
    queue!(out, MoveToColumn(0))?;
    if rows > 0 {
        queue!(out, MoveUp(moved(rows)))?;
    }
    for (_, line) in lines {
        queue!(
            out,
            Print(line),
            Clear(ClearType::UntilNewLine),
            Print("\n"),
            MoveToColumn(0)
        )?;
    }
    let left = rows.saturating_sub(lines.len());
    for _ in 0..left {
        queue!(out, Clear(ClearType::CurrentLine), MoveDown(1))?;
    }
    if left > 0 {
        queue!(out, MoveUp(moved(left)))?;
    }
    drawn.columns = lines.iter().map(|(text, _)| columns(text)).collect();
    out.flush()
}
