//! A real SO-101 under human teleoperation, played through gate, driver, packets and simulated servos.

mod harness;

use harness::{fixture, json};

const JOINTS: [&str; 6] = [
    "shoulder_pan",
    "shoulder_lift",
    "elbow_flex",
    "wrist_flex",
    "wrist_roll",
    "gripper",
];

fn replay(dataset: &str, episode: &str) -> serde_json::Value {
    json(&[
        "replay",
        "--sim",
        "--dataset",
        dataset,
        "--episode",
        episode,
    ])
}

/// A servo model worth its name does better than the delay that explains most of a real arm's lag.
#[test]
fn the_simulated_arm_is_nearer_to_the_real_one_than_a_pure_delay() {
    let Some(dataset) = fixture("so101-real") else {
        return;
    };
    for episode in ["0", "1", "2", "3"] {
        let report = replay(&dataset, episode);
        assert_eq!(report["units"], "m100");
        assert_eq!(report["joints"].as_object().unwrap().len(), 6);
        for joint in JOINTS {
            let fit = &report["joints"][joint];
            let (rms, baseline) = (
                fit["rms"].as_f64().unwrap(),
                fit["baseline_rms"].as_f64().unwrap(),
            );
            assert!(
                rms < baseline,
                "episode {episode}, {joint}: {rms} is not below {baseline}"
            );
        }
    }
}

#[test]
fn with_the_default_limits_the_gate_alters_none_of_its_actions() {
    let Some(dataset) = fixture("so101-real") else {
        return;
    };
    for episode in ["0", "1", "2", "3"] {
        let report = replay(&dataset, episode);
        let session = &report["session"];
        assert!(session["timing"]["ticks"].as_u64().unwrap() > 2400);
        for what in ["clamped", "slowed", "ramped", "held"] {
            assert_eq!(session["gate"][what], 0, "episode {episode}: {what}");
        }
    }
}

#[test]
fn the_shipped_episode_replays_in_the_units_of_its_manifest() {
    let report = replay(&harness::shipped(), "0");
    assert_eq!(
        (&report["units"], &report["frames"]),
        (&"degrees".into(), &240.into())
    );
    assert_eq!(report["session"]["ended"], "the episode is over");
    assert_eq!(report["session"]["exit"]["as_asked"], true);
}
