//! What setting up, scanning, calibrating and recovering find on the bench.

use core::time::Duration;

use ulna_bus::registers::{sts3215, xl330};
use ulna_bus::{dynamixel, feetech};

use super::*;
use crate::bench::Bench;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
}

/// The same arm with the servos of a Koch follower.
fn koch() -> RobotKind {
    let mut kind = so101();
    for (index, joint) in kind.joints.iter_mut().enumerate() {
        let model = if index < 2 {
            "xl430-w250"
        } else {
            "xl330-m288"
        };
        joint.model = model.into();
    }
    kind
}

fn loose(kind: &RobotKind, bench: Workbench) -> ServoBus<Bench> {
    let plant = Bench::loose(kind, &kind.nominal_calibration()).unwrap();
    bench.into_bus(plant, BusOptions::default()).unwrap()
}

/// Asks and waits for 20 ms.
fn ask(bus: &mut ServoBus<Bench>, now: &mut Duration, question: &[u8]) -> Vec<u8> {
    let mut answer = [0; 512];
    bus.host_writes(*now, question);
    *now += Duration::from_millis(20);
    let count = bus.host_reads(*now, &mut answer);
    answer[..count].to_vec()
}

/// Id and error byte of all who answer a ping.
fn pinged(bus: &mut ServoBus<Bench>, now: &mut Duration, id: u8) -> Vec<(u8, u8)> {
    let mut buffer = [0; 64];
    let ping = feetech::packet::ping(&mut buffer, id).unwrap().to_vec();
    let mut found = Vec::new();
    let answer = ask(bus, now, &ping);
    feetech::Decoder::new().feed(&answer, |packet| found.push((packet.id, packet.kind)));
    found
}

fn written(bus: &mut ServoBus<Bench>, now: &mut Duration, id: u8, register: Register, value: i32) {
    let data = register.encode(value).unwrap();
    let mut buffer = [0; 64];
    let write = feetech::packet::write(&mut buffer, id, register.address, data.as_slice());
    ask(bus, now, write.unwrap());
}

#[test]
fn new_servos_get_their_ids_one_by_one() {
    let kind = so101();
    let mut bus = loose(&kind, Workbench::factory_fresh(&kind).unwrap());
    let mut now = Duration::ZERO;
    assert_eq!(
        pinged(&mut bus, &mut now, 1),
        [],
        "six answers garble each other"
    );
    let plugs = bus.plugs();
    for index in (0..6).rev() {
        plugs.only(index);
        now += Duration::from_millis(20);
        assert_eq!(pinged(&mut bus, &mut now, 1), [(1, 0)]);
        let id = kind.joints[index].id;
        written(&mut bus, &mut now, 1, sts3215::LOCK, 0);
        written(&mut bus, &mut now, 1, sts3215::ID, id.into());
        written(&mut bus, &mut now, id, sts3215::LOCK, 1);
    }
    plugs.all();
    for joint in &kind.joints {
        assert_eq!(pinged(&mut bus, &mut now, joint.id), [(joint.id, 0)]);
    }
}

#[test]
fn servos_may_be_missing_doubled_strange_or_alarmed() {
    let kind = so101();
    let bench = Workbench::set_up(&kind)
        .and_then(|bench| bench.without("shoulder_pan"))
        .and_then(|bench| bench.with_id("wrist_flex", 5))
        .and_then(|bench| bench.with_baud("elbow_flex", 115_200))
        .and_then(|bench| bench.with_alarms("gripper", ErrorFlags::OVERLOAD));
    let mut bus = loose(&kind, bench.unwrap());
    let mut now = Duration::ZERO;
    let heard = |bus: &mut ServoBus<Bench>, now: &mut Duration| {
        (1..=6)
            .flat_map(|id| pinged(bus, now, id))
            .collect::<Vec<_>>()
    };
    assert_eq!(heard(&mut bus, &mut now), [(2, 0), (6, 32)]);
    written(&mut bus, &mut now, 6, sts3215::TORQUE_ENABLE, 0);
    bus.set_baud(now, 115_200);
    assert_eq!(heard(&mut bus, &mut now), [(3, 0)]);
    bus.set_baud(now, 1_000_000);
    assert_eq!(heard(&mut bus, &mut now), [(2, 0), (6, 0)]);
}

#[test]
fn errors_name_what_there_is() {
    let kind = so101();
    let bench = || Workbench::set_up(&kind).unwrap();
    let error = bench().without("tail").unwrap_err().to_string();
    assert!(
        error.contains("no joint \"tail\"; it has shoulder_pan, "),
        "{error}"
    );
    let error = bench().with_baud("gripper", 9600).unwrap_err().to_string();
    assert!(error.contains("1000000, 500000, "), "{error}");
    assert!(
        bench().with_id("gripper", 255).is_ok(),
        "the register holds it"
    );
    let mut strange = kind.clone();
    strange.joints[2].model = "scs0009".into();
    let error = Workbench::set_up(&strange).unwrap_err().to_string();
    assert!(
        error.contains("\"scs0009\"") && error.contains("xl330-m288"),
        "{error}"
    );
    let mut short = kind.nominal_calibration();
    short.joints.pop();
    let error = Workbench::calibrated(&kind, &short, &BTreeMap::new(), true).unwrap_err();
    assert!(error.to_string().contains("has 5 joints"), "{error}");
}

#[test]
fn a_hand_shows_the_ranges_of_an_arm_that_nobody_calibrated() {
    for kind in [so101(), koch()] {
        for seed in 0..3 {
            let truth = as_assembled(&kind, seed, &[]);
            let plant = Bench::swept(&kind, &truth).unwrap();
            let period = plant.hand().unwrap().period();
            let bench = Workbench::set_up(&kind).unwrap();
            let mut bus = bench.into_bus(plant, BusOptions::default()).unwrap();
            let mut now = Duration::ZERO;
            let mut unwrapped: Vec<(i32, i32, i32)> = Vec::new();
            while now < period {
                bus.advance(now);
                for (index, servo) in bus.servos().iter().enumerate() {
                    let register = servo.table().find(Role::PresentPosition).unwrap();
                    let position = servo.get(register);
                    match unwrapped.get_mut(index) {
                        None => unwrapped.push((position, position, position)),
                        Some((last, low, high)) => {
                            let step = (position - *last + 2048).rem_euclid(4096) - 2048;
                            *last += step;
                            *low = (*low).min(*last);
                            *high = (*high).max(*last);
                        }
                    }
                }
                now += Duration::from_millis(10);
            }
            for ((joint, value), (_, low, high)) in truth.joints.iter().zip(unwrapped) {
                let spec = kind.joints.iter().find(|spec| spec.name == *joint).unwrap();
                let steps = (spec.upper - spec.lower) / core::f64::consts::TAU * 4096.0;
                let width = f64::from(high - low);
                assert!((width - steps).abs() < 3.0, "{joint} {width} {value:?}");
            }
        }
    }
}

#[test]
fn the_robot_files_models_make_it_another_bus() {
    let kind = koch();
    let mut bus = loose(&kind, Workbench::factory_fresh(&kind).unwrap());
    let mut now = Duration::ZERO;
    bus.plugs().only(0);
    let mut buffer = [0; 64];
    let ping = dynamixel::packet::ping(&mut buffer, 1).unwrap().to_vec();
    assert_eq!(
        ask(&mut bus, &mut now, &ping),
        [0u8; 0],
        "it talks at 57,600"
    );
    bus.set_baud(now, dynamixel::FACTORY_BAUD);
    assert_eq!(ask(&mut bus, &mut now, &ping).len(), 14);

    let mut calibration = kind.nominal_calibration();
    calibration.joints[2].1.drive_mode = 1;
    calibration.joints[2].1.homing_offset = -5000;
    let registers = BTreeMap::from([
        ("Operating_Mode".to_owned(), 4),
        ("Position_P_Gain".to_owned(), 1500),
    ]);
    let bench = Workbench::calibrated(&kind, &calibration, &registers, true).unwrap();
    let servo = &bench.servos()[2];
    for (register, value) in [
        (xl330::ID, 3),
        (xl330::BAUD_RATE, 3),
        (xl330::OPERATING_MODE, 4),
        (xl330::DRIVE_MODE, 1),
        (xl330::HOMING_OFFSET, -5000),
        (xl330::POSITION_P_GAIN, 400),
    ] {
        assert_eq!(servo.get(register), value, "{}", register.name);
    }
}
