//! Dynamixel's X series: the models, and what a driver must know apart from their registers.
//!
//! One family with two tables: [`xl330`] is that of the models which measure their current, [`xl430`] that of those which infer a load.
//! All else is the same in both, so servos of unknown models are read by the former.
//!
//! Numbers and resolutions: LeRobot 0.6.2, and `dynamixel-sdk` 4.1.0 for xh540-w150 and the two xc330. Units of current and velocity:
//! ROBOTIS e-manual.

use super::{xl330, xl430};
use crate::family::{Alarms, ClearBy, DriveMode, Family, GentleTorque, HomingSign, Model};
use crate::flags::ErrorFlags;
use crate::registers::Table;
use crate::scales::Scales;
use crate::units::Scale;

/// `Operating_Mode` in which `Goal_PWM` is what the motor is driven with, and no limit.
const PWM_MODE: i32 = 16;

/// The X series.
pub static FAMILY: Family = Family {
    name: "dynamixel",
    table: &xl330::TABLE,
    models: &[
        &XL330_M077,
        &XL330_M288,
        &XL430_W250,
        &XM430_W350,
        &XM540_W270,
        &XC430_W150,
        &XH540_W150,
        &XC330_T288,
        &XC330_T181,
    ],
    likely_baud_rates: &[
        1_000_000, 57_600, 115_200, 2_000_000, 3_000_000, 4_000_000, 9_600,
    ],
    factory_id: 1,
    homing: HomingSign::Added,
    // ROBOTIS e-manual, Homing Offset(20). Without multi-turn positions the servo ignores what lies beyond a quarter of a turn.
    largest_offset: 1_044_479,
    multi_turn_modes: &[
        xl330::EXTENDED_POSITION as i32,
        xl330::CURRENT_BASED_POSITION as i32,
    ],
    multi_turn_bits: 0,
    drive_mode: DriveMode::InServo,
    alarms: Alarms {
        decode: ErrorFlags::from_dynamixel_register,
        latching: ErrorFlags(u8::MAX),
        clear_by: ClearBy::Reboot,
    },
    current_limited_mode: Some(xl330::CURRENT_BASED_POSITION as i32),
    // A quarter of the full drive.
    gentle_torque: Some(GentleTorque {
        counts: 220,
        is_goal_in_mode: Some(PWM_MODE),
    }),
};

const fn model(name: &'static str, number: u16, table: &'static Table, amperes: f64) -> Model {
    Model {
        name,
        number,
        resolution: 4096,
        family: &FAMILY,
        table,
        scales: Scales {
            position: Scale::new(1.0 / 4096.0),
            velocity: Scale::new(xl330::RPM_PER_COUNT / 60.0),
            load: Scale::new(xl430::LOAD_PER_COUNT),
            pwm: Scale::new(1.0 / xl330::FULL_PWM as f64),
            current: Scale::new(amperes),
            voltage: Scale::new(xl330::VOLTS_PER_COUNT),
            temperature: Scale::new(1.0),
            return_delay: Scale::new(xl330::RETURN_DELAY_SECONDS_PER_COUNT),
        },
    }
}

/// The leaders' servo of the Koch arms.
pub static XL330_M077: Model = model("xl330-m077", 1190, &xl330::TABLE, 0.001);
/// Wrist and gripper of the Koch and OMX followers.
pub static XL330_M288: Model = model("xl330-m288", 1200, &xl330::TABLE, 0.001);
/// Shoulder and elbow of the Koch and OMX followers. Reports load instead of current.
pub static XL430_W250: Model = model("xl430-w250", 1060, &xl430::TABLE, 0.0);
/// A servo with a metal case.
pub static XM430_W350: Model = model("xm430-w350", 1020, &xl330::TABLE, 0.002_69);
/// A servo with a metal case.
pub static XM540_W270: Model = model("xm540-w270", 1120, &xl330::TABLE, 0.002_69);
/// A coreless servo. Reports load instead of current.
pub static XC430_W150: Model = model("xc430-w150", 1070, &xl430::TABLE, 0.0);
/// A high-performance servo.
pub static XH540_W150: Model = model("xh540-w150", 1110, &xl330::TABLE, 0.002_69);
/// A coreless servo in the XL330's size.
pub static XC330_T288: Model = model("xc330-t288", 1220, &xl330::TABLE, 0.001);
/// A coreless servo in the XL330's size.
pub static XC330_T181: Model = model("xc330-t181", 1210, &xl330::TABLE, 0.001);
