use core::time::Duration;

use super::*;
use ulna_core::State;
use ulna_core::TaskScore;
use ulna_robot::kinematics::Chain;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../../configs/so101.toml")).unwrap()
}

#[test]
fn targets_lie_where_they_should_and_differ() {
    let all = Targets::new(&so101(), 3);
    let targets: Vec<_> = (0..200).map(|index| all.target(index)).collect();
    for pair in targets.windows(2) {
        let distance = pair[0].xy().coords.norm();
        assert!((0.16..0.31).contains(&distance), "{distance}");
        assert!((0.03..0.21).contains(&pair[0].z), "{}", pair[0].z);
        assert!(pair[0] != pair[1]);
    }
    assert_eq!(targets[7], Targets::new(&so101(), 3).target(7));
    assert!(targets[0] != Targets::new(&so101(), 4).target(0));
}

// But for its shaking, the hand is where it aims well before the target goes, for many targets, and near the target itself.
#[test]
fn an_operator_reaches() {
    let kind = so101();
    for seed in 0..5 {
        let reach = Reach::new(&kind, seed);
        let mut hand = reach.operator(&kind, seed);
        for index in 0..20 {
            let late = Duration::from_secs_f64((index as f64 + 1.0) * Targets::PERIOD - 0.4);
            let tool = reach.targets.tool(&hand.angles(late));
            let miss = (tool - reach.targets.target(index)).norm();
            assert!(
                miss < Targets::TOLERANCE * 1.5,
                "seed {seed}, {index}: {miss}"
            );
        }
    }
}

/// The score of a tool that is at each target but for the first joint, which is off by `offset`, rad.
fn watched(from: f64, to: f64, offset: f64) -> TaskScore {
    let kind = so101();
    let maps = kind.angle_maps(&kind.nominal_calibration());
    let reach = Reach::new(&kind, 1);
    let mut judge = reach.judge(
        maps,
        &Sight::new(crate::pose_slot::PoseSlot::new(Joints::default())),
    );
    let chain = Chain::new(&kind);
    let limits = Joints::from_fn(kind.dof(), |i| (kind.joints[i].lower, kind.joints[i].upper));
    let middle = limits.map(|(low, high)| f64::midpoint(low, high));
    let mut time = from;
    while time < to {
        let now = Duration::from_secs_f64(time);
        let target = reach.targets.target(Targets::index(now));
        let mut angles = chain.angles_at(&target, &middle, &limits);
        angles[0] += offset;
        judge.observe(&State {
            stamp: Stamp::new(now),
            position: Joints::from_fn(maps.len(), |joint| maps[joint].value(angles[joint])),
            measured: Joints::filled(maps.len(), Stamp::new(now)),
        });
        time += 0.01;
    }
    judge.score()
}

fn counts(score: &TaskScore) -> (u32, u32) {
    (score.attempts.value, score.successes.value)
}

#[test]
fn only_a_tool_at_the_target_counts() {
    let there = watched(0.0, 9.0, 0.0);
    assert_eq!(counts(&there), (3, 3));
    let mean = there.figure("mean_distance_m").unwrap();
    assert!(mean < 0.004, "{mean}");
    let sentence = format!(
        "reach: 3 of 3 targets, within 20 mm; off by {:.1} mm on average",
        mean * 1e3
    );
    assert_eq!(there.to_string(), sentence);
    let missed = watched(0.0, 9.0, 0.3);
    assert_eq!(counts(&missed), (3, 0));
    let mean = missed.figure("mean_distance_m").unwrap();
    assert!(mean > 0.04, "{mean}");
}

#[test]
fn only_targets_seen_whole_count() {
    assert_eq!(counts(&watched(0.5, 5.0, 0.0)), (0, 0));
    assert_eq!(counts(&watched(0.5, 6.0, 0.0)), (1, 1));
    let nothing = watched(0.0, 0.0, 0.0);
    assert_eq!(counts(&nothing), (0, 0));
    assert_eq!(nothing.figure("mean_distance_m"), Some(0.0));
    assert_eq!(nothing.success_rate(), None);
}

#[test]
fn it_is_for_one_arm() {
    assert_eq!((kind().fits)(&so101()), Ok(()));
    let mut pair = so101();
    let side = |name: &str| ulna_robot::Side {
        name: name.to_owned(),
        kind: so101(),
    };
    pair.sides = vec![side("left"), side("right")];
    let error = kind().set_up(&pair, 0, None).unwrap_err().to_string();
    assert_eq!(
        error,
        "this scene is for one arm on a table, and `so101` is more than that: use another robot, or `--scene table`"
    );
}
