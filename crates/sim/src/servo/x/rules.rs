//! What may be written where, and when (ROBOTIS e-manual: ranges of the control table, error numbers of protocol 2.0).

use ulna_bus::dynamixel::{MAX_ID, Refusal};
use ulna_bus::families::xl330 as reg;
use ulna_bus::registers::{Access, Register};

use super::alarms::WATCHDOG_BITTEN;
use super::{
    MODE_CURRENT, MODE_CURRENT_BASED, MODE_EXTENDED, MODE_POSITION, MODE_PWM, MODE_VELOCITY, X,
};

/// Furthest goal over several turns: 256 of them.
const FURTHEST: i32 = 1_048_575;
/// Largest homing offset: 255 turns.
const LARGEST_OFFSET: i32 = 1_044_479;

impl X {
    /// Whether `data` may be written at `address`, as a whole.
    pub(super) fn check(&self, address: u8, data: &[u8], as_shadow: bool) -> Result<(), Refusal> {
        let mut at = usize::from(address);
        let end = at + data.len();
        while at < end {
            let register = u8::try_from(at)
                .ok()
                .and_then(|at| self.model().table.holding(at))
                .ok_or(Refusal::Access)?;
            let (begin, after) = (usize::from(register.address), usize::from(register.end()));
            if begin < usize::from(address) || after > end {
                return Err(Refusal::DataLength);
            }
            let bytes = &data[begin - usize::from(address)..after - usize::from(address)];
            let value = register.decode(bytes).ok_or(Refusal::DataLength)?;
            self.check_value(register, value, as_shadow)?;
            at = after;
        }
        Ok(())
    }

    fn check_value(&self, register: &Register, value: i32, as_shadow: bool) -> Result<(), Refusal> {
        let torque = self.byte(reg::TORQUE_ENABLE) != 0;
        match register.access {
            Access::ReadOnly => return Err(Refusal::Access),
            Access::Eeprom | Access::Factory if torque || as_shadow => {
                return Err(Refusal::Access);
            }
            _ => {}
        }
        let bitten = self.byte(reg::BUS_WATCHDOG) == WATCHDOG_BITTEN;
        let (range, refusal) = self.range(register);
        let is_goal = matches!(
            *register,
            reg::GOAL_PWM | reg::GOAL_CURRENT | reg::GOAL_VELOCITY | reg::GOAL_POSITION
        );
        if bitten && is_goal {
            return Err(Refusal::DataRange);
        }
        if *register == reg::OPERATING_MODE && !self.has_mode(value) {
            return Err(Refusal::DataRange);
        }
        if range.contains(&value) {
            Ok(())
        } else {
            Err(refusal)
        }
    }

    /// What a register can be given, and what is said otherwise.
    fn range(&self, register: &Register) -> (core::ops::RangeInclusive<i32>, Refusal) {
        let within = |limit: Register| {
            let limit = self.get(limit);
            (-limit..=limit, Refusal::DataLimit)
        };
        let fixed = |range| (range, Refusal::DataRange);
        match *register {
            reg::GOAL_PWM => within(reg::PWM_LIMIT),
            reg::GOAL_CURRENT => within(reg::CURRENT_LIMIT),
            reg::GOAL_VELOCITY => within(reg::VELOCITY_LIMIT),
            reg::GOAL_POSITION if self.get(reg::OPERATING_MODE) == MODE_POSITION => {
                let (low, high) = self.position_limits();
                (low..=high, Refusal::DataLimit)
            }
            reg::GOAL_POSITION => fixed(-FURTHEST..=FURTHEST),
            reg::HOMING_OFFSET => fixed(-LARGEST_OFFSET..=LARGEST_OFFSET),
            reg::ID => fixed(0..=i32::from(MAX_ID)),
            reg::BAUD_RATE => fixed(0..=self.model().table.baud_rates.len() as i32 - 1),
            reg::RETURN_DELAY_TIME => fixed(0..=254),
            reg::DRIVE_MODE => fixed(0..=13),
            reg::PROTOCOL_TYPE => fixed(2..=2),
            reg::MOVING_THRESHOLD => fixed(0..=1023),
            reg::TEMPERATURE_LIMIT => fixed(0..=100),
            reg::MAX_VOLTAGE_LIMIT | reg::MIN_VOLTAGE_LIMIT => fixed(31..=160),
            reg::PWM_LIMIT => fixed(0..=885),
            reg::VELOCITY_LIMIT => fixed(0..=2047),
            reg::MAX_POSITION_LIMIT | reg::MIN_POSITION_LIMIT => fixed(0..=4095),
            reg::TORQUE_ENABLE | reg::LED => fixed(0..=1),
            reg::STATUS_RETURN_LEVEL => fixed(0..=2),
            reg::VELOCITY_I_GAIN
            | reg::VELOCITY_P_GAIN
            | reg::POSITION_D_GAIN
            | reg::POSITION_I_GAIN
            | reg::POSITION_P_GAIN
            | reg::FEEDFORWARD_2ND_GAIN
            | reg::FEEDFORWARD_1ST_GAIN => fixed(0..=16_383),
            reg::BUS_WATCHDOG => fixed(0..=127),
            reg::PROFILE_ACCELERATION | reg::PROFILE_VELOCITY => fixed(0..=32_767),
            _ => fixed(i32::MIN..=i32::MAX),
        }
    }

    fn has_mode(&self, mode: i32) -> bool {
        match mode {
            MODE_VELOCITY | MODE_POSITION | MODE_EXTENDED | MODE_PWM => true,
            MODE_CURRENT | MODE_CURRENT_BASED => self.has(reg::GOAL_CURRENT),
            _ => false,
        }
    }

    fn position_limits(&self) -> (i32, i32) {
        (
            self.get(reg::MIN_POSITION_LIMIT),
            self.get(reg::MAX_POSITION_LIMIT),
        )
    }

    /// A goal that was within the limits when it was written, but may not be any more.
    pub(super) fn limited(&self, goal: i32) -> i32 {
        let (low, high) = self.position_limits();
        if self.get(reg::OPERATING_MODE) == MODE_POSITION {
            goal.min(high).max(low)
        } else {
            goal
        }
    }
}
