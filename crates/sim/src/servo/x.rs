//! The electronics of a Dynamixel servo of the X series, such as XL430 and XL330.

mod factory;
mod rules;

use ulna_bus::ErrorFlags;
use ulna_bus::dynamixel::{ALERT, Refusal};
use ulna_bus::models::Model;
use ulna_bus::registers::{Register, xl330 as reg, xl430};

use super::memory::{Memory, SIZE, Waiting};
use super::{TICK, TURN, rounded};
use crate::plant::{Control, Drive, Sense};

/// Values of `Operating_Mode`.
const MODE_CURRENT: i32 = 0;
const MODE_VELOCITY: i32 = 1;
const MODE_POSITION: i32 = 3;
const MODE_EXTENDED: i32 = 4;
const MODE_CURRENT_BASED: i32 = 5;
const MODE_PWM: i32 = 16;

/// Bit of `Drive_Mode` by which a new goal switches the torque on.
const TORQUE_ON_BY_GOAL: u8 = 0x08;
/// Counts of PWM that are the full duty.
const FULL_PWM: f64 = 885.0;
/// Steps per second in one count of velocity.
const STEPS_PER_SECOND: f64 = reg::RPM_PER_COUNT / 60.0 * TURN as f64;
/// Steps per second squared in one count of `Profile_Acceleration`: 214.577 rev/min².
const STEPS_PER_SECOND_SQUARED: f64 = 214.577 / 3600.0 * TURN as f64;
/// The velocity loop as a loop of the position that the wheel should have by now: what one count of `Velocity_I_Gain` is in counts of
/// `Position_P_Gain`, and one of `Velocity_P_Gain` in counts of `Position_D_Gain`. From the e-manual's conversions (I/65536,
/// P/128, D/16), if all loops run every millisecond.
const VELOCITY_I_AS_POSITION_P: f64 = 0.125;
const VELOCITY_P_AS_POSITION_D: f64 = 8.0;
/// An overload: this part of the duty without getting anywhere (steps/s), for so many ticks. ROBOTIS does not publish its own;
/// these are Feetech's 80 % for 2 s.
const OVERLOAD_DUTY: f64 = 0.8;
const OVERLOAD_SPEED: f64 = 400.0;
const OVERLOAD_TICKS: u32 = 200;
/// A servo that boots is deaf for so many ticks.
const BOOT_TICKS: u32 = 20;
/// The watchdog counts in this many ticks, and what it reads once it has bitten.
const WATCHDOG_TICKS: u32 = 2;
const WATCHDOG_BITTEN: u8 = 0xFF;

/// One servo without its mechanics.
#[derive(Debug, Clone)]
pub(crate) struct X {
    memory: Memory,
    model: Model,
    /// Alarms since power came, until a reboot.
    alarms: ErrorFlags,
    overloaded: u32,
    booting: u32,
    /// Ticks since the bus last spoke to this servo.
    unspoken: u32,
    /// Ticks since the power came.
    uptime: u32,
    waiting: Option<Waiting>,
    sense: Sense,
    /// Where the turn begins in which the position started to count, in directed steps.
    base: i32,
}

impl X {
    /// A servo as it leaves the factory, but with this id.
    pub(super) fn new(id: u8, model: Model) -> Self {
        let mut servo = Self {
            memory: Memory::new(model.table),
            model,
            alarms: ErrorFlags::NONE,
            overloaded: 0,
            booting: 0,
            unspoken: 0,
            uptime: 0,
            waiting: None,
            sense: Sense::default(),
            base: 0,
        };
        for (register, value) in factory::eeprom(&model) {
            servo.memory.set(register, value);
        }
        servo.memory.set(reg::ID, i32::from(id));
        servo.forget_volatile();
        servo
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(super) fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// Whether it hears anything at all.
    pub(crate) fn is_awake(&self) -> bool {
        self.booting == 0
    }

    /// 0: it answers pings only, 1: reads too, 2: everything.
    pub(crate) fn status_level(&self) -> u8 {
        self.byte(reg::STATUS_RETURN_LEVEL)
    }

    /// Whether `id` is its second one, under which it obeys without answering.
    pub(crate) fn is_shadow(&self, id: u8) -> bool {
        let shadow = self.byte(reg::SECONDARY_ID);
        shadow == id && shadow <= ulna_bus::dynamixel::MAX_ID && id != self.byte(reg::ID)
    }

    pub(super) fn error(&self) -> ErrorFlags {
        self.alarms
    }

    /// The error byte of its answers.
    pub(crate) fn error_byte(&self, refusal: Option<Refusal>) -> u8 {
        let alert = if self.alarms.is_empty() { 0 } else { ALERT };
        alert | refusal.map_or(0, Refusal::code)
    }

    pub(super) fn trip(&mut self, flags: ErrorFlags) {
        self.raise(flags);
        self.refresh();
    }

    /// Copies registers from `address` on; between registers there are zeros.
    pub(crate) fn read(&self, address: u16, out: &mut [u8]) -> Result<(), Refusal> {
        let end = usize::from(address) + out.len();
        if end > SIZE {
            return Err(Refusal::Access);
        }
        self.memory.read(address.into(), out);
        Ok(())
    }

    /// Writes registers from `address` on, all or none of them. Under its shadow id, the EEPROM is closed.
    pub(crate) fn write(
        &mut self,
        address: u16,
        data: &[u8],
        as_shadow: bool,
    ) -> Result<(), Refusal> {
        let address = u8::try_from(address).map_err(|_| Refusal::Access)?;
        self.check(address, data, as_shadow)?;
        let torque = self.byte(reg::TORQUE_ENABLE);
        let mode = self.get(reg::OPERATING_MODE);
        self.memory.write(address, data, |_| true);
        let touches = |register: Register| {
            let end = usize::from(address) + data.len();
            usize::from(register.address) < end && address < register.end()
        };
        let goals = [
            reg::GOAL_PWM,
            reg::GOAL_CURRENT,
            reg::GOAL_VELOCITY,
            reg::GOAL_POSITION,
        ];
        let by_goal = self.byte(reg::DRIVE_MODE) & TORQUE_ON_BY_GOAL != 0;
        if by_goal && goals.into_iter().any(touches) {
            self.memory.set(reg::TORQUE_ENABLE, 1);
        }
        if self.is_shut_down() {
            self.memory.set(reg::TORQUE_ENABLE, 0);
        }
        if touches(reg::OPERATING_MODE) && self.get(reg::OPERATING_MODE) != mode {
            self.mode_changed();
        }
        if self.byte(reg::TORQUE_ENABLE) > torque {
            self.torque_came();
        }
        self.refresh();
        Ok(())
    }

    /// Keeps a write for [`X::action`].
    pub(crate) fn reg_write(&mut self, address: u16, data: &[u8]) -> Result<(), Refusal> {
        let address = u8::try_from(address).map_err(|_| Refusal::Access)?;
        self.check(address, data, false)?;
        self.waiting = Some(Waiting::keep(address, data));
        self.memory.set(reg::REGISTERED_INSTRUCTION, 1);
        Ok(())
    }

    /// Carries out what [`X::reg_write`] left waiting.
    pub(crate) fn action(&mut self) -> Result<(), Refusal> {
        let waiting = self.waiting.take().ok_or(Refusal::ResultFail)?;
        self.memory.set(reg::REGISTERED_INSTRUCTION, 0);
        let (address, data) = waiting.write();
        self.write(address.into(), data, false)
    }

    /// Starts again, which takes a while.
    pub(crate) fn reboot(&mut self) {
        let sense = self.sense;
        self.power_on(&sense);
        self.booting = BOOT_TICKS;
    }

    /// Forgets the full turns; refused while the motor moves.
    pub(crate) fn clear_turns(&mut self) -> Result<(), Refusal> {
        if self.byte(reg::MOVING) != 0 {
            return Err(Refusal::ResultFail);
        }
        self.start_turn();
        self.refresh();
        Ok(())
    }

    /// Somebody speaks to it, which is what the watchdog waits for.
    pub(crate) fn spoken_to(&mut self) {
        self.unspoken = 0;
    }

    pub(super) fn power_on(&mut self, sense: &Sense) {
        self.forget_volatile();
        self.alarms = ErrorFlags::NONE;
        self.overloaded = 0;
        self.booting = 0;
        self.unspoken = 0;
        self.uptime = 0;
        self.waiting = None;
        self.sense = *sense;
        self.start_turn();
        self.goal_is_here();
        self.look();
        self.refresh();
    }

    pub(super) fn observe(&mut self, sense: &Sense) {
        self.sense = *sense;
        self.look();
        self.refresh();
    }

    pub(super) fn tick(&mut self) {
        self.booting = self.booting.saturating_sub(1);
        self.uptime = self.uptime.wrapping_add(1);
        let stuck = self.sense.velocity.abs() < OVERLOAD_SPEED;
        let limit = f64::from(self.get(reg::PWM_LIMIT)) / FULL_PWM;
        if stuck && self.sense.duty.abs() > OVERLOAD_DUTY * limit {
            self.overloaded += 1;
        } else {
            self.overloaded = 0;
        }
        if self.overloaded > OVERLOAD_TICKS {
            self.raise(ErrorFlags::OVERLOAD);
        }
        self.watch();
        self.refresh();
    }

    /// Stops when nobody has spoken for too long.
    fn watch(&mut self) {
        self.unspoken = self.unspoken.saturating_add(1);
        let patience = self.byte(reg::BUS_WATCHDOG);
        let bites = patience != 0 && patience != WATCHDOG_BITTEN;
        let waited = self.unspoken > u32::from(patience) * WATCHDOG_TICKS;
        if bites && waited && self.byte(reg::TORQUE_ENABLE) != 0 {
            self.memory.set(reg::BUS_WATCHDOG, WATCHDOG_BITTEN.into());
            self.memory.set(reg::PROFILE_VELOCITY, 0);
            self.memory.set(reg::PROFILE_ACCELERATION, 0);
            self.memory.set(reg::GOAL_VELOCITY, 0);
            self.goal_is_here();
            if self.get(reg::OPERATING_MODE) == MODE_PWM {
                self.memory.set(reg::GOAL_PWM, 0);
            }
        }
    }

    pub(super) fn drive(&self) -> Drive {
        let sense_of_rotation = f64::from(self.direction());
        let count = |register| f64::from(self.get(register));
        let amperes = self.amperes(reg::GOAL_CURRENT);
        let duty = count(reg::GOAL_PWM) / FULL_PWM;
        let limit = count(reg::PWM_LIMIT) / FULL_PWM;
        let position_gains = [
            count(reg::POSITION_P_GAIN),
            count(reg::POSITION_I_GAIN),
            count(reg::POSITION_D_GAIN),
        ];
        let drive = Drive {
            torque: self.byte(reg::TORQUE_ENABLE) != 0 && !self.is_shut_down(),
            speed: count(reg::PROFILE_VELOCITY) * STEPS_PER_SECOND,
            acceleration: count(reg::PROFILE_ACCELERATION) * STEPS_PER_SECOND_SQUARED,
            gains: position_gains,
            torque_limit: duty.abs().min(limit),
            ..Drive::default()
        };
        match self.get(reg::OPERATING_MODE) {
            MODE_CURRENT => Drive {
                control: Control::Current,
                goal: amperes * sense_of_rotation,
                torque_limit: limit,
                current_limit: self.amperes(reg::CURRENT_LIMIT),
                ..drive
            },
            MODE_VELOCITY => Drive {
                control: Control::Velocity,
                goal: count(reg::GOAL_VELOCITY) * STEPS_PER_SECOND * sense_of_rotation,
                gains: [
                    count(reg::VELOCITY_I_GAIN) * VELOCITY_I_AS_POSITION_P,
                    0.0,
                    count(reg::VELOCITY_P_GAIN) * VELOCITY_P_AS_POSITION_D,
                ],
                ..drive
            },
            MODE_PWM => Drive {
                control: Control::Duty,
                goal: duty * sense_of_rotation,
                torque_limit: limit,
                ..drive
            },
            mode => Drive {
                goal: f64::from(self.raw(self.limited(self.get(reg::GOAL_POSITION)))),
                current_limit: if mode == MODE_CURRENT_BASED {
                    amperes.abs()
                } else {
                    f64::INFINITY
                },
                ..drive
            },
        }
    }

    /// What a register of current says, A.
    fn amperes(&self, register: Register) -> f64 {
        self.model.scales.current.of(self.get(register)).0
    }

    /// 1, or -1 if `Drive_Mode` reverses the servo.
    fn direction(&self) -> i32 {
        if self.byte(reg::DRIVE_MODE) & reg::DRIVE_MODE_REVERSED == 0 {
            1
        } else {
            -1
        }
    }

    /// The encoder in the servo's sense of rotation, not wrapped.
    fn directed(&self) -> i32 {
        self.sense.position.saturating_mul(self.direction())
    }

    /// The register `Present_Position`.
    fn present_position(&self) -> i32 {
        self.directed()
            .saturating_sub(self.base)
            .saturating_add(self.get(reg::HOMING_OFFSET))
    }

    /// The raw steps at which the register reads `position`.
    fn raw(&self, position: i32) -> i32 {
        position
            .saturating_sub(self.get(reg::HOMING_OFFSET))
            .saturating_add(self.base)
            .saturating_mul(self.direction())
    }

    /// The position is within one turn from here on.
    fn start_turn(&mut self) {
        let directed = self.directed();
        self.base = directed.saturating_sub(directed.rem_euclid(TURN));
    }

    fn goal_is_here(&mut self) {
        let here = self.present_position();
        self.memory.set(reg::GOAL_POSITION, here);
    }

    fn mode_changed(&mut self) {
        self.reset_goals();
        if self.get(reg::OPERATING_MODE) == MODE_POSITION {
            self.start_turn();
        }
        self.goal_is_here();
    }

    fn torque_came(&mut self) {
        if self.get(reg::OPERATING_MODE) == MODE_POSITION {
            self.start_turn();
        }
        self.overloaded = 0;
        self.unspoken = 0;
    }

    /// What losing power does.
    fn forget_volatile(&mut self) {
        self.memory.forget_volatile();
        self.memory.set(reg::STATUS_RETURN_LEVEL, 2);
        self.reset_goals();
    }

    /// Gains, profile and limits as power or a new operating mode sets them.
    fn reset_goals(&mut self) {
        for (register, value) in factory::gains(&self.model) {
            self.memory.set(register, value);
        }
        let limits = [
            (reg::GOAL_PWM, self.get(reg::PWM_LIMIT)),
            (reg::GOAL_CURRENT, self.get(reg::CURRENT_LIMIT)),
            (reg::GOAL_VELOCITY, 0),
            (reg::PROFILE_VELOCITY, 0),
            (reg::PROFILE_ACCELERATION, 0),
        ];
        for (register, value) in limits {
            if self.has(register) {
                self.memory.set(register, value);
            }
        }
        match self.get(reg::OPERATING_MODE) {
            MODE_CURRENT => self.memory.set(reg::GOAL_CURRENT, 0),
            MODE_PWM => self.memory.set(reg::GOAL_PWM, 0),
            _ => {}
        }
    }

    /// Judges what needs no patience.
    fn look(&mut self) {
        let volts = |register| f64::from(self.get(register)) * reg::VOLTS_PER_COUNT;
        let (low, high) = (volts(reg::MIN_VOLTAGE_LIMIT), volts(reg::MAX_VOLTAGE_LIMIT));
        let hot = f64::from(self.byte(reg::TEMPERATURE_LIMIT));
        if self.sense.voltage < low || self.sense.voltage > high {
            self.raise(ErrorFlags::VOLTAGE);
        }
        if self.sense.temperature > hot {
            self.raise(ErrorFlags::OVERHEAT);
        }
    }

    fn raise(&mut self, flags: ErrorFlags) {
        self.alarms = self.alarms.union(flags);
        if self.is_shut_down() {
            self.memory.set(reg::TORQUE_ENABLE, 0);
        }
    }

    fn is_shut_down(&self) -> bool {
        self.alarms.to_dynamixel_register() & self.byte(reg::SHUTDOWN) != 0
    }

    /// Brings the read-only registers up to date.
    fn refresh(&mut self) {
        let turn = self.direction();
        let directed = f64::from(turn);
        let Sense {
            velocity,
            duty,
            current,
            voltage,
            temperature,
            ..
        } = self.sense;
        let duty = duty.clamp(-1.0, 1.0) * directed;
        let velocity = rounded(velocity / STEPS_PER_SECOND * directed);
        let moving = velocity.abs() > self.get(reg::MOVING_THRESHOLD);
        let position = self.present_position();
        let goal = self.limited(self.get(reg::GOAL_POSITION));
        let arrived = goal.abs_diff(position) <= IN_POSITION;
        let uptime = self.uptime.wrapping_mul(TICK.as_millis() as u32) & 0x7FFF;
        for (register, value) in [
            (
                reg::HARDWARE_ERROR_STATUS,
                self.alarms.to_dynamixel_register().into(),
            ),
            (reg::REALTIME_TICK, uptime as i32),
            (reg::MOVING, moving.into()),
            (reg::MOVING_STATUS, arrived.into()),
            (reg::PRESENT_PWM, rounded(duty * FULL_PWM)),
            (reg::PRESENT_VELOCITY, velocity),
            (reg::PRESENT_POSITION, position),
            (reg::POSITION_TRAJECTORY, goal),
            (
                reg::PRESENT_INPUT_VOLTAGE,
                rounded(voltage / reg::VOLTS_PER_COUNT),
            ),
            (reg::PRESENT_TEMPERATURE, rounded(temperature)),
        ] {
            self.memory.set(register, value);
        }
        // Current or load, at the same address.
        if self.has(xl430::PRESENT_LOAD) {
            let load = rounded(duty / xl430::LOAD_PER_COUNT);
            self.memory.set(xl430::PRESENT_LOAD, load);
        } else {
            let signed = ulna_bus::units::Amperes(current.abs().copysign(duty));
            let counts = self.model.scales.current.counts(signed);
            self.memory.set(reg::PRESENT_CURRENT, counts);
        }
    }

    fn has(&self, register: Register) -> bool {
        self.model.table.by_address(register.address) == Some(&register)
    }

    fn get(&self, register: Register) -> i32 {
        self.memory.get(register)
    }

    fn byte(&self, register: Register) -> u8 {
        self.memory.byte(register)
    }
}

/// Steps from the goal within which a servo has arrived.
const IN_POSITION: u32 = 20;

#[cfg(test)]
mod tests;
