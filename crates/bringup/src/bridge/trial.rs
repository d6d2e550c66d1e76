//! Does a board work? Its link is measured, and its dead-man is let run out, without a goal for any servo.

use std::time::Duration;

use serde::Serialize;
use ulna_bridge::message::{BoardStatus, Command, TripReason};
use ulna_bridge::setup::{BridgeJoint, BridgeSetup, ExcessAction, JointLimits};
use ulna_drivers::bridge::{self, BridgeClient, BridgeError};
use ulna_rt::Pacer;

use super::name;
use crate::error::BringupError;

/// Pings whose round trip is measured.
const PINGS: u32 = 200;
/// The dead-man's time that is tried, ms.
const DEAD_MAN_MS: u16 = 100;

/// So often the board is given twice as much silence, if its dead-man has not acted.
const MORE_SILENCES: u32 = 3;

/// What was found of a board.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// Its port.
    pub port: String,
    /// Pings that were answered.
    pub pings: u32,
    /// What a ping took, ms: the fastest, half of them, all but one in a hundred.
    pub round_trip_ms: [f64; 3],
    /// By how much the board's time as the host's may be wrong, ms.
    pub stamps_within_ms: f64,
    /// How long after the last valid frame the dead-man acted by the board's own clock, ms; it was set to 100.
    pub dead_man_ms: f64,
    /// The cycles that the board made meanwhile, asking a servo 1 where it stands.
    pub cycles: u32,
    /// Whether a servo 1 answered.
    pub servo_answered: bool,
    /// Everything is as it should be.
    pub good: bool,
}

/// Tries a board. No servo gets a goal, and none is written to: it is only asked where it stands.
///
/// # Errors
/// If the port cannot be opened, no board answers, or it has stopped its arm.
pub fn trial(port: &str, baud: u32) -> Result<Trial, BringupError> {
    let name = name(port);
    let (mut client, mut pacer) = bridge::client(&name)?;
    let status = client.status(&mut pacer)?;
    if let Some(trip) = status.trip {
        return Err(BridgeError::Tripped {
            port: name,
            reason: trip.reason,
            joint: trip.joint,
        }
        .into());
    }
    let mut times = Vec::new();
    for token in 0..PINGS {
        let sent = pacer.now();
        client.ask(&mut pacer, &Command::Ping { token })?;
        times.push(pacer.now().saturating_sub(sent));
    }
    times.sort_unstable();
    let at = |part: usize| {
        let time = times.get(times.len().saturating_sub(1) * part / 100);
        time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let uncertainty = client.clock().uncertainty(pacer.now());
    let (dead_man_ms, cycles, servo_answered) = let_dead_man_act(&mut client, &mut pacer, baud)?;
    Ok(Trial {
        port: name,
        pings: PINGS,
        round_trip_ms: [at(0), at(50), at(99)],
        stamps_within_ms: uncertainty.map_or(0.0, |time| time.as_secs_f64() * 1e3),
        dead_man_ms,
        cycles,
        servo_answered,
        good: (f64::from(DEAD_MAN_MS)..=f64::from(DEAD_MAN_MS) + 1.0).contains(&dead_man_ms),
    })
}

/// How the board is after the host has said nothing for this time.
fn after_silence(
    client: &mut BridgeClient,
    pacer: &mut dyn Pacer,
    silence: Duration,
) -> Result<BoardStatus, BringupError> {
    pacer.wait(pacer.now() + silence);
    Ok(client.status(pacer)?)
}

/// Lets the board drive an arm of one servo that gets no goals, falls silent, and looks what the board has done.
fn let_dead_man_act(
    client: &mut BridgeClient,
    pacer: &mut dyn Pacer,
    baud: u32,
) -> Result<(f64, u32, bool), BringupError> {
    let model = ulna_bus::families::sts3215::STS3215.number;
    let servo = BridgeJoint::new(1, model, JointLimits::new((0, 4095), 1, 1));
    let mut setup = BridgeSetup::new(baud, std::iter::once(servo).collect());
    setup.rate_hz = 100;
    setup.dead_man_ms = DEAD_MAN_MS;
    setup.on_excess = ExcessAction::Trip;
    client.ask(pacer, &Command::Setup(setup))?;
    let before = client.status(pacer)?.counters;
    client.ask(pacer, &Command::Start)?;
    let mut silence = Duration::from_millis(u64::from(DEAD_MAN_MS) * 3);
    let mut status = after_silence(client, pacer, silence)?;
    // To ask is to be heard, so each silence begins again: a board whose clock stood still (an emulated one on a busy computer) needs a longer one.
    for _ in 0..MORE_SILENCES {
        if status.trip.is_none() {
            silence *= 2;
            status = after_silence(client, pacer, silence)?;
        }
    }
    let acted = match status.trip {
        Some(trip) if trip.reason == TripReason::DeadMan => {
            #[allow(clippy::cast_precision_loss)]
            let time = trip.at_us.saturating_sub(trip.last_frame_us) as f64 * 1e-3;
            time
        }
        _ => f64::INFINITY,
    };
    client.stop(pacer)?;
    client.ask(pacer, &Command::Clear)?;
    let cycles = status.counters.cycles.saturating_sub(before.cycles);
    let answered = status.counters.replies > before.replies;
    Ok((acted, cycles, answered))
}
