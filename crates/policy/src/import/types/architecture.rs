//! What a type of policy has to say of itself.

use std::fmt;

use crate::bundle::ChunkSettings;
use crate::import::config::{Features, Fields};
use crate::import::graph::Graph;
use crate::import::weights::Weights;

/// A type of policy, by LeRobot's name of it.
#[derive(Debug)]
pub(in crate::import) struct PolicyType {
    /// `type` in `config.json`.
    pub(in crate::import) name: &'static str,
    /// What people call it.
    pub(in crate::import) title: &'static str,
    /// The fields of `config.json` that it has besides those of all policies.
    pub(in crate::import) fields: &'static [&'static str],
    /// Reads them; the error says what is wrong and what is possible.
    pub(in crate::import) read: fn(&Fields<'_>, &Features) -> Read,
}

/// A policy with its settings, or what is wrong with them.
pub(in crate::import) type Read = Result<Box<dyn Architecture>, String>;

/// A policy of this type with all its settings.
pub(in crate::import) trait Architecture: fmt::Debug + Send + Sync {
    /// A few words for people: type, backbone and the like.
    fn summary(&self, features: &Features) -> String;

    /// How its chunks are used.
    fn chunks(&self) -> ChunkSettings;

    /// Writes its networks from the weights.
    ///
    /// # Errors
    /// If the weights are not those that the settings imply.
    fn build(&self, features: &Features, weights: &mut Weights) -> Result<Built, String>;
}

/// The networks of a policy.
#[derive(Debug)]
pub(in crate::import) struct Built {
    /// By their roles in `policy.toml`.
    pub(in crate::import) networks: Vec<(&'static str, Graph)>,
    /// Sections of `policy.toml` that say how they are run; empty if one run gives a chunk.
    pub(in crate::import) sections: String,
}
