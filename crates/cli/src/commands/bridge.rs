//! `ulna bridge`.

use anyhow::Result;
use serde_json::{Value, to_value};
use ulna_bringup::bridge::{self, BoardOverview, BridgeLimits, Trial};
use ulna_bringup::service::WorkOptions;
use ulna_outside::Text;

use crate::args::BridgeAction;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn bridge(action: &BridgeAction, json: bool) -> Result<Outcome> {
    match action {
        BridgeAction::Info(board) => about(json, &bridge::info(&board.port)?),
        BridgeAction::Clear(board) => about(json, &bridge::clear(&board.port)?),
        BridgeAction::Lock(board) => about(json, &bridge::lock(&board.port, true)?),
        BridgeAction::Unlock(board) => about(json, &bridge::lock(&board.port, false)?),
        BridgeAction::Limits {
            port,
            robot,
            robot_id,
        } => {
            let work = WorkOptions {
                robot: robot.clone(),
                ..WorkOptions::default()
            };
            match bridge::limits(&port.port, &work, robot_id.as_deref())? {
                Some(found) => say(json, || to_value(&found), || limits(&found)),
                None => {
                    output::note(
                        "the board knows no arm since it started; `--robot-id ID` shows what a session would set",
                    );
                    if json {
                        output::json(&Value::Null)?;
                    }
                    Ok(Outcome::Done)
                }
            }
        }
        BridgeAction::Test { port, baud } => {
            let found = bridge::trial(&port.port, *baud)?;
            say(json, || to_value(&found), || trial(&found))?;
            Ok(match found.good {
                true => Outcome::Done,
                false => Outcome::ChecksFailed,
            })
        }
        BridgeAction::Flash { firmware, drive } => {
            let flashed = bridge::flash(firmware, drive.as_deref())?;
            let words = || {
                let (kib, drive) = (flashed.blocks / 4, flashed.drive.display());
                Text::split(format!(
                    "{kib} KiB written to {drive}; the board restarts by itself, `ulna bridge info PORT` says how it is"
                ))
            };
            say(json, || to_value(&flashed), words)
        }
    }
}

fn about(json: bool, board: &BoardOverview) -> Result<Outcome> {
    say(json, || to_value(board), || overview(board))
}

fn say(
    json: bool,
    value: impl Fn() -> serde_json::Result<Value>,
    words: impl Fn() -> Text,
) -> Result<Outcome> {
    match json {
        true => output::json(&value()?)?,
        false => output::text(&words())?,
    }
    Ok(Outcome::Done)
}

fn overview(board: &BoardOverview) -> Text {
    let counters = &board.status.counters;
    let stopped = match board.status.trip {
        None => "no".to_owned(),
        Some(trip) => format!(
            "YES: {}{}, {:.1} ms after the last frame; `ulna bridge clear` takes it back",
            trip.reason,
            trip.joint
                .map(|joint| format!(" (joint {joint})"))
                .unwrap_or_default(),
            millis(trip.at_us.saturating_sub(trip.last_frame_us)),
        ),
    };
    Text::split(format!(
        "{}  {} with firmware {}, up for {:.0} s\n\
         drives an arm  {}\n\
         has stopped it {stopped}\n\
         raw bytes      {}\n\
         frames         {} good, {} damaged, {} repeated, {} missing\n\
         cycles         {}, of which {} had a goal cut down; servos answered {} times and were silent {} times",
        board.port,
        board.board,
        board.firmware,
        board.up_s,
        match board.status.mode {
            bridge::Mode::Idle => "no",
            bridge::Mode::Cyclic => "yes",
        },
        match board.status.locked {
            true => "locked out",
            false => "pass while it drives none",
        },
        counters.frames,
        counters.bad_frames,
        counters.repeated,
        counters.missing,
        counters.cycles,
        counters.limited,
        counters.replies,
        counters.missed,
    ))
}

fn limits(limits: &BridgeLimits) -> Text {
    let mut lines = vec![format!(
        "{}: {}; {} cycles/s, dead-man {} ms, then {:?}; a goal outside: {:?}",
        limits.port,
        match limits.in_force {
            true => "in force",
            false => "what a session would set",
        },
        limits.rate_hz,
        limits.dead_man_ms,
        limits.on_silence,
        limits.on_excess,
    )];
    for joint in &limits.joints {
        let bounds = joint.limits;
        let most = |value: Option<u16>, unit: &str| {
            value.map_or_else(|| "any".to_owned(), |value| format!("{value}{unit}"))
        };
        lines.push(format!(
            "  {:<14} id {:<3} {}..{} counts, {} counts/s, {} a step, current {}, {}",
            joint.joint,
            joint.id,
            bounds.low,
            bounds.high,
            bounds.velocity,
            bounds.step,
            most(bounds.current, " counts"),
            most(bounds.celsius.map(u16::from), " °C"),
        ));
    }
    lines.into_iter().collect()
}

fn trial(trial: &Trial) -> Text {
    let [fastest, half, slowest] = trial.round_trip_ms;
    Text::split(format!(
        "{}: {}\n\
         round trip  {half:.2} ms ({fastest:.2} to {slowest:.2}), {} pings\n\
         its time    is known within {:.2} ms\n\
         dead-man    set to 100 ms, acted after {:.2} ms\n\
         cycles      {}; servo 1 {}",
        trial.port,
        match trial.good {
            true => "works",
            false => "does NOT stop an arm in time",
        },
        trial.pings,
        trial.stamps_within_ms,
        trial.dead_man_ms,
        trial.cycles,
        match trial.servo_answered {
            true => "answered",
            false => "did not answer (without an arm none does)",
        },
    ))
}

#[allow(clippy::cast_precision_loss)]
fn millis(us: u64) -> f64 {
    us as f64 * 1e-3
}
