//! Rows into the journal, finished episodes into the dataset: a worker each, so that neither waits for the other's disk.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use serde_json::Value;
use ulna_dataset::{EpisodeWriter, VideoEncoder, VideoPart, Writer};

use crate::encoding::{PictureEncoder, SharedSpool};
use crate::space::SpaceWatch;
use crate::worker::{FirstError, Worker};

pub(crate) enum RowsMessage {
    /// An episode begins; its writer comes through here.
    Open(Receiver<EpisodeWriter>),
    Row(Vec<f64>),
    /// The episode is over; its writer goes here.
    Close(Sender<EpisodeWriter>),
}

pub(crate) struct RowsWorker {
    writer: Option<EpisodeWriter>,
    task: String,
    rows: u32,
    sync_every: u32,
    space: SpaceWatch,
    first_error: FirstError,
}

impl RowsWorker {
    pub(crate) fn new(
        task: String,
        sync_every: u32,
        space: SpaceWatch,
        first_error: FirstError,
    ) -> Self {
        Self {
            writer: None,
            task,
            rows: 0,
            sync_every: sync_every.max(1),
            space,
            first_error,
        }
    }

    fn push(&mut self, row: &[f64]) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        self.rows += 1;
        let mut done = writer.push_row(&self.task, row);
        if done.is_ok() && self.rows.is_multiple_of(self.sync_every) {
            done = writer.sync();
            self.space.look(writer);
        }
        if let Err(error) = done {
            self.first_error.report(error);
        }
    }
}

impl Worker for RowsWorker {
    type Message = RowsMessage;

    fn handle(&mut self, message: RowsMessage) {
        match message {
            RowsMessage::Open(writer) => {
                self.writer = writer.recv().ok();
                self.rows = 0;
            }
            RowsMessage::Row(row) => self.push(&row),
            RowsMessage::Close(reply) => {
                let Some(mut writer) = self.writer.take() else {
                    return;
                };
                if let Err(error) = writer.sync() {
                    self.first_error.report(error);
                }
                // If the receiver is gone, the journal stays for repair.
                drop(reply.send(writer));
            }
        }
    }
}

/// What an episode consists of, once the workers have handed it out.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) rows: Receiver<EpisodeWriter>,
    pub(crate) videos: Vec<Receiver<VideoPart>>,
}

/// A camera, and where its encoder and its spool are to go.
pub(crate) type WantedEncoder = (String, Sender<Box<dyn PictureEncoder>>, SharedSpool);

pub(crate) enum SavingMessage {
    /// Make the writer and the encoders of an episode.
    Open {
        rows: Sender<EpisodeWriter>,
        encoders: Vec<WantedEncoder>,
    },
    Commit(Parts, Value),
    Discard(Parts),
}

/// Makes a camera's encoder from the dataset's own.
pub(crate) type WrapEncoder = Box<dyn Fn(VideoEncoder) -> Box<dyn PictureEncoder> + Send>;

/// How much is saved.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) episodes: AtomicU64,
    pub(crate) rows: AtomicU64,
}

impl Saved {
    pub(crate) fn episodes(&self) -> u64 {
        self.episodes.load(Ordering::Acquire)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Acquire)
    }
}

pub(crate) struct SavingWorker {
    writer: Writer,
    wrap: WrapEncoder,
    /// How many pictures of each camera may wait on disk.
    places: Vec<u64>,
    saved: Arc<Saved>,
    first_error: FirstError,
}

impl fmt::Debug for SavingWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavingWorker").finish_non_exhaustive()
    }
}

impl SavingWorker {
    pub(crate) fn new(
        writer: Writer,
        wrap: WrapEncoder,
        places: Vec<u64>,
        saved: Arc<Saved>,
        first_error: FirstError,
    ) -> Self {
        Self {
            writer,
            wrap,
            places,
            saved,
            first_error,
        }
    }

    fn open(
        &mut self,
        rows: &Sender<EpisodeWriter>,
        encoders: Vec<WantedEncoder>,
    ) -> ulna_dataset::Result<()> {
        let writer = self.writer.begin_episode()?;
        for ((camera, reply, spool), places) in encoders.into_iter().zip(&self.places) {
            drop(spool.set(writer.picture_spool(&camera, *places)?));
            let encoder = writer.video_encoder(&camera)?;
            drop(reply.send((self.wrap)(encoder)));
        }
        drop(rows.send(writer));
        Ok(())
    }

    fn commit(&mut self, parts: &Parts, report: Value) -> ulna_dataset::Result<()> {
        let mut videos = Vec::with_capacity(parts.videos.len());
        for video in &parts.videos {
            // A worker that cannot deliver has reported why; what is there stays for repair.
            let Ok(part) = video.recv() else {
                return Ok(());
            };
            videos.push(part);
        }
        let Ok(rows) = parts.rows.recv() else {
            return Ok(());
        };
        let frames = rows.frames() as u64;
        let parts = rows.finish(videos, Some(report))?;
        self.writer.commit(&parts)?;
        self.saved.episodes.fetch_add(1, Ordering::Release);
        self.saved.rows.fetch_add(frames, Ordering::Release);
        Ok(())
    }

    fn discard(parts: &Parts) -> ulna_dataset::Result<()> {
        for video in &parts.videos {
            let _ = video.recv();
        }
        match parts.rows.recv() {
            Ok(rows) => rows.discard(),
            Err(_) => Ok(()),
        }
    }
}

impl Worker for SavingWorker {
    type Message = SavingMessage;

    fn handle(&mut self, message: SavingMessage) {
        let done = match message {
            SavingMessage::Open { rows, encoders } => self.open(&rows, encoders),
            SavingMessage::Commit(parts, report) => self.commit(&parts, report),
            SavingMessage::Discard(parts) => Self::discard(&parts),
        };
        if let Err(error) = done {
            self.first_error.report(error);
        }
    }
}
