use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

const TICK: Duration = Duration::from_millis(5);

fn limits() -> GateLimits {
    GateLimits {
        range: Joints::filled(2, (-100.0, 100.0)),
        max_velocity: Joints::filled(2, 400.0),
        jump: Joints::filled(2, 20.0),
        ramp_velocity: Joints::filled(2, 60.0),
        stale_after: Duration::from_millis(100),
        speeds: 0,
    }
}

/// As [`limits`], with a speed as joint 1: at most 100 units, changed by at most 400 in a second.
fn with_a_wheel() -> GateLimits {
    GateLimits {
        speeds: 0b10,
        jump: Joints::from_slice(&[20.0, 200.0]).unwrap(),
        ..limits()
    }
}

fn at(tick: u32) -> Stamp {
    Stamp::ZERO + TICK * tick
}

/// A robot that was measured at `now` and stands at zero.
fn seen(now: Stamp) -> State {
    State {
        stamp: now,
        position: Joints::filled(2, 0.0),
        measured: Joints::filled(2, now),
    }
}

fn action(stamp: Stamp, target: [f64; 2]) -> Action {
    Action {
        stamp,
        target: Joints::from_slice(&target).unwrap(),
    }
}

/// A gate that stands at zero and has finished its first ramp.
fn settled() -> Gate {
    let mut gate = Gate::new(limits(), &Joints::filled(2, 0.0), at(0));
    gate.check(at(1), Some(&action(at(1), [0.0, 0.0])), &seen(at(1)));
    gate
}

#[test]
fn an_ordinary_action_passes_untouched() {
    let (goals, note) = settled().check(at(2), Some(&action(at(2), [1.5, -1.5])), &seen(at(2)));
    assert!(note.untouched());
    assert_eq!(&**goals.goals(), &[1.5, -1.5]);
}

#[test]
fn the_first_motion_ramps_in_from_where_the_arm_stands() {
    let mut gate = Gate::new(limits(), &Joints::filled(2, 0.0), at(0));
    let mut ticks = 0;
    loop {
        ticks += 1;
        let (goals, note) = gate.check(
            at(ticks),
            Some(&action(at(ticks), [30.0, 0.0])),
            &seen(at(ticks)),
        );
        if !note.ramping {
            assert_eq!(goals.goals()[0], 30.0);
            break;
        }
        assert!(
            (goals.goals()[0] - 0.3 * f64::from(ticks)).abs() < 1e-9,
            "60 units/s"
        );
    }
    assert_eq!(ticks, 100);
}

#[test]
fn a_jump_ramps_and_a_quick_move_is_only_slowed() {
    let mut gate = settled();
    let (goals, note) = gate.check(at(2), Some(&action(at(2), [10.0, 0.0])), &seen(at(2)));
    assert_eq!(
        (note.slowed, note.ramping, goals.goals()[0]),
        (1, false, 2.0)
    );
    let (goals, note) = gate.check(at(3), Some(&action(at(3), [90.0, 0.0])), &seen(at(3)));
    assert_eq!((note.slowed, note.ramping), (0, true));
    assert!((goals.goals()[0] - 2.3).abs() < 1e-9);
}

#[test]
fn silence_and_nonsense_hold_the_arm() {
    let mut gate = settled();
    gate.check(at(2), Some(&action(at(2), [1.0, 1.0])), &seen(at(2)));
    for (wrong, stale) in [
        (None, true),
        (Some(action(at(2), [9.0, 9.0])), true),
        (Some(action(at(40), [f64::NAN, 0.0])), false),
        (Some(action(at(40), [0.0, f64::INFINITY])), false),
        (
            Some(Action {
                stamp: at(40),
                target: Joints::filled(3, 0.0),
            }),
            false,
        ),
    ] {
        let (goals, note) = gate.check(at(40), wrong.as_ref(), &seen(at(40)));
        assert_eq!((note.stale, note.invalid), (stale, !stale));
        assert_eq!(&**goals.goals(), &[1.0, 1.0]);
    }
}

#[test]
fn limits_clamp() {
    let mut gate = Gate::new(limits(), &Joints::filled(2, 99.9), at(0));
    for (tick, target, clamped) in [
        (1, [100.05, 99.9], 0b01),
        (2, [99.9, 100.05], 0b10),
        (3, [100.05, 100.05], 0b11),
    ] {
        let now = at(tick);
        let (goals, note) = gate.check(now, Some(&action(now, target)), &seen(now));
        assert_eq!(note.clamped, clamped);
        assert_eq!(&**goals.goals(), &target.map(|value| value.min(100.0)));
    }
    // What lies at a limit is within it.
    for end in [-100.0, 100.0] {
        let mut gate = Gate::new(limits(), &Joints::filled(2, end), at(0));
        let (goals, note) = gate.check(at(1), Some(&action(at(1), [end, end])), &seen(at(1)));
        assert_eq!((note.clamped, goals.goals()[0]), (0, end));
    }
}

#[test]
fn a_loop_that_was_away_comes_back_without_a_leap() {
    let mut gate = settled();
    let late = Stamp::new(Duration::from_secs(10));
    let (goals, _) = gate.check(late, Some(&action(late, [19.0, 19.0])), &seen(late));
    assert!(goals.goals()[0] <= 400.0 * LONGEST_STEP.as_secs_f64());
    let later = late + Duration::from_secs(10);
    let (goals, note) = gate.check(later, Some(&action(later, [90.0, 19.0])), &seen(later));
    assert!(note.ramping && goals.goals()[0] <= 19.0 + 60.0 * LONGEST_STEP.as_secs_f64() + 1e-9);
}

#[test]
fn an_absent_joint_waits_and_comes_back_on_a_ramp() {
    let mut gate = settled();
    let mut state = seen(at(1));
    for tick in 2..200 {
        state.measured[0] = at(tick);
        let wanted = f64::from(tick) * 0.1;
        let (goals, note) = gate.check(at(tick), Some(&action(at(tick), [wanted, wanted])), &state);
        assert_eq!(goals.goals()[0], wanted, "the other joint goes on");
        assert_eq!(note.absent, if tick <= 51 { 0 } else { 0b10 });
    }
    assert!((gate.hold(at(200)).goals()[1] - 5.1).abs() < 1e-9);
    state.position[1] = 4.0;
    state.measured = Joints::filled(2, at(200));
    let (goals, note) = gate.check(at(200), Some(&action(at(200), [20.0, 20.0])), &state);
    assert!(
        note.ramping && (goals.goals()[1] - 4.3).abs() < 1e-9,
        "{goals:?}"
    );
}

#[test]
fn a_speed_is_held_by_an_active_zero() {
    let drive = |gate: &mut Gate, tick: u32| {
        gate.check(
            at(tick),
            Some(&action(at(tick), [0.0, 6.0])),
            &seen(at(tick)),
        )
    };
    let mut gate = Gate::new(with_a_wheel(), &Joints::filled(2, 50.0), at(0));
    assert_eq!(gate.hold(at(0)).goals()[1], 0.0, "it starts at rest");
    for tick in 1..=3 {
        let (goals, note) = drive(&mut gate, tick);
        assert!(
            (goals.goals()[1] - 2.0 * f64::from(tick)).abs() < 1e-9,
            "400 units/s²"
        );
        assert_eq!(note.slowed & 0b10 != 0, tick < 3);
    }
    assert_eq!(gate.hold(at(4)).goals()[1], 0.0);
    for wrong in [
        None,
        Some(action(at(4), [f64::NAN, 6.0])),
        Some(action(Stamp::ZERO, [0.0, 6.0])),
    ] {
        drive(&mut gate, 5);
        assert_eq!(
            gate.check(at(60), wrong.as_ref(), &seen(at(60))).0.goals()[1],
            0.0
        );
    }
    let gone = seen(Stamp::ZERO);
    let (goals, note) = gate.check(at(61), Some(&action(at(61), [0.0, 6.0])), &gone);
    assert_eq!(
        (goals.goals()[1], note.absent),
        (0.0, 0b11),
        "its speed is not measured"
    );
}

/// A number that a source may give: ordinary ones, those that are none, and any other bits.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -150.0..150.0f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        2 => proptest::num::f64::ANY,
    ]
}

/// What a robot may say of a joint: where it is, how many ticks ago that was measured, and whether its servo has no torque.
fn joint() -> impl Strategy<Value = (f64, u32, bool)> {
    let position = prop_oneof![
        6 => -250.0..250.0f64,
        1 => proptest::num::f64::ANY,
    ];
    let ago = prop_oneof![2 => 0u32..3, 1 => 45u32..70];
    (position, ago, proptest::bool::weighted(0.1))
}

#[test]
fn the_numbers_of_the_properties_are_not_all_tame() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let drawn: [f64; 500] =
        core::array::from_fn(|_| number().new_tree(&mut runner).unwrap().current());
    for (name, holds) in [
        ("NaN", drawn.iter().any(|value| value.is_nan())),
        ("infinity", drawn.contains(&f64::INFINITY)),
        ("-infinity", drawn.contains(&f64::NEG_INFINITY)),
        (
            "huge",
            drawn
                .iter()
                .any(|value| value.is_finite() && value.abs() > 1e10),
        ),
        ("tame", drawn.iter().any(|value| value.abs() < 100.0)),
    ] {
        assert!(holds, "{name} does not occur");
    }
}

proptest! {
    // Whatever comes, a speed is in range, changes no faster than allowed except to zero, and is zero without a fresh, sound action or
    // while its joint is silent or limp.
    #[test]
    fn speeds_are_bounded_and_end_without_input(
        inputs in proptest::collection::vec((number(), 0u32..60, joint()), 1..80)
    ) {
        let mut gate = Gate::new(with_a_wheel(), &Joints::filled(2, 0.0), at(69));
        let mut last = 0.0;
        for (tick, (speed, old, (position, ago, limp))) in inputs.into_iter().enumerate() {
            let now = at(u32::try_from(tick).unwrap() + 70);
            let stamp = Stamp::new(now.since_epoch() - TICK * old);
            let mut state = seen(now);
            state.position[1] = position;
            state.measured[1] = Stamp::new(now.since_epoch() - TICK * ago);
            gate.leave_alone(u32::from(limp) << 1);
            let (goals, note) = gate.check(now, Some(&action(stamp, [0.0, speed])), &state);
            let goal = goals.goals()[1];
            prop_assert!((-100.0..=100.0).contains(&goal));
            prop_assert!(goal == 0.0 || (goal - last).abs() <= 400.0 * TICK.as_secs_f64() + 1e-9);
            prop_assert!(!(note.stale || note.invalid || limp || ago > 50) || goal == 0.0);
            prop_assert!(!goals.as_slice().is_left_alone(1), "its zero has to be sent");
            prop_assert_eq!(gate.hold(now).goals()[1], 0.0);
            last = goal;
        }
    }

    // Whatever comes, of whichever state, a goal is finite, in range and no faster than allowed; one of a joint that is back starts from where
    // the joint is, and one of a joint that is silent or limp stands still.
    #[test]
    fn whatever_comes_goals_are_finite_in_range_and_slow_enough(
        inputs in proptest::collection::vec(([number(), number()], 0u32..60, [joint(), joint()]), 1..80)
    ) {
        let mut gate = settled();
        let mut last = Joints::filled(2, 0.0);
        let mut was_left_alone = [false; 2];
        for (tick, (target, old, joints)) in inputs.into_iter().enumerate() {
            let now = at(u32::try_from(tick).unwrap() + 70);
            let stamp = Stamp::new(now.since_epoch() - TICK * old);
            let mut state = seen(now);
            let mut limp = 0;
            for (joint, (position, ago, is_limp)) in joints.into_iter().enumerate() {
                state.position[joint] = position;
                state.measured[joint] = Stamp::new(now.since_epoch() - TICK * ago);
                limp |= u32::from(is_limp) << joint;
            }
            gate.leave_alone(limp);
            let (goals, _) = gate.check(now, Some(&action(stamp, target)), &state);
            for joint in 0..2 {
                let goal = goals.goals()[joint];
                let is_left_alone = goals.as_slice().is_left_alone(joint);
                prop_assert!((-100.0..=100.0).contains(&goal));
                prop_assert!(is_left_alone || (joints[joint].1 <= 50 && !joints[joint].2));
                let from = match was_left_alone[joint] && !is_left_alone {
                    true => joints[joint].0.clamp(-100.0, 100.0),
                    false => last[joint],
                };
                let span = if tick == 0 { LONGEST_STEP } else { TICK };
                let reach = if is_left_alone { 0.0 } else { 400.0 * span.as_secs_f64() + 1e-9 };
                prop_assert!((goal - from).abs() <= reach);
                was_left_alone[joint] = is_left_alone;
            }
            last = *goals.goals();
        }
    }
}

#[test]
fn a_jump_is_what_lies_beyond_its_threshold() {
    for (far, ramps) in [(19.9, false), (20.0, false), (20.1, true), (-20.1, true)] {
        let mut gate = settled();
        let (goals, note) = gate.check(at(2), Some(&action(at(2), [far, 0.0])), &seen(at(2)));
        assert_eq!(
            (note.ramping, note.slowed),
            (ramps, u32::from(!ramps)),
            "{far}"
        );
        let speed: f64 = if ramps { 60.0 } else { 400.0 };
        let step = (speed * TICK.as_secs_f64()).copysign(far);
        assert!((goals.goals()[0] - step).abs() < 1e-9, "{far}: {goals:?}");
    }
}

#[test]
fn nonsense_that_is_fresh_stops_a_wheel() {
    for wrong in [f64::NAN, f64::INFINITY] {
        let mut gate = Gate::new(with_a_wheel(), &Joints::filled(2, 0.0), at(0));
        let (goals, _) = gate.check(at(1), Some(&action(at(1), [0.0, 2.0])), &seen(at(1)));
        assert_eq!(goals.goals()[1], 2.0);
        let (goals, note) = gate.check(at(2), Some(&action(at(2), [0.0, wrong])), &seen(at(2)));
        assert_eq!(
            (note.invalid, note.stale, goals.goals()[1]),
            (true, false, 0.0)
        );
        // It starts from rest again.
        let (goals, _) = gate.check(at(3), Some(&action(at(3), [0.0, 9.0])), &seen(at(3)));
        assert!((goals.goals()[1] - 2.0).abs() < 1e-9);
    }
}

#[test]
fn a_joint_that_comes_back_outside_its_limits_starts_at_the_nearest_one() {
    let mut gate = settled();
    let mut state = seen(at(1));
    gate.leave_alone(0b10);
    gate.check(at(2), Some(&action(at(2), [0.0, 0.0])), &state);
    gate.leave_alone(0);
    state.position[1] = -130.0;
    state.measured = Joints::filled(2, at(3));
    let (goals, _) = gate.check(at(3), None, &state);
    assert_eq!(goals.goals()[1], -100.0);
}

#[test]
fn a_joint_whose_position_is_no_number_is_not_back() {
    for nonsense in [f64::NAN, f64::INFINITY] {
        let mut gate = settled();
        let mut state = seen(at(2));
        gate.leave_alone(0b10);
        gate.check(at(2), Some(&action(at(2), [0.0, 0.0])), &state);
        gate.leave_alone(0);
        state.position[1] = nonsense;
        state.measured = Joints::filled(2, at(3));
        let (goals, note) = gate.check(at(3), Some(&action(at(3), [0.0, 5.0])), &state);
        assert!(goals.as_slice().is_left_alone(1) && goals.goals()[1] == 0.0);
        assert_eq!(note.absent, 0b10);
    }
}

#[test]
fn a_jaw_that_snaps_shut_does_not_slow_the_arm() {
    let mut gate = settled();
    let mut jaw_ramped = false;
    for tick in 2..200 {
        let arm = f64::from(tick) * 0.5;
        // Joint 1 jumps to and fro, four times further than its jump threshold.
        let jaw = if tick / 30 % 2 == 0 { 80.0 } else { 0.0 };
        let (goals, note) = gate.check(
            at(tick),
            Some(&action(at(tick), [arm, jaw])),
            &seen(at(tick)),
        );
        assert_eq!(note.ramps & 1, 0, "tick {tick}");
        assert!(
            (goals.goals()[0] - arm).abs() < 1e-9,
            "the arm follows: {goals:?}"
        );
        jaw_ramped |= note.ramps == 0b10 && note.ramping;
    }
    assert!(jaw_ramped);
}

#[test]
fn a_limp_joint_gets_no_goals_and_comes_back_on_a_ramp_from_where_it_is() {
    let mut gate = settled();
    let mut state = seen(at(1));
    for tick in 2..50 {
        state.measured = Joints::filled(2, at(tick));
        state.position[1] = -7.0;
        gate.leave_alone(0b10);
        let (goals, note) = gate.check(at(tick), Some(&action(at(tick), [1.0, 50.0])), &state);
        assert_eq!((note.limp, note.absent, note.ramps), (0b10, 0, 0));
        assert!(goals.as_slice().is_left_alone(1) && !goals.as_slice().is_left_alone(0));
        assert!(goals.slice(1..2).unwrap().is_left_alone(0));
        assert_eq!(goals.goals()[0], 1.0);
    }
    gate.leave_alone(0);
    state.measured = Joints::filled(2, at(50));
    let (goals, note) = gate.check(at(50), Some(&action(at(50), [1.0, 50.0])), &state);
    assert!(!goals.as_slice().is_left_alone(1));
    assert_eq!(note.ramps, 0b10);
    assert!((goals.goals()[1] - (-7.0 + 0.3)).abs() < 1e-9, "{goals:?}");
}
