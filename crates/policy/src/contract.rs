//! What a policy sees, what it answers, and for which robot.

use ulna_core::{Joints, Unit};
use ulna_robot::RobotKind;

use crate::normalise::Normaliser;

/// LeRobot's key of the joint positions.
pub const STATE: &str = "observation.state";
/// LeRobot's key of what a policy answers.
pub const ACTION: &str = "action";
/// LeRobot's key of what is known of the surroundings, pictures apart.
pub const ENVIRONMENT_STATE: &str = "observation.environment_state";
/// What LeRobot's keys of pictures begin with; the camera's name follows.
pub const IMAGES: &str = "observation.images.";

/// LeRobot's key of the picture where a simulation has just one; ulna calls that camera `image`.
pub const IMAGE: &str = "observation.image";

/// The most numbers that [`ENVIRONMENT_STATE`] may have.
pub const MAX_ENVIRONMENT: usize = 64;

/// The features of a policy, checked when its bundle was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// LeRobot's names of the robot classes it is meant for.
    pub robot_types: Vec<String>,
    /// LeRobot's motor names, in the order of state and action.
    pub joints: Vec<String>,
    /// Unit of all joints but those in percent: degrees or -100..100.
    pub unit: Unit,
    /// Steps of a chunk per second.
    pub fps: f64,
    /// The inputs, in the order of the file.
    pub inputs: Vec<Input>,
    /// The network's name for its answer.
    pub action_tensor: String,
    /// From the network's answer to robot units.
    pub action: Normaliser,
}

/// One input of the network.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// LeRobot's feature key.
    pub key: String,
    /// The network's name for it.
    pub tensor: String,
    /// What it consists of.
    pub kind: InputKind,
    /// From robot units (pictures: 0..1) to what the network was trained on.
    pub normaliser: Normaliser,
}

/// What an input consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// The joint positions: that many numbers.
    State(usize),
    /// That many numbers about the surroundings.
    EnvironmentState(usize),
    /// A picture of three channels.
    Image {
        /// Pixels.
        width: usize,
        /// Pixels.
        height: usize,
        /// Pictures of another size are brought to this one, bilinearly.
        resize: bool,
    },
}

impl Input {
    /// The shape without the batch dimension, as LeRobot writes it.
    pub fn shape(&self) -> Vec<usize> {
        match self.kind {
            InputKind::State(len) | InputKind::EnvironmentState(len) => vec![len],
            InputKind::Image { width, height, .. } => vec![3, height, width],
        }
    }

    /// The camera's name, if it is a picture.
    pub fn camera(&self) -> Option<&str> {
        camera_of(&self.key)
    }
}

/// The name of the camera whose pictures have this key.
pub(crate) fn camera_of(key: &str) -> Option<&str> {
    match key {
        IMAGE => Some("image"),
        key => key.strip_prefix(IMAGES).filter(|name| !name.is_empty()),
    }
}

impl Contract {
    /// What element `index` of an input of numbers is, for messages.
    pub(crate) fn element(&self, input: &Input, index: usize) -> String {
        match (input.kind, self.joints.get(index)) {
            (InputKind::State(len), Some(joint)) if len == self.joints.len() => {
                format!("joint `{joint}` of `{}`", input.key)
            }
            _ => format!("number {index} of `{}`", input.key),
        }
    }

    /// What never changed in training, and would confuse the network elsewhere: a sentence each.
    pub fn constant(&self) -> Vec<String> {
        let vectors = self.inputs.iter().filter(|input| input.camera().is_none());
        let all = vectors.flat_map(|input| {
            let constant = input.normaliser.constant().into_iter();
            constant.map(move |(index, value)| {
                format!(
                    "{} was {value} throughout training; wherever else it is, the arm holds",
                    self.element(input, index)
                )
            })
        });
        all.collect()
    }

    /// The cameras' names, in the order in which [`Observation::images`](crate::Observation::images) holds their pictures.
    pub fn cameras(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().filter_map(Input::camera)
    }

    /// The size of the pictures that it wants from a camera: width and height.
    pub fn picture(&self, camera: &str) -> Option<(u32, u32)> {
        let input = self
            .inputs
            .iter()
            .find(|input| input.camera() == Some(camera))?;
        match input.kind {
            InputKind::Image { width, height, .. } => {
                Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
            }
            _ => None,
        }
    }

    /// How many numbers `observation.environment_state` has; 0 without such an input.
    pub fn environment_state(&self) -> usize {
        let lengths = self.inputs.iter().map(|input| match input.kind {
            InputKind::EnvironmentState(len) => len,
            _ => 0,
        });
        lengths.sum()
    }
}

/// What a robot offers to a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotContract {
    /// LeRobot's name of the robot's class.
    pub robot_type: String,
    /// Joint names and units, in the order of states and actions.
    pub joints: Vec<(String, Unit)>,
    /// The cameras.
    pub cameras: Vec<CameraContract>,
    /// How many numbers it can tell about its surroundings.
    pub environment_state: usize,
    /// Control ticks per second.
    pub rate_hz: f64,
}

/// What a camera offers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CameraContract {
    /// Its name.
    pub name: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl RobotContract {
    /// What the follower of this kind offers at this rate, without cameras and surroundings.
    pub fn of(kind: &RobotKind, rate_hz: f64) -> Self {
        let joints = kind.joints.iter();
        Self {
            robot_type: kind.follower.robot_type.clone(),
            joints: joints
                .map(|joint| (joint.name.clone(), joint.unit))
                .collect(),
            cameras: Vec::new(),
            environment_state: 0,
            rate_hz,
        }
    }

    /// The same with one more camera.
    #[must_use]
    pub fn with_camera(mut self, name: &str, size: (u32, u32)) -> Self {
        self.cameras.push(CameraContract {
            name: name.to_owned(),
            width: size.0,
            height: size.1,
        });
        self
    }

    /// The same with `len` numbers about its surroundings.
    #[must_use]
    pub fn with_environment_state(mut self, len: usize) -> Self {
        self.environment_state = len;
        self
    }
}

/// Everything in which a robot is not what a policy was made for, one sentence each.
pub(crate) fn faults(contract: &Contract, robot: &RobotContract) -> Vec<String> {
    let mut faults = Vec::new();
    if !contract.robot_types.contains(&robot.robot_type) {
        faults.push(format!(
            "it is meant for {}, and this is a {}",
            contract.robot_types.join(" or "),
            robot.robot_type
        ));
    }
    let names: Vec<&str> = robot.joints.iter().map(|(name, _)| name.as_str()).collect();
    if contract.joints != names {
        faults.push(format!(
            "its joints are {}, and the robot's are {}",
            contract.joints.join(", "),
            names.join(", ")
        ));
    } else {
        for (name, unit) in &robot.joints {
            if *unit != Unit::Percent && *unit != contract.unit {
                faults.push(format!(
                    "it has joint `{name}` in {}, and the robot in {unit}",
                    contract.unit
                ));
            }
        }
    }
    for input in &contract.inputs {
        faults.extend(input_fault(input, robot));
    }
    if robot.rate_hz < contract.fps {
        faults.push(format!(
            "it steps at {} Hz, and the control loop runs at {} Hz only",
            contract.fps, robot.rate_hz
        ));
    }
    faults
}

fn input_fault(input: &Input, robot: &RobotContract) -> Option<String> {
    match input.kind {
        InputKind::State(len) => (len != robot.joints.len()).then(|| {
            format!(
                "it wants {len} numbers of {STATE}, and the robot has {} joints",
                robot.joints.len()
            )
        }),
        InputKind::EnvironmentState(len) => (len != robot.environment_state).then(|| {
            format!(
                "it wants {len} numbers of {ENVIRONMENT_STATE}, and there are {}",
                robot.environment_state
            )
        }),
        InputKind::Image {
            width,
            height,
            resize,
        } => {
            let name = input.camera().unwrap_or_default();
            let Some(camera) = robot.cameras.iter().find(|camera| camera.name == name) else {
                let names: Vec<&str> = robot.cameras.iter().map(|c| c.name.as_str()).collect();
                let have = match names.as_slice() {
                    [] => "no camera".to_owned(),
                    names => format!("only {}", names.join(", ")),
                };
                return Some(format!(
                    "it looks through camera `{name}`, and there is {have}"
                ));
            };
            let fits = (camera.width as usize, camera.height as usize) == (width, height);
            (!fits && !resize).then(|| {
                format!(
                    "it wants pictures of {width}x{height} from camera `{name}`, which gives {}x{} (and its policy.toml does not \
                     say `resize = \"bilinear\"`)",
                    camera.width, camera.height
                )
            })
        }
    }
}

/// The contract's joint values as an array that never allocates; more than fit have been refused.
pub(crate) fn joints_of(values: &[f32]) -> Joints<f64> {
    Joints::from_fn(values.len(), |joint| f64::from(values[joint]))
}
