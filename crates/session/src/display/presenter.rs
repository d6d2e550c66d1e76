//! The display's end of the queues: in step with the session, or on a thread of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rtrb::Consumer;
use ulna_core::tick::Telemetry;
use ulna_robot::display::{Display, DisplayFault, Stage};
use ulna_rt::{Machine, Next, priority};

use super::pictures::{PictureSource, Watched};
use super::{Counts, DisplayReport, PICTURES_WAITING, TickFeed};

/// Takes from the queues and shows.
#[derive(Debug)]
pub(super) struct Presenter {
    pub(super) display: Box<dyn Display>,
    /// Until the display has begun.
    pub(super) stage: Option<Stage>,
    pub(super) ticks: Consumer<Telemetry>,
    pub(super) pictures: Vec<PictureSource>,
    pub(super) counts: Arc<Counts>,
}

impl Presenter {
    /// Shows what has arrived; true if there was anything.
    fn show(&mut self) -> bool {
        if let Some(stage) = self.stage.take() {
            self.display.begin(&stage);
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
                self.display.picture(&source.camera, &frame);
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

impl Machine for Presenter {
    fn step(&mut self, now: Duration) -> Next {
        self.show();
        Next::At(now + STEP)
    }
}

/// A display at work.
#[derive(Debug)]
pub struct Presented {
    feed: Option<TickFeed>,
    presenter: Option<Presenter>,
    thread: Option<Receiver<Result<(), DisplayFault>>>,
    over: Arc<AtomicBool>,
    watched: Vec<Watched>,
    counts: Arc<Counts>,
    patience: Duration,
}

/// In real time, how often the queues are looked into.
const PERIOD: Duration = Duration::from_millis(10);

impl Presented {
    pub(super) fn new(
        feed: TickFeed,
        presenter: Presenter,
        watched: Vec<Watched>,
        counts: Arc<Counts>,
        patience: Duration,
    ) -> Self {
        Self {
            feed: Some(feed),
            presenter: Some(presenter),
            thread: None,
            over: Arc::default(),
            watched,
            counts,
            patience,
        }
    }

    /// The way in for ticks, once.
    pub fn take_feed(&mut self) -> Option<TickFeed> {
        self.feed.take()
    }

    /// On the virtual clock: what is to be stepped.
    pub fn machines(&mut self) -> impl Iterator<Item = &mut dyn Machine> {
        let watched = self.watched.iter_mut().map(|camera| camera as _);
        let presenter = self.presenter.iter_mut().map(|presenter| presenter as _);
        watched.chain(presenter)
    }

    /// The cameras that are to be polled for the display alone.
    pub(crate) fn watched(&mut self) -> impl Iterator<Item = &mut Watched> {
        self.watched.iter_mut()
    }

    /// In real time: shows on a thread of its own from now on. Nobody ever joins it, as it may hang.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn go(&mut self) -> io::Result<()> {
        let Some(mut presenter) = self.presenter.take() else {
            return Ok(());
        };
        let (done, result) = channel();
        let over = Arc::clone(&self.over);
        thread::Builder::new()
            .name("ulna-display".to_owned())
            .spawn(move || {
                priority::step_back();
                while !over.load(Ordering::Acquire) {
                    if !presenter.show() {
                        thread::sleep(PERIOD);
                    }
                }
                // If nobody waits any more, nobody wants to know.
                let _ = done.send(presenter.finish());
            })?;
        self.thread = Some(result);
        Ok(())
    }

    /// Shows the rest, and tells how much was shown.
    pub fn finish(mut self) -> DisplayReport {
        self.over.store(true, Ordering::Release);
        let trouble = match (&mut self.presenter, &self.thread) {
            (Some(presenter), _) => presenter.finish().err().map(|fault| fault.reason),
            (None, Some(thread)) => match thread.recv_timeout(self.patience) {
                Ok(result) => result.err().map(|fault| fault.reason),
                Err(RecvTimeoutError::Disconnected) => Some("it failed (see above)".to_owned()),
                Err(RecvTimeoutError::Timeout) => Some(format!(
                    "it had not taken everything {} s after the end, and was left behind",
                    self.patience.as_secs_f64()
                )),
            },
            (None, None) => None,
        };
        self.counts.report(trouble)
    }
}

impl Drop for Presented {
    /// A session that fails takes its display with it.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
    }
}
