//! Mechanics that move by themselves in real time, whatever the buses do: no answer waits for them.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle, park_timeout};
use std::time::Instant;

use super::shared::SharedPhysics;
use crate::arm::TICK;

/// The longest stretch that is caught up with in one step: so long, at most, something that is laid out or placed waits.
const STRETCH: Duration = Duration::from_millis(20);

/// A thread that moves a robot's mechanics until this is dropped.
#[derive(Debug)]
pub(super) struct MovesAlone {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MovesAlone {
    /// Starts it; the mechanics' time counts from `epoch`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn spawn(physics: SharedPhysics, epoch: Instant) -> io::Result<Self> {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        physics.let_alone();
        let thread = Builder::new().name("physics".into()).spawn(move || {
            // Real arms move however busy the computer is. A refusal costs punctuality only.
            let _ = ulna_rt::priority::ask();
            let mut reached = Duration::ZERO;
            while !seen.load(Ordering::Relaxed) {
                let now = epoch.elapsed();
                reached = now.min(reached + STRETCH);
                physics.step(reached);
                if reached == now {
                    park_timeout(TICK);
                }
            }
        })?;
        Ok(Self {
            ended,
            thread: Some(thread),
        })
    }

    /// Whether it still moves.
    pub(super) fn is_running(&self) -> bool {
        let thread = self.thread.as_ref();
        thread.is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for MovesAlone {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of it was named by `is_running`.
            let _ = thread.join();
        }
    }
}
