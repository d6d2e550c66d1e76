//! What one servo promises, register by register.

use ulna_bus::encoding::OutOfRange;
use ulna_bus::families::sts3215::STS3215;

use super::*;

impl Sts {
    /// As the maker could.
    fn set(&mut self, register: Register, value: i32) -> Result<(), OutOfRange> {
        register.encode(value)?;
        self.memory.set(register, value);
        Ok(())
    }

    fn id(&self) -> u8 {
        self.byte(reg::ID)
    }
}

fn sense(position: i32) -> Sense {
    Sense {
        position,
        velocity: -12.4,
        duty: 0.25,
        current: -0.65,
        voltage: 7.4,
        temperature: 31.2,
    }
}

/// Sts 1, powered with its encoder at `position`.
fn servo(position: i32) -> Sts {
    let mut servo = Sts::new(1, &STS3215);
    servo.power_on(&sense(position));
    servo
}

fn write(servo: &mut Sts, register: Register, value: i32) {
    servo.write(register.address, register.encode(value).unwrap().as_slice());
}

/// A servo with the torque on.
fn powered(position: i32) -> Sts {
    let mut servo = servo(position);
    write(&mut servo, reg::TORQUE_ENABLE, 1);
    servo
}

#[test]
fn a_new_servo_introduces_itself() {
    let servo = servo(2000);
    let mut identity = [0; 9];
    servo.read(0, &mut identity);
    assert_eq!(identity, [3, 10, 0, 0x09, 0x03, 1, 0, 250, 1]);
    assert_eq!(servo.get(reg::TORQUE_LIMIT), 1000);
    assert_eq!(servo.get(reg::LOCK), 1);
    assert_eq!(servo.get(reg::GOAL_POSITION), 0);
    assert!(!servo.drive().torque);
}

#[test]
fn measurements_have_the_registers_units() {
    let servo = servo(2000);
    let mut block = [0; 15];
    servo.read(reg::PRESENT_POSITION.address, &mut block);
    // Position 2000, velocity -12, load 250, 74 × 0.1 V, 31 °C, no alarm, moving, 100 × 6.5 mA in the direction of the load.
    assert_eq!(
        block,
        [
            0xD0, 0x07, 0x0C, 0x80, 250, 0, 74, 31, 0, 0, 1, 0, 0, 100, 0
        ]
    );
}

#[test]
fn a_current_has_the_sign_of_what_drives_it() {
    let mut servo = servo(2000);
    servo.observe(&Sense {
        duty: -0.25,
        ..sense(2000)
    });
    assert_eq!(servo.get(reg::PRESENT_CURRENT), -100);
    let mut bytes = [0; 2];
    servo.read(reg::PRESENT_CURRENT.address, &mut bytes);
    assert_eq!(bytes, [100, 0x80]);
}

#[test]
fn what_is_written_under_the_lock_holds_until_power_is_lost() {
    let mut servo = servo(0);
    write(&mut servo, reg::ID, 7);
    write(&mut servo, reg::HOMING_OFFSET, -5);
    assert_eq!((servo.id(), servo.get(reg::HOMING_OFFSET)), (7, -5));
    write(&mut servo, reg::LOCK, 0);
    write(&mut servo, reg::P_COEFFICIENT, 16);
    write(&mut servo, reg::LOCK, 1);
    write(&mut servo, reg::P_COEFFICIENT, 99);
    servo.power_on(&sense(0));
    assert_eq!((servo.id(), servo.get(reg::HOMING_OFFSET)), (1, 0));
    assert_eq!(servo.get(reg::P_COEFFICIENT), 16);
    write(&mut servo, reg::LOCK, 0);
    write(&mut servo, reg::ID, 7);
    write(&mut servo, reg::HOMING_OFFSET, -5);
    servo.power_on(&sense(0));
    assert_eq!((servo.id(), servo.get(reg::HOMING_OFFSET)), (7, -5));
    assert_eq!(servo.get(reg::LOCK), 1);
}

#[test]
fn what_is_measured_cannot_be_written() {
    let mut servo = servo(2000);
    servo.write(0, &[0; 5]);
    servo.write(reg::PRESENT_POSITION.address, &[1; 15]);
    servo.write(250, &[1; 40]);
    assert_eq!(servo.get(reg::MODEL_NUMBER), 777);
    assert_eq!(servo.get(reg::PRESENT_POSITION), 2000);
    let mut tail = [1; 40];
    servo.read(250, &mut tail);
    assert_eq!(tail, [0; 40]);
}

#[test]
fn the_offset_moves_positions_and_goals() {
    let mut servo = powered(300);
    servo.set(reg::HOMING_OFFSET, 1000).unwrap();
    servo.observe(&sense(300));
    assert_eq!(servo.get(reg::PRESENT_POSITION), 3396);
    // The goal is 96 register steps below, and so it is on the encoder.
    write(&mut servo, reg::GOAL_POSITION, 3300);
    assert_eq!(servo.drive().goal, 204.0);
    servo.set(reg::HOMING_OFFSET, -1000).unwrap();
    servo.observe(&sense(300));
    assert_eq!(servo.get(reg::PRESENT_POSITION), 1300);
}

#[test]
fn phase_selects_multi_turn_positions() {
    let mut servo = servo(-10);
    assert_eq!(servo.get(reg::PRESENT_POSITION), 4086);
    servo.set(reg::PHASE, 28).unwrap();
    servo.observe(&sense(-10));
    assert_eq!(servo.get(reg::PRESENT_POSITION), -10);
    let mut bytes = [0; 2];
    servo.read(reg::PRESENT_POSITION.address, &mut bytes);
    assert_eq!(bytes, [10, 0x80]);
}

#[test]
fn goals_stop_at_the_position_limits() {
    let mut servo = powered(2000);
    servo.set(reg::MIN_POSITION_LIMIT, 1000).unwrap();
    servo.set(reg::MAX_POSITION_LIMIT, 3000).unwrap();
    for (goal, reached) in [
        (4000, 3000.0),
        (500, 1000.0),
        (-500, 1000.0),
        (1500, 1500.0),
    ] {
        write(&mut servo, reg::GOAL_POSITION, goal);
        assert_eq!(servo.get(reg::GOAL_POSITION), goal);
        assert_eq!(servo.drive().goal, reached);
    }
    servo.set(reg::MIN_POSITION_LIMIT, 0).unwrap();
    servo.set(reg::MAX_POSITION_LIMIT, 0).unwrap();
    write(&mut servo, reg::GOAL_POSITION, 9000);
    assert_eq!(servo.drive().goal, 9000.0);
}

#[test]
fn a_drive_follows_its_registers() {
    let mut servo = powered(2000);
    write(&mut servo, reg::ACCELERATION, 254);
    write(&mut servo, reg::GOAL_VELOCITY, 1500);
    write(&mut servo, reg::TORQUE_LIMIT, 500);
    write(&mut servo, reg::LOCK, 0);
    write(&mut servo, reg::P_COEFFICIENT, 16);
    write(&mut servo, reg::I_COEFFICIENT, 3);
    let drive = Drive {
        torque: true,
        goal: 0.0,
        speed: 1500.0,
        acceleration: 25_400.0,
        gains: [16.0, 3.0, 32.0],
        torque_limit: 0.5,
        ..Drive::default()
    };
    assert_eq!(servo.drive(), drive);
    write(&mut servo, reg::MAXIMUM_ACCELERATION, 100);
    assert_eq!(servo.drive().acceleration, 10_000.0);
}

#[test]
fn wheels_turn_at_a_speed_or_a_duty() {
    let mut wheel = powered(100);
    wheel.set(reg::OPERATING_MODE, MODE_VELOCITY).unwrap();
    write(&mut wheel, reg::GOAL_VELOCITY, -800);
    let drive = wheel.drive();
    assert_eq!((drive.control, drive.goal), (Control::Velocity, -800.0));
    wheel.set(reg::OPERATING_MODE, MODE_PWM).unwrap();
    write(&mut wheel, reg::GOAL_TIME, 1 << 10 | 250);
    let drive = wheel.drive();
    assert_eq!((drive.control, drive.goal), (Control::Duty, -0.25));
}

#[test]
fn steps_count_from_where_they_were_commanded() {
    let mut servo = powered(100);
    servo.set(reg::OPERATING_MODE, MODE_STEP).unwrap();
    write(&mut servo, reg::GOAL_POSITION, -300);
    servo.observe(&sense(0));
    assert_eq!(servo.drive().goal, -200.0);
}

#[test]
fn torque_128_makes_here_the_middle() {
    for position in [0, 1, 100, 2048, 4095, 5000, -7] {
        let mut servo = servo(position);
        write(&mut servo, reg::TORQUE_ENABLE, 128);
        let expected = if position == 0 { 2047 } else { 2048 };
        assert_eq!(
            servo.get(reg::PRESENT_POSITION),
            expected,
            "from {position}"
        );
        assert!(!servo.drive().torque);
    }
}

#[test]
fn a_waiting_write_acts_on_action() {
    let mut servo = servo(2000);
    servo.action();
    servo.reg_write(reg::GOAL_POSITION.address, &[0x00, 0x04]);
    assert_eq!(servo.get(reg::GOAL_POSITION), 0);
    servo.action();
    assert_eq!(servo.get(reg::GOAL_POSITION), 1024);
}

#[test]
fn an_overload_weakens_the_servo_until_it_is_relieved() {
    let strained = Sense {
        duty: 0.9,
        ..sense(2000)
    };
    let mut servo = powered(2000);
    servo.set(reg::PROTECTION_TIME, 20).unwrap();
    let strain = |servo: &mut Sts, ticks| {
        for _ in 0..ticks {
            servo.observe(&strained);
            servo.tick();
        }
    };
    strain(&mut servo, 20);
    assert!(servo.error().is_empty());
    servo.observe(&sense(2000));
    servo.tick();
    strain(&mut servo, 20);
    assert!(servo.error().is_empty());
    strain(&mut servo, 1);
    assert_eq!(servo.error(), ErrorFlags::OVERLOAD);
    assert_eq!(servo.get(reg::STATUS), 32);
    assert_eq!(servo.drive().torque_limit, 0.2);
    write(&mut servo, reg::GOAL_POSITION, 2500);
    assert_eq!(servo.error(), ErrorFlags::OVERLOAD);
    write(&mut servo, reg::GOAL_POSITION, 1900);
    assert!(servo.error().is_empty());
    strain(&mut servo, 21);
    assert_eq!(servo.error(), ErrorFlags::OVERLOAD);
    write(&mut servo, reg::TORQUE_ENABLE, 1);
    assert!(servo.error().is_empty());
    assert_eq!(servo.drive().torque_limit, 1.0);
}

#[test]
fn heat_and_voltage_are_alarms_while_they_last() {
    let mut servo = powered(2000);
    servo.observe(&Sense {
        voltage: 3.5,
        ..sense(2000)
    });
    assert_eq!(servo.error(), ErrorFlags::VOLTAGE);
    assert!(servo.drive().torque);
    servo.observe(&Sense {
        temperature: 71.0,
        ..sense(2000)
    });
    assert_eq!(servo.error(), ErrorFlags::OVERHEAT);
    assert!(!servo.drive().torque);
    servo.observe(&sense(2000));
    assert!(servo.error().is_empty());
    assert!(servo.drive().torque);
}

#[test]
fn a_goal_outlives_a_limp_phase_but_not_the_power() {
    let mut servo = powered(2000);
    write(&mut servo, reg::GOAL_POSITION, 2500);
    write(&mut servo, reg::TORQUE_ENABLE, 0);
    servo.observe(&sense(1000));
    write(&mut servo, reg::TORQUE_ENABLE, 1);
    assert_eq!(servo.drive().goal, 2500.0);
    servo.power_on(&sense(1000));
    assert_eq!(servo.drive().goal, 0.0);
    assert!(!servo.drive().torque);
}
