//! Requests in Dynamixel Protocol 2.0.

use core::time::Duration;

use ulna_bus::dynamixel::{
    BROADCAST, MAX_PACKET, Packet, Parsed, Refusal, STATUS_OVERHEAD, packet,
};

use crate::bus::ServoBus;
use crate::bus::requests::DynamixelRequest;
use crate::plant::Plant;
use crate::servo::{Electronics, X};

/// Bytes in the answer to a ping: model number and firmware version.
const PING_DATA: u16 = 3;
/// The most servos that one packet can name.
const MANY: usize = 253;

/// What decides whether a servo answers at all, by its `Status_Return_Level`.
const LEVEL_PING: u8 = 0;
const LEVEL_READ: u8 = 1;
const LEVEL_ALL: u8 = 2;

impl<P: Plant> ServoBus<P> {
    /// Carries out `request`, the last byte of which was received at `at`.
    pub(in crate::bus) fn serve_dynamixel(&mut self, at: Duration, request: &DynamixelRequest) {
        self.wake(at);
        let id = request.id;
        for index in 0..self.servos.len() {
            if self.receives_dynamixel(index, at)
                && let Some(servo) = self.x_mut(index)
            {
                servo.spoken_to();
            }
        }
        let packet = Packet {
            id,
            instruction: request.instruction,
            params: &request.params[..request.len],
        };
        let turn = self.first_turn(at);
        match packet.parse() {
            Some(Parsed::Ping) if id == BROADCAST => self.answer_ping_to_everyone(at, turn),
            Some(Parsed::Ping) => {
                self.answer_ping(at, turn, id);
            }
            Some(Parsed::Read { address, len }) if id != BROADCAST => {
                self.answer_read(at, turn, id, address, len);
            }
            Some(Parsed::Write { address, data }) => {
                self.obey(at, turn, id, |servo, shadow| {
                    servo.write(address, data, shadow)
                });
            }
            Some(Parsed::RegWrite { address, data }) => {
                self.obey(at, turn, id, |servo, _| servo.reg_write(address, data));
            }
            Some(Parsed::Action) => self.obey(at, turn, id, |servo, _| servo.action()),
            Some(Parsed::Clear) => self.obey(at, turn, id, |servo, _| servo.clear_turns()),
            Some(Parsed::Reboot) => self.obey(at, turn, id, |servo, _| {
                servo.reboot();
                Ok(())
            }),
            Some(Parsed::SyncWrite { address, items }) => {
                for (id, data) in items {
                    self.obey_silently(at, id, address, data);
                }
            }
            Some(Parsed::BulkWrite { items }) => {
                for (id, address, _, data) in items {
                    self.obey_silently(at, id, address, data);
                }
            }
            Some(Parsed::SyncRead {
                address,
                len,
                ids,
                fast,
            }) => {
                let asked = ids.iter().map(|&id| (id, address, len));
                if fast {
                    self.answer_together(at, turn, asked);
                } else {
                    self.answer_in_turn(at, turn, asked);
                }
            }
            Some(Parsed::BulkRead { items, fast }) => {
                let asked = items.map(|(id, address, len, _)| (id, address, len));
                if fast {
                    self.answer_together(at, turn, asked);
                } else {
                    self.answer_in_turn(at, turn, asked);
                }
            }
            // Other servos' answers.
            Some(Parsed::Status { .. } | Parsed::Read { .. }) => {}
            Some(Parsed::FactoryReset) | None => {
                self.obey(at, turn, id, |_, _| Err(Refusal::Instruction));
            }
        }
    }

    /// Changes the servos that `id` means, then lets the one it names answer.
    fn obey(
        &mut self,
        at: Duration,
        turn: Duration,
        id: u8,
        mut change: impl FnMut(&mut X, bool) -> Result<(), Refusal>,
    ) {
        for index in 0..self.servos.len() {
            let Some(shadow) = self.is_meant(index, id, at) else {
                continue;
            };
            let delay = self.servos[index].return_delay();
            let Some(servo) = self.x_mut(index) else {
                continue;
            };
            let level = servo.status_level();
            let refusal = change(servo, shadow).err();
            self.drive(index);
            if id != BROADCAST && !shadow && level >= LEVEL_ALL {
                let start = turn.saturating_add(self.pause(delay));
                // A servo that got a new id still answers with the one it was called by.
                self.say(start, index, id, refusal, &[]);
            }
        }
    }

    fn obey_silently(&mut self, at: Duration, id: u8, address: u16, data: &[u8]) {
        for index in 0..self.servos.len() {
            if let Some(shadow) = self.is_meant(index, id, at)
                && let Some(servo) = self.x_mut(index)
            {
                // A group write is not answered, so a refusal is not reported.
                let _ = servo.write(address, data, shadow);
                self.drive(index);
            }
        }
    }

    fn answer_ping(&mut self, at: Duration, turn: Duration, id: u8) -> Option<Duration> {
        self.answer_with(at, turn, id, PING_DATA, LEVEL_PING, |speaker, data| {
            let number = speaker.model().number.to_le_bytes();
            let mut firmware = [0];
            speaker.read(6, &mut firmware)?;
            data.copy_from_slice(&[number[0], number[1], firmware[0]]);
            Ok(())
        })
    }

    fn answer_ping_to_everyone(&mut self, at: Duration, first: Duration) {
        let packet_time = self.wire.byte_time() * (STATUS_OVERHEAD as u32 + u32::from(PING_DATA));
        for index in 0..self.servos.len() {
            let servo = &self.servos[index];
            let (id, delay) = (servo.id(), self.pause(servo.return_delay()));
            let earlier = self.servos[..index].iter().any(|other| other.id() == id);
            if !earlier {
                let slot = (packet_time + delay) * u32::from(id);
                self.answer_ping(at, first.saturating_add(slot), id);
            }
        }
    }

    fn answer_read(
        &mut self,
        at: Duration,
        turn: Duration,
        id: u8,
        address: u16,
        len: u16,
    ) -> Option<Duration> {
        self.answer_with(at, turn, id, len, LEVEL_READ, |speaker, data| {
            speaker.read(address, data)
        })
    }

    /// Every servo with this id answers at `turn` with what `fill` finds; returns when the last one has finished.
    fn answer_with(
        &mut self,
        at: Duration,
        turn: Duration,
        id: u8,
        len: u16,
        level: u8,
        fill: impl Fn(&X, &mut [u8]) -> Result<(), Refusal>,
    ) -> Option<Duration> {
        let mut finished = None;
        for index in 0..self.servos.len() {
            let answers = self.is_meant(index, id, at) == Some(false)
                && self
                    .x(index)
                    .is_some_and(|servo| servo.status_level() >= level);
            if !answers {
                continue;
            }
            let Electronics::X(speaker) = self.speaker(index).electronics() else {
                continue;
            };
            let mut data = [0; MAX_PACKET];
            let outcome = match data.get_mut(..usize::from(len)) {
                Some(data) => fill(speaker, data).map(|()| usize::from(len)),
                None => Err(Refusal::DataLength),
            };
            let start = turn.saturating_add(self.pause(self.servos[index].return_delay()));
            let said = self.say(
                start,
                index,
                id,
                outcome.err(),
                &data[..outcome.unwrap_or(0)],
            );
            finished = finished.max(said);
        }
        finished
    }

    fn answer_in_turn(
        &mut self,
        at: Duration,
        first: Duration,
        asked: impl Iterator<Item = (u8, u16, u16)>,
    ) {
        let mut turn = first;
        for (id, address, len) in asked {
            let finished = self.answer_read(at, turn, id, address, len);
            turn = self.next_turn(turn, finished);
        }
    }

    /// All answers in one packet: the blocks follow each other without a gap, and one that does not come ends the packet.
    fn answer_together(
        &mut self,
        at: Duration,
        turn: Duration,
        asked: impl Iterator<Item = (u8, u16, u16)> + Clone,
    ) {
        let mut data = [0; MAX_PACKET];
        let mut blocks = [(0u8, 0u8, 0usize, 0usize); MANY];
        let (mut count, mut used) = (0, 0);
        let mut delay = None;
        for (id, address, len) in asked.clone() {
            let Some(index) = (0..self.servos.len()).find(|&index| {
                let answers =
                    |servo: &X| servo.knows_fast_reads() && servo.status_level() >= LEVEL_READ;
                self.is_meant(index, id, at) == Some(false) && self.x(index).is_some_and(answers)
            }) else {
                break;
            };
            let Electronics::X(speaker) = self.speaker(index).electronics() else {
                break;
            };
            let (Some(block), Some(room)) = (
                blocks.get_mut(count),
                data.get_mut(used..used + usize::from(len)),
            ) else {
                return;
            };
            let refusal = speaker.read(address, room).err();
            let signature = self.faults.signature(id, turn);
            *block = (
                signature,
                speaker.error_byte(refusal),
                used,
                used + room.len(),
            );
            delay = delay.or(Some(self.servos[index].return_delay()));
            used += room.len();
            count += 1;
        }
        let Some(delay) = delay else { return };
        let blocks = blocks[..count]
            .iter()
            .map(|&(id, error, from, to)| (id, error, &data[from..to]));
        let lens = asked.map(|(_, _, len)| len);
        if let Ok(bytes) = packet::fast_status(&mut self.answer, lens, blocks) {
            let len = bytes.len();
            let start = turn.saturating_add(self.pause(delay));
            self.transmit(start, len);
        }
    }

    /// Puts an answer of servo `index` on the wire and returns when its last byte has been carried.
    fn say(
        &mut self,
        start: Duration,
        index: usize,
        id: u8,
        refusal: Option<Refusal>,
        data: &[u8],
    ) -> Option<Duration> {
        let Electronics::X(speaker) = self.speaker(index).electronics() else {
            return None;
        };
        let error = speaker.error_byte(refusal);
        let id = self.faults.signature(id, start);
        let len = packet::status(&mut self.answer, id, error, data)
            .ok()?
            .len();
        Some(self.transmit(start, len))
    }

    /// Whether `id` means servo `index` and it hears that; `Some(true)` if by its second id, so that it stays silent.
    fn is_meant(&self, index: usize, id: u8, at: Duration) -> Option<bool> {
        if !self.receives_dynamixel(index, at) {
            return None;
        }
        let servo = &self.servos[index];
        if id == BROADCAST || id == servo.id() {
            Some(false)
        } else {
            self.x(index)?.is_shadow(id).then_some(true)
        }
    }

    fn receives_dynamixel(&self, index: usize, at: Duration) -> bool {
        self.x(index).is_some_and(X::is_awake) && self.receives(index, at)
    }
}
