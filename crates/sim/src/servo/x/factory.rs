//! What an X servo holds when it is new (ROBOTIS e-manual, control tables of XL430-W250, XL330-M288 and XL330-M077). Models that are not
//! among these have the values of the one with the same table.

use ulna_bus::Model;
use ulna_bus::families::x_series::XL330_M077;
use ulna_bus::families::{xl330 as reg, xl430};
use ulna_bus::registers::{Register, Table};

/// The settings that outlast the power. The id is 1 and the rate 57,600 bits per second.
pub(super) fn eeprom(model: &Model) -> [(Register, i32); 21] {
    let small = !measures_load(model.table);
    let by_size = |xl330: i32, xl430: i32| if small { xl330 } else { xl430 };
    let fast = model.number == XL330_M077.number;
    [
        (reg::MODEL_NUMBER, i32::from(model.number)),
        (reg::FIRMWARE_VERSION, by_size(52, 46)),
        (reg::ID, 1),
        (reg::BAUD_RATE, 1),
        (reg::RETURN_DELAY_TIME, 250),
        (reg::DRIVE_MODE, 0),
        (reg::OPERATING_MODE, 3),
        (reg::SECONDARY_ID, 255),
        (reg::PROTOCOL_TYPE, 2),
        (reg::HOMING_OFFSET, 0),
        (reg::MOVING_THRESHOLD, 10),
        (reg::TEMPERATURE_LIMIT, by_size(70, 72)),
        (reg::MAX_VOLTAGE_LIMIT, by_size(70, 140)),
        (reg::MIN_VOLTAGE_LIMIT, by_size(35, 60)),
        (reg::PWM_LIMIT, 885),
        (reg::CURRENT_LIMIT, by_size(1750, 0)),
        (
            reg::VELOCITY_LIMIT,
            if fast { 1620 } else { by_size(445, 265) },
        ),
        (reg::MAX_POSITION_LIMIT, 4095),
        (reg::MIN_POSITION_LIMIT, 0),
        (reg::ACCELERATION_LIMIT, 32_767),
        (reg::SHUTDOWN, by_size(53, 52)),
    ]
}

/// The gains after every power-on and change of mode.
pub(super) fn gains(model: &Model) -> [(Register, i32); 5] {
    let [velocity_i, velocity_p, d, i, p] = if measures_load(model.table) {
        [1000, 100, 4000, 0, 640]
    } else if model.number == XL330_M077.number {
        [400, 40, 0, 400, 400]
    } else {
        [1600, 180, 0, 0, 400]
    };
    [
        (reg::VELOCITY_I_GAIN, velocity_i),
        (reg::VELOCITY_P_GAIN, velocity_p),
        (reg::POSITION_D_GAIN, d),
        (reg::POSITION_I_GAIN, i),
        (reg::POSITION_P_GAIN, p),
    ]
}

fn measures_load(table: &Table) -> bool {
    core::ptr::eq(table, &raw const xl430::TABLE)
}
