use std::sync::{Arc, Mutex};
use std::time::Duration;

use ulna_core::{Stamp, TickRecord};
use ulna_rt::Stop;

use super::*;
use crate::client::SessionLink;
use crate::device::BoxedObserver;
use crate::eval::limit_of;
use crate::options::RigOptions;
use crate::report::ClockKind;
use crate::rig::Rig;
use crate::run::{SessionPlan, run};

fn options(scene: &str, seed: u64) -> SteppedOptions {
    SteppedOptions {
        rig: RigOptions {
            scene: Some(scene.to_owned()),
            seed,
            ..RigOptions::default()
        },
        fps: 30.0,
        cameras: Vec::new(),
        picture: Some((64, 48)),
        objects: true,
        render: None,
    }
}

/// What the expert asks for at each tick, and how often the task could be done and was, as `ulna eval` counts.
fn shown(scene: &str, seed: u64) -> (Vec<(Stamp, Vec<f64>)>, [u32; 2]) {
    let rig = RigOptions {
        sim: true,
        clock: ClockKind::Virtual,
        expert: true,
        ..options(scene, seed).rig
    };
    let (stop, asked) = (Stop::new(), Arc::new(Mutex::new(Vec::new())));
    let mut link = SessionLink::alone(&stop);
    link.without_recorder();
    let rig = Rig::open(&rig, &link).unwrap();
    let (attempts, keep) = (rig.surroundings.attempts().unwrap(), Arc::clone(&asked));
    let plan = SessionPlan {
        command: "eval",
        duration: Some(limit_of(&*rig.surroundings)),
        watch: Some(BoxedObserver::new(move |tick: &TickRecord| {
            let action = tick.action.map(|action| action.target.to_vec());
            let action = action.map(|action| (tick.sends_at, action));
            keep.lock().unwrap().extend(action);
            if attempts.is_solved() && attempts.is_clear() {
                stop.end();
            }
        })),
        ..SessionPlan::default()
    };
    let score = run(rig, plan, &link).unwrap().report.task.unwrap();
    let asked = asked.lock().unwrap().clone();
    (asked, [score.attempts.value, score.successes.value])
}

/// Plays what was asked for from step to step, and returns all that was seen.
fn played(asked: &[(Stamp, Vec<f64>)], options: &SteppedOptions) -> Vec<Observed> {
    let (mut episode, first) = SteppedEpisode::begin(options, &Stop::new()).unwrap();
    let begin = asked[0].0;
    let mut seen = vec![first];
    while seen.last().unwrap().ending.is_none() {
        let now = begin + Duration::from_secs_f64((seen.len() - 1) as f64 / options.fps);
        let newest = asked.iter().take_while(|(at, _)| *at <= now).last();
        seen.push(episode.step(&newest.unwrap().1).unwrap());
    }
    seen
}

#[test]
fn what_the_expert_did_succeeds_step_by_step_too() {
    let (asked, counted) = shown("lift", 0);
    assert_eq!(counted, [1, 1]);
    let seen = played(&asked, &options("lift", 0));
    let last = seen.last().unwrap();
    assert_eq!((last.ending, last.success), (Some(Ending::Solved), true));
    assert_eq!((last.attempts, last.successes), (1, 1));
    // The cube was lifted by as much as the task asks for.
    let height = |seen: &Observed| seen.environment[2];
    assert!(height(last) - height(&seen[0]) > 0.05, "{}", height(last));
    // Bit for bit again, whatever else runs.
    let again = played(&asked, &options("lift", 0));
    assert_eq!(again.len(), seen.len());
    for (one, other) in seen.iter().zip(&again) {
        assert_eq!(one.state, other.state);
        assert_eq!(one.environment, other.environment);
    }
}

/// A scene that goes on after a success: the targets are counted as `ulna eval` counts them.
#[test]
fn a_scene_that_goes_on_is_counted_to_its_end() {
    let (asked, [targets, reached]) = shown("reach", 2);
    assert!(
        (9..=10).contains(&targets) && reached > 0,
        "{reached} of {targets}"
    );
    let options = SteppedOptions {
        fps: 200.0,
        ..options("reach", 2)
    };
    let seen = played(&asked, &options);
    let last = seen.last().unwrap();
    assert_eq!(last.ending, Some(Ending::TimeUp));
    assert_eq!([last.attempts, last.successes], [targets, reached]);
    assert_eq!(last.success, targets == reached);
    let early = &seen[..seen.len() - 1];
    assert!(early.iter().all(|it| !it.success && it.ending.is_none()));
}

#[test]
fn a_step_takes_its_time_and_the_time_runs_out() {
    let options = options("lift", 3);
    let facts = facts(&options).unwrap();
    assert_eq!((facts.time_limit_s, facts.most_steps), (20.0, 600));
    let (mut episode, first) = SteppedEpisode::begin(&options, &Stop::new()).unwrap();
    let mut seen = first.clone();
    for step in 1..=600 {
        assert_eq!(seen.ending, None, "before step {step}");
        seen = episode.step(&first.state).unwrap();
        let due = first.time_s + f64::from(step) / 30.0;
        assert!(
            (-1e-9..0.005).contains(&(seen.time_s - due.min(20.0))),
            "{step}: {} {due}",
            seen.time_s
        );
    }
    assert_eq!((seen.ending, seen.success), (Some(Ending::TimeUp), false));
    assert_eq!((seen.attempts, seen.successes), (1, 0));
    assert!(matches!(
        episode.step(&first.state),
        Err(SteppedError::Over)
    ));
}

#[test]
fn a_wrong_action_moves_nothing() {
    let (mut episode, first) = SteppedEpisode::begin(&options("push", 1), &Stop::new()).unwrap();
    let error = episode.step(&[0.0; 5]).unwrap_err().to_string();
    assert!(
        error.contains("has 6 numbers") && error.contains("this one has 5"),
        "{error}"
    );
    let mut action = first.state.clone();
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        action[2] = wrong;
        let error = episode.step(&action).unwrap_err().to_string();
        assert!(error.contains("`elbow_flex.pos`"), "{error}");
    }
    // Finite is enough: the gate knows how far the arm may go.
    action[2] = 1e300;
    let seen = episode.step(&action).unwrap();
    assert_eq!(seen.gate.clamped, 0b100);
    assert!((seen.time_s - first.time_s - 1.0 / 30.0).abs() < 0.005);
}

#[test]
fn pictures_are_there_from_the_start_and_rendered_when_asked() {
    let mut options = options("reach", 0);
    options.cameras = vec!["wrist".to_owned()];
    options.render = Some("front".to_owned());
    let (mut episode, first) = SteppedEpisode::begin(&options, &Stop::new()).unwrap();
    let sizes: Vec<_> = first
        .pictures
        .iter()
        .map(|it| (it.width, it.height))
        .collect();
    assert_eq!(sizes, [(64, 48)]);
    let before = episode.render().unwrap();
    let seen = episode.step(&first.state).unwrap();
    assert!(seen.pictures[0].sequence > first.pictures[0].sequence);
    assert!(episode.render().unwrap().sequence > before.sequence);
    // The target, where the scene reports it.
    assert_eq!(first.environment.len(), 3);
    options.render = None;
    let (mut episode, _) = SteppedEpisode::begin(&options, &Stop::new()).unwrap();
    assert!(matches!(
        episode.render(),
        Err(SteppedError::NothingRendered)
    ));
}

#[test]
fn cameras_are_those_of_the_scene_with_their_own_sizes() {
    let mut options = options("lift", 0);
    assert_eq!(
        cameras(&options.rig).unwrap(),
        ["front", "wrist"],
        "without spare ones"
    );
    options.cameras = vec!["top".to_owned()];
    options.picture = None;
    let seen = facts(&options).unwrap().cameras;
    assert_eq!((seen[0].name.as_str(), seen[0].size), ("top", (640, 480)));
}

#[test]
fn options_that_cannot_be_are_named() {
    let wrong = |change: fn(&mut SteppedOptions), part: &str| {
        let mut options = options("lift", 0);
        change(&mut options);
        let error = facts(&options).unwrap_err();
        assert!(
            error.is_usage() && error.to_string().contains(part),
            "{error}"
        );
    };
    wrong(|it| it.fps = f64::NAN, "--fps NaN is not between 1 and 200");
    wrong(|it| it.fps = 300.0, "--fps 300");
    wrong(
        |it| it.cameras = vec!["rear".to_owned()],
        "no camera `rear`",
    );
    wrong(|it| it.render = Some("rear".to_owned()), "front");
    wrong(
        |it| it.cameras = vec!["front".to_owned(); 2],
        "`front` twice",
    );
    wrong(
        |it| (it.cameras, it.picture) = (vec!["front".to_owned()], Some((0, 48))),
        "0",
    );
    wrong(|it| it.rig.scene = Some("moon".to_owned()), "moon");
    wrong(
        |it| it.rig.robot = "lekiwi".to_owned(),
        "one arm on a table",
    );
}
