//! One servo in motion.

use core::f64::consts::TAU;

use ulna_core::joints::{Joints, MAX_JOINTS};

use super::load::{Load, STOP_DAMPING, STOP_STIFFNESS, contact};
use super::model::ServoModel;
use super::setpoint::SetPoint;
use super::solve::{Share, Speeds, Taken, solve};
use crate::plant::{Control, Drive, Sense};

/// The least inertia that the integration takes for an output, kg·m².
const INERTIA_MIN: f64 = 1e-6;

/// The state of one servo. Angles in rad of the raw encoder, speeds in rad/s.
#[derive(Debug, Clone, PartialEq)]
pub struct Servo {
    model: ServoModel,
    set_point: SetPoint,
    rotor: Axis,
    output: Axis,
    taken: Taken,
    powered: bool,
    integral: f64,
    duty: f64,
    current: f64,
    voltage: f64,
    temperature: f64,
    ambient: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Axis {
    angle: f64,
    speed: f64,
}

impl Servo {
    /// A servo at rest at `angle` (rad, raw encoder), supplied with `voltage` (V), as warm as its surroundings (°C).
    pub fn new(model: ServoModel, angle: f64, voltage: f64, ambient: f64) -> Self {
        let mut servo = Self {
            model,
            set_point: SetPoint::default(),
            rotor: Axis::default(),
            output: Axis::default(),
            taken: Taken::default(),
            powered: false,
            integral: 0.0,
            duty: 0.0,
            current: 0.0,
            voltage,
            temperature: ambient,
            ambient,
        };
        servo.place(angle);
        servo
    }

    /// Puts output, motor and set point at `angle`, at rest.
    pub fn place(&mut self, angle: f64) {
        let rest = Axis { angle, speed: 0.0 };
        (self.rotor, self.output) = (rest, rest);
        self.set_point = SetPoint::at(angle);
        self.taken = Taken::default();
        self.integral = 0.0;
        self.duty = 0.0;
        self.current = 0.0;
    }

    /// The servo's constants.
    pub fn model(&self) -> &ServoModel {
        &self.model
    }

    /// True angle of the output, rad of the raw encoder.
    pub fn angle(&self) -> f64 {
        self.output.angle
    }

    /// True speed of the output, rad/s.
    pub fn speed(&self) -> f64 {
        self.output.speed
    }

    /// Kinetic energy of motor and gears, J.
    pub fn kinetic_energy(&self) -> f64 {
        0.5 * self.model.armature * self.rotor.speed * self.rotor.speed
    }

    /// Current that the servo takes from its supply, A; negative while braking feeds some back.
    pub fn supply_current(&self) -> f64 {
        self.model.idle_current + self.duty * self.current
    }

    /// What the servo measures of itself. The position is not wrapped to one turn.
    #[allow(clippy::cast_possible_truncation)]
    pub fn sense(&self) -> Sense {
        let steps = self.model.resolution / TAU;
        Sense {
            position: (self.output.angle * steps).round() as i32,
            velocity: self.output.speed * steps,
            duty: self.duty,
            current: self.current.abs(),
            voltage: self.voltage,
            temperature: self.temperature,
        }
    }

    /// One tick of `dt` seconds of a servo that is coupled to no other, at `voltage` volts.
    pub fn tick(&mut self, drive: &Drive, load: &Load, voltage: f64, dt: f64) {
        let inertia = load.inertia.max(INERTIA_MIN);
        let momentum = inertia * self.output.speed + dt * load.torque;
        let share = self.prepare(drive, load.stops, voltage, dt);
        let mut mass = [[0.0; MAX_JOINTS]; MAX_JOINTS];
        mass[0][0] = inertia;
        let mut taken = Joints::filled(1, self.taken);
        let speeds = solve(
            &mut mass,
            &Joints::filled(1, momentum),
            &Joints::filled(1, share),
            &mut taken,
            None,
        );
        self.commit(speeds[0], taken[0], dt);
    }

    /// The first half of a tick: the firmware, and what the servo contributes to the equations of motion.
    pub(crate) fn prepare(
        &mut self,
        drive: &Drive,
        stops: (f64, f64),
        voltage: f64,
        dt: f64,
    ) -> Share {
        self.voltage = voltage;
        self.powered = drive.torque;
        self.firmware(drive, dt);
        self.share(stops, dt)
    }

    /// The second half: the solved motion.
    pub(crate) fn commit(&mut self, speeds: Speeds, taken: Taken, dt: f64) {
        self.rotor.turn(speeds.rotor, dt);
        self.output.turn(speeds.output, dt);
        self.taken = taken;
        let model = &self.model;
        self.current = if self.powered {
            (self.voltage * self.duty - model.torque_constant * speeds.rotor) / model.resistance
        } else {
            0.0
        };
        let loss = self.current * self.current * model.resistance;
        let warming = loss * model.thermal_resistance - (self.temperature - self.ambient);
        self.temperature += warming * dt / model.thermal_time;
    }

    /// Momentum that friction took in the last tick.
    pub(crate) fn taken(&self) -> Taken {
        self.taken
    }

    /// From the goal to a duty.
    fn firmware(&mut self, drive: &Drive, dt: f64) {
        let model = &self.model;
        if !drive.torque {
            self.set_point = SetPoint::at(self.output.angle);
            self.integral = 0.0;
            self.duty = 0.0;
            return;
        }
        let share = if drive.torque_limit.is_finite() {
            drive.torque_limit.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let most = model.duty_max * share;
        let duty = match drive.control {
            Control::Position | Control::Velocity => self.follow(drive, most, dt),
            Control::Current => self.duty_for(number(drive.goal)),
            Control::Duty => number(drive.goal),
        };
        // What the limit leaves on either side of standing still with no current.
        let limit = drive.current_limit.max(0.0);
        let (low, high) = if limit.is_finite() {
            (self.duty_for(-limit), self.duty_for(limit))
        } else {
            (-1.0, 1.0)
        };
        self.duty = duty.min(high).max(low).clamp(-most, most);
    }

    /// The duty that drives this current, A, through the winding.
    fn duty_for(&self, current: f64) -> f64 {
        let model = &self.model;
        let volts = current * model.resistance + model.torque_constant * self.rotor.speed;
        if self.voltage > 0.0 {
            volts / self.voltage
        } else {
            0.0
        }
    }

    /// Moves the set point, and turns the output's distance from it into a duty.
    fn follow(&mut self, drive: &Drive, most: f64, dt: f64) -> f64 {
        let model = &self.model;
        let radians = TAU / model.resolution;
        let [p, i, d] = drive.gains;
        let own = |asked: f64, own: f64| if asked > 0.0 { asked.min(own) } else { own };
        let acceleration = own(drive.acceleration, model.acceleration_max) * radians;
        if drive.control == Control::Velocity {
            let speed = number(drive.goal).clamp(-model.speed_max, model.speed_max) * radians;
            // Further ahead than the full duty pulls, the set point would only store up a jump.
            let stiffness = p * model.duty_per_gain;
            let lead = if stiffness > 0.0 {
                most / stiffness
            } else {
                0.0
            };
            self.set_point
                .run(speed, acceleration, self.output.angle, lead, dt);
        } else {
            // A goal of NaN leaves the set point where it is.
            let goal = if drive.goal.is_finite() {
                drive.goal * radians
            } else {
                self.set_point.position
            };
            let speed = own(drive.speed, model.speed_max) * radians;
            self.set_point.step(goal, speed, acceleration, dt);
        }

        // The firmware sees whole encoder steps, and nothing within the dead zone.
        let steps = ((self.set_point.position - self.output.angle) / radians).round();
        let error = if steps.abs() <= model.dead_zone {
            0.0
        } else {
            steps * radians
        };
        self.integral += error * i * model.integral_per_gain * dt;
        self.integral = self.integral.clamp(-most, most);
        let error_speed = self.set_point.velocity - self.output.speed;
        p * model.duty_per_gain * error + d * model.damping_per_gain * error_speed + self.integral
    }

    /// The forces on both masses.
    fn share(&self, stops: (f64, f64), dt: f64) -> Share {
        let model = &self.model;
        let kt = model.torque_constant;
        // An unpowered bridge is open: no current, no braking.
        let (push, back_emf) = if self.powered {
            let push = kt * self.voltage * self.duty / model.resistance;
            (push, kt * kt / model.resistance)
        } else {
            (0.0, 0.0)
        };
        // Gears touch beyond half the play on either side.
        let twist = self.rotor.angle - self.output.angle;
        let bite = twist - twist.clamp(-model.play / 2.0, model.play / 2.0);
        let (spring, gears) = contact(bite, model.gear_stiffness, model.gear_damping, dt);
        let beyond = self.output.angle - self.output.angle.max(stops.0).min(stops.1);
        let (stop, stopping) = contact(beyond, STOP_STIFFNESS, STOP_DAMPING, dt);

        let fading = (self.rotor.speed / model.stribeck).powi(2);
        let friction =
            model.coulomb + model.load_friction * spring.abs() + model.stiction * (-fading).exp();
        Share {
            rotor: model.armature + dt * (model.viscous + back_emf + gears),
            gears: dt * gears,
            stop: dt * stopping,
            rotor_momentum: model.armature * self.rotor.speed + dt * (push - spring),
            output_momentum: dt * (spring - stop),
            rotor_friction: dt * friction,
            output_friction: dt * model.output_friction,
        }
    }
}

impl Axis {
    fn turn(&mut self, speed: f64, dt: f64) {
        self.speed = speed;
        self.angle += speed * dt;
    }
}

/// NaN and infinities count as 0.
fn number(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}
