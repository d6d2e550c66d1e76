//! Whether the arm is where its source wants it.

use std::time::Duration;

use ulna_core::Stamp;

use crate::sampler::Sampled;

/// Servos reach a goal shortly after it stands there.
const SETTLE: Duration = Duration::from_millis(300);

/// Follows an arm that the gate brings to its source's pose on a ramp: at the start, after a pause or a jump.
#[derive(Debug, Default)]
pub(super) struct Approach {
    /// When it was last on its way.
    on_its_way: Option<Stamp>,
}

impl Approach {
    /// Whether the arm has arrived by this row; asked once for every row, in order.
    pub(super) fn has_arrived(&mut self, row: &Sampled) -> bool {
        if row.target.is_some_and(|tick| tick.note.ramping) {
            self.on_its_way = Some(row.at);
        }
        self.on_its_way.is_none_or(|last| row.at - last >= SETTLE)
    }
}
