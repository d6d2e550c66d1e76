//! Servos in every state in which they come to a workbench: new from the box, with ids and rates of their own, missing, doubled,
//! on an arm that is calibrated or not, with an overload that has not been cleared.
//!
//! A [`Workbench`] says what is there; [`Workbench::into_bus`] puts it in front of mechanics: [`crate::bench::Bench`] for loose servos,
//! [`crate::arm::Arm`] for an arm that stands by itself, an arm in a hand for one that is calibrated. Which servos and which
//! language follows from the models in the robot file alone.
//!
//! ```
//! use ulna_sim::bench::Bench;
//! use ulna_sim::bus::BusOptions;
//! use ulna_sim::workbench::Workbench;
//!
//! # let kind: ulna_robot::RobotKind = toml::from_str(include_str!("../../../configs/so101.toml"))?;
//! // New servos, of which none is plugged in yet.
//! let bench = Bench::loose(&kind, &kind.nominal_calibration())?;
//! let bus = Workbench::factory_fresh(&kind)?.into_bus(bench, BusOptions::default())?;
//! let plugs = bus.plugs();
//! plugs.only(5); // the gripper's, as `ulna setup` asks for it
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_bus::ErrorFlags;
use ulna_bus::encoding::OutOfRange;
use ulna_bus::models;
use ulna_bus::registers::{Access, Register, Role, Table};
use ulna_robot::Calibration;
use ulna_robot::JointSpec;
use ulna_robot::RobotKind;

use crate::bus::{BusOptions, ServoBus, WrongPlant};
use crate::plant::Plant;
use crate::servo::Servo;

/// Why servos cannot be had as asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkbenchError {
    /// There is no such servo model.
    #[error("joint {joint:?} has a servo {model:?}, which is not known; known are {known}")]
    UnknownModel {
        /// Name of the joint.
        joint: String,
        /// The servo's model in the robot file.
        model: String,
        /// Those that there are.
        known: String,
    },
    /// The robot has no such joint.
    #[error("robot {robot:?} has no joint {joint:?}; it has {known}")]
    UnknownJoint {
        /// Name of the robot.
        robot: String,
        /// The name that was asked for.
        joint: String,
        /// Those that there are.
        known: String,
    },
    /// The servo cannot talk at this rate.
    #[error(
        "the servo of joint {joint:?} knows no rate of {baud} bits per second; it knows {known}"
    )]
    UnknownRate {
        /// Name of the joint.
        joint: String,
        /// The rate that was asked for.
        baud: u32,
        /// Those that there are.
        known: String,
    },
    /// The calibration belongs to another robot.
    #[error(
        "the calibration has {given} joints, but robot {robot:?} has {expected}; use the file of this robot"
    )]
    CalibrationMismatch {
        /// Name of the robot.
        robot: String,
        /// Joints of the robot.
        expected: usize,
        /// Joints of the calibration.
        given: usize,
    },
    /// A value does not fit its register.
    #[error("joint {joint:?}, register {register}: {source}")]
    BadValue {
        /// Name of the joint.
        joint: String,
        /// Name of the register.
        register: &'static str,
        /// Why not.
        source: OutOfRange,
    },
}

/// Servos, one for each joint of a robot, and the state that they are in.
#[derive(Debug, Clone)]
pub struct Workbench {
    robot: String,
    baud: u32,
    joints: Vec<String>,
    servos: Vec<Servo>,
    missing: Vec<bool>,
    tripped: Vec<ErrorFlags>,
}

impl Workbench {
    /// New servos: all with id 1 and their maker's rate.
    ///
    /// # Errors
    /// If the robot has a servo model that is not known.
    pub fn factory_fresh(kind: &RobotKind) -> Result<Self, WorkbenchError> {
        let servos = kind.joints.iter().map(|joint| {
            let model =
                models::by_name(&joint.model).ok_or_else(|| WorkbenchError::UnknownModel {
                    joint: joint.name.clone(),
                    model: joint.model.clone(),
                    known: known_models(),
                })?;
            Ok(Servo::new(model.family.factory_id, model))
        });
        Ok(Self {
            robot: kind.name.clone(),
            baud: kind.bus.baud,
            joints: kind.names().map(Into::into).collect(),
            servos: servos.collect::<Result<_, _>>()?,
            missing: vec![false; kind.dof()],
            tripped: vec![ErrorFlags::NONE; kind.dof()],
        })
    }

    /// Servos with the ids and the rate of the robot file, as setting them up leaves them.
    ///
    /// # Errors
    /// As [`Workbench::factory_fresh`], or if a servo does not know the rate.
    pub fn set_up(kind: &RobotKind) -> Result<Self, WorkbenchError> {
        let mut bench = Self::factory_fresh(kind)?;
        for joint in &kind.joints {
            bench = bench
                .with_id(&joint.name, joint.id)?
                .with_baud(&joint.name, kind.bus.baud)?;
        }
        Ok(bench)
    }

    /// The servos of a follower that has been calibrated and connected before: with this calibration, and with those registers of the
    /// robot file that outlast the power.
    ///
    /// # Errors
    /// As [`Workbench::set_up`], or if the calibration is another robot's, or if a value does not fit its register.
    pub fn follower(kind: &RobotKind, calibration: &Calibration) -> Result<Self, WorkbenchError> {
        Self::calibrated(kind, calibration, &kind.follower.registers, true)
    }

    /// The same of a leader. The registers that a joint has of its own are the follower's.
    ///
    /// # Errors
    /// As [`Workbench::follower`].
    pub fn leader(kind: &RobotKind, calibration: &Calibration) -> Result<Self, WorkbenchError> {
        Self::calibrated(kind, calibration, &kind.leader.registers, false)
    }

    /// The same in any role: `common` are the registers that all its servos get (name of the control table → value), and `own` says whether
    /// those that a joint has of its own are written over them.
    ///
    /// # Errors
    /// As [`Workbench::follower`].
    pub fn calibrated(
        kind: &RobotKind,
        calibration: &Calibration,
        common: &BTreeMap<String, i32>,
        own: bool,
    ) -> Result<Self, WorkbenchError> {
        if calibration.joints.len() != kind.dof() {
            return Err(WorkbenchError::CalibrationMismatch {
                robot: kind.name.clone(),
                expected: kind.dof(),
                given: calibration.joints.len(),
            });
        }
        let mut bench = Self::set_up(kind)?;
        for ((joint, value), index) in kind.joints.iter().zip(calibration.values()).zip(0..) {
            let table = bench.servos[index].table();
            let own = own.then_some(&joint.registers).into_iter().flatten();
            let settings = common.iter().chain(own).filter_map(|(name, value)| {
                let register = *table.by_name(name)?;
                (register.access == Access::Eeprom).then_some((register, *value))
            });
            let mut settings: Vec<(Register, i32)> = settings.collect();
            settings.extend(calibration_registers(table, value));
            for (register, value) in settings {
                bench = bench.with_register(&joint.name, register, value)?;
            }
        }
        Ok(bench)
    }

    /// The servo of this joint has this id, whichever others may have it.
    ///
    /// # Errors
    /// If there is no such joint, or no servo can have that id.
    pub fn with_id(self, joint: &str, id: u8) -> Result<Self, WorkbenchError> {
        self.with_role(joint, Role::Id, id.into())
    }

    /// The servo of this joint listens at this rate, in bits per second.
    ///
    /// # Errors
    /// If there is no such joint, or the servo does not know the rate.
    pub fn with_baud(self, joint: &str, baud: u32) -> Result<Self, WorkbenchError> {
        let table = self.servos[self.index(joint)?].table();
        let code = table
            .baud_code(baud)
            .ok_or_else(|| WorkbenchError::UnknownRate {
                joint: joint.into(),
                baud,
                known: listed(table.baud_rates),
            })?;
        self.with_role(joint, Role::BaudRate, code.into())
    }

    /// The servo of this joint holds this value.
    ///
    /// # Errors
    /// If there is no such joint, or the value does not fit.
    pub fn with_register(
        mut self,
        joint: &str,
        register: Register,
        value: i32,
    ) -> Result<Self, WorkbenchError> {
        let index = self.index(joint)?;
        self.servos[index]
            .set(register, value)
            .map_err(|source| WorkbenchError::BadValue {
                joint: joint.into(),
                register: register.name,
                source,
            })?;
        Ok(self)
    }

    /// The servo of this joint is not plugged in.
    ///
    /// # Errors
    /// If there is no such joint.
    pub fn without(mut self, joint: &str) -> Result<Self, WorkbenchError> {
        let index = self.index(joint)?;
        self.missing[index] = true;
        Ok(self)
    }

    /// The servo of this joint has raised these alarms, and they have not been cleared.
    ///
    /// # Errors
    /// If there is no such joint.
    pub fn with_alarms(mut self, joint: &str, flags: ErrorFlags) -> Result<Self, WorkbenchError> {
        let index = self.index(joint)?;
        self.tripped[index] = self.tripped[index].union(flags);
        Ok(self)
    }

    /// The servos, in the order of the robot file.
    #[must_use]
    pub fn servos(&self) -> &[Servo] {
        &self.servos
    }

    /// Puts the servos in front of mechanics and switches the power on. The host talks at the robot file's rate, whatever `options` say;
    /// [`ServoBus::set_baud`] changes it.
    ///
    /// # Errors
    /// If the mechanics have more or fewer joints than the robot.
    pub fn into_bus<P: Plant>(
        self,
        plant: P,
        options: BusOptions,
    ) -> Result<ServoBus<P>, WrongPlant> {
        let options = BusOptions {
            baud: self.baud,
            ..options
        };
        let mut bus = ServoBus::new(self.servos, plant, options)?;
        let plugs = bus.plugs();
        for (index, (missing, flags)) in self.missing.into_iter().zip(self.tripped).enumerate() {
            if missing {
                plugs.set(index, false);
            }
            if let Some(servo) = bus.servo_mut(index).filter(|_| !flags.is_empty()) {
                servo.trip(flags);
            }
        }
        bus.set_plugs(plugs);
        Ok(bus)
    }

    fn with_role(self, joint: &str, role: Role, value: i32) -> Result<Self, WorkbenchError> {
        let table = self.servos[self.index(joint)?].table();
        match table.find(role) {
            Some(register) => self.with_register(joint, register, value),
            None => Ok(self),
        }
    }

    fn index(&self, joint: &str) -> Result<usize, WorkbenchError> {
        let found = self.joints.iter().position(|known| known == joint);
        found.ok_or_else(|| WorkbenchError::UnknownJoint {
            robot: self.robot.clone(),
            joint: joint.into(),
            known: self.joints.join(", "),
        })
    }
}

/// How the encoders of an arm are mounted that has never been calibrated: its horns were put on at any angle. What calibrating it has to find
/// out: every range has its real width, but lies anywhere on the encoder, with the seam in it if chance has it so. Joints named in
/// `reversed` run against their encoder.
#[must_use]
pub fn as_assembled(kind: &RobotKind, seed: u64, reversed: &[&str]) -> Calibration {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut calibration = kind.nominal_calibration();
    let wheels = kind.joints.iter().map(JointSpec::is_wheel);
    for ((name, value), is_wheel) in calibration.joints.iter_mut().zip(wheels) {
        let offset = random.random_range(-2047..=2047);
        // A wheel has no middle to be found: LeRobot leaves its offset at 0.
        value.homing_offset = if is_wheel { 0 } else { offset };
        value.drive_mode = u8::from(reversed.contains(&name.as_str()));
    }
    calibration
}

/// The registers by which a servo knows its calibration. A Feetech servo does not know about reversed joints.
fn calibration_registers(
    table: &Table,
    value: &ulna_core::calibration::JointCalibration,
) -> impl Iterator<Item = (Register, i32)> {
    [
        (Role::HomingOffset, value.homing_offset),
        (Role::MinPosition, value.range_min),
        (Role::MaxPosition, value.range_max),
        (Role::DriveMode, value.drive_mode.into()),
    ]
    .into_iter()
    .filter_map(|(role, value)| Some((table.find(role)?, value)))
}

fn known_models() -> String {
    let names: Vec<_> = models::all().map(|model| model.name).collect();
    names.join(", ")
}

fn listed(rates: &[u32]) -> String {
    let rates: Vec<_> = rates.iter().map(ToString::to_string).collect();
    rates.join(", ")
}

#[cfg(test)]
mod tests;
