//! What the user says about a rig.

use std::time::Duration;

use ulna_cameras::CameraSettings;
use ulna_core::Unit;
use ulna_robot::files;

use crate::report::ClockKind;

/// What a real follower may do that is far from its first goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FarMoves {
    /// A client is asked, once.
    Ask,
    /// It goes there, on the gate's ramp.
    Allow,
    /// The session ends before anything moves.
    #[default]
    Refuse,
}

/// What the user says about the rig.
#[derive(Debug, Clone)]
pub struct RigOptions {
    /// Name or path of the robot.
    pub robot: String,
    /// What drives it: a type of teleoperator, or the name or path of the robot whose leader arm does; its own leader if absent.
    pub teleop: Option<String>,
    /// The teleoperator's own settings.
    pub teleop_settings: toml::Table,
    /// The follower's port; of a pair of arms both, `LEFT,RIGHT`.
    pub robot_port: Option<String>,
    /// The leader's port, or both.
    pub teleop_port: Option<String>,
    /// Under which id the follower was calibrated; the arms of a pair as `<id>_left` and `<id>_right`.
    pub robot_id: Option<String>,
    /// Under which id the leader was calibrated.
    pub teleop_id: Option<String>,
    /// Simulated servos; no port is opened.
    pub sim: bool,
    /// Which clock the session keeps.
    pub clock: ClockKind,
    /// Seed of everything that is random in the simulation.
    pub seed: u64,
    /// Control ticks per second.
    pub rate_hz: f64,
    /// What the slowest answers of the servos take beyond the time on the wire; measured while connecting if absent.
    pub round_trip: Option<Duration>,
    /// Name of the scene around a simulated arm, or the path of its file, if not the default one.
    pub scene: Option<String>,
    /// What moves the simulated arm and the things around it, `ulna` or `mujoco`; the former if absent.
    pub physics: Option<String>,
    /// Whether a simulated scene's light, colours, textures, cameras' places and noise vary with the seed.
    pub scene_variation: bool,
    /// What is to be done, in words: where a scene has several tasks, they say which is meant.
    pub task: Option<String>,
    /// An expert moves the simulated leader.
    pub expert: bool,
    /// What goes wrong on the simulated follower's bus, e.g. `dead:elbow_flex@2s+2s`.
    pub faults: Vec<String>,
    /// The USB adapter in front of each simulated bus, such as `ftdi:16`; an ordinary CDC adapter if absent.
    pub adapter: Option<String>,
    /// What goes wrong with simulated cameras, e.g. `front:freeze@2s`.
    pub camera_faults: Vec<String>,
    /// The real cameras, by name.
    pub cameras: Vec<(String, CameraSettings)>,
    /// The unit of the joints that are no gripper, if not the robot file's.
    pub unit: Option<Unit>,
    /// The motors of the robot's servos in the simulation, if not the robot file's.
    pub motor: Option<String>,
    /// What a real follower may do that is far from its first goal; a simulated one always goes there.
    pub far_moves: FarMoves,
}

impl Default for RigOptions {
    fn default() -> Self {
        Self {
            robot: files::DEFAULT.to_owned(),
            teleop: None,
            teleop_settings: toml::Table::new(),
            robot_port: None,
            teleop_port: None,
            robot_id: None,
            teleop_id: None,
            sim: false,
            clock: ClockKind::Real,
            seed: 0,
            rate_hz: 200.0,
            round_trip: None,
            scene: None,
            physics: None,
            scene_variation: true,
            task: None,
            expert: false,
            faults: Vec::new(),
            adapter: None,
            camera_faults: Vec::new(),
            cameras: Vec::new(),
            unit: None,
            motor: None,
            far_moves: FarMoves::default(),
        }
    }
}
