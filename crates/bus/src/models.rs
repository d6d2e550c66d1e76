//! The servos there are: what `Model_Number` reads, the register table, and what their counts mean.
//!
//! Numbers, resolutions and tables: LeRobot 0.6.2, and `dynamixel-sdk` 4.1.0 for xh540-w150 and the two xc330. Units of current
//! and velocity: the makers' manuals.

use crate::registers::{Table, scs0009, sts3215, xl330, xl430};
use crate::units::{Amperes, Celsius, Drive, Scale, Seconds, Turns, TurnsPerSecond, Volts};

/// A kind of servo, as its register `Model_Number` tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// LeRobot's name of it.
    pub name: &'static str,
    /// What `Model_Number` reads.
    pub number: u16,
    /// Position counts that LeRobot takes for one turn.
    pub resolution: u16,
    /// Its registers.
    pub table: &'static Table,
    /// What the counts in them mean.
    pub scales: Scales,
}

/// What one count is worth. Whether a servo has such a register at all, its table says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scales {
    /// Of positions.
    pub position: Scale<Turns>,
    /// Of velocities.
    pub velocity: Scale<TurnsPerSecond>,
    /// Of loads.
    pub load: Scale<Drive>,
    /// Of currents.
    pub current: Scale<Amperes>,
    /// Of voltages.
    pub voltage: Scale<Volts>,
    /// Of temperatures.
    pub temperature: Scale<Celsius>,
    /// Of the return delay.
    pub return_delay: Scale<Seconds>,
}

const fn feetech(position: f64) -> Scales {
    Scales {
        position: Scale::new(position),
        velocity: Scale::new(position),
        load: Scale::new(sts3215::LOAD_PER_COUNT),
        current: Scale::new(sts3215::AMPERES_PER_COUNT),
        voltage: Scale::new(sts3215::VOLTS_PER_COUNT),
        temperature: Scale::new(1.0),
        return_delay: Scale::new(sts3215::RETURN_DELAY_SECONDS_PER_COUNT),
    }
}

const fn x_series(amperes: f64) -> Scales {
    Scales {
        position: Scale::new(1.0 / 4096.0),
        velocity: Scale::new(xl330::RPM_PER_COUNT / 60.0),
        load: Scale::new(xl430::LOAD_PER_COUNT),
        current: Scale::new(amperes),
        voltage: Scale::new(xl330::VOLTS_PER_COUNT),
        temperature: Scale::new(1.0),
        return_delay: Scale::new(xl330::RETURN_DELAY_SECONDS_PER_COUNT),
    }
}

const fn sts(name: &'static str, number: u16) -> Model {
    Model {
        name,
        number,
        resolution: 4096,
        table: &sts3215::TABLE,
        scales: feetech(1.0 / 4096.0),
    }
}

const fn x(name: &'static str, number: u16, table: &'static Table, amperes: f64) -> Model {
    Model {
        name,
        number,
        resolution: 4096,
        table,
        scales: x_series(amperes),
    }
}

/// The servo of the SO-100, SO-101 and LeKiwi.
pub const STS3215: Model = sts("sts3215", 777);
/// A stronger sibling of the STS3215.
pub const STS3250: Model = sts("sts3250", 2825);
/// An RS-485 servo with the same registers.
pub const SM8512BL: Model = sts("sm8512bl", 11272);
/// A small servo of protocol 1. Its 1024 counts span 300°.
pub const SCS0009: Model = Model {
    name: "scs0009",
    number: 1284,
    resolution: 1024,
    table: &scs0009::TABLE,
    scales: feetech(300.0 / 360.0 / 1024.0),
};
/// The leaders' servo of the Koch arms.
pub const XL330_M077: Model = x("xl330-m077", 1190, &xl330::TABLE, 0.001);
/// Wrist and gripper of the Koch and OMX followers.
pub const XL330_M288: Model = x("xl330-m288", 1200, &xl330::TABLE, 0.001);
/// Shoulder and elbow of the Koch and OMX followers. Tells load instead of current.
pub const XL430_W250: Model = x("xl430-w250", 1060, &xl430::TABLE, 0.0);
/// A servo with a metal case.
pub const XM430_W350: Model = x("xm430-w350", 1020, &xl330::TABLE, 0.002_69);
/// A servo with a metal case.
pub const XM540_W270: Model = x("xm540-w270", 1120, &xl330::TABLE, 0.002_69);
/// A coreless servo. Tells load instead of current.
pub const XC430_W150: Model = x("xc430-w150", 1070, &xl430::TABLE, 0.0);
/// A high-performance servo.
pub const XH540_W150: Model = x("xh540-w150", 1110, &xl330::TABLE, 0.002_69);
/// A coreless servo in the XL330's size.
pub const XC330_T288: Model = x("xc330-t288", 1220, &xl330::TABLE, 0.001);
/// A coreless servo in the XL330's size.
pub const XC330_T181: Model = x("xc330-t181", 1210, &xl330::TABLE, 0.001);

/// All of them.
pub const ALL: [Model; 13] = [
    STS3215, STS3250, SM8512BL, SCS0009, XL330_M077, XL330_M288, XL430_W250, XM430_W350,
    XM540_W270, XC430_W150, XH540_W150, XC330_T288, XC330_T181,
];

/// The model with LeRobot's name `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<Model> {
    ALL.into_iter().find(|model| model.name == name)
}

/// The model with this `Model_Number`.
#[must_use]
pub fn by_number(number: u16) -> Option<Model> {
    ALL.into_iter().find(|model| model.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::Role;

    #[test]
    fn names_and_numbers_are_unique() {
        for (index, model) in ALL.iter().enumerate() {
            assert_eq!(by_name(model.name), Some(*model));
            assert_eq!(by_number(model.number), Some(*model));
            let twins = ALL[..index]
                .iter()
                .filter(|other| other.number == model.number || other.name == model.name);
            assert_eq!(twins.count(), 0, "{}", model.name);
        }
        assert_eq!(by_number(0), None);
    }

    #[test]
    fn counts_have_units() {
        let model = XM430_W350;
        let current = model.table.find(Role::PresentCurrent).unwrap();
        let raw = current.decode(&[0x9C, 0xFF]).unwrap();
        assert!((model.scales.current.of(raw).0 + 0.269).abs() < 1e-12);
        let volts = STS3215.scales.voltage.of(121);
        assert!((volts.0 - 12.1).abs() < 1e-12);
        assert_eq!(STS3215.scales.return_delay.counts(Seconds(500e-6)), 250);
    }
}
