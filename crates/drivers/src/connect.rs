//! From an open port to a configured arm, and back to a limp one.
//!
//! This is sequential work outside the control loop: it may allocate and takes as long as the servos need, on whichever clock
//! the pacer keeps.

mod checks;
mod error;
mod known;
mod places;
mod settings;
mod wanted;

use std::time::Duration;

use ulna_bus::Setting;
use ulna_bus::registers::{Register, Role as Use};
use ulna_core::{LinkLost, Progress, Robot, SafeGoals, SafeSlice, Stamp};
use ulna_robot::{ArmRole, Calibration, RobotKind};
use ulna_rt::Pacer;

pub use error::ConnectError;
use settings::Kept;

use crate::arm::ServoArm;
use crate::servo_bus::{Holding, PATIENCE, ServoBusError, TURNAROUND};

/// Between two readings of all positions, if the first was not complete.
const PAUSE: Duration = Duration::from_millis(10);

/// How long one servo keeps the others waiting that are to stop or to go limp.
const SOON: Duration = TURNAROUND.saturating_mul(2);

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

    /// Everything about connecting that needs no torque; at its end the positions are known.
    pub(crate) fn prepare(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        calibration: &Calibration,
        role: ArmRole,
    ) -> Result<(), ConnectError> {
        self.check_servos(pacer)?;
        let mut known = self.learn(pacer, kind, role)?;
        self.check_firmware(pacer, &known)?;
        self.check_calibration(pacer, calibration, &known)?;
        let lasting = self.changes(pacer, kind, role, (Kept::Lasting, &known))?;
        // A follower that was left standing must not drop because of a setting that it has already.
        if role == ArmRole::Leader || !lasting.is_empty() {
            self.release(pacer)?;
        }
        self.apply(pacer, &lasting)?;
        // A new operating mode sets the gains of a Dynamixel to its maker's.
        if !lasting.is_empty() {
            known = self.learn(pacer, kind, role)?;
        }
        let volatile = self.changes(pacer, kind, role, (Kept::UntilPowerIsOff, &known))?;
        let (port, servos) = (self.port_name(), self.servos.len());
        tracing::debug!(
            port,
            servos,
            lasting = lasting.len(),
            volatile = volatile.len(),
            "servos are checked; these settings are written"
        );
        self.apply(pacer, &volatile)?;
        self.volatile = self.forgotten(kind, role)?;
        self.check_places(pacer, &known)?;
        self.settle_link(pacer)?;
        self.decide_fast_reads(pacer, kind)?;
        self.plan_for_board(kind, calibration);
        self.read_state(pacer)
    }

    /// Whether groups are read with fast reads: only if the robot file asks for it and all servos answer one. Firmware that does not know them
    /// is silent.
    fn decide_fast_reads(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
    ) -> Result<(), ConnectError> {
        let wanted = kind.bus.fast_reads && kind.bus.protocol.has_fast_read();
        let ids: Vec<u8> = self.servos.iter().map(|servo| servo.id).collect();
        let known = match wanted {
            true => self.bus.answers_fast_reads(pacer, &ids),
            false => Ok(false),
        };
        let known = known.map_err(|error| self.bus_error(error))?;
        self.engine.set_fast_reads(known);
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
            // An arm that is not controlled is not left under torque. The first error says what is wrong.
            let _ = self.release(pacer);
        })?;
        for servo in &mut self.servos {
            servo.expect_torque(role == ArmRole::Follower || servo.hold.is_some());
        }
        Ok(())
    }

    /// Torque on, with every goal where its joint stands, and with wheels at rest.
    fn take_hold(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let holding = self.servos.iter().map(|servo| Holding {
            id: servo.id,
            is_wheel: servo.is_wheel(),
        });
        let holding: Vec<Holding> = holding.collect();
        let held = self.bus.take_hold(pacer, &holding);
        held.map_err(|error| self.bus_error(error))
    }

    /// The triggers of a leader that spring back: held at a goal, gently enough for a finger.
    fn spring_triggers(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        for index in 0..self.servos.len() {
            let servo = self.servos[index];
            if let Some(goal) = servo.hold {
                let held = self.bus.spring_trigger(pacer, servo.id, servo.counts(goal));
                held.map_err(|error| self.bus_error(error))?;
            }
        }
        Ok(())
    }

    /// Switches off the torque of every servo: the arm is limp, and its settings can be written.
    ///
    /// # Errors
    /// The first servo that did not confirm; the others got the order all the same.
    pub fn release(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        for servo in &mut self.servos {
            servo.expect_torque(false);
        }
        let all = self.servos.iter().map(|servo| servo.id).collect();
        self.each_soon(pacer, all, Self::release_servo)
    }

    /// Has each of these servos do something. None waits for another that does not answer, and those that do not are asked in turn, for no
    /// longer than twice one servo's patience together.
    fn each_soon(
        &mut self,
        pacer: &mut dyn Pacer,
        ids: Vec<u8>,
        what: fn(&mut Self, &mut dyn Pacer, u8, Duration) -> Result<(), ServoBusError>,
    ) -> Result<(), ConnectError> {
        let end = pacer.now() + PATIENCE * 2;
        let mut left = ids;
        loop {
            let (mut first, mut silent) = (None, Vec::new());
            for id in left {
                match what(self, pacer, id, SOON) {
                    Ok(()) => {}
                    Err(error @ ServoBusError::Lost { .. }) => return Err(self.bus_error(error)),
                    Err(error) => {
                        silent.push(id);
                        first.get_or_insert(error);
                    }
                }
            }
            match first {
                None => return Ok(()),
                Some(error) if pacer.now() >= end => return Err(self.bus_error(error)),
                Some(_) => left = silent,
            }
        }
    }

    fn release_servo(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        patience: Duration,
    ) -> Result<(), ServoBusError> {
        // LeRobot opens the EEPROM, where there is a lock, whenever the torque is off.
        for role in [Use::TorqueEnable, Use::Lock] {
            if let Ok(off) = Setting::with_role(self.bus.family(), role, 0) {
                self.bus.confirm_within(pacer, id, off, patience)?;
            }
        }
        Ok(())
    }

    /// Stops every wheel, and has each confirm it.
    ///
    /// # Errors
    /// The first wheel that did not confirm; the others got the order all the same.
    pub fn halt(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let wheels = self.servos.iter().filter(|servo| servo.is_wheel());
        let wheels = wheels.map(|servo| servo.id).collect();
        self.each_soon(pacer, wheels, |arm, pacer, id, patience| {
            arm.bus.stop_wheel(pacer, id, patience)
        })
    }

    /// Reads one register of one servo.
    pub(crate) fn read(
        &mut self,
        pacer: &mut dyn Pacer,
        index: usize,
        register: &Register,
    ) -> Result<i32, ConnectError> {
        let value = self.bus.read(pacer, self.servos[index].id, register);
        value.map_err(|error| self.bus_error(error))
    }

    /// The same error with the name of the joint.
    fn bus_error(&self, error: ServoBusError) -> ConnectError {
        let ids = self.servos.iter().map(|servo| servo.id);
        let joints = self.names.iter().map(String::as_str);
        ConnectError::on_bus(error, ids.zip(joints))
    }

    fn port_lost(&self) -> ConnectError {
        self.bus_error(self.bus.port_lost())
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
        if self.read_within(pacer, PATIENCE * 4)? {
            return Ok(());
        }
        self.check_servos(pacer)?;
        let measured = self.state().measured.iter().zip(&self.names);
        let silent = measured
            .filter(|(at, _)| **at <= Stamp::new(start))
            .map(|(_, joint)| format!("`{joint}`"));
        Err(ConnectError::Servos {
            port: self.port_name().to_owned(),
            problems: format!("no position from {}", silent.collect::<Vec<_>>().join(", ")),
            advice: "They answer when asked alone, but not in a group read: is the adapter losing bytes, or is the servo of a \
                     series without group reads?",
        })
    }

    /// Reads positions until all are new, for no longer than this; whether they are.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn read_within(
        &mut self,
        pacer: &mut dyn Pacer,
        patience: Duration,
    ) -> Result<bool, ConnectError> {
        let start = pacer.now();
        loop {
            self.exchange(pacer, None)?;
            let measured = &self.state().measured;
            if measured.iter().all(|&at| at > Stamp::new(start)) {
                return Ok(true);
            }
            // Here every servo is asked every time, also one that was silent a few times.
            self.expect_all();
            pacer.wait(pacer.now() + PAUSE);
            if pacer.now() > start + patience {
                return Ok(false);
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
        self.exchange(pacer, Some(goals.as_slice()))
    }

    pub(crate) fn exchange(
        &mut self,
        pacer: &mut dyn Pacer,
        goals: Option<SafeSlice<'_>>,
    ) -> Result<(), ConnectError> {
        let left = self.bus.link().leave_cyclic_mode(pacer);
        left.map_err(|LinkLost| self.port_lost())?;
        let now = pacer.now();
        let end = now + self.patience().max(Duration::from_millis(50));
        self.start_on_wire(Stamp::new(now), goals, Stamp::new(end))
            .map_err(|LinkLost| self.port_lost())?;
        while let Progress::Waiting { until } = self
            .carry_on_wire(Stamp::new(pacer.now()))
            .map_err(|LinkLost| self.port_lost())?
        {
            if pacer.now() >= end {
                break;
            }
            pacer.wait_for_input(until.since_epoch().min(end));
        }
        Ok(())
    }
}
