//! Planned faults, as the host meets them.

use super::*;
use crate::fault::Fault;

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
