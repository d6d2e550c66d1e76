//! Is everything there that the robot file says, and is it this arm's?

use ulna_bus::models;
use ulna_bus::registers::Role as Use;
use ulna_robot::Calibration;
use ulna_rt::Pacer;

use super::error::ConnectError;
use crate::arm::ServoArm;

impl ServoArm {
    /// Model and firmware of every servo; all that are missing or wrong are reported at once.
    pub(super) fn check_servos(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let (mut problems, mut silent, mut others) = (Vec::new(), Vec::new(), 0);
        let mut firmwares = Vec::new();
        for index in 0..self.servos.len() {
            let (id, joint) = (self.servos[index].id, self.names[index].clone());
            match self.identity(pacer, index) {
                Ok((number, _)) if number != i32::from(self.servos[index].model.number) => {
                    others += 1;
                    let model = u16::try_from(number).ok().and_then(models::by_number);
                    let what = model.map_or_else(
                        || format!("model number {number}"),
                        |model| model.name.to_owned(),
                    );
                    let expected = self.servos[index].model.name;
                    problems.push(format!(
                        "servo {id} (`{joint}`) is a {what}, not a {expected}"
                    ));
                }
                Ok((_, firmware)) => firmwares.push((index, firmware)),
                Err(ConnectError::Register { fault, .. }) => {
                    silent.push(index);
                    problems.push(format!("servo {id} (`{joint}`) {fault}"));
                }
                Err(error) => return Err(error),
            }
        }
        let count = self.servos.len();
        let mut advice = advice(&silent, count);
        if silent.is_empty() && others > 0 {
            advice = other_models(others, count);
        }
        if problems.is_empty() {
            problems = self.odd_firmware(&firmwares);
            advice = "Servos of one bus must have the same firmware, or groups of them are read wrongly: bring those named up to date with \
                      the maker's tool (Feetech's FD).";
        }
        if problems.is_empty() {
            return Ok(());
        }
        let port = self.port_name().to_owned();
        Err(ConnectError::Servos {
            port,
            problems: problems.join("; "),
            advice,
        })
    }

    /// Model number and firmware version of one servo.
    fn identity(
        &mut self,
        pacer: &mut dyn Pacer,
        index: usize,
    ) -> Result<(i32, [i32; 2]), ConnectError> {
        let mut values = [0; 3];
        let parts = [Use::ModelNumber, Use::FirmwareMajor, Use::FirmwareMinor];
        for (value, part) in values.iter_mut().zip(parts) {
            if let Some(register) = self.register(index, part) {
                *value = self.read(pacer, index, &register)?;
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
                let mut found = self.read(pacer, index, &register)? & mask;
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

/// What to do when these of `count` servos are silent: the pattern tells.
pub(crate) fn advice(silent: &[usize], count: usize) -> &'static str {
    let tail = !silent.is_empty() && silent.iter().copied().eq(count - silent.len()..count);
    if silent.len() == count {
        "No servo answers: is the arm's power supply on, is this the right port, and do the servos run at this baud rate?"
    } else if tail {
        "All servos from one joint on are silent: the cable into the first of them is the likely cause."
    } else {
        "The others answer, so port and power are good: check the cables, ids and models of those named."
    }
}

/// What to do when all servos answer, but these many of `count` are of other models.
fn other_models(others: usize, count: usize) -> &'static str {
    if others == count {
        "All answer, and none is what the robot file says: is this port another robot's, or the leader's instead of the follower's?"
    } else if others == 1 {
        "The others are right: either that servo was given the wrong id, or another model was built in there; a robot file of your own can \
         say so."
    } else {
        "Two servos of different models may have swapped their ids: set up those named again, one at a time."
    }
}
