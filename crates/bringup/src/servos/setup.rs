//! Giving a servo its id and its rate, and checking that a chain of servos is complete.

use std::ops::ControlFlow;

use ulna_bus::Family;
use ulna_bus::registers::Role;
use ulna_bus::{families, models};
use ulna_drivers::chain::{ChainFault, ChainProblem};
use ulna_drivers::servo_bus::{Ping, ServoBus, ServoBusError};
use ulna_robot::RobotKind;
use ulna_rt::Pacer;

use crate::servos::scan::listen;

/// How a servo is addressed: its rate and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusAddress {
    /// Bits per second.
    pub baud: u32,
    /// Its id.
    pub id: u8,
}

/// What answers on a bus on which one new servo is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewServo {
    /// One servo that is not among those known.
    One(BusAddress),
    /// No new one.
    None,
    /// Several, each by itself.
    Several(Vec<BusAddress>),
    /// Two or more with one id.
    SameId(BusAddress),
}

/// Looks for the one servo that is not among `known` ids: at the rate of the arm first, then at every other one until one
/// answers.
///
/// The line is left at the rate at which a servo was found, else at `home`.
///
/// # Errors
/// If the port is gone.
pub fn new_servo(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    home: u32,
    known: &[u8],
    step: &mut dyn FnMut(u32) -> ControlFlow<()>,
) -> Result<NewServo, ServoBusError> {
    let family = line.family();
    let others = family
        .likely_baud_rates
        .iter()
        .copied()
        .filter(|&baud| baud != home);
    for baud in std::iter::once(home).chain(others) {
        if step(baud).is_break() {
            break;
        }
        match line.tune(pacer, family, baud) {
            Err(ServoBusError::Baud { .. }) if baud != home => continue,
            tuned => tuned?,
        }
        let (ids, garbled) = listen(line, pacer, &mut |_| ControlFlow::Continue(()))?;
        if let Some(&id) = garbled.first() {
            return Ok(NewServo::SameId(BusAddress { baud, id }));
        }
        let fresh = ids
            .into_iter()
            .filter(|id| baud != home || !known.contains(id))
            .map(|id| BusAddress { baud, id });
        let fresh: Vec<BusAddress> = fresh.collect();
        match fresh.as_slice() {
            [] => {}
            [one] => return Ok(NewServo::One(*one)),
            _ => return Ok(NewServo::Several(fresh)),
        }
    }
    line.tune(pacer, family, home)?;
    Ok(NewServo::None)
}

/// Gives the servo at `from` the id and the rate of `to`, and reads both back. The order is LeRobot's: torque off, EEPROM open, id, then
/// the rate under the new id. One that was interrupted goes on where it stopped.
///
/// The line is left at the rate of `to`.
///
/// # Errors
/// If the servo does not take it, or the port is gone.
pub fn assign(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    from: BusAddress,
    to: BusAddress,
) -> Result<(), ServoBusError> {
    let family = line.family();
    let (id_register, baud_register) = (line.register(Role::Id)?, line.register(Role::BaudRate)?);
    let code = family
        .table
        .baud_code(to.baud)
        .map(i32::from)
        .ok_or_else(|| ServoBusError::BadValue {
            id: to.id,
            register: baud_register.name,
            reason: format!("{} servos do not run at {} baud", family.name, to.baud),
        })?;
    line.tune(pacer, family, from.baud)?;
    line.release(pacer, from.id)?;
    line.unlock(pacer, from.id)?;
    if from.id != to.id {
        moved(line, pacer, |line, pacer| {
            let id = line.setting(from.id, Role::Id, to.id.into())?;
            line.write(pacer, from.id, id)?;
            line.is_there(pacer, to.id)
        })?
        .then_some(())
        .ok_or_else(|| not_taken(line, from.id, id_register.name, to.id.into()))?;
    }
    if from.baud != to.baud {
        moved(line, pacer, |line, pacer| {
            line.tune(pacer, family, from.baud)?;
            let rate = line.setting(to.id, Role::BaudRate, code)?;
            line.write(pacer, to.id, rate)?;
            line.tune(pacer, family, to.baud)?;
            line.is_there(pacer, to.id)
        })?
        .then_some(())
        .ok_or_else(|| not_taken(line, to.id, baud_register.name, code))?;
    }
    line.lock(pacer, to.id)?;
    for (register, wanted) in [(id_register, i32::from(to.id)), (baud_register, code)] {
        let found = line.read(pacer, to.id, &register)?;
        if found != wanted {
            return Err(ServoBusError::NotTaken {
                port: line.name().to_owned(),
                id: to.id,
                register: register.name,
                wanted,
                found,
            });
        }
    }
    Ok(())
}

/// Three tries.
fn moved(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    mut attempt: impl FnMut(&mut ServoBus, &mut dyn Pacer) -> Result<bool, ServoBusError>,
) -> Result<bool, ServoBusError> {
    for _ in 0..3 {
        if attempt(line, pacer)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn not_taken(line: &ServoBus, id: u8, register: &'static str, wanted: i32) -> ServoBusError {
    ServoBusError::NotTaken {
        port: line.name().to_owned(),
        id,
        register,
        wanted,
        found: i32::from(id),
    }
}

/// The servos of the chain that are not as the robot file says, at the line's present rate.
///
/// # Errors
/// If the port is gone.
pub fn check_chain(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    kind: &RobotKind,
) -> Result<Vec<ChainFault>, ServoBusError> {
    let mut faults = Vec::new();
    for (index, joint) in kind.joints.iter().enumerate() {
        let problem = match line.ping_patiently(pacer, joint.id)? {
            Ping::Silent => ChainProblem::Silent,
            Ping::Garbled => ChainProblem::Garbled,
            Ping::Alive => {
                let number = line.get(pacer, joint.id, Role::ModelNumber)?;
                let found = line.family().model_name(number).to_string();
                if found == joint.model {
                    continue;
                }
                ChainProblem::OtherModel {
                    found,
                    expected: joint.model.clone(),
                }
            }
        };
        faults.push(ChainFault {
            index,
            id: joint.id,
            joint: joint.name.clone(),
            problem,
        });
    }
    Ok(faults)
}

/// Why an arm's servos are of no family.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FamilyError {
    /// A model that nothing is known about.
    #[error("joint `{joint}` has a servo of model `{model}`, but known are {known}")]
    UnknownModel {
        /// The joint.
        joint: String,
        /// What the robot file says.
        model: String,
        /// What there is.
        known: String,
    },
    /// Servos on one bus that speak differently.
    #[error("joint `{joint}` has a servo of another family than the joints before it")]
    Mixed {
        /// The first joint with another family.
        joint: String,
    },
    /// Nothing to go by.
    #[error("the robot file has no joints")]
    NoJoints,
}

/// The family of an arm's servos; all of one bus speak the same.
///
/// # Errors
/// [`FamilyError`], which names the joint.
pub fn family_of(kind: &RobotKind) -> Result<&'static Family, FamilyError> {
    let mut family: Option<&'static Family> = None;
    for joint in &kind.joints {
        let model = models::by_name(&joint.model);
        let own = model.map(|model| model.family).ok_or_else(|| {
            let models = families::FAMILIES.iter().flat_map(|family| family.models);
            let known: Vec<&str> = models.map(|model| model.name).collect();
            FamilyError::UnknownModel {
                joint: joint.name.clone(),
                model: joint.model.clone(),
                known: known.join(", "),
            }
        })?;
        if family.is_some_and(|family| family != own) {
            let joint = joint.name.clone();
            return Err(FamilyError::Mixed { joint });
        }
        family = Some(own);
    }
    family.ok_or(FamilyError::NoJoints)
}
