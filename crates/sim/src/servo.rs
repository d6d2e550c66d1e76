//! The electronics of one STS3215: a table of registers between the wire and the motor.
//!
//! A [`Servo`] knows no packets and no time. The bus writes and reads its registers, shows it what its sensors measure
//! ([`Servo::observe`]), lets its protections count ([`Servo::tick`], every [`TICK`]) and asks what the motor shall do
//! ([`Servo::drive`]).
//!
//! Where Feetech's papers leave a choice, this servo takes the one under which a careless driver fails early:
//! * While `Lock` is 1, writes to EEPROM registers are ignored; papers say that they last until power is lost.
//! * `Goal_Position` survives torque off and on, so a limp arm that was moved by hand returns when it is switched on. At
//!   power-on the goal is the present position.
//! * A goal beyond `Min_Position_Limit`..`Max_Position_Limit` is kept in its register, but the motor stops at the limit.

mod alarms;
mod memory;

use core::time::Duration;

use ulna_bus::encoding::{Encoding, OutOfRange};
use ulna_bus::feetech::{BAUD_RATES, ErrorFlags, MAX_PACKET, Model};
use ulna_bus::registers::Register;
use ulna_bus::registers::sts3215 as reg;

use crate::plant::{Control, Drive, Sense};
use alarms::Alarms;
use memory::Memory;

/// How often the protections count; the registers of their times have this unit.
pub const TICK: Duration = Duration::from_millis(10);
/// Encoder steps in one turn.
const TURN: i32 = 4096;
/// What `Torque_Enable` takes for "the present position is the middle of the range" (Feetech SDK).
const CALIBRATE_MIDDLE: u8 = 128;
/// The position that the present one becomes by [`CALIBRATE_MIDDLE`].
const MIDDLE: i32 = TURN / 2;
/// Values of `Operating_Mode` other than 0, position.
const MODE_VELOCITY: i32 = 1;
const MODE_PWM: i32 = 2;
const MODE_STEP: i32 = 3;
/// In PWM mode, `Goal_Time` is a duty with its sign in this bit (Feetech's SMS_STS manual).
const PWM: Encoding = Encoding::SignMagnitude { sign_bit: 10 };

/// One servo without its mechanics.
#[derive(Debug, Clone)]
pub struct Servo {
    memory: Memory,
    alarms: Alarms,
    waiting: Option<Waiting>,
    sense: Sense,
    /// The end of the last step in step mode, raw steps.
    anchor: i32,
}

/// What `RegWrite` left for `Action`.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    address: u8,
    data: [u8; MAX_PACKET],
    len: usize,
}

impl Servo {
    /// A servo as it leaves the factory, but with this id.
    #[must_use]
    pub fn new(id: u8, model: Model) -> Self {
        Self {
            memory: Memory::factory(id, model),
            alarms: Alarms::default(),
            waiting: None,
            sense: Sense::default(),
            anchor: 0,
        }
    }

    /// The id it answers to.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.byte(reg::ID)
    }

    /// The rate it listens at, bits per second; `None` when `Baud_Rate` holds no rate's number.
    #[must_use]
    pub fn baud(&self) -> Option<u32> {
        BAUD_RATES
            .get(usize::from(self.byte(reg::BAUD_RATE)))
            .copied()
    }

    /// Its pause before an answer.
    #[must_use]
    pub fn return_delay(&self) -> Duration {
        Duration::from_micros(2) * u32::from(self.byte(reg::RETURN_DELAY_TIME))
    }

    /// Whether it answers writes too, or only pings and reads.
    #[must_use]
    pub fn answers_writes(&self) -> bool {
        self.byte(reg::RESPONSE_STATUS_LEVEL) != 0
    }

    /// The alarms, as every status packet carries them.
    #[must_use]
    pub fn error(&self) -> ErrorFlags {
        self.alarms.flags()
    }

    /// The value of a register.
    #[must_use]
    pub fn get(&self, register: Register) -> i32 {
        self.memory.get(register)
    }

    /// Sets a register as the maker could: no lock, no read-only registers, no side effects. For test benches and for
    /// arms that shall come with an offset or an id of their own.
    pub fn set(&mut self, register: Register, value: i32) -> Result<(), OutOfRange> {
        register.encode(value)?;
        self.memory.set(register, value);
        Ok(())
    }

    /// Copies registers from `address` on; what lies beyond the table reads 0.
    pub fn read(&self, address: u8, out: &mut [u8]) {
        self.memory.read(address, out);
    }

    /// Writes registers from `address` on, as a write packet does. Bytes that must not be written are skipped.
    pub fn write(&mut self, address: u8, data: &[u8]) {
        self.memory.write(address, data);
        let touches = |register: Register| {
            let end = usize::from(address) + data.len();
            usize::from(register.address) < end && address < register.end()
        };
        if touches(reg::TORQUE_ENABLE) {
            self.alarms.clear_latched();
            if self.byte(reg::TORQUE_ENABLE) == CALIBRATE_MIDDLE {
                self.calibrate_middle();
            }
        }
        if touches(reg::GOAL_POSITION) {
            self.goal_written();
        }
        if touches(reg::OPERATING_MODE) {
            self.anchor = self.sense.position;
        }
        self.refresh();
    }

    /// Keeps a write for [`Servo::action`]. A later one replaces it.
    pub fn reg_write(&mut self, address: u8, data: &[u8]) {
        let mut waiting = Waiting {
            address,
            data: [0; MAX_PACKET],
            len: data.len().min(MAX_PACKET),
        };
        waiting.data[..waiting.len].copy_from_slice(&data[..waiting.len]);
        self.waiting = Some(waiting);
    }

    /// Carries out what [`Servo::reg_write`] left waiting.
    pub fn action(&mut self) {
        if let Some(Waiting { address, data, len }) = self.waiting.take() {
            self.write(address, &data[..len]);
        }
    }

    /// Power comes (back): volatile registers start afresh, the present position becomes the goal.
    pub fn power_on(&mut self, sense: &Sense) {
        self.memory.forget_volatile();
        self.alarms = Alarms::default();
        self.waiting = None;
        self.anchor = sense.position;
        self.observe(sense);
        let present = self.get(reg::PRESENT_POSITION);
        self.memory.set(reg::GOAL_POSITION, present);
        self.refresh();
    }

    /// The sensors' newest values, into the registers that report them.
    pub fn observe(&mut self, sense: &Sense) {
        self.sense = *sense;
        self.alarms.look(sense, &self.memory);
        self.refresh();
    }

    /// Lets the protections count one [`TICK`] of what was last observed.
    pub fn tick(&mut self) {
        self.alarms.tick(&self.sense, &self.memory);
        self.refresh();
    }

    /// What the motor shall do.
    #[must_use]
    pub fn drive(&self) -> Drive {
        let gain = |register| f64::from(self.byte(register));
        let limit = f64::from(self.get(reg::TORQUE_LIMIT)) * reg::LOAD_PER_COUNT;
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
                let duty = PWM.from_bits(self.get(reg::GOAL_TIME).unsigned_abs());
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
            actual.rem_euclid(TURN)
        }
    }

    /// The raw step at which the register reads 0 on this turn. The servo takes no short cut across the wrap: it
    /// compares registers, so a goal on the other side of it is most of a turn away.
    fn raw_zero(&self) -> i32 {
        self.sense.position.saturating_sub(self.present_position())
    }

    /// Makes the present position the middle, whatever `Lock` says, and leaves the torque as `Torque_Enable` had it: off.
    fn calibrate_middle(&mut self) {
        let actual = self.sense.position.rem_euclid(TURN);
        // An offset of -2048 does not exist, so at the very end of the turn the middle reads 2047.
        self.memory.set(reg::HOMING_OFFSET, actual - MIDDLE);
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
                rounded(current.abs() / reg::AMPERES_PER_COUNT),
            ),
            (reg::GOAL_POSITION_2, profile),
        ] {
            self.memory.set(register, value);
        }
    }

    fn byte(&self, register: Register) -> u8 {
        self.memory.byte(register)
    }
}

/// To the nearest whole number; the cast bounds what no register can hold anyway.
fn rounded(value: f64) -> i32 {
    value.round() as i32
}

#[cfg(test)]
mod tests;
