//! What a robot file must fulfil beyond its shape.

mod bounds;
mod error;
mod looks;

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use ulna_core::joints::MAX_JOINTS;
use ulna_outside::name;
use ulna_outside::text::is_printable;

pub use self::error::RobotFileError;

use self::bounds::all_within;
pub(super) use self::bounds::{FACTOR, LATENESS, short, within};
pub(super) use self::error::wrong;
use crate::kind::{ExitAction, JointSpec, Omni, RobotKind, RoleSpec};

/// Longest summary, bytes.
const LONGEST_SUMMARY: usize = 500;

/// Longest time that input may be silent before the arm is held, ms.
const LONGEST_STALE_MS: u32 = 60_000;

impl RobotKind {
    /// Checks everything that the types cannot say.
    ///
    /// # Errors
    /// The first contradiction found, with the key that holds it.
    pub fn validate(&self) -> Result<(), RobotFileError> {
        self.validate_names()?;
        if self.joints.is_empty() || self.joints.len() > MAX_JOINTS {
            return wrong(
                "joints",
                format!(
                    "a robot has 1 to {MAX_JOINTS} joints, this file lists {}",
                    self.joints.len()
                ),
            );
        }
        if !(9_600..=4_000_000).contains(&self.bus.baud) {
            return wrong(
                "bus.baud",
                format!(
                    "{} is no baud rate between 9,600 and 4,000,000",
                    self.bus.baud
                ),
            );
        }
        for (index, joint) in self.joints.iter().enumerate() {
            self.validate_joint(index, joint)?;
        }
        for side in &self.sides {
            if side.kind.base.is_some() || !side.kind.sides.is_empty() {
                return wrong(
                    "pair.of",
                    format!("`{}` is no single arm, so it makes no pair", side.kind.name),
                );
            }
            side.kind.validate()?;
        }
        self.simulation.validate()?;
        self.validate_base()?;
        self.validate_gate()?;
        self.validate_exit()?;
        self.known_joint("kinematics.tool_joint", &self.kinematics.tool_joint)?;
        bounds::frame("kinematics.tool", &self.kinematics.tool)?;
        self.validate_visuals()?;
        self.validate_cameras()
    }

    fn known_joint(&self, key: &str, name: &str) -> Result<(), RobotFileError> {
        if self.names().any(|known| known == name) {
            Ok(())
        } else {
            wrong(key, format!("there is no joint `{name}`"))
        }
    }

    /// Names that become folders, and words that are shown to people.
    fn validate_names(&self) -> Result<(), RobotFileError> {
        short("name", &self.name)?;
        if let Err(error) = name::check(&self.name) {
            return wrong("name", error.to_string());
        }
        if self.summary.len() > LONGEST_SUMMARY || !self.summary.chars().all(is_printable) {
            return wrong(
                "summary",
                format!(
                    "it is one line of at most {LONGEST_SUMMARY} bytes, without control characters"
                ),
            );
        }
        for (role, spec) in [("follower", &self.follower), ("leader", &self.leader)] {
            let RoleSpec {
                robot_type,
                older_types,
                registers,
            } = spec;
            for register in registers.keys() {
                short(&format!("{role}.registers"), register)?;
            }
            // Calibration files lie in folders of these names.
            for (key, folder) in [("robot_type", robot_type)]
                .into_iter()
                .chain(older_types.iter().map(|older| ("older_types", older)))
            {
                if let Err(error) = name::check(folder) {
                    return wrong(format!("{role}.{key}"), error.to_string());
                }
            }
        }
        Ok(())
    }

    fn validate_joint(&self, index: usize, joint: &JointSpec) -> Result<(), RobotFileError> {
        let key = |field: &str| format!("joints.{}.{field}", joint.name);
        if joint.name.is_empty() || joint.name.contains(['/', '.']) {
            return wrong(
                format!("joints[{index}].name"),
                "a joint's name is not empty and holds neither `/` nor `.`",
            );
        }
        short(&format!("joints[{index}].name"), &joint.name)?;
        for model in [Some(&joint.model), joint.leader.model.as_ref()] {
            model.map_or(Ok(()), |model| short(&key("model"), model))?;
        }
        let registers = joint.registers.keys().chain(joint.leader.registers.keys());
        for register in registers {
            short(&key("registers"), register)?;
        }
        for other in &self.joints[..index] {
            if other.name == joint.name {
                return wrong(key("name"), "two joints have this name");
            }
            // The sides of a rig have a bus each, and are checked one by one.
            if self.sides.is_empty() && other.id == joint.id {
                return wrong(
                    key("id"),
                    format!("id {} belongs to `{}` already", joint.id, other.name),
                );
            }
        }
        for id in [Some(joint.id), joint.leader.id].into_iter().flatten() {
            if id > 252 {
                return wrong(key("id"), format!("{id} is no servo id: 0 to 252"));
            }
        }
        if joint.drive_mode > 1 || joint.leader.drive_mode > 1 {
            return wrong(key("drive_mode"), "a drive mode is 0 or 1");
        }
        if !(2..=1 << 20).contains(&joint.resolution) {
            return wrong(
                key("resolution"),
                format!("{} steps per turn is not possible", joint.resolution),
            );
        }
        self.validate_travel(joint)?;
        self.validate_joint_gate(joint)?;
        if joint.parent.is_some_and(|parent| parent >= index) {
            return wrong(key("parent"), "a joint's parent is listed before it");
        }
        bounds::frame(&key("frame"), &joint.frame)?;
        bounds::link(&key("link"), &joint.link)?;
        match joint.leader.hold {
            Some(hold) => within(&key("leader.hold"), hold, &bounds::VALUE),
            None => Ok(()),
        }
    }

    fn validate_travel(&self, joint: &JointSpec) -> Result<(), RobotFileError> {
        let key = |field: &str| format!("joints.{}.{field}", joint.name);
        all_within(&key("lower"), [&joint.lower, &joint.upper], &bounds::LIMIT)?;
        if joint.lower >= joint.upper {
            return wrong(
                key("lower"),
                format!("{} must be below `upper` ({})", joint.lower, joint.upper),
            );
        }
        let (travel, turn) = (joint.upper - joint.lower, core::f64::consts::TAU);
        if travel > turn {
            return wrong(key("upper"), "the range is more than one turn");
        }
        if travel < bounds::TRAVEL || travel / turn * f64::from(joint.resolution) < 4.0 {
            return wrong(
                key("upper"),
                "the range is less than 0.01 rad or four of the servo's steps",
            );
        }
        let most = joint.resolution / 2;
        for offset in [joint.homing_offset, joint.leader.homing_offset] {
            if offset.unsigned_abs() > most {
                return wrong(
                    key("homing_offset"),
                    format!("{offset} is more than half a turn, {most} steps"),
                );
            }
        }
        Ok(())
    }

    fn validate_joint_gate(&self, joint: &JointSpec) -> Result<(), RobotFileError> {
        let key = |field: &str| format!("joints.{}.gate.{field}", joint.name);
        let own = &joint.gate;
        for (field, number) in [
            ("max_velocity", own.max_velocity),
            ("jump", own.jump),
            ("ramp_velocity", own.ramp_velocity),
        ] {
            number.map_or(Ok(()), |number| within(&key(field), number, &bounds::SPEED))?;
        }
        let has_own = own.max_velocity.or(own.ramp_velocity).is_some();
        let fastest = own.max_velocity.unwrap_or(self.gate.max_velocity);
        if has_own && own.ramp_velocity.unwrap_or(self.gate.ramp_velocity) > fastest {
            return wrong(
                key("ramp_velocity"),
                format!(
                    "the joint's ramp is faster than the {fastest} rad/s that its goals may move"
                ),
            );
        }
        Ok(())
    }

    fn validate_base(&self) -> Result<(), RobotFileError> {
        let is_wheel = |joint: &&JointSpec| joint.is_wheel();
        let wheels: Vec<&str> = self.joints.iter().filter(is_wheel).map(name_of).collect();
        let Some(base) = &self.base else {
            return match wheels.first() {
                Some(wheel) => wrong(
                    format!("joints.{wheel}.unit"),
                    "a wheel needs a `[base]` that says how it drives",
                ),
                None => Ok(()),
            };
        };
        if wheels.len() != 3 || wheels != base.wheels {
            return wrong(
                "base.wheels",
                "it lists the three joints whose unit is `velocity`, in their order",
            );
        }
        if self
            .joints
            .iter()
            .rev()
            .take(3)
            .any(|joint| !joint.is_wheel())
        {
            return wrong("base.wheels", "wheels are the last joints of the file");
        }
        for (key, number, bounds) in [
            ("base.wheel_radius", base.wheel_radius, bounds::RADIUS),
            ("base.base_radius", base.base_radius, bounds::RADIUS),
            (
                "base.wheel_speed",
                base.wheel_speed,
                bounds::DEGREES_PER_SECOND,
            ),
            ("base.max_speed", base.max_speed, bounds::SPEED),
            ("base.max_turn", base.max_turn, bounds::DEGREES_PER_SECOND),
            ("base.acceleration", base.acceleration, bounds::SPEED),
        ] {
            within(key, number, &bounds)?;
        }
        all_within("base.directions", &base.directions, &bounds::DIRECTION)?;
        match Omni::new(base) {
            Some(_) => Ok(()),
            None => wrong(
                "base.directions",
                "wheels in these directions cannot drive the base every way",
            ),
        }
    }

    fn validate_gate(&self) -> Result<(), RobotFileError> {
        let gate = &self.gate;
        within("gate.max_velocity", gate.max_velocity, &bounds::SPEED)?;
        within("gate.jump", gate.jump, &bounds::SPEED)?;
        within("gate.ramp_velocity", gate.ramp_velocity, &bounds::SPEED)?;
        if gate.ramp_velocity > gate.max_velocity {
            return wrong(
                "gate.ramp_velocity",
                "a ramp faster than `gate.max_velocity` is none",
            );
        }
        if gate.stale_ms == 0 {
            return wrong("gate.stale_ms", "0 would hold the arm for ever");
        }
        if gate.stale_ms > LONGEST_STALE_MS {
            return wrong(
                "gate.stale_ms",
                format!("silence of more than {LONGEST_STALE_MS} ms must hold the arm"),
            );
        }
        Ok(())
    }

    fn validate_exit(&self) -> Result<(), RobotFileError> {
        within(
            "exit.park_velocity",
            self.exit.park_velocity,
            &bounds::SPEED,
        )?;
        within("exit.limit_s", self.exit.limit_s, &bounds::EXIT)?;
        if self.exit.then == ExitAction::Park && self.exit.park.is_empty() {
            return wrong(
                "exit.park",
                "`then = \"park\"` needs a resting pose: joint = degrees",
            );
        }
        for (name, &degrees) in &self.exit.park {
            let key = format!("exit.park.{name}");
            let Some(joint) = self.joints.iter().find(|joint| joint.name == *name) else {
                return wrong(key, "there is no joint of this name");
            };
            if joint.is_wheel() {
                return wrong(key, "a wheel stands still at the end, so it has no pose");
            }
            if !(joint.lower..=joint.upper).contains(&degrees.to_radians()) {
                let (low, high) = (joint.lower.to_degrees(), joint.upper.to_degrees());
                return wrong(
                    key,
                    format!("{degrees}° is outside the joint's {low:.1}° to {high:.1}°"),
                );
            }
        }
        Ok(())
    }
}

fn name_of(joint: &JointSpec) -> &str {
    &joint.name
}
