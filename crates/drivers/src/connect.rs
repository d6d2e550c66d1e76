//! From an open port to a configured arm, and back to a limp one.
//!
//! This is sequential work outside the control loop: it may allocate and takes as long as the servos need, on whichever clock
//! the pacer keeps.

mod checks;
mod registers;
mod settings;

use std::time::Duration;

use ulna_bus::engine::ServoFault;
use ulna_bus::registers::{Register, Role as Use};
use ulna_core::{LinkLost, Progress, Robot, SafeGoals, Stamp};
use ulna_outside::Printable;
use ulna_robot::{ArmRole, Calibration, RobotKind};
use ulna_rt::Pacer;

use crate::arm::ServoArm;
use registers::PATIENCE;
use settings::Kept;

/// Between two readings of all positions, if the first was not complete.
const PAUSE: Duration = Duration::from_millis(10);

/// Why an arm could not be connected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Servos are missing or are not what the robot file says.
    #[error("{}: {problems}\n{advice}", Printable(port))]
    Servos {
        /// The port.
        port: String,
        /// One sentence for each servo at fault.
        problems: String,
        /// What to do about this pattern.
        advice: &'static str,
    },
    /// A servo did not take a setting.
    #[error(
        "{}: servo {id} (`{joint}`) {fault} (register {register})",
        Printable(port)
    )]
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
        "{}: the servos hold another calibration than the file: {differences}. With the wrong one the arm would move to wrong places; \
         calibrate the arm again, or pass the id under which it was calibrated",
        Printable(port)
    )]
    OtherCalibration {
        /// The port.
        port: String,
        /// Joint, register and both values.
        differences: String,
    },
    /// What is wrong with several arms of one rig, or with one of them.
    #[error("{0}")]
    Sides(String),
    /// The port went away.
    #[error(
        "{}: the port is gone ({reason}); check the USB cable and try again",
        Printable(port)
    )]
    Lost {
        /// The port.
        port: String,
        /// What the operating system said.
        reason: String,
    },
}

impl ConnectError {
    /// The same about one side of a rig; a rig of one arm has none to name.
    pub(crate) fn at_side(self, side: &str) -> Self {
        match side {
            "" => self,
            side => Self::Sides(format!("{side} arm: {self}")),
        }
    }

    /// All that is wrong with the sides of a rig.
    pub(crate) fn of_sides(errors: Vec<(String, Self)>) -> Option<Self> {
        let mut all = errors.into_iter().map(|(side, error)| error.at_side(&side));
        let first = all.next()?;
        Some(all.fold(first, |before, error| {
            Self::Sides(format!("{before}\n{error}"))
        }))
    }
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
        role: ArmRole,
    ) -> Result<(), ConnectError> {
        self.prepare(pacer, kind, calibration, role)?;
        self.energise(pacer, role)
    }

    /// Everything about connecting that needs no torque.
    pub(crate) fn prepare(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        calibration: &Calibration,
        role: ArmRole,
    ) -> Result<(), ConnectError> {
        self.check_servos(pacer)?;
        self.check_calibration(pacer, calibration)?;
        let lasting = self.changes(pacer, kind, role, Kept::Lasting)?;
        // A follower that somebody left standing must not drop because of a setting that it has already.
        if role == ArmRole::Leader || !lasting.is_empty() {
            self.torque(pacer, false)?;
        }
        for (index, register, value) in lasting {
            self.write(pacer, index, &register, value)?;
        }
        // Only now: a new operating mode sets the gains of a Dynamixel to its maker's.
        for (index, register, value) in self.changes(pacer, kind, role, Kept::UntilPowerIsOff)? {
            self.write(pacer, index, &register, value)?;
        }
        Ok(())
    }

    /// Switches on the torque that this role has, and reads where the arm is.
    pub(crate) fn energise(
        &mut self,
        pacer: &mut dyn Pacer,
        role: ArmRole,
    ) -> Result<(), ConnectError> {
        let on = match role {
            ArmRole::Follower => self.take_hold(pacer),
            ArmRole::Leader => self.spring_triggers(pacer),
        };
        on.and_then(|()| self.read_state(pacer)).inspect_err(|_| {
            // An arm that nobody controls is not left under torque. The first error says what is wrong.
            let _ = self.torque(pacer, false);
        })
    }

    /// Torque on, with every goal where its joint stands, and with wheels at rest.
    fn take_hold(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        for index in 0..self.servos.len() {
            let servo = self.servos[index];
            let here = match servo.is_wheel() {
                true => 0,
                false => self.read(pacer, index, &servo.present)?,
            };
            self.write(pacer, index, &servo.goal, here)?;
        }
        self.torque(pacer, true)
    }

    /// The triggers of a leader that spring back: held at a goal, gently enough for a finger.
    fn spring_triggers(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        for index in 0..self.servos.len() {
            let servo = self.servos[index];
            if let Some(goal) = servo.hold {
                self.write(pacer, index, &servo.goal, servo.counts(goal))?;
                self.switch_torque(pacer, index, true)?;
            }
        }
        Ok(())
    }

    /// Switches the torque of every servo; without it the arm is limp, and its settings can be written.
    ///
    /// # Errors
    /// The first servo that did not confirm; the others were told all the same.
    pub fn torque(&mut self, pacer: &mut dyn Pacer, on: bool) -> Result<(), ConnectError> {
        let mut outcome = Ok(());
        for index in 0..self.servos.len() {
            let result = self.switch_torque(pacer, index, on);
            outcome = outcome.and(result);
        }
        outcome
    }

    /// Stops every wheel, and has each confirm it.
    ///
    /// # Errors
    /// The first wheel that did not confirm; the others were told all the same.
    pub fn halt(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let mut outcome = Ok(());
        for index in 0..self.servos.len() {
            let servo = self.servos[index];
            if servo.is_wheel() {
                let result = self.write(pacer, index, &servo.goal, 0);
                outcome = outcome.and(result);
            }
        }
        outcome
    }

    fn switch_torque(
        &mut self,
        pacer: &mut dyn Pacer,
        index: usize,
        on: bool,
    ) -> Result<(), ConnectError> {
        // LeRobot locks the EEPROM, where there is a lock, whenever the torque is on.
        for register in [Use::TorqueEnable, Use::Lock] {
            if let Some(register) = self.register(index, register) {
                self.write(pacer, index, &register, i32::from(on))?;
            }
        }
        Ok(())
    }

    /// The register of one servo that plays this part.
    fn register(&self, index: usize, part: Use) -> Option<Register> {
        self.servos[index].model.table.find(part)
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
            // Here everybody is asked every time, also who was silent a few times.
            self.expect_all();
            pacer.wait(pacer.now() + PAUSE);
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
        self.exchange(pacer, Some(goals.goals()))
    }

    pub(crate) fn exchange(
        &mut self,
        pacer: &mut dyn Pacer,
        goals: Option<&[f64]>,
    ) -> Result<(), ConnectError> {
        let now = pacer.now();
        let deadline = Stamp::new(now + Duration::from_millis(50));
        self.start(Stamp::new(now), goals, deadline)
            .map_err(|LinkLost| self.port_lost())?;
        while let Progress::Waiting { until } = self
            .carry_on(Stamp::new(pacer.now()))
            .map_err(|LinkLost| self.port_lost())?
        {
            pacer.wait_for_input(until.since_epoch());
        }
        Ok(())
    }
}
