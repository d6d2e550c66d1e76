//! Everything that can go wrong on the way to the first motion, in words for the person who typed the command.

use ulna_outside::Printable;
use ulna_robot::ArmRole;

/// Why a command failed. It is said on one line, except where [`has_lines`](BringupError::has_lines).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BringupError {
    /// A robot file.
    #[error(transparent)]
    Robots(#[from] ulna_robot::files::RobotsError),
    /// A port.
    #[error(transparent)]
    Port(#[from] ulna_drivers::PortError),
    /// A calibration file.
    #[error(transparent)]
    Calibration(#[from] ulna_drivers::calibration::CalibrationError),
    /// Servos that were worked on one by one.
    #[error(transparent)]
    Servo(#[from] ulna_drivers::ServoBusError),
    /// A bridge board.
    #[error(transparent)]
    Bridge(#[from] ulna_drivers::bridge::BridgeError),
    /// A bridge board's firmware that cannot be written.
    #[error(transparent)]
    Flash(#[from] crate::bridge::FlashError),
    /// Ctrl-C.
    #[error("interrupted; {left}")]
    Interrupted {
        /// How things were left.
        left: String,
    },
    /// The user ended the dialogue with `q`.
    #[error("ended; {left}")]
    Quit {
        /// How things were left.
        left: String,
    },
    /// A question had to be asked, but the input has ended.
    #[error("this asks a question, but the input has ended ({left}): run it in a terminal")]
    NoAnswer {
        /// How things were left.
        left: String,
    },
    /// Options that do not go together, or lack something.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The port of the arm's adapter was not found by pulling its cable.
    #[error(transparent)]
    FindPort(#[from] FindPort),
    /// Servos of the chain do not answer, or are not what the robot file says.
    #[error("{}: {faults}", Printable(port))]
    Chain {
        /// The port.
        port: String,
        /// One sentence for each servo at fault, and advice.
        faults: String,
    },
    /// A servo cannot be set up, and the simulated operator cannot try again.
    #[error("{problem}")]
    SetUp {
        /// What is in the way.
        problem: String,
    },
    /// The calibration ended before anything was written.
    #[error(transparent)]
    NotCalibrated(#[from] NotCalibrated),
    /// A servo was not wiggled, or its wiggle ended early.
    #[error(transparent)]
    Wiggle(#[from] WiggleError),
    /// The simulation could not be set up.
    #[error("the simulated arm cannot be set up: {0}")]
    Sim(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Options that do not go together, or lack something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Usage {
    /// `--sim` with a port.
    #[error("--sim opens no port: leave the port out")]
    PortInSimulation,
    /// `--fault` without `--sim`.
    #[error("--fault needs --sim: real faults come by themselves")]
    FaultOnHardware,
    /// `--adapter` without `--sim`.
    #[error("--adapter needs --sim: a real port has its own")]
    AdapterOnHardware,
    /// A simulated adapter that there is not.
    #[error(transparent)]
    Adapter(#[from] ulna_sim::adapter::AdapterParseError),
    /// A simulated fault that cannot be.
    #[error(transparent)]
    Fault(#[from] ulna_sim::fault::FaultParseError),
    /// No port given, and no adapter there.
    #[error(
        "no USB serial adapter is plugged in: plug the arm's cable in, give the port, or pass --sim for simulated servos (`ulna doctor` \
         looks further)"
    )]
    NoAdapter,
    /// No port given, and several adapters there.
    #[error(
        "several adapters are plugged in, say which (`ulna ports find` identifies them):{list}"
    )]
    SeveralAdapters {
        /// A line for each, each after a line end; printable.
        list: String,
    },
    /// A pair whose ports are not two.
    #[error(
        "`{robot}` is two arms on two ports, and {given} are given: give them as LEFT,RIGHT (`ulna ports find` says which is which)"
    )]
    PairPorts {
        /// The robot.
        robot: String,
        /// How many ports were given.
        given: usize,
    },
    /// A side that a robot does not have.
    #[error("`{robot}` has no arm called `{side}`")]
    NoSide {
        /// The robot.
        robot: String,
        /// The side.
        side: String,
    },
    /// A robot whose servos ulna does not know.
    #[error("robot `{robot}`: {problem}")]
    Servos {
        /// The robot.
        robot: String,
        /// What is wrong with its servos.
        #[source]
        problem: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A family of servos that there is not.
    #[error("there is no family `{name}` of servos; there are {known}")]
    Family {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A joint that the simulation was asked to mount the wrong way round, and that the robot does not have.
    #[error("--reversed: {robot} has no joint `{joint}`; it has {known}")]
    NotReversible {
        /// The robot.
        robot: String,
        /// The joint.
        joint: String,
        /// The joints it has.
        known: String,
    },
    /// Calibrating an arm without an id.
    #[error(
        "no id for the {role}: pass {flag}, a name of your choice for this one arm; its calibration file is called that"
    )]
    NoId {
        /// The arm's role.
        role: ArmRole,
        /// The option that gives it.
        flag: &'static str,
    },
    /// Servos that have no register for a homing offset.
    #[error("{family} servos keep no homing offset, so they cannot be calibrated")]
    NoHomingOffset {
        /// The family.
        family: &'static str,
    },
}

/// Why no port was found by pulling its cable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindPort {
    /// There was none to begin with.
    #[error(
        "there are no serial ports at all: is the arm's USB cable plugged in? `ulna doctor` looks further"
    )]
    NoPorts,
    /// All ports stayed.
    #[error(
        "no port has gone: was it the cable of the arm's adapter, at the computer's end? Try again"
    )]
    NoneGone,
    /// More than one went.
    #[error(
        "{ports} have gone together: pull the cable of one arm alone (not that of a hub), and try again"
    )]
    SeveralGone {
        /// Their paths.
        ports: String,
    },
}

/// Why a calibration was not written. The arm is limp.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotCalibrated {
    /// The sweep does not allow one.
    #[error(
        "no calibration can be made of this sweep, and nothing was written; the arm is limp.\n{findings}"
    )]
    Sweep {
        /// A line for each joint at fault.
        findings: String,
    },
    /// Joints were not moved through their whole range, and the user did not say that this is right.
    #[error(
        "with this calibration the arm would not reach all places, so nothing was written; the arm is limp. Sweep again, or pass --yes to take \
         it as it is.\n{findings}"
    )]
    HalfSweep {
        /// A line for each such joint.
        findings: String,
    },
    /// Joints turn the wrong way, and the user did not confirm them.
    #[error("nothing was written; the arm is limp.\n{findings}")]
    Directions {
        /// A line for each such joint.
        findings: String,
    },
}

/// Why a servo was not wiggled to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WiggleError {
    /// It stands where it may not go.
    #[error(
        "servo {id} stands at {position}, outside its own limits {low} to {high}: under torque it would jump there, so it is not wiggled. \
         Move it by hand, or calibrate the arm first"
    )]
    OutsideLimits {
        /// The servo.
        id: u8,
        /// Where it stands, steps.
        position: i32,
        /// Its lowest goal, steps.
        low: i32,
        /// Its highest goal, steps.
        high: i32,
    },
    /// Its family has no torque limit.
    #[error("{family} servos cannot be set to little torque, so servo {id} is not wiggled")]
    NoTorqueLimit {
        /// The servo.
        id: u8,
        /// Its family.
        family: &'static str,
    },
    /// The driver cannot be made for it.
    #[error(transparent)]
    Driver(#[from] ulna_drivers::arm::ArmError),
    /// The control loop panicked; the message went to stderr.
    #[error("the wiggle of servo {id} failed (see above); {left}")]
    Panicked {
        /// The servo.
        id: u8,
        /// How it was left.
        left: String,
    },
    /// The port went away.
    #[error("{port}: the port is gone while servo {id} was wiggled; {left}")]
    Lost {
        /// The port.
        port: String,
        /// The servo.
        id: u8,
        /// How it was left.
        left: String,
    },
    /// The wiggle went well, but the servo could not be made limp afterwards.
    #[error("servo {id} was wiggled, but {left}")]
    NotReleased {
        /// The servo.
        id: u8,
        /// How it was left.
        left: String,
    },
}

impl BringupError {
    /// An error of the simulation.
    pub(crate) fn sim(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Sim(Box::new(error))
    }

    /// Whether the user ended the command, by Ctrl-C or `q`.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted { .. } | Self::Quit { .. })
    }

    /// Whether it is said in several lines: line ends in it are ulna's own, and values from outside are already [`Printable`].
    pub fn has_lines(&self) -> bool {
        matches!(
            self,
            Self::Usage(Usage::Fault(_) | Usage::Adapter(_) | Usage::SeveralAdapters { .. })
                | Self::Chain { .. }
                | Self::NotCalibrated(_)
        )
    }

    /// Whether the command was called wrongly: another command line, or a terminal, is what helps.
    pub fn is_misuse(&self) -> bool {
        matches!(self, Self::Usage(_) | Self::NoAnswer { .. })
    }
}
