//! The registers of one kind of servo, found by name, by address, or by what they are for.

use super::register::Register;
use super::role::{Role, STATE_ROLES};
use crate::protocol::Protocol;

/// Consecutive register bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Address of the first.
    pub address: u8,
    /// How many.
    pub len: u8,
}

/// The registers of servos that have the same ones.
///
/// Only this crate makes tables, so a reference to one is known to describe servos: a
/// [`Setting`](crate::setting::Setting) rests on that.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The maker's word for these servos.
    pub name: &'static str,
    /// What its servos speak.
    pub protocol: Protocol,
    /// All registers, by rising address.
    pub registers: &'static [Register],
    /// Which of them does what. A role that is missing, the family does not have.
    pub roles: &'static [(Role, Register)],
    /// Rates in bits per second, indexed by the value of the register with [`Role::BaudRate`].
    pub baud_rates: &'static [u32],
}

impl Table {
    /// The register that plays this role.
    #[must_use]
    pub fn find(&self, role: Role) -> Option<Register> {
        let (_, register) = self.roles.iter().find(|(known, _)| *known == role)?;
        Some(*register)
    }

    /// The register with LeRobot's name `name`.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&'static Register> {
        self.registers.iter().find(|register| register.name == name)
    }

    /// The register that begins at this address.
    #[must_use]
    pub fn by_address(&self, address: u8) -> Option<&'static Register> {
        let index = self
            .registers
            .binary_search_by_key(&address, |register| register.address)
            .ok()?;
        self.registers.get(index)
    }

    /// The register that this byte belongs to.
    #[must_use]
    pub fn holding(&self, address: u8) -> Option<&'static Register> {
        let after = self
            .registers
            .partition_point(|register| register.address <= address);
        let register = self.registers.get(after.checked_sub(1)?)?;
        (address < register.end()).then_some(register)
    }

    /// The value of the baud-rate register that selects `baud` bits per second.
    #[must_use]
    pub fn baud_code(&self, baud: u32) -> Option<u8> {
        let index = self.baud_rates.iter().position(|&rate| rate == baud)?;
        u8::try_from(index).ok()
    }

    /// The least span that holds the registers with these roles; roles that the family lacks do not count.
    /// `None` when it has none of them.
    #[must_use]
    pub fn span(&self, roles: &[Role]) -> Option<Span> {
        let found = || roles.iter().filter_map(|&role| self.find(role));
        let address = found().map(|register| register.address).min()?;
        let end = found().map(|register| register.end()).max()?;
        Some(Span {
            address,
            len: end - address,
        })
    }

    /// What to read for the whole state: [`STATE_ROLES`], with the current where there is no load.
    #[must_use]
    pub fn state_span(&self) -> Option<Span> {
        if self.find(Role::PresentLoad).is_some() {
            return self.span(&STATE_ROLES);
        }
        let effort = self.span(&[Role::PresentCurrent])?;
        let others = self.span(&STATE_ROLES)?;
        let address = effort.address.min(others.address);
        let end = (effort.address + effort.len).max(others.address + others.len);
        Some(Span {
            address,
            len: end - address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::register::Access;
    use super::*;
    use crate::families::{scs0009, sts3215, xl330, xl430};

    const TABLES: [&Table; 4] = [
        &sts3215::TABLE,
        &scs0009::TABLE,
        &xl330::TABLE,
        &xl430::TABLE,
    ];

    #[test]
    fn registers_rise_and_do_not_overlap() {
        for table in TABLES {
            for pair in table.registers.windows(2) {
                let (low, high) = (pair[0], pair[1]);
                assert!(low.end() <= high.address, "{} and {}", low.name, high.name);
            }
        }
    }

    #[test]
    fn registers_are_found() {
        for table in TABLES {
            for register in table.registers {
                assert_eq!(table.by_name(register.name), Some(register));
                assert_eq!(table.by_address(register.address), Some(register));
                assert_eq!(table.holding(register.end() - 1), Some(register));
            }
            for (role, register) in table.roles {
                assert_eq!(table.find(*role), Some(*register), "{}", table.name);
                assert!(table.registers.contains(register), "{role:?}");
            }
            assert_eq!(table.by_name("Nonsense"), None);
            assert_eq!(table.by_address(251), None);
            assert_eq!(table.holding(251), None);
        }
    }

    #[test]
    fn every_family_can_be_driven_and_measured() {
        for table in TABLES {
            for role in [
                Role::ModelNumber,
                Role::Id,
                Role::BaudRate,
                Role::TorqueEnable,
                Role::GoalPosition,
                Role::PresentPosition,
                Role::PresentVoltage,
                Role::PresentTemperature,
            ] {
                assert!(table.find(role).is_some(), "{}: {role:?}", table.name);
            }
            let effort = [Role::PresentLoad, Role::PresentCurrent];
            assert!(effort.iter().any(|role| table.find(*role).is_some()));
            let goal = table.find(Role::GoalPosition).unwrap();
            assert_eq!(goal.access, Access::Goal);
            let (address, width) = table.protocol.model_number();
            let number = table.find(Role::ModelNumber).unwrap();
            assert_eq!((number.address, number.width), (address, width));
        }
    }

    #[test]
    fn the_state_is_one_block() {
        let span = |address, len| Some(Span { address, len });
        assert_eq!(sts3215::TABLE.state_span(), span(56, 8));
        assert_eq!(scs0009::TABLE.state_span(), span(56, 8));
        assert_eq!(xl330::TABLE.state_span(), span(126, 21));
        assert_eq!(xl430::TABLE.state_span(), span(126, 21));
        assert_eq!(sts3215::TABLE.span(&[]), None);
    }

    #[test]
    fn baud_codes_are_indices() {
        assert_eq!(sts3215::TABLE.baud_code(1_000_000), Some(0));
        assert_eq!(xl330::TABLE.baud_code(1_000_000), Some(3));
        assert_eq!(xl330::TABLE.baud_code(250_000), None);
    }
}
