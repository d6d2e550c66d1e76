//! What can go wrong with a servo on a bus.

use ulna_bus::engine::ServoFault;
use ulna_bus::registers::Role;
use ulna_outside::Printable;

/// Why a servo could not be worked on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServoBusError {
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
    /// The port cannot run at a rate.
    #[error(
        "{} cannot run at {baud} baud ({reason}); leave that rate out with --baud",
        Printable(port)
    )]
    Baud {
        /// The port.
        port: String,
        /// Bits per second.
        baud: u32,
        /// What the operating system said.
        reason: String,
    },
    /// A servo did not answer, or not soundly.
    #[error("{}: servo {id} {fault} (register {register})", Printable(port))]
    Servo {
        /// The port.
        port: String,
        /// The servo.
        id: u8,
        /// The register.
        register: &'static str,
        /// What happened.
        fault: ServoFault,
    },
    /// A register does not hold what was written to it.
    #[error(
        "{}: servo {id} did not take {register} = {wanted}, it reads {found}: is its torque on, or does another program use the port?",
        Printable(port)
    )]
    NotTaken {
        /// The port.
        port: String,
        /// The servo.
        id: u8,
        /// The register.
        register: &'static str,
        /// What was written.
        wanted: i32,
        /// What it reads.
        found: i32,
    },
    /// The servos cannot do what is asked of them.
    #[error("{family} servos have no register for {role:?}")]
    NoRegister {
        /// The family.
        family: &'static str,
        /// What the register would be for.
        role: Role,
    },
    /// A value does not fit, or is none that may be written.
    #[error("servo {id}, register {register}: {reason}")]
    BadValue {
        /// The servo.
        id: u8,
        /// The register.
        register: &'static str,
        /// Why not.
        reason: String,
    },
}
