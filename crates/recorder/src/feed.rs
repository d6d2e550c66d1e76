//! The way in: ticks through a lock-free ring, pictures through a bounded channel for each camera.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};
use ulna_core::{Camera, CameraFault, Frame, Joints, Stamp};
use ulna_rt::{Machine, Next};

/// What one control tick contributes: the target that is in force from `sends_at` on, and the newest state.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TickSample {
    /// Number of the tick; numbers of missed deadlines are skipped.
    pub index: u64,
    /// Whether the gate let the target through unaltered.
    pub untouched: bool,
    /// The deadline at which the goals leave for the servos.
    pub sends_at: Stamp,
    /// When the read that the state comes from was complete.
    pub measured: Stamp,
    /// When the oldest joint's value was measured.
    pub oldest: Stamp,
    /// What the joints measured, in the units of the robot file.
    pub position: Joints<f64>,
    /// What the source wants, if it wants anything.
    pub target: Option<Joints<f64>>,
    /// What the gate lets through.
    pub sent: Joints<f64>,
}

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
    producer: Producer<TickSample>,
    lost: Arc<AtomicU64>,
}

impl TickSink {
    /// Hands a tick over; one that finds no room is counted, and the recording ends with an error.
    pub fn push(&mut self, sample: TickSample) {
        if self.producer.push(sample).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The recorder's end.
#[derive(Debug)]
pub struct TickSource {
    consumer: Consumer<TickSample>,
    lost: Arc<AtomicU64>,
}

impl TickSource {
    /// The next tick, if there is one.
    pub fn next_sample(&mut self) -> Option<TickSample> {
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

/// Makes a camera a machine that can have a thread of its own, and the end at which its pictures come out.
pub fn camera_feed(camera: Box<dyn Camera>) -> (CameraFeed, CameraSource) {
    let (sender, receiver) = sync_channel(FRAMES_WAITING);
    let source = CameraSource {
        name: camera.name().to_owned(),
        size: camera.size(),
        receiver,
    };
    (CameraFeed { camera, sender }, source)
}

/// Polls a camera and passes its pictures on. It is finished once the camera is gone or nobody wants its pictures any more.
#[derive(Debug)]
pub struct CameraFeed {
    camera: Box<dyn Camera>,
    sender: SyncSender<Result<Frame, CameraFault>>,
}

impl CameraFeed {
    /// The camera's name.
    pub fn name(&self) -> &str {
        self.camera.name()
    }
}

/// A camera that has no idea when its next picture comes is asked this often.
const POLL_PERIOD: Duration = Duration::from_millis(1);

impl Machine for CameraFeed {
    fn step(&mut self, now: Duration) -> Next {
        let stamp = Stamp::new(now);
        loop {
            let delivered = match self.camera.poll(stamp) {
                Ok(None) => break,
                Ok(Some(frame)) => self.sender.try_send(Ok(frame)),
                Err(fault) => {
                    // Without a listener there is nobody to tell.
                    let _ = self.sender.try_send(Err(fault));
                    return Next::Finished;
                }
            };
            if let Err(TrySendError::Disconnected(_)) = delivered {
                return Next::Finished;
            }
        }
        let due = self.camera.next_due(stamp).since_epoch();
        Next::At(if due > now { due } else { now + POLL_PERIOD })
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
