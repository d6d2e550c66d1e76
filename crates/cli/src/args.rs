//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ulna_app::Unit;
use ulna_app::record::{CameraChoice, RecordOptions};
use ulna_app::report::ClockKind;
use ulna_app::rig::RigOptions;

/// Control low-cost servo arms: teleoperate, record, replay, and do it all with a simulated arm.
#[derive(Debug, Parser)]
#[command(
    name = "ulna",
    version,
    propagate_version = true,
    after_help = "New here? `ulna demo` needs no hardware."
)]
pub(crate) struct Cli {
    /// Print one JSON object on stdout when the command ends; everything else goes to stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The tour: a simulated arm is teleoperated, recorded, and replays what it did; no hardware, no questions
    Demo(DemoArgs),

    /// List and show the kinds of robot that ulna knows
    Robots {
        #[command(subcommand)]
        action: RobotsAction,
    },

    /// Drive a follower arm with a leader arm
    #[command(after_help = "\
Examples:
  ulna teleop --sim                                   a simulated leader, moved by a simulated hand, drives a simulated follower
  ulna teleop --sim --duration 10 --json              ten seconds of it, then the timing report as JSON
  ulna teleop --sim --fault dead:elbow_flex@2s+2s     the elbow's servo stops answering for two seconds
  ulna teleop --robot-port /dev/ttyACM0 --robot-id mine --teleop-port /dev/ttyACM1 --teleop-id mine

Ctrl-C ends it: the arm holds, then goes to its resting pose, then the torque goes off. A second Ctrl-C ends the program at once, with
the arm holding.")]
    Teleop(TeleopArgs),

    /// Record episodes as a LeRobot v3 dataset while a leader arm drives a follower
    #[command(after_help = "\
Examples:
  ulna record --sim --dataset DIR --task \"pick up the cube\" --episodes 2 --episode-time 10 --reset-time 2
  ulna record --sim --lockstep --dataset DIR --task TEXT --episodes 5 --episode-time 10 --reset-time 0
  ulna record --sim --dataset DIR --task TEXT --episodes 3 --resume

Keys, as in LeRobot: right arrow or n ends the episode (or the reset) now; left arrow or r throws the episode away and records it again,
during the reset the one just finished; Esc or q saves the running episode and ends. Ctrl-C does what q does.
Whatever happens, saved episodes stay; `ulna dataset repair` recovers one that was running when the power failed.")]
    Record(RecordArgs),

    /// Play a recorded episode of a LeRobot v3 dataset
    #[command(after_help = "\
Examples:
  ulna replay --sim --dataset datasets/so101-hand --episode 0
  ulna replay --sim --dataset DIR --episode 3 --units m100 --json
  ulna replay --robot-port /dev/ttyACM0 --robot-id mine --dataset DIR --episode 0

The table compares each joint with the recording: `rms` is the played minus the recorded state, `baseline` is what the
recorded action would give if the arm did nothing but lag behind it. With --sim it runs on the virtual clock, in a moment; --real-time
takes as long as the recording did. A real arm first goes slowly to where the episode starts.")]
    Replay(ReplayArgs),

    /// The simulated arm by itself, for other programs
    Sim {
        #[command(subcommand)]
        action: SimAction,
    },

    /// Look at a LeRobot v3 dataset, check it, repair it
    Dataset {
        #[command(subcommand)]
        action: DatasetAction,
    },

    /// Measure: each figure comes with what the same run measured for the bare minimum
    Bench {
        #[command(subcommand)]
        bench: BenchCommand,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Seed of the simulated hand
    #[arg(long, default_value_t = 7, value_name = "N")]
    pub(crate) seed: u64,

    /// Where to leave its files, instead of ulna's data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RobotsAction {
    /// The robots that ulna knows: built in, and in your own folder
    List,
    /// One robot: its joints, limits and settings
    #[command(
        after_help = "`ulna robots show so101 --toml` prints the file itself, to start one of your own from."
    )]
    Show {
        /// Name, or path of a robot file
        name: String,
        /// Print the file itself
        #[arg(long)]
        toml: bool,
    },
}

/// The rig: which robots, where, real or simulated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rig")]
pub(crate) struct RigArgs {
    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_app::robots::DEFAULT, value_name = "F")]
    robot: String,

    /// The follower's serial port
    #[arg(long, value_name = "P")]
    robot_port: Option<String>,

    /// The id under which the follower was calibrated
    #[arg(long, value_name = "ID")]
    robot_id: Option<String>,

    /// Simulated servos: no port is opened
    #[arg(long)]
    sim: bool,

    /// Seed of everything random in the simulation
    #[arg(long, default_value_t = 0, value_name = "N", requires = "sim")]
    seed: u64,

    /// What goes wrong on the simulated follower's bus; may be repeated. dead:JOINT@FROM+FOR, drop:P%, flip:P%, burst:P%, late:TIME@P%
    #[arg(long, value_name = "FAULT", requires = "sim")]
    fault: Vec<String>,

    /// Control ticks per second
    #[arg(long, default_value_t = 200.0, value_name = "HZ")]
    rate: f64,
}

/// The arm that is moved by hand.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Rig")]
pub(crate) struct LeaderArgs {
    /// The robot whose leader arm drives; the same kind as the robot unless given
    #[arg(long, value_name = "F")]
    teleop: Option<String>,

    /// The leader's serial port
    #[arg(long, value_name = "P")]
    teleop_port: Option<String>,

    /// The id under which the leader was calibrated
    #[arg(long, value_name = "ID")]
    teleop_id: Option<String>,
}

impl RigArgs {
    fn options(&self, clock: ClockKind, leader: &LeaderArgs) -> RigOptions {
        RigOptions {
            robot: self.robot.clone(),
            robot_port: self.robot_port.clone(),
            robot_id: self.robot_id.clone(),
            teleop: leader.teleop.clone(),
            teleop_port: leader.teleop_port.clone(),
            teleop_id: leader.teleop_id.clone(),
            sim: self.sim,
            clock,
            seed: self.seed,
            rate_hz: self.rate,
            faults: self.fault.clone(),
            ..RigOptions::default()
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TeleopArgs {
    #[command(flatten)]
    rig: RigArgs,

    #[command(flatten)]
    leader: LeaderArgs,

    /// Run the simulation on the virtual clock: as fast as possible, bit-identical for a seed
    #[arg(long, requires_all = ["sim", "duration"], help_heading = "Rig")]
    lockstep: bool,

    /// Stop after this many seconds; without it, Ctrl-C ends it
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
}

impl TeleopArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        self.rig.options(clock(self.lockstep), &self.leader)
    }
}

fn clock(lockstep: bool) -> ClockKind {
    if lockstep {
        ClockKind::Virtual
    } else {
        ClockKind::Real
    }
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    rig: RigArgs,

    #[command(flatten)]
    leader: LeaderArgs,

    /// Run the simulation on the virtual clock: as fast as possible, bit-identical for a seed
    #[arg(long, requires = "sim", help_heading = "Rig")]
    lockstep: bool,

    /// Folder of the dataset: a new one, or with --resume one that is there
    #[arg(long, value_name = "DIR")]
    dataset: PathBuf,

    /// What the robot is to do, in a few words; it goes with every frame
    #[arg(long, value_name = "TEXT")]
    task: String,

    /// How many episodes to record
    #[arg(long, default_value_t = 1, value_name = "N")]
    episodes: u64,

    /// How long an episode lasts, s
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds)]
    episode_time: Duration,

    /// How long the reset between two episodes lasts, s
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds_or_none)]
    reset_time: Duration,

    /// Frames per second
    #[arg(long, default_value_t = 30, value_name = "FPS")]
    fps: u32,

    /// Go on with a dataset that is there
    #[arg(long)]
    resume: bool,

    /// Leave out the columns and files that are ulna's own, for datasets that LeRobot will extend or merge
    #[arg(long)]
    plain: bool,

    /// The robot's cameras to record, by name, separated by commas; all unless given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    cameras: Option<Vec<String>>,

    /// Record states and actions alone
    #[arg(long, conflicts_with = "cameras")]
    no_cameras: bool,

    /// Size of simulated pictures, pixels
    #[arg(long, default_value = "640x480", value_name = "WxH", value_parser = size)]
    camera_size: (u32, u32),

    /// What goes wrong with a simulated camera, one per camera: NAME:frozen@TIME, NAME:silent@TIME, NAME:gone@TIME, NAME:late+TIME@TIME
    #[arg(long, value_name = "FAULT", requires = "sim")]
    camera_fault: Vec<String>,
}

impl RecordArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        self.rig.options(clock(self.lockstep), &self.leader)
    }

    pub(crate) fn options(&self) -> RecordOptions {
        let cameras = match &self.cameras {
            Some(names) => CameraChoice::Only(names.clone()),
            None if self.no_cameras => CameraChoice::Only(Vec::new()),
            None => CameraChoice::All,
        };
        RecordOptions {
            episodes: self.episodes,
            episode_time: self.episode_time,
            reset_time: self.reset_time,
            fps: self.fps,
            resume: self.resume,
            plain: self.plain,
            cameras,
            picture: self.camera_size,
            camera_faults: self.camera_fault.clone(),
            ..RecordOptions::new(self.dataset.clone(), &self.task)
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    rig: RigArgs,

    /// Folder of the dataset
    #[arg(long, value_name = "DIR")]
    pub(crate) dataset: PathBuf,

    /// The episode, counted from 0
    #[arg(long, value_name = "K")]
    pub(crate) episode: usize,

    /// The unit of the dataset's joints, if the dataset does not tell
    #[arg(long, value_name = "UNITS")]
    pub(crate) units: Option<UnitsArg>,

    /// Take as long as the recording did, instead of running the simulation on the virtual clock
    #[arg(long, requires = "sim")]
    real_time: bool,
}

impl ReplayArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        let options = self.rig.options(ClockKind::Real, &LeaderArgs::default());
        let virtual_clock = options.sim && !self.real_time;
        RigOptions {
            clock: if virtual_clock {
                ClockKind::Virtual
            } else {
                ClockKind::Real
            },
            ..options
        }
    }
}

/// Units of body joints; grippers are always 0 to 100.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum UnitsArg {
    /// Degrees from the middle of the range: LeRobot's `so_follower`
    Degrees,
    /// -100 to 100 over the range: LeRobot's older `so100_follower` and `so101_follower`
    M100,
}

impl From<UnitsArg> for Unit {
    fn from(units: UnitsArg) -> Self {
        match units {
            UnitsArg::Degrees => Self::Degrees,
            UnitsArg::M100 => Self::M100,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum SimAction {
    /// Put simulated servos on pseudo-terminals in real time, until Ctrl-C
    #[command(after_help = "\
Examples:
  ulna sim serve                          one line: `follower /dev/pts/N`
  ulna sim serve --leader                 a leader as well, moved by the simulated hand
  ulna sim serve --leader --robot-id sim --teleop-id sim
                                          with calibration files where LeRobot looks for them, so that its own drivers connect:
                                          --robot.type=so101_follower --robot.port=/dev/pts/N --robot.id=sim")]
    Serve(ServeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_app::robots::DEFAULT, value_name = "F")]
    pub(crate) robot: String,

    /// A leader arm as well, moved by the simulated hand
    #[arg(long)]
    pub(crate) leader: bool,

    /// The id of the follower's calibration; a new one gets a file where LeRobot keeps them
    #[arg(long, value_name = "ID")]
    robot_id: Option<String>,

    /// The id of the leader's calibration
    #[arg(long, value_name = "ID", requires = "leader")]
    teleop_id: Option<String>,

    /// Seed of the hand and of the faults
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,

    /// What goes wrong on the follower's bus, as for teleop
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,
}

impl ServeArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        RigOptions {
            robot: self.robot.clone(),
            robot_id: self.robot_id.clone(),
            teleop_id: self.teleop_id.clone(),
            sim: true,
            seed: self.seed,
            faults: self.fault.clone(),
            ..RigOptions::default()
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetAction {
    /// What it holds: episodes, tasks, features, rate, units
    Info {
        /// Folder of the dataset
        dir: PathBuf,
    },
    /// What is wrong with it: counts, indexes, time stamps, files, pictures, statistics. Exits with 1 if there are errors
    Check {
        /// Folder of the dataset
        dir: PathBuf,
    },
    /// Finish or undo what a crash left half done, and save the episode that was being recorded. What is sound is not touched
    Repair {
        /// Folder of the dataset
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The servo bus: bytes on the wire, cycles per second, host overhead, CPU
    Bus,
    /// Recording: CPU per row, the pause between two episodes, memory; about half a minute
    Record,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero() && duration.as_secs() < 1_000_000)
        .ok_or_else(|| "must be above zero, and less than a million seconds".to_owned())
}

fn seconds_or_none(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(0.0) => Ok(Duration::ZERO),
        _ => seconds(text),
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x');
    sides
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .ok_or_else(|| "not of the form 640x480".to_owned())
}
