//! A base on wheels: how the speeds of its wheels make it move.
//!
//! LeRobot describes the motion of such a base by three numbers: `x.vel` forward and `y.vel` to the left, m/s, and `theta.vel`, degrees/s
//! anticlockwise. The formulae are those of LeRobot 0.6 (`LeKiwi._body_to_wheel_raw`).

use alloc::string::String;
use alloc::vec::Vec;

use nalgebra::{Matrix3, Vector3};
use serde::{Deserialize, Serialize};

/// A base on three omnidirectional wheels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BaseSpec {
    /// Radius of a wheel, m.
    pub wheel_radius: f64,
    /// From the middle of the base to a wheel, m.
    pub base_radius: f64,
    /// Names of the three joints that are wheels, in order; they are the last joints of the file.
    pub wheels: Vec<String>,
    /// The direction in which each wheel drives, degrees anticlockwise from forward.
    pub directions: [f64; 3],
    /// Fastest that a wheel turns, degrees/s; a motion that needs more is slowed as a whole.
    pub wheel_speed: f64,
    /// Fastest that the base is let drive, m/s.
    pub max_speed: f64,
    /// Fastest that the base is let turn, degrees/s.
    pub max_turn: f64,
    /// Hardest that the base is let start and brake, m/s²; it turns as much harder as it turns faster.
    pub acceleration: f64,
}

impl BaseSpec {
    /// LeRobot's names of the three numbers.
    pub const VALUES: [&'static str; 3] = ["x.vel", "y.vel", "theta.vel"];

    /// Fastest of each of the three numbers.
    pub fn fastest(&self) -> [f64; 3] {
        [self.max_speed, self.max_speed, self.max_turn]
    }
}

/// What a degree/s of a wheel may move the base by at most, m/s and degrees/s.
const WEAKEST: f64 = 1e3;

/// The kinematics of a base on three omnidirectional wheels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Omni {
    to_wheels: Matrix3<f64>,
    to_body: Matrix3<f64>,
    wheel_speed: f64,
}

impl Omni {
    /// The kinematics of a base; `None` if its wheels cannot drive it in every direction.
    pub fn new(spec: &BaseSpec) -> Option<Self> {
        let row = |wheel: usize| {
            let (sin, cos) = sin_cos(spec.directions[wheel].to_radians());
            // Degrees/s of the wheel for 1 m/s forward, 1 m/s to the left, 1 degree/s anticlockwise.
            let per_metre = (1.0 / spec.wheel_radius).to_degrees();
            [
                cos * per_metre,
                sin * per_metre,
                spec.base_radius / spec.wheel_radius,
            ]
        };
        let to_wheels = Matrix3::from_fn(|wheel, value| row(wheel)[value]);
        let to_body = to_wheels.try_inverse()?;
        // Wheels that drive in nearly the same direction would have to turn for ever to move the base across it.
        if to_body.amax().partial_cmp(&WEAKEST) != Some(core::cmp::Ordering::Less) {
            return None;
        }
        Some(Self {
            to_wheels,
            to_body,
            wheel_speed: spec.wheel_speed,
        })
    }

    /// Speeds of the wheels, degrees/s, that move the base like this (m/s, m/s, degrees/s), or in the same direction as fast
    /// as the fastest wheel can.
    pub fn wheels(&self, body: [f64; 3]) -> [f64; 3] {
        let wheels = self.to_wheels * Vector3::from(body);
        let fastest = wheels.amax();
        let share = if fastest > self.wheel_speed {
            self.wheel_speed / fastest
        } else {
            1.0
        };
        (wheels * share).into()
    }

    /// How the base moves (m/s, m/s, degrees/s) when its wheels turn like this, degrees/s.
    pub fn body(&self, wheels: [f64; 3]) -> [f64; 3] {
        (self.to_body * Vector3::from(wheels)).into()
    }
}

/// Through a rotation, because `core` has no trigonometry of its own.
fn sin_cos(angle: f64) -> (f64, f64) {
    let turned = nalgebra::Rotation2::new(angle) * nalgebra::Vector2::x();
    (turned.y, turned.x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lekiwi() -> BaseSpec {
        BaseSpec {
            wheel_radius: 0.05,
            base_radius: 0.125,
            wheels: Vec::new(),
            directions: [150.0, -90.0, 30.0],
            wheel_speed: 3000.0 * 360.0 / 4096.0,
            max_speed: 0.3,
            max_turn: 90.0,
            acceleration: 1.0,
        }
    }

    // Worked by hand from LeRobot's formulae: 0.1 m/s forward is cos(30°) * 0.1 / 0.05 rad/s at the side wheels.
    #[test]
    fn driving_forward_turns_the_side_wheels_against_each_other() {
        let omni = Omni::new(&lekiwi()).unwrap();
        let [left, back, right] = omni.wheels([0.1, 0.0, 0.0]);
        assert!((right - 99.239).abs() < 1e-2 && (left + right).abs() < 1e-9 && back.abs() < 1e-9);
        let turning = omni.wheels([0.0, 0.0, 30.0]);
        assert!(turning.iter().all(|wheel| (wheel - 75.0).abs() < 1e-9));
    }

    #[test]
    fn three_wheels_in_one_direction_are_no_base() {
        let spec = BaseSpec {
            directions: [0.0; 3],
            ..lekiwi()
        };
        assert_eq!(Omni::new(&spec), None);
    }

    proptest! {
        #[test]
        fn motions_make_the_round_trip_and_no_wheel_is_too_fast(
            x in -1.0..1.0f64, y in -1.0..1.0f64, theta in -200.0..200.0f64
        ) {
            let omni = Omni::new(&lekiwi()).unwrap();
            let wheels = omni.wheels([x, y, theta]);
            prop_assert!(wheels.iter().all(|wheel| wheel.abs() <= lekiwi().wheel_speed + 1e-9));
            let back = omni.body(wheels);
            let share = if theta.abs() > 1.0 { back[2] / theta } else { 1.0 };
            prop_assert!(share <= 1.0 + 1e-9 && share > 0.0);
            if theta.abs() > 1.0 {
                prop_assert!((back[0] - x * share).abs() < 1e-9 && (back[1] - y * share).abs() < 1e-9);
            }
        }
    }
}
