//! Servos that lose their power for a moment: one, or the whole bus; they are back under control within a second, and no joint leaves its limits
//! on the way.

#![allow(missing_docs, clippy::unwrap_used)]

mod lockstep;

use std::time::Duration;

use lockstep::{drive, open_behind};
use ulna_control::Observer;
use ulna_core::{Joints, Stamp, TickRecord};
use ulna_rt::VirtualClock;
use ulna_session::controlled::Finished;
use ulna_session::report::BusReport;

/// A bare wire, what most adapters are, and a bridge board.
const ADAPTERS: [&str; 3] = ["direct", "cdc", "bridge"];
/// When the power goes.
const DIP: f64 = 2.0;

/// What a dip did to the joints.
struct Watch {
    ranges: Joints<(f64, f64)>,
    steepest: Joints<f64>,
    end_of_dip: Stamp,
    before: Option<Joints<f64>>,
    /// The last tick in which a joint was not under control.
    last_away: Option<Stamp>,
    restarts: u8,
    outside: Vec<String>,
    off_at_end: f64,
}

impl Observer for Watch {
    fn observe(&mut self, record: &TickRecord) {
        let away = record.note.limp | record.note.absent;
        if away != 0 && record.sends_at > Stamp::new(Duration::from_secs_f64(DIP)) {
            self.last_away = Some(record.sends_at);
        }
        for joint in 0..record.sent.len() {
            let (low, high) = self.ranges[joint];
            let (goal, here) = (record.sent[joint], record.state.position[joint]);
            let slack = 0.05 * (high - low);
            // A joint that was away begins where it is, which may be a step beyond: it fell on its stop.
            let is_here = (goal - here).abs() < 1e-9;
            let is_sound = away >> joint & 1 == 1 || is_here || (low..=high).contains(&goal);
            if !is_sound || !(low - slack..=high + slack).contains(&here) {
                self.outside
                    .push(format!("joint {joint}: goal {goal}, at {here}"));
            }
            // A goal leaps only to where a joint is that comes back.
            let leap = self
                .before
                .map_or(0.0, |before| (goal - before[joint]).abs());
            if leap > self.steepest[joint] * 0.05 && (goal - here).abs() > slack {
                self.outside
                    .push(format!("joint {joint} leapt to {goal} from {here}"));
            }
            self.restarts = self.restarts.max(record.health[joint].restarts);
        }
        self.before = Some(record.sent);
        self.off_at_end = (0..6)
            .map(|joint| (record.sent[joint] - record.state.position[joint]).abs())
            .fold(0.0, f64::max);
    }
}

fn session(
    (robot, adapter): (&str, &str),
    fault: &str,
    seed: u64,
    seconds: f64,
) -> (Watch, Finished, BusReport) {
    let mut rig = open_behind(adapter, robot, seed, &[fault]);
    let limits = rig.robot.gate_limits(&rig.calibration);
    let mut watch = Watch {
        ranges: limits.range,
        steepest: limits.max_velocity,
        end_of_dip: Stamp::new(Duration::from_secs_f64(DIP + 0.3)),
        before: None,
        last_away: None,
        restarts: 0,
        outside: Vec::new(),
        off_at_end: 0.0,
    };
    let lasting = Duration::from_secs_f64(seconds);
    let finished = drive(&mut rig, &mut VirtualClock::new(), &mut watch, lasting);
    let report = rig.follower.report();
    (watch, finished, report)
}

fn is_back_in_time(robot: &str, adapter: &str, fault: &str, seed: u64) -> Duration {
    let (watch, finished, report) = session((robot, adapter), fault, seed, 6.0);
    let what = format!("{robot} behind {adapter}, {fault}, seed {seed}");
    assert!(
        watch.outside.is_empty(),
        "{what}: {:?}",
        &watch.outside[..1]
    );
    assert!(watch.restarts > 0, "{what}: nothing was noticed");
    let last = watch.last_away.unwrap();
    let took = last
        .since_epoch()
        .saturating_sub(watch.end_of_dip.since_epoch());
    assert!(took < Duration::from_secs(1), "{what}: {took:?}");
    assert!(
        watch.off_at_end < 25.0,
        "{what}: {} off at the end",
        watch.off_at_end
    );
    assert!(finished.exit.as_asked, "{what}: {:?}", finished.exit);
    assert!(
        report.left_limp().is_empty(),
        "{what}: {:?}",
        report.left_limp()
    );
    took
}

#[test]
fn a_power_dip_of_one_servo_or_of_the_whole_bus_is_over_within_a_second() {
    let joints = [
        "shoulder_pan",
        "shoulder_lift",
        "elbow_flex",
        "wrist_flex",
        "wrist_roll",
        "gripper",
    ];
    for (adapter, seed) in ADAPTERS
        .iter()
        .flat_map(|adapter| (0..seeds()).map(move |seed| (adapter, seed)))
    {
        let joint = joints[usize::try_from(seed).unwrap() % joints.len()];
        for fault in [
            format!("unplug:{joint}@{DIP}s+0.3s"),
            format!("unplug:bus@{DIP}s+0.3s"),
            format!("reset:{joint}@2.3s"),
        ] {
            let took = is_back_in_time("so101", adapter, &fault, seed);
            println!("{took:?} after the dip: {adapter}, {fault}, seed {seed}");
        }
    }
}

/// A hundred are the figure to be reached; a few are enough for each commit.
fn seeds() -> u64 {
    let wanted = std::env::var("ULNA_SEEDS").ok();
    wanted.and_then(|seeds| seeds.parse().ok()).unwrap_or(2)
}

#[test]
fn dynamixels_and_wheels_come_back_too() {
    for robot in ["koch", "lekiwi"] {
        is_back_in_time(robot, "cdc", &format!("unplug:bus@{DIP}s+0.3s"), 1);
    }
    is_back_in_time("koch", "cdc", "reset:elbow_flex@2.3s", 2);
    is_back_in_time("lekiwi", "bridge", &format!("unplug:bus@{DIP}s+0.3s"), 1);
    is_back_in_time("koch", "bridge", "reset:shoulder_pan@2.3s", 2);
}

#[test]
fn a_servo_that_restarts_again_and_again_is_left_limp_and_named() {
    let fault = "reset:elbow_flex@1s,reset:elbow_flex@2s,reset:elbow_flex@3s,reset:elbow_flex@4s";
    let (watch, _, report) = session(("so101", "cdc"), fault, 3, 6.0);
    assert_eq!(watch.restarts, 4);
    let limp = report.left_limp();
    assert_eq!(limp.len(), 1, "{limp:?}");
    assert!(
        limp[0].contains("`elbow_flex`") && limp[0].contains("too often"),
        "{limp:?}"
    );
}
