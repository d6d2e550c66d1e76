//! The way in: ticks through a lock-free ring, pictures through a bounded channel for each camera.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

use rtrb::{Consumer, Producer, RingBuffer};
use ulna_core::{CameraFault, Frame, FrameSink, TickRecord};

/// How long the recorder may be held up before ticks are lost.
const RING_SECONDS: f64 = 10.0;

/// A ring for ticks at `rate_hz`, roomy enough for 10 s of them.
pub fn tick_feed(rate_hz: f64) -> (TickSink, TickSource) {
    let capacity = (rate_hz * RING_SECONDS).ceil().clamp(16.0, 100_000.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let (producer, consumer) = RingBuffer::new(capacity as usize);
    let lost = Arc::new(AtomicU64::new(0));
    let sink = TickSink {
        producer,
        lost: Arc::clone(&lost),
    };
    (sink, TickSource { consumer, lost })
}

/// The control thread's end: wait-free, and without a heap.
#[derive(Debug)]
pub struct TickSink {
    producer: Producer<TickRecord>,
    lost: Arc<AtomicU64>,
}

impl TickSink {
    /// Hands a tick over; one that finds no room is counted, and the recording ends with an error.
    pub fn push(&mut self, tick: &TickRecord) {
        if self.producer.push(*tick).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The recorder's end.
#[derive(Debug)]
pub struct TickSource {
    consumer: Consumer<TickRecord>,
    lost: Arc<AtomicU64>,
}

impl TickSource {
    /// The next tick, if there is one.
    pub fn next_tick(&mut self) -> Option<TickRecord> {
        self.consumer.pop().ok()
    }

    /// How many found no room.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// How many pictures may wait between a camera and the recorder. When they do, the recorder has been held up for a quarter
/// of a second, and a picture more or less doesn't matter: the newest is dropped, which its successor's number shows.
const FRAMES_WAITING: usize = 8;

/// A bounded queue for the pictures of one camera, of this size: the end that takes them, and the recorder's.
pub fn picture_queue(name: &str, size: (u32, u32)) -> (PictureSink, CameraSource) {
    let (sender, receiver) = sync_channel(FRAMES_WAITING);
    let source = CameraSource {
        name: name.to_owned(),
        size,
        receiver,
    };
    (PictureSink(sender), source)
}

/// The camera's end of the queue.
#[derive(Debug)]
pub struct PictureSink(SyncSender<Result<Frame, CameraFault>>);

impl FrameSink for PictureSink {
    fn take(&mut self, frame: &Frame) -> bool {
        let delivered = self.0.try_send(Ok(frame.clone()));
        !matches!(delivered, Err(TrySendError::Disconnected(_)))
    }

    fn end(&mut self, fault: &CameraFault) {
        // A recorder that is over needs no fault.
        let _ = self.0.try_send(Err(fault.clone()));
    }
}

/// Where a camera's pictures come out.
#[derive(Debug)]
pub struct CameraSource {
    name: String,
    size: (u32, u32),
    receiver: Receiver<Result<Frame, CameraFault>>,
}

impl CameraSource {
    /// The camera's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The next picture, if one has arrived.
    ///
    /// # Errors
    /// [`CameraFault`] if there will be no more.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, CameraFault> {
        match self.receiver.try_recv() {
            Ok(Ok(frame)) => Ok(Some(frame)),
            Ok(Err(fault)) => Err(fault),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(CameraFault {
                camera: self.name.clone(),
                reason: "its thread has ended".to_owned(),
            }),
        }
    }
}
