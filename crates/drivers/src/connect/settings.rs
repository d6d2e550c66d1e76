//! Which registers a servo should hold, and which of them differ.

use ulna_bus::Setting;
use ulna_bus::registers::Role as Use;
use ulna_robot::{ArmRole, RobotKind};
use ulna_rt::Pacer;

use super::error::ConnectError;
use super::known::Known;
use super::wanted::settings;
use crate::arm::ServoArm;
use crate::servo_bus::FileSetting;

/// How long a register keeps its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Without power, too; writing it needs the torque off.
    Lasting,
    /// It is forgotten with the power.
    UntilPowerIsOff,
}

/// One register that is to be written: the index of the servo, and the value.
pub(super) type Change = (usize, FileSetting);

impl ServoArm {
    /// The registers that are not yet as this role wants them, by what is `known` of the servos.
    pub(super) fn changes(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        role: ArmRole,
        (kept, known): (Kept, &Known),
    ) -> Result<Vec<Change>, ConnectError> {
        let mut changes = Vec::new();
        for index in 0..self.servos.len() {
            let model = self.servos[index].model;
            for setting in settings(kind, index, role, &model)? {
                // An unchanged register is left alone: the servo's EEPROM wears out.
                if setting.is_lasting() == (kept == Kept::Lasting)
                    && self.known_or_read(pacer, known, index, setting.register())?
                        != setting.value()
                {
                    changes.push((index, setting));
                }
            }
            // Multi-turn feedback would report positions beyond one turn.
            let counting = model.table.find(Use::TurnCounting);
            if let Some(register) = counting.filter(|_| kept == Kept::Lasting) {
                let bits = self.known_or_read(pacer, known, index, &register)?;
                let within_a_turn = bits & !model.family.multi_turn_bits;
                let setting = Setting::new(model.family, &register, within_a_turn);
                if let Some(setting) = setting.ok().filter(|_| bits != within_a_turn) {
                    changes.push((index, FileSetting::Setting(setting)));
                }
            }
        }
        Ok(changes)
    }

    /// All registers that the servos forget with their power, as this role wants them.
    pub(super) fn forgotten(
        &self,
        kind: &RobotKind,
        role: ArmRole,
    ) -> Result<Vec<Change>, ConnectError> {
        let mut all = Vec::new();
        for (index, servo) in self.servos.iter().enumerate() {
            let settings = settings(kind, index, role, &servo.model)?;
            let volatile = settings.into_iter().filter(|it| !it.is_lasting());
            all.extend(volatile.map(|setting| (index, setting)));
        }
        Ok(all)
    }

    /// Writes these, and has the servos confirm them.
    pub(super) fn apply(
        &mut self,
        pacer: &mut dyn Pacer,
        changes: &[Change],
    ) -> Result<(), ConnectError> {
        for (index, setting) in changes {
            let applied = self.bus.apply(pacer, self.servos[*index].id, setting);
            applied.map_err(|error| self.bus_error(error))?;
        }
        Ok(())
    }
}
