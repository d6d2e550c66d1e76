//! The electronics of a Feetech servo, such as the STS3215. Those of an SCS servo are taken to be the same, with fewer registers.
//!
//! Where Feetech's papers leave a choice, this servo takes the one under which a careless driver fails early:
//! * While `Lock` is 1, writes to EEPROM registers hold until power is lost.
//! * `Goal_Position` survives torque off and on, so a limp arm that was moved by hand returns when it is switched on. After
//!   power-on goal and torque are 0 and `Lock` is 1, as the bench of waveshare_servos found it: a servo whose torque is switched on before
//!   it has a goal runs to the end of its range.
//! * A goal beyond `Min_Position_Limit`..`Max_Position_Limit` is kept in its register, but the motor stops at the limit.

mod alarms;

use ulna_bus::ErrorFlags;
use ulna_bus::Model;
use ulna_bus::encoding::Encoding;
use ulna_bus::families::sts3215 as reg;
use ulna_bus::registers::{Access, Register};

use super::memory::{Effect, Memory, Waiting};
use super::steps::rounded;
use crate::plant::{Control, Drive, Sense};
use alarms::Alarms;

/// What `Torque_Enable` takes for "the present position is the middle of the range" (Feetech SDK).
const CALIBRATE_MIDDLE: u8 = 128;
/// Values of `Operating_Mode` other than 0, position.
const MODE_VELOCITY: i32 = 1;
const MODE_PWM: i32 = 2;
const MODE_STEP: i32 = 3;
/// In PWM mode, `Goal_Time` is a duty with its sign in this bit (Feetech's SMS_STS manual).
const PWM: Encoding = Encoding::SignMagnitude { sign_bit: 10 };

/// What an STS3215 holds when it is new. Model, id and rate are the caller's; the numbers are those that Feetech's
/// debugger shows for a servo of firmware 3.10. LeRobot 0.6.2 reports the return delay of 250 (0.5 ms).
///
/// A servo of another family gets those that it has a register for.
const FACTORY: [(Register, i32); 24] = [
    (reg::FIRMWARE_MAJOR, 3),
    (reg::FIRMWARE_MINOR, 10),
    (reg::RETURN_DELAY_TIME, 250),
    (reg::RESPONSE_STATUS_LEVEL, 1),
    (reg::MAX_TEMPERATURE_LIMIT, 70),
    (reg::MAX_VOLTAGE_LIMIT, 140),
    (reg::MIN_VOLTAGE_LIMIT, 40),
    (reg::MAX_TORQUE_LIMIT, 1000),
    (reg::PHASE, 12),
    (reg::UNLOADING_CONDITION, 44),
    (reg::LED_ALARM_CONDITION, 47),
    (reg::P_COEFFICIENT, 32),
    (reg::D_COEFFICIENT, 32),
    (reg::MINIMUM_STARTUP_FORCE, 16),
    (reg::CW_DEAD_ZONE, 1),
    (reg::CCW_DEAD_ZONE, 1),
    (reg::PROTECTION_CURRENT, 500),
    (reg::ANGULAR_RESOLUTION, 1),
    (reg::PROTECTIVE_TORQUE, 20),
    (reg::PROTECTION_TIME, 200),
    (reg::OVERLOAD_TORQUE, 80),
    (reg::VELOCITY_P, 10),
    (reg::OVER_CURRENT_PROTECTION_TIME, 200),
    (reg::VELOCITY_I, 10),
];

/// One servo without its mechanics.
#[derive(Debug, Clone)]
pub(crate) struct Sts {
    memory: Memory,
    alarms: Alarms,
    waiting: Option<Waiting>,
    sense: Sense,
    /// The end of the last step in step mode, raw steps.
    anchor: i32,
    /// Steps in one turn.
    turn: i32,
}

impl Sts {
    /// A servo as it leaves the factory, but with this id.
    pub(super) fn new(id: u8, model: &Model) -> Self {
        let mut memory = Memory::translating(model.table, &reg::TABLE);
        let turn = i32::from(model.resolution);
        for (register, value) in FACTORY {
            memory.set(register, value);
        }
        memory.set(reg::MAX_POSITION_LIMIT, turn - 1);
        memory.set(reg::MODEL_NUMBER, i32::from(model.number));
        memory.set(reg::ID, i32::from(id));
        let mut servo = Self {
            memory,
            alarms: Alarms::default(),
            waiting: None,
            sense: Sense::default(),
            anchor: 0,
            turn,
        };
        servo.forget_volatile();
        servo
    }

    /// Losing power: RAM is cleared, and what starts from the EEPROM is copied.
    fn forget_volatile(&mut self) {
        self.memory.forget_volatile();
        let strongest = self.get(reg::MAX_TORQUE_LIMIT);
        self.memory.set(reg::TORQUE_LIMIT, strongest);
        self.memory.set(reg::LOCK, 1);
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(super) fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    pub(super) fn set_firmware(&mut self, major: u8, minor: Option<u8>) {
        self.memory.set(reg::FIRMWARE_MAJOR, major.into());
        if let Some(minor) = minor {
            self.memory.set(reg::FIRMWARE_MINOR, minor.into());
        }
    }

    /// Whether it answers writes too, or only pings and reads.
    pub(crate) fn answers_writes(&self) -> bool {
        self.byte(reg::RESPONSE_STATUS_LEVEL) != 0
    }

    /// Alarms that the servo shall have had since before the run.
    pub(super) fn trip(&mut self, flags: ErrorFlags) {
        self.alarms.latch(flags, &self.sense);
        self.refresh();
    }

    /// The alarms, as every status packet carries them.
    pub(crate) fn error(&self) -> ErrorFlags {
        self.alarms.flags()
    }

    /// Copies registers from `address` on; what lies beyond the table reads 0.
    pub(crate) fn read(&self, address: u8, out: &mut [u8]) {
        self.memory.read(address.into(), out);
    }

    /// Writes registers from `address` on, as a write packet does. Bytes that must not be written are skipped.
    pub(crate) fn write(&mut self, address: u8, data: &[u8]) {
        let locked = self.byte(reg::LOCK) != 0;
        self.memory
            .write(address, data, |register| match register.access {
                Access::Eeprom if locked => Effect::UntilPowerIsLost,
                Access::Ram | Access::Goal | Access::Factory | Access::Eeprom => Effect::Lasting,
                Access::ReadOnly => Effect::None,
            });
        let end = usize::from(address) + data.len();
        let touches = |servo: &Self, register: Register| {
            let own = servo.memory.own(register);
            own.is_some_and(|own| usize::from(own.address) < end && address < own.end())
        };
        if touches(self, reg::TORQUE_ENABLE) {
            self.alarms.clear_latched();
            if self.byte(reg::TORQUE_ENABLE) == CALIBRATE_MIDDLE {
                self.calibrate_middle();
            }
        }
        if touches(self, reg::GOAL_POSITION) {
            self.goal_written();
        }
        if touches(self, reg::OPERATING_MODE) {
            self.anchor = self.sense.position;
        }
        self.refresh();
    }

    /// Keeps a write for [`Servo::action`]. A later one replaces it.
    pub(crate) fn reg_write(&mut self, address: u8, data: &[u8]) {
        self.waiting = Some(Waiting::keep(address, data));
    }

    /// Carries out what [`Servo::reg_write`] left waiting.
    pub(crate) fn action(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            let (address, data) = waiting.write();
            self.write(address, data);
        }
    }

    /// Power comes (back): volatile registers start afresh, the goal among them, which is 0 then.
    pub(crate) fn power_on(&mut self, sense: &Sense) {
        self.forget_volatile();
        self.alarms = Alarms::default();
        self.waiting = None;
        self.anchor = sense.position;
        self.observe(sense);
    }

    /// The sensors' newest values, into the registers that report them.
    pub(crate) fn observe(&mut self, sense: &Sense) {
        self.sense = *sense;
        self.alarms.look(sense, &self.memory);
        self.refresh();
    }

    /// Lets the protections count one [`TICK`] of what was last observed.
    pub(crate) fn tick(&mut self) {
        self.alarms.tick(&self.sense, &self.memory);
        self.refresh();
    }

    /// What the motor shall do.
    pub(crate) fn drive(&self) -> Drive {
        let gain = |register| f64::from(self.byte(register));
        // SCS servos have no limit in RAM.
        let limit = match self.memory.own(reg::TORQUE_LIMIT) {
            Some(_) => self.get(reg::TORQUE_LIMIT),
            None => self.get(reg::MAX_TORQUE_LIMIT),
        };
        let limit = f64::from(limit) * reg::LOAD_PER_COUNT;
        let (control, goal) = self.set_point();
        let steepest = self.get(reg::MAXIMUM_ACCELERATION);
        let acceleration = match self.get(reg::ACCELERATION) {
            0 => 0,
            wanted if steepest > 0 => wanted.min(steepest),
            wanted => wanted,
        };
        Drive {
            torque: self.is_powered(),
            control,
            goal,
            speed: f64::from(self.get(reg::GOAL_VELOCITY).abs()),
            acceleration: f64::from(acceleration) * reg::ACCELERATION_PER_COUNT,
            gains: [
                gain(reg::P_COEFFICIENT),
                gain(reg::I_COEFFICIENT),
                gain(reg::D_COEFFICIENT),
            ],
            torque_limit: limit
                .min(self.alarms.torque_share(&self.memory))
                .clamp(0.0, 1.0),
            ..Drive::default()
        }
    }

    fn is_powered(&self) -> bool {
        self.byte(reg::TORQUE_ENABLE) != 0 && !self.alarms.releases(&self.memory)
    }

    /// What the motor is controlled by, and the goal in its unit. A mode that does not exist counts as position.
    fn set_point(&self) -> (Control, f64) {
        match self.get(reg::OPERATING_MODE) {
            MODE_VELOCITY => (Control::Velocity, f64::from(self.get(reg::GOAL_VELOCITY))),
            MODE_PWM => {
                let duty = PWM.from_bits(self.get(reg::GOAL_TIME).unsigned_abs(), 2);
                (Control::Duty, f64::from(duty) * reg::LOAD_PER_COUNT)
            }
            MODE_STEP => (Control::Position, f64::from(self.anchor)),
            _ => {
                let goal = self.limited(self.get(reg::GOAL_POSITION));
                let raw = goal.saturating_add(self.raw_zero());
                (Control::Position, f64::from(raw))
            }
        }
    }

    /// A goal within the position limits; both 0 means that there are none.
    fn limited(&self, goal: i32) -> i32 {
        let (min, max) = (
            self.get(reg::MIN_POSITION_LIMIT),
            self.get(reg::MAX_POSITION_LIMIT),
        );
        match (min, max) {
            (0, 0) => goal,
            _ => goal.min(max).max(min),
        }
    }

    /// The register `Present_Position`: without the offset and, unless multi-turn feedback is on, within one turn.
    fn present_position(&self) -> i32 {
        let actual = self
            .sense
            .position
            .saturating_sub(self.get(reg::HOMING_OFFSET));
        if self.byte(reg::PHASE) & reg::PHASE_MULTI_TURN_FEEDBACK != 0 {
            actual
        } else {
            actual.rem_euclid(self.turn)
        }
    }

    /// The raw step at which the register reads 0 on this turn. The servo takes no short cut across the wrap: it
    /// compares registers, so a goal on the other side of it is most of a turn away.
    fn raw_zero(&self) -> i32 {
        self.sense.position.saturating_sub(self.present_position())
    }

    /// Makes the present position the middle, whatever `Lock` says, and leaves the torque as `Torque_Enable` had it: off.
    fn calibrate_middle(&mut self) {
        let actual = self.sense.position.rem_euclid(self.turn);
        // An offset of -2048 does not exist, so at the very end of the turn the middle reads 2047.
        self.memory.set(reg::HOMING_OFFSET, actual - self.turn / 2);
        self.memory.set(reg::TORQUE_ENABLE, 0);
    }

    fn goal_written(&mut self) {
        let goal = self.get(reg::GOAL_POSITION);
        if self.get(reg::OPERATING_MODE) == MODE_STEP {
            self.anchor = self.sense.position.saturating_add(goal);
        }
        if let (Control::Position, raw) = self.set_point() {
            self.alarms
                .goal_written(raw - f64::from(self.sense.position));
        }
    }

    /// Brings the read-only registers up to date.
    fn refresh(&mut self) {
        let Sense {
            velocity,
            duty,
            current,
            voltage,
            temperature,
            ..
        } = self.sense;
        let moving = i32::from(velocity.abs() > f64::from(self.byte(reg::MOVING_VELOCITY)));
        let profile = self.limited(self.get(reg::GOAL_POSITION));
        for (register, value) in [
            (reg::PRESENT_POSITION, self.present_position()),
            (reg::PRESENT_VELOCITY, rounded(velocity)),
            (
                reg::PRESENT_LOAD,
                rounded(duty.clamp(-1.0, 1.0) / reg::LOAD_PER_COUNT),
            ),
            (
                reg::PRESENT_VOLTAGE,
                rounded(voltage / reg::VOLTS_PER_COUNT),
            ),
            (reg::PRESENT_TEMPERATURE, rounded(temperature)),
            (reg::STATUS, i32::from(self.alarms.flags().0)),
            (reg::MOVING, moving),
            (
                reg::PRESENT_CURRENT,
                rounded(current.abs().copysign(duty) / reg::AMPERES_PER_COUNT),
            ),
            (reg::GOAL_POSITION_2, profile),
        ] {
            self.memory.set(register, value);
        }
    }

    fn get(&self, register: Register) -> i32 {
        self.memory.get(register)
    }

    fn byte(&self, register: Register) -> u8 {
        self.memory.byte(register)
    }
}

#[cfg(test)]
mod tests;
