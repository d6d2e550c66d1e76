//! Items in batches, made ahead of time on threads of their own: what a training loop reads from.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::error::{DatasetError, Result};
use crate::items::{Item, Items};
use crate::setters::setters;

/// How [`Items::batches`] goes through the items.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchOptions {
    /// Items in a batch.
    pub size: usize,
    /// The seed of the order, or none for the dataset's order. Give each epoch a seed of its own.
    pub shuffle: Option<u64>,
    /// Threads that read and decode.
    pub workers: usize,
    /// Batches that each of them makes ahead.
    pub ahead: usize,
    /// Whether a last batch that isn't full is left out.
    pub drop_last: bool,
}

setters!(BatchOptions {
    size: usize,
    shuffle: Option<u64>,
    workers: usize,
    ahead: usize,
    drop_last: bool,
});

impl Default for BatchOptions {
    fn default() -> BatchOptions {
        BatchOptions {
            size: 32,
            shuffle: None,
            workers: 2,
            ahead: 2,
            drop_last: false,
        }
    }
}

/// The batches of one pass over the items. Their order depends on the seed alone, not on the number of threads; memory
/// holds `workers * (ahead + 1)` batches at most, and 8 bytes for each item when the order is shuffled. Dropping it ends
/// the threads.
pub struct Batches {
    batches: usize,
    next: usize,
    /// Batch k comes from worker k modulo their number.
    ready: Vec<Receiver<Result<Vec<Item>>>>,
    workers: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("batches", &self.batches)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Items {
    /// Goes through the items once, in batches:
    ///
    /// ```no_run
    /// # fn main() -> ulna_dataset::Result<()> {
    /// use ulna_dataset::{BatchOptions, Dataset, ItemOptions};
    ///
    /// let items = Dataset::open("so101-pick")?.items(&ItemOptions::default())?;
    /// for epoch in 0..10 {
    ///     let options = BatchOptions::default().shuffle(Some(epoch));
    ///     for batch in items.batches(&options)? {
    ///         for item in batch? {
    ///             let state = item.value("observation.state")?;
    ///             assert_eq!(state.as_f32().map(<[f32]>::len), Some(6));
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A batch that cannot be read is an error in its place; the ones after it still come.
    pub fn batches(&self, options: &BatchOptions) -> Result<Batches> {
        if options.size == 0 || options.workers == 0 {
            let reason = "a batch has at least one item, and at least one thread makes it";
            return Err(DatasetError::invalid("the size of batches", reason));
        }
        let order: Option<Arc<[usize]>> = options.shuffle.map(|seed| {
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            order.into()
        });
        let batches = match options.drop_last {
            true => self.len() / options.size,
            false => self.len().div_ceil(options.size),
        };
        let mut out = Batches {
            batches,
            next: 0,
            ready: Vec::new(),
            workers: Vec::new(),
        };
        let count = options.workers.min(batches);
        for first in 0..count {
            let (give, take) = sync_channel(options.ahead);
            let worker = Worker {
                items: self.clone(),
                order: order.clone(),
                size: options.size,
                batches: (first..batches).step_by(count),
                give,
            };
            let name = format!("batches {first}");
            let thread = thread::Builder::new().name(name);
            let worker = thread
                .spawn(|| worker.run())
                .map_err(|error| no_thread(&error))?;
            out.ready.push(take);
            out.workers.push(worker);
        }
        Ok(out)
    }
}

fn no_thread(error: &io::Error) -> DatasetError {
    DatasetError::invalid(
        "a thread that reads ahead",
        format!("the system refuses it: {error}; use fewer workers"),
    )
}

struct Worker {
    items: Items,
    order: Option<Arc<[usize]>>,
    size: usize,
    batches: std::iter::StepBy<std::ops::Range<usize>>,
    give: SyncSender<Result<Vec<Item>>>,
}

impl Worker {
    fn run(mut self) {
        for batch in self.batches {
            let from = batch * self.size;
            let upto = from.saturating_add(self.size).min(self.items.len());
            let items = (from..upto).map(|at| {
                let position = self.order.as_ref().map_or(at, |order| order[at]);
                self.items.get(position)
            });
            // The receiver is gone: the iterator was dropped.
            if self.give.send(items.collect()).is_err() {
                return;
            }
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Vec<Item>>;

    fn next(&mut self) -> Option<Result<Vec<Item>>> {
        if self.next >= self.batches {
            return None;
        }
        let from = self.next % self.ready.len();
        self.next += 1;
        match self.ready[from].recv() {
            Ok(batch) => Some(batch),
            Err(_) => {
                let what = format!("the thread that reads batch {} ahead", self.next - 1);
                let reason = "it ended before its work was done";
                self.next = self.batches;
                Some(Err(DatasetError::invalid(what, reason)))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.batches - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Batches {}

impl Drop for Batches {
    fn drop(&mut self) {
        self.ready.clear();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}
