//! The servo's protections.
//!
//! Voltage and heat are alarms for as long as they last. Overload and over-current are latched after their protection
//! time. `Unloading_Condition` says which alarms act on the motor: an overload leaves it `Protective_Torque`, the others
//! switch it off. A latched alarm ends with a write to `Torque_Enable`; an overload also with a goal on the other
//! side, so that a gripper that has squeezed for too long can be opened.

use ulna_bus::ErrorFlags;
use ulna_bus::families::sts3215 as reg;

use crate::plant::Sense;
use crate::servo::memory::Memory;

/// What counts as overload in a servo that has no register for it, % of the stall torque: the STS3215's factory value.
const OVERLOAD_TORQUE: i32 = 80;

#[derive(Debug, Clone, Default)]
pub(super) struct Alarms {
    /// Alarms for as long as their cause lasts.
    present: ErrorFlags,
    /// Alarms until something ends them.
    latched: ErrorFlags,
    /// Ticks for which the load, or the current, has been too high without a break.
    overloaded: i32,
    over_current: i32,
    /// The sign of the duty when the overload was latched.
    pushing: f64,
}

impl Alarms {
    pub(super) fn flags(&self) -> ErrorFlags {
        self.present.union(self.latched)
    }

    /// Judges what needs no patience.
    pub(super) fn look(&mut self, sense: &Sense, memory: &Memory) {
        let volts = |register| f64::from(memory.byte(register)) * reg::VOLTS_PER_COUNT;
        let (low, high) = (volts(reg::MIN_VOLTAGE_LIMIT), volts(reg::MAX_VOLTAGE_LIMIT));
        let hot = f64::from(memory.byte(reg::MAX_TEMPERATURE_LIMIT));
        self.present = ErrorFlags::NONE;
        if sense.voltage < low || sense.voltage > high {
            self.present = self.present.union(ErrorFlags::VOLTAGE);
        }
        if sense.temperature > hot {
            self.present = self.present.union(ErrorFlags::OVERHEAT);
        }
    }

    /// Judges what must last for a while.
    pub(super) fn tick(&mut self, sense: &Sense, memory: &Memory) {
        let load = sense.duty.abs() * 100.0;
        let most = match memory.own(reg::OVERLOAD_TORQUE) {
            Some(_) => memory.get(reg::OVERLOAD_TORQUE),
            None => OVERLOAD_TORQUE,
        };
        count(&mut self.overloaded, load > f64::from(most));
        if self.overloaded > memory.get(reg::PROTECTION_TIME)
            && !self.latched.contains(ErrorFlags::OVERLOAD)
            && acts(ErrorFlags::OVERLOAD, memory)
        {
            self.latched = self.latched.union(ErrorFlags::OVERLOAD);
            self.pushing = sense.duty.signum();
        }
        if memory.own(reg::PROTECTION_CURRENT).is_none() {
            return;
        }
        let counts = sense.current.abs() / reg::AMPERES_PER_COUNT;
        count(
            &mut self.over_current,
            counts > f64::from(memory.get(reg::PROTECTION_CURRENT)),
        );
        if self.over_current > memory.get(reg::OVER_CURRENT_PROTECTION_TIME)
            && acts(ErrorFlags::OVER_CURRENT, memory)
        {
            self.latched = self.latched.union(ErrorFlags::OVER_CURRENT);
        }
    }

    /// Latches these as if their time had run out.
    pub(super) fn latch(&mut self, flags: ErrorFlags, sense: &Sense) {
        self.latched = self.latched.union(flags);
        self.pushing = sense.duty.signum();
    }

    pub(super) fn clear_latched(&mut self) {
        self.latched = ErrorFlags::NONE;
        self.overloaded = 0;
        self.over_current = 0;
    }

    /// A goal `ahead` steps from here was written.
    pub(super) fn goal_written(&mut self, ahead: f64) {
        if ahead * self.pushing < 0.0 && self.latched.contains(ErrorFlags::OVERLOAD) {
            self.latched = ErrorFlags(self.latched.0 & !ErrorFlags::OVERLOAD.0);
            self.overloaded = 0;
        }
    }

    /// Whether an alarm switches the motor off.
    pub(super) fn releases(&self, memory: &Memory) -> bool {
        [
            ErrorFlags::VOLTAGE,
            ErrorFlags::OVERHEAT,
            ErrorFlags::OVER_CURRENT,
        ]
        .into_iter()
        .any(|alarm| self.flags().contains(alarm) && acts(alarm, memory))
    }

    /// Part of the full torque that the alarms leave.
    pub(super) fn torque_share(&self, memory: &Memory) -> f64 {
        if self.latched.contains(ErrorFlags::OVERLOAD) {
            f64::from(memory.byte(reg::PROTECTIVE_TORQUE)) / 100.0
        } else {
            1.0
        }
    }
}

fn acts(alarm: ErrorFlags, memory: &Memory) -> bool {
    ErrorFlags(memory.byte(reg::UNLOADING_CONDITION)).contains(alarm)
}

fn count(ticks: &mut i32, goes_on: bool) {
    *ticks = if goes_on { ticks.saturating_add(1) } else { 0 };
}
