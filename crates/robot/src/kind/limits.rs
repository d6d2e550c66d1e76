//! Gate limits and the resting pose of an arm, from its robot file and its calibration.

use core::time::Duration;

use crate::calibration::Calibration;
use crate::kind::{BaseSpec, JointGateSpec, RobotKind};
use ulna_core::gate::GateLimits;
use ulna_core::joints::Joints;

impl RobotKind {
    /// The gate's limits in the joints' units: the calibrated range, and the file's speeds.
    pub fn gate_limits(&self, calibration: &Calibration) -> GateLimits {
        let maps = self.angle_maps(calibration);
        let mut range = Joints::filled(self.dof(), (0.0, 0.0));
        for ((range, joint), value) in range.iter_mut().zip(&self.joints).zip(calibration.values())
        {
            *range = joint.unit.range(&self.on_wire(value), joint.resolution);
        }
        let in_units = |common: f64, own: fn(&JointGateSpec) -> Option<f64>| {
            Joints::from_fn(self.dof(), |index| {
                own(&self.joints[index].gate).unwrap_or(common) / maps[index].scale.abs()
            })
        };
        let gate = &self.gate;
        let mut limits = GateLimits {
            range,
            max_velocity: in_units(gate.max_velocity, |own| own.max_velocity),
            jump: in_units(gate.jump, |own| own.jump),
            ramp_velocity: in_units(gate.ramp_velocity, |own| own.ramp_velocity),
            stale_after: Duration::from_millis(u64::from(self.gate.stale_ms)),
            speeds: 0,
        };
        if let Some(base) = &self.base {
            self.limit_base(base, &mut limits);
        }
        limits
    }

    /// The numbers of a base are speeds: they have a highest one, and change no faster than the file lets it start and brake.
    fn limit_base(&self, base: &BaseSpec, limits: &mut GateLimits) {
        let wheels = (0..self.dof()).filter(|&joint| self.joints[joint].is_wheel());
        for (joint, fastest) in wheels.zip(base.fastest()) {
            limits.speeds |= 1 << joint;
            limits.range[joint] = (-fastest, fastest);
            limits.jump[joint] = 2.0 * fastest;
            limits.max_velocity[joint] = base.acceleration * fastest / base.max_speed;
            limits.ramp_velocity[joint] = limits.max_velocity[joint];
        }
    }

    /// The resting pose in the joints' units; joints that the file does not name stay where `from` has them, and a base stands still.
    pub fn park_pose(&self, calibration: &Calibration, from: &Joints<f64>) -> Joints<f64> {
        let maps = self.angle_maps(calibration);
        let mut pose = *from;
        for ((value, map), joint) in pose.iter_mut().zip(maps.iter()).zip(&self.joints) {
            if joint.is_wheel() {
                *value = 0.0;
            } else if let Some(degrees) = self.exit.park.get(&joint.name) {
                *value = map.value(degrees.to_radians());
            }
        }
        pose
    }

    /// The angles of the resting pose from the joints' zeros, rad; the middle of its range for a joint that the file does not name.
    pub fn resting_angles(&self) -> Joints<f64> {
        Joints::from_fn(self.dof(), |index| {
            let joint = &self.joints[index];
            self.exit
                .park
                .get(&joint.name)
                .map_or(joint.middle(), |degrees| degrees.to_radians())
        })
    }

    /// Park speed in each joint's unit per second.
    pub fn park_velocity(&self, calibration: &Calibration) -> Joints<f64> {
        self.angle_maps(calibration)
            .map(|map| self.exit.park_velocity / map.scale.abs())
    }
}
