//! Is everything there that the robot file says, and is it this arm's?

use ulna_bus::models;
use ulna_bus::registers::Role as Use;
use ulna_robot::Calibration;
use ulna_rt::Pacer;

use super::error::ConnectError;
use super::known::Known;
use crate::arm::ServoArm;
use crate::chain::{self, ChainFault, ChainProblem};

impl ServoArm {
    /// Model and firmware of every servo; all that are missing or wrong are reported at once.
    pub(super) fn check_servos(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let (mut faults, mut firmwares) = (Vec::new(), Vec::new());
        for index in 0..self.servos.len() {
            let problem = match self.identity(pacer, index) {
                Ok((number, _)) if number != i32::from(self.servos[index].model.number) => {
                    let model = u16::try_from(number).ok().and_then(models::by_number);
                    let found = model.map_or_else(
                        || format!("model number {number}"),
                        |model| model.name.to_owned(),
                    );
                    let expected = self.servos[index].model.name.to_owned();
                    ChainProblem::OtherModel { found, expected }
                }
                Ok((_, firmware)) => {
                    firmwares.push((index, firmware));
                    continue;
                }
                Err(ConnectError::Register { fault, .. }) => ChainProblem::Unanswered(fault),
                Err(error) => return Err(error),
            };
            faults.push(ChainFault {
                index,
                id: self.servos[index].id,
                joint: self.names[index].clone(),
                problem,
            });
        }
        let mut problems = chain::sentences(&faults);
        let mut advice = chain::advice(&faults, self.servos.len());
        if faults.is_empty() {
            problems = self.odd_firmware(&firmwares).join("; ");
            advice = "Servos of one bus must have the same firmware, or groups of them are read wrongly: bring those named up to date with \
                      the maker's tool (Feetech's FD).";
        }
        if problems.is_empty() {
            return Ok(());
        }
        let port = self.port_name().to_owned();
        Err(ConnectError::Servos {
            port,
            problems,
            advice,
        })
    }

    /// Model number and firmware version of one servo.
    fn identity(
        &mut self,
        pacer: &mut dyn Pacer,
        index: usize,
    ) -> Result<(i32, [i32; 2]), ConnectError> {
        let parts = [Use::ModelNumber, Use::FirmwareMajor, Use::FirmwareMinor];
        let known = self.read_identity(pacer, index, &parts)?;
        let mut values = [0; 3];
        for (value, part) in values.iter_mut().zip(parts) {
            if let Some(register) = self.register(index, part) {
                *value = self.known_or_read(pacer, &known, index, &register)?;
            }
        }
        let [number, major, minor] = values;
        Ok((number, [major, minor]))
    }

    /// The servos whose firmware differs from that of most. LeRobot 0.6 asks for one version on a Feetech bus, and for none on a
    /// Dynamixel bus; the tables of the former have both parts of the version.
    fn odd_firmware(&self, firmwares: &[(usize, [i32; 2])]) -> Vec<String> {
        let same = |version: &[i32; 2]| firmwares.iter().filter(|(_, v)| v == version).count();
        let Some(most) = firmwares
            .iter()
            .map(|(_, v)| *v)
            .max_by_key(|v| (same(v), *v))
        else {
            return Vec::new();
        };
        let odd = firmwares.iter().filter(|(index, version)| {
            *version != most && self.register(*index, Use::FirmwareMinor).is_some()
        });
        let sentences = odd.map(|(index, [major, minor])| {
            let (id, joint) = (self.servos[*index].id, &self.names[*index]);
            let [most_major, most_minor] = most;
            format!(
                "servo {id} (`{joint}`) has firmware {major}.{minor}, most have {most_major}.{most_minor}"
            )
        });
        sentences.collect()
    }

    /// The servos must hold the file's calibration: what LeRobot 0.6 compares (`is_calibrated`).
    pub(super) fn check_calibration(
        &mut self,
        pacer: &mut dyn Pacer,
        calibration: &Calibration,
        known: &Known,
    ) -> Result<(), ConnectError> {
        let mut differences = Vec::new();
        for (index, (joint, value)) in calibration.joints.iter().enumerate() {
            for (part, mask, expected) in [
                (Use::HomingOffset, !0, value.homing_offset),
                (Use::MinPosition, !0, value.range_min),
                (Use::MaxPosition, !0, value.range_max),
                // Its other bits are about profiles.
                (Use::DriveMode, 1, i32::from(value.drive_mode)),
            ] {
                let Some(register) = self.register(index, part) else {
                    continue;
                };
                let mut found = self.known_or_read(pacer, known, index, &register)? & mask;
                if found != expected {
                    // A second look: this refusal must not come from one damaged or misplaced answer.
                    found = self.read(pacer, index, &register)? & mask;
                }
                if found != expected {
                    differences.push(format!(
                        "{joint} {} {found}, file {expected}",
                        register.name
                    ));
                }
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        let port = self.port_name().to_owned();
        Err(ConnectError::OtherCalibration {
            port,
            differences: differences.join("; "),
        })
    }
}
