//! What setting up, scanning, calibrating and recovering find on the bench.

use core::time::Duration;

use ulna_bus::families::{sts3215, xl330};
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
    let answers = |bus: &mut ServoBus<Bench>, now: &mut Duration| {
        (1..=6)
            .flat_map(|id| pinged(bus, now, id))
            .collect::<Vec<_>>()
    };
    assert_eq!(answers(&mut bus, &mut now), [(2, 0), (6, 32)]);
    written(&mut bus, &mut now, 6, sts3215::TORQUE_ENABLE, 0);
    bus.set_baud(now, 115_200);
    assert_eq!(answers(&mut bus, &mut now), [(3, 0)]);
    bus.set_baud(now, 1_000_000);
    assert_eq!(answers(&mut bus, &mut now), [(2, 0), (6, 0)]);
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
    strange.joints[2].model = "sts9999".into();
    let error = Workbench::set_up(&strange).unwrap_err().to_string();
    assert!(
        error.contains("\"sts9999\"") && error.contains("xl330-m288"),
        "{error}"
    );
    let mut short = kind.nominal_calibration();
    short.joints.pop();
    let error = Workbench::follower(&kind, &short).unwrap_err();
    assert!(error.to_string().contains("has 5 joints"), "{error}");
}

#[test]
fn an_assembled_arm_has_the_same_encoders_for_the_same_seed_and_any_others_for_another() {
    let kind = so101();
    let arms = [3, 3, 4].map(|seed| as_assembled(&kind, seed, &["gripper"]));
    assert_eq!(arms[0], arms[1]);
    assert_ne!(arms[0], arms[2]);
    let reversed = arms[0]
        .joints
        .iter()
        .filter(|(_, value)| value.drive_mode == 1);
    assert!(reversed.map(|(name, _)| name.as_str()).eq(["gripper"]));
    // Some range has the encoder's seam in it, or calibrating would be no art.
    let crosses = |value: &ulna_core::calibration::JointCalibration| {
        let ends = [value.range_min, value.range_max].map(|end| end + value.homing_offset);
        ends[0].div_euclid(4096) != ends[1].div_euclid(4096)
    };
    assert!(arms[0].values().any(crosses));
}

#[test]
fn the_robot_files_models_make_it_another_bus() {
    let mut kind = koch();
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
    let registers = [("Operating_Mode", 4), ("Position_P_Gain", 1500)];
    kind.leader.registers = registers
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    kind.joints[2].registers = BTreeMap::from([("Temperature_Limit".to_owned(), 60)]);
    let bench = Workbench::leader(&kind, &calibration).unwrap();
    let servo = &bench.servos()[2];
    for (register, value) in [
        (xl330::ID, 3),
        (xl330::BAUD_RATE, 3),
        (xl330::OPERATING_MODE, 4),
        (xl330::DRIVE_MODE, 1),
        (xl330::HOMING_OFFSET, -5000),
        (xl330::POSITION_P_GAIN, 400),
        (xl330::TEMPERATURE_LIMIT, 70),
    ] {
        assert_eq!(servo.get(register), value, "{}", register.name);
    }
    kind.follower.registers.clear();
    let bench = Workbench::follower(&kind, &calibration).unwrap();
    assert_eq!(bench.servos()[2].get(xl330::TEMPERATURE_LIMIT), 60);
}
