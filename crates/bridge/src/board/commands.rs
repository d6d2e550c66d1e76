//! What each command does.

use core::time::Duration;

use heapless::Vec;
use ulna_bus::engine::Engine;

use super::cycle::Cyclic;
use super::{Board, engine_config, micros};
use crate::limiter::Limiter;
use crate::message::{
    BoardAnswer, BoardRefusal, Command, JointGoal, MAX_JOINTS, Mode, RawBytes, TripReason, VERSION,
};
use crate::setup::{BridgeSetup, ExcessAction, SoundSetup};

/// Rates that a servo's wire can have, bits per second.
const BAUDS: core::ops::RangeInclusive<u32> = 9_600..=4_500_000;

impl Board {
    /// Does it; the answer, if it is given at once.
    pub(super) fn obey(
        &mut self,
        seq: u16,
        command: Command,
    ) -> Result<Option<BoardAnswer>, BoardRefusal> {
        if let Command::Hello { version } = command {
            return Ok(Some(self.greet(version)));
        }
        if !self.greeted {
            return Err(BoardRefusal::NoHello);
        }
        let answer = match command {
            Command::Hello { .. } => BoardAnswer::Hello(self.info()),
            Command::Ping { token } => BoardAnswer::Pong {
                token,
                board_us: micros(self.now),
            },
            Command::Status => BoardAnswer::Status(self.status()),
            Command::Limits => BoardAnswer::Limits(self.setup.as_ref().map(|it| it.setup.clone())),
            Command::Setup(setup) => self.set_up(setup)?,
            Command::Start => self.start()?,
            // What becomes of goals is said with the state of the cycle that sends them.
            Command::Goals(goals) => return self.take_goals(seq, &goals).map(|()| None),
            Command::Stop => return Ok(self.stop(seq)),
            Command::Clear => {
                self.clear();
                BoardAnswer::Done
            }
            Command::Raw(bytes) => return self.raw_from_host(&bytes).map(|()| None),
            Command::Baud(baud) => self.set_baud(baud)?,
            Command::Recover(recovery) => return self.recover(seq, recovery).map(|()| None),
            Command::Lock(locked) => {
                self.locked = locked;
                BoardAnswer::Done
            }
        };
        Ok(Some(answer))
    }

    fn greet(&mut self, version: u16) -> BoardAnswer {
        self.greeted = version == VERSION;
        if self.mode == Mode::Cyclic {
            self.trip_because(TripReason::HostRestarted, None);
        }
        BoardAnswer::Hello(self.info())
    }

    fn set_up(&mut self, setup: BridgeSetup) -> Result<BoardAnswer, BoardRefusal> {
        self.idle_only()?;
        self.setup = Some(SoundSetup::new(setup).map_err(BoardRefusal::Setup)?);
        Ok(BoardAnswer::Done)
    }

    fn start(&mut self) -> Result<BoardAnswer, BoardRefusal> {
        self.idle_only()?;
        if let Some(trip) = self.trip {
            return Err(BoardRefusal::Tripped(trip.reason));
        }
        let sound = self.setup.as_ref().ok_or(BoardRefusal::NoSetup)?;
        let mut config = engine_config(sound.protocol, sound.setup.baud, self.turnaround);
        config.fast_reads = sound.setup.fast_reads;
        self.engine = Engine::with_totals(config);
        self.cyclic = Cyclic::starting(self.now, sound);
        self.new_baud = Some(sound.setup.baud);
        self.mode = Mode::Cyclic;
        Ok(BoardAnswer::Done)
    }

    fn take_goals(
        &mut self,
        seq: u16,
        goals: &Vec<JointGoal, MAX_JOINTS>,
    ) -> Result<(), BoardRefusal> {
        if self.mode != Mode::Cyclic || self.cyclic.ending.is_some() {
            return Err(BoardRefusal::NotCyclic);
        }
        if let Some(trip) = self.trip {
            return Err(BoardRefusal::Tripped(trip.reason));
        }
        let sound = self.setup.as_ref().ok_or(BoardRefusal::NoSetup)?;
        let mut wanted = [None; MAX_JOINTS];
        for goal in goals {
            let place = usize::from(goal.joint);
            match wanted.get_mut(place) {
                Some(place_for_it @ None) if place < sound.models.len() => {
                    *place_for_it = Some(goal.counts);
                }
                _ => return Err(BoardRefusal::Goals),
            }
        }
        if sound.setup.on_excess == ExcessAction::Trip
            && let Some((joint, reason)) = self.excess(&wanted)
        {
            self.trip_because(reason, Some(joint));
            return Err(BoardRefusal::Tripped(reason));
        }
        for (joint, target) in self.cyclic.joints.iter_mut().zip(wanted) {
            joint.limiter.want(target);
        }
        self.cyclic.goals = Some((seq, self.now));
        Ok(())
    }

    /// The first goal that is more than its joint's limits allow.
    fn excess(&self, wanted: &[Option<i32>; MAX_JOINTS]) -> Option<(u8, TripReason)> {
        let setup = &self.setup.as_ref()?.setup;
        let since = match self.cyclic.goals {
            Some((_, at)) => self.now.saturating_sub(at),
            None => Duration::MAX,
        };
        let joints = self.cyclic.joints.iter().zip(&setup.joints).zip(wanted);
        (0..)
            .zip(joints)
            .find_map(|(place, ((run, joint), target))| {
                let reason = run.limiter.excess(&joint.limits, (*target)?, since)?;
                Some((place, reason))
            })
    }

    /// Ends cyclic mode once the wire is free and wheels stand; the answer comes then.
    fn stop(&mut self, seq: u16) -> Option<BoardAnswer> {
        if self.mode == Mode::Idle {
            return Some(BoardAnswer::Done);
        }
        for joint in &mut self.cyclic.joints {
            joint.limiter.want(None);
        }
        self.cyclic.ending = Some(seq);
        None
    }

    /// Takes back a trip: goals begin from where the joints are.
    fn clear(&mut self) {
        self.trip = None;
        self.cyclic.stops_left = 0;
        self.cyclic.stop_due = false;
        self.cyclic.goals = None;
        let sound = self.setup.as_ref();
        for (place, run) in self.cyclic.joints.iter_mut().enumerate() {
            let joint = sound.and_then(|sound| sound.setup.joints.get(place));
            let is_wheel = joint.is_some_and(|joint| joint.wheel);
            run.limiter = match is_wheel {
                true => Limiter::at(Some(0)),
                false => Limiter::at(run.position),
            };
            (run.over_current, run.over_heat) = (0, 0);
        }
    }

    fn raw_from_host(&mut self, bytes: &RawBytes) -> Result<(), BoardRefusal> {
        self.idle_only()?;
        if self.locked {
            return Err(BoardRefusal::Locked);
        }
        self.raw_to_host = true;
        self.pass_raw(bytes);
        Ok(())
    }

    fn set_baud(&mut self, baud: u32) -> Result<BoardAnswer, BoardRefusal> {
        self.idle_only()?;
        if !BAUDS.contains(&baud) {
            return Err(BoardRefusal::Baud);
        }
        self.new_baud = Some(baud);
        Ok(BoardAnswer::Done)
    }
}
