//! How a runner works.

use std::time::Duration;

use crate::contract::Contract;

use super::merge::Merge;

/// How a runner works.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RunnerOptions {
    /// How long after its observation a chunk becomes known, at least. In lockstep the whole latency; zero in real time, where
    /// time passes by itself.
    pub latency: Duration,
    /// A state or picture older than this is not shown to the policy.
    pub max_age: Duration,
    /// What becomes of a new chunk while an old one is being played. Policies with temporal ensembling have their own way.
    pub merge: Merge,
    /// With [`Merge::Blended`]: over how many steps.
    pub blend_steps: usize,
    /// A bit for each joint that is not blended, the first joint's being the lowest: what opens and closes should do so at once.
    pub unblended: u32,
    /// How long before the end of what is committed the next observation is taken, at least. The longest of the last latencies and one step is kept
    /// in any case.
    pub refill: Duration,
    /// How far ahead of the clock the control loop asks for targets: up to there they are as they were when a new chunk becomes known.
    pub lead: Duration,
}

/// For each field a method of its name that sets it, so that fields can be added.
macro_rules! setters {
    ($($field:ident: $value:ty),* $(,)?) => {
        impl RunnerOptions {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](RunnerOptions::", stringify!($field), ").")]
                #[must_use]
                pub fn $field(mut self, $field: $value) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}

setters! {
    latency: Duration,
    max_age: Duration,
    merge: Merge,
    blend_steps: usize,
    unblended: u32,
    refill: Duration,
    lead: Duration,
}

/// A bit for each joint that is a gripper by its name, for [`RunnerOptions::unblended`].
pub fn grippers(contract: &Contract) -> u32 {
    let joints = contract.joints.iter().enumerate();
    let grippers = joints.filter(|(_, name)| name.contains("gripper"));
    grippers.fold(0, |bits, (joint, _)| bits | 1 << joint)
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            max_age: Duration::from_millis(500),
            merge: Merge::default(),
            blend_steps: 8,
            unblended: 0,
            refill: Duration::ZERO,
            // Two ticks at the usual 200 Hz: a goal leaves one tick after it was asked for.
            lead: Duration::from_millis(10),
        }
    }
}
