//! What the constants of a servo come to: the figures of its data sheet, and good manners.

use proptest::prelude::*;

use super::*;
use crate::plant::{Control, Drive};

const DT: f64 = 1e-3;
const STEP: f64 = core::f64::consts::TAU / 4096.0;

fn servo() -> Servo {
    Servo::new(ServoModel::STS3215, 0.0, 7.4, 25.0)
}

fn drive(goal: f64) -> Drive {
    Drive {
        torque: true,
        goal,
        gains: [32.0, 0.0, 32.0],
        ..Drive::default()
    }
}

fn run(servo: &mut Servo, drive: &Drive, load: &Load, ticks: usize) {
    for _ in 0..ticks {
        servo.tick(drive, load, 7.4, DT);
    }
}

#[test]
fn its_figures_are_the_data_sheets() {
    let model = ServoModel::STS3215;
    let rpm = core::f64::consts::TAU / 60.0;
    let kilogram_centimetre = 0.0980665;
    assert!((model.no_load_speed(7.4) / (52.0 * rpm) - 1.0).abs() < 0.05);
    assert!((model.stall_torque(7.4) / (19.5 * kilogram_centimetre) - 1.0).abs() < 0.07);
    // What BAM's constants come to, at its gain and at LeRobot's.
    assert!((model.motor_torque(7.4) - 3.25).abs() < 0.01);
    assert!((model.stiffness(7.4, 32) - 17.8).abs() < 0.1);
    assert!((model.stiffness(7.4, 16) - 8.9).abs() < 0.05);
}

#[test]
fn a_long_way_is_run_at_the_speed_of_a_free_motor() {
    let mut servo = servo();
    run(&mut servo, &drive(4000.0), &Load::default(), 600);
    let free = ServoModel::STS3215.no_load_speed(7.4);
    let top = ServoModel::STS3215.speed_max * STEP;
    assert!(
        (servo.speed() / free.min(top) - 1.0).abs() < 0.03,
        "{}",
        servo.speed()
    );
}

#[test]
fn a_speed_limit_is_kept() {
    let mut servo = servo();
    let slow = Drive {
        speed: 500.0,
        acceleration: 2000.0,
        ..drive(1000.0)
    };
    run(&mut servo, &slow, &Load::default(), 1200);
    assert!(
        (servo.sense().velocity - 500.0).abs() < 15.0,
        "{:?}",
        servo.sense()
    );
    run(&mut servo, &slow, &Load::default(), 1800);
    assert!(
        (servo.sense().position - 1000).abs() <= 6,
        "{:?}",
        servo.sense()
    );
}

#[test]
fn a_step_takes_a_tenth_of_a_second() {
    let mut servo = servo();
    let mut at_63 = 0;
    while servo.sense().position < 63 {
        run(&mut servo, &drive(100.0), &Load::default(), 1);
        at_63 += 1;
        assert!(at_63 < 300);
    }
    assert!((30..160).contains(&at_63), "{at_63} ms");
}

#[test]
fn a_weight_pulls_it_off_by_what_the_stiffness_says() {
    let mut servo = servo();
    let weight = Load {
        inertia: 0.01,
        torque: -1.0,
        ..Load::default()
    };
    run(&mut servo, &drive(0.0), &weight, 3000);
    let model = ServoModel::STS3215;
    let stiffness = model.stiffness(7.4, 32);
    // Friction holds it short of the full sag.
    let friction =
        model.coulomb + model.stiction + model.output_friction + model.load_friction * 1.0;
    let least = (1.0 - friction) / stiffness - 2.0 * STEP;
    let most = 1.0 / stiffness + 2.0 * STEP;
    assert!(
        (least..most).contains(&-servo.angle()),
        "{least} {} {most}",
        -servo.angle()
    );
    assert!(servo.sense().current > 0.2, "{:?}", servo.sense());
}

#[test]
fn it_comes_to_rest_and_holds_without_chatter() {
    for torque in [0.0, -0.03, 0.3] {
        for goal in [100.0, 101.3, -400.0] {
            let mut servo = servo();
            let load = Load {
                inertia: 0.01,
                torque,
                ..Load::default()
            };
            run(&mut servo, &drive(goal), &load, 2000);
            let (position, duty) = (servo.sense().position, servo.sense().duty);
            for _ in 0..2000 {
                run(&mut servo, &drive(goal), &load, 1);
                assert_eq!(servo.sense().position, position);
                assert_eq!(servo.sense().duty, duty);
            }
            assert!(servo.speed().abs() < 1e-6, "{}", servo.speed());
        }
    }
}

#[test]
fn without_torque_it_falls_but_friction_holds_what_is_light() {
    let mut heavy = servo();
    let mut light = servo();
    let load = |torque| Load {
        inertia: 0.01,
        torque,
        ..Load::default()
    };
    run(&mut heavy, &Drive::default(), &load(0.5), 500);
    run(&mut light, &Drive::default(), &load(0.04), 2000);
    assert!(heavy.angle() > 0.3, "{}", heavy.angle());
    assert!(
        light.angle() <= ServoModel::STS3215.play,
        "{}",
        light.angle()
    );
    assert_eq!(heavy.sense().current, 0.0);
}

#[test]
fn switching_on_does_not_jump() {
    let mut servo = servo();
    let load = Load {
        inertia: 0.01,
        torque: 0.5,
        ..Load::default()
    };
    run(&mut servo, &Drive::default(), &load, 100);
    let here = f64::from(servo.sense().position);
    run(&mut servo, &drive(here), &Load::default(), 1);
    assert!(servo.sense().duty.abs() < 0.2, "{:?}", servo.sense());
}

#[test]
fn the_torque_limit_halves_the_stall() {
    let mut servo = servo();
    let held = Load {
        stops: (-0.1, 0.1),
        ..Load::default()
    };
    let limited = Drive {
        torque_limit: 0.5,
        ..drive(1000.0)
    };
    run(&mut servo, &limited, &held, 1000);
    let sense = servo.sense();
    assert!((sense.duty - 0.485).abs() < 1e-9);
    assert!((sense.current - 7.4 * 0.485 / ServoModel::STS3215.resistance).abs() < 1e-6);
    // The stop gives under the torque, but not much.
    assert!((0.1..0.12).contains(&servo.angle()), "{}", servo.angle());
}

#[test]
fn a_stalled_motor_gets_hot_and_cools_again() {
    let mut servo = servo();
    let held = Load {
        stops: (-0.1, 0.1),
        ..Load::default()
    };
    run(&mut servo, &drive(1000.0), &held, 120_000);
    let hot = servo.sense().temperature;
    assert!((45.0..90.0).contains(&hot), "{hot}");
    run(&mut servo, &Drive::default(), &held, 120_000);
    assert!(servo.sense().temperature < hot - 5.0);
}

#[test]
fn the_integral_part_takes_sag_away() {
    let weight = Load {
        inertia: 0.01,
        torque: -1.0,
        ..Load::default()
    };
    let sag = |integral| {
        let mut servo = servo();
        let gains = Drive {
            gains: [16.0, integral, 32.0],
            ..drive(0.0)
        };
        run(&mut servo, &gains, &weight, 15_000);
        -servo.sense().position
    };
    assert!(sag(16.0) < sag(0.0) / 2, "{} of {}", sag(16.0), sag(0.0));
}

#[test]
fn the_damping_part_stops_it_short_of_ringing() {
    let overshoot = |damping| {
        let mut servo = servo();
        let heavy = Load {
            inertia: 0.05,
            ..Load::default()
        };
        let gains = Drive {
            gains: [32.0, 0.0, damping],
            ..drive(600.0)
        };
        let mut furthest = 0;
        for _ in 0..1500 {
            run(&mut servo, &gains, &heavy, 1);
            furthest = furthest.max(servo.sense().position);
        }
        furthest - 600
    };
    assert!(overshoot(0.0) > 20, "{}", overshoot(0.0));
    assert!(overshoot(64.0) < overshoot(0.0) / 2, "{}", overshoot(64.0));
}

#[test]
fn dynamixels_have_the_figures_of_their_sheets() {
    for (model, torque, rpm) in [
        (ServoModel::XL430_W250, 1.5, 61.0),
        (ServoModel::XL330_M288, 0.52, 103.0),
        (ServoModel::XL330_M077, 0.215, 383.0),
    ] {
        let stall = model.stall_torque(model.supply);
        assert!((stall / torque - 1.0).abs() < 0.01, "{stall} of {torque}");
        let turns = model.no_load_speed(model.supply) * 60.0 / core::f64::consts::TAU;
        assert!((turns / rpm - 1.0).abs() < 0.01, "{turns} of {rpm}");
    }
    assert!(ServoModel::names().all(|name| ServoModel::named(name).is_some()));
}

#[test]
fn dynamixels_go_to_their_goals_and_stay() {
    for (model, gains) in [
        (ServoModel::XL430_W250, [640.0, 0.0, 4000.0]),
        (ServoModel::XL430_W250, [1500.0, 0.0, 600.0]),
        (ServoModel::XL330_M288, [400.0, 0.0, 0.0]),
        (ServoModel::XL330_M077, [400.0, 400.0, 0.0]),
    ] {
        let mut servo = Servo::new(model, 0.0, model.supply, 25.0);
        let drive = Drive {
            torque: true,
            goal: 1000.0,
            gains,
            ..Drive::default()
        };
        let link = Load {
            inertia: model.armature / 2.0,
            ..Load::default()
        };
        let tick = |servo: &mut Servo| servo.tick(&drive, &link, model.supply, DT);
        (0..2000).for_each(|_| tick(&mut servo));
        // With an integral part, it creeps on to where friction gives way; without, it stands.
        let (mut low, mut high) = (i32::MAX, i32::MIN);
        for _ in 0..2000 {
            tick(&mut servo);
            let position = servo.sense().position;
            (low, high) = (low.min(position), high.max(position));
        }
        assert!(
            (970..=1030).contains(&low) && (970..=1030).contains(&high),
            "{low} {high}"
        );
        assert!(gains[1] > 0.0 || high - low <= 2, "{gains:?}: {low} {high}");
    }
}

#[test]
fn a_wheel_keeps_its_speed_and_stores_no_jump() {
    let mut wheel = servo();
    let wheels = |speed: f64| Drive {
        control: Control::Velocity,
        ..drive(speed)
    };
    let rolling = Load {
        inertia: 0.002,
        torque: -0.2,
        ..Load::default()
    };
    run(&mut wheel, &wheels(1500.0), &rolling, 1000);
    let begin = wheel.sense().position;
    run(&mut wheel, &wheels(1500.0), &rolling, 2000);
    let travelled = wheel.sense().position - begin;
    assert!((travelled - 3000).abs() < 60, "{travelled}");
    // A hand holds it for a while.
    let here = wheel.angle();
    let held = Load {
        stops: (here, here),
        ..rolling
    };
    run(&mut wheel, &wheels(1500.0), &held, 3000);
    let mut fastest: f64 = 0.0;
    for _ in 0..500 {
        run(&mut wheel, &wheels(1500.0), &rolling, 1);
        fastest = fastest.max(wheel.sense().velocity);
    }
    assert!(fastest < 2800.0, "{fastest}");
    run(&mut wheel, &wheels(0.0), &rolling, 1000);
    let begin = wheel.sense().position;
    run(&mut wheel, &wheels(0.0), &rolling, 2000);
    assert!((wheel.sense().position - begin).abs() < 5, "it stays");
}

#[test]
fn current_and_duty_are_what_was_asked_for() {
    let blocked = Load {
        stops: (0.0, 0.0),
        ..Load::default()
    };
    let with = |control, goal| Drive {
        control,
        ..drive(goal)
    };
    let mut servo = servo();
    run(&mut servo, &with(Control::Current, 0.5), &blocked, 500);
    assert!((servo.sense().current - 0.5).abs() < 0.02);
    run(&mut servo, &with(Control::Duty, -0.3), &blocked, 500);
    assert!((servo.sense().duty + 0.3).abs() < 1e-9);
    // A position far away, with a limited current.
    let gripping = Drive {
        current_limit: 0.4,
        ..drive(800.0)
    };
    run(&mut servo, &gripping, &blocked, 500);
    let sense = servo.sense();
    assert!((sense.current - 0.4).abs() < 0.02, "{sense:?}");
}

proptest! {
    // Whatever the registers ask for, the motion stays within what the motor can do.
    #[test]
    fn no_drive_makes_it_run_away(
        goals in prop::collection::vec(prop_oneof![-1e9..1e9f64, -500.0..500.0f64, Just(f64::NAN)], 1..6),
        gains in any::<[u8; 3]>(), control in 0usize..4, current_limit in -1.0..4.0f64,
        speed in prop_oneof![Just(0.0), 0.0..5000.0f64, Just(f64::NAN)],
        acceleration in prop_oneof![Just(0.0), 0.0..30000.0f64, Just(f64::INFINITY)],
        torque_limit in prop_oneof![-1.0..2.0f64, Just(f64::NAN)],
        inertia in 1e-3..0.05f64,
        torque in -1.5..1.5f64,
    ) {
        let mut servo = servo();
        let load = Load { inertia, torque, ..Load::default() };
        for goal in goals {
            let control = [Control::Position, Control::Velocity, Control::Current, Control::Duty][control];
            let gains = gains.map(f64::from);
            let drive = Drive { torque: true, control, goal, speed, acceleration, gains, torque_limit, current_limit };
            for _ in 0..400 {
                servo.tick(&drive, &load, 7.4, DT);
                prop_assert!(servo.speed().abs() < 30.0, "{} rad/s", servo.speed());
                prop_assert!(servo.sense().duty.abs() <= 0.97);
            }
        }
    }
}

#[test]
fn the_stronger_motor_has_the_measured_stiffness_and_damping() {
    let (strong, usual) = (ServoModel::STS3215_12V, ServoModel::STS3215);
    let stiffness = strong.stiffness(12.0, 16) / usual.stiffness(7.4, 16);
    assert!((1.7..1.9).contains(&stiffness), "{stiffness}");
    let damping = |model: &ServoModel| model.torque_constant.powi(2) / model.resistance;
    assert!((damping(&strong) / damping(&usual) - 1.64).abs() < 0.01);
    // The data sheet's 45 rpm and 30 kg·cm.
    let rpm = strong.no_load_speed(12.0) * 60.0 / core::f64::consts::TAU;
    assert!((45.0..60.0).contains(&rpm), "{rpm}");
    let stall = strong.stall_torque(12.0) / 0.0980665;
    assert!((30.0..40.0).contains(&stall), "{stall} kg·cm");
}
