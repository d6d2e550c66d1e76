//! Planned faults, as the host meets them.

use super::*;
use crate::fault::{Fault, FaultPlan, Firmware};

fn with_faults(faults: &[Fault]) -> ServoBus<Followers> {
    let faults = FaultPlan {
        seed: 5,
        faults: faults.to_vec(),
    };
    bus_of(
        servos(6),
        BusOptions {
            faults,
            ..BusOptions::default()
        },
    )
}

#[test]
fn a_dead_servo_comes_back() {
    let mut bus = with_faults(&[Fault::Dead {
        id: 3,
        from: us(10_000),
        lasting: us(10_000),
    }]);
    let ids = |bus: &mut ServoBus<Followers>, now| {
        let read = values(&answer(bus, us(now), &read_positions(1..=6)));
        read.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&mut bus, 0), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ids(&mut bus, 10_000), [1, 2, 4, 5, 6]);
    assert_eq!(ids(&mut bus, 20_000), [1, 2, 3, 4, 5, 6]);
}

/// How many of 500 cycles bring six good positions, and the bytes of all.
fn good_cycles(faults: &[Fault]) -> (usize, Vec<u8>) {
    let mut bus = with_faults(faults);
    let mut all = Vec::new();
    let complete = (0..500).filter(|&cycle| {
        let bytes = answer(&mut bus, us(cycle * 10_000), &read_positions(1..=6));
        let complete = values(&bytes).len() == 6;
        all.extend(bytes);
        complete
    });
    (complete.count(), all)
}

#[test]
fn damage_is_as_frequent_as_planned_and_reproducible() {
    assert_eq!(good_cycles(&[]).0, 500);
    // 62 bytes in a cycle: 0.99^62 = 54 %, and flipping does about as much harm as dropping.
    for fault in [
        Fault::Drop { probability: 0.01 },
        Fault::Flip { probability: 0.01 },
    ] {
        let (good, bytes) = good_cycles(&[fault]);
        assert!((220..320).contains(&good), "{fault:?}: {good}");
        assert_eq!(good_cycles(&[fault]), (good, bytes));
    }
}

#[test]
fn noise_and_lateness_leave_the_data_whole() {
    let (good, bytes) = good_cycles(&[Fault::Burst { probability: 0.1 }]);
    assert!(bytes.len() > 500 * 48);
    assert!(good > 400, "{good}");
    let mut bus = with_faults(&[Fault::Late {
        by: us(5000),
        probability: 1.0,
    }]);
    let got = exchange(&mut bus, us(0), &ping(1));
    assert_eq!(got[0].0, us(60 + 20 + 10 + 5000));
    assert_eq!(got[5].0, us(60 + 20 + 60 + 5000));
}

#[test]
fn a_reset_servo_is_limp_and_forgetful() {
    let mut bus = with_faults(&[Fault::Reset {
        id: 2,
        at: us(15_000),
    }]);
    let torque = |bus: &ServoBus<Followers>| {
        let drives = bus.servos().iter().map(|servo| servo.drive().torque);
        drives.collect::<Vec<_>>()
    };
    answer(&mut bus, us(0), &write(0xFE, reg::TORQUE_ENABLE, 1));
    bus.advance(us(14_000));
    assert_eq!(torque(&bus), [true; 6]);
    bus.advance(us(20_000));
    assert_eq!(torque(&bus), [true, false, true, true, true, true]);
    answer(&mut bus, us(21_000), &write(2, reg::TORQUE_ENABLE, 1));
    bus.advance(us(100_000));
    assert_eq!(torque(&bus), [true; 6]);
}

/// A sag of the supply, for one servo or for all: torque, goal and RAM are what the maker's bench found, and a setting that was written under
/// the lock is forgotten.
#[test]
fn who_loses_power_forgets_all_that_is_not_in_the_eeprom() {
    let dip = Fault::Unplug {
        first: None,
        from: us(20_000),
        lasting: us(300_000),
    };
    let blip = Fault::Reset {
        id: 2,
        at: us(25_000),
    };
    for (fault, struck) in [(dip, &[1, 2, 3, 4, 5, 6][..]), (blip, &[2])] {
        let mut bus = with_faults(&[fault]);
        for (register, value) in [
            (reg::TORQUE_ENABLE, 1),
            (reg::GOAL_POSITION, 1234),
            (reg::TORQUE_LIMIT, 300),
            (reg::ACCELERATION, 99),
            (reg::LOCK, 0),
            (reg::P_COEFFICIENT, 21),
            (reg::LOCK, 1),
            (reg::D_COEFFICIENT, 77),
        ] {
            answer(&mut bus, us(0), &write(0xFE, register, value));
        }
        bus.advance(us(400_000));
        for servo in bus.servos() {
            let found = [
                reg::TORQUE_ENABLE,
                reg::GOAL_POSITION,
                reg::TORQUE_LIMIT,
                reg::ACCELERATION,
                reg::LOCK,
                reg::P_COEFFICIENT,
                reg::D_COEFFICIENT,
            ]
            .map(|register| servo.get(register));
            let expected = match struck.contains(&servo.id()) {
                true => [0, 0, 1000, 0, 1, 21, 32],
                false => [1, 1234, 300, 99, 1, 21, 77],
            };
            assert_eq!(found, expected, "{fault:?}, servo {}", servo.id());
        }
    }
}

#[test]
fn firmware_can_be_chosen() {
    let version = Firmware {
        major: 3,
        minor: Some(9),
    };
    let bus = with_faults(&[Fault::Firmware {
        id: Some(4),
        version,
    }]);
    let firmware = |servo: &Servo| {
        (
            servo.get(reg::FIRMWARE_MAJOR),
            servo.get(reg::FIRMWARE_MINOR),
        )
    };
    assert_eq!(firmware(&bus.servos()[3]), (3, 9));
    assert_eq!(firmware(&bus.servos()[0]), (3, 10));
}

/// A window from 10 to 20 ms.
const FROM: Duration = us(10_000);
const LASTING: Duration = us(10_000);

fn read_one(bus: &mut ServoBus<Followers>, now: u64, id: u8) -> Vec<(u8, i32)> {
    let question = request(|out| packet::read(out, id, 56, 2));
    values(&answer(bus, us(now), &question))
}

#[test]
fn a_stuck_servo_repeats_its_first_answer_and_obeys_all_the_same() {
    let (from, lasting) = (FROM, us(1_000_000));
    let mut bus = with_faults(&[Fault::Stuck {
        id: 1,
        from,
        lasting,
    }]);
    answer(&mut bus, us(0), &write(1, reg::TORQUE_ENABLE, 1));
    answer(&mut bus, us(1000), &write(1, reg::GOAL_POSITION, 3000));
    let first = read_one(&mut bus, 20_000, 1);
    assert_ne!(first, [(1, 1000)]);
    assert_eq!(read_one(&mut bus, 500_000, 1), first);
    assert_ne!(read_one(&mut bus, 2_000_000, 1), first);
    assert!(bus.plant().sense(0).position > 2900);
}

#[test]
fn a_servo_signs_with_another_ones_id() {
    let mut bus = with_faults(&[Fault::WrongId {
        id: 3,
        signs: 5,
        from: FROM,
        lasting: LASTING,
    }]);
    assert_eq!(read_one(&mut bus, 5000, 3), [(3, 1200)]);
    assert_eq!(read_one(&mut bus, 15_000, 3), [(5, 1200)]);
    let ids = values(&answer(&mut bus, us(17_000), &read_positions(1..=6)));
    assert!(ids.iter().map(|(id, _)| *id).eq([1, 2, 5, 4, 5, 6]));
    assert_eq!(read_one(&mut bus, 25_000, 3), [(3, 1200)]);
}

#[test]
fn who_pulls_a_cable_cuts_off_all_behind_it() {
    for (first, left) in [(Some(4), 3), (None, 0)] {
        let mut bus = with_faults(&[Fault::Unplug {
            first,
            from: FROM,
            lasting: LASTING,
        }]);
        answer(&mut bus, us(0), &write(0xFE, reg::TORQUE_ENABLE, 1));
        let count = |bus: &mut ServoBus<Followers>, now| {
            values(&answer(bus, us(now), &read_positions(1..=6))).len()
        };
        let powered =
            |bus: &ServoBus<Followers>| bus.drives.iter().filter(|drive| drive.torque).count();
        assert_eq!((count(&mut bus, 5000), powered(&bus)), (6, 6));
        assert_eq!((count(&mut bus, 12_000), powered(&bus)), (left, left));
        // They come back, and have forgotten that their torque was on.
        assert_eq!((count(&mut bus, 30_000), powered(&bus)), (6, left));
        assert_eq!(bus.servos()[5].get(reg::TORQUE_ENABLE), 0);
    }
}

#[test]
fn a_hand_plugs_servos_in_one_by_one() {
    let mut bus = with_faults(&[]);
    let plugs = bus.plugs();
    plugs.only(5);
    assert_eq!(
        values(&answer(&mut bus, us(0), &read_positions(1..=6))),
        [(6, 1500)]
    );
    plugs.only(4);
    assert_eq!(
        values(&answer(&mut bus, us(9000), &read_positions(1..=6))),
        [(5, 1400)]
    );
    plugs.all();
    assert_eq!(
        values(&answer(&mut bus, us(18_000), &read_positions(1..=6))).len(),
        6
    );
}

#[test]
fn plugs_can_be_planned() {
    let mut bus = with_faults(&[]);
    bus.plan_plugs([
        (us(20_000), PlugMove::In(4)),
        (us(0), PlugMove::Only(5)),
        (us(40_000), PlugMove::Out(5)),
    ]);
    let ids = |bus: &mut ServoBus<Followers>, now| {
        let read = values(&answer(bus, us(now), &read_positions(1..=6)));
        read.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&mut bus, 5000), [6]);
    assert_eq!(ids(&mut bus, 25_000), [5, 6]);
    assert_eq!(ids(&mut bus, 45_000), [5]);
}

/// The error byte of servo 2 at these times, and its share of torque.
fn alarms(fault: Fault, times: [u64; 3]) -> Vec<(u8, f64)> {
    let mut bus = with_faults(&[fault]);
    bus.servo_mut(1)
        .unwrap()
        .set(reg::PROTECTION_TIME, 20)
        .unwrap();
    bus.servo_mut(1)
        .unwrap()
        .set(reg::MIN_VOLTAGE_LIMIT, 60)
        .unwrap();
    answer(&mut bus, us(0), &write(0xFE, reg::TORQUE_ENABLE, 1));
    let at = |time| {
        let status = answer(&mut bus, us(time), &ping(2));
        let drive = bus.drives[1];
        let torque = if drive.torque {
            drive.torque_limit
        } else {
            0.0
        };
        (status[4], torque)
    };
    times.map(at).to_vec()
}

#[test]
fn low_voltage_overload_and_heat_are_alarms() {
    let (id, from, lasting) = (2, us(100_000), us(1_000_000));
    let times = [50_000, 1_000_000, 2_000_000];
    let low = Fault::LowVoltage {
        volts: 3.7,
        from,
        lasting,
    };
    // The motor has half of its 7.4 V.
    assert_eq!(alarms(low, times), [(0, 1.0), (1, 0.5), (0, 1.0)]);
    // Latched until the torque is switched.
    let overload = Fault::Overload { id, from, lasting };
    assert_eq!(alarms(overload, times), [(0, 1.0), (32, 0.2), (32, 0.2)]);
    assert_eq!(
        alarms(overload, [110_000, 290_000, 330_000]),
        [(0, 1.0), (0, 1.0), (32, 0.2)]
    );
    let hot = Fault::Overheat {
        id,
        celsius: 71.0,
        from,
        lasting,
    };
    assert_eq!(alarms(hot, times), [(0, 1.0), (4, 0.0), (0, 1.0)]);
}
