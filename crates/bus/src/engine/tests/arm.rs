//! An arm of servos of any family on a line, in virtual time, whose answers can be harmed.

use core::time::Duration;
use std::boxed::Box;
use std::collections::VecDeque;
use std::vec::Vec;

use super::super::{Engine, Request, Status, wire_time};
use super::BAUD;
use crate::dynamixel::{self, Parsed};
use crate::feetech::{self, BROADCAST};
use crate::{EncodeError, Protocol};

/// What one servo's registers hold at a time: (time, id, address).
pub(super) type Memory = Box<dyn Fn(Duration, u8, u8) -> u8>;
/// What the line does to one servo's part of an answer; false loses it.
pub(super) type Harm = Box<dyn FnMut(&mut Vec<u8>) -> bool>;

pub(super) struct Arm {
    protocol: Protocol,
    pub(super) servos: Vec<u8>,
    /// The firmware answers fast reads.
    pub(super) knows_fast: bool,
    pub(super) echo: bool,
    /// Sent with every answer.
    pub(super) error: u8,
    pub(super) memory: Memory,
    pub(super) harm: Harm,
    /// Each burst of the engine's.
    pub(super) sent: Vec<Vec<u8>>,
    /// Bytes that servos put on the line.
    pub(super) answered_bytes: usize,
    pub(super) reboots: usize,
    free_at: Duration,
    arriving: VecDeque<(Duration, u8)>,
}

/// What a question asks of one servo after the other.
enum Ask {
    Ping,
    Registers { address: u8, len: u8 },
    Nothing,
}

impl Arm {
    pub(super) fn new(protocol: Protocol, servos: &[u8]) -> Self {
        Self {
            protocol,
            servos: servos.to_vec(),
            knows_fast: true,
            echo: false,
            error: 0,
            memory: Box::new(|_, id, address| super::line::register(id, address)),
            harm: Box::new(|_| true),
            sent: Vec::new(),
            answered_bytes: 0,
            reboots: 0,
            free_at: Duration::ZERO,
            arriving: VecDeque::new(),
        }
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
        self.arriving.clear();
        let mut now = now;
        loop {
            let bytes = engine.transmit().to_vec();
            self.receive(now, &bytes);
            let due = self.arriving.partition_point(|(at, _)| *at <= now);
            let received: Vec<u8> = self.arriving.drain(..due).map(|(_, byte)| byte).collect();
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

    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.sent.push(bytes.to_vec());
        self.free_at = self.free_at.max(now);
        if self.echo {
            self.put(bytes);
        } else {
            self.free_at += wire_time(bytes.len(), BAUD);
        }
        match self.protocol {
            Protocol::Dynamixel2 => self.receive_dynamixel(bytes),
            _ => self.receive_feetech(bytes),
        }
    }

    fn receive_feetech(&mut self, bytes: &[u8]) {
        let mut packets = Vec::new();
        feetech::Decoder::new().feed(bytes, |packet| {
            packets.push((packet.id, packet.kind, packet.params.to_vec()));
        });
        for (id, kind, params) in packets {
            match (feetech::Instruction::from_code(kind), &params[..]) {
                (Some(feetech::Instruction::Ping), _) => self.answer(&[id], &Ask::Ping),
                (Some(feetech::Instruction::Read), &[address, len]) => {
                    self.answer(&[id], &Ask::Registers { address, len });
                }
                (Some(feetech::Instruction::Write), _) => self.answer(&[id], &Ask::Nothing),
                (Some(feetech::Instruction::SyncRead), &[address, len, ref ids @ ..]) => {
                    assert!(self.protocol.has_sync_read());
                    self.answer(ids, &Ask::Registers { address, len });
                }
                (Some(feetech::Instruction::SyncWrite), _) => {}
                other => panic!("the engine sent {other:?}"),
            }
        }
    }

    fn receive_dynamixel(&mut self, bytes: &[u8]) {
        let mut decoder = dynamixel::Decoder::new();
        assert_eq!(decoder.push(bytes), bytes.len());
        while let Some(dynamixel::Decoded::Packet(packet)) = decoder.next() {
            let registers = |address, len| Ask::Registers {
                address: u8::try_from(address).unwrap(),
                len: u8::try_from(len).unwrap(),
            };
            match packet.parse().unwrap() {
                Parsed::Ping => self.answer(&[packet.id], &Ask::Ping),
                Parsed::Read { address, len } => {
                    self.answer(&[packet.id], &registers(address, len));
                }
                Parsed::Write { .. } => self.answer(&[packet.id], &Ask::Nothing),
                Parsed::Reboot => {
                    self.reboots += 1;
                    self.answer(&[packet.id], &Ask::Nothing);
                }
                Parsed::SyncRead {
                    address,
                    len,
                    ids,
                    fast: false,
                } => self.answer(ids, &registers(address, len)),
                Parsed::SyncRead {
                    address, len, ids, ..
                } if self.knows_fast => self.answer_fast(ids, &registers(address, len)),
                Parsed::SyncRead { .. } | Parsed::SyncWrite { .. } => {}
                other => panic!("the engine sent {other:?}"),
            }
        }
    }

    fn data(&self, id: u8, ask: &Ask) -> Vec<u8> {
        match *ask {
            Ask::Ping => (0..self.protocol.ping_data()).collect(),
            Ask::Nothing => Vec::new(),
            Ask::Registers { address, len } => (address..address + len)
                .map(|address| (self.memory)(self.free_at, id, address))
                .collect(),
        }
    }

    fn answer(&mut self, ids: &[u8], ask: &Ask) {
        let everybody = self.servos.clone();
        let ids = if ids == [BROADCAST] { &everybody } else { ids };
        for &id in ids {
            if !self.servos.contains(&id) {
                continue;
            }
            let data = self.data(id, ask);
            let mut buffer = [0; dynamixel::MAX_PACKET];
            let bytes: Result<&[u8], EncodeError> = match self.protocol {
                Protocol::Dynamixel2 => {
                    dynamixel::packet::status(&mut buffer, id, self.error, &data)
                }
                _ => feetech::packet::status(&mut buffer, id, self.error, &data),
            };
            let mut bytes = bytes.unwrap().to_vec();
            self.answered_bytes += bytes.len();
            if (self.harm)(&mut bytes) {
                self.put(&bytes);
            }
        }
    }

    /// The common answer, as far as one servo follows the other.
    fn answer_fast(&mut self, ids: &[u8], ask: &Ask) {
        let &Ask::Registers { len, .. } = ask else {
            return;
        };
        let present = ids.iter().take_while(|id| self.servos.contains(id));
        let blocks: Vec<(u8, Vec<u8>)> = present.map(|&id| (id, self.data(id, ask))).collect();
        let mut buffer = [0; dynamixel::MAX_PACKET];
        let asked = std::iter::repeat_n(u16::from(len), ids.len());
        let parts = blocks
            .iter()
            .map(|(id, data)| (*id, self.error, data.as_slice()));
        let bytes = dynamixel::packet::fast_status(&mut buffer, asked, parts).unwrap();
        let size = usize::from(len) + dynamixel::BLOCK_OVERHEAD;
        let mut rest = bytes.to_vec();
        let mut header = dynamixel::FAST_OVERHEAD;
        while !rest.is_empty() {
            let later = rest.split_off(header + size);
            header = 0;
            self.answered_bytes += rest.len();
            if !(self.harm)(&mut rest) {
                return;
            }
            self.put(&rest);
            rest = later;
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.free_at += wire_time(1, BAUD);
            self.arriving.push_back((self.free_at, byte));
        }
    }
}
