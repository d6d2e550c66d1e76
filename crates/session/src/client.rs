//! A session and its clients: typed commands in, one stream of typed events out.
//!
//! A session runs on a thread of its own ([`spawn`]); terminal, `--json`, tests and other programs are clients of it and of nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};
use ulna_core::TickRecord;
use ulna_recorder::{EpisodeReport, Input, Key, Progress};
use ulna_rt::Stop;

use crate::controlled::Leaving;
use crate::error::SessionError;
use crate::question::OpenQuestion;
use crate::report::SessionReport;

/// What a client may ask of a session.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionCommand {
    /// End: a running episode is saved, the arm is brought to rest.
    Stop,
    /// End the running episode, or the reset, now.
    Next,
    /// Throw the running (or the last) episode away and record it again.
    Again,
    /// Hold the arm where it is, whatever the teleoperator says, until [`Resume`](Self::Resume).
    Pause,
    /// Follow the teleoperator again, on the gate's ramp.
    Resume,
    /// Yes to the [`Question`](SessionEvent::Question) that the session asks.
    Confirm,
    /// No to it: the session ends.
    Decline,
    /// Drive the base: forward, to the left, anticlockwise, each as a part (-1 to 1) of the fastest. It counts for half a second.
    Drive([f64; 3]),
}

/// What a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionPhase {
    /// Servos are being checked and configured.
    Connecting,
    /// The control loop runs.
    Running,
    /// The arm is being brought to rest.
    Ending,
}

/// What a session says.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionEvent {
    /// A new phase has begun.
    Phase {
        /// Which.
        phase: SessionPhase,
    },
    /// The newest control tick, about ten times a second of real time.
    Tick(Box<TickRecord>),
    /// How a recording stands, about ten times a second of real time.
    Recording(Progress),
    /// The ticks are over; this becomes of the arm now.
    Leaving(Leaving),
    /// Something that was chosen for the user, such as a port: worth a line, and no fault.
    Note {
        /// What, in words.
        text: String,
    },
    /// An episode is complete.
    Episode(Box<EpisodeReport>),
    /// The session goes on after [`SessionCommand::Confirm`], and ends after [`SessionCommand::Decline`].
    Question {
        /// What will happen, in words.
        text: String,
    },
    /// Something went wrong without ending the session.
    Warning {
        /// What, in words.
        text: String,
    },
    /// The session is over.
    Report(Box<SessionReport>),
}

/// Speeds of a base as clients ask for them; cloning shares them. Reading never waits.
#[derive(Debug, Clone, Default)]
pub struct BaseSpeeds(Arc<CommandedSpeeds>);

#[derive(Debug, Default)]
struct CommandedSpeeds {
    number: AtomicU64,
    parts: [AtomicU64; 3],
}

impl BaseSpeeds {
    fn set(&self, parts: [f64; 3]) {
        for (place, part) in self.0.parts.iter().zip(parts) {
            let part = if part.is_finite() { part } else { 0.0 };
            place.store(part.to_bits(), Ordering::Relaxed);
        }
        self.0.number.fetch_add(1, Ordering::Release);
    }

    /// The number of the newest command, 0 before the first, and its speeds.
    pub(crate) fn newest(&self) -> (u64, [f64; 3]) {
        let number = self.0.number.load(Ordering::Acquire);
        let parts = self.0.parts.each_ref();
        let parts = parts.map(|part| f64::from_bits(part.load(Ordering::Relaxed)));
        (number, parts)
    }
}

/// A client's end for commands; cloning shares it.
#[derive(Debug, Clone)]
pub struct CommandSender {
    stop: Stop,
    paused: Arc<AtomicBool>,
    question: OpenQuestion,
    base: BaseSpeeds,
    recorder: Sender<Input>,
}

impl CommandSender {
    /// Sends a command. A session that is over, or has no use for it, ignores it.
    pub fn send(&self, command: SessionCommand) {
        let key = match command {
            SessionCommand::Stop => Key::Stop,
            SessionCommand::Next => Key::Next,
            SessionCommand::Again => Key::Rerecord,
            SessionCommand::Pause => return self.paused.store(true, Ordering::Release),
            SessionCommand::Resume => return self.paused.store(false, Ordering::Release),
            SessionCommand::Drive(speeds) => return self.base.set(speeds),
            SessionCommand::Confirm => return self.question.answer(true),
            SessionCommand::Decline => return self.question.answer(false),
        };
        let delivered = self.recorder.send(Input::Key(key)).is_ok();
        // A recorder ends the session itself, once it has saved.
        if command == SessionCommand::Stop && !delivered {
            self.stop.end();
        }
    }

    /// True while the session waits for an answer to its question.
    pub fn is_asked(&self) -> bool {
        self.question.is_open()
    }
}

/// More events than this may not wait; a client that reads none loses ticks and progress, and nothing else.
const EVENTS_WAITING: usize = 256;

/// Where a session reports to; cloning shares it.
#[derive(Debug, Clone)]
pub struct EventSender {
    events: Sender<SessionEvent>,
    waiting: Arc<AtomicUsize>,
}

impl EventSender {
    /// Reports an event. A client that is gone is no fault.
    pub fn send(&self, event: SessionEvent) {
        let frequent = matches!(event, SessionEvent::Tick(_) | SessionEvent::Recording(_));
        if frequent && self.waiting.load(Ordering::Relaxed) >= EVENTS_WAITING {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // Without a client nothing counts what waits.
        let _ = self.events.send(event);
    }

    /// A new phase has begun.
    pub(crate) fn phase(&self, phase: SessionPhase) {
        self.send(SessionEvent::Phase { phase });
    }
}

/// A session's end: where it reports to, and what clients ask of it.
#[derive(Debug)]
pub struct SessionLink {
    /// Ends the session.
    pub stop: Stop,
    /// Where it reports to.
    pub events: EventSender,
    paused: Arc<AtomicBool>,
    question: OpenQuestion,
    base: BaseSpeeds,
    recorder: Option<(Sender<Input>, Receiver<Input>)>,
}

/// The clients' end of a session that is not running yet.
#[derive(Debug)]
pub struct ClientLink {
    /// For commands.
    pub commands: CommandSender,
    events: Receiver<SessionEvent>,
    waiting: Arc<AtomicUsize>,
}

/// Both ends of a session that `stop` ends.
pub fn link(stop: &Stop) -> (SessionLink, ClientLink) {
    let (events, received) = channel();
    let (recorder, inputs) = channel();
    let (waiting, paused) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let (base, question) = (BaseSpeeds::default(), OpenQuestion::default());
    let session = SessionLink {
        stop: stop.clone(),
        events: EventSender {
            events,
            waiting: Arc::clone(&waiting),
        },
        paused: Arc::clone(&paused),
        question: question.clone(),
        base: base.clone(),
        recorder: Some((recorder.clone(), inputs)),
    };
    let commands = CommandSender {
        stop: stop.clone(),
        paused,
        question,
        base,
        recorder,
    };
    let client = ClientLink {
        commands,
        events: received,
        waiting,
    };
    (session, client)
}

impl SessionLink {
    /// A session without clients.
    pub fn alone(stop: &Stop) -> Self {
        link(stop).0
    }

    /// What clients say about the base.
    pub fn base_speeds(&self) -> &BaseSpeeds {
        &self.base
    }

    /// The question that clients answer.
    pub(crate) fn question(&self) -> &OpenQuestion {
        &self.question
    }

    /// The flag that is up while clients want a pause.
    pub(crate) fn paused(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.paused)
    }

    /// The keys of a recording, for the one recorder that a session has.
    pub(crate) fn recorder_inputs(&mut self) -> (Sender<Input>, Receiver<Input>) {
        self.recorder.take().unwrap_or_else(channel)
    }

    /// This session has no recorder: keys that are meant for one have no effect, and [`SessionCommand::Stop`] ends it at once.
    pub(crate) fn without_recorder(&mut self) {
        self.recorder = None;
    }
}

/// Logs an event where it arrives, which is not the control thread. Ticks and progress are for displays.
fn log(event: &SessionEvent) {
    match event {
        SessionEvent::Tick(_) | SessionEvent::Recording(_) => {}
        SessionEvent::Phase { phase } => tracing::info!(?phase, "phase"),
        SessionEvent::Leaving(leaving) => tracing::info!(?leaving, "leaving"),
        SessionEvent::Note { text } => tracing::info!("{text}"),
        SessionEvent::Question { text } => tracing::info!("asked: {text}"),
        SessionEvent::Warning { text } => tracing::warn!("{text}"),
        SessionEvent::Episode(report) => tracing::info!(?report, "episode"),
        SessionEvent::Report(report) => tracing::debug!(?report, "report"),
    }
}

/// A session that runs on a thread of its own.
#[derive(Debug)]
pub struct SessionHandle<T> {
    /// For commands.
    pub commands: CommandSender,
    events: Receiver<SessionEvent>,
    waiting: Arc<AtomicUsize>,
    thread: JoinHandle<T>,
}

/// Runs `session` on a thread of its own.
///
/// # Errors
/// If the operating system gives no thread.
pub fn spawn<T: Send + 'static>(
    stop: &Stop,
    session: impl FnOnce(&mut SessionLink) -> T + Send + 'static,
) -> Result<SessionHandle<T>, SessionError> {
    let (mut link, client) = link(stop);
    let thread = thread::Builder::new().name("ulna-session".to_owned());
    let thread = thread.spawn(move || session(&mut link));
    let thread = thread.map_err(|source| SessionError::System {
        what: "starting the session's thread".to_owned(),
        source,
    })?;
    Ok(SessionHandle {
        commands: client.commands,
        events: client.events,
        waiting: client.waiting,
        thread,
    })
}

impl<T> SessionHandle<T> {
    /// Passes every event to `client` until the session is over, and returns what came of it.
    pub fn follow(self, mut client: impl FnMut(&SessionEvent)) -> T {
        for event in self.events.iter() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            log(&event);
            client(&event);
        }
        match self.thread.join() {
            Ok(outcome) => outcome,
            // What a session does after its control loop is not supposed to panic; if it does, the panic goes on in the caller.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
