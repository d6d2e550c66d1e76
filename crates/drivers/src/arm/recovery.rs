//! Servos that lose their power behind a bridge board, on their way back: the phases of `comeback`, each a command to the board, which asks the servo between two
//! of its cycles.

use std::time::Duration;

use ulna_bridge::message::{JointRecovery, RecoveryStep};
use ulna_core::{LinkLost, Stamp};

use super::ServoArm;
use super::comeback::Step;
use super::torque::{ReturnPhase, Torque};

/// How long the board's answer to a step is waited for: cycles come every few ms, and it may be many that leave no time.
const PATIENCE: Duration = Duration::from_millis(500);

impl ServoArm {
    /// Takes the board's answer to the step that was asked for, if there is one, and asks for the next.
    pub(super) fn recover_on_board(&mut self, now: Stamp) -> Result<(), LinkLost> {
        let at = now.since_epoch();
        if let Some((joint, until)) = self.bridged.recovering {
            let answer = self.bus.link().board(|board| Ok(board.recovered()));
            match answer.unwrap_or(Err(LinkLost))? {
                None if at < until => return Ok(()),
                answer => {
                    self.bridged.recovering = None;
                    if let Torque::Lost(comeback) = self.servos[joint].torque {
                        self.advance(joint, comeback, answer.flatten(), now);
                    }
                }
            }
        }
        let count = self.servos.len();
        let after = self.bridged.recovered + 1;
        for joint in (after..after + count).map(|joint| joint % count.max(1)) {
            let alive = self.roster.member(self.servos[joint].id);
            let is_dead = alive.is_none_or(|member| member.dead_since.is_some());
            let Some(step) = self.next_step(joint, at).filter(|_| !is_dead) else {
                continue;
            };
            let asked = JointRecovery {
                joint: u8::try_from(joint).unwrap_or(u8::MAX),
                step,
            };
            self.bridged.recovered = joint;
            self.bridged.recovering = Some((joint, at + PATIENCE));
            let sent = self.bus.link().board(|board| board.recover(at, asked));
            return sent.unwrap_or(Err(LinkLost));
        }
        Ok(())
    }

    /// What a servo that has lost its torque needs next, if it is time for it.
    fn next_step(&mut self, joint: usize, at: Duration) -> Option<RecoveryStep> {
        loop {
            let Torque::Lost(comeback) = self.servos[joint].torque else {
                return None;
            };
            if comeback.due > at {
                return None;
            }
            let step = self.step_of(joint, comeback.phase);
            return Some(match (comeback.phase, step) {
                (_, Step::Skip) => {
                    self.next_phase(joint);
                    continue;
                }
                (_, Step::Read(register)) => RecoveryStep::Read {
                    address: register.address,
                },
                (ReturnPhase::Goal, Step::Write(_)) => RecoveryStep::Hold,
                (ReturnPhase::TorqueOn, Step::Write(_)) => RecoveryStep::Torque,
                (_, Step::Write(write)) => RecoveryStep::Write {
                    address: write.encoded().0,
                    value: write.value(),
                },
            });
        }
    }
}
