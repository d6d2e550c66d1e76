//! A line with servos on it, in virtual time, with faults that tests switch on.

use core::time::Duration;
use std::collections::VecDeque;
use std::vec::Vec;

use super::super::{Engine, Request, Status, wire_time};
use crate::feetech::{BROADCAST, Decoder, Instruction, MAX_PACKET, packet};

pub(super) const BAUD: u32 = 1_000_000;

/// What happens to one status packet on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mishap {
    Fine,
    Lost,
    /// One bit of one byte is flipped; both numbers wrap around.
    BitFlip(usize, u32),
    /// Bytes before it.
    Noise(Vec<u8>),
    /// Comes this much later, and so do those after it.
    Late(Duration),
    /// The servo answers for another question, with this many bytes.
    OtherLength(usize),
    Twice,
}

/// The content of every servo's registers, so that tests can distinguish right data from wrong.
pub(super) fn register(id: u8, address: u8) -> u8 {
    id.wrapping_mul(31).wrapping_add(address)
}

pub(super) fn registers(id: u8, address: u8, len: u8) -> Vec<u8> {
    (0..len)
        .map(|offset| register(id, address.wrapping_add(offset)))
        .collect()
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) servos: Vec<u8>,
    pub(super) error: u8,
    pub(super) echo: bool,
    /// The adapter delivers at multiples of this only.
    pub(super) grid: Duration,
    /// What happens to the next status packets; afterwards all is fine.
    pub(super) mishaps: VecDeque<Mishap>,
    /// Each burst of bytes that the engine sent, with its time.
    pub(super) sent: Vec<(Duration, Vec<u8>)>,
    pub(super) writes_obeyed: usize,
    /// What the engine was handed in the newest transaction.
    pub(super) delivered: Vec<u8>,
    listener: Decoder,
    free_at: Duration,
    arriving: VecDeque<(Duration, u8)>,
}

impl Line {
    pub(super) fn new(servos: &[u8]) -> Self {
        Self {
            servos: servos.to_vec(),
            error: 0,
            echo: false,
            grid: Duration::from_micros(1),
            mishaps: VecDeque::new(),
            sent: Vec::new(),
            writes_obeyed: 0,
            delivered: Vec::new(),
            listener: Decoder::new(),
            free_at: Duration::ZERO,
            arriving: VecDeque::new(),
        }
    }

    pub(super) fn with_mishaps(mut self, mishaps: impl IntoIterator<Item = Mishap>) -> Self {
        self.mishaps.extend(mishaps);
        self
    }

    /// All bytes that the engine has sent.
    pub(super) fn bytes_sent(&self) -> usize {
        self.sent.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Sends `request` through `engine` and returns when it was done.
    pub(super) fn run(
        &mut self,
        engine: &mut Engine,
        now: Duration,
        request: &Request<'_>,
        deadline: Duration,
    ) -> Duration {
        engine.begin(now, request, deadline).unwrap();
        self.delivered.clear();
        let mut now = now;
        loop {
            let bytes = engine.transmit().to_vec();
            self.send(now, &bytes);
            let received = self.receive(now);
            self.delivered.extend(&received);
            let Status::Waiting { until } = engine.step(now, &received) else {
                return now;
            };
            assert!(until <= deadline);
            if until > now {
                let arrival = self.arriving.front().map(|(at, _)| *at);
                now = arrival.map_or(until, |at| at.min(until)).max(now);
            }
        }
    }

    fn send(&mut self, now: Duration, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.sent.push((now, bytes.to_vec()));
        self.free_at = self.free_at.max(now);
        if self.echo {
            self.put(bytes);
        } else {
            self.free_at += wire_time(bytes.len(), BAUD);
        }
        let mut instructions = Vec::new();
        self.listener.feed(bytes, |packet| {
            instructions.push((packet.id, packet.kind, packet.params.to_vec()));
        });
        for (id, kind, params) in instructions {
            self.obey(id, kind, &params);
        }
    }

    fn obey(&mut self, id: u8, kind: u8, params: &[u8]) {
        let here: Vec<u8> = self
            .servos
            .iter()
            .copied()
            .filter(|servo| [*servo, BROADCAST].contains(&id))
            .collect();
        match (Instruction::from_code(kind), params) {
            (Some(Instruction::Ping), _) => here.iter().for_each(|&servo| self.answer(servo, &[])),
            (Some(Instruction::Read), &[address, len]) => {
                here.iter()
                    .for_each(|&servo| self.answer(servo, &registers(servo, address, len)));
            }
            (Some(Instruction::Write), _) => {
                self.writes_obeyed += here.len();
                here.iter()
                    .filter(|_| id != BROADCAST)
                    .for_each(|&servo| self.answer(servo, &[]));
            }
            (Some(Instruction::SyncWrite), _) => self.writes_obeyed += 1,
            (Some(Instruction::SyncRead), [address, len, ids @ ..]) => {
                let here: Vec<u8> = ids
                    .iter()
                    .copied()
                    .filter(|id| self.servos.contains(id))
                    .collect();
                here.iter()
                    .for_each(|&servo| self.answer(servo, &registers(servo, *address, *len)));
            }
            other => panic!("the engine sent {other:?}"),
        }
    }

    fn answer(&mut self, id: u8, data: &[u8]) {
        let mut buffer = [0; MAX_PACKET];
        let mut bytes = packet::status(&mut buffer, id, self.error, data)
            .unwrap()
            .to_vec();
        match self.mishaps.pop_front().unwrap_or(Mishap::Fine) {
            Mishap::Fine => {}
            Mishap::Lost => return,
            Mishap::BitFlip(byte, bit) => {
                let size = bytes.len();
                bytes[byte % size] ^= 1 << (bit % 8);
            }
            Mishap::Noise(noise) => self.put(&noise),
            Mishap::Late(delay) => self.free_at += delay,
            Mishap::OtherLength(len) => {
                bytes = packet::status(&mut buffer, id, self.error, &std::vec![0; len])
                    .unwrap()
                    .to_vec();
            }
            Mishap::Twice => self.put(&bytes),
        }
        self.put(&bytes);
    }

    /// Bytes that reach the host one after the other, as soon as the line is free.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.free_at += wire_time(1, BAUD);
            let late = self.free_at.as_nanos() % self.grid.as_nanos();
            let wait = if late == 0 {
                0
            } else {
                self.grid.as_nanos() - late
            };
            self.arriving
                .push_back((self.free_at + Duration::from_nanos(wait as u64), byte));
        }
    }

    fn receive(&mut self, now: Duration) -> Vec<u8> {
        let count = self
            .arriving
            .iter()
            .take_while(|(at, _)| *at <= now)
            .count();
        self.arriving.drain(..count).map(|(_, byte)| byte).collect()
    }
}
