//! Experts at work on an arm whose goals are the leader's joints of a tick before: the whole world but for bus, driver and gate.

use core::time::Duration;

use ulna_core::joints::Joints;
use ulna_core::{Stamp, State};
use ulna_robot::RobotKind;

use super::shared::SharedPhysics;
use crate::arm::{Arm, ArmOptions, Mount, resting_angles};
use crate::plant::{Drive, Plant};
use crate::scenes;
use crate::sight::Sight;

const TICK: Duration = Duration::from_millis(5);

/// What became of one attempt.
#[derive(Debug)]
struct Attempt {
    solved: bool,
    seconds: f64,
    /// The joints at the end, as bits: the same for the same seed.
    digest: Vec<u64>,
}

fn attempt(name: &str, seed: u64) -> Attempt {
    let kind: RobotKind = toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
    let calibration = kind.nominal_calibration();
    let scene = scenes::find(name).unwrap();
    let limit = scene.time_limit.unwrap_or(30.0);
    let scene = scene.set_up(&kind, seed, None).unwrap();
    let options = ArmOptions {
        start: Some(resting_angles(&kind)),
        ..ArmOptions::default()
    };
    let arm = Arm::new(&kind, &calibration, options).unwrap();
    let arm = arm.among(&kind, &scene.touchable().unwrap()).unwrap();
    let mounts: Vec<Mount> = (0..6).map(|i| *arm.mount(i).unwrap()).collect();
    let physics = SharedPhysics::new(Box::new(arm));
    physics.lay_out(scene.layout(0).unwrap());
    let sight = Sight::new(physics.pose());
    let task = scene.task().unwrap();
    let maps = kind.angle_maps(&calibration);
    let mut judge = task.judge(maps, &sight);
    let mut expert = task.expert(&kind.as_leader(), seed, &sight).unwrap();
    let mut slice = physics.slices([6]).pop().unwrap();
    let mut goals = *expert.rest();
    let mut now = Duration::ZERO;
    while now.as_secs_f64() < limit && !sight.is_solved() {
        now += TICK;
        let drives: [Drive; 6] = core::array::from_fn(|i| Drive {
            torque: true,
            goal: mounts[i].steps(goals[i]),
            acceleration: 25_400.0,
            gains: [16.0, 0.0, 32.0],
            torque_limit: if i == 5 { 0.5 } else { 1.0 },
            ..Drive::default()
        });
        slice.advance(now, &drives);
        let angles = physics.pose().read();
        judge.observe(&State {
            stamp: Stamp::new(now),
            position: Joints::from_fn(6, |i| maps[i].value(angles[i])),
            measured: Joints::filled(6, Stamp::new(now)),
        });
        goals = expert.angles(now);
        if std::env::var_os("ULNA_TRACE").is_some() && now.as_millis().is_multiple_of(250) {
            let seen = sight.look();
            println!(
                "{:.2} {expert:.3?}\n     {:?}\n     {:.3?}",
                now.as_secs_f64(),
                seen.poses()[0].translation.vector,
                angles.iter().collect::<Vec<_>>()
            );
        }
    }
    let score = judge.score();
    assert_eq!(score.successes.value, u32::from(sight.is_solved()));
    let poses = sight.look();
    let poses = poses
        .poses()
        .iter()
        .map(|pose| pose.translation.x.to_bits());
    let angles = physics.pose().read();
    Attempt {
        solved: sight.is_solved(),
        seconds: now.as_secs_f64(),
        digest: angles.iter().map(|a| a.to_bits()).chain(poses).collect(),
    }
}

/// How many of `seeds` an expert does.
fn solved(name: &str, seeds: core::ops::Range<u64>) -> u32 {
    let mut count = 0;
    for seed in seeds {
        let attempt = attempt(name, seed);
        println!(
            "{name} {seed}: {} after {:.1} s",
            attempt.solved, attempt.seconds
        );
        count += u32::from(attempt.solved);
    }
    count
}

/// `ULNA_SEEDS=200` for the whole figure.
fn seeds(few: u64) -> u64 {
    let asked = std::env::var("ULNA_SEEDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(few)
}

#[test]
fn experts_lift_and_place() {
    for name in ["lift", "pick-place"] {
        let seeds = seeds(6);
        let solved = solved(name, 0..seeds);
        println!("{name}: {solved} of {seeds}");
        assert!(
            f64::from(solved) >= 0.95 * seeds as f64 - 1.0,
            "{name}: {solved}"
        );
    }
}

#[test]
fn experts_push_stack_and_sort() {
    for name in ["push", "stack", "sort"] {
        let seeds = seeds(3);
        let solved = solved(name, 0..seeds);
        println!("{name}: {solved} of {seeds}");
        assert!(solved > 0, "{name}");
    }
}

#[test]
fn an_attempt_is_the_same_bit_by_bit_for_a_seed() {
    assert_eq!(attempt("lift", 3).digest, attempt("lift", 3).digest);
    assert_ne!(attempt("lift", 3).digest, attempt("lift", 4).digest);
}
