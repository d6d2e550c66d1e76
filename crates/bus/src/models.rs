//! The models of all families, by name and by number.

use crate::families::FAMILIES;
use crate::family::Model;

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Model> {
    FAMILIES
        .into_iter()
        .flat_map(|family| family.models)
        .copied()
}

/// The model with LeRobot's name `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<Model> {
    all().find(|model| model.name == name).copied()
}

/// The model with this `Model_Number`.
#[must_use]
pub fn by_number(number: u16) -> Option<Model> {
    all().find(|model| model.number == number).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::sts3215::STS3215;
    use crate::families::x_series::{XL330_M288, XL430_W250, XM430_W350};
    use crate::registers::Role;
    use crate::units::Seconds;
    use std::vec::Vec;

    #[test]
    fn names_and_numbers_are_unique() {
        let models: Vec<&Model> = all().collect();
        for (index, model) in models.iter().enumerate() {
            assert_eq!(by_name(model.name), Some(**model));
            assert_eq!(by_number(model.number), Some(**model));
            let twins = models[..index]
                .iter()
                .filter(|other| other.number == model.number || other.name == model.name);
            assert_eq!(twins.count(), 0, "{}", model.name);
        }
        assert_eq!(by_number(0), None);
    }

    #[test]
    fn every_model_is_of_the_family_that_lists_it() {
        for family in FAMILIES {
            for model in family.models {
                assert_eq!(model.family, family, "{}", model.name);
                assert_eq!(model.table.protocol, family.protocol(), "{}", model.name);
            }
        }
    }

    // One truth: the register and its scale come from the same model.
    #[test]
    fn effort_is_the_load_where_there_is_one_and_else_the_duty() {
        let name = |model: &Model| model.effort().map(|(register, _)| register.name);
        assert_eq!(name(&STS3215), Some("Present_Load"));
        assert_eq!(name(&XL430_W250), Some("Present_Load"));
        assert_eq!(name(&XL330_M288), Some("Present_PWM"));
        let (_, scale) = XL330_M288.effort().unwrap();
        assert!((scale.of(885).0 - 1.0).abs() < 1e-12);
        let (_, scale) = XL430_W250.effort().unwrap();
        assert!((scale.of(1000).0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn counts_have_units() {
        let model = &XM430_W350;
        let current = model.table.find(Role::PresentCurrent).unwrap();
        let raw = current.decode(&[0x9C, 0xFF]).unwrap();
        assert!((model.scales.current.of(raw).0 + 0.269).abs() < 1e-12);
        let volts = STS3215.scales.voltage.of(121);
        assert!((volts.0 - 12.1).abs() < 1e-12);
        assert_eq!(STS3215.scales.return_delay.counts(Seconds(500e-6)), 250);
    }
}
