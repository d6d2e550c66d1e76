//! Connecting all arms of a robot: no arm gets torque before all are well.

use ulna_robot::{ArmRole, Calibration, RobotKind};
use ulna_rt::Pacer;

use super::Arms;
use crate::connect::ConnectError;

impl Arms {
    /// As [`ServoArm::connect`](crate::ServoArm::connect), with all arms: every servo at fault is named, of whichever arm, and none gets torque before all are well.
    ///
    /// # Errors
    /// [`ConnectError`]
    pub fn connect(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        calibration: &Calibration,
        role: ArmRole,
    ) -> Result<(), ConnectError> {
        self.prepare(pacer, kind, calibration, role)?;
        self.energise(pacer, role)
    }

    /// The part of connecting that needs no torque: checks, settings, and where the arms stand.
    ///
    /// # Errors
    /// [`ConnectError`], with all that is wrong with any arm.
    pub fn prepare(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        calibration: &Calibration,
        role: ArmRole,
    ) -> Result<(), ConnectError> {
        let mut errors = Vec::new();
        for (index, segment) in self.arms.iter_mut().enumerate() {
            let kind = kind.sides.get(index).map_or(kind, |side| &side.kind);
            let joints = calibration.joints.get(segment.joints()).unwrap_or_default();
            let calibration = Calibration {
                joints: joints.to_vec(),
            };
            let ready = segment.arm.prepare(pacer, kind, &calibration, role);
            errors.extend(ready.err().map(|error| (segment.side.clone(), error)));
        }
        if let Some(error) = ConnectError::of_sides(errors) {
            return Err(error);
        }
        self.gather();
        Ok(())
    }

    /// The rest: the torque that this role has, with every goal where its joint stands.
    ///
    /// # Errors
    /// [`ConnectError`]; all arms are limp then.
    pub fn energise(&mut self, pacer: &mut dyn Pacer, role: ArmRole) -> Result<(), ConnectError> {
        for index in 0..self.arms.len() {
            if let Err(error) = self.arms[index].arm.energise(pacer, role) {
                // Arms that are not controlled are not left under torque. The first error says what is wrong.
                for segment in &mut self.arms[..index] {
                    let _ = segment.arm.release(pacer);
                }
                let side = self.arms[index].side.clone();
                return Err(error.at_side(&side));
            }
        }
        self.gather();
        Ok(())
    }
}
