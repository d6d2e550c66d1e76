//! What a supplier hands over: open ports, and what is around the robot.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ulna_cameras::CameraFacts;
use ulna_core::unit::AngleMap;
use ulna_core::{Camera, Environment, Joints, Judge};
use ulna_drivers::Port;
use ulna_robot::display::MovingThings;
use ulna_robot::{Calibration, RobotKind, VisualSpec};

use crate::device::Teleoperator;
use crate::error::SessionError;

/// One arm on one open port.
pub struct SuppliedArm {
    /// `left`, or nothing if it is the only one.
    pub side: String,
    /// The arm's kind.
    pub kind: RobotKind,
    /// Its calibration.
    pub calibration: Calibration,
    /// Its port.
    pub port: Box<dyn Port>,
    /// What its slowest answers take beyond the time on the wire, if the user says so; it is measured otherwise.
    pub round_trip: Option<Duration>,
}

impl fmt::Debug for SuppliedArm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuppliedArm")
            .field("side", &self.side)
            .field("port", &self.port.name())
            .finish_non_exhaustive()
    }
}

/// What is around a robot apart from its ports. The defaults are those of a real robot, of whose surroundings nothing is known.
pub trait Surroundings: fmt::Debug + Send {
    /// Whether the servos are simulated, for reports and datasets.
    fn simulated(&self) -> bool {
        false
    }

    /// Names of the cameras that can be opened here, whether anything is said about them in the rig or not.
    fn cameras(&self) -> Vec<String> {
        Vec::new()
    }

    /// Those of them that are recorded and shown only where they are named.
    fn spare_cameras(&self) -> Vec<String> {
        Vec::new()
    }

    /// The size of this camera's pictures unless the user says another, pixels, where that is known beforehand.
    fn picture_size(&self, _name: &str) -> Option<(u32, u32)> {
        None
    }

    /// Gets these cameras ready and says what each gives, in their order, with sentences for the user; nothing where they give what is asked of them,
    /// as simulated ones do.
    ///
    /// # Errors
    /// If one cannot be opened.
    fn prepare_cameras(
        &self,
        _names: &[String],
    ) -> Result<(Vec<CameraFacts>, Vec<String>), SessionError> {
        Ok((Vec::new(), Vec::new()))
    }

    /// The camera of this name, with pictures of this size (pixels) and rate; `None` if there is none here. A real one gives its own size and rate.
    ///
    /// # Errors
    /// If it cannot be opened.
    fn open_camera(
        &self,
        _name: &str,
        _size: (u32, u32),
        _fps: f64,
    ) -> Result<Option<Box<dyn Camera>>, SessionError> {
        Ok(None)
    }

    /// What is reported as LeRobot's `observation.environment_state`.
    fn environment(&self) -> Option<Arc<dyn Environment>> {
        None
    }

    /// What judges how well the scene's task is done; `angles` lead from the joints' values to rad.
    fn judge(&self, _angles: &Joints<AngleMap>) -> Option<Box<dyn Judge>> {
        None
    }

    /// What is to be done here, in words, if that is known.
    fn task(&self) -> Option<String> {
        None
    }

    /// What stands around the robot, for displays.
    fn objects(&self) -> Vec<(String, VisualSpec)> {
        Vec::new()
    }

    /// Whether the arm can be put somewhere without moving there: no real one can.
    fn can_place(&self) -> bool {
        false
    }

    /// Puts the arm at these joint angles, rad; NaN leaves a joint alone.
    fn place(&self, _angles: &Joints<f64>) {}

    /// What passed over each bus, where servos can be asked that.
    fn traffic(&self) -> Vec<BusTraffic> {
        Vec::new()
    }

    /// What moves around the robot, for displays.
    fn moving_things(&self) -> Option<Arc<dyn MovingThings>> {
        None
    }

    /// The hands next to the arm, where things can be laid out again.
    fn attempts(&self) -> Option<Box<dyn Attempts>> {
        None
    }

    /// What drives the robot's base here, if anything does by itself.
    fn base_operator(&self) -> Option<Box<dyn Teleoperator>> {
        None
    }
}

/// The hands next to an arm: they say when an attempt begins, and lay things out again for the next.
pub trait Attempts: fmt::Debug + Send {
    /// An expert is to begin.
    fn begin(&self);

    /// An expert is to take its hand away.
    fn clear(&self);

    /// Whether the expert's hand is away.
    fn is_clear(&self) -> bool;

    /// Whether this attempt has succeeded.
    fn is_solved(&self) -> bool;

    /// How long an attempt may take, if that is limited.
    fn time_limit(&self) -> Option<Duration>;

    /// Lays the things out as attempt `number` begins.
    fn lay_out(&self, number: u64);
}

/// Which picture of a scene is wanted.
#[derive(Debug, Clone)]
pub struct ScenePicture<'a> {
    /// The robot: a name, or the path of its file.
    pub robot: &'a str,
    /// The scene: a name, or the path of its file.
    pub scene: &'a str,
    /// Its seed.
    pub seed: u64,
    /// Whether its look varies with the seed.
    pub varied: bool,
    /// The camera; the first if none is named.
    pub camera: Option<&'a str>,
    /// Width and height, pixels; as the scene has it unless given.
    pub size: Option<(u32, u32)>,
}

/// The open ports of a rig, and what is around it.
#[derive(Debug)]
pub struct Supply {
    /// The follower's arms, in the order of its sides.
    pub follower: Vec<SuppliedArm>,
    /// The leader's.
    pub leader: Vec<SuppliedArm>,
    /// What is around them.
    pub surroundings: Box<dyn Surroundings>,
}

/// What passed over one bus, seen from the servos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusTraffic {
    /// Whose bus it is: `follower`, `leader right`.
    pub role: String,
    /// Questions that were answered.
    pub answered: u64,
    /// Goals and other requests without an answer.
    pub unanswered: u64,
    /// Bytes that others on the wire destroyed, and those that found no room.
    pub lost_bytes: u64,
    /// Longest time between two requests without an answer, since this was asked last.
    pub longest_pause: Duration,
}

/// The robots that a rig is put together from, with the names of their sides; one without a name if there is one.
pub(crate) fn sides(kind: &RobotKind) -> Vec<(String, RobotKind)> {
    let sides = kind.sides.iter();
    let sides: Vec<_> = sides
        .map(|side| (side.name.clone(), side.kind.clone()))
        .collect();
    match sides.is_empty() {
        true => vec![(String::new(), kind.clone())],
        false => sides,
    }
}

/// Under which id one side of the arm `id` was calibrated.
pub(crate) fn side_id(id: &str, side: &str) -> String {
    match side {
        "" => id.to_owned(),
        side => format!("{id}_{side}"),
    }
}
