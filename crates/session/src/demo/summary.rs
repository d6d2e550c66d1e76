//! The end of the tour, for a newcomer.

use std::path::Path;

use ulna_outside::Shell;
use ulna_outside::files::{self, at_home};

use super::Tour;
use crate::report::SessionReport;

impl Tour {
    /// What happened, what there is to look at, and what to type next: lines, however long; the terminal breaks them.
    pub fn summary(&self) -> String {
        let mut lines = vec![String::new(), "What happened".to_owned()];
        lines.extend(teleoperation(&self.teleop));
        lines.push(self.recording());
        lines.push(self.replayed());
        lines.push(match &self.policy {
            Some(report) => policy_line(report),
            None => "  Policy        not reached: interrupted".to_owned(),
        });
        let place = |name: &str| self.folder.join(name);
        lines.extend([String::new(), "Now look at it".to_owned()]);
        if let Some(page) = &self.page {
            lines.push(format!("  {}", page.display()));
            lines.push(
                "    the dataset as a page for your browser: each joint, each camera, the timing, the grades".to_owned(),
            );
        }
        if let Some(film) = &self.film {
            lines.push(format!("  {}", film.display()));
            lines.push(
                "    the policy at work, in space and through two cameras: `pip install rerun-sdk==0.36.3`, then `rerun` with this file".to_owned(),
            );
        }
        lines.extend([
            format!("  {}", place("dataset").display()),
            "    the LeRobot v3 dataset itself: numbers in data/, pictures in videos/ (any video player opens them)".to_owned(),
            format!("  {}", place("policy").display()),
            "    the policy: an ONNX network, and policy.toml, which says what it sees and does".to_owned(),
        ]);
        lines.extend(next(&place("policy")));
        lines.join("\n")
    }

    fn recording(&self) -> String {
        let Some(record) = &self.record else {
            return "  Record        not reached: interrupted".to_owned();
        };
        let check = match &self.check {
            Some(_) => "the check found nothing wrong",
            None => "not checked: interrupted",
        };
        format!(
            "  Record        {} episodes, {} frames with a picture from each of {} cameras; {check}",
            record.episodes,
            record.frames,
            record.cameras.len(),
        )
    }

    fn replayed(&self) -> String {
        let Some(replay) = &self.replay else {
            return "  Replay        not reached: interrupted".to_owned();
        };
        let joints = replay.joints.iter();
        let worst = joints.max_by(|a, b| a.1.rms.total_cmp(&b.1.rms));
        let worst = worst.map_or(String::new(), |(name, fit)| {
            format!("{name}, off by {:.1} (RMS, {})", fit.rms, replay.units)
        });
        format!(
            "  Replay        {} frames; farthest from the recording: {worst}",
            replay.frames
        )
    }
}

fn teleoperation(report: &SessionReport) -> [String; 2] {
    let (timing, servos) = (&report.timing, &report.follower.servos);
    [
        format!(
            "  Teleoperate   {} control ticks at {:.1} of {:.0} Hz; half of them started within {:.0} µs of their deadline",
            timing.ticks, timing.achieved_hz, timing.rate_hz, timing.lateness.p50_us
        ),
        format!(
            "                {} servo answers over the real wire protocol, {} missed; in the end the arm: {}",
            servos.iter().map(|servo| servo.replies).sum::<u32>(),
            servos.iter().map(|servo| servo.missed).sum::<u32>(),
            report.exit.happened
        ),
    ]
}

fn policy_line(report: &SessionReport) -> String {
    let task = report.task.as_ref().map_or(String::new(), |task| {
        let off = task.figure("mean_distance_m").unwrap_or(f64::NAN) * 1e3;
        format!(
            "{} of {} targets reached, {off:.0} mm off on average",
            task.successes.value, task.attempts.value
        )
    });
    let engine = report.policy.as_ref().map_or(String::new(), |policy| {
        format!(
            "; {} chunks of actions by {}",
            policy.inference.inferences, policy.checked.engine
        )
    });
    format!("  Policy        {task}{engine}")
}

fn next(policy: &Path) -> Vec<String> {
    // A home folder's name is the shell's to write, where nothing has to be quoted.
    let (whole, short) = (files::shell(policy), at_home(policy));
    let quoted = Shell(short.trim_start_matches("~/")).to_string();
    let policy = match short.strip_prefix("~/") == Some(&quoted) {
        true => short,
        false => whole,
    };
    [
        "",
        "What to type next (Ctrl-C ends each of them gently)",
        "  ulna teleop --sim",
        "    watch the follower follow; then with --fault dead:elbow_flex@2s+2s, a servo whose cable is cut for two seconds",
        "  ulna record --sim --dataset my-data --task \"Move about\" --episodes 1",
        "    a dataset of your own; n ends an episode, q ends the session",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        format!("  ulna run --sim --scene reach --policy {policy}"),
        "From the source folder: `cargo run --release --` in the place of `ulna`.".to_owned(),
    ])
    .collect()
}
