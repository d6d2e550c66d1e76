//! The servos there are, one file for each family: registers, models, and all that differs from other makers' servos.
//!
//! Adding a family of a known protocol means adding such a file and its two lines here; drivers, simulation and robot files find it by the
//! name of a model, by [`by_name`], or by its protocol.

pub mod scs0009;
pub mod sts3215;
pub mod x_series;
pub mod xl330;
pub mod xl430;

use crate::family::Family;
use crate::protocol::Protocol;

/// All families, the likeliest first: that is the order in which a scan looks for them.
pub static FAMILIES: [&Family; 3] = [&sts3215::FAMILY, &x_series::FAMILY, &scs0009::FAMILY];

/// The family that commands call by this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Family> {
    FAMILIES.into_iter().find(|family| family.name == name)
}

/// The families that speak this protocol.
pub fn speaking(protocol: Protocol) -> impl Iterator<Item = &'static Family> {
    FAMILIES
        .into_iter()
        .filter(move |family| family.protocol() == protocol)
}
