//! What the servos hold, read in blocks of neighbouring registers: a question for each register would cost a round trip each.

use std::time::Duration;

use ulna_bus::engine::{MAX_DATA, ReplyData};
use ulna_bus::registers::{Register, Role as Use, Span};
use ulna_robot::{ArmRole, RobotKind};
use ulna_rt::Pacer;

use super::error::ConnectError;
use super::wanted::settings;
use crate::arm::ServoArm;
use crate::servo_bus::TURNAROUND;

/// The firmware's version, its greater part first.
pub(super) const FIRMWARE: [Use; 2] = [Use::FirmwareMajor, Use::FirmwareMinor];
/// Registers of which connecting looks at every servo's, whatever the robot file says.
const LOOKED_AT: [Use; 8] = [
    Use::FirmwareMajor,
    Use::FirmwareMinor,
    Use::HomingOffset,
    Use::MinPosition,
    Use::MaxPosition,
    Use::DriveMode,
    Use::TurnCounting,
    Use::OperatingMode,
];
/// A block is asked for three times before its registers are read one by one.
const BLOCK_PATIENCE: Duration = TURNAROUND.saturating_mul(3);

/// Blocks of registers as they were at one moment.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Index of the servo, first address, bytes.
    blocks: Vec<(usize, u8, ReplyData)>,
}

impl Known {
    /// The value of one register of one servo, if it was read.
    fn value(&self, index: usize, register: &Register) -> Option<i32> {
        let own = self.blocks.iter().filter(|(servo, ..)| *servo == index);
        own.filter_map(|(_, address, data)| register.decode_in_block(*address, data.bytes()))
            .next()
    }
}

impl ServoArm {
    /// Reads what connecting will look at: of each servo as few blocks as hold it. A servo that does not answer a block is asked register by
    /// register later, and so are those after it, which may be as old.
    pub(super) fn learn(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        role: ArmRole,
    ) -> Result<Known, ConnectError> {
        let mut known = Known::default();
        for index in 0..self.servos.len() {
            let servo = self.servos[index];
            let set = settings(kind, index, role, &servo.model)?;
            let set = set.iter().map(|setting| *setting.register());
            let looked_at = LOOKED_AT
                .iter()
                .filter_map(|&part| self.register(index, part));
            for span in spans(looked_at.chain(set).collect()) {
                let read = self.bus.read_span(pacer, servo.id, span, BLOCK_PATIENCE);
                match read.map_err(|error| self.bus_error(error))? {
                    Ok(data) => known.blocks.push((index, span.address, data)),
                    Err(_) => return Ok(known),
                }
            }
        }
        Ok(known)
    }

    /// The value of a register: what is known, or what the servo answers.
    pub(super) fn known_or_read(
        &mut self,
        pacer: &mut dyn Pacer,
        known: &Known,
        index: usize,
        register: &Register,
    ) -> Result<i32, ConnectError> {
        match known.value(index, register) {
            Some(value) => Ok(value),
            None => self.read(pacer, index, register),
        }
    }
}

/// The fewest blocks that hold these registers. What lies between two of them is read, too: a byte takes 10 µs at 1 Mbaud, and a question
/// more than a hundred times that behind most adapters.
fn spans(mut registers: Vec<Register>) -> Vec<Span> {
    registers.sort_unstable_by_key(|register| register.address);
    let mut spans: Vec<Span> = Vec::new();
    for register in registers {
        if let Some(last) = spans.last_mut() {
            let len = register.end().saturating_sub(last.address);
            if usize::from(len) <= MAX_DATA {
                last.len = last.len.max(len);
                continue;
            }
        }
        spans.push(Span {
            address: register.address,
            len: register.width,
        });
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_bus::families::{scs0009, sts3215, xl330};

    #[test]
    fn blocks_hold_every_register_and_are_as_long_as_an_answer_may_be() {
        for table in [&sts3215::TABLE, &scs0009::TABLE, &xl330::TABLE] {
            let mut registers = table.registers.to_vec();
            registers.reverse();
            let blocks = spans(registers);
            for register in table.registers {
                let held = blocks.iter().any(|block| {
                    block.address <= register.address && register.end() <= block.address + block.len
                });
                assert!(held, "{} of {}", register.name, table.name);
            }
            let longest = blocks.iter().map(|block| usize::from(block.len)).max();
            assert!(longest.unwrap() <= MAX_DATA);
            assert!(blocks.len() < table.registers.len() / 3, "{blocks:?}");
        }
    }

    #[test]
    fn neighbours_are_one_block_and_what_is_far_another() {
        let found = spans(vec![
            sts3215::MAX_POSITION_LIMIT,
            sts3215::MIN_POSITION_LIMIT,
            sts3215::PRESENT_POSITION,
        ]);
        let [near, far] = found[..] else {
            panic!("{found:?}")
        };
        assert_eq!((near.address, near.len), (9, 4));
        assert_eq!((far.address, far.len), (56, 2));
        assert!(spans(Vec::new()).is_empty());
    }
}
