//! Does every joint stand within its calibrated range? Under torque, one that does not would be driven against a stop.

use ulna_bus::registers::Role as Use;
use ulna_rt::Pacer;

use super::error::ConnectError;
use super::known::Known;
use crate::arm::ServoArm;

impl ServoArm {
    /// Finds the turn on which each servo counts; joints outside their range are reported all at once, and the arm is limp then, so that a
    /// hand can move them.
    pub(super) fn check_places(
        &mut self,
        pacer: &mut dyn Pacer,
        known: &Known,
    ) -> Result<(), ConnectError> {
        let mut outside = Vec::new();
        for index in 0..self.servos.len() {
            if self.servos[index].is_wheel() {
                continue;
            }
            let modes = self.servos[index].model.family.multi_turn_modes;
            if let Some(register) = self.register(index, Use::OperatingMode) {
                let mode = self.known_or_read(pacer, known, index, &register)?;
                self.servos[index].multi_turn = modes.contains(&mode);
            }
            let present = self.servos[index].present;
            let here = self.read(pacer, index, &present)?;
            if self.servos[index].find_turn(here).is_ok() {
                continue;
            }
            // A second look: this refusal must not come from one damaged or misplaced answer.
            let here = self.read(pacer, index, &present)?;
            let servo = &mut self.servos[index];
            if let Err(off) = servo.find_turn(here) {
                let (id, joint) = (servo.id, &self.names[index]);
                let degrees = servo.degrees(off).abs();
                let side = if off < 0 { "below" } else { "above" };
                let (low, high) = (servo.calibration.range_min, servo.calibration.range_max);
                outside.push(format!(
                    "servo {id} (`{joint}`) reads {here}, {degrees:.0}° {side} its calibrated range {low} to {high}"
                ));
            }
        }
        if outside.is_empty() {
            return Ok(());
        }
        // The first error says what is wrong.
        let _ = self.release(pacer);
        Err(ConnectError::OutsideRange {
            port: self.port_name().to_owned(),
            joints: outside.join("; "),
        })
    }
}
