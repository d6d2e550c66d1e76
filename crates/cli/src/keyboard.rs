//! The keyboard while something runs: single keys, without waiting for the enter key.
//!
//! The terminal stays in charge of Ctrl-C and of line ends (only line buffering and echo are off), so signals and messages work as
//! ever.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use ulna_session::SessionCommand;
use ulna_session::client::CommandSender;

/// Keys become commands for as long as this lives; then the terminal is as it was before.
#[derive(Debug)]
pub(crate) struct Keyboard {
    before: Termios,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
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

impl Drop for Keyboard {
    fn drop(&mut self) {
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
        let Ok(ready) = event::poll(POLL) else { return };
        if !ready {
            continue;
        }
        let Ok(Event::Key(pressed)) = event::read() else {
            continue;
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
}
