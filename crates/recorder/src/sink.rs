//! The way to the disk: an episode's rows and pictures go out here, and nothing here waits for the disk or an encoder.
//!
//! Each camera has an encoder's thread, the rows have one, and finished episodes are saved on another, so that the next
//! episode can start at once. A few pictures wait in memory, more on disk up to a budget, where repair finds them after a crash; beyond that
//! the picture before is encoded again, which is counted, and the row is marked. Rows are never dropped.
//! With [`Workers::Inline`] every call does its work before it returns, so nothing ever waits or is replaced.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;
use ulna_dataset::{EpisodeWriter, VideoEncoder, Writer};

use crate::columns::CameraSpec;
use crate::encoding::{EncoderHandle, PictureEncoder, Room, SharedSpool, Taken};
use crate::error::RecorderError;
use crate::saving::{
    Parts, RowsMessage, RowsWorker, Saved, SavingMessage, SavingWorker, WrapEncoder,
};
use crate::space::{self, FreeBytes, Space, SpaceWatch};
use crate::worker::{FirstError, WorkerHandle};

/// Where the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// On the caller's thread, at once: for the virtual clock.
    Inline,
    /// On threads of its own.
    Threads,
}

/// How a sink works.
pub struct SinkOptions {
    /// Where the work is done.
    pub workers: Workers,
    /// The task that the robot performs; it goes with every row.
    pub task: String,
    /// Rows from one sync of the disk to the next: about a second's.
    pub sync_every: u32,
    /// Bytes of pictures that may wait in memory.
    pub memory: usize,
    /// Pictures of each camera that may wait in memory, which a crash costs; those beyond wait on disk, where repair finds them.
    pub waiting: usize,
    /// Bytes of pictures that may wait on disk.
    pub spool: u64,
    /// Makes a camera's encoder from the dataset's own: for tests and other codecs.
    pub wrap: WrapEncoder,
    /// How much room the disk has.
    pub free: FreeBytes,
}

impl std::fmt::Debug for SinkOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SinkOptions")
            .field("workers", &self.workers)
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

impl SinkOptions {
    /// A third of a second and 32 MB in memory and 2 GB on disk, a sync every second, the dataset's own encoder.
    pub fn new(workers: Workers, task: String, fps: u32) -> Self {
        Self {
            workers,
            task,
            sync_every: fps,
            memory: 32 << 20,
            waiting: (fps as usize / 3).max(2),
            spool: 2 << 30,
            wrap: Box::new(|encoder: VideoEncoder| Box::new(encoder) as Box<dyn PictureEncoder>),
            free: space::ask_the_system(),
        }
    }
}

/// What became of a row's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PicturesTaken {
    /// Cameras whose picture waits on disk, one bit each.
    pub spooled: u32,
    /// Cameras whose picture found no room, one bit each.
    pub replaced: u32,
}

/// An episode that rows can go into.
#[derive(Debug)]
struct Prepared {
    rows: Receiver<EpisodeWriter>,
    encoders: Vec<(Receiver<Box<dyn PictureEncoder>>, SharedSpool)>,
}

/// Takes the rows and pictures of one episode after another.
#[derive(Debug)]
pub struct EpisodeSink {
    rows: WorkerHandle<RowsWorker>,
    encoders: Vec<EncoderHandle>,
    saver: WorkerHandle<SavingWorker>,
    prepared: Option<Prepared>,
    closed: Option<Parts>,
    saved: Arc<Saved>,
    space: Arc<Space>,
    first_error: FirstError,
}

impl EpisodeSink {
    /// A sink into `writer`'s dataset, whose cameras are these.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(
        writer: Writer,
        cameras: &[CameraSpec],
        options: SinkOptions,
    ) -> Result<Self, RecorderError> {
        let first_error = FirstError::default();
        let saved = Arc::new(Saved::default());
        let threaded = options.workers == Workers::Threads;
        let share = cameras.len().max(1);
        let room = Room {
            memory: options.memory / share,
            pictures: options.waiting,
        };
        // Those that wait in memory get a place on disk as well, as soon as others do.
        let places = cameras.iter().map(|camera| {
            let picture = (camera.width as usize * camera.height as usize * 3).max(1);
            let on_disk = options.spool / share as u64 / picture as u64;
            let in_memory = room.pictures.min(room.memory / picture).max(1) as u64;
            match on_disk {
                0 => 0,
                on_disk => on_disk + in_memory,
            }
        });
        let places = places.collect();
        let encoders = cameras.iter().map(|camera| {
            let (key, every) = (camera.key(), options.sync_every);
            EncoderHandle::new(&key, threaded, room, every, &first_error)
        });
        let encoders = encoders.collect::<Result<_, _>>()?;
        let space = Arc::<Space>::default();
        let watch = SpaceWatch::new(writer.root().to_owned(), options.free, Arc::clone(&space));
        let rows = RowsWorker::new(options.task, options.sync_every, watch, first_error.clone());
        let saver = SavingWorker::new(
            writer,
            options.wrap,
            places,
            Arc::clone(&saved),
            first_error.clone(),
        );
        let (rows, saver) = match options.workers {
            Workers::Inline => (WorkerHandle::inline(rows), WorkerHandle::inline(saver)),
            Workers::Threads => (
                // A little work each, on which what a crash costs depends: they stand back for nothing.
                WorkerHandle::thread("rows", rows, || (), first_error.clone())?,
                WorkerHandle::thread("save", saver, || (), first_error.clone())?,
            ),
        };
        Ok(Self {
            rows,
            encoders,
            saver,
            prepared: None,
            closed: None,
            saved,
            space,
            first_error,
        })
    }

    /// Has an episode made ready, so that [`begin`](Self::begin) finds it.
    pub fn prepare(&mut self) {
        if self.prepared.is_none() {
            let (rows_in, rows) = channel();
            let (mut made, mut encoders) = (Vec::new(), Vec::new());
            for encoder in &self.encoders {
                let (sender, receiver) = channel();
                let spool = SharedSpool::default();
                made.push((encoder.camera.clone(), sender, Arc::clone(&spool)));
                encoders.push((receiver, spool));
            }
            self.saver.send(SavingMessage::Open {
                rows: rows_in,
                encoders: made,
            });
            self.prepared = Some(Prepared { rows, encoders });
        }
    }

    /// Begins an episode.
    pub fn begin(&mut self) {
        self.prepare();
        if let Some(Prepared { rows, encoders }) = self.prepared.take() {
            self.rows.send(RowsMessage::Open(rows));
            for (handle, (encoder, spool)) in self.encoders.iter_mut().zip(encoders) {
                handle.open(encoder, spool);
            }
        }
    }

    /// Takes the pictures of the next row, one per camera. What became of them belongs into the row, which comes after them.
    pub fn pictures<'a>(
        &mut self,
        pictures: impl IntoIterator<Item = &'a Arc<[u8]>>,
    ) -> PicturesTaken {
        let mut taken = PicturesTaken::default();
        for (camera, (encoder, pixels)) in self.encoders.iter_mut().zip(pictures).enumerate() {
            match encoder.picture(pixels) {
                Taken::Queued => {}
                Taken::Spooled => taken.spooled |= 1 << camera,
                Taken::Replaced => taken.replaced |= 1 << camera,
            }
        }
        taken
    }

    /// Takes the next row.
    pub fn row(&mut self, row: Vec<f64>) {
        self.rows.send(RowsMessage::Row(row));
    }

    /// Ends the running episode, which is then completed on disk unless it is not to be kept. `more` says that another one will
    /// follow, which is then made ready first.
    pub fn close(&mut self, keep: bool, more: bool) {
        if more {
            self.prepare();
        }
        let (rows_out, rows) = channel();
        self.rows.send(RowsMessage::Close(rows_out));
        let mut videos = Vec::new();
        for encoder in &mut self.encoders {
            let (out, video) = channel();
            encoder.close(keep.then_some(out));
            videos.push(video);
        }
        self.closed = Some(Parts { rows, videos });
    }

    /// Saves the closed episode with this report.
    pub fn commit(&mut self, report: Value) {
        if let Some(parts) = self.closed.take() {
            self.saver.send(SavingMessage::Commit(parts, report));
        }
    }

    /// Throws the closed episode away.
    pub fn discard(&mut self) {
        if let Some(parts) = self.closed.take() {
            self.saver.send(SavingMessage::Discard(parts));
        }
    }

    /// How many episodes are saved so far, and how many rows they have.
    pub fn saved(&self) -> (u64, u64) {
        (self.saved.episodes(), self.saved.rows())
    }

    /// The same, also for when the sink is gone.
    pub(crate) fn saved_so_far(&self) -> Arc<Saved> {
        Arc::clone(&self.saved)
    }

    /// The first error, once.
    pub fn take_error(&self) -> Option<RecorderError> {
        self.first_error.take()
    }

    /// Bytes that are free on the disk, once that is known.
    pub fn free_bytes(&self) -> Option<u64> {
        self.space.free()
    }

    /// Why the session should end while the running episode can still be saved: the disk is nearly full.
    pub fn shortage(&self) -> Option<RecorderError> {
        self.space.shortage()
    }

    /// Waits until everything that was committed is saved. A running episode, and a closed one that was neither
    /// committed nor discarded, stay for repair.
    ///
    /// # Errors
    /// What went wrong and was not taken yet.
    pub fn finish(mut self) -> Result<(u64, u64), RecorderError> {
        if let Some(Prepared { rows, .. }) = self.prepared.take() {
            let videos = Vec::new();
            self.saver
                .send(SavingMessage::Discard(Parts { rows, videos }));
        }
        let (saved, first_error) = (Arc::clone(&self.saved), self.first_error.clone());
        self.rows.finish();
        for encoder in self.encoders {
            encoder.finish();
        }
        self.saver.finish();
        match first_error.take() {
            Some(error) => Err(error),
            None => Ok((saved.episodes(), saved.rows())),
        }
    }
}

#[cfg(test)]
mod tests;
