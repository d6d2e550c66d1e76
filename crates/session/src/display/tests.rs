use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use ulna_core::{Camera, CameraFault, Frame, FrameSink, Joints, Stamp, TickRecord};
use ulna_robot::files;
use ulna_rt::{Machine, Stop};

use super::*;
use crate::cameras::OpenedCamera;
use crate::error::SessionError;
use crate::supply::Surroundings;

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
    fn begin(&mut self, info: &SessionInfo) {
        self.note(format!("{} with {:?}", info.title, info.cameras));
    }

    fn tick(&mut self, tick: &TickRecord) {
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

/// A place with that one camera.
#[derive(Debug)]
struct Studio;

impl Surroundings for Studio {
    fn open_camera(
        &self,
        _: &str,
        _: (u32, u32),
        _: f64,
    ) -> Result<Option<Box<dyn Camera>>, SessionError> {
        Ok(Some(Box::new(Clockwork(0))))
    }
}

/// Counts pictures, as a recorder would get them.
#[derive(Debug, Clone, Default)]
struct Counted(Arc<Mutex<usize>>);

impl FrameSink for Counted {
    fn take(&mut self, _: &Frame) -> bool {
        *self.0.lock().unwrap() += 1;
        true
    }

    fn end(&mut self, _: &CameraFault) {}
}

/// A display with its camera, which is recorded as well if `recorder` says so.
fn shown_by(setup: DisplaySetup, recorder: Option<Counted>) -> (DisplayHandle, OpenedCamera) {
    let mut hub = CameraHub::default();
    if let Some(recorder) = recorder {
        hub.add(
            "front",
            CameraUse::Record,
            (1, 1),
            100.0,
            Box::new(recorder),
        );
    }
    let handle = setup.prepare(info(), 100.0, &mut hub);
    let mut opened = hub.open(&Studio).unwrap();
    assert_eq!(opened.len(), 1);
    (handle, opened.remove(0))
}

fn info() -> SessionInfo {
    SessionInfo {
        title: "test".to_owned(),
        robot: files::find("so101").unwrap(),
        angles: Joints::default(),
        objects: Vec::new(),
        cameras: vec!["front".to_owned()],
        environment: None,
        moving_things: None,
    }
}

fn tick(index: u64) -> TickRecord {
    TickRecord {
        index,
        ..TickRecord::default()
    }
}

#[test]
fn in_step_everything_is_shown_and_the_end_comes_last() {
    let notebook = Notebook::default();
    let setup = DisplaySetup::new(Box::new(notebook.clone()));
    let (mut handle, mut camera) = shown_by(setup, None);
    let mut feed = handle.take_feed().unwrap();
    for step in 0..100u64 {
        feed.push(&tick(step));
        camera.pump.step(Duration::from_millis(step));
        let worker = handle.task().unwrap().machine;
        worker.step(Duration::from_millis(step));
    }
    feed.push(&tick(100));
    let report = handle.finish(&Stop::new(), drop);
    let (shown, count) = (notebook.shown(), |what: &str| {
        let shown = notebook.shown();
        shown.iter().filter(|line| line.starts_with(what)).count()
    });
    assert_eq!(shown[0], "test with [\"front\"]");
    // Of a picture each 10 ms, a display that nothing else shares takes 15 a second: those at 0 and 60 ms.
    assert_eq!((count("tick"), count("front")), (101, 2));
    assert_eq!(shown.last().unwrap(), "finish");
    let all = DisplayReport {
        ticks: 101,
        dropped_ticks: 0,
        pictures: 2,
        dropped_pictures: 0,
        fault: None,
    };
    assert_eq!(report, all);
}

#[test]
fn a_display_that_hangs_holds_nothing_up_and_is_left_behind() {
    let (open, gate) = channel();
    let notebook = Notebook {
        gate: Some(Arc::new(Mutex::new(gate))),
        ..Notebook::default()
    };
    let setup = DisplaySetup::new(Box::new(notebook.clone())).with_patience(Duration::ZERO);
    let recorder = Counted::default();
    let (mut handle, mut camera) = shown_by(setup, Some(recorder.clone()));
    let mut feed = handle.take_feed().unwrap();
    handle.spawn().unwrap();
    for index in 0..10_000 {
        feed.push(&tick(index));
    }
    for ms in (0..1000).step_by(10) {
        camera.pump.step(Duration::from_millis(ms));
    }
    assert_eq!(
        *recorder.0.lock().unwrap(),
        100,
        "the recorder gets every picture"
    );
    let report = handle.finish(&Stop::new(), drop);
    assert_eq!((report.ticks, report.dropped_ticks), (0, 10_000));
    // 30 a second of a camera that is recorded: one each 30 ms of its grid.
    assert_eq!((report.pictures, report.dropped_pictures), (0, 34));
    assert!(report.fault.unwrap().contains("left behind"));
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
    let setup = DisplaySetup::new(Box::new(notebook.clone()));
    let (mut handle, _camera) = shown_by(setup, None);
    let mut feed = handle.take_feed().unwrap();
    handle.spawn().unwrap();
    for index in 0..1000 {
        feed.push(&tick(index));
    }
    drop(open);
    let report = handle.finish(&Stop::new(), drop);
    // The ring takes 500; one more may have been taken out of it meanwhile.
    assert!((500..=501).contains(&report.ticks), "{report:?}");
    assert_eq!(report.ticks + report.dropped_ticks, 1000);
    assert_eq!(report.fault, None);
}

#[test]
fn what_did_not_arrive_is_reported() {
    for threaded in [false, true] {
        let notebook = Notebook {
            fault: Some("the disk is full"),
            ..Notebook::default()
        };
        let (mut handle, _camera) = shown_by(DisplaySetup::new(Box::new(notebook)), None);
        if threaded {
            handle.spawn().unwrap();
        }
        let report = handle.finish(&Stop::new(), drop);
        assert_eq!(report.fault.as_deref(), Some("the disk is full"));
    }
}
