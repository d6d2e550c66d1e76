//! `ulna setup`: ids and rates, one servo at a time.
//!
//! The order is LeRobot's, from the gripper to the base. Servos that are right already are recognised, so a setup that was interrupted goes
//! on where it stopped: leave those that are done in their chain, and go on with the next.

mod ids;
mod joint;
mod steps;

use serde::Serialize;
use ulna_drivers::chain::{ChainFault, explain};
use ulna_robot::{ArmRole, JointSpec};
use ulna_rt::Stop;

use crate::dialogue::Dialogue;
use crate::error::BringupError;
use crate::question::{Pressed, Question, ask};
use crate::service::{ServiceSession, SimScenario, WorkOptions};
use crate::servos::setup::check_chain;
use crate::wiggle::wiggle;

pub use joint::{Done, JointSetup, Was};

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

/// How a setup ended.
#[derive(Debug, Clone, Serialize)]
pub struct SetUp {
    /// The robot.
    pub robot: String,
    /// Follower or leader.
    #[serde(rename = "part")]
    pub role: ArmRole,
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
/// If a servo does not take its id, the port goes away, or the user interrupts: then those that are done stay done.
pub fn setup(
    options: &SetupOptions,
    stop: &Stop,
    talk: &mut dyn Dialogue,
) -> Result<SetUp, BringupError> {
    let scenario = if options.identify {
        SimScenario::Assembled
    } else {
        SimScenario::Fresh
    };
    let mut work = ServiceSession::open(&options.work, scenario, stop)?;
    let (robot, role) = (work.kind.name.clone(), options.work.role);
    let joints = if options.identify {
        identify(&mut work, talk)?
    } else {
        talk.say(&format!(
            "Setting up the {role} of {robot} on {}: {} servos, one at a time. Only one new servo may be connected at once; those that are done \
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
        role,
        port: work.line.name().to_owned(),
        simulated: options.work.sim,
        baud: work.kind.bus.baud,
        joints,
        complete: faults.is_empty(),
        problems: match faults.as_slice() {
            [] => String::new(),
            some => explain(some, work.kind.dof()),
        },
    })
}

/// Has the whole chain connected, and checks it until it is right or the user gives up.
fn check_whole(
    work: &mut ServiceSession,
    talk: &mut dyn Dialogue,
) -> Result<Vec<ChainFault>, BringupError> {
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
        work.connect_all();
        let faults = check_chain(&mut work.line, &mut *work.pacer, &work.kind)?;
        if faults.is_empty() || answer == Pressed::Key('q') || work.is_simulated() {
            return Ok(faults);
        }
        talk.say(&explain(&faults, count));
        question.text = "Look again?";
    }
}

/// Wiggles every joint, one after the other.
fn identify(
    work: &mut ServiceSession,
    talk: &mut dyn Dialogue,
) -> Result<Vec<JointSetup>, BringupError> {
    let faults = check_chain(&mut work.line, &mut *work.pacer, &work.kind)?;
    if !faults.is_empty() {
        return Err(BringupError::Chain {
            port: work.line.name().to_owned(),
            faults: explain(&faults, work.kind.dof()),
        });
    }
    talk.say(
        "Each joint moves a few degrees to and fro with little torque. Lay the arm down so that nothing can fall.",
    );
    let mut done = Vec::new();
    for index in 0..work.kind.dof() {
        let JointSpec { name, id, .. } = work.kind.joints[index].clone();
        talk.steps(&steps::identifying(&work.kind, &done));
        let question = Question {
            text: &format!("The servo of {name} (id {id})"),
            enter: "wiggles it",
            keys: &[('s', "skips it"), ('q', "ends")],
            left: "all servos are limp",
        };
        let answer = ask(talk, &question)?;
        if answer == Pressed::Key('q') {
            break;
        }
        let mut joint = JointSetup {
            joint: name.clone(),
            id,
            was: None,
            done: Done::Skipped,
            wiggled: None,
        };
        if answer == Pressed::Enter {
            let moved = wiggle(work, id, index)?;
            talk.say(&format!("  {name} moved by {:.1}°", moved.degrees));
            (joint.done, joint.wiggled) = (Done::Identified, Some(moved.degrees));
        }
        done.push(joint);
    }
    Ok(done)
}
