//! `ulna record`: keys in, progress and summary out.

use std::io::{self, IsTerminal};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use ulna_outside::Text;
use ulna_robot::files;
use ulna_session::client::{SessionEvent, spawn};
use ulna_session::display::Display;
use ulna_session::policies::PolicyOptions;
use ulna_session::record::{RecordOptions, Recorded, record as run};
use ulna_session::{Phase, Progress, RigOptions};

use super::{display, stop, warn_of_hidden_calibrations};
use crate::Outcome;
use crate::args::RecordArgs;
use crate::keyboard::{BASE_HELP, BaseKeys, Keyboard, recorder_key};
use crate::output;
use crate::print::message;
use crate::sounds::{Announcer, Sounds};

pub(crate) fn record(args: &RecordArgs, json: bool) -> Result<Outcome> {
    let options = args.options();
    let display = display::open(&args.display, &format!("record {}", options.task))?;
    let front = Front {
        display,
        sounds: args.recording.sounds,
    };
    recorded(args.rig(), options, None, front, json)
}

/// What shows and announces how a recording goes.
pub(super) struct Front {
    pub(super) display: Option<Box<dyn Display>>,
    pub(super) sounds: Sounds,
}

/// Records a leader's hand, or a policy.
pub(super) fn recorded(
    rig: RigOptions,
    options: RecordOptions,
    policy: Option<PolicyOptions>,
    front: Front,
    json: bool,
) -> Result<Outcome> {
    if let Some(there) = options.complete()? {
        return nothing_missing(&options, there, json);
    }
    warn_of_hidden_calibrations(&rig, policy.is_none());
    let announcer = Announcer::new(front.sounds)?;
    let stop = stop()?;
    let (fps, display) = (options.fps, front.display);
    // A base is driven from the keyboard; one that is simulated, or a policy's, drives by itself.
    let drives = !rig.sim && policy.is_none() && files::find(&rig.robot)?.base.is_some();
    let session = spawn(&stop, move |link| {
        run(&rig, &options, policy.as_ref(), display, link)
    })?;
    let keyboard = match drives {
        false => Keyboard::start(session.commands.clone(), recorder_key)?,
        true => {
            let mut base = BaseKeys::new();
            let meaning = move |key| base.command(key).or_else(|| recorder_key(key));
            Keyboard::start(session.commands.clone(), meaning)?
        }
    };
    if drives && keyboard.is_some() {
        output::note(format_args!(
            "the base: {BASE_HELP}; it stops half a second after the last key"
        ));
    }
    let mut bar = Bar::new(fps, keyboard.is_some(), announcer);
    let recorded = session.follow(|event| match event {
        SessionEvent::Recording(progress) => bar.show(progress),
        SessionEvent::Warning { text } => bar.bar.suspend(|| output::note(text)),
        _ => {}
    });
    bar.bar.finish_and_clear();
    drop(keyboard);
    let recorded = recorded?;
    for warning in &recorded.warnings {
        output::note(format_args!("warning: {warning}"));
    }
    if json {
        output::json(&serde_json::to_value(&recorded)?)?;
    } else {
        output::text(&summary(&recorded))?;
    }
    Ok(Outcome::from_interrupt(recorded.interrupted))
}

/// The dataset holds what was asked for; a script that calls again and again ends here.
fn nothing_missing(options: &RecordOptions, there: u64, json: bool) -> Result<Outcome> {
    let dataset = &options.dataset;
    if json {
        output::json(&json!({
            "dataset": dataset,
            "episodes": 0,
            "frames": 0,
            "total_episodes": there,
        }))?;
    } else {
        output::line(format_args!(
            "{}: {there} episodes are there already, nothing is missing; --more N records N more",
            dataset.display()
        ))?;
    }
    Ok(Outcome::Done)
}

/// A line on stderr; nothing if stderr is no terminal.
struct Bar {
    bar: ProgressBar,
    fps: f64,
    keys: &'static str,
    announcer: Announcer,
}

impl Bar {
    fn new(fps: u32, keyboard: bool, announcer: Announcer) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {wide_msg}") {
            bar.set_style(style);
        }
        let keys = if keyboard {
            "   → next  ← again  Esc stop"
        } else {
            ""
        };
        Self {
            bar,
            fps: f64::from(fps.max(1)),
            keys,
            announcer,
        }
    }
}

/// Free bytes below which they are shown.
const SCARCE: u64 = 2_000_000_000;

impl Bar {
    fn show(&mut self, progress: &Progress) {
        self.announcer.announce(progress);
        let Progress {
            phase,
            approaching,
            episode,
            episodes,
            before,
            row,
            rows,
            saved,
            spooled,
            replaced,
            failed,
            free,
        } = *progress;
        let (episode, episodes) = (before + episode, before + episodes);
        let what = match phase {
            Phase::Waiting if approaching => "going to where the episode begins".to_owned(),
            Phase::Waiting => "waiting for arm and cameras".to_owned(),
            Phase::Recording => format!("RECORDING episode {episode} of {episodes}"),
            Phase::Reset => format!(
                "reset the scene; next: episode {} of {episodes}",
                episode + 1
            ),
            Phase::Over if failed => "ending after a fault".to_owned(),
            Phase::Over => "saving".to_owned(),
        };
        let seconds = |rows: u64| rows as f64 / self.fps;
        let time = match phase {
            Phase::Recording | Phase::Reset => {
                format!("  {:.1} of {:.1} s", seconds(row), seconds(rows))
            }
            Phase::Waiting | Phase::Over => String::new(),
        };
        let behind = match (spooled, replaced) {
            (0, 0) => String::new(),
            _ => format!("  encoders behind: {spooled} pictures on disk, {replaced} replaced"),
        };
        let disk = match free {
            Some(free) if free < SCARCE => {
                format!("  only {} MB free on the disk", free / 1_000_000)
            }
            _ => String::new(),
        };
        self.bar.set_length(rows.max(1));
        self.bar.set_position(row.min(rows));
        message(
            &self.bar,
            format_args!("{what}{time}  saved {saved}{behind}{disk}{}", self.keys),
        );
    }
}

fn summary(recorded: &Recorded) -> Text {
    let Recorded {
        dataset,
        fps,
        cameras,
        episodes,
        frames,
        discarded,
        total_episodes,
        reports,
        session,
        ..
    } = recorded;
    let cameras = match cameras.as_slice() {
        [] => "no cameras".to_owned(),
        names => format!("cameras {}", names.join(", ")),
    };
    let mut lines = vec![format!(
        "{}: {episodes} episodes saved, {frames} frames at {fps} fps, {cameras}; {discarded} thrown away; {total_episodes} in all",
        dataset.display()
    )];
    for (number, report) in (total_episodes - episodes..).zip(reports) {
        let mut line = format!(
            "  episode {number:<4}{} frames, state {:.1} ms old",
            report.rows, report.state_age.mean_ms
        );
        for camera in &report.cameras {
            line.push_str(&format!(
                ", {} {:.1} ms ({} repeated",
                camera.name, camera.age.mean_ms, camera.repeated
            ));
            for (count, what) in [
                (camera.lost, "lost"),
                (camera.late, "late"),
                (camera.replaced, "replaced"),
            ] {
                if count > 0 {
                    line.push_str(&format!(", {count} {what}"));
                }
            }
            line.push(')');
        }
        lines.push(line);
    }
    let mut text: Text = lines.into_iter().collect();
    text.append(output::session(session));
    text
}
