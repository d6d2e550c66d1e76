//! A servo that has lost its power in cyclic mode, and its torque with it, on its way back. What has to be written, and whether the servo is well enough, the
//! host knows; where it is to hold, and that nothing of it is a motion, is the board's part.

use ulna_bus::engine::Request;
use ulna_bus::registers::{Access, Register, RegisterBytes, Role, Span};

use super::Board;
use super::cycle::{Ask, JointRun};
use crate::limiter::Limiter;
use crate::message::{BoardAnswer, BoardRefusal, JointRecovery, Mode, RecoveryStep};
use crate::setup::SoundSetup;

/// Most bytes of a register.
const WIDEST: u8 = 4;

impl Board {
    /// Takes a step that is to be done as soon as the wire has time for it.
    pub(super) fn recover(
        &mut self,
        seq: u16,
        recovery: JointRecovery,
    ) -> Result<(), BoardRefusal> {
        if self.mode != Mode::Cyclic || self.cyclic.ending.is_some() {
            return Err(BoardRefusal::NotCyclic);
        }
        if let Some(trip) = self.trip {
            return Err(BoardRefusal::Tripped(trip.reason));
        }
        self.allowed(recovery).ok_or(BoardRefusal::Recovery)?;
        self.cyclic.recovery = Some((seq, recovery));
        Ok(())
    }

    /// Nothing if the step would be a motion, or there is no such joint or register.
    fn allowed(&self, JointRecovery { joint, step }: JointRecovery) -> Option<()> {
        let (sound, place) = (self.setup.as_ref()?, usize::from(joint));
        sound.setup.joints.get(place)?;
        let run = self.cyclic.joints.get(place)?;
        let allowed = match step {
            RecoveryStep::Read { address } => register_at(sound, place, address).is_some(),
            RecoveryStep::Write { address, value } => {
                let register = register_at(sound, place, address)?;
                // The lock of the EEPROM comes behind the torque.
                let in_time = run.limp || sound.register(place, Role::Lock) == Some(register);
                in_time && is_forgotten(sound, place, register) && register.encode(value).is_ok()
            }
            RecoveryStep::Hold => run.limp,
            RecoveryStep::Torque => run.limp && run.settled,
        };
        allowed.then_some(())
    }

    /// Asks for that step, if there is time for it.
    pub(super) fn ask_recovery(
        &mut self,
        seq: u16,
        recovery: JointRecovery,
        overdue: bool,
    ) -> bool {
        let span = Span {
            address: 0,
            len: WIDEST,
        };
        if !self.has_time(span, overdue) {
            return false;
        }
        self.cyclic.turn_taken = true;
        self.cyclic.turned = self.cyclic.cycle;
        self.cyclic.recovery = None;
        let over = self.now + self.engine.config().longest(span.len, 1);
        let begun = self.request(recovery).is_some_and(|(id, request)| {
            let ids = [id];
            let request = match &request {
                // As a group of one: late answers have another length.
                Asked::Read(register) => {
                    Request::group_read(register.address, register.width, &ids)
                }
                Asked::Write(address, bytes) => Request::Write {
                    id,
                    address: *address,
                    data: bytes.as_slice(),
                },
            };
            self.engine.begin(self.now, &request, over).is_ok()
        });
        if begun {
            self.cyclic.asking = Some(Ask::Recovery(seq, recovery));
        } else {
            self.answer_recovery(seq, recovery.joint, None);
        }
        begun
    }

    /// The servo and what it is asked; nothing if it has torque by now, or it is not known where it stands.
    fn request(&self, recovery: JointRecovery) -> Option<(u8, Asked)> {
        self.allowed(recovery)?;
        let (sound, place) = (self.setup.as_ref()?, usize::from(recovery.joint));
        let joint = sound.setup.joints.get(place)?;
        let run = self.cyclic.joints.get(place)?;
        let write = |register: Register, value: i32| {
            Some(Asked::Write(register.address, register.encode(value).ok()?))
        };
        let part = match recovery.step {
            RecoveryStep::Read { address } => Asked::Read(register_at(sound, place, address)?),
            RecoveryStep::Write { address, value } => {
                write(register_at(sound, place, address)?, value)?
            }
            RecoveryStep::Hold if joint.wheel => {
                write(sound.register(place, Role::GoalVelocity)?, 0)?
            }
            RecoveryStep::Hold => {
                let here = run.position?.clamp(joint.limits.low, joint.limits.high);
                write(sound.register(place, Role::GoalPosition)?, here)?
            }
            RecoveryStep::Torque => write(sound.register(place, Role::TorqueEnable)?, 1)?,
        };
        Some((joint.id, part))
    }

    /// Takes what the servo answered to it.
    pub(super) fn take_recovery(&mut self, seq: u16, recovery: JointRecovery) {
        let place = usize::from(recovery.joint);
        let data = self.engine.replies().first();
        let data = data.and_then(|reply| reply.result.ok());
        let value = data.and_then(|data| match recovery.step {
            RecoveryStep::Read { address } => {
                let sound = self.setup.as_ref()?;
                register_at(sound, place, address)?.decode(data.bytes())
            }
            _ => Some(0),
        });
        let is_wheel = |sound: &SoundSetup| sound.setup.joints.get(place).map(|it| it.wheel);
        let is_wheel = self.setup.as_ref().and_then(is_wheel).unwrap_or(false);
        if let (Some(run), Some(_)) = (self.cyclic.joints.get_mut(place), value) {
            run.has_done(recovery.step, is_wheel);
        }
        self.answer_recovery(seq, recovery.joint, value);
    }

    fn answer_recovery(&mut self, seq: u16, joint: u8, value: Option<i32>) {
        self.say(seq, &BoardAnswer::Recovered { joint, value });
    }
}

impl JointRun {
    /// Its servo has acknowledged this step.
    fn has_done(&mut self, step: RecoveryStep, is_wheel: bool) {
        match step {
            RecoveryStep::Read { .. } | RecoveryStep::Write { .. } => {}
            RecoveryStep::Hold => self.settled = true,
            RecoveryStep::Torque => {
                (self.limp, self.settled) = (false, false);
                self.limiter = Limiter::at(if is_wheel { Some(0) } else { self.position });
            }
        }
    }
}

/// What a servo is asked.
enum Asked {
    Read(Register),
    Write(u8, RegisterBytes),
}

/// The register of this joint's servo that begins at this address.
fn register_at(sound: &SoundSetup, place: usize, address: u8) -> Option<Register> {
    let registers = sound.models.get(place)?.table.registers;
    let mut found = registers
        .iter()
        .filter(|register| register.address == address);
    found.next().copied()
}

/// A register that a servo forgets without power, and that commands no motion.
fn is_forgotten(sound: &SoundSetup, place: usize, register: Register) -> bool {
    let is = |role| sound.register(place, role) == Some(register);
    match register.access {
        Access::Ram => !is(Role::TorqueEnable),
        // The limit of a joint in current-based position mode.
        Access::Goal => is(Role::GoalCurrent),
        Access::ReadOnly | Access::Eeprom | Access::Factory => false,
    }
}
