//! From the thread that reads a camera to the one that uses its pictures. It holds few, and the newest win.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::CameraError;
use crate::source::Shot;

/// How many pictures may wait: a tenth of a second's worth at 30 a second.
const WAITING: usize = 4;

/// The pictures of one camera, on their way.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
    closed: AtomicBool,
    losses: LossCount,
}

/// How often a camera was lost and came back.
#[derive(Debug, Clone, Default)]
pub struct LossCount(Arc<AtomicU64>);

impl LossCount {
    /// So often until now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Shot>,
    end: Option<CameraError>,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the newest picture in; the oldest falls out if there is no room. False once the reader is gone.
    pub(crate) fn put(&self, shot: Shot) -> bool {
        let mut state = self.lock();
        if state.waiting.len() == WAITING {
            state.waiting.pop_front();
        }
        state.waiting.push_back(shot);
        drop(state);
        self.changed.notify_one();
        !self.is_closed()
    }

    /// There will be no more.
    pub(crate) fn end(&self, why: CameraError) {
        self.lock().end.get_or_insert(why);
        self.changed.notify_one();
    }

    /// The next picture.
    ///
    /// # Errors
    /// Why there will be none.
    pub(crate) fn take(&self) -> Result<Option<Shot>, CameraError> {
        let mut state = self.lock();
        match (state.waiting.pop_front(), &state.end) {
            (None, Some(end)) => Err(end.clone()),
            (shot, _) => Ok(shot),
        }
    }

    /// The next picture, waiting for it for so long.
    ///
    /// # Errors
    /// Why there will be none.
    pub(crate) fn wait(&self, patience: Duration) -> Result<Option<Shot>, CameraError> {
        let state = self.lock();
        let empty = |state: &mut State| state.waiting.is_empty() && state.end.is_none();
        let waited = self.changed.wait_timeout_while(state, patience, empty);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.take()
    }

    /// The reader is gone.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The camera was lost and has come back.
    pub(crate) fn count_reopened(&self) {
        self.losses.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that happened.
    pub(crate) fn losses(&self) -> LossCount {
        self.losses.clone()
    }
}
