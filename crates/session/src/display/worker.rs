//! The display's end of the queues: in step with the session, or on a thread of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rtrb::Consumer;
use ulna_core::TickRecord;
use ulna_robot::display::{Display, DisplayFault, SessionInfo};
use ulna_rt::executor::NamedMachine;
use ulna_rt::{Machine, Next, Stop, priority};

use super::counts::{Counts, DisplayReport};
use super::feed::{PICTURES_WAITING, TickFeed};
use super::pictures::{PictureSource, Shown};

/// Takes from the queues and shows.
#[derive(Debug)]
pub(super) struct DisplayWorker {
    pub(super) display: Box<dyn Display>,
    /// Until the display has begun.
    pub(super) info: Option<SessionInfo>,
    pub(super) ticks: Consumer<TickRecord>,
    pub(super) pictures: Vec<PictureSource>,
    pub(super) counts: Arc<Counts>,
}

impl DisplayWorker {
    /// Shows what has arrived; true if there was anything.
    fn show(&mut self) -> bool {
        if let Some(info) = self.info.take() {
            self.display.begin(&info);
        }
        let mut any = false;
        // No more than are there now: pictures get their turn however fast ticks come.
        for _ in 0..self.ticks.slots() {
            let Ok(tick) = self.ticks.pop() else { break };
            self.display.tick(&tick);
            self.counts.ticks_shown.fetch_add(1, Ordering::Relaxed);
            any = true;
        }
        for source in &self.pictures {
            for frame in source.receiver.try_iter().take(PICTURES_WAITING) {
                match frame {
                    Shown::Pixels(frame) => self.display.picture(&source.camera, &frame),
                    Shown::Jpeg(frame) => self.display.jpeg(&source.camera, &frame),
                }
                self.counts.pictures_shown.fetch_add(1, Ordering::Relaxed);
                any = true;
            }
        }
        any
    }

    fn finish(&mut self) -> Result<(), DisplayFault> {
        while self.show() {}
        self.display.finish()
    }
}

/// On the virtual clock, how often the queues are emptied: before the pictures of the fastest camera fill theirs.
const STEP: Duration = Duration::from_millis(5);

impl Machine for DisplayWorker {
    fn step(&mut self, now: Duration) -> Next {
        self.show();
        Next::At(now + STEP)
    }
}

/// A display at work.
#[derive(Debug)]
pub struct DisplayHandle {
    feed: Option<TickFeed>,
    worker: Option<DisplayWorker>,
    thread: Option<Receiver<Result<(), DisplayFault>>>,
    over: Arc<AtomicBool>,
    counts: Arc<Counts>,
    patience: Duration,
}

/// How long a display is waited for that no terminal is left to show anything of.
const HUNG_UP: Duration = Duration::from_millis(300);
/// How long a display is waited for in silence.
const SLOW: Duration = Duration::from_secs(1);
/// How often a closed terminal is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// In real time, how often the queues are looked into.
const PERIOD: Duration = Duration::from_millis(10);

impl DisplayHandle {
    pub(super) fn new(
        feed: TickFeed,
        worker: DisplayWorker,
        counts: Arc<Counts>,
        patience: Duration,
    ) -> Self {
        Self {
            feed: Some(feed),
            worker: Some(worker),
            thread: None,
            over: Arc::default(),
            counts,
            patience,
        }
    }

    /// The way in for ticks, once.
    pub fn take_feed(&mut self) -> Option<TickFeed> {
        self.feed.take()
    }

    /// On the virtual clock: what is to be stepped.
    pub fn task(&mut self) -> Option<NamedMachine<'_>> {
        let worker = self.worker.as_mut()?;
        Some(NamedMachine::new("ulna-display", worker))
    }

    /// In real time: shows on a thread of its own from now on. It is never joined, as it may hang.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn spawn(&mut self) -> io::Result<()> {
        let Some(mut worker) = self.worker.take() else {
            return Ok(());
        };
        let (done, result) = channel();
        let over = Arc::clone(&self.over);
        thread::Builder::new()
            .name("ulna-display".to_owned())
            .spawn(move || {
                priority::step_back();
                while !over.load(Ordering::Acquire) {
                    if !worker.show() {
                        thread::sleep(PERIOD);
                    }
                }
                // The receiver is gone if the session no longer waits.
                let _ = done.send(worker.finish());
            })?;
        self.thread = Some(result);
        Ok(())
    }

    /// Shows the rest, and returns how much was shown. That a display takes its time is said once.
    pub fn finish(mut self, stop: &Stop, tell: impl FnOnce(String)) -> DisplayReport {
        self.over.store(true, Ordering::Release);
        let fault = match (&mut self.worker, &self.thread) {
            (Some(worker), _) => worker.finish().err().map(|fault| fault.reason),
            (None, Some(thread)) => match last_of(thread, self.patience, stop, tell) {
                Last::Said(result) => result.err().map(|fault| fault.reason),
                Last::Failed => Some("it failed (see above)".to_owned()),
                Last::Late(waited) => Some(format!(
                    "it had not taken everything {} s after the end, and was left behind",
                    waited.as_secs_f64()
                )),
            },
            (None, None) => None,
        };
        self.counts.report(fault)
    }
}

/// What came of a display's thread.
enum Last<T> {
    Said(T),
    Failed,
    /// Nothing, for so long.
    Late(Duration),
}

/// Waits for the end of the display's thread; not for long where the terminal is closed.
fn last_of<T>(
    thread: &Receiver<T>,
    patience: Duration,
    stop: &Stop,
    tell: impl FnOnce(String),
) -> Last<T> {
    let (mut waited, mut tell) = (Duration::ZERO, Some(tell));
    loop {
        let allowed = match stop.is_hung_up() {
            true => patience.min(HUNG_UP),
            false => patience,
        };
        let step = LOOK.min(allowed.saturating_sub(waited));
        match thread.recv_timeout(step) {
            Ok(said) => return Last::Said(said),
            Err(RecvTimeoutError::Disconnected) => return Last::Failed,
            Err(RecvTimeoutError::Timeout) => waited += step,
        }
        if waited >= allowed {
            return Last::Late(waited);
        }
        if waited >= SLOW
            && let Some(tell) = tell.take()
        {
            let left = allowed.saturating_sub(waited).as_secs_f64();
            tell(format!(
                "the display has not taken everything yet: waiting {left:.0} s for it (Ctrl-C: no longer)"
            ));
        }
    }
}

impl Drop for DisplayHandle {
    /// A session that fails takes its display with it.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
    }
}
