//! The packet protocol in a robot file, by its name.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use ulna_bus::Protocol;

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
pub(super) fn serialize<S: Serializer>(
    protocol: &Protocol,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(protocol.name())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Protocol, D::Error> {
    let name = String::deserialize(deserializer)?;
    Protocol::by_name(&name).ok_or_else(|| {
        let known: Vec<String> = Protocol::ALL
            .map(|known| format!("`{}`", known.name()))
            .into();
        D::Error::custom(format!(
            "there is no protocol `{name}`; there are {}",
            known.join(", ")
        ))
    })
}
