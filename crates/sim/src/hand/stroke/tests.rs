use super::*;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../../configs/so101.toml")).unwrap()
}

#[test]
fn it_depends_on_seed_and_time_alone() {
    let kind = so101();
    let (mut forth, mut back) = (Hand::new(&kind, 7), Hand::new(&kind, 7));
    let times: Vec<_> = (0..300).map(|k| Duration::from_millis(k * 77)).collect();
    let there: Vec<_> = times.iter().map(|t| forth.angles(*t)).collect();
    for (time, angles) in times.iter().zip(&there).rev() {
        assert_eq!(back.angles(*time), *angles);
    }
    let other = Hand::new(&kind, 8).angles(Duration::from_secs(2));
    assert!(other != forth.angles(Duration::from_secs(2)));
}

#[test]
fn it_starts_at_rest_where_the_arm_parks() {
    let kind = so101();
    let mut hand = Hand::new(&kind, 1);
    let parked = hand.angles(Duration::ZERO);
    assert!((parked[1].to_degrees() + 97.0).abs() < 1e-9);
    assert_eq!(parked, hand.angles(Duration::from_millis(300)));
    assert!(parked != hand.angles(Duration::from_millis(1300)));
}

// Limits, speed, and that something happens, for many seeds.
#[test]
fn it_moves_like_a_human_hand() {
    let kind = so101();
    for seed in 0..20 {
        let mut hand = Hand::new(&kind, seed);
        let mut last = hand.angles(Duration::ZERO);
        let (mut fastest, mut low, mut high) = (0.0_f64, last, last);
        for millis in 1..20_000 {
            let now = hand.angles(Duration::from_millis(millis));
            for i in 0..6 {
                let joint = &kind.joints[i];
                assert!(
                    (joint.lower..=joint.upper).contains(&now[i]),
                    "{}",
                    joint.name
                );
                let speed = (now[i] - last[i]).abs() * 1e3;
                fastest = fastest.max(speed);
                low[i] = low[i].min(now[i]);
                high[i] = high[i].max(now[i]);
            }
            last = now;
        }
        assert!(
            (1.0..4.0).contains(&fastest),
            "seed {seed}: {fastest} rad/s"
        );
        for i in 0..6 {
            assert!(high[i] - low[i] > 0.5, "seed {seed}: joint {i} idles");
        }
    }
}
