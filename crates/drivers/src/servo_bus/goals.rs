//! Goals that passed the gate, for servos that belong to no arm yet.

use ulna_bus::registers::Role;
use ulna_core::{JointCalibration, SafeGoals, Unit};
use ulna_rt::Pacer;

use super::ServoBus;
use super::error::ServoBusError;

impl ServoBus {
    /// Sends goals that passed the gate, one for each of `servos`: id, unit, calibration and steps per turn.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn send_goals(
        &mut self,
        pacer: &mut dyn Pacer,
        goals: &SafeGoals,
        servos: &[(u8, Unit, JointCalibration, u32)],
    ) -> Result<(), ServoBusError> {
        let register = self.register(Role::GoalPosition)?;
        for ((id, unit, calibration, resolution), goal) in servos.iter().zip(goals.goals().iter()) {
            let steps = unit.denormalise(*goal, calibration, *resolution);
            self.send_register(pacer, *id, &register, steps)?;
        }
        Ok(())
    }
}
