//! From an open port to a configured arm, and back to a limp one.
//!
//! This is sequential work outside the control loop: it may allocate and takes as long as the servos need, on whichever clock
//! the pacer keeps.

mod registers;
mod settings;

use std::time::Duration;

use ulna_bus::engine::ServoFault;
use ulna_bus::feetech;
use ulna_bus::registers::{Access, sts3215};
use ulna_core::{Calibration, LinkLost, Progress, Robot, RobotKind, SafeGoals, Stamp};
use ulna_rt::Pacer;

use crate::arm::ServoArm;
use registers::PATIENCE;

/// Which part an arm plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It moves by its own power.
    Follower,
    /// It is moved by hand.
    Leader,
}

/// Why an arm could not be connected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Servos are missing or are not what the robot file says.
    #[error("{port}: {problems}\n{advice}")]
    Servos {
        /// The port.
        port: String,
        /// One sentence for each servo at fault.
        problems: String,
        /// What to do about this pattern.
        advice: &'static str,
    },
    /// A servo did not take a setting.
    #[error("{port}: servo {id} (`{joint}`) {fault} (register {register})")]
    Register {
        /// The port.
        port: String,
        /// The servo.
        id: u8,
        /// Its joint.
        joint: String,
        /// The register.
        register: String,
        /// What happened.
        fault: ServoFault,
    },
    /// The robot file names a register that the servo does not have, or a value that does not fit it.
    #[error("robot `{robot}` sets register `{register}` to {value}, but {reason}")]
    BadSetting {
        /// The robot.
        robot: String,
        /// The register.
        register: String,
        /// The value.
        value: i32,
        /// Why not.
        reason: String,
    },
    /// The calibration in the servos is another one than the file's.
    #[error(
        "{port}: the servos hold another calibration than the file: {differences}. With the wrong one the arm would move to wrong places; \
         calibrate the arm again, or pass the id under which it was calibrated"
    )]
    OtherCalibration {
        /// The port.
        port: String,
        /// Joint, register and both values.
        differences: String,
    },
    /// The port went away.
    #[error("{port}: the port is gone ({reason}); check the USB cable and try again")]
    Lost {
        /// The port.
        port: String,
        /// What the operating system said.
        reason: String,
    },
}

impl ServoArm {
    /// Checks every servo, compares calibrations, writes the robot file's registers, and, for a follower, switches the torque on with each
    /// goal where its joint stands, so that nothing moves.
    ///
    /// # Errors
    /// [`ConnectError`]; all missing or wrong servos are reported at once.
    pub fn connect(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        calibration: &Calibration,
        role: Role,
    ) -> Result<(), ConnectError> {
        self.check_servos(pacer)?;
        self.check_calibration(pacer, calibration)?;
        let changes = self.changes(pacer, kind, role)?;
        // A follower that somebody left standing must not drop because of a setting that it has already.
        if role == Role::Leader
            || changes
                .iter()
                .any(|(_, register, _)| register.access != Access::Ram)
        {
            self.torque(pacer, false)?;
        }
        for (index, register, value) in changes {
            self.write(pacer, index, &register, value)?;
        }
        if role == Role::Follower {
            for index in 0..self.servos.len() {
                let here = self.read(pacer, index, &sts3215::PRESENT_POSITION)?;
                self.write(pacer, index, &sts3215::GOAL_POSITION, here)?;
            }
            let on = self
                .torque(pacer, true)
                .and_then(|()| self.read_state(pacer));
            return on.inspect_err(|_| {
                // An arm that nobody controls is not left under torque. The first error says what is wrong.
                let _ = self.torque(pacer, false);
            });
        }
        self.read_state(pacer)
    }

    /// Switches the torque of every servo; without it the arm is limp, and its settings can be written.
    ///
    /// # Errors
    /// The first servo that did not confirm; the others were told all the same.
    pub fn torque(&mut self, pacer: &mut dyn Pacer, on: bool) -> Result<(), ConnectError> {
        let mut outcome = Ok(());
        for index in 0..self.servos.len() {
            // LeRobot locks the EEPROM whenever the torque is on.
            let result = self
                .write(pacer, index, &sts3215::TORQUE_ENABLE, i32::from(on))
                .and_then(|()| self.write(pacer, index, &sts3215::LOCK, i32::from(on)));
            outcome = outcome.and(result);
        }
        outcome
    }

    /// One full reading of all positions, with patience.
    ///
    /// # Errors
    /// If a servo stays silent.
    pub fn read_state(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let start = pacer.now();
        loop {
            self.exchange(pacer, None)?;
            if self
                .state()
                .measured
                .iter()
                .all(|&at| at > Stamp::new(start))
            {
                return Ok(());
            }
            if pacer.now() > start + PATIENCE * 4 {
                self.check_servos(pacer)?;
                let measured = self.state().measured.iter().zip(&self.names);
                let silent = measured
                    .filter(|(at, _)| **at <= Stamp::new(start))
                    .map(|(_, joint)| format!("`{joint}`"));
                return Err(ConnectError::Servos {
                    port: self.port_name().to_owned(),
                    problems: format!("no position from {}", silent.collect::<Vec<_>>().join(", ")),
                    advice: "They answer when asked alone, but not in a group read: is the adapter losing bytes, or is the servo of a \
                             series without group reads?",
                });
            }
        }
    }

    /// Sends goals once, outside the control loop, and reads the positions.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn send_goals(
        &mut self,
        pacer: &mut dyn Pacer,
        goals: &SafeGoals,
    ) -> Result<(), ConnectError> {
        self.exchange(pacer, Some(goals))
    }

    fn exchange(
        &mut self,
        pacer: &mut dyn Pacer,
        goals: Option<&SafeGoals>,
    ) -> Result<(), ConnectError> {
        let now = pacer.now();
        let deadline = Stamp::new(now + Duration::from_millis(50));
        self.begin(Stamp::new(now), goals, deadline)
            .map_err(|LinkLost| self.port_lost())?;
        while let Progress::Waiting { until } = self
            .step(Stamp::new(pacer.now()))
            .map_err(|LinkLost| self.port_lost())?
        {
            pacer.wait_for_input(until.since_epoch());
        }
        Ok(())
    }

    fn check_servos(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let mut problems = Vec::new();
        let mut silent = Vec::new();
        for index in 0..self.servos.len() {
            let (id, joint) = (self.servos[index].id, self.names[index].clone());
            match self.read(pacer, index, &sts3215::MODEL_NUMBER) {
                Ok(number) if number == i32::from(self.servos[index].model.number) => {}
                Ok(number) => {
                    let model = u16::try_from(number)
                        .ok()
                        .and_then(feetech::model_by_number);
                    let what = model.map_or_else(
                        || format!("model number {number}"),
                        |model| model.name.to_owned(),
                    );
                    let expected = self.servos[index].model.name;
                    problems.push(format!(
                        "servo {id} (`{joint}`) is a {what}, not an {expected}"
                    ));
                }
                Err(ConnectError::Register { fault, .. }) => {
                    silent.push(index);
                    problems.push(format!("servo {id} (`{joint}`) {fault}"));
                }
                Err(error) => return Err(error),
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        let advice = advice(&silent, self.servos.len());
        let port = self.port_name().to_owned();
        Err(ConnectError::Servos {
            port,
            problems: problems.join("; "),
            advice,
        })
    }

    fn check_calibration(
        &mut self,
        pacer: &mut dyn Pacer,
        calibration: &Calibration,
    ) -> Result<(), ConnectError> {
        let mut differences = Vec::new();
        for (index, (joint, value)) in calibration.joints.iter().enumerate() {
            for (register, expected) in [
                (&sts3215::HOMING_OFFSET, value.homing_offset),
                (&sts3215::MIN_POSITION_LIMIT, value.range_min),
                (&sts3215::MAX_POSITION_LIMIT, value.range_max),
            ] {
                let mut found = self.read(pacer, index, register)?;
                if found != expected {
                    // A second look: this refusal must not come from one damaged or misplaced answer.
                    found = self.read(pacer, index, register)?;
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
