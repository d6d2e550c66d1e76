//! One function for each command: options in, answer out.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use ulna_app::replay::{ReplayOptions, Replayed};
use ulna_app::rig::{self, Rig};
use ulna_app::run::{Job, run};
use ulna_app::{Stop, bench as benches, datasets, demo as tour, robots as known};

use crate::Ended;
use crate::args::{
    BenchCommand, DatasetAction, DemoArgs, ReplayArgs, RobotsAction, SimAction, TeleopArgs,
};
use crate::output::{self, StatusLine};

pub(crate) fn demo(args: &DemoArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let mut say = |line: &str| eprintln!("{line}");
    let told = tour::demo(args.seed, args.folder.as_deref(), &stop, &mut say)?;
    if json {
        output::json(&serde_json::to_value(&told)?)?;
    } else {
        output::text(&told.summary())?;
    }
    Ok(if told.interrupted {
        Ended::Interrupted
    } else {
        Ended::Done
    })
}

pub(crate) fn robots(action: &RobotsAction, json: bool) -> Result<Ended> {
    match action {
        RobotsAction::List => {
            let all = known::list();
            if json {
                output::json(&json!({ "robots": all }))?;
            } else {
                for listed in &all {
                    output::text(&format!(
                        "{:<12} {}  [{}]",
                        listed.name, listed.summary, listed.origin
                    ))?;
                }
            }
        }
        RobotsAction::Show { name, toml: true } => output::text(known::read(name)?.0.trim_end())?,
        RobotsAction::Show { name, toml: false } => {
            let kind = known::find(name)?;
            if json {
                output::json(&serde_json::to_value(&kind)?)?;
            } else {
                output::text(&output::robot(&kind))?;
            }
        }
    }
    Ok(Ended::Done)
}

pub(crate) fn teleop(args: &TeleopArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let rig = Rig::open(&args.rig(), true)?;
    let mut status = StatusLine::new(rig.follower.kind.names().map(str::to_owned).collect());
    let done = run(
        rig,
        &Job::Teleop {
            duration: args.duration,
        },
        &stop,
        &mut status,
    );
    status.finish();
    let done = done?;
    if json {
        output::json(&serde_json::to_value(&done.report)?)?;
    } else {
        output::text(&output::session(&done.report))?;
    }
    Ok(if done.interrupted {
        Ended::Interrupted
    } else {
        Ended::Done
    })
}

pub(crate) fn replay(args: &ReplayArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let rig = args.rig();
    let names = known::find(&rig.robot)?
        .names()
        .map(str::to_owned)
        .collect();
    let options = ReplayOptions {
        dataset: args.dataset.clone(),
        episode: args.episode,
        units: args.units.map(Into::into),
    };
    let mut status = StatusLine::new(names);
    let replayed = ulna_app::replay::replay(&rig, &options, &stop, &mut status);
    status.finish();
    let replayed = replayed?;
    if json {
        eprintln!("units: {}, {}", replayed.units, replayed.units_from);
        output::json(&replayed.to_json())?;
    } else {
        output::text(&replay_table(&replayed))?;
    }
    Ok(if replayed.done.interrupted {
        Ended::Interrupted
    } else {
        Ended::Done
    })
}

fn replay_table(replayed: &Replayed) -> String {
    let Replayed {
        units,
        units_from,
        frames,
        fps,
        joints,
        done,
    } = replayed;
    let mut lines = vec![
        format!(
            "{frames} frames at {fps} fps; units: {units} ({units_from}), the gripper 0 to 100"
        ),
        format!(
            "{:<16}{:>8}{:>12}   {}",
            "joint", "rms", "baseline", "of a pure delay by"
        ),
    ];
    for (name, fit) in joints {
        let frames = fit.baseline_delay_frames;
        lines.push(format!(
            "{name:<16}{:>8.2}{:>12.2}   {frames} frames",
            fit.rms, fit.baseline_rms
        ));
    }
    lines.push(output::session(&done.report));
    lines.join("\n")
}

pub(crate) fn sim(action: &SimAction, json: bool) -> Result<Ended> {
    let SimAction::Serve(args) = action;
    let stop = stop()?;
    let buses = rig::serve(&args.rig(), &known::find(&args.robot)?, args.leader)?;
    for (role, device) in buses.devices() {
        match json {
            true => output::json(&json!({ "role": role, "device": device }))?,
            false => output::text(&format!("{role} {}", device.display()))?,
        }
    }
    eprintln!("serving in real time; Ctrl-C ends it");
    while stop.requested().is_none() {
        if let Some(role) = buses.fallen() {
            anyhow::bail!("the simulated {role}'s bus has stopped; see above, and start it again");
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(Ended::Interrupted)
}

pub(crate) fn dataset(action: &DatasetAction, json: bool) -> Result<Ended> {
    let answer = match action {
        DatasetAction::Info { dir } => datasets::info(dir)?,
        DatasetAction::Check { dir } => datasets::checked(dir),
        DatasetAction::Repair { dir } => datasets::repaired(dir)?,
    };
    if json {
        output::json(&answer.json)?;
    } else {
        output::text(&answer.text)?;
    }
    Ok(if answer.good {
        Ended::Done
    } else {
        Ended::BadNews
    })
}

pub(crate) fn bench(bench: &BenchCommand, json: bool) -> Result<Ended> {
    let result = match bench {
        BenchCommand::Bus => benches::bus()?,
        BenchCommand::Record => benches::record()?,
    };
    if json {
        output::json(&serde_json::to_value(&result)?)?;
    } else {
        output::text(&result.table())?;
    }
    Ok(Ended::Done)
}

/// A stop that Ctrl-C, SIGTERM and a closed terminal raise.
pub(crate) fn stop() -> Result<Stop> {
    let stop = Stop::new();
    stop.on_signals()?;
    Ok(stop)
}
