//! Talking with the person at the terminal, in plain lines: what is said stays, what goes on is drawn in place.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;
use ulna_bringup::{Dialogue, DialogueReply};
use ulna_outside::Lines;
use ulna_session::Stop;

use crate::attended::attended;
use crate::print::{message, notes, prompt};
use crate::wrap::cut;
use crate::{progress, region};

/// How often Ctrl-C is looked for while an answer is awaited.
const POLL: Duration = Duration::from_millis(50);

/// Questions and news on stderr, answers from stdin.
#[derive(Debug)]
pub(crate) struct Terminal {
    stop: Stop,
    /// The bar that is drawn now.
    bar: Option<ProgressBar>,
    /// Lines of stdin, once it is read.
    lines: Option<Receiver<String>>,
    /// Every question is answered by Enter.
    obliging: bool,
}

impl Terminal {
    /// A dialogue that Ctrl-C ends.
    pub(crate) fn new(stop: &Stop) -> Self {
        Self {
            stop: stop.clone(),
            bar: None,
            lines: None,
            obliging: false,
        }
    }

    /// Answers every question with Enter by itself: for simulations without a terminal, and for `--yes`.
    pub(crate) fn obliging(mut self, obliging: bool) -> Self {
        self.obliging = obliging;
        self
    }

    /// Waits for a line or for Ctrl-C, and calls `idle` many times a second meanwhile.
    pub(crate) fn answer(&mut self, mut idle: impl FnMut()) -> DialogueReply {
        loop {
            let line = self.lines().recv_timeout(POLL);
            if self.stop.requested().is_some() {
                return DialogueReply::Interrupted;
            }
            match line {
                Ok(line) => return DialogueReply::Line(line),
                Err(RecvTimeoutError::Timeout) => idle(),
                Err(RecvTimeoutError::Disconnected) => return DialogueReply::EndOfInput,
            }
        }
    }

    /// Whether a full screen can be drawn for a person who is there.
    pub(crate) fn has_screen() -> bool {
        let dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
        attended() && io::stderr().is_terminal() && !dumb
    }

    fn lines(&mut self) -> &Receiver<String> {
        self.lines.get_or_insert_with(|| {
            let (sender, receiver) = channel();
            thread::spawn(move || {
                for line in io::stdin().lock().lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
            receiver
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Dialogue for Terminal {
    fn say(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| notes(text)),
            None => notes(text),
        }
    }

    fn ask(&mut self, question: &str) -> DialogueReply {
        self.clear();
        if self.obliging {
            notes(format_args!("{question} (Enter)"));
            return match self.stop.requested() {
                Some(_) => DialogueReply::Interrupted,
                None => DialogueReply::Line(String::new()),
            };
        }
        prompt(question);
        let reply = self.answer(|| {});
        if !matches!(reply, DialogueReply::Line(_)) || !attended() {
            notes(""); // a terminal shows its own Enter key
        }
        reply
    }

    fn take_line(&mut self) -> Option<DialogueReply> {
        if self.obliging {
            return None;
        }
        match self.lines().try_recv() {
            Ok(line) => Some(DialogueReply::Line(line)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(DialogueReply::EndOfInput),
        }
    }

    fn show(&mut self, text: &str) {
        if !region::can_draw() {
            return;
        }
        let (width, _) = region::room();
        let text = Lines(text).to_string();
        let lines = text.lines().map(|line| cut(line, width.saturating_sub(1)));
        let lines: Vec<_> = lines.map(|line| (line.clone(), line)).collect();
        region::draw(&lines);
    }

    fn progress(&mut self, done: u64, of: u64, text: &str) {
        let bar = self
            .bar
            .get_or_insert_with(|| progress::bar("{bar:24} {wide_msg}", None));
        bar.set_length(of.max(1));
        bar.set_position(done.min(of));
        message(bar, text);
        bar.tick();
    }

    fn clear(&mut self) {
        drop(region::erased());
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
