use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::source::{Payload, Source};
use crate::testing::{picture, without_tables};
use ulna_core::{Camera, Stamp};

/// What a source does next.
#[derive(Debug, Clone)]
enum Step {
    Gives(u64, Vec<u8>),
    GivesAhead(u64, Vec<u8>),
    Breaks,
}

type Script = Arc<Mutex<VecDeque<Step>>>;

#[derive(Debug)]
struct Scripted {
    promise: Promise,
    script: Script,
}

impl Source for Scripted {
    fn promise(&self) -> &Promise {
        &self.promise
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Shot>, CameraError> {
        let step = self
            .script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let arrived = Instant::now();
        let (sequence, jpeg, light) = match step {
            Some(Step::Gives(sequence, jpeg)) => (sequence, jpeg, None),
            Some(Step::GivesAhead(sequence, jpeg)) => {
                (sequence, jpeg, Some(arrived + Duration::from_millis(30)))
            }
            Some(Step::Breaks) => return Err(CameraError::failed("", "its cable was pulled")),
            None => {
                std::thread::sleep(patience.min(Duration::from_millis(5)));
                return Ok(None);
            }
        };
        let payload = Payload::Jpeg(jpeg);
        // No faster than it is read.
        std::thread::sleep(Duration::from_millis(5));
        Ok(Some(Shot {
            arrived,
            light,
            sequence,
            payload,
        }))
    }
}

const QUICK: Patience = Patience {
    stall: Duration::from_secs(60),
    away: Duration::from_millis(100),
    between: Duration::from_millis(5),
};

fn camera(steps: Vec<Step>, opens: u32, spec: &str) -> Result<LiveCamera, CameraError> {
    let script: Script = Arc::new(Mutex::new(steps.into()));
    let mut left = opens;
    let opener: Opener = Box::new(move || {
        if left == 0 {
            return Err(CameraError::failed("", "it is not plugged in"));
        }
        left -= 1;
        Ok(Box::new(Scripted {
            promise: Promise {
                size: None,
                fps: Some(30.0),
                format: "MJPG".to_owned(),
            },
            script: Arc::clone(&script),
        }))
    });
    let settings = CameraSettings::parse(spec).unwrap();
    LiveCamera::start("front", &settings, Instant::now(), opener, QUICK)
}

/// Polls until the camera ends: the sequence numbers, and why.
fn all(camera: &mut LiveCamera) -> (Vec<u64>, String) {
    let mut numbers = vec![camera.newest().unwrap().sequence];
    loop {
        match camera.poll(Stamp::ZERO) {
            Ok(Some(frame)) => numbers.push(frame.sequence),
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(fault) => return (numbers, fault.to_string()),
        }
    }
}

fn gives(numbers: impl IntoIterator<Item = u64>) -> Vec<Step> {
    numbers
        .into_iter()
        .map(|number| Step::Gives(number, picture(32, 24, number as u32)))
        .collect()
}

#[test]
fn a_camera_that_comes_back_goes_on_and_its_gap_shows() {
    let steps = [
        gives([6, 7]),
        vec![Step::Breaks],
        gives([0, 1]),
        vec![Step::Breaks],
    ]
    .concat();
    let mut camera = camera(steps, 2, "0").unwrap();
    let (numbers, why) = all(&mut camera);
    assert_eq!(
        numbers,
        [0, 1, 3, 4],
        "one at least is missing between them"
    );
    assert!(
        why.contains("cable was pulled; it is not plugged in; it did not come back"),
        "{why}"
    );
    assert_eq!(camera.losses().get(), 1);
}

#[test]
fn a_picture_that_comes_again_keeps_its_number_and_damaged_ones_are_missing() {
    let again = |number| Step::Gives(number, picture(32, 24, 1));
    let cut = Step::Gives(4, picture(32, 24, 9)[..200].to_vec());
    let steps = [
        gives([0, 1]),
        vec![again(2), again(3), cut],
        gives([5]),
        vec![Step::Breaks],
    ]
    .concat();
    let mut camera = camera(steps, 1, "0").unwrap();
    // Two that are the same count for nothing; the damaged one is one that was lost.
    assert_eq!(all(&mut camera).0, [0, 1, 1, 1, 3]);
    let counts = LiveCounts {
        taken: 6,
        damaged: 1,
        repeated: 2,
    };
    assert_eq!(camera.counts(), counts);
}

#[test]
fn stamps_ahead_of_their_arrival_stay_ahead_and_stated_latency_counts() {
    let steps = vec![
        Step::GivesAhead(0, picture(32, 24, 0)),
        Step::GivesAhead(1, picture(32, 24, 1)),
    ];
    let mut ahead = camera(steps, 1, "0").unwrap();
    assert_eq!(ahead.stamp_source(), StampSource::Driver);
    let seen = ahead.wait(Instant::now() + FIRST).unwrap().unwrap();
    assert!((-0.031..=-0.029).contains(&seen.age), "{}", seen.age);
    let late = camera(gives([0]), 1, "0,latency_ms=50").unwrap();
    assert_eq!(late.stamp_source(), StampSource::Arrival);
    // Taken before the run began, as far as that can be said.
    assert_eq!(late.newest().unwrap().stamp, Stamp::ZERO);
}

#[test]
fn sizes_that_are_not_as_asked_are_refused_and_turned_pictures_are_turned() {
    let error = camera(gives([0]), 1, "0,width=640,height=480").unwrap_err();
    assert!(
        error.is_usage() && error.to_string().contains("width=32,height=24"),
        "{error}"
    );
    let turned = camera(gives([0]), 1, "0,width=24,height=32,rotation=90").unwrap();
    assert_eq!(turned.size(), (24, 32));
    let others = (1..40).map(|number| Step::Gives(number, picture(48, 24, number as u32)));
    let steps = gives([0]).into_iter().chain(others).collect();
    let (numbers, why) = all(&mut camera(steps, 1, "0").unwrap());
    assert_eq!(numbers, [0]);
    assert!(why.contains("48x24 pixels now, not 32x24"), "{why}");
}

#[test]
fn jpeg_stays_jpeg_unless_it_has_to_be_touched() {
    let again = || Step::Gives(2, picture(32, 24, 1));
    let cut = || Step::Gives(3, picture(32, 24, 9)[..200].to_vec());
    let steps = || {
        [
            gives([0, 1]),
            vec![again(), cut()],
            gives([4]),
            vec![Step::Breaks],
        ]
        .concat()
    };
    let mut whole = camera(steps(), 1, "0").unwrap();
    let mut numbers = Vec::new();
    let why = loop {
        match whole.poll_jpeg(Stamp::ZERO).unwrap() {
            Ok(Some(frame)) => {
                assert!(jpeg::is_complete(&frame.jpeg));
                numbers.push(frame.sequence);
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(fault) => break fault,
        }
    };
    assert_eq!(numbers, [1, 1, 3], "{why}");
    // One that is decoded is there as it came, too.
    let mut both = camera(steps(), 1, "0").unwrap();
    assert!(both.last_jpeg().is_none());
    let frame = loop {
        match both.poll(Stamp::ZERO).unwrap() {
            Some(frame) => break frame,
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let came = both.last_jpeg().unwrap();
    assert_eq!((came.sequence, came.stamp), (frame.sequence, frame.stamp));
    assert_eq!(
        jpeg::decode(&came.jpeg, &mut Rooms::default())
            .unwrap()
            .pixels,
        frame.pixels
    );
    let mut turned = camera(steps(), 1, "0,rotation=90").unwrap();
    let _ = turned.poll(Stamp::ZERO);
    assert!(turned.last_jpeg().is_none());
    assert!(turned.poll_jpeg(Stamp::ZERO).is_none());
    let bare = vec![Step::Gives(0, without_tables(&picture(32, 24, 0)))];
    assert!(
        camera(bare, 1, "0")
            .unwrap()
            .poll_jpeg(Stamp::ZERO)
            .is_none()
    );
}
