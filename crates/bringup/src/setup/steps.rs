//! How far a setup has come, as a checklist.

use ulna_robot::JointSpec;
use ulna_robot::RobotKind;

use crate::dialogue::{ChecklistStep, StepState};
use crate::setup::joint::JointSetup;

/// The joints in the order in which they get their ids, the first of which are `done`, then the whole chain.
pub(super) fn setting(kind: &RobotKind, done: &[JointSetup]) -> Vec<ChecklistStep> {
    let order = kind.joints.iter().rev();
    let mut steps = checklist(order, done, |JointSpec { name, id, .. }| {
        format!("connect the servo of {name} and no other new one; it gets id {id}")
    });
    let count = kind.dof();
    steps.push(ChecklistStep {
        name: "the whole chain".to_owned(),
        state: state(count, done.len()),
        note: if done.len() < count {
            format!("all {count} servos together")
        } else {
            format!("connect all {count} servos in a chain")
        },
    });
    steps
}

/// The joints in the order in which they are wiggled, the first of which are `done`.
pub(super) fn identifying(kind: &RobotKind, done: &[JointSetup]) -> Vec<ChecklistStep> {
    checklist(
        kind.joints.iter(),
        done,
        |JointSpec { name, id, .. }| {
            format!("watch which joint moves: it should be {name} (id {id})")
        },
    )
}

fn checklist<'a>(
    order: impl Iterator<Item = &'a JointSpec>,
    done: &[JointSetup],
    now: impl Fn(&JointSpec) -> String,
) -> Vec<ChecklistStep> {
    let step = |(place, joint): (usize, &JointSpec)| ChecklistStep {
        name: joint.name.clone(),
        state: state(place, done.len()),
        note: match done.get(place) {
            Some(joint) => format!("id {}, {}", joint.id, joint.words()),
            None if place == done.len() => now(joint),
            None => format!("id {}", joint.id),
        },
    };
    order.enumerate().map(step).collect()
}

fn state(place: usize, done: usize) -> StepState {
    match place.cmp(&done) {
        core::cmp::Ordering::Less => StepState::Done,
        core::cmp::Ordering::Equal => StepState::Now,
        core::cmp::Ordering::Greater => StepState::ToCome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::joint::{Done, Was};

    #[test]
    fn steps_are_done_now_and_to_come_from_the_gripper_to_the_whole_chain() {
        let kind = ulna_robot::files::find("so101").unwrap();
        let gripper = JointSetup {
            joint: "gripper".to_owned(),
            id: 6,
            was: Some(Was {
                id: 1,
                baud: 1_000_000,
            }),
            done: Done::Set,
            wiggled: None,
        };
        let steps = setting(&kind, std::slice::from_ref(&gripper));
        let states: Vec<StepState> = steps.iter().map(|step| step.state).collect();
        assert_eq!(states[..2], [StepState::Done, StepState::Now]);
        assert_eq!(states[2..], [StepState::ToCome; 5]);
        assert_eq!(steps[0].note, "id 6, set (was id 1 at 1000000 baud)");
        assert!(steps[1].note.contains("wrist_roll"), "{:?}", steps[1]);

        let all = setting(&kind, &vec![gripper; kind.dof()]);
        assert_eq!(all[6].state, StepState::Now);
        assert_eq!(all[6].note, "connect all 6 servos in a chain");
    }
}
