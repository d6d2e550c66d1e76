//! One joint's servo, as the driver knows it.

use ulna_bus::health::{Plausibility, PlausibilityConfig, RosterError};
use ulna_bus::registers::{Register, Role, Span};
use ulna_bus::{ErrorFlags, Model, models};
use ulna_core::{JointCalibration, Unit};
use ulna_robot::JointSpec;
use ulna_robot::RobotKind;

use super::health_report::HealthReport;
use super::torque::{Torque, WhyLimp};

/// One joint's servo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Servo {
    pub(crate) id: u8,
    pub(crate) model: Model,
    pub(crate) unit: Unit,
    /// As positions on the bus have it.
    pub(crate) calibration: JointCalibration,
    pub(crate) resolution: u32,
    /// Where its goals go: positions, or speeds for a wheel.
    pub(crate) goal: Register,
    /// Where its state comes from.
    pub(crate) present: Register,
    /// The goal that a leader's trigger springs back to.
    pub(crate) hold: Option<f64>,
    pub(crate) plausibility: Plausibility,
    /// It counts beyond a turn, and begins within one when power comes.
    pub(crate) multi_turn: bool,
    /// Whole turns by which its positions are off the calibration's now, counts.
    pub(crate) shift: i32,
    /// Whether it has the torque that it should have.
    pub(super) torque: Torque,
    /// It has raised its alert: a register says what it complains of. Only Dynamixels do that; others say it with every answer.
    pub(super) alert: bool,
    /// What that register said.
    pub(super) complaints: ErrorFlags,
    /// How often it lost its torque in this session.
    pub(super) restarts: u8,
    /// The highest voltage that it has reported, V.
    pub(super) best_volts: f32,
    /// The extremes of what it felt.
    pub(super) worst: HealthReport,
}

/// A reading that would mean more than a turn in half a second, faster than any hobby servo or hand, is suspect. Calibration keeps
/// the wrap of the encoder out of a joint's range.
const BELIEVABLE: PlausibilityConfig = PlausibilityConfig::new(8192, 16, None);

/// A wheel's reading is a speed: from full speed backward to full speed forward in a twentieth of a second.
const BELIEVABLE_SPEED: PlausibilityConfig = PlausibilityConfig::new(131_072, 64, None);

/// Why there can be no arm of a kind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArmError {
    /// The driver does not know the servo.
    #[error("joint `{joint}` has a servo of model `{model}`, but the driver knows {known}")]
    UnknownModel {
        /// The joint.
        joint: String,
        /// The model in the robot file.
        model: String,
        /// The models there are.
        known: String,
    },
    /// The robot file has no joints, which a checked one rules out.
    #[error("the robot file lists no joints")]
    NoJoints,
    /// The servo speaks something else than the bus.
    #[error(
        "joint `{joint}` has a {model}, which does not speak the protocol of the bus; correct `bus.protocol` or `model`"
    )]
    OtherProtocol {
        /// The joint.
        joint: String,
        /// Its servo.
        model: &'static str,
    },
    /// The servo cannot do what the joint needs.
    #[error("joint `{joint}` has a {model}, which has no register for `{what}`")]
    CannotDo {
        /// The joint.
        joint: String,
        /// Its servo.
        model: &'static str,
        /// What it should do.
        what: &'static str,
    },
    /// Servos whose goals lie in different places cannot be written in one packet.
    #[error(
        "joint `{joint}` has a {model}, whose registers lie elsewhere than those of the joints before it; they cannot share a bus"
    )]
    Mixed {
        /// The joint.
        joint: String,
        /// Its servo.
        model: &'static str,
    },
    /// The file and the servo's data sheet disagree.
    #[error(
        "joint `{joint}` has {given} steps per turn, but a {model} has {expected}; correct `resolution`"
    )]
    Resolution {
        /// The joint.
        joint: String,
        /// Its servo.
        model: &'static str,
        /// What the robot file says.
        given: u32,
        /// What the servo has.
        expected: u16,
    },
    /// Two servos share an id, which a checked robot file rules out.
    #[error(transparent)]
    Group(#[from] RosterError),
}

/// The servo of a joint, if the driver knows it.
pub(super) fn servo(
    kind: &RobotKind,
    joint: &JointSpec,
    calibration: &JointCalibration,
) -> Result<Servo, ArmError> {
    let model = models::by_name(&joint.model).ok_or_else(|| ArmError::UnknownModel {
        joint: joint.name.clone(),
        model: joint.model.clone(),
        known: models::all()
            .map(|model| model.name)
            .collect::<Vec<_>>()
            .join(", "),
    })?;
    let joint_name = || joint.name.clone();
    if model.family.protocol() != kind.bus.protocol {
        return Err(ArmError::OtherProtocol {
            joint: joint_name(),
            model: model.name,
        });
    }
    if joint.resolution != u32::from(model.resolution) {
        return Err(ArmError::Resolution {
            joint: joint_name(),
            model: model.name,
            given: joint.resolution,
            expected: model.resolution,
        });
    }
    let find = |role: Role, what: &'static str| {
        model.table.find(role).ok_or_else(|| ArmError::CannotDo {
            joint: joint_name(),
            model: model.name,
            what,
        })
    };
    let (goal, present, believable) = if joint.is_wheel() {
        (Role::GoalVelocity, Role::PresentVelocity, BELIEVABLE_SPEED)
    } else {
        (Role::GoalPosition, Role::PresentPosition, BELIEVABLE)
    };
    Ok(Servo {
        id: joint.id,
        model,
        unit: joint.unit,
        calibration: kind.on_wire(calibration),
        resolution: joint.resolution,
        goal: find(goal, "goals")?,
        present: find(present, "measuring")?,
        hold: joint.leader.hold,
        plausibility: Plausibility::new(believable),
        multi_turn: false,
        shift: 0,
        torque: Torque::Off,
        alert: false,
        complaints: ErrorFlags::NONE,
        restarts: 0,
        best_volts: 0.0,
        worst: HealthReport::NONE,
    })
}

impl Servo {
    pub(crate) fn is_wheel(&self) -> bool {
        self.unit == Unit::Velocity
    }

    /// From now on the servo should have torque, or none. One that was left limp stays that.
    pub(crate) fn expect_torque(&mut self, on: bool) {
        self.torque = match (on, self.torque) {
            (true, _) => Torque::On,
            (false, Torque::LeftLimp(why)) => Torque::LeftLimp(why),
            (false, Torque::Lost(_)) => Torque::LeftLimp(WhyLimp::StillAway),
            (false, _) => Torque::Off,
        };
    }

    /// Forgets what was measured.
    pub(super) fn forget(&mut self) {
        let believable = if self.is_wheel() {
            BELIEVABLE_SPEED
        } else {
            BELIEVABLE
        };
        self.plausibility = Plausibility::new(believable);
    }

    /// The counts of a goal: a position within the servo's turn (or the range that was calibrated beyond it), or a speed.
    pub(crate) fn counts(&self, goal: f64) -> i32 {
        let counts = self
            .unit
            .denormalise(goal, &self.calibration, self.resolution);
        if self.is_wheel() {
            return counts.clamp(-FASTEST, FASTEST);
        }
        let last = i32::try_from(self.resolution).unwrap_or(i32::MAX) - 1;
        let (low, high) = (self.calibration.range_min, self.calibration.range_max);
        let counts = counts.clamp(low.min(0), high.max(last));
        counts.saturating_add(self.shift)
    }

    /// What it complains of, by the flags of its newest answer and, once its alert has been looked into, by name.
    pub(super) fn complains(&mut self, flags: ErrorFlags) -> ErrorFlags {
        self.alert = flags.contains(ErrorFlags::ALERT);
        if !self.alert {
            self.complaints = ErrorFlags::NONE;
        }
        flags.union(self.complaints)
    }

    /// The value of a reading, in the joint's unit.
    pub(super) fn value(&self, counts: i32) -> f64 {
        let counts = counts.saturating_sub(self.shift);
        self.unit
            .normalise(f64::from(counts), &self.calibration, self.resolution)
    }
}

/// Largest speed that every servo's register holds, counts.
const FASTEST: i32 = (1 << 15) - 1;

/// Where the goals and the state of a group of servos lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) goal: Option<Register>,
    pub(super) speed_goal: Option<Register>,
    pub(super) read: Span,
}

/// The registers that these servos share.
pub(super) fn layout(servos: &[Servo], names: &[String]) -> Result<Layout, ArmError> {
    let (mut positions, mut speeds) = (None::<&Servo>, None::<&Servo>);
    for (servo, name) in servos.iter().zip(names) {
        let first = if servo.is_wheel() {
            &mut speeds
        } else {
            &mut positions
        };
        let first = *first.get_or_insert(servo);
        if (servo.goal, servo.present) != (first.goal, first.present) {
            return Err(ArmError::Mixed {
                joint: name.clone(),
                model: servo.model.name,
            });
        }
    }
    let both = [positions, speeds];
    let present = || both.iter().flatten().map(|servo| servo.present);
    let address = present()
        .map(|register| register.address)
        .min()
        .unwrap_or(0);
    let end = present().map(|register| register.end()).max().unwrap_or(0);
    Ok(Layout {
        goal: positions.map(|servo| servo.goal),
        speed_goal: speeds.map(|servo| servo.goal),
        read: Span {
            address,
            len: end - address,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn so101() -> RobotKind {
        ulna_robot::files::built_in("so101").unwrap()
    }

    #[test]
    fn servos_that_the_driver_does_not_know_are_refused() {
        let kind = so101();
        let (_, calibration) = kind.nominal_calibration().joints[0].clone();
        let mut joint = kind.joints[0].clone();
        let check = |joint: &JointSpec| servo(&kind, joint, &calibration);
        assert_eq!(check(&joint).unwrap().model.number, 777);
        joint.resolution = 1024;
        let error = check(&joint).unwrap_err().to_string();
        assert!(error.contains("a sts3215 has 4096"), "{error}");
        joint.model = "xl330-m288".to_owned();
        let error = check(&joint).unwrap_err().to_string();
        assert!(error.contains("does not speak the protocol"), "{error}");
        joint.model = "sts9999".to_owned();
        let error = check(&joint).unwrap_err().to_string();
        assert!(
            error.contains("`sts9999`") && error.contains("sts3215"),
            "{error}"
        );
    }

    #[test]
    fn speeds_go_where_speeds_belong() {
        let mut kind = so101();
        let calibration = kind.nominal_calibration();
        kind.joints[5].unit = Unit::Velocity;
        let joints = kind.joints.iter().zip(calibration.values());
        let servos: Vec<Servo> = joints
            .map(|(joint, value)| servo(&kind, joint, value).unwrap())
            .collect();
        let names: Vec<String> = kind.names().map(str::to_owned).collect();
        let layout = layout(&servos, &names).unwrap();
        assert_eq!(layout.goal.unwrap().name, "Goal_Position");
        assert_eq!(layout.speed_goal.unwrap().name, "Goal_Velocity");
        assert_eq!((layout.read.address, layout.read.len), (56, 4));
        assert_eq!(servos[5].counts(-99.24), -1129);
        assert_eq!(servos[5].counts(1e9), FASTEST);
    }
}
