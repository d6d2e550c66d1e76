//! Cables: which servos have power and data, and what reaches their sensors and motors.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use super::ServoBus;
use crate::plant::{Drive, Plant};

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
    fn make(&self, plug: PlugMove) {
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

impl<P: Plant> ServoBus<P> {
    /// What the hand at the plugs will do, and when (since the run's epoch); what was planned before is forgotten.
    pub fn plan_plugs(&mut self, moves: impl IntoIterator<Item = (Duration, PlugMove)>) {
        let mut moves: Vec<_> = moves.into_iter().collect();
        moves.sort_by_key(|(at, _)| *at);
        self.planned = moves.into();
        self.look_at_cables(self.now);
    }

    /// Pulls the cables that are pulled at `now`, and switches the servos on that have theirs again.
    pub(super) fn look_at_cables(&mut self, now: Duration) {
        while let Some((_, plug)) = self.planned.pop_front_if(|(at, _)| *at <= now) {
            self.plugs.make(plug);
        }
        let mut cut = self.faults.cable_pulled(None, now);
        for index in 0..self.servos.len() {
            cut |= self.faults.cable_pulled(Some(self.servos[index].id()), now);
            let powered = !cut && self.plugs.is_present(index);
            if powered && !self.powered[index] {
                self.powered[index] = true;
                self.power_cycle(index);
            } else if !powered {
                self.powered[index] = false;
                self.drives[index] = Drive::default();
            }
        }
    }

    /// Takes one servo's power away for a moment, as a brown-out does: it forgets its volatile registers and goes limp.
    pub fn power_cycle(&mut self, index: usize) {
        if index < self.servos.len() {
            let sense = self.plant.sense(index);
            self.servos[index].power_on(&sense);
            self.look(index);
            self.drive(index);
        }
    }

    /// Shows servo `index` what its sensors measure now.
    pub(super) fn look(&mut self, index: usize) {
        let mut sense = self.plant.sense(index);
        let servo = &mut self.servos[index];
        self.faults.distort(servo.id(), self.now, &mut sense);
        servo.observe(&sense);
    }

    /// Has the motor of servo `index` do what the registers say.
    pub(super) fn drive(&mut self, index: usize) {
        if !self.powered[index] {
            return;
        }
        let mut drive = self.servos[index].drive();
        if let Some(volts) = self.faults.supply(self.now) {
            let voltage = self.plant.sense(index).voltage;
            drive.torque_limit *= (volts / voltage).clamp(0.0, 1.0);
        }
        self.drives[index] = drive;
    }

    /// Remembers, for every servo that repeats itself at `now`, what it will go on saying.
    pub(super) fn look_for_stuck(&mut self, now: Duration) {
        for (servo, stuck) in self.servos.iter().zip(&mut self.stuck) {
            if !self.faults.is_stuck(servo.id(), now) {
                *stuck = None;
            } else if stuck.is_none() {
                *stuck = Some(servo.clone());
            }
        }
    }
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
