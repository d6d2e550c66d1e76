//! The encoders: one worker for each camera.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use ulna_dataset::{RealFs, Result, VideoEncoder, VideoPart};
use ulna_rt::priority;

use crate::error::RecorderError;
use crate::spool::{SpoolReader, SpoolWriter, spool};
use crate::worker::{FirstError, Worker, WorkerHandle};

/// Encodes the pictures of one camera over one episode.
pub trait PictureEncoder: Send {
    /// Encodes the next picture, RGB.
    ///
    /// # Errors
    /// If it cannot be encoded or stored.
    fn push(&mut self, rgb: &[u8]) -> Result<()>;

    /// Waits until all pictures are on the disk.
    ///
    /// # Errors
    /// If they do not get there.
    fn sync(&mut self) -> Result<()>;

    /// Ends the episode.
    ///
    /// # Errors
    /// If what is there cannot be completed.
    fn finish(self: Box<Self>) -> Result<VideoPart>;
}

impl PictureEncoder for VideoEncoder {
    fn push(&mut self, rgb: &[u8]) -> Result<()> {
        VideoEncoder::push(self, rgb)
    }

    fn sync(&mut self) -> Result<()> {
        VideoEncoder::sync(self)
    }

    fn finish(self: Box<Self>) -> Result<VideoPart> {
        VideoEncoder::finish(*self)
    }
}

pub(crate) enum EncodingMessage {
    /// An episode begins; its encoder comes through here.
    Open(Receiver<Box<dyn PictureEncoder>>),
    Picture(Arc<[u8]>),
    /// The next picture lies in the spool, which is new if given.
    Spooled(Option<SpoolReader>),
    /// There is no picture: the last one again.
    Repeat,
    /// The episode is over. Its video, unless it is to be thrown away, goes here.
    Close(Option<Sender<VideoPart>>),
}

struct EncodingWorker {
    camera: String,
    encoder: Option<Box<dyn PictureEncoder>>,
    spool: Option<SpoolReader>,
    last: LastPicture,
    in_memory: Arc<AtomicUsize>,
    pictures: u32,
    sync_every: u32,
    first_error: FirstError,
}

#[derive(Default)]
enum LastPicture {
    #[default]
    None,
    Shared(Arc<[u8]>),
    Spooled(Vec<u8>),
}

impl LastPicture {
    fn bytes(&self) -> &[u8] {
        match self {
            LastPicture::None => &[],
            LastPicture::Shared(bytes) => bytes,
            LastPicture::Spooled(bytes) => bytes,
        }
    }
}

impl EncodingWorker {
    fn encode_last(&mut self) {
        // Without an encoder the episode is lost already, and what happened was reported.
        let Some(encoder) = &mut self.encoder else {
            return;
        };
        self.pictures += 1;
        let mut done = encoder.push(self.last.bytes());
        if done.is_ok() && self.pictures.is_multiple_of(self.sync_every) {
            done = encoder.sync();
        }
        if let Err(error) = done {
            self.first_error.report(error);
            self.encoder = None;
        }
    }

    fn fetch(&mut self) -> bool {
        let Some(spool) = &mut self.spool else {
            return false;
        };
        let mut bytes = match std::mem::take(&mut self.last) {
            LastPicture::Spooled(bytes) => bytes,
            _ => Vec::new(),
        };
        let fetched = spool.take(&mut bytes);
        self.last = LastPicture::Spooled(bytes);
        if let Err(source) = fetched {
            self.encoder = None;
            self.first_error.report(RecorderError::Spool {
                camera: self.camera.clone(),
                source,
            });
            return false;
        }
        true
    }

    fn close(&mut self, reply: Option<Sender<VideoPart>>) {
        let (Some(encoder), Some(reply)) = (self.encoder.take(), reply) else {
            return;
        };
        let part = encoder.finish().and_then(|part| {
            part.make_mp4(&RealFs)?;
            Ok(part)
        });
        match part {
            // The receiver is gone if the session has ended without waiting for the video.
            Ok(part) => drop(reply.send(part)),
            Err(error) => self.first_error.report(error),
        }
    }
}

impl Worker for EncodingWorker {
    type Message = EncodingMessage;

    fn handle(&mut self, message: EncodingMessage) {
        match message {
            EncodingMessage::Open(encoder) => {
                self.encoder = encoder.recv().ok();
                self.pictures = 0;
                self.last = LastPicture::None;
            }
            EncodingMessage::Picture(picture) => {
                self.last = LastPicture::Shared(picture);
                self.encode_last();
                self.in_memory.fetch_sub(1, Ordering::Release);
            }
            EncodingMessage::Spooled(new) => {
                if let Some(spool) = new {
                    self.spool = Some(spool);
                }
                if self.fetch() {
                    self.encode_last();
                }
            }
            EncodingMessage::Repeat => self.encode_last(),
            EncodingMessage::Close(reply) => self.close(reply),
        }
    }
}

/// What happened to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It waits for its encoder in memory.
    Queued,
    /// It waits on disk.
    Spooled,
    /// There was no room: the one before it is encoded again.
    Replaced,
}

/// How many bytes may wait, for each camera.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) memory: usize,
    pub(crate) disk: u64,
}

/// The recorder's side of one camera's encoder.
#[derive(Debug)]
pub(crate) struct EncoderHandle {
    pub(crate) camera: String,
    worker: WorkerHandle<EncodingWorker>,
    in_memory: Arc<AtomicUsize>,
    room: Room,
    spool_folder: PathBuf,
    spool: Option<SpoolWriter>,
    first: bool,
    first_error: FirstError,
}

impl EncoderHandle {
    pub(crate) fn new(
        camera: &str,
        threaded: bool,
        room: Room,
        spool_folder: PathBuf,
        sync_every: u32,
        first_error: &FirstError,
    ) -> Result<Self, RecorderError> {
        let in_memory = Arc::new(AtomicUsize::new(0));
        let worker = EncodingWorker {
            camera: camera.to_owned(),
            encoder: None,
            spool: None,
            last: LastPicture::None,
            in_memory: Arc::clone(&in_memory),
            pictures: 0,
            sync_every: sync_every.max(1),
            first_error: first_error.clone(),
        };
        let worker = if threaded {
            WorkerHandle::thread(
                &format!("encode-{camera}"),
                worker,
                priority::step_back,
                first_error.clone(),
            )?
        } else {
            WorkerHandle::inline(worker)
        };
        Ok(Self {
            camera: camera.to_owned(),
            worker,
            in_memory,
            room,
            spool_folder,
            spool: None,
            first: true,
            first_error: first_error.clone(),
        })
    }

    pub(crate) fn open(&mut self, encoder: Receiver<Box<dyn PictureEncoder>>) {
        self.first = true;
        self.worker.send(EncodingMessage::Open(encoder));
    }

    pub(crate) fn close(&mut self, reply: Option<Sender<VideoPart>>) {
        self.worker.send(EncodingMessage::Close(reply));
    }

    /// Takes a picture; never waits for the encoder.
    pub(crate) fn picture(&mut self, pixels: &Arc<[u8]>) -> Taken {
        let waiting = self.in_memory.load(Ordering::Acquire);
        // The first picture of an episode has none before it that could take its place.
        let first = std::mem::take(&mut self.first);
        if first || (waiting + 1) * pixels.len() <= self.room.memory.max(pixels.len()) {
            self.in_memory.fetch_add(1, Ordering::AcqRel);
            self.worker
                .send(EncodingMessage::Picture(Arc::clone(pixels)));
            return Taken::Queued;
        }
        match self.put_aside(pixels) {
            Ok(Some(new)) => {
                self.worker.send(EncodingMessage::Spooled(new));
                Taken::Spooled
            }
            Ok(None) => {
                self.worker.send(EncodingMessage::Repeat);
                Taken::Replaced
            }
            Err(source) => {
                let camera = self.camera.clone();
                self.first_error
                    .report(RecorderError::Spool { camera, source });
                Taken::Replaced
            }
        }
    }

    /// `None` if there is no room; else the reader of a new spool, if this made one.
    fn put_aside(&mut self, pixels: &[u8]) -> std::io::Result<Option<Option<SpoolReader>>> {
        let mut new = None;
        let writer = match &mut self.spool {
            Some(writer) => writer,
            none => {
                let (writer, reader) = spool(&self.spool_folder, pixels.len(), self.room.disk)?;
                new = Some(reader);
                none.insert(writer)
            }
        };
        let fits = writer.put(pixels)?;
        if !fits && new.is_some() {
            // The worker never got the reader of this spool, as no picture fits into it.
            self.spool = None;
        }
        Ok(fits.then_some(new))
    }

    /// Pictures that wait in memory.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.in_memory.load(Ordering::Acquire)
    }

    pub(crate) fn finish(self) {
        self.worker.finish();
    }
}
