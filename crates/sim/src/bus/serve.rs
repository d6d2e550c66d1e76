//! What the servos do with a request that they have heard.

use core::time::Duration;

use ulna_bus::feetech::{BROADCAST, Instruction, MAX_PACKET, OVERHEAD, Packet, packet};

use super::ServoBus;
use crate::plant::Plant;
use crate::servo::Servo;

/// A packet in memory of its own, since answering it needs the whole bus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    id: u8,
    kind: u8,
    params: [u8; MAX_PACKET],
    len: usize,
}

impl From<Packet<'_>> for Request {
    fn from(packet: Packet<'_>) -> Self {
        let mut params = [0; MAX_PACKET];
        let len = packet.params.len().min(MAX_PACKET);
        params[..len].copy_from_slice(&packet.params[..len]);
        Self {
            id: packet.id,
            kind: packet.kind,
            params,
            len,
        }
    }
}

/// What a servo says.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Its error byte.
    Status,
    /// That and its registers from `address` on.
    Registers { address: u8, count: u8 },
}

impl<P: Plant> ServoBus<P> {
    /// Carries out `request`, the last byte of which was heard at `at`. What makes no sense is ignored, as servos do.
    pub(super) fn serve(&mut self, at: Duration, request: &Request) {
        self.run_plant(at);
        self.look_at_cables(at);
        for index in 0..self.servos.len() {
            self.look(index);
        }
        self.look_for_stuck(at);
        let first = at.saturating_add(self.pause(self.options.turnaround));
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
            (Some(Instruction::Action), _) => self.change(at, first, id, Servo::action),
            (Some(Instruction::SyncRead), &[address, count, ref ids @ ..]) => {
                let mut turn = first;
                for &id in ids {
                    let answered = self.answer(at, turn, id, Answer::Registers { address, count });
                    let passed_over = turn.saturating_add(self.pause(self.options.silent_turn));
                    turn = answered.unwrap_or(passed_over);
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
    fn change(
        &mut self,
        at: Duration,
        first: Duration,
        id: u8,
        mut change: impl FnMut(&mut Servo),
    ) {
        for index in 0..self.servos.len() {
            if !self.hears(index, id, at) {
                continue;
            }
            let servo = &mut self.servos[index];
            let (answers, delay) = (servo.answers_writes(), servo.return_delay());
            change(servo);
            self.drive(index);
            if answers && id != BROADCAST {
                let start = first.saturating_add(self.pause(delay));
                // A servo that got a new id still answers with the one it was called by.
                self.send(start, index, id, Answer::Status);
            }
        }
    }

    fn change_silently(&mut self, at: Duration, id: u8, mut change: impl FnMut(&mut Servo)) {
        for index in 0..self.servos.len() {
            if self.hears(index, id, at) {
                change(&mut self.servos[index]);
                self.drive(index);
            }
        }
    }

    /// Every servo with this id answers at `turn`; returns when the last one has finished.
    fn answer(&mut self, at: Duration, turn: Duration, id: u8, answer: Answer) -> Option<Duration> {
        let mut finished = None;
        for index in 0..self.servos.len() {
            if id != BROADCAST && self.hears(index, id, at) {
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
            if self.hears(index, id, at) {
                let slot = (packet_time + delay) * u32::from(id);
                self.send(
                    first.saturating_add(slot + delay),
                    index,
                    id,
                    Answer::Status,
                );
            }
        }
    }

    /// Puts the answer of servo `index` on the wire and returns when its last byte has been carried; `None` when
    /// no packet can hold it.
    fn send(&mut self, start: Duration, index: usize, id: u8, answer: Answer) -> Option<Duration> {
        let servo = self.stuck[index].as_ref().unwrap_or(&self.servos[index]);
        let id = self.faults.signature(id, start);
        let mut registers = [0; MAX_PACKET];
        let params = match answer {
            Answer::Status => &[][..],
            Answer::Registers { address, count } => {
                let params = registers.get_mut(..usize::from(count))?;
                servo.read(address, params);
                params
            }
        };
        let bytes = packet::status(&mut self.answer, id, servo.error().0, params).ok()?;
        self.counters.answers += 1;
        let late = self.faults.lateness();
        let mut end = start;
        for &byte in self.faults.noise() {
            end = self.wire.servo_sends(end, Some(byte), late);
        }
        for &byte in bytes {
            let byte = self.faults.damage(byte);
            end = self.wire.servo_sends(end, byte, late);
        }
        Some(end)
    }

    /// Whether servo `index` is meant by `id` and able to hear it.
    fn hears(&self, index: usize, id: u8, at: Duration) -> bool {
        let servo = &self.servos[index];
        (id == BROADCAST || id == servo.id())
            && self.powered[index]
            && servo.baud() == Some(self.options.baud)
            && !self.faults.is_dead(servo.id(), at)
    }

    fn pause(&self, pause: Duration) -> Duration {
        if self.options.instant {
            Duration::ZERO
        } else {
            pause
        }
    }
}
