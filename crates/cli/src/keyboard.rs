//! The keyboard while something runs: single keys, without waiting for the enter key, and Ctrl-Z.
//!
//! The terminal stays in charge of Ctrl-C and of line ends (only line buffering and echo are off), so signals and messages work as
//! ever. A terminal that is closed has no more keys; the session hears of it by SIGHUP.

mod keys;
mod single_keys;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossterm::event::{DisableFocusChange, EnableFocusChange, KeyCode};
use crossterm::execute;
use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGCONT, SIGTSTP};
use signal_hook::{SigId, flag, low_level};
use ulna_session::SessionCommand;
use ulna_session::client::CommandSender;

use crate::print::note;
use crate::region;
use keys::{Keys, Pressed, Typed};
use single_keys::SingleKeys;

/// What a key means.
type Meaning = Box<dyn FnMut(KeyCode) -> Option<SessionCommand> + Send>;

/// Keys become commands, and Ctrl-Z holds the arm, for as long as this lives; then the terminal is as it was before.
#[derive(Debug)]
pub(crate) struct Keyboard {
    has_keys: bool,
    over: Arc<AtomicBool>,
    handlers: Vec<SigId>,
    thread: Option<JoinHandle<()>>,
    /// The terminal was asked to say when it loses the focus.
    focus: bool,
}

/// How long the thread may sleep after the end.
const POLL: Duration = Duration::from_millis(50);

/// Ticks of the slowest control loop that come to nothing, or to a wheel's zero, before everything stands still.
const HOLD: Duration = Duration::from_millis(200);

/// How long the system may take to stop this program.
const TO_STOP: Duration = Duration::from_millis(500);

impl Keyboard {
    /// Sends the keys that `meaning` knows as commands, and answers to the session's question; no keys if stdin is no terminal.
    pub(crate) fn start(
        commands: CommandSender,
        meaning: impl FnMut(KeyCode) -> Option<SessionCommand> + Send + 'static,
    ) -> io::Result<Self> {
        match io::stdin().is_terminal() {
            true => Self::watch(commands, Some((SingleKeys::new()?, Box::new(meaning)))),
            false => Self::watch(commands, None),
        }
    }

    fn watch(commands: CommandSender, keys: Option<(SingleKeys, Meaning)>) -> io::Result<Self> {
        let (suspend, go_on) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let handlers = vec![
            flag::register(SIGTSTP, Arc::clone(&suspend))?,
            flag::register(SIGCONT, Arc::clone(&go_on))?,
        ];
        let over = Arc::<AtomicBool>::default();
        let has_keys = keys.is_some();
        let mut listener = Listener {
            commands,
            keys: keys.map(|(terminal, meaning)| (terminal, Keys::default(), meaning)),
            suspend,
            go_on,
            over: Arc::clone(&over),
        };
        let thread = thread::Builder::new().name("keyboard".to_owned());
        Ok(Self {
            has_keys,
            focus: false,
            over,
            handlers,
            thread: Some(thread.spawn(move || listener.listen())?),
        })
    }

    /// Whether keys mean anything.
    pub(crate) fn has_keys(&self) -> bool {
        self.has_keys
    }
}

impl Keyboard {
    /// Sends nothing but answers to the session's question.
    pub(crate) fn for_answers(commands: CommandSender) -> io::Result<Self> {
        Self::start(commands, |_| None)
    }

    /// A base is to stop when the window loses the focus: keys go elsewhere then. A terminal that knows no such thing says nothing, and the base
    /// stops half a second after the last key all the same.
    pub(crate) fn watching_focus(mut self) -> Self {
        self.focus = self.has_keys
            && io::stderr().is_terminal()
            && execute!(io::stderr(), EnableFocusChange).is_ok();
        self
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        if self.focus {
            let _ = execute!(io::stderr(), DisableFocusChange);
        }
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for handler in self.handlers.drain(..) {
            low_level::unregister(handler);
        }
    }
}

struct Listener {
    commands: CommandSender,
    /// Until the terminal is gone.
    keys: Option<(SingleKeys, Keys, Meaning)>,
    suspend: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Listener {
    fn listen(&mut self) {
        while !self.over.load(Ordering::Acquire) {
            if self.suspend.swap(false, Ordering::AcqRel) {
                self.suspend();
            }
            if self.go_on.swap(false, Ordering::AcqRel)
                && let Some((terminal, ..)) = &mut self.keys
            {
                // The shell has set the terminal up in its own way meanwhile.
                terminal.forget();
            }
            self.take_keys();
        }
        self.commands.send(STAND_STILL);
    }

    fn take_keys(&mut self) {
        let Some((terminal, keys, meaning)) = &mut self.keys else {
            return thread::sleep(POLL);
        };
        if !terminal.take() {
            return thread::sleep(POLL);
        }
        match keys.typed(POLL) {
            Typed::Nothing => {}
            Typed::Gone => {
                self.keys = None;
                self.commands.send(STAND_STILL);
            }
            Typed::Keys(typed) => {
                for key in typed {
                    // A question comes before everything else.
                    let command = match (key, self.commands.is_asked()) {
                        (Pressed::FocusLost, _) => Some(STAND_STILL),
                        (Pressed::Key(code), true) => answer(code),
                        (Pressed::Key(code), false) => meaning(code),
                    };
                    if let Some(command) = command {
                        self.commands.send(command);
                    }
                }
            }
        }
    }

    /// Ctrl-Z: first the arm holds, then everything stands still until the shell says otherwise.
    fn suspend(&mut self) {
        self.commands.send(SessionCommand::Pause);
        note(
            "paused: the arm holds where it is, under torque; `fg` goes on, and the arm then approaches slowly",
        );
        thread::sleep(HOLD);
        region::suspend();
        if let Some((terminal, ..)) = &mut self.keys {
            terminal.restore();
        }
        self.go_on.store(false, Ordering::Release);
        // The default of this signal is that of Ctrl-Z, also in that nothing happens where no shell could go on with it.
        let asked = kill_process(getpid(), Signal::TTIN);
        let mut waited = Duration::ZERO;
        while asked.is_ok() && waited < TO_STOP && !self.go_on.load(Ordering::Acquire) {
            thread::sleep(POLL);
            waited += POLL;
        }
        region::resume();
        note("going on: the arm approaches where it is wanted");
        self.commands.send(SessionCommand::Resume);
    }
}

/// What a key answers to the session's question.
fn answer(code: KeyCode) -> Option<SessionCommand> {
    match code {
        KeyCode::Enter | KeyCode::Char('y' | 'Y') => Some(SessionCommand::Confirm),
        KeyCode::Esc | KeyCode::Char('q' | 'Q' | 'n' | 'N') => Some(SessionCommand::Decline),
        _ => None,
    }
}

/// What a terminal says about these keys.
pub(crate) const ANSWERS: &str = "Enter goes on, q ends";

/// What a base is asked for when no more keys come.
const STAND_STILL: SessionCommand = SessionCommand::Drive([0.0; 3]);

/// What a key means to a recorder whose robot has a base: letters are the base's, but for q; arrows and Esc stay the recorder's.
pub(crate) fn recorder_or_base_key(base: &mut BaseKeys, code: KeyCode) -> Option<SessionCommand> {
    match code {
        KeyCode::Char('q' | 'Q') => recorder_key(code),
        KeyCode::Char(_) => base.command(code),
        _ => recorder_key(code),
    }
}

/// What a key means to a recorder, as in LeRobot 0.6.2.
pub(crate) fn recorder_key(code: KeyCode) -> Option<SessionCommand> {
    match code {
        KeyCode::Right | KeyCode::Char('n' | 'N') => Some(SessionCommand::Next),
        KeyCode::Left | KeyCode::Char('r' | 'R') => Some(SessionCommand::Again),
        KeyCode::Esc | KeyCode::Char('q' | 'Q') => Some(SessionCommand::Stop),
        _ => None,
    }
}

/// The keys that drive a base, as LeRobot's LeKiwi has them: w s a d move, z x turn, r f change the speed.
#[derive(Debug, Clone)]
pub(crate) struct BaseKeys {
    level: usize,
}

/// Parts of the fastest speed. LeRobot's levels are 0.1, 0.25 and 0.4 m/s.
const LEVELS: [f64; 3] = [0.25, 0.6, 1.0];

/// What a terminal says about these keys.
pub(crate) const BASE_HELP: &str = "w s a d move, z x turn, r f faster and slower";

impl BaseKeys {
    /// At the lowest speed.
    pub(crate) fn new() -> Self {
        Self { level: 0 }
    }

    /// What a key means to the base; a held key repeats itself, and without one the base stops.
    pub(crate) fn command(&mut self, code: KeyCode) -> Option<SessionCommand> {
        let KeyCode::Char(letter) = code else {
            return None;
        };
        let ways = match letter.to_ascii_lowercase() {
            'w' => [1.0, 0.0, 0.0],
            's' => [-1.0, 0.0, 0.0],
            'a' => [0.0, 1.0, 0.0],
            'd' => [0.0, -1.0, 0.0],
            'z' => [0.0, 0.0, 1.0],
            'x' => [0.0, 0.0, -1.0],
            'r' => return self.change(self.level + 1),
            'f' => return self.change(self.level.saturating_sub(1)),
            _ => return None,
        };
        let part = LEVELS[self.level];
        Some(SessionCommand::Drive(ways.map(|way| way * part)))
    }

    fn change(&mut self, level: usize) -> Option<SessionCommand> {
        self.level = level.min(LEVELS.len() - 1);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_two_answers() {
        assert_eq!(answer(KeyCode::Enter), Some(SessionCommand::Confirm));
        assert_eq!(answer(KeyCode::Char('q')), Some(SessionCommand::Decline));
        for other in [KeyCode::Char('w'), KeyCode::Char(' '), KeyCode::Right] {
            assert_eq!(answer(other), None);
        }
    }

    #[test]
    fn keys_drive_the_base_at_three_speeds() {
        let mut keys = BaseKeys::new();
        let drive = |keys: &mut BaseKeys, key| keys.command(KeyCode::Char(key));
        assert_eq!(
            drive(&mut keys, 'w'),
            Some(SessionCommand::Drive([0.25, 0.0, 0.0]))
        );
        assert_eq!(drive(&mut keys, 'f'), None);
        (0..5).for_each(|_| assert_eq!(drive(&mut keys, 'R'), None));
        assert_eq!(
            drive(&mut keys, 'x'),
            Some(SessionCommand::Drive([0.0, 0.0, -1.0]))
        );
        assert_eq!(keys.command(KeyCode::Right), None);
    }

    #[test]
    fn letters_are_the_bases_in_a_recording() {
        let mut base = BaseKeys::new();
        let mut means = |code| recorder_or_base_key(&mut base, code);
        // r is faster, not "record again"; n is nothing.
        assert_eq!(means(KeyCode::Char('r')), None);
        assert_eq!(means(KeyCode::Char('n')), None);
        assert_eq!(
            means(KeyCode::Char('w')),
            Some(SessionCommand::Drive([0.6, 0.0, 0.0]))
        );
        assert_eq!(means(KeyCode::Char('q')), Some(SessionCommand::Stop));
        assert_eq!(means(KeyCode::Left), Some(SessionCommand::Again));
        assert_eq!(means(KeyCode::Right), Some(SessionCommand::Next));
    }
}
