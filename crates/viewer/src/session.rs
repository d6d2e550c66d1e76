//! A session, tick by tick.
//!
//! | path | what |
//! |---|---|
//! | `joints/NAME` | measured, commanded (what the gate sent), and wanted where that differs; the joint's unit |
//! | `error` | commanded minus measured, one line for each joint |
//! | `timing` | lateness of the tick, its wait for the port, and the computing time of the one before, ms |
//! | `gate` | what the safety gate did: a lane for each of its states, drawn while it lasts |
//! | `log` | the same in words, with the joints' names |
//! | `cameras/NAME` | pictures, made small and at most 15 a second |
//! | `arm/measured/NAME`, `arm/commanded/NAME` | the links in space, at most 30 times a second |
//! | `things/NAME` | what stands around the arm, and places that the environment reports |
//! | `arm/path` | the way of the tool over the last seconds |

use std::sync::Arc;
use std::time::Duration;

use rerun::{EncodedImage, RecordingStreamResult, TextDocument, TextLog, TextLogLevel};
use ulna_core::tick::TickRecord;
use ulna_core::{Environment, Frame, GateNote, Joints, JpegFrame, MAX_JOINTS, Stamp};
use ulna_robot::display::{Display, DisplayFault, SessionInfo};

use crate::arm::{Arm, Which};
use crate::layout::{COMMANDED, Contents, MEASURED, WANTED};
use crate::panel;
use crate::pictures;
use crate::points::Places;
use crate::series::{Line, Plot, lines};
use crate::target::{TIME, Viewer, nanos, time};
use crate::things::Things;

/// From one block of numbers to the next, in a live view, and into a file.
const LIVE_BLOCK: Duration = Duration::from_millis(100);
const FILE_BLOCK: Duration = Duration::from_secs(1);
/// From one pose of the arm to the next.
const POSE_PERIOD: Duration = Duration::from_millis(33);
/// From one picture of a camera to the next: encoding them must not take the time of those that are recorded.
const PICTURE_PERIOD: Duration = Duration::from_millis(65);
/// Width of the pictures at most, pixels.
const PICTURE_WIDTH: usize = 480;
/// How far plots look back in a live view, s.
const WINDOW: f64 = 20.0;

/// Shows a session on a viewer. It is an [`ulna_robot::display::Display`].
#[derive(Debug)]
pub struct SessionView {
    viewer: Viewer,
    on: Option<On>,
    fault: Option<String>,
}

/// What is known once the session has begun.
#[derive(Debug)]
struct On {
    names: Vec<String>,
    arm: Arm,
    times: Vec<i64>,
    block_began: Stamp,
    joints: Vec<Plot>,
    error: Plot,
    timing: Plot,
    gate: Plot,
    state: Option<usize>,
    environment: Option<(Arc<dyn Environment>, Places)>,
    things: Option<Things>,
    posed: Option<Stamp>,
    pictured: Vec<(String, Option<Stamp>)>,
}

impl SessionView {
    /// A session on this viewer.
    pub fn new(viewer: Viewer) -> Self {
        Self {
            viewer,
            on: None,
            fault: None,
        }
    }

    /// Whether a picture of this camera is wanted that was taken then: no more than so many a second are.
    fn is_due(&mut self, camera: &str, taken: Stamp) -> bool {
        let Some(on) = &mut self.on else { return false };
        let mut cameras = on.pictured.iter_mut();
        let Some((_, last)) = cameras.find(|(name, _)| name == camera) else {
            return false;
        };
        if last.is_some_and(|last| taken - last < PICTURE_PERIOD) {
            return false;
        }
        *last = Some(taken);
        true
    }

    fn show(&mut self, camera: &str, taken: Stamp, picture: &EncodedImage) {
        let stream = &self.viewer.stream;
        stream.set_time(TIME, time(taken.since_epoch()));
        let outcome = stream.log(format!("cameras/{camera}"), picture);
        self.note(outcome);
    }

    /// Keeps the first thing that went wrong: what follows is most often its consequence.
    fn note<E: std::error::Error>(&mut self, outcome: Result<(), E>) {
        if let (Err(error), None) = (outcome, &self.fault) {
            self.fault = Some(self.viewer.failed(&error).to_string());
        }
    }

    fn try_begin(&mut self, info: &SessionInfo) -> RecordingStreamResult<()> {
        let stream = &self.viewer.stream;
        let names: Vec<String> = info.robot.names().map(str::to_owned).collect();
        let contents = Contents {
            arm: true,
            cameras: info.cameras.clone(),
            joints: names.clone(),
            plots: vec![
                ("tracking error".to_owned(), "error".to_owned()),
                ("timing of the ticks, ms".to_owned(), "timing".to_owned()),
            ],
            gate: Some(STATES.len()),
            window: self.viewer.live.then_some(WINDOW),
        };
        panel::send(stream, &contents.layout(), self.viewer.live)?;
        let about = TextDocument::from_markdown(about(info));
        stream.log_static("about", &about)?;
        let on = On {
            arm: Arm::new(&info.robot, info.angles),
            times: Vec::new(),
            block_began: Stamp::ZERO,
            joints: names.iter().map(|name| joint_plot(name)).collect(),
            error: Plot::new("error".to_owned(), lines(names.iter().map(String::as_str))),
            timing: Plot::new(
                "timing".to_owned(),
                lines(["lateness", "waiting for the port", "own work"]),
            ),
            gate: Plot::new(
                "gate".to_owned(),
                STATES
                    .map(|(name, colour)| Line {
                        name: name.to_owned(),
                        colour,
                    })
                    .into(),
            )
            .thick(),
            state: None,
            environment: info.environment.clone().map(|environment| {
                let places = Places::among(&environment.names());
                (environment, places)
            }),
            things: info.moving_things.clone().map(Things::new),
            posed: None,
            pictured: info
                .cameras
                .iter()
                .map(|name| (name.clone(), None))
                .collect(),
            names,
        };
        on.arm.log_solids(stream, &info.robot, &info.objects)?;
        for plot in on.joints.iter().chain([&on.error, &on.timing, &on.gate]) {
            plot.log_style(stream)?;
        }
        self.on = Some(on);
        Ok(())
    }

    fn try_tick(&mut self, tick: &TickRecord) -> RecordingStreamResult<()> {
        let Some(on) = &mut self.on else {
            return Ok(());
        };
        let stream = &self.viewer.stream;
        let (at, position) = (tick.sends_at, &tick.state.position);
        if on.times.is_empty() {
            on.block_began = at;
        }
        on.times.push(nanos(at.since_epoch()));
        let of =
            |joints: &Joints<f64>, joint: usize| joints.get(joint).copied().unwrap_or(f64::NAN);
        for (joint, plot) in on.joints.iter_mut().enumerate() {
            let (measured, sent) = (of(position, joint), of(&tick.sent, joint));
            let wanted = tick.target().map_or(f64::NAN, |target| of(&target, joint));
            let wanted = if wanted == sent { f64::NAN } else { wanted };
            plot.push([wanted, sent, measured]);
        }
        let count = on.names.len();
        on.error
            .push((0..count).map(|joint| of(&tick.sent, joint) - of(position, joint)));
        let timing = [
            tick.timing.lateness,
            tick.timing.port_wait,
            tick.timing.work,
        ];
        on.timing.push(timing.map(|span| span.as_secs_f64() * 1e3));

        let state = state_of(&tick.note);
        on.gate
            .push((0..STATES.len()).map(|row| if row == state { row as f64 } else { f64::NAN }));
        if on.state != Some(state) {
            on.state = Some(state);
            stream.set_time(TIME, time(at.since_epoch()));
            let level = if state < LIMITED {
                TextLogLevel::INFO
            } else {
                TextLogLevel::WARN
            };
            let words = TextLog::new(sentence(&tick.note, &on.names)).with_level(level);
            stream.log("log", &words)?;
        }
        if on.posed.is_none_or(|posed| at - posed >= POSE_PERIOD) {
            on.posed = Some(at);
            if let Some((environment, places)) = &mut on.environment {
                let mut numbers = vec![0.0; environment.names().len()];
                environment.read(at, &mut numbers);
                places.log(stream, at.since_epoch(), &numbers)?;
            }
            if let Some(things) = &mut on.things {
                things.log(stream, at.since_epoch())?;
            }
            on.arm
                .log(stream, Which::Commanded, at.since_epoch(), &tick.sent)?;
            on.arm
                .log(stream, Which::Measured, at.since_epoch(), position)?;
        }
        let block = if self.viewer.live {
            LIVE_BLOCK
        } else {
            FILE_BLOCK
        };
        if at - on.block_began >= block {
            self.send_block()?;
        }
        Ok(())
    }

    fn send_block(&mut self) -> RecordingStreamResult<()> {
        let Some(on) = &mut self.on else {
            return Ok(());
        };
        let plots = on.joints.iter_mut();
        for plot in plots.chain([&mut on.error, &mut on.timing, &mut on.gate]) {
            plot.send(&self.viewer.stream, &on.times)?;
        }
        on.times.clear();
        Ok(())
    }
}

impl Display for SessionView {
    fn begin(&mut self, info: &SessionInfo) {
        let outcome = self.try_begin(info);
        self.note(outcome);
    }

    fn tick(&mut self, tick: &TickRecord) {
        let outcome = self.try_tick(tick);
        self.note(outcome);
    }

    fn picture(&mut self, camera: &str, frame: &Frame) {
        if !self.is_due(camera, frame.stamp) {
            return;
        }
        let (width, height) = (frame.width as usize, frame.height as usize);
        match pictures::encode(&frame.pixels, width, height, PICTURE_WIDTH) {
            Ok(picture) => self.show(camera, frame.stamp, &picture),
            Err(error) => self.note(Err(error)),
        }
    }

    fn shows_jpeg(&self) -> bool {
        true
    }

    fn jpeg(&mut self, camera: &str, frame: &JpegFrame) {
        if self.is_due(camera, frame.stamp) {
            self.show(camera, frame.stamp, &pictures::as_it_came(&frame.jpeg));
        }
    }

    fn finish(&mut self) -> Result<(), DisplayFault> {
        let outcome = self.send_block();
        self.note(outcome);
        let flushed = self.viewer.finish();
        let fault = self.fault.take();
        match (fault, flushed) {
            (Some(reason), _) => Err(DisplayFault { reason }),
            (None, Err(error)) => Err(DisplayFault {
                reason: error.to_string(),
            }),
            (None, Ok(())) => Ok(()),
        }
    }
}

/// The plot of one joint. What was wanted is drawn first, so that it shows only where the gate sent something else.
pub(crate) fn joint_plot(name: &str) -> Plot {
    let line = |name: &str, colour| Line {
        name: name.to_owned(),
        colour,
    };
    let lines = vec![
        line("wanted", WANTED),
        line("commanded", COMMANDED),
        line("measured", MEASURED),
    ];
    Plot::new(format!("joints/{name}"), lines)
}

/// The states of the gate with their colours, the gravest last.
const STATES: [(&str, [u8; 3]); 5] = [
    ("following", [58, 160, 100]),
    ("ramping", [90, 130, 210]),
    ("limited", [222, 178, 40]),
    ("a servo is silent", [205, 80, 60]),
    ("holding", [170, 80, 180]),
];

/// The first of the states that are worth a warning.
const LIMITED: usize = 2;

fn state_of(note: &GateNote) -> usize {
    if note.stale || note.invalid {
        4
    } else if note.absent != 0 {
        3
    } else if note.clamped != 0 || note.slowed != 0 {
        LIMITED
    } else {
        usize::from(note.ramping)
    }
}

fn sentence(note: &GateNote, names: &[String]) -> String {
    let among = |mask: u32| {
        let joints = (0..MAX_JOINTS.min(names.len())).filter(|joint| mask & (1 << joint) != 0);
        let joints: Vec<&str> = joints.map(|joint| names[joint].as_str()).collect();
        joints.join(", ")
    };
    let mut parts = Vec::new();
    if note.invalid {
        parts.push("an action was no set of numbers: the arm holds".to_owned());
    }
    if note.stale {
        parts.push("no fresh action: the arm holds".to_owned());
    }
    if note.absent != 0 {
        parts.push(format!("silent, left alone: {}", among(note.absent)));
    }
    if note.ramping {
        parts.push("ramping to where the source is".to_owned());
    }
    if note.clamped != 0 {
        parts.push(format!("at a position limit: {}", among(note.clamped)));
    }
    if note.slowed != 0 {
        parts.push(format!("at the speed limit: {}", among(note.slowed)));
    }
    if parts.is_empty() {
        parts.push("following the source".to_owned());
    }
    parts.join("; ")
}

fn about(info: &SessionInfo) -> String {
    let units: Vec<String> = info
        .robot
        .joints
        .iter()
        .map(|joint| format!("{} {}", joint.name, joint.unit))
        .collect();
    format!(
        "**{}**\n\n**Blue**: measured. **Orange**: commanded, which is what the safety gate sent; in space a ghost. \
         **Grey**: what was wanted, where the gate sent something else.\n\n\
         *Tracking error* is commanded minus measured. A tick is late when others had the computer; waiting for the port is \
         the servos' time to answer; own work is computing.\n\nUnits: {}.",
        info.title,
        units.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gates_notes_become_words() {
        let names: Vec<String> = ["pan", "lift", "jaw"].map(str::to_owned).into();
        let word = |note: &GateNote| STATES[state_of(note)].0;
        let note = GateNote::default();
        assert_eq!(
            (word(&note), sentence(&note, &names).as_str()),
            ("following", "following the source")
        );
        let note = GateNote {
            clamped: 0b101,
            slowed: 0b10,
            ..note
        };
        assert_eq!(
            (word(&note), sentence(&note, &names).as_str()),
            (
                "limited",
                "at a position limit: pan, jaw; at the speed limit: lift"
            )
        );
        let note = GateNote {
            stale: true,
            absent: u32::MAX,
            ..note
        };
        assert_eq!(word(&note), "holding");
        assert!(sentence(&note, &names).contains("silent, left alone: pan, lift, jaw"));
    }
}
