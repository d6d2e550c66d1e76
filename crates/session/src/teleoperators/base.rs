//! What drives a base on wheels, by name: each is one file and one line here.

use super::commands;
use crate::device::Teleoperator;
use crate::error::SessionError;
use crate::teleoperator_type::TeleoperatorRequest;
use crate::usage::UsageError;

/// Opens a base teleoperator; `None` if this rig has not what it needs.
type OpenBase = fn(&mut TeleoperatorRequest<'_>) -> Option<Box<dyn Teleoperator>>;

/// Every type, by name; the first that this rig can open drives the base.
pub const BASES: &[(&str, OpenBase)] = &[
    ("simulated", |request| request.surroundings.base_operator()),
    ("commands", |request| Some(commands::open(request))),
];

/// What drives the base of this rig.
///
/// # Errors
/// If nothing can.
pub(super) fn open_base(
    request: &mut TeleoperatorRequest<'_>,
) -> Result<Box<dyn Teleoperator>, SessionError> {
    let mut opened = BASES.iter().filter_map(|(_, open)| open(request));
    opened.next().ok_or_else(|| {
        let robot = request.robot.name.clone();
        UsageError::NoBaseDriver { robot }.into()
    })
}
