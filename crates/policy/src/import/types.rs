//! The types of policies that are imported: each is a file here and a line in the registry.

mod act;
mod architecture;
mod diffusion;

pub(super) use architecture::{Architecture, Built, PolicyType};

/// The registry.
static TYPES: &[&PolicyType] = &[&act::TYPE, &diffusion::TYPE];

/// The type that `config.json` names.
pub(super) fn find(name: &str) -> Option<&'static PolicyType> {
    TYPES.iter().copied().find(|policy| policy.name == name)
}

/// What there is, in words.
pub(super) fn titles() -> String {
    let titles = TYPES.iter();
    let titles = titles.map(|policy| format!("{} (`{}`)", policy.title, policy.name));
    titles.collect::<Vec<_>>().join(" and ")
}
