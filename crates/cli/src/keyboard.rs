//! The keyboard while something runs: single keys, without waiting for the enter key.
//!
//! The terminal stays in charge of Ctrl-C and of line ends (only line buffering and echo are off), so signals and messages work as
//! ever.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossterm::event::{self, DisableFocusChange, EnableFocusChange, Event, KeyCode, KeyEventKind};
use crossterm::execute;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use ulna_session::SessionCommand;
use ulna_session::client::CommandSender;

/// Keys become commands for as long as this lives; then the terminal is as it was before.
#[derive(Debug)]
pub(crate) struct Keyboard {
    before: Termios,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// The terminal was asked to say when it loses the focus.
    focus: bool,
}

/// How long the thread may sleep after the end.
const POLL: Duration = Duration::from_millis(50);

impl Keyboard {
    /// Sends the keys that `meaning` knows as commands; nothing if stdin is no terminal.
    pub(crate) fn start(
        commands: CommandSender,
        meaning: impl FnMut(KeyCode) -> Option<SessionCommand> + Send + 'static,
    ) -> io::Result<Option<Self>> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(io::stdin())?;
        let mut single_keys = before.clone();
        single_keys
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &single_keys)?;
        let over = Arc::new(AtomicBool::new(false));
        let mut keyboard = Self {
            before,
            over: Arc::clone(&over),
            thread: None,
            focus: false,
        };
        let thread = thread::Builder::new().name("keyboard".to_owned());
        keyboard.thread = Some(thread.spawn(move || listen(&commands, meaning, &over))?);
        Ok(Some(keyboard))
    }
}

impl Keyboard {
    /// Sends nothing but answers to the session's question.
    pub(crate) fn for_answers(commands: CommandSender) -> io::Result<Option<Self>> {
        Self::start(commands, |_| None)
    }
}

impl Keyboard {
    /// A base is to stop when the window loses the focus: keys go elsewhere then. A terminal that knows no such thing says nothing, and the base
    /// stops half a second after the last key all the same.
    pub(crate) fn watching_focus(mut self) -> Self {
        self.focus =
            io::stderr().is_terminal() && execute!(io::stderr(), EnableFocusChange).is_ok();
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
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

fn listen(
    commands: &CommandSender,
    mut meaning: impl FnMut(KeyCode) -> Option<SessionCommand>,
    over: &AtomicBool,
) {
    while !over.load(Ordering::Acquire) {
        // A terminal that fails has no more keys.
        let Ok(ready) = event::poll(POLL) else { break };
        if !ready {
            continue;
        }
        let pressed = match event::read() {
            Ok(Event::Key(pressed)) => pressed,
            Ok(Event::FocusLost) => {
                commands.send(STAND_STILL);
                continue;
            }
            _ => continue,
        };
        if pressed.kind == KeyEventKind::Release {
            continue;
        }
        // A question comes before everything else.
        let command = match commands.is_asked() {
            true => answer(pressed.code),
            false => meaning(pressed.code),
        };
        if let Some(command) = command {
            commands.send(command);
        }
    }
    commands.send(STAND_STILL);
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
