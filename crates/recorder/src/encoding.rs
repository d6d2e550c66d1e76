//! The encoders: one worker for each camera.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, OnceLock};

use ulna_dataset::{PictureSpool, RealFs, Result, VideoEncoder, VideoPart};
use ulna_rt::priority;

use crate::error::RecorderError;
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

/// Where the pictures of one episode wait, once the episode has been made ready.
pub(crate) type SharedSpool = Arc<OnceLock<PictureSpool>>;

pub(crate) enum EncodingMessage {
    /// An episode begins; its encoder comes through here.
    Open(Receiver<Box<dyn PictureEncoder>>, SharedSpool, Encoded),
    Picture(Arc<[u8]>),
    /// The next picture lies in the spool.
    Spooled,
    /// There is no picture: the last one again.
    Repeat,
    /// The episode is over. Its video, unless it is to be thrown away, goes here.
    Close(Option<Sender<VideoPart>>),
}

/// How many pictures of an episode its encoder has dealt with.
type Encoded = Arc<AtomicU64>;

struct EncodingWorker {
    camera: String,
    encoder: Option<Box<dyn PictureEncoder>>,
    spool: SharedSpool,
    last: LastPicture,
    pictures: u64,
    encoded: Encoded,
    sync_every: u64,
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
        self.pictures += 1;
        // Without an encoder the episode is lost already, and what happened was reported.
        let Some(encoder) = &mut self.encoder else {
            return;
        };
        let mut done = encoder.push(self.last.bytes());
        if done.is_ok() && self.pictures.is_multiple_of(self.sync_every) {
            done = encoder.sync();
        }
        match done {
            // Its place in the spool is free from now on, and not before.
            Ok(()) => self.encoded.store(self.pictures, Ordering::Release),
            Err(error) => {
                self.first_error.report(error);
                self.encoder = None;
            }
        }
    }

    fn fetch(&mut self) -> bool {
        let Some(spool) = self.spool.get() else {
            return false;
        };
        let mut bytes = match std::mem::take(&mut self.last) {
            LastPicture::Spooled(bytes) => bytes,
            _ => Vec::new(),
        };
        let fetched = spool.take(self.pictures, &mut bytes);
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
            EncodingMessage::Open(encoder, spool, encoded) => {
                self.encoder = encoder.recv().ok();
                (self.spool, self.encoded) = (spool, encoded);
                self.pictures = 0;
                self.last = LastPicture::None;
            }
            EncodingMessage::Picture(picture) => {
                self.last = LastPicture::Shared(picture);
                self.encode_last();
            }
            EncodingMessage::Spooled => {
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

/// What may wait, for each camera.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Bytes of pictures in memory.
    pub(crate) memory: usize,
    /// Pictures in memory: as many as a crash may cost.
    pub(crate) pictures: usize,
}

/// The recorder's side of one camera's encoder.
#[derive(Debug)]
pub(crate) struct EncoderHandle {
    pub(crate) camera: String,
    worker: WorkerHandle<EncodingWorker>,
    room: Room,
    spool: SharedSpool,
    /// Pictures of this episode so far.
    number: u64,
    encoded: Encoded,
    /// Those that may wait in memory, with their numbers.
    waiting: VecDeque<(u64, Arc<[u8]>)>,
    /// The number behind the last one that went to the spool.
    spooled_until: u64,
    first_error: FirstError,
}

impl EncoderHandle {
    pub(crate) fn new(
        camera: &str,
        threaded: bool,
        room: Room,
        sync_every: u32,
        first_error: &FirstError,
    ) -> Result<Self, RecorderError> {
        let worker = EncodingWorker {
            camera: camera.to_owned(),
            encoder: None,
            spool: SharedSpool::default(),
            last: LastPicture::None,
            pictures: 0,
            encoded: Encoded::default(),
            sync_every: u64::from(sync_every.max(1)),
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
            room,
            spool: SharedSpool::default(),
            number: 0,
            encoded: Encoded::default(),
            waiting: VecDeque::new(),
            spooled_until: 0,
            first_error: first_error.clone(),
        })
    }

    pub(crate) fn open(&mut self, encoder: Receiver<Box<dyn PictureEncoder>>, spool: SharedSpool) {
        self.spool = Arc::clone(&spool);
        (self.number, self.spooled_until) = (0, 0);
        self.waiting.clear();
        self.encoded = Encoded::default();
        let encoded = Arc::clone(&self.encoded);
        self.worker
            .send(EncodingMessage::Open(encoder, spool, encoded));
    }

    pub(crate) fn close(&mut self, reply: Option<Sender<VideoPart>>) {
        self.waiting.clear();
        self.worker.send(EncodingMessage::Close(reply));
    }

    /// Takes a picture; never waits for the encoder.
    pub(crate) fn picture(&mut self, pixels: &Arc<[u8]>) -> Taken {
        let encoded = self.encoded.load(Ordering::Acquire);
        while self.waiting.pop_front_if(|(n, _)| *n < encoded).is_some() {}
        let number = self.number;
        self.number += 1;
        let bytes = (self.waiting.len() + 1) * pixels.len();
        // The first picture of an episode has none before it that could take its place.
        let fits = number == 0 || bytes <= self.room.memory.max(pixels.len());
        let few = self.waiting.len() < self.room.pictures && self.spooled_until <= encoded;
        if number == 0 || (fits && few) {
            return self.in_memory(number, pixels);
        }
        match self.put_aside(number, encoded, pixels) {
            Ok(Some(true)) => {
                self.worker.send(EncodingMessage::Spooled);
                Taken::Spooled
            }
            // The episode's folder is not ready yet.
            Ok(None) if fits => self.in_memory(number, pixels),
            Ok(_) => {
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

    fn in_memory(&mut self, number: u64, pixels: &Arc<[u8]>) -> Taken {
        self.waiting.push_back((number, Arc::clone(pixels)));
        self.worker
            .send(EncodingMessage::Picture(Arc::clone(pixels)));
        Taken::Queued
    }

    /// Puts a picture into the spool, and those before it that wait in memory, so that nothing is missing there; whether it found a place,
    /// nothing if there is no spool yet.
    fn put_aside(
        &mut self,
        number: u64,
        encoded: u64,
        pixels: &[u8],
    ) -> std::io::Result<Option<bool>> {
        let Some(spool) = self.spool.get() else {
            return Ok(None);
        };
        for (earlier, pixels) in &self.waiting {
            if *earlier >= self.spooled_until {
                spool.put(*earlier, encoded, pixels)?;
            }
        }
        let fits = spool.put(number, encoded, pixels)?;
        if fits {
            self.spooled_until = number + 1;
        }
        Ok(Some(fits))
    }

    /// Pictures that wait for the encoder.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> u64 {
        self.number - self.encoded.load(Ordering::Acquire)
    }

    /// Waits until pictures can be put aside.
    #[cfg(test)]
    pub(crate) fn wait_until_ready(&self) {
        while self.spool.get().is_none() {
            std::thread::yield_now();
        }
    }

    pub(crate) fn finish(self) {
        self.worker.finish();
    }
}
