//! Talking with whoever sits at the terminal, in plain lines: what is said stays, what goes on is drawn in place.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ulna_app::{Dialogue, Stop, Told};

/// How often Ctrl-C is looked for while nobody answers.
const POLL: Duration = Duration::from_millis(50);

/// Questions and news on stderr, answers from stdin.
#[derive(Debug)]
pub(crate) struct Terminal {
    stop: Stop,
    bar: ProgressBar,
    /// Something is drawn now, and it counts.
    drawn: bool,
    counting: bool,
    /// Lines of stdin, once it is read.
    lines: Option<Receiver<String>>,
    /// Every question is answered by Enter.
    obliging: bool,
}

impl Terminal {
    /// A dialogue that Ctrl-C ends.
    pub(crate) fn new(stop: &Stop) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            stop: stop.clone(),
            bar: ProgressBar::with_draw_target(None, target),
            drawn: false,
            counting: false,
            lines: None,
            obliging: false,
        }
    }

    /// Answers every question with Enter by itself: for simulations that nobody watches, and for `--yes`.
    pub(crate) fn obliging(mut self, obliging: bool) -> Self {
        self.obliging = obliging;
        self
    }

    /// Whether a person is there.
    pub(crate) fn somebody() -> bool {
        io::stdin().is_terminal()
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

    fn style(&mut self, counting: bool) {
        if self.drawn && self.counting == counting {
            return;
        }
        let template = if counting {
            "{bar:24} {wide_msg}"
        } else {
            "{msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        (self.drawn, self.counting) = (true, counting);
    }
}

impl Dialogue for Terminal {
    fn say(&mut self, text: &str) {
        if self.drawn {
            self.bar.suspend(|| eprintln!("{text}"));
        } else {
            eprintln!("{text}");
        }
    }

    fn ask(&mut self, question: &str) -> Told {
        self.clear();
        if self.obliging {
            eprintln!("{question} (Enter)");
            return match self.stop.requested() {
                Some(_) => Told::Interrupted,
                None => Told::Line(String::new()),
            };
        }
        eprint!("{question} ");
        loop {
            let heard = self.lines().recv_timeout(POLL);
            if self.stop.requested().is_some() {
                eprintln!();
                return Told::Interrupted;
            }
            match heard {
                Ok(line) => {
                    if !Self::somebody() {
                        eprintln!(); // a terminal shows its own Enter key
                    }
                    return Told::Line(line);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    eprintln!();
                    return Told::Nobody;
                }
            }
        }
    }

    fn pressed(&mut self) -> bool {
        !self.obliging && self.lines().try_iter().count() > 0
    }

    fn show(&mut self, text: &str) {
        self.style(false);
        self.bar.set_message(text.to_owned());
        self.bar.tick();
    }

    fn progress(&mut self, done: u64, of: u64, text: &str) {
        self.style(true);
        self.bar.set_length(of.max(1));
        self.bar.set_position(done.min(of));
        self.bar.set_message(text.to_owned());
        self.bar.tick();
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            self.bar.finish_and_clear();
            self.bar.reset();
        }
    }
}
