//! The electronics of one servo: a table of registers between the wire and the motor.
//!
//! A [`Servo`] knows no packets and no time. The bus writes and reads its registers, shows it what its sensors measure
//! ([`Servo::observe`]), lets its protections count ([`Servo::tick`], every [`TICK`]) and asks what the motor shall do
//! ([`Servo::drive`]). What the registers do is each family's own.
//!
//! Where the maker's papers leave a choice, these servos take the one under which a careless driver fails early.
//!
//! Feetech STS and SMS:
//! * While `Lock` is 1, writes to EEPROM registers are ignored; papers say that they last until power is lost.
//! * `Goal_Position` survives torque off and on, so a limp arm that was moved by hand returns when it is switched on. At
//!   power-on the goal is the present position.
//! * A goal beyond `Min_Position_Limit`..`Max_Position_Limit` is kept in its register, but the motor stops at the limit.
//!
//! Dynamixel X (ROBOTIS e-manual, XL430-W250 and XL330-M288):
//! * A write that touches a register which is closed, cut in two or given a value that it cannot have is refused as a whole.
//! * While the torque is on, the EEPROM is closed. An alarm named in `Shutdown` switches the torque off for good: only a reboot
//!   or the loss of power lets it be switched on again.
//! * Positions count on over several turns, and start again within one when the power comes, in position mode with the torque, and when the
//!   servo is reversed, so that an offset which was right then is right after the next power-on too.
//! * Not simulated: indirect addresses, time-based profiles, feed-forward gains, factory reset, protocol 1.

mod memory;
mod sts;
mod x;

use core::time::Duration;

use ulna_bus::Model;
use ulna_bus::encoding::OutOfRange;
use ulna_bus::families::{sts3215, xl330};
use ulna_bus::registers::{Register, Table};
use ulna_bus::{ErrorFlags, Protocol};

use crate::plant::{Drive, Sense};
use memory::Memory;
pub(crate) use sts::Sts;
pub(crate) use x::X;

/// How often the protections count; the registers of Feetech's protection times have this unit.
pub const TICK: Duration = Duration::from_millis(10);
/// Encoder steps in one turn.
const TURN: i32 = 4096;

/// One servo without its mechanics.
#[derive(Debug, Clone)]
pub struct Servo {
    protocol: Protocol,
    family: Family,
}

/// What it is, for the bus that speaks to it.
#[derive(Debug, Clone)]
pub(crate) enum Family {
    Sts(Sts),
    X(X),
}

impl Servo {
    /// A servo as it leaves the factory, but with this id. One that speaks protocol 1 (SCS series) is not simulated: it hears
    /// nothing.
    #[must_use]
    pub fn new(id: u8, model: Model) -> Self {
        let protocol = model.table.protocol;
        let family = match protocol {
            Protocol::FeetechSts | Protocol::FeetechScs => Family::Sts(Sts::new(id, model)),
            Protocol::Dynamixel2 => Family::X(X::new(id, model)),
        };
        Self { protocol, family }
    }

    /// What it speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Its registers.
    #[must_use]
    pub fn table(&self) -> &'static Table {
        self.memory().table()
    }

    /// The id it answers to.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.byte(sts3215::ID, xl330::ID)
    }

    /// The rate it listens at, bits per second; `None` when `Baud_Rate` holds no rate's number.
    #[must_use]
    pub fn baud(&self) -> Option<u32> {
        let code = self.byte(sts3215::BAUD_RATE, xl330::BAUD_RATE);
        self.table().baud_rates.get(usize::from(code)).copied()
    }

    /// Its pause before an answer; both families count it in 2 µs.
    #[must_use]
    pub fn return_delay(&self) -> Duration {
        Duration::from_micros(2)
            * u32::from(self.byte(sts3215::RETURN_DELAY_TIME, xl330::RETURN_DELAY_TIME))
    }

    /// The alarms.
    #[must_use]
    pub fn error(&self) -> ErrorFlags {
        match &self.family {
            Family::Sts(servo) => servo.error(),
            Family::X(servo) => servo.error(),
        }
    }

    /// The value of a register.
    #[must_use]
    pub fn get(&self, register: Register) -> i32 {
        self.memory().get(register)
    }

    /// Sets a register as the maker could: no lock, no read-only registers, no side effects. For test benches and for
    /// arms that shall come with an offset or an id of their own.
    pub fn set(&mut self, register: Register, value: i32) -> Result<(), OutOfRange> {
        register.encode(value)?;
        let memory = match &mut self.family {
            Family::Sts(servo) => servo.memory_mut(),
            Family::X(servo) => servo.memory_mut(),
        };
        memory.set(register, value);
        Ok(())
    }

    /// Alarms that the servo's protections have raised before the run and that nobody has cleared yet. Losing power clears
    /// them, so set them on a bus that is made.
    pub fn trip(&mut self, flags: ErrorFlags) {
        match &mut self.family {
            Family::Sts(servo) => servo.trip(flags),
            Family::X(servo) => servo.trip(flags),
        }
    }

    /// Power comes (back): volatile registers start afresh, the present position becomes the goal.
    pub fn power_on(&mut self, sense: &Sense) {
        match &mut self.family {
            Family::Sts(servo) => servo.power_on(sense),
            Family::X(servo) => servo.power_on(sense),
        }
    }

    /// The sensors' newest values, into the registers that report them.
    pub fn observe(&mut self, sense: &Sense) {
        match &mut self.family {
            Family::Sts(servo) => servo.observe(sense),
            Family::X(servo) => servo.observe(sense),
        }
    }

    /// Lets the protections count one [`TICK`] of what was last observed.
    pub fn tick(&mut self) {
        match &mut self.family {
            Family::Sts(servo) => servo.tick(),
            Family::X(servo) => servo.tick(),
        }
    }

    /// What the motor shall do.
    #[must_use]
    pub fn drive(&self) -> Drive {
        match &self.family {
            Family::Sts(servo) => servo.drive(),
            Family::X(servo) => servo.drive(),
        }
    }

    pub(crate) fn family(&self) -> &Family {
        &self.family
    }

    pub(crate) fn family_mut(&mut self) -> &mut Family {
        &mut self.family
    }

    fn memory(&self) -> &Memory {
        match &self.family {
            Family::Sts(servo) => servo.memory(),
            Family::X(servo) => servo.memory(),
        }
    }

    /// The one-byte register that this is in either family.
    fn byte(&self, sts: Register, x: Register) -> u8 {
        match &self.family {
            Family::Sts(servo) => servo.memory().byte(sts),
            Family::X(servo) => servo.memory().byte(x),
        }
    }
}

/// To the nearest whole number; the cast bounds what no register can hold anyway.
fn rounded(value: f64) -> i32 {
    value.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_bus::families::scs0009::SCS0009;
    use ulna_bus::families::sts3215::STS3215;
    use ulna_bus::families::x_series::{XL330_M288, XL430_W250};

    #[test]
    fn new_servos_listen_at_their_makers_rate() {
        let rates = [STS3215, XL330_M288, XL430_W250].map(|model| {
            let servo = Servo::new(9, model);
            assert_eq!(servo.id(), 9);
            assert_eq!(servo.return_delay(), Duration::from_micros(500));
            (servo.protocol(), servo.baud())
        });
        assert_eq!(rates[0], (Protocol::FeetechSts, Some(1_000_000)));
        assert_eq!(rates[1], (Protocol::Dynamixel2, Some(57_600)));
        assert_eq!(rates[1], rates[2]);
        assert_eq!(Servo::new(1, SCS0009).protocol(), Protocol::FeetechScs);
    }
}
