//! What a robot file must fulfil beyond its shape.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::kind::{ExitAction, FrameSpec, JointSpec, Omni, RobotKind, ShapeSpec};
use ulna_core::joints::MAX_JOINTS;

/// Most solids that a robot is drawn with.
const MAX_VISUALS: usize = 256;

/// Most cameras of a robot.
const MAX_CAMERAS: usize = 8;

/// A robot file contradicts itself or asks for something impossible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotFileError {
    /// The key at fault, as it stands in the file.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl fmt::Display for RobotFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.problem)
    }
}

impl core::error::Error for RobotFileError {}

fn wrong<T>(key: impl Into<String>, problem: impl Into<String>) -> Result<T, RobotFileError> {
    Err(RobotFileError {
        key: key.into(),
        problem: problem.into(),
    })
}

impl RobotKind {
    /// Checks everything that the types cannot say.
    ///
    /// # Errors
    /// The first contradiction found, with the key that holds it.
    pub fn validate(&self) -> Result<(), RobotFileError> {
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
        self.validate_base()?;
        self.validate_gate()?;
        self.validate_exit()?;
        self.known_joint("kinematics.tool_joint", &self.kinematics.tool_joint)?;
        finite_frame("kinematics.tool", &self.kinematics.tool)?;
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

    fn validate_joint(&self, index: usize, joint: &JointSpec) -> Result<(), RobotFileError> {
        let key = |field: &str| format!("joints.{}.{field}", joint.name);
        if joint.name.is_empty() || joint.name.contains(['/', '.']) {
            return wrong(
                format!("joints[{index}].name"),
                "a joint's name is not empty and holds neither `/` nor `.`",
            );
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
        finite(&key("lower"), [&joint.lower, &joint.upper])?;
        if joint.lower >= joint.upper {
            return wrong(
                key("lower"),
                format!("{} must be below `upper` ({})", joint.lower, joint.upper),
            );
        }
        if joint.upper - joint.lower > core::f64::consts::TAU {
            return wrong(key("upper"), "the range is more than one turn");
        }
        if joint.parent.is_some_and(|parent| parent >= index) {
            return wrong(key("parent"), "a joint's parent is listed before it");
        }
        finite_frame(&key("frame"), &joint.frame)?;
        finite(
            &key("link"),
            joint.link.com.iter().chain(&joint.link.inertia),
        )?;
        positive(&key("link.mass"), joint.link.mass)?;
        if joint.link.inertia[..3].iter().any(|&moment| moment <= 0.0) {
            return wrong(
                key("link.inertia"),
                "the first three numbers (xx, yy, zz) must be above zero",
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
        for (key, number) in [
            ("base.wheel_radius", base.wheel_radius),
            ("base.base_radius", base.base_radius),
            ("base.wheel_speed", base.wheel_speed),
            ("base.max_speed", base.max_speed),
            ("base.max_turn", base.max_turn),
            ("base.acceleration", base.acceleration),
        ] {
            positive(key, number)?;
        }
        finite("base.directions", &base.directions)?;
        match Omni::new(base) {
            Some(_) => Ok(()),
            None => wrong(
                "base.directions",
                "wheels in these directions cannot drive the base every way",
            ),
        }
    }

    fn validate_gate(&self) -> Result<(), RobotFileError> {
        positive("gate.max_velocity", self.gate.max_velocity)?;
        positive("gate.jump", self.gate.jump)?;
        positive("gate.ramp_velocity", self.gate.ramp_velocity)?;
        if self.gate.ramp_velocity > self.gate.max_velocity {
            return wrong(
                "gate.ramp_velocity",
                "a ramp faster than `gate.max_velocity` is none",
            );
        }
        if self.gate.stale_ms == 0 {
            return wrong("gate.stale_ms", "0 would hold the arm for ever");
        }
        Ok(())
    }

    fn validate_exit(&self) -> Result<(), RobotFileError> {
        positive("exit.park_velocity", self.exit.park_velocity)?;
        positive("exit.limit_s", self.exit.limit_s)?;
        if self.exit.limit_s > 60.0 {
            return wrong("exit.limit_s", "an exit takes 60 s at most");
        }
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

    fn validate_visuals(&self) -> Result<(), RobotFileError> {
        at_most("visuals", MAX_VISUALS, self.visuals.len())?;
        for (index, visual) in self.visuals.iter().enumerate() {
            let key = |field: &str| format!("visuals[{index}].{field}");
            if let Some(joint) = &visual.joint {
                self.known_joint(&key("joint"), joint)?;
            }
            finite_frame(&key("frame"), &visual.frame)?;
            match &visual.shape {
                ShapeSpec::Box(extents) => all_positive(&key("box"), extents)?,
                ShapeSpec::Cylinder(cylinder) => {
                    positive(&key("cylinder.radius"), cylinder.radius)?;
                    positive(&key("cylinder.length"), cylinder.length)?;
                }
                ShapeSpec::Taper(taper) => {
                    all_positive(&key("taper.low"), &taper.low)?;
                    all_positive(&key("taper.high"), &taper.high)?;
                    finite(&key("taper.shift"), &taper.shift)?;
                    positive(&key("taper.length"), taper.length)?;
                }
            }
        }
        Ok(())
    }

    fn validate_cameras(&self) -> Result<(), RobotFileError> {
        at_most("cameras", MAX_CAMERAS, self.cameras.len())?;
        for (index, camera) in self.cameras.iter().enumerate() {
            // The name becomes part of folder and column names of datasets.
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if camera.name.is_empty() || !camera.name.chars().all(plain) {
                return wrong(
                    format!("cameras[{index}].name"),
                    format!(
                        "`{}` is no camera name: it needs letters, digits and `_` only",
                        camera.name
                    ),
                );
            }
            let key = |field: &str| format!("cameras.{}.{field}", camera.name);
            if self.cameras[..index]
                .iter()
                .any(|other| other.name == camera.name)
            {
                return wrong(key("name"), "two cameras have this name");
            }
            if let Some(joint) = &camera.joint {
                self.known_joint(&key("joint"), joint)?;
            }
            finite_frame(&key("frame"), &camera.frame)?;
            if !(camera.fovy > 0.0 && camera.fovy < 180.0) {
                return wrong(
                    key("fovy"),
                    format!("{}° must be between 0° and 180°", camera.fovy),
                );
            }
        }
        Ok(())
    }
}

fn name_of(joint: &JointSpec) -> &str {
    &joint.name
}

fn at_most(key: &str, limit: usize, count: usize) -> Result<(), RobotFileError> {
    if count <= limit {
        Ok(())
    } else {
        wrong(
            key,
            format!("a robot has at most {limit}, this file lists {count}"),
        )
    }
}

fn finite_frame(key: &str, frame: &FrameSpec) -> Result<(), RobotFileError> {
    finite(key, frame.xyz.iter().chain(&frame.rpy))
}

fn all_positive(key: &str, numbers: &[f64]) -> Result<(), RobotFileError> {
    numbers.iter().try_for_each(|&number| positive(key, number))
}

fn finite<'a>(key: &str, numbers: impl IntoIterator<Item = &'a f64>) -> Result<(), RobotFileError> {
    match numbers.into_iter().find(|number| !number.is_finite()) {
        Some(number) => wrong(key, format!("{number} is no number")),
        None => Ok(()),
    }
}

fn positive(key: &str, number: f64) -> Result<(), RobotFileError> {
    if number.is_finite() && number > 0.0 {
        Ok(())
    } else {
        wrong(key, format!("{number} must be above zero"))
    }
}
