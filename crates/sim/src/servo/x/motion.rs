//! From the registers to the motor, and from the sensors to the registers.

use ulna_bus::families::{xl330 as reg, xl430};
use ulna_bus::registers::Register;
use ulna_bus::units::Amperes;

use super::{MODE_CURRENT, MODE_CURRENT_BASED, MODE_PWM, MODE_VELOCITY, X};
use crate::plant::{Control, Drive, Sense};
use crate::servo::steps::{TICK, rounded};

/// Counts of PWM that are the full duty.
pub(super) const FULL_PWM: f64 = reg::FULL_PWM as f64;
/// Encoder steps in one turn.
const TURN: i32 = 4096;
/// Steps per second in one count of velocity.
const STEPS_PER_SECOND: f64 = reg::RPM_PER_COUNT / 60.0 * TURN as f64;
/// Steps per second squared in one count of `Profile_Acceleration`: 214.577 rev/min².
const STEPS_PER_SECOND_SQUARED: f64 = 214.577 / 3600.0 * TURN as f64;
/// The velocity loop as a loop of the position that the wheel should have by now: what one count of `Velocity_I_Gain` is in counts of
/// `Position_P_Gain`, and one of `Velocity_P_Gain` in counts of `Position_D_Gain`. From the e-manual's conversions (I/65536,
/// P/128, D/16), if all loops run every millisecond.
const VELOCITY_I_AS_POSITION_P: f64 = 0.125;
const VELOCITY_P_AS_POSITION_D: f64 = 8.0;
/// Steps from the goal within which a servo has arrived.
const IN_POSITION: u32 = 20;

impl X {
    pub(in crate::servo) fn drive(&self) -> Drive {
        let sense_of_rotation = f64::from(self.direction());
        let count = |register| f64::from(self.get(register));
        let amperes = self.amperes(reg::GOAL_CURRENT);
        let duty = count(reg::GOAL_PWM) / FULL_PWM;
        let limit = count(reg::PWM_LIMIT) / FULL_PWM;
        let position_gains = [
            count(reg::POSITION_P_GAIN),
            count(reg::POSITION_I_GAIN),
            count(reg::POSITION_D_GAIN),
        ];
        let drive = Drive {
            torque: self.byte(reg::TORQUE_ENABLE) != 0 && !self.is_shut_down(),
            speed: count(reg::PROFILE_VELOCITY) * STEPS_PER_SECOND,
            acceleration: count(reg::PROFILE_ACCELERATION) * STEPS_PER_SECOND_SQUARED,
            gains: position_gains,
            torque_limit: duty.abs().min(limit),
            ..Drive::default()
        };
        match self.get(reg::OPERATING_MODE) {
            MODE_CURRENT => Drive {
                control: Control::Current,
                goal: amperes * sense_of_rotation,
                torque_limit: limit,
                current_limit: self.amperes(reg::CURRENT_LIMIT),
                ..drive
            },
            MODE_VELOCITY => Drive {
                control: Control::Velocity,
                goal: count(reg::GOAL_VELOCITY) * STEPS_PER_SECOND * sense_of_rotation,
                gains: [
                    count(reg::VELOCITY_I_GAIN) * VELOCITY_I_AS_POSITION_P,
                    0.0,
                    count(reg::VELOCITY_P_GAIN) * VELOCITY_P_AS_POSITION_D,
                ],
                ..drive
            },
            MODE_PWM => Drive {
                control: Control::Duty,
                goal: duty * sense_of_rotation,
                torque_limit: limit,
                ..drive
            },
            mode => Drive {
                goal: f64::from(self.raw(self.limited(self.get(reg::GOAL_POSITION)))),
                current_limit: if mode == MODE_CURRENT_BASED {
                    amperes.abs()
                } else {
                    f64::INFINITY
                },
                ..drive
            },
        }
    }

    /// What a register of current says, A.
    fn amperes(&self, register: Register) -> f64 {
        self.model.scales.current.of(self.get(register)).0
    }

    /// 1, or -1 if `Drive_Mode` reverses the servo.
    fn direction(&self) -> i32 {
        if self.byte(reg::DRIVE_MODE) & reg::DRIVE_MODE_REVERSED == 0 {
            1
        } else {
            -1
        }
    }

    /// The encoder in the servo's sense of rotation, not wrapped.
    fn directed(&self) -> i32 {
        self.sense.position.saturating_mul(self.direction())
    }

    /// The register `Present_Position`.
    pub(super) fn present_position(&self) -> i32 {
        self.directed()
            .saturating_sub(self.base)
            .saturating_add(self.get(reg::HOMING_OFFSET))
    }

    /// The raw steps at which the register reads `position`.
    fn raw(&self, position: i32) -> i32 {
        position
            .saturating_sub(self.get(reg::HOMING_OFFSET))
            .saturating_add(self.base)
            .saturating_mul(self.direction())
    }

    /// The position is within one turn from here on.
    pub(super) fn start_turn(&mut self) {
        let directed = self.directed();
        self.base = directed.saturating_sub(directed.rem_euclid(TURN));
    }

    pub(super) fn goal_is_here(&mut self) {
        let here = self.present_position();
        self.memory.set(reg::GOAL_POSITION, here);
    }

    /// Brings the read-only registers up to date.
    pub(super) fn refresh(&mut self) {
        let turn = self.direction();
        let directed = f64::from(turn);
        let Sense {
            velocity,
            duty,
            current,
            voltage,
            temperature,
            ..
        } = self.sense;
        let duty = duty.clamp(-1.0, 1.0) * directed;
        let velocity = rounded(velocity / STEPS_PER_SECOND * directed);
        let moving = velocity.abs() > self.get(reg::MOVING_THRESHOLD);
        let position = self.present_position();
        let goal = self.limited(self.get(reg::GOAL_POSITION));
        let arrived = goal.abs_diff(position) <= IN_POSITION;
        let uptime = self.uptime.wrapping_mul(TICK.as_millis() as u32) & 0x7FFF;
        for (register, value) in [
            (
                reg::HARDWARE_ERROR_STATUS,
                self.alarms.to_dynamixel_register().into(),
            ),
            (reg::REALTIME_TICK, uptime as i32),
            (reg::MOVING, moving.into()),
            (reg::MOVING_STATUS, arrived.into()),
            (reg::PRESENT_PWM, rounded(duty * FULL_PWM)),
            (reg::PRESENT_VELOCITY, velocity),
            (reg::PRESENT_POSITION, position),
            (reg::POSITION_TRAJECTORY, goal),
            (
                reg::PRESENT_INPUT_VOLTAGE,
                rounded(voltage / reg::VOLTS_PER_COUNT),
            ),
            (reg::PRESENT_TEMPERATURE, rounded(temperature)),
        ] {
            self.memory.set(register, value);
        }
        // Current or load, at the same address.
        if self.has(xl430::PRESENT_LOAD) {
            let load = rounded(duty / xl430::LOAD_PER_COUNT);
            self.memory.set(xl430::PRESENT_LOAD, load);
        } else {
            let signed = Amperes(current.abs().copysign(duty));
            let counts = self.model.scales.current.counts(signed);
            self.memory.set(reg::PRESENT_CURRENT, counts);
        }
    }
}
