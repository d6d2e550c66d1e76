//! Whether an arm is where it was brought: measured, joint by joint. That goals were sent says nothing of a servo that is too hot to move.

use std::time::Duration;

use ulna_bus::ErrorFlags;
use ulna_core::{Joints, Stamp, State, Unit};
use ulna_robot::{Calibration, RobotKind};

use crate::device_report::BusReport;

/// A joint that is nearer than this to its goal has arrived, rad. Position servos hold a load with an error: the simulated SO-101 hangs
/// up to 3° below its goals (its P gain is 16), and a worn arm some degrees more.
const NEAR: f64 = 10.0 * std::f64::consts::PI / 180.0;

/// A gripper that is so much more open than its goal holds something, rad: without, it hangs back by a degree at most.
const HELD_OPEN: f64 = 2.0 * std::f64::consts::PI / 180.0;

/// A position that is older than this is none.
const FRESH: Duration = Duration::from_millis(250);

/// Where an arm is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resting<'a> {
    pub(crate) robot: &'a RobotKind,
    pub(crate) calibration: &'a Calibration,
    /// In each joint's unit.
    pub(crate) goals: &'a Joints<f64>,
    /// A port is gone, and its message says so: joints that give no answer need not be named as well.
    pub(crate) port_lost: bool,
}

impl Resting<'_> {
    /// What keeps the arm from being there at `now`, joint by joint: it is elsewhere, its place is not known, or its servo has an alarm, with
    /// which many switch their motor off, so that it fell or was pushed to where it is. Nothing if it is there. Wheels have no place but alarms; a
    /// gripper that is more open than its goal may hold something; it then may complain of overload, too.
    pub(crate) fn missed(&self, state: &State, bus: &BusReport, now: Stamp) -> Vec<String> {
        let maps = self.robot.angle_maps(self.calibration);
        let mut missed = Vec::new();
        for (joint, spec) in self.robot.joints.iter().enumerate() {
            let name = &spec.name;
            let (goal, here) = (self.goals[joint], state.position[joint]);
            let off = (maps[joint].radians(goal) - maps[joint].radians(here)).abs();
            let is_holding = spec.unit == Unit::Percent && here > goal;
            let servo = bus.servos.get(joint);
            let alarm = servo.map_or("", |servo| servo.complaints.as_str());
            let is_squeezing = is_holding && alarm == ErrorFlags::OVERLOAD.to_string();
            let is_off = !spec.is_wheel() && (off.is_nan() || off > NEAR && !is_holding);
            let degrees = off.to_degrees();
            missed.extend(match () {
                () if state.measured[joint].age(now) > FRESH && self.port_lost => None,
                () if state.measured[joint].age(now) > FRESH => {
                    Some(format!("`{name}` gives no answer"))
                }
                () if is_off && alarm.is_empty() => Some(format!("`{name}` is {degrees:.0}° off")),
                () if is_off => Some(format!("`{name}` is {degrees:.0}° off ({alarm})")),
                () if alarm.is_empty() || is_squeezing => None,
                () => Some(format!("`{name}` may be limp ({alarm})")),
            });
        }
        missed
    }

    /// The grippers that hold something at `now`: they are more open than their goals.
    pub(crate) fn holding(&self, state: &State, now: Stamp) -> Vec<usize> {
        let maps = self.robot.angle_maps(self.calibration);
        let joints = self.robot.joints.iter().enumerate();
        let holds = joints.filter(|(joint, spec)| {
            let (goal, here) = (self.goals[*joint], state.position[*joint]);
            let open = maps[*joint].radians(here) - maps[*joint].radians(goal);
            let fresh = state.measured[*joint].age(now) <= FRESH;
            spec.unit == Unit::Percent && fresh && here > goal && open.abs() > HELD_OPEN
        });
        holds.map(|(joint, _)| joint).collect()
    }
}
