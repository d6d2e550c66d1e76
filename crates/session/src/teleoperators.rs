//! Teleoperators by name: each is one file that implements [`Teleoperator`](crate::device::Teleoperator), and one line here.

mod base;
mod commands;
mod episode;
mod leader;
mod none;
mod policy;
mod with_base;

use crate::error::SessionError;
use crate::teleoperator_type::TeleoperatorType;
use crate::usage::UsageError;

pub use base::BASES;
pub use episode::EpisodePlayer;
pub(crate) use policy::PICTURE;
pub use policy::{PolicyTeleoperator, open_policy};
pub use with_base::WithBase;

/// Every type of teleoperator, by the name that `--teleop` and rig files use.
pub const TYPES: &[TeleoperatorType] = &[leader::TYPE, none::TYPE, episode::TYPE, policy::TYPE];

/// The type of this name.
///
/// # Errors
/// If there is none, with the names there are.
pub fn named(name: &str) -> Result<&'static TeleoperatorType, SessionError> {
    TYPES
        .iter()
        .find(|known| known.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = TYPES.iter().map(|known| known.name).collect();
            let known = names.join(", ");
            let name = name.to_owned();
            UsageError::UnknownTeleoperator { name, known }.into()
        })
}
