//! What the counts of one kind of servo mean.

use crate::units::{Amperes, Celsius, DriveShare, Scale, Seconds, Turns, TurnsPerSecond, Volts};

/// What one count is worth. Whether a servo has such a register at all, its table says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scales {
    /// Of positions.
    pub position: Scale<Turns>,
    /// Of velocities.
    pub velocity: Scale<TurnsPerSecond>,
    /// Of loads.
    pub load: Scale<DriveShare>,
    /// Of the duty in a register of its own.
    pub pwm: Scale<DriveShare>,
    /// Of currents.
    pub current: Scale<Amperes>,
    /// Of voltages.
    pub voltage: Scale<Volts>,
    /// Of temperatures.
    pub temperature: Scale<Celsius>,
    /// Of the return delay.
    pub return_delay: Scale<Seconds>,
}
