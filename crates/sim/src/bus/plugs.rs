//! The plugs of a bus, and what a hand does to them.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// The plugs of a bus, for a hand that pulls them and puts them in while the bus is in use, also from another thread.
///
/// A servo whose plug is out has neither power nor data: it is limp and forgets its volatile registers. Servos are counted from
/// zero in the order of the bus; those beyond the 64th always have their plug in.
#[derive(Debug, Clone)]
pub struct Plugs {
    present: Arc<AtomicU64>,
}

impl Default for Plugs {
    /// All are in.
    fn default() -> Self {
        Self {
            present: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }
}

impl Plugs {
    /// Puts the plug of servo `index` in, or pulls it.
    pub fn set(&self, index: usize, present: bool) {
        let bit = bit(index);
        if present {
            self.present.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.present.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// Leaves only servo `index` on the bus, as for giving it an id.
    pub fn only(&self, index: usize) {
        self.present.store(bit(index), Ordering::Relaxed);
    }

    /// Pulls all plugs.
    pub fn none(&self) {
        self.present.store(0, Ordering::Relaxed);
    }

    /// Puts all plugs in.
    pub fn all(&self) {
        self.present.store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether the plug of servo `index` is in.
    #[must_use]
    pub fn is_present(&self, index: usize) -> bool {
        let present = self.present.load(Ordering::Relaxed);
        index >= u64::BITS as usize || present & bit(index) != 0
    }
}

/// What a hand does to the plugs of a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlugMove {
    /// Puts one in.
    In(usize),
    /// Pulls one.
    Out(usize),
    /// Leaves one alone on the bus.
    Only(usize),
    /// Puts all in.
    All,
    /// Pulls all.
    None,
}

impl Plugs {
    pub(super) fn make(&self, plug: PlugMove) {
        match plug {
            PlugMove::In(index) => self.set(index, true),
            PlugMove::Out(index) => self.set(index, false),
            PlugMove::Only(index) => self.only(index),
            PlugMove::All => self.all(),
            PlugMove::None => self.none(),
        }
    }
}

fn bit(index: usize) -> u64 {
    u32::try_from(index)
        .ok()
        .and_then(|index| 1u64.checked_shl(index))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugs_are_pulled_one_by_one() {
        let plugs = Plugs::default();
        let hand = plugs.clone();
        hand.only(2);
        assert!(
            (0..4)
                .map(|index| plugs.is_present(index))
                .eq([false, false, true, false])
        );
        hand.set(0, true);
        hand.set(2, false);
        assert!(plugs.is_present(0) && !plugs.is_present(2));
        hand.all();
        assert!(plugs.is_present(63) && plugs.is_present(64));
        hand.make(PlugMove::None);
        assert!(!plugs.is_present(63) && plugs.is_present(64));
    }
}
