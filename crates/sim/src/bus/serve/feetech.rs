//! Requests in Feetech's protocols. SCS servos ("protocol 1") hear the same packets, but know neither sync read nor broadcast ping.

use core::time::Duration;

use ulna_bus::feetech::{BROADCAST, Instruction, MAX_PACKET, OVERHEAD, packet};

use crate::bus::ServoBus;
use crate::bus::requests::FeetechRequest;
use crate::plant::Plant;
use crate::servo::{Electronics, Servo, Sts};

/// What a servo says.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Its error byte.
    Status,
    /// That and its registers from `address` on.
    Registers { address: u8, count: u8 },
}

impl<P: Plant> ServoBus<P> {
    /// Carries out `request`, the last byte of which was received at `at`. What makes no sense is ignored, as servos do.
    pub(in crate::bus) fn serve_feetech(&mut self, at: Duration, request: &FeetechRequest) {
        self.wake(at);
        let first = self.first_turn(at);
        let (id, params) = (request.id, &request.params[..request.len]);
        match (Instruction::from_code(request.kind), params) {
            (Some(Instruction::Ping), _) if id == BROADCAST => self.answer_ping_to_all(at, first),
            (Some(Instruction::Ping), _) => {
                self.answer(at, first, id, Answer::Status);
            }
            (Some(Instruction::Read), &[address, count]) if id != BROADCAST => {
                self.answer(at, first, id, Answer::Registers { address, count });
            }
            (Some(Instruction::Write), [address, data @ ..]) => {
                self.change(at, first, id, |servo| servo.write(*address, data));
            }
            (Some(Instruction::RegWrite), [address, data @ ..]) => {
                self.change(at, first, id, |servo| servo.reg_write(*address, data));
            }
            (Some(Instruction::Action), _) => self.change(at, first, id, Sts::action),
            (Some(Instruction::SyncRead), &[address, count, ref ids @ ..]) => {
                let mut turn = first;
                for &id in ids {
                    let lacks =
                        |servo: &Servo| servo.id() == id && !servo.protocol().has_sync_read();
                    let registers = Answer::Registers { address, count };
                    let finished = match self.servos.iter().any(lacks) {
                        true => None,
                        false => self.answer(at, turn, id, registers),
                    };
                    turn = self.next_turn(turn, finished);
                }
            }
            (Some(Instruction::SyncWrite), &[address, width, ref entries @ ..]) => {
                for entry in entries.chunks_exact(usize::from(width) + 1) {
                    if let [id, data @ ..] = entry {
                        self.change_silently(at, *id, |servo| servo.write(address, data));
                    }
                }
            }
            _ => {}
        }
    }

    /// Changes the servos that `id` means, then lets the one it names answer.
    fn change(&mut self, at: Duration, first: Duration, id: u8, mut change: impl FnMut(&mut Sts)) {
        for index in 0..self.servos.len() {
            if !self.receives_feetech(index, id, at) {
                continue;
            }
            let delay = self.servos[index].return_delay();
            let Some(servo) = self.sts_mut(index) else {
                continue;
            };
            let answers = servo.answers_writes();
            change(servo);
            self.drive(index);
            if answers && id != BROADCAST {
                let start = first.saturating_add(self.pause(delay));
                // A servo that got a new id still answers with the one it was called by.
                self.send(start, index, id, Answer::Status);
            }
        }
    }

    fn change_silently(&mut self, at: Duration, id: u8, mut change: impl FnMut(&mut Sts)) {
        for index in 0..self.servos.len() {
            if self.receives_feetech(index, id, at)
                && let Some(servo) = self.sts_mut(index)
            {
                change(servo);
                self.drive(index);
            }
        }
    }

    /// Every servo with this id answers at `turn`; returns when the last one has finished.
    fn answer(&mut self, at: Duration, turn: Duration, id: u8, answer: Answer) -> Option<Duration> {
        let mut finished = None;
        for index in 0..self.servos.len() {
            if id != BROADCAST && self.receives_feetech(index, id, at) {
                let start = turn.saturating_add(self.pause(self.servos[index].return_delay()));
                finished = finished.max(self.send(start, index, id, answer));
            }
        }
        finished
    }

    fn answer_ping_to_all(&mut self, at: Duration, first: Duration) {
        let packet_time = self.wire.byte_time() * OVERHEAD as u32;
        for index in 0..self.servos.len() {
            let servo = &self.servos[index];
            let (id, delay) = (servo.id(), self.pause(servo.return_delay()));
            if servo.protocol().has_broadcast_ping() && self.receives_feetech(index, id, at) {
                let slot = (packet_time + delay) * u32::from(id);
                let start = first.saturating_add(slot + delay);
                self.send(start, index, id, Answer::Status);
            }
        }
    }

    /// Puts the answer of servo `index` on the wire and returns when its last byte has been carried; `None` when
    /// no packet can hold it.
    fn send(&mut self, start: Duration, index: usize, id: u8, answer: Answer) -> Option<Duration> {
        let speaker = self.speaker(index);
        let Electronics::Sts(servo) = speaker.electronics() else {
            return None;
        };
        let mut registers = [0; MAX_PACKET];
        let params = match answer {
            Answer::Status => &[][..],
            Answer::Registers { address, count } => {
                let params = registers.get_mut(..usize::from(count))?;
                servo.read(address, params);
                params
            }
        };
        let error = servo.error().0;
        let id = self.faults.signature(id, start);
        let len = packet::status(&mut self.answer, id, error, params)
            .ok()?
            .len();
        Some(self.transmit(start, len))
    }

    /// Whether servo `index` is meant by `id` and able to hear it.
    fn receives_feetech(&self, index: usize, id: u8, at: Duration) -> bool {
        let servo = &self.servos[index];
        (id == BROADCAST || id == servo.id())
            && matches!(servo.electronics(), Electronics::Sts(_))
            && self.receives(index, at)
    }
}
