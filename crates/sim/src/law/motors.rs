//! Which motor turns which joint.
//!
//! A bus knows a servo by its model, and some models are sold with several motors: an STS3215 answers the same whether it is wound for
//! 7.4 V or for 12 V. The robot file says which one an arm has (`[simulation] motor`).

use ulna_robot::{JointSpec, RobotKind};

use super::model::ServoModel;

/// Motors of servos whose model is on the bus another one's.
const VARIANTS: [(&str, &str); 1] = [("sts3215-12v", "sts3215")];

impl ServoModel {
    /// The names of all motors that a servo of this model may have, its usual one first.
    pub fn motors_of(model: &str) -> Vec<&'static str> {
        let usual = Self::names().filter(|name| *name == model);
        let variants = VARIANTS.iter().filter(|(_, of)| *of == model);
        usual.chain(variants.map(|(name, _)| *name)).collect()
    }

    /// The constants of a joint's servo: of the motor that the robot file names if the servo's model is made with it, else of the
    /// model itself, with the file's friction and play.
    pub fn of(kind: &RobotKind, joint: &JointSpec) -> Option<Self> {
        let simulation = &kind.simulation;
        let motors = Self::motors_of(&joint.model);
        let named = simulation.motor.as_deref();
        let named = named.filter(|motor| motors.contains(motor));
        let usual = Self::named(named.unwrap_or(&joint.model))?;
        Some(usual.adjusted(simulation.friction, simulation.play))
    }

    /// The motor that the robot file names, if no servo of the robot is made with it.
    pub(crate) fn misnamed(kind: &RobotKind) -> Option<&str> {
        let motor = kind.simulation.motor.as_deref()?;
        let mut joints = kind.joints.iter();
        let fits = joints.any(|joint| Self::motors_of(&joint.model).contains(&motor));
        (!fits).then_some(motor)
    }

    /// The same servo with so many times the friction and the play.
    #[must_use]
    pub fn adjusted(&self, friction: f64, play: f64) -> Self {
        Self {
            coulomb: self.coulomb * friction,
            load_friction: self.load_friction * friction,
            stiction: self.stiction * friction,
            output_friction: self.output_friction * friction,
            play: self.play * play,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn so101() -> RobotKind {
        toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
    }

    #[test]
    fn the_robot_file_names_the_motor() {
        let mut kind = so101();
        assert_eq!(
            ServoModel::of(&kind, &kind.joints[0]),
            Some(ServoModel::STS3215)
        );
        kind.simulation.motor = Some("sts3215-12v".into());
        kind.simulation.friction = 2.0;
        let strong = ServoModel::of(&kind, &kind.joints[0]).unwrap();
        assert_eq!(
            (strong.supply, strong.coulomb),
            (12.0, 2.0 * ServoModel::STS3215.coulomb)
        );
        // A joint with another servo keeps its own motor.
        kind.joints[5].model = "xl330-m288".into();
        assert_eq!(ServoModel::of(&kind, &kind.joints[5]).unwrap().supply, 5.0);
        assert_eq!(ServoModel::misnamed(&kind), None);
        kind.simulation.motor = Some("xl430-w250".into());
        assert_eq!(ServoModel::misnamed(&kind), Some("xl430-w250"));
        assert_eq!(ServoModel::motors_of("sts3215"), ["sts3215", "sts3215-12v"]);
    }

    #[test]
    fn every_variant_is_of_a_known_model() {
        for (name, of) in VARIANTS {
            assert!(ServoModel::named(name).is_some() && ServoModel::named(of).is_some());
        }
    }
}
