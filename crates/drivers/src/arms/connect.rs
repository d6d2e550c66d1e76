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
        let ready = self.at_once(pacer, |segment, pacer| {
            let kind = kind
                .sides
                .iter()
                .find(|side| side.name == segment.side)
                .map_or(kind, |side| &side.kind);
            let joints = calibration.joints.get(segment.joints()).unwrap_or_default();
            let calibration = Calibration {
                joints: joints.to_vec(),
            };
            segment.arm.prepare(pacer, kind, &calibration, role)
        });
        self.all_well(ready)
    }

    /// The rest: the torque that this role has, with every goal where its joint stands.
    ///
    /// # Errors
    /// [`ConnectError`]; all arms are limp then.
    pub fn energise(&mut self, pacer: &mut dyn Pacer, role: ArmRole) -> Result<(), ConnectError> {
        let on = self.at_once(pacer, |segment, pacer| segment.arm.energise(pacer, role));
        self.all_well(on).inspect_err(|_| {
            // Arms that are not controlled are not left under torque. The first error says what is wrong.
            let _ = self.release(pacer);
        })
    }

    /// The state of all arms, or what is wrong with any.
    fn all_well(&mut self, outcomes: Vec<Result<(), ConnectError>>) -> Result<(), ConnectError> {
        let sides = self.arms.iter().map(|segment| segment.side.clone());
        let errors = sides.zip(outcomes);
        let errors = errors.filter_map(|(side, outcome)| Some((side, outcome.err()?)));
        if let Some(error) = ConnectError::of_sides(errors.collect()) {
            return Err(error);
        }
        self.gather();
        Ok(())
    }
}
