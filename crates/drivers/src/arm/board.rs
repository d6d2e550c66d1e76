//! What a bridge board is to know of an arm, and what came of driving through it.

use core::time::Duration;

use ulna_bridge::message::MAX_JOINTS;
use ulna_bridge::setup::BridgeSetup;

/// What a bridge board is to know of an arm, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Bridged {
    pub(super) setup: Option<BridgeSetup>,
    pub(super) states: u32,
    pub(super) limited: u32,
    pub(super) missing: u32,
    /// The newest cycle's number.
    pub(super) cycle: u32,
    pub(super) replies: [(u32, u32); MAX_JOINTS],
    /// The joint whose servo is a step on its way back, and how long the board's answer is waited for.
    pub(super) recovering: Option<(usize, Duration)>,
    /// The joint that was a step on its way last.
    pub(super) recovered: usize,
}

impl Bridged {
    /// States in which this servo has answered, and has not.
    pub(super) fn replies(&self, id: u8) -> (u32, u32) {
        let joints = self.setup.iter().flat_map(|setup| &setup.joints);
        let mut all = joints.zip(&self.replies);
        let found = all.find(|(joint, _)| joint.id == id);
        found.map_or((0, 0), |(_, replies)| *replies)
    }
}
