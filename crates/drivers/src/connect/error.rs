//! Why an arm could not be connected.

use ulna_bus::engine::ServoFault;
use ulna_outside::Printable;

use crate::servo_bus::ServoBusError;

/// Why an arm could not be connected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Servos are missing or are not what the robot file says.
    #[error("{}: {problems}\n{advice}", Printable(port))]
    Servos {
        /// The port.
        port: String,
        /// One sentence for each servo at fault.
        problems: String,
        /// What to do about this pattern.
        advice: &'static str,
    },
    /// A servo did not take a setting.
    #[error(
        "{}: servo {id} (`{joint}`) {fault} (register {register})",
        Printable(port)
    )]
    Register {
        /// The port.
        port: String,
        /// The servo.
        id: u8,
        /// Its joint.
        joint: String,
        /// The register.
        register: String,
        /// What happened.
        fault: ServoFault,
    },
    /// The robot file names a register that the servo does not have, or a value that does not fit it.
    #[error("robot `{robot}` sets register `{register}` to {value}, but {reason}")]
    BadSetting {
        /// The robot.
        robot: String,
        /// The register.
        register: String,
        /// The value.
        value: i32,
        /// Why not.
        reason: String,
    },
    /// The calibration in the servos is another one than the file's.
    #[error(
        "{}: the servos hold another calibration than the file: {differences}. With the wrong one the arm would move to wrong places; \
         `ulna calibrate --restore` writes the file's values into the servos (after LeRobot or a setup has changed them); else calibrate the arm \
         again, or pass the id under which it was calibrated",
        Printable(port)
    )]
    OtherCalibration {
        /// The port.
        port: String,
        /// Joint, register and both values.
        differences: String,
    },
    /// Joints stand where their calibration says that they cannot be.
    #[error(
        "{}: {joints}. Under torque they would be driven against their stops. Move them into their range by hand (the arm is limp) and try \
         again; if they are there already, switch the servos' power off and on, and calibrate the arm again if that does not help",
        Printable(port)
    )]
    OutsideRange {
        /// The port.
        port: String,
        /// One sentence for each joint.
        joints: String,
    },
    /// Something else went wrong on the bus.
    #[error(transparent)]
    Bus(ServoBusError),
    /// What is wrong with one arm of a rig of several.
    #[error("{side} arm: {source}")]
    Side {
        /// Which.
        side: String,
        /// What is wrong.
        source: Box<Self>,
    },
    /// What is wrong with several arms of one rig, a line or more for each.
    #[error("{}", lines(.0))]
    Several(Vec<Self>),
    /// The port went away.
    #[error(
        "{}: the port is gone ({reason}); check the USB cable and try again",
        Printable(port)
    )]
    Lost {
        /// The port.
        port: String,
        /// What the operating system said.
        reason: String,
    },
}

impl ConnectError {
    /// What went wrong on the bus of an arm with these servos (id, joint).
    pub(crate) fn on_bus<'a>(
        error: ServoBusError,
        mut servos: impl Iterator<Item = (u8, &'a str)>,
    ) -> Self {
        match error {
            ServoBusError::Lost { port, reason } => Self::Lost { port, reason },
            ServoBusError::Servo {
                port,
                id,
                register,
                fault,
            } => {
                let joint = servos.find(|(known, _)| *known == id);
                Self::Register {
                    port,
                    id,
                    joint: joint.map_or_else(String::new, |(_, joint)| joint.to_owned()),
                    register: register.to_owned(),
                    fault,
                }
            }
            other => Self::Bus(other),
        }
    }

    /// The same about one side of a rig; a rig of one arm has none to name.
    pub(crate) fn at_side(self, side: &str) -> Self {
        match side {
            "" => self,
            side => Self::Side {
                side: side.to_owned(),
                source: Box::new(self),
            },
        }
    }

    /// All that is wrong with the sides of a rig.
    pub(crate) fn of_sides(errors: Vec<(String, Self)>) -> Option<Self> {
        let all = errors.into_iter().map(|(side, error)| error.at_side(&side));
        let mut all: Vec<Self> = all.collect();
        match all.len() {
            0 | 1 => all.pop(),
            _ => Some(Self::Several(all)),
        }
    }
}

fn lines(errors: &[ConnectError]) -> String {
    let lines: Vec<String> = errors.iter().map(ConnectError::to_string).collect();
    lines.join("\n")
}
