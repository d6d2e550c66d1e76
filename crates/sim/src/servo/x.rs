//! The electronics of a Dynamixel servo of the X series, such as XL430 and XL330.

mod alarms;
mod factory;
mod motion;
mod rules;

use ulna_bus::ErrorFlags;
use ulna_bus::Model;
use ulna_bus::dynamixel::{ALERT, Refusal};
use ulna_bus::families::xl330 as reg;
use ulna_bus::registers::Register;

use super::memory::{Effect, Memory, SIZE, Waiting};
use crate::plant::Sense;

/// Values of `Operating_Mode`.
const MODE_CURRENT: i32 = 0;
const MODE_VELOCITY: i32 = 1;
const MODE_POSITION: i32 = 3;
const MODE_EXTENDED: i32 = 4;
const MODE_CURRENT_BASED: i32 = 5;
const MODE_PWM: i32 = 16;

/// Bit of `Drive_Mode` by which a new goal switches the torque on.
const TORQUE_ON_BY_GOAL: u8 = 0x08;
/// The first firmware with fast sync reads.
const FAST_READS_SINCE: u8 = 46;
/// A servo that boots is deaf for so many ticks.
const BOOT_TICKS: u32 = 20;
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

    pub(super) fn set_firmware(&mut self, version: u8) {
        self.memory.set(reg::FIRMWARE_VERSION, version.into());
    }

    /// Whether it knows fast sync reads: an XL330 does from firmware 46 on (rustypot#122). For other models the maker names no version; they
    /// are taken to be the same.
    pub(crate) fn knows_fast_reads(&self) -> bool {
        self.byte(reg::FIRMWARE_VERSION) >= FAST_READS_SINCE
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
        self.memory.write(address, data, |_| Effect::Lasting);
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
        if touches(reg::DRIVE_MODE) {
            self.start_turn();
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

    /// The host speaks to it, which is what the watchdog waits for.
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
        self.count_overload();
        self.watch();
        self.refresh();
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

#[cfg(test)]
mod tests;
