//! The electronics of one servo: a table of registers between the wire and the motor.
//!
//! A [`Servo`] knows no packets and no time. The bus writes and reads its registers, shows it what its sensors measure
//! ([`Servo::observe`]), lets its protections count ([`Servo::tick`], every [`TICK`]) and asks what the motor shall do
//! ([`Servo::drive`]). What the registers do is each family's own.
//!
//! Where the maker's papers leave a choice, these servos take the one under which a careless driver fails early.
//!
//! Feetech STS and SMS:
//! * While `Lock` is 1, writes to EEPROM registers hold until power is lost.
//! * `Goal_Position` survives torque off and on, so a limp arm that was moved by hand returns when it is switched on. After
//!   power-on goal and torque are 0.
//! * A goal beyond `Min_Position_Limit`..`Max_Position_Limit` is kept in its register, but the motor stops at the limit.
//!
//! Dynamixel X (ROBOTIS e-manual, XL430-W250 and XL330-M288):
//! * A write that touches a register which is closed, cut in two or given a value that it cannot have is refused as a whole.
//! * While the torque is on, the EEPROM is closed. An alarm named in `Shutdown` switches the torque off for good: only a reboot
//!   or the loss of power lets it be switched on again.
//! * Firmware below 46 does not know fast sync reads.
//! * Positions count on over several turns, and start again within one when the power comes, in position mode with the torque, and when the
//!   servo is reversed, so that an offset which was right then is right after the next power-on too.
//! * Not simulated: indirect addresses, time-based profiles, feed-forward gains, factory reset, protocol 1.
//!
//! Feetech SCS: taken to behave as STS servos do, with the registers that they have and without sync read and broadcast ping.

mod electronics;
mod memory;
mod steps;
mod sts;
mod x;

use core::time::Duration;

use ulna_bus::encoding::OutOfRange;
use ulna_bus::registers::{Register, Role, Table};
use ulna_bus::units::Seconds;
use ulna_bus::{ErrorFlags, Model, Protocol};

use crate::plant::{Drive, Sense};
pub(crate) use electronics::Electronics;
use memory::Memory;
pub use steps::TICK;
pub(crate) use sts::Sts;
pub(crate) use x::X;

/// One servo without its mechanics.
#[derive(Debug, Clone)]
pub struct Servo {
    model: Model,
    electronics: Electronics,
}

impl Servo {
    /// A servo as it leaves the factory, but with this id.
    #[must_use]
    pub fn new(id: u8, model: Model) -> Self {
        let electronics = Electronics::new(id, &model);
        Self { model, electronics }
    }

    /// What it speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.model.table.protocol
    }

    /// Its registers.
    #[must_use]
    pub fn table(&self) -> &'static Table {
        self.model.table
    }

    /// The id it answers to.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.byte(Role::Id)
    }

    /// The rate it listens at, bits per second; `None` when `Baud_Rate` holds no rate's number.
    #[must_use]
    pub fn baud(&self) -> Option<u32> {
        let code = self.byte(Role::BaudRate);
        self.table().baud_rates.get(usize::from(code)).copied()
    }

    /// Its pause before an answer.
    #[must_use]
    pub fn return_delay(&self) -> Duration {
        let Seconds(seconds) = self
            .model
            .scales
            .return_delay
            .of(self.byte(Role::ReturnDelay).into());
        Duration::from_nanos((seconds * 1e9).round() as u64)
    }

    /// The alarms.
    #[must_use]
    pub fn error(&self) -> ErrorFlags {
        match &self.electronics {
            Electronics::Sts(servo) => servo.error(),
            Electronics::X(servo) => servo.error(),
        }
    }

    /// The value of a register.
    #[must_use]
    pub fn get(&self, register: Register) -> i32 {
        self.memory().get_own(register)
    }

    /// Sets a register as the maker could: no lock, no read-only registers, no side effects. For test benches and for
    /// arms that shall come with an offset or an id of their own.
    pub fn set(&mut self, register: Register, value: i32) -> Result<(), OutOfRange> {
        register.encode(value)?;
        let memory = match &mut self.electronics {
            Electronics::Sts(servo) => servo.memory_mut(),
            Electronics::X(servo) => servo.memory_mut(),
        };
        memory.set_own(register, value);
        Ok(())
    }

    /// Brings another firmware onto it. A servo whose version has no minor part ignores `minor`.
    pub fn set_firmware(&mut self, major: u8, minor: Option<u8>) {
        match &mut self.electronics {
            Electronics::Sts(servo) => servo.set_firmware(major, minor),
            Electronics::X(servo) => servo.set_firmware(major),
        }
    }

    /// Alarms that the servo's protections have raised before the run and that have not been cleared yet. Losing power clears
    /// them, so set them on a bus that is made.
    pub fn trip(&mut self, flags: ErrorFlags) {
        match &mut self.electronics {
            Electronics::Sts(servo) => servo.trip(flags),
            Electronics::X(servo) => servo.trip(flags),
        }
    }

    /// Power comes (back): volatile registers start afresh. A Feetech servo's goal is 0 then, a Dynamixel's is where it stands.
    pub fn power_on(&mut self, sense: &Sense) {
        match &mut self.electronics {
            Electronics::Sts(servo) => servo.power_on(sense),
            Electronics::X(servo) => servo.power_on(sense),
        }
    }

    /// The sensors' newest values, into the registers that report them.
    pub fn observe(&mut self, sense: &Sense) {
        match &mut self.electronics {
            Electronics::Sts(servo) => servo.observe(sense),
            Electronics::X(servo) => servo.observe(sense),
        }
    }

    /// Lets the protections count one [`TICK`] of what was last observed.
    pub fn tick(&mut self) {
        match &mut self.electronics {
            Electronics::Sts(servo) => servo.tick(),
            Electronics::X(servo) => servo.tick(),
        }
    }

    /// What the motor shall do.
    #[must_use]
    pub fn drive(&self) -> Drive {
        match &self.electronics {
            Electronics::Sts(servo) => servo.drive(),
            Electronics::X(servo) => servo.drive(),
        }
    }

    pub(crate) fn electronics(&self) -> &Electronics {
        &self.electronics
    }

    pub(crate) fn electronics_mut(&mut self) -> &mut Electronics {
        &mut self.electronics
    }

    fn memory(&self) -> &Memory {
        match &self.electronics {
            Electronics::Sts(servo) => servo.memory(),
            Electronics::X(servo) => servo.memory(),
        }
    }

    /// The one-byte register with this role.
    fn byte(&self, role: Role) -> u8 {
        let register = self.table().find(role);
        let value = register.map_or(0, |register| self.memory().get_own(register));
        u8::try_from(value).unwrap_or(u8::MAX)
    }
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
