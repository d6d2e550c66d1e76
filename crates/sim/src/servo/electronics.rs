//! Which electronics simulate which servos.

use ulna_bus::{Model, Protocol};

use super::sts::Sts;
use super::x::X;

/// The electronics of one servo, for the bus that speaks to it.
#[derive(Debug, Clone)]
pub(crate) enum Electronics {
    Sts(Sts),
    X(X),
}

impl Electronics {
    /// Those of a new servo. All families of a protocol have the same electronics, with their own registers.
    pub(super) fn new(id: u8, model: &Model) -> Self {
        match model.family.protocol() {
            Protocol::FeetechSts | Protocol::FeetechScs => Self::Sts(Sts::new(id, model)),
            Protocol::Dynamixel2 => Self::X(X::new(id, *model)),
        }
    }
}
