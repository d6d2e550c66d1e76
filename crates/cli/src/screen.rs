//! Guiding a person through a long procedure in full screen: a checklist, what to do now, what was said last, and the question.
//!
//! Lines are read as the plain terminal reads them, so the keyboard stays as the shell has set it and Ctrl-C stays a signal.
//!
//! One screen, so no `ratatui`: cutting text to the terminal's width, which `unicode-width` knows, is most of what it takes.

mod page;

use std::io::{self, Write};

use crossterm::cursor::MoveTo;
use crossterm::style::Print;
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
    size,
};
use crossterm::{execute, queue};
use ulna_bringup::{ChecklistStep, Dialogue, DialogueReply};

use crate::print::notes;
use crate::terminal::Terminal;
use page::{Model, page};

/// The size that is drawn for where the terminal does not report its own.
const USUAL: (u16, u16) = (80, 24);

/// The alternate screen of the terminal, until it is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    terminal: Terminal,
    model: Model,
}

impl Screen {
    /// Takes the screen.
    pub(crate) fn new(terminal: Terminal, title: String) -> Self {
        // A terminal that cannot be written to cannot be read either: nothing is lost if drawing fails.
        drop(execute!(
            io::stderr(),
            EnterAlternateScreen,
            DisableLineWrap
        ));
        let model = Model {
            title,
            ..Model::default()
        };
        let screen = Self { terminal, model };
        screen.draw();
        screen
    }

    fn draw(&self) {
        drop(draw(&self.model));
    }
}

/// Draws the page; the cursor stays behind its last line.
fn draw(model: &Model) -> io::Result<()> {
    let (width, height) = size().unwrap_or(USUAL);
    let mut out = io::stderr().lock();
    queue!(out, Clear(ClearType::All))?;
    for (row, line) in (0..height).zip(page(width.into(), height.into(), model)) {
        queue!(out, MoveTo(0, row), Print(line))?;
    }
    out.flush()
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(execute!(io::stderr(), EnableLineWrap, LeaveAlternateScreen));
        // What was said stays, also after the screen that showed it.
        for text in &self.model.said {
            notes(text);
        }
    }
}

impl Dialogue for Screen {
    fn say(&mut self, text: &str) {
        self.model.said.push(text.to_owned());
        self.draw();
    }

    fn ask(&mut self, question: &str) -> DialogueReply {
        self.model.doing = None;
        self.model.question = Some(question.to_owned());
        self.draw();
        let mut drawn = size().ok();
        let model = &self.model;
        let reply = self.terminal.answer(|| {
            let now = size().ok();
            if now != drawn {
                drawn = now;
                drop(draw(model));
            }
        });
        self.model.question = None;
        self.draw();
        reply
    }

    fn take_line(&mut self) -> Option<DialogueReply> {
        self.terminal.take_line()
    }

    fn show(&mut self, text: &str) {
        self.model.doing = Some(text.to_owned());
        self.draw();
    }

    fn progress(&mut self, done: u64, of: u64, text: &str) {
        self.show(&format!("{done} of {of}: {text}"));
    }

    fn clear(&mut self) {
        self.model.doing = None;
        self.draw();
    }

    fn steps(&mut self, steps: &[ChecklistStep]) {
        self.model.steps = steps.to_vec();
        self.draw();
    }
}
