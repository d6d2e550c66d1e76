//! `ulna setup`: ids and rates, one servo at a time.
//!
//! The order is LeRobot's, from the gripper to the base. Servos that are right already are recognised, so a setup that was interrupted goes
//! on where it stopped: leave those that are done in their chain, and go on with the next.

mod ids;
mod steps;

use serde::Serialize;
use ulna_core::robot::JointSpec;
use ulna_drivers::setup::{Fault, Place, check_chain, explain};
use ulna_outside::Text;
use ulna_rt::Stop;

use crate::dialogue::{Answer, Dialogue, Question, ask};
use crate::error::AppError;
use crate::wiggle::wiggle;
use crate::workplace::{Part, Scenery, WorkOptions, Workplace};

/// What the user says.
#[derive(Debug, Clone, Default)]
pub struct SetupOptions {
    /// The bus.
    pub work: WorkOptions,
    /// Wiggle each servo once it has its id.
    pub wiggle: bool,
    /// Only wiggle one servo after the other, to see whether ids and joints belong together.
    pub identify: bool,
}

/// What became of one servo.
#[derive(Debug, Clone, Serialize)]
pub struct JointSetup {
    /// Its joint.
    pub joint: String,
    /// The id that the robot file gives it.
    pub id: u8,
    /// Where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
    /// What was done.
    pub done: Done,
    /// How far it moved when it was wiggled, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wiggled: Option<f64>,
}

impl JointSetup {
    /// What was done, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let done = match (self.done, self.was) {
            (Done::AlreadyRight, _) => "was right already".to_owned(),
            (Done::Skipped, _) => "left out".to_owned(),
            (Done::Identified, _) => "wiggled".to_owned(),
            (Done::Set, None) => "set".to_owned(),
            (Done::Set, Some(was)) => format!("set (was id {} at {} baud)", was.id, was.baud),
        };
        match self.wiggled {
            Some(degrees) => format!("{done}, moved {degrees:.1}°"),
            None => done,
        }
    }
}

/// Where a servo was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Was {
    /// Its id.
    pub id: u8,
    /// Bits per second.
    pub baud: u32,
}

impl From<Place> for Was {
    fn from(place: Place) -> Self {
        let Place { baud, id } = place;
        Self { id, baud }
    }
}

/// What was done with a servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// Nothing: it had its id and rate.
    AlreadyRight,
    /// Id and rate were written and read back.
    Set,
    /// It was left out.
    Skipped,
    /// It was wiggled.
    Identified,
}

/// How a setup ended.
#[derive(Debug, Clone, Serialize)]
pub struct SetUp {
    /// The robot.
    pub robot: String,
    /// Follower or leader.
    pub part: Part,
    /// The port.
    pub port: String,
    /// No port was opened.
    pub simulated: bool,
    /// Bits per second that all servos run at.
    pub baud: u32,
    /// The servos in the order in which they were set up.
    pub joints: Vec<JointSetup>,
    /// All servos of the arm answer, each with its id and model.
    pub complete: bool,
    /// What is wrong, if not.
    pub problems: String,
}

/// Gives every servo of an arm its id and rate, then checks the whole chain.
///
/// # Errors
/// If a servo does not take its id, the port goes away, or somebody interrupts: then those that are done stay done.
pub fn setup(
    options: &SetupOptions,
    stop: &Stop,
    talk: &mut dyn Dialogue,
) -> Result<SetUp, AppError> {
    let scenery = if options.identify {
        Scenery::Assembled
    } else {
        Scenery::Fresh
    };
    let mut work = Workplace::open(&options.work, scenery, stop)?;
    let (robot, part) = (work.kind.name.clone(), options.work.part);
    let joints = if options.identify {
        identify(&mut work, talk)?
    } else {
        talk.say(&format!(
            "Setting up the {part} of {robot} on {}: {} servos, one at a time. Only one new servo may be connected at once; those that are done \
             may stay in the chain.",
            work.line.name(),
            work.kind.dof()
        ));
        ids::assign_all(&mut work, options.wiggle, talk)?
    };
    let faults = if options.identify {
        Vec::new()
    } else {
        talk.steps(&steps::setting(&work.kind, &joints));
        check_whole(&mut work, talk)?
    };
    talk.clear();
    Ok(SetUp {
        robot,
        part,
        port: work.line.name().to_owned(),
        simulated: options.work.sim,
        baud: work.kind.bus.baud,
        joints,
        complete: faults.is_empty(),
        problems: match faults.as_slice() {
            [] => String::new(),
            some => explain(&work.kind, some),
        },
    })
}

/// Has the whole chain connected, and checks it until it is right or somebody gives up.
fn check_whole(work: &mut Workplace, talk: &mut dyn Dialogue) -> Result<Vec<Fault>, AppError> {
    let count = work.kind.dof();
    let first = format!("Now connect all {count} servos in a chain, then press Enter");
    let mut question = Question {
        text: &first,
        enter: "looks",
        keys: &[('q', "gives up")],
        left: "all servos keep the ids they were given, their torque is off",
    };
    loop {
        let answer = ask(talk, &question)?;
        work.person.connect_all();
        let faults = check_chain(&mut work.line, &mut *work.pacer, &work.kind)?;
        if faults.is_empty() || answer == Answer::Key('q') || work.person.is_simulated() {
            return Ok(faults);
        }
        talk.say(&explain(&work.kind, &faults));
        question.text = "Look again?";
    }
}

/// Wiggles every joint, one after the other.
fn identify(work: &mut Workplace, talk: &mut dyn Dialogue) -> Result<Vec<JointSetup>, AppError> {
    let faults = check_chain(&mut work.line, &mut *work.pacer, &work.kind)?;
    if !faults.is_empty() {
        return Err(AppError::Found(Text::split(explain(&work.kind, &faults))));
    }
    talk.say(
        "Each joint moves a few degrees to and fro with little torque. Lay the arm down so that nothing can fall.",
    );
    let mut told = Vec::new();
    for index in 0..work.kind.dof() {
        let JointSpec {
            name,
            id,
            resolution,
            ..
        } = work.kind.joints[index].clone();
        talk.steps(&steps::identifying(&work.kind, &told));
        let question = Question {
            text: &format!("The servo of {name} (id {id})"),
            enter: "wiggles it",
            keys: &[('s', "skips it"), ('q', "ends")],
            left: "all servos are limp",
        };
        let answer = ask(talk, &question)?;
        if answer == Answer::Key('q') {
            break;
        }
        let mut joint = JointSetup {
            joint: name.clone(),
            id,
            was: None,
            done: Done::Skipped,
            wiggled: None,
        };
        if answer == Answer::Enter {
            let moved = wiggle(work, id, resolution)?;
            talk.say(&format!("  {name} moved by {:.1}°", moved.degrees));
            (joint.done, joint.wiggled) = (Done::Identified, Some(moved.degrees));
        }
        told.push(joint);
    }
    Ok(told)
}
