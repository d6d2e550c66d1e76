//! Cables: which servos have power and data, and what reaches their sensors and motors.

use core::time::Duration;

use super::ServoBus;
use super::plugs::PlugMove;
use crate::plant::{Drive, Plant};

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
