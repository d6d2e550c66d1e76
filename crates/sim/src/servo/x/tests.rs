//! What one Dynamixel promises, register by register.

use ulna_bus::families::x_series::{XL330_M288, XL430_W250};
use ulna_bus::families::xl430;

use super::alarms::OVERLOAD_TICKS;
use super::*;
use crate::plant::Control;

fn sense(position: i32) -> Sense {
    Sense {
        position,
        velocity: 100.0,
        duty: -0.25,
        current: 0.3,
        voltage: 5.0,
        temperature: 31.2,
    }
}

/// A servo that was powered with its encoder there.
fn servo(position: i32) -> X {
    let mut servo = X::new(1, XL330_M288);
    servo.power_on(&sense(position));
    servo
}

fn write(servo: &mut X, register: Register, value: i32) -> Result<(), Refusal> {
    let bytes = register.encode(value).unwrap();
    servo.write(register.address.into(), bytes.as_slice(), false)
}

fn in_mode(mode: i32, position: i32) -> X {
    let mut servo = servo(position);
    write(&mut servo, reg::OPERATING_MODE, mode).unwrap();
    write(&mut servo, reg::TORQUE_ENABLE, 1).unwrap();
    servo
}

#[test]
fn a_new_servo_is_as_the_manual_says() {
    let servo = servo(2000);
    for (register, value) in [
        (reg::MODEL_NUMBER, 1200),
        (reg::ID, 1),
        (reg::BAUD_RATE, 1),
        (reg::RETURN_DELAY_TIME, 250),
        (reg::OPERATING_MODE, 3),
        (reg::STATUS_RETURN_LEVEL, 2),
        (reg::CURRENT_LIMIT, 1750),
        (reg::GOAL_PWM, 885),
        (reg::GOAL_CURRENT, 1750),
        (reg::POSITION_P_GAIN, 400),
        (reg::PRESENT_POSITION, 2000),
        (reg::GOAL_POSITION, 2000),
        (reg::PRESENT_PWM, -221),
        (reg::PRESENT_CURRENT, -300),
        (reg::PRESENT_VELOCITY, 6),
        (reg::PRESENT_INPUT_VOLTAGE, 50),
        (reg::PRESENT_TEMPERATURE, 31),
    ] {
        assert_eq!(servo.get(register), value, "{}", register.name);
    }
    let mut big = X::new(1, XL430_W250);
    big.power_on(&sense(0));
    assert_eq!(big.get(xl430::PRESENT_LOAD), -250);
    assert_eq!(big.get(reg::POSITION_D_GAIN), 4000);
}

#[test]
fn the_eeprom_is_closed_while_the_torque_is_on() {
    let mut servo = servo(2000);
    write(&mut servo, reg::TORQUE_ENABLE, 1).unwrap();
    assert_eq!(write(&mut servo, reg::ID, 7), Err(Refusal::Access));
    assert_eq!(servo.get(reg::ID), 1);
    write(&mut servo, reg::TORQUE_ENABLE, 0).unwrap();
    write(&mut servo, reg::ID, 7).unwrap();
    servo.power_on(&sense(0));
    assert_eq!(servo.get(reg::ID), 7);
}

#[test]
fn bad_writes_are_refused_as_a_whole() {
    let mut servo = servo(2000);
    for (address, data, refusal) in [
        (0, &[1, 2][..], Refusal::Access),
        (132, &[0; 4], Refusal::Access),
        (14, &[0], Refusal::Access),
        (300, &[0], Refusal::Access),
        (116, &[0; 2], Refusal::DataLength),
        (117, &[0; 4], Refusal::DataLength),
        (7, &[253], Refusal::DataRange),
        (8, &[7], Refusal::DataRange),
        (11, &[2], Refusal::DataRange),
        (64, &[2], Refusal::DataRange),
        (116, &[0x00, 0x10, 0, 0], Refusal::DataLimit),
        // Torque and LED, the latter out of range.
        (64, &[1, 9], Refusal::DataRange),
    ] {
        let got = servo.write(address, data, false);
        assert_eq!(got, Err(refusal), "{address} {data:?}");
    }
    assert_eq!(servo.get(reg::TORQUE_ENABLE), 0);
    servo.write(64, &[1, 1], false).unwrap();
    assert_eq!(servo.get(reg::TORQUE_ENABLE), 1);
    assert_eq!(servo.read(250, &mut [0; 20]), Err(Refusal::Access));
    let mut big = X::new(1, XL430_W250);
    assert_eq!(
        write(&mut big, reg::OPERATING_MODE, MODE_CURRENT_BASED),
        Err(Refusal::DataRange),
        "it measures no current"
    );
}

#[test]
fn modes_control_what_they_are_named_after() {
    let mut extended = in_mode(MODE_EXTENDED, 2000);
    write(&mut extended, reg::GOAL_POSITION, -9000).unwrap();
    let drive = extended.drive();
    assert_eq!((drive.control, drive.goal), (Control::Position, -9000.0));

    let mut gripper = in_mode(MODE_CURRENT_BASED, 2000);
    write(&mut gripper, reg::GOAL_CURRENT, 250).unwrap();
    assert!((gripper.drive().current_limit - 0.25).abs() < 1e-9);

    let mut wheel = in_mode(MODE_VELOCITY, 2000);
    write(&mut wheel, reg::GOAL_VELOCITY, -100).unwrap();
    write(&mut wheel, reg::PROFILE_ACCELERATION, 10).unwrap();
    let drive = wheel.drive();
    assert_eq!(drive.control, Control::Velocity);
    // 22.9 rpm are 1563 steps/s, and 2145.77 rev/min² are 2441 steps/s².
    assert!((drive.goal + 1563.3).abs() < 0.1, "{}", drive.goal);
    assert!((drive.acceleration - 2441.4).abs() < 0.1);

    let mut pwm = in_mode(MODE_PWM, 2000);
    assert_eq!(pwm.drive().goal, 0.0);
    write(&mut pwm, reg::GOAL_PWM, 177).unwrap();
    let drive = pwm.drive();
    assert_eq!((drive.control, drive.goal), (Control::Duty, 0.2));

    let mut current = in_mode(MODE_CURRENT, 2000);
    write(&mut current, reg::GOAL_CURRENT, -500).unwrap();
    let drive = current.drive();
    assert_eq!((drive.control, drive.goal), (Control::Current, -0.5));
}

#[test]
fn offset_and_reversal_move_positions_and_goals_in_the_same_way() {
    let mut servo = servo(1000);
    write(&mut servo, reg::OPERATING_MODE, MODE_EXTENDED).unwrap();
    write(&mut servo, reg::HOMING_OFFSET, 300).unwrap();
    assert_eq!(servo.get(reg::PRESENT_POSITION), 1300);
    write(&mut servo, reg::GOAL_POSITION, 1400).unwrap();
    assert_eq!(servo.drive().goal, 1100.0);
    write(&mut servo, reg::DRIVE_MODE, 1).unwrap();
    assert_eq!(servo.get(reg::PRESENT_POSITION), 3096 + 300);
    servo.power_on(&sense(1000));
    // A turn begins at -4096: the encoder stands 3096 steps further.
    assert_eq!(servo.get(reg::PRESENT_POSITION), 3096 + 300);
    write(&mut servo, reg::TORQUE_ENABLE, 1).unwrap();
    write(&mut servo, reg::GOAL_POSITION, 3096 + 300 + 50).unwrap();
    assert_eq!(servo.drive().goal, 950.0);
    servo.observe(&sense(950));
    assert_eq!(servo.get(reg::PRESENT_POSITION), 3096 + 350);
}

#[test]
fn positions_count_on_until_something_starts_the_turn() {
    let mut servo = servo(4000);
    servo.observe(&sense(5000));
    assert_eq!(servo.get(reg::PRESENT_POSITION), 5000);
    write(&mut servo, reg::TORQUE_ENABLE, 1).unwrap();
    assert_eq!(servo.get(reg::PRESENT_POSITION), 5000 - 4096);
    let mut servo = in_mode(MODE_EXTENDED, 4000);
    servo.observe(&sense(-5000));
    assert_eq!(servo.get(reg::PRESENT_POSITION), -5000);
    servo.observe(&Sense {
        velocity: 0.0,
        ..sense(-5000)
    });
    servo.clear_turns().unwrap();
    assert_eq!(servo.get(reg::PRESENT_POSITION), 8192 - 5000);
}

#[test]
fn an_overload_shuts_down_until_a_reboot() {
    let mut servo = in_mode(MODE_EXTENDED, 2000);
    servo.observe(&Sense {
        duty: 0.95,
        velocity: 5.0,
        ..sense(2000)
    });
    for _ in 0..OVERLOAD_TICKS {
        servo.tick();
    }
    assert!(servo.drive().torque);
    servo.tick();
    assert_eq!(servo.get(reg::HARDWARE_ERROR_STATUS), 0x20);
    assert_eq!(servo.error_byte(None), 0x80);
    assert!(!servo.drive().torque);
    servo.observe(&sense(2000));
    write(&mut servo, reg::TORQUE_ENABLE, 1).unwrap();
    assert_eq!(servo.get(reg::TORQUE_ENABLE), 0, "it stays off");
    servo.reboot();
    assert!(!servo.is_awake());
    for _ in 0..BOOT_TICKS {
        servo.tick();
    }
    assert!(servo.is_awake());
    assert!(servo.error().is_empty());
    write(&mut servo, reg::TORQUE_ENABLE, 1).unwrap();
    assert!(servo.drive().torque);
}

#[test]
fn alarms_outside_the_shutdown_register_only_alert() {
    let mut servo = X::new(1, XL430_W250);
    servo.power_on(&Sense {
        voltage: 12.0,
        ..sense(2000)
    });
    write(&mut servo, reg::TORQUE_ENABLE, 1).unwrap();
    servo.observe(&sense(2000));
    assert_eq!(
        servo.get(reg::HARDWARE_ERROR_STATUS),
        1,
        "5 V are too little"
    );
    assert_eq!(servo.error_byte(Some(Refusal::Access)), 0x87);
    assert!(servo.drive().torque);
    servo.observe(&Sense {
        temperature: 75.0,
        ..sense(2000)
    });
    assert!(!servo.drive().torque);
}

#[test]
fn the_watchdog_stops_a_wheel_that_gets_no_requests() {
    let mut wheel = in_mode(MODE_VELOCITY, 2000);
    write(&mut wheel, reg::BUS_WATCHDOG, 5).unwrap();
    write(&mut wheel, reg::GOAL_VELOCITY, 100).unwrap();
    for _ in 0..10 {
        wheel.tick();
    }
    wheel.spoken_to();
    for _ in 0..10 {
        wheel.tick();
    }
    assert!(wheel.drive().goal > 0.0);
    wheel.tick();
    assert_eq!(wheel.drive().goal, 0.0);
    let refused = write(&mut wheel, reg::GOAL_VELOCITY, 100);
    assert_eq!(refused, Err(Refusal::DataRange));
    write(&mut wheel, reg::BUS_WATCHDOG, 0).unwrap();
    write(&mut wheel, reg::GOAL_VELOCITY, 100).unwrap();
    assert!(wheel.drive().goal > 0.0);
}

#[test]
fn a_goal_can_switch_the_torque_on() {
    let mut servo = servo(2000);
    write(&mut servo, reg::GOAL_POSITION, 2100).unwrap();
    assert!(!servo.drive().torque);
    write(&mut servo, reg::DRIVE_MODE, TORQUE_ON_BY_GOAL.into()).unwrap();
    write(&mut servo, reg::GOAL_POSITION, 2200).unwrap();
    assert!(servo.drive().torque);
}

#[test]
fn a_waiting_write_acts_on_action() {
    let mut servo = servo(2000);
    assert_eq!(servo.action(), Err(Refusal::ResultFail));
    servo.reg_write(64, &[1]).unwrap();
    assert_eq!(servo.get(reg::REGISTERED_INSTRUCTION), 1);
    assert!(!servo.drive().torque);
    servo.action().unwrap();
    assert!(servo.drive().torque);
}
