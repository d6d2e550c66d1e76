//! One servo after the other gets its id.

use std::ops::ControlFlow;

use ulna_bus::registers::Role;
use ulna_drivers::ServoBusError;
use ulna_robot::JointSpec;

use crate::dialogue::Dialogue;
use crate::error::BringupError;
use crate::question::{Pressed, Question, ask};
use crate::service::ServiceSession;
use crate::servos::setup::{BusAddress, NewServo, assign, new_servo};
use crate::setup::joint::{Done, JointSetup};
use crate::setup::steps;
use crate::wiggle::wiggle;

/// How things are whenever the user interrupts.
const LEFT: &str =
    "the servos that are done keep their ids, the others are as they were; no torque is on";

/// What else can be done with the servo that is asked for.
const KEYS: [(char, &str); 2] = [
    ('w', "wiggles the one that is connected"),
    ('s', "skips it"),
];

/// Goes through all joints, from the last to the first.
pub(super) fn assign_all(
    work: &mut ServiceSession,
    and_wiggle: bool,
    talk: &mut dyn Dialogue,
) -> Result<Vec<JointSetup>, BringupError> {
    let order: Vec<usize> = (0..work.kind.dof()).rev().collect();
    let mut done = done_before(work, &order)?;
    if !done.is_empty() {
        let names: Vec<&str> = done.iter().map(|joint| joint.joint.as_str()).collect();
        talk.say(&format!("Already right: {}.", names.join(", ")));
    }
    for (number, &index) in order.iter().enumerate().skip(done.len()) {
        let known: Vec<u8> = done
            .iter()
            .filter(|joint| joint.done != Done::Skipped)
            .map(|joint| joint.id)
            .collect();
        talk.steps(&steps::setting(&work.kind, &done));
        let turn = Turn {
            index,
            joint: work.kind.joints[index].clone(),
            known: &known,
            and_wiggle,
        };
        done.push(one(work, &turn, number + 1, talk)?);
    }
    Ok(done)
}

/// The first joints of `order` whose servos answer as they should: a servo out of the box has the id of the last one, so one that
/// comes before its turn may be any joint's.
fn done_before(
    work: &mut ServiceSession,
    order: &[usize],
) -> Result<Vec<JointSetup>, BringupError> {
    let mut done = Vec::new();
    for &index in order {
        let joint = work.kind.joints[index].clone();
        let (line, pacer) = (&mut work.line, &mut *work.pacer);
        if !line.is_there(pacer, joint.id)? || wrong_model(work, joint.id, &joint)?.is_some() {
            break;
        }
        let baud = work.kind.bus.baud;
        done.push(JointSetup {
            was: Some(BusAddress { baud, id: joint.id }.into()),
            joint: joint.name,
            id: joint.id,
            done: Done::AlreadyRight,
            wiggled: None,
        });
    }
    Ok(done)
}

/// Whose turn it is.
struct Turn<'a> {
    /// Index of the joint.
    index: usize,
    joint: JointSpec,
    /// Ids of the servos that are done.
    known: &'a [u8],
    /// Wiggle the servo once it has its id.
    and_wiggle: bool,
}

/// The servo of one joint: found, checked, named.
fn one(
    work: &mut ServiceSession,
    turn: &Turn<'_>,
    number: usize,
    talk: &mut dyn Dialogue,
) -> Result<JointSetup, BringupError> {
    let JointSpec { name, id, .. } = &turn.joint;
    let first = format!(
        "{number} of {}: connect the servo of {name} (it gets id {id}), then press Enter",
        work.kind.dof(),
    );
    let mut question = Question {
        text: &first,
        enter: "gives it its id",
        keys: &KEYS,
        left: LEFT,
    };
    loop {
        let answer = ask(talk, &question)?;
        work.connect_only(turn.index);
        match attempt(work, turn, answer, talk)? {
            ControlFlow::Break(done) => return Ok(done),
            ControlFlow::Continue(next) => question.text = next.unwrap_or(question.text),
        }
    }
}

/// One try at a joint's servo: what became of it, or the question to go on with if it is another one.
fn attempt(
    work: &mut ServiceSession,
    turn: &Turn<'_>,
    answer: Pressed,
    talk: &mut dyn Dialogue,
) -> Result<ControlFlow<JointSetup, Option<&'static str>>, BringupError> {
    let joint = &turn.joint;
    let mut setup = JointSetup {
        joint: joint.name.clone(),
        id: joint.id,
        was: None,
        done: Done::Skipped,
        wiggled: None,
    };
    if answer == Pressed::Key('s') {
        return Ok(ControlFlow::Break(setup));
    }
    let found = match look(work, turn.known, talk)? {
        Ok(address) => address,
        Err(problem) => {
            say_or_fail(work, problem, talk)?;
            let next = "Then press Enter";
            return Ok(ControlFlow::Continue(Some(next)));
        }
    };
    if answer == Pressed::Key('w') {
        let moved = wiggle(work, found.id, turn.index)?;
        talk.say(&format!("  it moved by {:.1}°", moved.degrees));
        return Ok(ControlFlow::Continue(None));
    }
    if let Some(model) = wrong_model(work, found.id, joint)? {
        let JointSpec {
            name,
            model: expected,
            ..
        } = joint;
        let problem = format!("  This servo is a {model}, but {name} has an {expected}.");
        say_or_fail(work, problem, talk)?;
        let next = "Connect the right one, then press Enter";
        return Ok(ControlFlow::Continue(Some(next)));
    }
    let home = work.kind.bus.baud;
    let target = BusAddress {
        baud: home,
        id: joint.id,
    };
    if found != target && !is_wanted(work, found, joint, talk)? {
        return Ok(ControlFlow::Continue(None));
    }
    setup.was = Some(found.into());
    setup.done = if found == target {
        Done::AlreadyRight
    } else {
        assign(&mut work.line, &mut *work.pacer, found, target)?;
        Done::Set
    };
    talk.say(&sentence(joint, found, setup.done, home));
    if turn.and_wiggle {
        setup.wiggled = Some(wiggle(work, joint.id, turn.index)?.degrees);
    }
    work.check_stop(LEFT)?;
    Ok(ControlFlow::Break(setup))
}

/// Says what is in the way; the simulated operator cannot do anything about it.
fn say_or_fail(
    work: &ServiceSession,
    problem: String,
    talk: &mut dyn Dialogue,
) -> Result<(), BringupError> {
    if work.is_simulated() {
        return Err(BringupError::SetUp { problem });
    }
    talk.say(&problem);
    Ok(())
}

/// A servo that has the id of another joint may be that joint's: asking is cheaper than doing both again.
fn is_wanted(
    work: &ServiceSession,
    found: BusAddress,
    joint: &JointSpec,
    talk: &mut dyn Dialogue,
) -> Result<bool, BringupError> {
    let other = work
        .kind
        .joints
        .iter()
        .find(|other| other.id == found.id && other.name != joint.name);
    // The id that servos leave the factory with says nothing.
    let (Some(other), true) = (other, found.id != work.family().factory_id) else {
        return Ok(true);
    };
    let text = format!(
        "  This servo has id {}, which is that of {}. Is it really {}'s?",
        found.id, other.name, joint.name
    );
    let question = Question {
        text: &text,
        enter: "looks again",
        keys: &[('y', "makes it so")],
        left: LEFT,
    };
    Ok(work.is_simulated() || ask(talk, &question)? == Pressed::Key('y'))
}

/// The one new servo, or what is in the way, in words.
fn look(
    work: &mut ServiceSession,
    known: &[u8],
    talk: &mut dyn Dialogue,
) -> Result<Result<BusAddress, String>, BringupError> {
    let rates = work.family().likely_baud_rates.len() as u64;
    let (home, stop) = (work.kind.bus.baud, work.stop.clone());
    let mut tried = 0;
    let mut step = |baud: u32| {
        // Most servos are found at the first rate, in a moment.
        if tried > 0 {
            talk.progress(tried, rates, &format!("looking at {baud} baud"));
        }
        tried += 1;
        match stop.requested() {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    };
    let found = new_servo(&mut work.line, &mut *work.pacer, home, known, &mut step)?;
    talk.clear();
    work.check_stop("no servo was changed since the last one that is done")?;
    Ok(match found {
        NewServo::One(place) => Ok(place),
        NewServo::None => Err(
            "  No new servo answers at any rate. Is the power on, and the servo's cable plugged in at both ends? A servo whose LED never \
             lights has no power."
                .to_owned(),
        ),
        NewServo::SameId(BusAddress { id, .. }) => Err(format!(
            "  Two or more servos answer with id {id} at once. Disconnect all but one new servo."
        )),
        NewServo::Several(places) => {
            let ids: Vec<String> = places.iter().map(|place| place.id.to_string()).collect();
            Err(format!(
                "  Several new servos are connected, with ids {}. Disconnect all but one.",
                ids.join(", ")
            ))
        }
    })
}

/// The model of a servo, if it is another one than its joint's.
fn wrong_model(
    work: &mut ServiceSession,
    id: u8,
    joint: &JointSpec,
) -> Result<Option<String>, ServoBusError> {
    let family = work.family();
    let number = work.line.get(&mut *work.pacer, id, Role::ModelNumber)?;
    Ok(Some(family.model_name(number).to_string()).filter(|name| *name != joint.model))
}

fn sentence(joint: &JointSpec, was: BusAddress, done: Done, baud: u32) -> String {
    let JointSpec {
        name, id, model, ..
    } = joint;
    match done {
        Done::AlreadyRight => {
            format!("  {name}: {model}, already id {id} at {baud} baud")
        }
        _ => format!(
            "  {name}: {model}, was id {} at {} baud, is id {id} at {baud} baud now, read back",
            was.id, was.baud
        ),
    }
}
