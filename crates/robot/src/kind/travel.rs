//! Where the joints of one particular arm end, in a file that extends its kind.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::validate::wrong;
use super::{JointSpec, RobotFileError, RobotKind};

/// The two ends of a joint, rad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TravelSpec {
    /// Lowest joint angle, rad.
    pub lower: f64,
    /// Highest joint angle, rad.
    pub upper: f64,
}

impl RobotKind {
    /// Gives joints other ends. A resting pose beyond them is drawn in to the nearest end.
    ///
    /// # Errors
    /// If there is no joint of a name.
    pub(super) fn set_limits(
        &mut self,
        limits: &BTreeMap<String, TravelSpec>,
    ) -> Result<(), RobotFileError> {
        for (name, travel) in limits {
            let Some(joint) = self.joints.iter_mut().find(|joint| joint.name == *name) else {
                return wrong(format!("limits.{name}"), "there is no joint of this name");
            };
            travel.put(joint);
        }
        self.reach_park();
        for side in &mut self.sides {
            for joint in &mut side.kind.joints {
                if let Some(travel) = limits.get(&format!("{}_{}", side.name, joint.name)) {
                    travel.put(joint);
                }
            }
            side.kind.reach_park();
        }
        Ok(())
    }

    /// Draws the resting pose in to where the joints end.
    fn reach_park(&mut self) {
        for joint in &self.joints {
            if let Some(degrees) = self.exit.park.get_mut(&joint.name) {
                let (low, high) = (joint.lower.to_degrees(), joint.upper.to_degrees());
                // Rounding must not leave it a hair outside.
                let inside = 1e-6 * (high - low);
                if low < high && !(low..=high).contains(degrees) {
                    *degrees = degrees.clamp(low + inside, high - inside);
                }
            }
        }
    }
}

impl TravelSpec {
    /// Gives a joint these ends. One that turned all the way round does so no more, if less than its turn is between them: older LeRobots
    /// swept the range of every joint.
    pub fn put(&self, joint: &mut JointSpec) {
        let step = core::f64::consts::TAU / f64::from(joint.resolution.max(1));
        joint.full_turn &= self.upper - self.lower > core::f64::consts::TAU - 2.5 * step;
        (joint.lower, joint.upper) = (self.lower, self.upper);
    }
}

#[cfg(test)]
mod tests {
    use crate::{ComposedFile, RobotKind};

    fn build(text: &str, of: &str) -> Result<RobotKind, String> {
        let base: RobotKind = toml::from_str(include_str!("../../configs/so101.toml")).unwrap();
        let head = "name = \"mine\"\nsummary = \"\"\n";
        let file: ComposedFile = toml::from_str(&format!("{head}{of}{text}")).unwrap();
        let kind = file.build(base).map_err(|error| error.to_string())?;
        kind.validate().map_err(|error| error.to_string())?;
        Ok(kind)
    }

    use alloc::format;
    use alloc::string::{String, ToString};

    const ONE: &str = "[extends]\nof = \"so101\"\n";
    const TWO: &str =
        "[pair]\nof = \"so101\"\ndistance = 0.4\nfollower_type = \"bi\"\nleader_type = \"bi_l\"\n";

    #[test]
    fn an_arm_has_ends_and_servos_of_its_own() {
        let text = "[simulation]\nmotor = \"sts3215-12v\"\nfriction = 1.3\n[limits.shoulder_lift]\nlower = -1.2\nupper = 1.2\n";
        let kind = build(text, ONE).unwrap();
        assert_eq!((kind.joints[1].lower, kind.joints[1].upper), (-1.2, 1.2));
        assert_eq!(kind.simulation.motor.as_deref(), Some("sts3215-12v"));
        assert_eq!((kind.simulation.friction, kind.simulation.play), (1.3, 1.0));
        // The file of the kind rests at -97 degrees.
        let rest = kind.exit.park["shoulder_lift"];
        assert!((rest.to_radians() + 1.2).abs() < 1e-4, "{rest}");
        assert!(kind.as_leader().simulation.is_usual());

        let text = text.replace("limits.shoulder_lift", "limits.right_shoulder_lift");
        let pair = build(&text, TWO).unwrap();
        assert_eq!(pair.joints[7].upper, 1.2);
        assert_eq!(pair.sides[1].kind.joints[1].upper, 1.2);
        assert!(pair.sides[0].kind.joints[1].upper > 1.7);
        assert_eq!(pair.sides[0].kind.simulation, pair.simulation);
    }

    #[test]
    fn whole_steps_between_the_ends_are_the_calibrated_range() {
        for steps in [1763, 2548, 2549, 4094] {
            let half = f64::from(steps) / 2.0 / 4096.0 * core::f64::consts::TAU;
            let text = format!("[limits.shoulder_pan]\nlower = {}\nupper = {half}\n", -half);
            let calibration = build(&text, ONE).unwrap().nominal_calibration();
            let value = calibration.joints[0].1;
            assert_eq!(value.range_max - value.range_min, steps);
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, key) in [
            ("[limits.tail]\nlower = -1.0\nupper = 1.0\n", "limits.tail"),
            (
                "[limits.elbow_flex]\nlower = 1.0\nupper = -1.0\n",
                "joints.elbow_flex.lower",
            ),
            (
                "[limits.elbow_flex]\nlower = nan\nupper = 1.0\n",
                "joints.elbow_flex.lower",
            ),
            ("[simulation]\nfriction = -1.0\n", "simulation.friction"),
            ("[simulation]\nplay = nan\n", "simulation.play"),
            (
                "[simulation]\naction_delay_ms = 1e9\n",
                "simulation.action_delay_ms",
            ),
        ] {
            let error = build(text, ONE).unwrap_err();
            assert!(error.contains(key), "{error}");
        }
    }
}
