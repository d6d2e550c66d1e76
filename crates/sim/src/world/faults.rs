//! What goes wrong on which bus.

use crate::fault::{FaultParseError, FaultPlan};
use crate::world::options::SimArm;

/// Arms, terminals and faults differ from side to side.
pub(crate) fn seed_of_side(seed: u64, side: usize) -> u64 {
    seed.wrapping_add(side as u64)
}

/// The plan of each arm's bus. In a pair a joint has its side before its name, and a fault that names no joint happens on both
/// buses.
pub(crate) fn plans(
    texts: &[String],
    seed: u64,
    arms: &[SimArm],
) -> Result<Vec<FaultPlan>, FaultParseError> {
    let names: Vec<Vec<(String, u8)>> = arms.iter().map(names).collect();
    let parse = |texts: &[&str], side: usize| {
        let known: Vec<(&str, u8)> = names[side]
            .iter()
            .map(|(name, id)| (name.as_str(), *id))
            .collect();
        FaultPlan::parse(texts.iter().copied(), seed_of_side(seed, side), &known)
    };
    let mut of_side = vec![Vec::new(); arms.len()];
    for text in texts.iter().flat_map(|text| text.split(',')) {
        let mut unknown = None;
        let mut found = false;
        for (side, texts) in of_side.iter_mut().enumerate() {
            match parse(&[text], side) {
                Err(error @ FaultParseError::UnknownServo { .. }) => unknown = Some(error),
                Err(error) => return Err(error),
                Ok(_) => {
                    texts.push(text);
                    found = true;
                }
            }
        }
        if let Some(error) = unknown.filter(|_| !found) {
            return Err(error);
        }
    }
    let plans = of_side.iter().enumerate();
    plans.map(|(side, texts)| parse(texts, side)).collect()
}

/// The names of an arm's joints in the whole robot, with the ids of their servos.
fn names(arm: &SimArm) -> Vec<(String, u8)> {
    let full = |joint: &str| match arm.side.as_str() {
        "" => joint.to_owned(),
        side => format!("{side}_{joint}"),
    };
    let joints = arm.kind.joints.iter();
    joints.map(|joint| (full(&joint.name), joint.id)).collect()
}
