//! How the arm is stopped that gets no more goals.
//!
//! All of it is written without asking for an answer, at the first moment at which the wire is free, and again in the cycles that follow.

use ulna_bus::registers::Role;

use super::Board;
use super::goals::{post, within_limits};
use crate::message::MAX_JOINTS;
use crate::setup::{StopAction, damping};

/// How often it is written: a packet may be lost on the wire.
const TIMES: u8 = 5;
/// A joint that is nearer to its goal, parts of a turn, keeps that goal: what is left is what its load costs, and a goal where it is would let it sag
/// by as much again. 2°.
const NEAR: u32 = 180;

impl Board {
    /// Decides where the joints are to be held, and has it written.
    pub(super) fn begin_stopping(&mut self) {
        for run in &mut self.cyclic.joints {
            run.limiter.want(None);
        }
        self.cyclic.stops_left = TIMES;
        self.cyclic.stop_due = true;
        self.hold_here();
    }

    /// A joint that is far from its goal is to hold where it is; one that has swung beyond its limits, at the limit. One that says that it is far out
    /// of them keeps its goal.
    fn hold_here(&mut self) {
        let Some(sound) = &self.setup else { return };
        let joints = sound.setup.joints.iter().zip(&sound.models);
        for (run, (joint, model)) in self.cyclic.joints.iter_mut().zip(joints) {
            if let (Some(goal), Some(here)) = (run.limiter.goal(), run.position) {
                let near = u32::from(model.resolution) / NEAR;
                let here = match joint.wheel {
                    true => Some(here),
                    false => within_limits(here, &joint.limits),
                };
                if let Some(here) = here.filter(|here| goal.abs_diff(*here) > near) {
                    run.limiter = crate::limiter::Limiter::at(Some(here));
                }
            }
        }
    }

    /// Writes what stops the arm, if that is due and the wire is free.
    pub(super) fn send_stops(&mut self) {
        if !self.cyclic.stop_due || self.now < self.engine.line_free_at() {
            return;
        }
        self.cyclic.stop_due = false;
        self.cyclic.stops_left = self.cyclic.stops_left.saturating_sub(1);
        self.stop_wheels();
        let Some(sound) = &self.setup else { return };
        // An arm that never got a goal here is none that the board holds: a leader, or one that is limp.
        if self.cyclic.goals.is_none() {
            return;
        }
        let mut goals = [None; MAX_JOINTS];
        for (place, joint) in sound.setup.joints.iter().enumerate() {
            let run = &self.cyclic.joints[place];
            if !joint.wheel && !run.limp {
                goals[place] = run
                    .limiter
                    .goal()
                    .and_then(|goal| within_limits(goal, &joint.limits));
            }
        }
        let action = sound.setup.on_silence;
        self.post_goals(&goals);
        self.post_stop(action);
    }

    /// Little torque, or none.
    fn post_stop(&mut self, action: StopAction) {
        let Some(sound) = &self.setup else { return };
        let Some(first) = sound.models.first() else {
            return;
        };
        let (register, counts) = match action {
            StopAction::Hold => return,
            StopAction::Damp => match damping(first) {
                Some(damping) => damping,
                None => return,
            },
            StopAction::Relax => match first.table.find(Role::TorqueEnable) {
                Some(register) => (register, 0),
                None => return,
            },
        };
        let mut values = [None; MAX_JOINTS];
        for (value, _) in values.iter_mut().zip(&sound.setup.joints) {
            *value = Some(counts);
        }
        post(
            &mut self.engine,
            &mut self.to_bus,
            self.now,
            sound,
            &register,
            &values,
        );
    }

    /// Speed zero for every wheel that has got a speed.
    pub(super) fn stop_wheels(&mut self) {
        if self.cyclic.goals.is_none() {
            return;
        }
        let Some(sound) = &self.setup else { return };
        let mut goals = [None; MAX_JOINTS];
        for (place, joint) in sound.setup.joints.iter().enumerate() {
            if joint.wheel {
                goals[place] = Some(0);
            }
        }
        self.post_goals(&goals);
    }
}
