//! Is everything there that the robot file says, and is it this arm's?

use ulna_bus::models;
use ulna_bus::registers::Role as Use;
use ulna_robot::Calibration;
use ulna_rt::Pacer;

use super::error::ConnectError;
use super::known::{FIRMWARE, Known};
use crate::arm::ServoArm;
use crate::chain::{self, ChainFault, ChainProblem};

impl ServoArm {
    /// The model of every servo; all that are missing or wrong are reported at once.
    pub(super) fn check_servos(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let mut faults = Vec::new();
        for index in 0..self.servos.len() {
            let Some(register) = self.register(index, Use::ModelNumber) else {
                continue;
            };
            let problem = match self.read(pacer, index, &register) {
                Ok(number) if number == i32::from(self.servos[index].model.number) => continue,
                Ok(number) => {
                    let model = u16::try_from(number).ok().and_then(models::by_number);
                    let found = model.map_or_else(
                        || format!("model number {number}"),
                        |model| model.name.to_owned(),
                    );
                    let expected = self.servos[index].model.name.to_owned();
                    ChainProblem::OtherModel { found, expected }
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
        if faults.is_empty() {
            return Ok(());
        }
        Err(ConnectError::Servos {
            port: self.port_name().to_owned(),
            problems: chain::sentences(&faults),
            advice: chain::advice(&faults, self.servos.len()),
        })
    }

    /// The servos must have one firmware.
    pub(super) fn check_firmware(
        &mut self,
        pacer: &mut dyn Pacer,
        known: &Known,
    ) -> Result<(), ConnectError> {
        let mut firmwares = Vec::with_capacity(self.servos.len());
        for index in 0..self.servos.len() {
            let mut version = [0; 2];
            for (value, part) in version.iter_mut().zip(FIRMWARE) {
                if let Some(register) = self.register(index, part) {
                    *value = self.known_or_read(pacer, known, index, &register)?;
                }
            }
            firmwares.push((index, version));
        }
        let problems = self.odd_firmware(&firmwares).join("; ");
        if problems.is_empty() {
            return Ok(());
        }
        Err(ConnectError::Servos {
            port: self.port_name().to_owned(),
            problems,
            advice: "Servos of one bus must have the same firmware, or groups of them are read wrongly: bring those named up to date with \
                     the maker's tool (Feetech's FD).",
        })
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
