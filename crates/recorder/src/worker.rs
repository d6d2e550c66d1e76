//! A worker on a thread of its own behind a bounded queue, or on the caller's thread at once: the same code on both clocks.

use std::fmt;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::error::RecorderError;

/// Handles messages one after another.
pub(crate) trait Worker: Send + 'static {
    type Message: Send + 'static;

    fn handle(&mut self, message: Self::Message);
}

/// The first error of any worker.
#[derive(Debug, Clone, Default)]
pub(crate) struct FirstError(Arc<Mutex<Option<RecorderError>>>);

impl FirstError {
    pub(crate) fn report(&self, error: impl Into<RecorderError>) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(error.into());
    }

    pub(crate) fn take(&self) -> Option<RecorderError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A worker, and where it works.
pub(crate) enum WorkerHandle<W: Worker> {
    Inline(W),
    Thread {
        queue: SyncSender<W::Message>,
        thread: JoinHandle<()>,
        first_error: FirstError,
    },
}

impl<W: Worker> fmt::Debug for WorkerHandle<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WorkerHandle::Inline(_) => "Inline",
            WorkerHandle::Thread { .. } => "Thread",
        })
    }
}

/// Messages that may wait: rows of nine minutes at 30 frames/s. Pictures have a tighter bound of their own.
const WAITING: usize = 16_384;

impl<W: Worker> WorkerHandle<W> {
    pub(crate) fn inline(worker: W) -> Self {
        WorkerHandle::Inline(worker)
    }

    /// A thread of this name, which calls `pace` to be given its priority.
    pub(crate) fn thread(
        name: &str,
        mut worker: W,
        pace: fn(),
        first_error: FirstError,
    ) -> Result<Self, RecorderError> {
        let (queue, messages) = sync_channel(WAITING);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            pace();
            for message in messages {
                worker.handle(message);
            }
        });
        let thread = thread.map_err(|error| RecorderError::Thread {
            thread: name.to_owned(),
            what: format!("could not be started: {error}"),
        })?;
        Ok(WorkerHandle::Thread {
            queue,
            thread,
            first_error,
        })
    }

    /// Gives the worker a message. Its queue being full is a [`RecorderError::Backlog`]: the message is lost, and with it the
    /// running episode. So it is when the thread has panicked.
    pub(crate) fn send(&mut self, message: W::Message) {
        match self {
            WorkerHandle::Inline(worker) => worker.handle(message),
            WorkerHandle::Thread {
                queue,
                thread,
                first_error,
            } => match queue.try_send(message) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => {
                    first_error.report(RecorderError::Backlog { waiting: WAITING });
                }
                Err(TrySendError::Disconnected(_)) => first_error.report(failed(thread)),
            },
        }
    }

    /// Waits until everything is done.
    pub(crate) fn finish(self) {
        if let WorkerHandle::Thread {
            queue,
            thread,
            first_error,
        } = self
        {
            drop(queue);
            let failure = failed(&thread);
            if thread.join().is_err() {
                first_error.report(failure);
            }
        }
    }
}

/// What there is to say of a thread that has panicked.
fn failed(thread: &JoinHandle<()>) -> RecorderError {
    RecorderError::Thread {
        thread: thread.thread().name().unwrap_or("?").to_owned(),
        what: "failed (its message is on stderr)".to_owned(),
    }
}
