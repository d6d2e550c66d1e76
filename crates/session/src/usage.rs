//! Options that do not go together, lack something, or do not fit what is there: what to type instead.

mod episode;
mod record;
mod rig;
mod sim_to_real;
mod stepped;

use std::path::PathBuf;

use ulna_outside::Printable;
use ulna_robot::ArmRole;

pub use episode::EpisodeUsage;
pub use record::RecordUsage;
pub use rig::RigUsage;
pub use sim_to_real::{OutputUsage, SimToRealUsage};
pub use stepped::SteppedUsage;

/// What is wrong with how a command was called: exit code 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsageError {
    /// A rate that no loop keeps.
    #[error("--rate {rate} is not between {low} and {high} Hz")]
    Rate {
        /// What was asked for, Hz.
        rate: f64,
        /// The lowest, Hz.
        low: f64,
        /// The highest, Hz.
        high: f64,
    },
    /// A leader with other joints than the follower.
    #[error(
        "a leader of {leader} cannot drive {follower}: the joints or their units differ ({leading} against {driven})"
    )]
    LeaderDiffers {
        /// The leader's robot.
        leader: String,
        /// The follower's.
        follower: String,
        /// The leader's joints.
        leading: String,
        /// The follower's.
        driven: String,
    },
    /// A robot that no leader arm is known for.
    #[error("`{robot}` has no leader arm")]
    NoLeader {
        /// The robot.
        robot: String,
    },
    /// A base that nothing can drive.
    #[error("nothing can drive the base of `{robot}`")]
    NoBaseDriver {
        /// The robot.
        robot: String,
    },
    /// A teleoperator that there is not.
    #[error("there is no teleoperator `{name}`; there are: {known}")]
    UnknownTeleoperator {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A teleoperator's settings that it does not take.
    #[error("settings of the teleoperator: {}", problem.message())]
    TeleoperatorSettings {
        /// What is wrong with them.
        problem: toml::de::Error,
    },
    /// An option that only a simulation has.
    #[error("{option} needs --sim: {why}")]
    OnlySimulated {
        /// The option.
        option: &'static str,
        /// Why.
        why: &'static str,
    },
    /// A port that is given although a simulation opens none.
    #[error("--sim opens no port: leave out --robot-port and --teleop-port")]
    PortInSimulation,
    /// A camera that is given although a simulation has its own.
    #[error(
        "--sim opens no camera: leave out --camera {camera}; the simulation has cameras of its own"
    )]
    CameraInSimulation {
        /// The camera.
        camera: String,
    },
    /// No port is given.
    #[error(
        "no port for the {role}: pass --{flag}-port (for example /dev/ttyACM0), or --sim for simulated servos"
    )]
    NoPort {
        /// Whose.
        role: ArmRole,
        /// The option, without `-port`.
        flag: &'static str,
    },
    /// No port is given, and which it is does not follow from what is plugged in.
    #[error(
        "no port for the {roles}, and {there}: pass {flags} (`ulna ports find` says which is which, `ulna rig new NAME` remembers it), or \
         --sim for simulated servos"
    )]
    NoPortChosen {
        /// Whose.
        roles: String,
        /// Which adapters are plugged in.
        there: String,
        /// The options that name one.
        flags: String,
    },
    /// Not as many ports as the robot has buses.
    #[error(
        "--{flag}-port names {given} ports, but the {role} of `{robot}` has {wanted}: give them as LEFT,RIGHT"
    )]
    PortCount {
        /// The option, without `-port`.
        flag: &'static str,
        /// How many are given.
        given: usize,
        /// Whose.
        role: ArmRole,
        /// The robot.
        robot: String,
        /// How many there have to be.
        wanted: usize,
    },
    /// A port that is given twice.
    #[error("two ports are given: {} and {}", Printable(one), Printable(other))]
    TwoPorts {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
    /// No id is given.
    #[error(
        "no id for the {role}: pass the --{flag}-id under which the arm was calibrated; {known}"
    )]
    NoId {
        /// Whose.
        role: ArmRole,
        /// The option, without `-id`.
        flag: &'static str,
        /// Which ids there are.
        known: String,
    },
    /// The follower would go far, and may not.
    #[error(
        "the follower is far from its first goal and would move {way}; it did not. Bring the two together by hand, or pass --yes to let it go \
         there"
    )]
    FarFromFirstGoal {
        /// How far.
        way: String,
    },
    /// A policy that fits no known robot.
    #[error(
        "policy `{policy}` is for a {robot_types} with the joints {joints}, and no known robot is one; name its robot file with --robot"
    )]
    PolicyRobot {
        /// The policy.
        policy: String,
        /// LeRobot's types of its robots.
        robot_types: String,
        /// Its joints.
        joints: String,
    },
    /// A checkpoint for a robot with another number of joints.
    #[error(
        "the policy's actions have {numbers} numbers, and robot `{robot}` has {joints} joints; name the robot that it was trained on with --robot"
    )]
    CheckpointRobot {
        /// The numbers of an action.
        numbers: usize,
        /// The robot.
        robot: String,
        /// Its joints.
        joints: usize,
    },
    /// A rate that no policy steps at.
    #[error(
        "{fps} steps per second are not possible, but {low} to {high}; give the frame rate of the dataset that it was trained on with --fps"
    )]
    CheckpointRate {
        /// What was asked for, Hz.
        fps: f64,
        /// The lowest, Hz.
        low: f64,
        /// The highest, Hz.
        high: f64,
    },
    /// The dataset of a checkpoint that is none.
    #[error("--dataset `{}`: {reason}; name the folder of the dataset that the policy was trained on", dataset.display())]
    CheckpointDataset {
        /// The folder.
        dataset: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A policy without a task in its scene.
    #[error("there was no task to judge the policy by")]
    NoTask,
    /// A scene without a task.
    #[error(
        "there is nothing to do in the scene `{scene}`: name one with a task, such as --scene lift (`ulna sim scenes` lists them)"
    )]
    NothingToDo {
        /// The scene.
        scene: String,
    },
    /// A scene with several tasks, of which one has to be named.
    #[error("--scene {scene} has several tasks: pass --task \"{tasks}\"")]
    SeveralTasks {
        /// The scene.
        scene: String,
        /// Its tasks.
        tasks: String,
    },
    /// A scene that cannot be found.
    #[error(transparent)]
    Scene(Box<dyn std::error::Error + Send + Sync>),
    /// An evaluation of nothing.
    #[error("no episodes were asked for: pass --episodes N")]
    NoEpisodes,
    /// A folder for the demo that holds something else.
    #[error("{} is there, and not as an earlier demo left it: move it elsewhere, or pass another --folder", .0.display())]
    DemoFolder(
        /// The folder.
        PathBuf,
    ),
    /// What a recording is to be does not go together.
    #[error(transparent)]
    Record(#[from] RecordUsage),
    /// An episode that cannot be shown or replayed so.
    #[error(transparent)]
    Episode(#[from] EpisodeUsage),
    /// A rig's file.
    #[error(transparent)]
    Rig(#[from] RigUsage),
    /// The recordings of a comparison or a fit.
    #[error(transparent)]
    SimToReal(#[from] SimToRealUsage),
    /// An environment.
    #[error(transparent)]
    Stepped(#[from] SteppedUsage),
}
