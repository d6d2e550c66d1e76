//! Nothing drives: the safety gate holds the arm where it is.

use ulna_core::{Action, ActionSource, Stamp};

use crate::device::Teleoperator;
use crate::teleoperator_type::TeleoperatorType;

/// See the module.
pub(super) const TYPE: TeleoperatorType = TeleoperatorType {
    name: "none",
    summary: "nothing: the arm holds where it is",
    leader_arm: false,
    open: |_| Ok(Box::new(NoTeleoperator)),
};

#[derive(Debug)]
struct NoTeleoperator;

impl ActionSource for NoTeleoperator {
    fn action(&mut self, _: Stamp) -> Option<Action> {
        None
    }
}

impl Teleoperator for NoTeleoperator {}
