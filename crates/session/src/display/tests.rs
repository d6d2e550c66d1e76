use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use nalgebra::Isometry3;
use ulna_core::{CameraFault, Frame, Joints, Stamp};

use super::*;
use ulna_robot::files as robots;

/// Notes what it is shown, and waits for `gate` before each tick if there is one.
#[derive(Debug, Clone, Default)]
struct Notebook {
    shown: Arc<Mutex<Vec<String>>>,
    gate: Option<Arc<Mutex<Receiver<()>>>>,
    fault: Option<&'static str>,
}

impl Notebook {
    fn note(&self, text: String) {
        self.shown.lock().unwrap().push(text);
    }

    fn shown(&self) -> Vec<String> {
        self.shown.lock().unwrap().clone()
    }
}

impl Display for Notebook {
    fn begin(&mut self, stage: &Stage) {
        self.note(format!("{} with {:?}", stage.title, stage.cameras));
    }

    fn tick(&mut self, tick: &Telemetry) {
        if let Some(gate) = &self.gate {
            let _ = gate.lock().unwrap().recv();
        }
        self.note(format!("tick {}", tick.index));
    }

    fn picture(&mut self, camera: &str, frame: &Frame) {
        self.note(format!("{camera} {}", frame.sequence));
    }

    fn finish(&mut self) -> Result<(), DisplayFault> {
        self.note("finish".to_owned());
        self.fault.map_or(Ok(()), |reason| {
            Err(DisplayFault {
                reason: reason.to_owned(),
            })
        })
    }
}

/// A picture every 10 ms.
#[derive(Debug)]
struct Clockwork(u64);

impl Camera for Clockwork {
    fn name(&self) -> &str {
        "front"
    }

    fn size(&self) -> (u32, u32) {
        (1, 1)
    }

    fn fps(&self) -> f64 {
        100.0
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        if now < self.next_due(now) {
            return Ok(None);
        }
        self.0 += 1;
        Ok(Some(Frame {
            stamp: now,
            sequence: self.0 - 1,
            width: 1,
            height: 1,
            pixels: [0u8; 3].as_slice().into(),
        }))
    }

    fn next_due(&self, _: Stamp) -> Stamp {
        Stamp::ZERO + Duration::from_millis(10) * u32::try_from(self.0).unwrap()
    }
}

fn stage() -> Stage {
    Stage {
        title: "test".to_owned(),
        robot: robots::find("so101").unwrap(),
        angles: Joints::default(),
        things: Vec::new(),
        cameras: Vec::new(),
        environment: None,
    }
}

fn tick(index: u64) -> Telemetry {
    Telemetry {
        index,
        ..Telemetry::default()
    }
}

#[test]
fn in_step_everything_is_shown_and_the_end_comes_last() {
    let notebook = Notebook::default();
    let mut show = Show::new(Box::new(notebook.clone()));
    show.watch(Box::new(Clockwork(0)));
    let mut presented = show.prepare(stage(), 100.0);
    let mut feed = presented.take_feed().unwrap();
    for step in 0..100u64 {
        feed.push(tick(step));
        for machine in presented.machines() {
            machine.step(Duration::from_millis(step));
        }
    }
    feed.push(tick(100));
    let report = presented.finish();
    let (shown, count) = (notebook.shown(), |what: &str| {
        let shown = notebook.shown();
        shown.iter().filter(|line| line.starts_with(what)).count()
    });
    assert_eq!(shown[0], "test with [\"front\"]");
    assert_eq!((count("tick"), count("front")), (101, 10));
    assert_eq!(shown.last().unwrap(), "finish");
    let all = DisplayReport {
        ticks: 101,
        dropped_ticks: 0,
        pictures: 10,
        dropped_pictures: 0,
        trouble: None,
    };
    assert_eq!(report, all);
}

#[test]
fn a_display_that_hangs_holds_nobody_up_and_is_left_behind() {
    let (open, gate) = channel();
    let notebook = Notebook {
        gate: Some(Arc::new(Mutex::new(gate))),
        ..Notebook::default()
    };
    let mut show = Show::new(Box::new(notebook.clone())).with_patience(Duration::ZERO);
    let mut camera = show.mirror(Box::new(Clockwork(0)));
    let mut presented = show.prepare(stage(), 100.0);
    let mut feed = presented.take_feed().unwrap();
    presented.go().unwrap();
    for index in 0..10_000 {
        feed.push(tick(index));
    }
    for ms in (0..1000).step_by(10) {
        let polled = camera.poll(Stamp::new(Duration::from_millis(ms))).unwrap();
        assert!(
            polled.is_some(),
            "whoever takes the pictures gets every one"
        );
    }
    let report = presented.finish();
    assert_eq!((report.ticks, report.dropped_ticks), (0, 10_000));
    assert_eq!((report.pictures, report.dropped_pictures), (0, 100));
    assert!(report.trouble.unwrap().contains("left behind"));
    assert!(!notebook.shown().contains(&"finish".to_owned()));
    drop(open);
}

#[test]
fn a_slow_display_loses_the_ticks_that_find_no_room() {
    let (open, gate) = channel();
    let notebook = Notebook {
        gate: Some(Arc::new(Mutex::new(gate))),
        ..Notebook::default()
    };
    let show = Show::new(Box::new(notebook.clone()));
    let mut presented = show.prepare(stage(), 100.0);
    let mut feed = presented.take_feed().unwrap();
    presented.go().unwrap();
    for index in 0..1000 {
        feed.push(tick(index));
    }
    drop(open);
    let report = presented.finish();
    // The ring takes 500; one more may have been taken out of it meanwhile.
    assert!((500..=501).contains(&report.ticks), "{report:?}");
    assert_eq!(report.ticks + report.dropped_ticks, 1000);
    assert_eq!(report.trouble, None);
}

#[test]
fn what_did_not_arrive_is_told() {
    for threaded in [false, true] {
        let notebook = Notebook {
            fault: Some("the disk is full"),
            ..Notebook::default()
        };
        let mut presented = Show::new(Box::new(notebook)).prepare(stage(), 100.0);
        if threaded {
            presented.go().unwrap();
        }
        let report = presented.finish();
        assert_eq!(report.trouble.as_deref(), Some("the disk is full"));
    }
}

#[test]
fn solids_keep_their_size_and_place() {
    let object = Object {
        shape: Shape::Box {
            half: [0.01, 0.02, 0.03],
        },
        pose: Isometry3::translation(0.1, 0.2, 0.3),
        colour: robot::Colour([1, 2, 3]),
    };
    let spec = solid(&object);
    assert_eq!(spec.shape, ShapeSpec::Box([0.02, 0.04, 0.06]));
    assert_eq!(spec.frame.xyz, [0.1, 0.2, 0.3]);
}
