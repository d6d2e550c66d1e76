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
    /// Sends the keys of LeRobot's recorder as commands; nothing if stdin is no terminal.
    pub(crate) fn start(commands: CommandSender) -> io::Result<Option<Self>> {
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
        keyboard.thread = Some(thread.spawn(move || listen(&commands, &over))?);
        Ok(Some(keyboard))
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

fn listen(commands: &CommandSender, over: &AtomicBool) {
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
        if let Some(command) = meaning(pressed.code) {
            commands.send(command);
        }
    }
}

/// What a key means, as in LeRobot 0.6.2.
fn meaning(code: KeyCode) -> Option<SessionCommand> {
    match code {
        KeyCode::Right | KeyCode::Char('n' | 'N') => Some(SessionCommand::Next),
        KeyCode::Left | KeyCode::Char('r' | 'R') => Some(SessionCommand::Again),
        KeyCode::Esc | KeyCode::Char('q' | 'Q') => Some(SessionCommand::Stop),
        _ => None,
    }
}
