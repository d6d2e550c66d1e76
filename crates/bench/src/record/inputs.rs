//! What a recording gets from a rig, made up: pictures and ticks.

use std::sync::Arc;
use std::time::Duration;

use ulna_core::{Action, Camera, CameraFault, Frame, Joints, Stamp, State, TickRecord};
use ulna_recorder::TickSink;
use ulna_rt::{Machine, Next};

use crate::pictures::{FPS, SIZE, shown};

/// Control ticks per second.
pub(crate) const RATE_HZ: f64 = 200.0;

/// A camera that shows the pictures on its grid, half a frame off the recorder's.
#[derive(Debug)]
pub(super) struct Slides {
    name: String,
    pictures: Vec<Arc<[u8]>>,
    next: u64,
}

impl Slides {
    pub(super) fn new(name: &str, pictures: &[Arc<[u8]>]) -> Self {
        Self {
            name: name.to_owned(),
            pictures: pictures.to_vec(),
            next: 0,
        }
    }

    fn stamp(&self) -> Stamp {
        Stamp::new(Duration::from_secs_f64(
            (self.next as f64 + 0.5) / f64::from(FPS),
        ))
    }
}

impl Camera for Slides {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn fps(&self) -> f64 {
        f64::from(FPS)
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        let stamp = self.stamp();
        if stamp > now {
            return Ok(None);
        }
        let sequence = self.next;
        self.next += 1;
        Ok(Some(Frame {
            stamp,
            sequence,
            width: SIZE.0,
            height: SIZE.1,
            pixels: Arc::clone(&self.pictures[shown(sequence)]),
        }))
    }

    fn next_due(&self, _: Stamp) -> Stamp {
        self.stamp()
    }
}

/// A control loop without a robot.
pub(crate) struct Ticks {
    sink: TickSink,
    joints: usize,
    index: u64,
}

impl Ticks {
    pub(crate) fn new(sink: TickSink, joints: usize) -> Self {
        Self {
            sink,
            joints,
            index: 0,
        }
    }
}

impl Machine for Ticks {
    fn step(&mut self, now: Duration) -> Next {
        let next = now + Duration::from_secs_f64(1.0 / RATE_HZ);
        let measured = Stamp::new(now);
        let position = Joints::filled(self.joints, (now.as_secs_f64() * 2.0).sin() * 20.0);
        self.index += 1;
        self.sink.push(&TickRecord {
            index: self.index,
            sends_at: Stamp::new(next),
            state: State {
                stamp: measured,
                position,
                measured: Joints::filled(self.joints, measured),
            },
            action: Some(Action {
                stamp: measured,
                target: position,
            }),
            sent: position,
            ..TickRecord::default()
        });
        Next::At(next)
    }
}
