//! One servo after the other gets its id.

use std::ops::ControlFlow;

use ulna_core::robot::JointSpec;
use ulna_drivers::LineError;
use ulna_drivers::setup::{Newcomer, Place, assign, newcomer};

use super::{Done, JointSetup, steps};
use crate::dialogue::{Answer, Dialogue, Question, ask};
use crate::error::AppError;
use crate::wiggle::wiggle;
use crate::workplace::Workplace;

/// What can be done with the servo that is asked for, beside looking at it.
const KEYS: [(char, &str); 2] = [
    ('w', "wiggles the one that is connected"),
    ('s', "skips it"),
];

/// Goes through all joints, from the last to the first.
pub(super) fn assign_all(
    work: &mut Workplace,
    and_wiggle: bool,
    talk: &mut dyn Dialogue,
) -> Result<Vec<JointSetup>, AppError> {
    let order: Vec<usize> = (0..work.kind.dof()).rev().collect();
    let mut told = done_before(work, &order)?;
    if !told.is_empty() {
        let names: Vec<&str> = told.iter().map(|joint| joint.joint.as_str()).collect();
        talk.say(&format!("Already right: {}.", names.join(", ")));
    }
    for (number, &index) in order.iter().enumerate().skip(told.len()) {
        let known: Vec<u8> = told
            .iter()
            .filter(|joint| joint.done != Done::Skipped)
            .map(|joint| joint.id)
            .collect();
        talk.steps(&steps::setting(&work.kind, &told));
        told.push(one(work, index, number + 1, &known, and_wiggle, talk)?);
    }
    Ok(told)
}

/// The first joints of `order` whose servos answer as they should: a servo out of the box has the id of the last one, so one that
/// comes before its turn may be anybody.
fn done_before(work: &mut Workplace, order: &[usize]) -> Result<Vec<JointSetup>, AppError> {
    let mut done = Vec::new();
    for &index in order {
        let joint = work.kind.joints[index].clone();
        let (line, pacer) = (&mut work.line, &mut *work.pacer);
        if !line.is_there(pacer, joint.id)? || wrong_model(work, joint.id, &joint)?.is_some() {
            break;
        }
        let baud = work.kind.bus.baud;
        done.push(JointSetup {
            was: Some(Place { baud, id: joint.id }.into()),
            joint: joint.name,
            id: joint.id,
            done: Done::AlreadyRight,
            wiggled: None,
        });
    }
    Ok(done)
}

/// The servo of one joint: found, checked, named.
fn one(
    work: &mut Workplace,
    index: usize,
    number: usize,
    known: &[u8],
    and_wiggle: bool,
    talk: &mut dyn Dialogue,
) -> Result<JointSetup, AppError> {
    let joint = work.kind.joints[index].clone();
    let left =
        "the servos that are done keep their ids, the others are as they were; no torque is on";
    let first = format!(
        "{number} of {}: connect the servo of {} (it gets id {}), then press Enter",
        work.kind.dof(),
        joint.name,
        joint.id
    );
    let mut question = Question {
        text: &first,
        enter: "gives it its id",
        keys: &KEYS,
        left,
    };
    let mut told = JointSetup {
        joint: joint.name.clone(),
        id: joint.id,
        was: None,
        done: Done::Skipped,
        wiggled: None,
    };
    loop {
        let answer = ask(talk, &question)?;
        work.person.connect_only(index);
        let home = work.kind.bus.baud;
        let target = Place {
            baud: home,
            id: joint.id,
        };
        if answer == Answer::Key('s') {
            return Ok(told);
        }
        let found = match look(work, known, talk)? {
            Ok(place) => place,
            Err(problem) => {
                if work.person.is_simulated() {
                    return Err(AppError::Session(problem));
                }
                talk.say(&problem);
                question.text = "Then press Enter";
                continue;
            }
        };
        if answer == Answer::Key('w') {
            let moved = wiggle(work, found.id, joint.resolution)?;
            talk.say(&format!("  it moved by {:.1}°", moved.degrees));
            continue;
        }
        if let Some(model) = wrong_model(work, found.id, &joint)? {
            let problem = format!(
                "  This servo is a {model}, but {} has an {}.",
                joint.name, joint.model
            );
            if work.person.is_simulated() {
                return Err(AppError::Session(problem));
            }
            talk.say(&problem);
            question.text = "Connect the right one, then press Enter";
            continue;
        }
        if found != target && !is_wanted(work, found, &joint, talk, left)? {
            continue;
        }
        told.was = Some(found.into());
        told.done = if found == target {
            Done::AlreadyRight
        } else {
            assign(&mut work.line, &mut *work.pacer, found, target)?;
            Done::Set
        };
        talk.say(&sentence(&joint, found, told.done, home));
        if and_wiggle {
            told.wiggled = Some(wiggle(work, joint.id, joint.resolution)?.degrees);
        }
        work.check_stop(left)?;
        return Ok(told);
    }
}

/// A servo that has the id of another joint may be that joint's: asking is cheaper than doing both again.
fn is_wanted(
    work: &Workplace,
    found: Place,
    joint: &JointSpec,
    talk: &mut dyn Dialogue,
    left: &str,
) -> Result<bool, AppError> {
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
        left,
    };
    Ok(work.person.is_simulated() || ask(talk, &question)? == Answer::Key('y'))
}

/// The one new servo, or what is in the way, in words.
fn look(
    work: &mut Workplace,
    known: &[u8],
    talk: &mut dyn Dialogue,
) -> Result<Result<Place, String>, AppError> {
    let rates = work.family().bauds.len() as u64;
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
    let found = newcomer(&mut work.line, &mut *work.pacer, home, known, &mut step)?;
    talk.clear();
    work.check_stop("no servo was changed since the last one that is done")?;
    Ok(match found {
        Newcomer::One(place) => Ok(place),
        Newcomer::Nobody => Err(
            "  No new servo answers at any rate. Is the power on, and the servo's cable plugged in at both ends? A servo whose LED never \
             lights has no power."
                .to_owned(),
        ),
        Newcomer::SameId(Place { id, .. }) => Err(format!(
            "  Two or more servos answer with id {id} at once. Disconnect all but one new servo."
        )),
        Newcomer::Several(places) => {
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
    work: &mut Workplace,
    id: u8,
    joint: &JointSpec,
) -> Result<Option<String>, LineError> {
    let family = work.family();
    let number = work
        .line
        .read(&mut *work.pacer, id, family.registers.model_number)?;
    Ok(Some(family.model_name(number)).filter(|name| *name != joint.model))
}

fn sentence(joint: &JointSpec, was: Place, done: Done, baud: u32) -> String {
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
