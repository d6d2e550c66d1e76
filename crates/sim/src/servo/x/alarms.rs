//! The servo's protections: alarms that last until a reboot, and the watchdog.

use ulna_bus::ErrorFlags;
use ulna_bus::families::xl330 as reg;

use super::motion::FULL_PWM;
use super::{MODE_PWM, X};

/// An overload: this part of the duty without getting anywhere (steps/s), for so many ticks. ROBOTIS does not publish its own;
/// these are Feetech's 80 % for 2 s.
const OVERLOAD_DUTY: f64 = 0.8;
const OVERLOAD_SPEED: f64 = 400.0;
pub(super) const OVERLOAD_TICKS: u32 = 200;
/// The watchdog counts in this many ticks, and what it reads once it has bitten.
const WATCHDOG_TICKS: u32 = 2;
pub(super) const WATCHDOG_BITTEN: u8 = 0xFF;

impl X {
    /// Lets an overload count one tick.
    pub(super) fn count_overload(&mut self) {
        let stuck = self.sense.velocity.abs() < OVERLOAD_SPEED;
        let limit = f64::from(self.get(reg::PWM_LIMIT)) / FULL_PWM;
        if stuck && self.sense.duty.abs() > OVERLOAD_DUTY * limit {
            self.overloaded += 1;
        } else {
            self.overloaded = 0;
        }
        if self.overloaded > OVERLOAD_TICKS {
            self.raise(ErrorFlags::OVERLOAD);
        }
    }

    /// Stops when the host has been silent for too long.
    pub(super) fn watch(&mut self) {
        self.unspoken = self.unspoken.saturating_add(1);
        let patience = self.byte(reg::BUS_WATCHDOG);
        let bites = patience != 0 && patience != WATCHDOG_BITTEN;
        let waited = self.unspoken > u32::from(patience) * WATCHDOG_TICKS;
        if bites && waited && self.byte(reg::TORQUE_ENABLE) != 0 {
            self.memory.set(reg::BUS_WATCHDOG, WATCHDOG_BITTEN.into());
            self.memory.set(reg::PROFILE_VELOCITY, 0);
            self.memory.set(reg::PROFILE_ACCELERATION, 0);
            self.memory.set(reg::GOAL_VELOCITY, 0);
            self.goal_is_here();
            if self.get(reg::OPERATING_MODE) == MODE_PWM {
                self.memory.set(reg::GOAL_PWM, 0);
            }
        }
    }

    /// Judges what needs no patience.
    pub(super) fn look(&mut self) {
        let volts = |register| f64::from(self.get(register)) * reg::VOLTS_PER_COUNT;
        let (low, high) = (volts(reg::MIN_VOLTAGE_LIMIT), volts(reg::MAX_VOLTAGE_LIMIT));
        let hot = f64::from(self.byte(reg::TEMPERATURE_LIMIT));
        if self.sense.voltage < low || self.sense.voltage > high {
            self.raise(ErrorFlags::VOLTAGE);
        }
        if self.sense.temperature > hot {
            self.raise(ErrorFlags::OVERHEAT);
        }
    }

    pub(super) fn raise(&mut self, flags: ErrorFlags) {
        self.alarms = self.alarms.union(flags);
        if self.is_shut_down() {
            self.memory.set(reg::TORQUE_ENABLE, 0);
        }
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.alarms.to_dynamixel_register() & self.byte(reg::SHUTDOWN) != 0
    }
}
