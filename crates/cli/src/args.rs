//! What can be typed.

mod adapter;
mod bench;
mod bridge;
mod bus;
mod calibrate;
mod cameras;
mod check;
mod codec;
mod dataset;
mod dataset_tools;
mod display;
mod doctor;
mod eval;
pub(crate) mod help;
mod hub;
mod policy;
mod ports;
#[cfg(test)]
mod readme;
mod record;
mod recording;
mod recover;
mod replay;
mod rig;
mod rigs;
mod run;
mod scan;
mod setup;
mod sim;
mod teleop;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::log_level::LogLevel;

pub(crate) use bench::BenchCommand;
pub(crate) use bridge::BridgeAction;
pub(crate) use calibrate::CalibrateArgs;
pub(crate) use cameras::{CamerasAction, WhichArgs};
pub(crate) use dataset::{DatasetAction, DatasetTool, ViewArgs};
pub(crate) use dataset_tools::{Costly, Place};
pub(crate) use display::DisplayArgs;
pub(crate) use doctor::DoctorArgs;
pub(crate) use eval::EvalArgs;
pub(crate) use hub::HubAction;
#[cfg(feature = "hub")]
pub(crate) use hub::{KindArg, PullArgs, PushArgs, ServerArgs};
pub(crate) use policy::PolicyAction;
pub(crate) use ports::PortsArgs;
pub(crate) use record::RecordArgs;
pub(crate) use recover::RecoverArgs;
pub(crate) use replay::ReplayArgs;
pub(crate) use rigs::{NewRigArgs, RigAction};
pub(crate) use run::RunArgs;
pub(crate) use scan::ScanArgs;
pub(crate) use setup::SetupArgs;
pub(crate) use sim::{CompareArgs, EnvArgs, IdentifyArgs, ServeArgs, ShowArgs, SimAction};
pub(crate) use teleop::TeleopArgs;

/// Control low-cost servo arms: teleoperate, record, replay, and do it all with a simulated arm.
#[derive(Debug, Parser)]
#[command(
    name = "ulna",
    version,
    propagate_version = true,
    after_help = "New here? `ulna demo` needs no hardware. `ulna completions SHELL` and `ulna man` help a shell to help."
)]
pub(crate) struct Cli {
    /// Print one JSON object on stdout when the command ends; everything else goes to stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say more: all timing, every finding
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Say less: results, questions, warnings and errors alone
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Log what the libraries do, on stderr; the control thread logs nothing
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Logging")]
    pub(crate) log: Option<LogLevel>,

    /// Log into this file instead of on stderr; it is continued if it is there
    #[arg(long, global = true, value_name = "FILE", help_heading = "Logging")]
    pub(crate) log_file: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Reads a command line. Its help fits the terminal.
pub(crate) fn parse<W: Into<OsString> + Clone>(
    words: impl IntoIterator<Item = W>,
) -> Result<Cli, clap::Error> {
    let command = help::fitted(Cli::command(), crate::wrap::columns_of_stdout());
    let command = command.long_version(FEATURES.as_str());
    Cli::from_arg_matches(&command.try_get_matches_from(words)?)
}

/// The version, and which cargo features this ulna was built with.
static FEATURES: LazyLock<String> = LazyLock::new(|| {
    let features = [
        ("viewer", cfg!(feature = "viewer")),
        ("web-viewer", cfg!(feature = "web-viewer")),
        ("hub", cfg!(feature = "hub")),
        ("asm", cfg!(feature = "asm")),
        ("mujoco", cfg!(feature = "mujoco")),
    ];
    let named = |built: bool| {
        let names = features.iter().filter(|(_, is_built)| *is_built == built);
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        }
    };
    format!(
        "{}\nfeatures: {}\nnot built in: {}",
        env!("CARGO_PKG_VERSION"),
        named(true),
        named(false)
    )
});

/// Whether the user asks what can go wrong in a simulation (`--fault help`), whatever else is on the line.
pub(crate) fn asks_for_faults(words: &[OsString]) -> bool {
    let words = words.iter().take_while(|word| *word != "--");
    let words: Vec<&str> = words.filter_map(|word| word.to_str()).collect();
    let flags = ["--fault", "--camera-fault"];
    words
        .windows(2)
        .any(|pair| flags.contains(&pair[0]) && pair[1] == "help")
        || words
            .iter()
            .any(|word| ["--fault=help", "--camera-fault=help"].contains(word))
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

    /// Your own rigs: robot, ports, ids and cameras under one name, for `ulna teleop NAME`
    Rig {
        #[command(subcommand)]
        action: RigAction,
    },

    /// List the serial ports, and find out which one is the arm's
    #[command(after_help = "\
Examples:
  ulna ports                      every port: what is plugged in, by which name it stays the same, whether it can be used
  ulna ports find                 pull the arm's cable: the port that vanishes is it
  ulna ports --sim --json")]
    Ports(PortsArgs),

    /// A bridge board between computer and servos: what it is and does, its limits, its firmware
    #[command(after_help = "\
Examples:
  ulna bridge info /dev/ttyACM0           is it there, and has it stopped the arm
  ulna bridge test /dev/ttyACM0           the link and the dead-man's switch, without moving anything
  ulna bridge limits /dev/ttyACM0 --robot-id mine
  ulna bridge clear /dev/ttyACM0          after a stop
  ulna teleop --robot-port bridge:/dev/ttyACM0 --robot-id mine
An arm behind a board has bridge:PORT as its port, everywhere. Options follow a question mark, as in
bridge:/dev/ttyACM0?deadman=100&on-silence=damp (firmware/README.md has them all).")]
    Bridge {
        #[command(subcommand)]
        action: BridgeAction,
    },

    /// Cameras: which are plugged in, whether they work together, what they see, and their controls
    Cameras {
        #[command(subcommand)]
        action: CamerasAction,
    },

    /// Look for servos: every rate and id, with model, firmware, voltage, temperature and alarms
    #[command(after_help = "\
Examples:
  ulna scan                                 on the only adapter that is plugged in
  ulna scan --robot-port /dev/ttyACM0 --baud 1000000     at one rate
  ulna scan mine                            the follower of your rig
  ulna scan --sim
  ulna scan --sim --fresh                   servos out of the box: all have id 1 and talk over each other

It only reads. Nothing moves.")]
    Scan(ScanArgs),

    /// Give the servos of an arm their ids and rates, one at a time
    #[command(after_help = "\
Examples:
  ulna setup --robot so101 --robot-port /dev/ttyACM0              the follower's servos, from the gripper to the base
  ulna setup --robot so101 --leader --teleop-port /dev/ttyACM1     the leader's
  ulna setup --identify                              wiggle one joint after the other
  ulna setup --sim

Servos that are right already are recognised: after an interruption, start it again. Id and rate are written with the torque off, and
read back. A wiggle is a few degrees with a quarter of the torque; the servo is limp afterwards.")]
    Setup(SetupArgs),

    /// Calibrate an arm: sweep every joint through its range, then offsets are chosen
    #[command(after_help = "\
Examples:
  ulna calibrate --robot so101 --robot-id mine --robot-port /dev/ttyACM0
  ulna calibrate --leader --teleop-id mine --teleop-port /dev/ttyACM1
  ulna calibrate --robot-id mine --robot-port /dev/ttyACM0 --check       compare the file with the servos
  ulna calibrate --robot-id mine --robot-port /dev/ttyACM0 --restore     write the file's values into the servos
  ulna calibrate mine                                                    the follower of your rig
  ulna calibrate --sim --robot-id sim

The file is LeRobot's, at LeRobot's place, so both programs share it; the one that it replaces is kept beside it (.bak). Unlike in
LeRobot, the offset is chosen after the sweep, so the encoder's wrap cannot lie inside a joint's travel. The arm is limp throughout; until
the sweep has ended, nothing is written.")]
    Calibrate(CalibrateArgs),

    /// Clear what servos complain of (overload, heat), without moving the arm
    #[command(after_help = "\
Examples:
  ulna recover --robot-port /dev/ttyACM0
  ulna recover --leader --teleop-port /dev/ttyACM1
  ulna recover --release                              and leave what was cleared limp
  ulna recover --sim                                  a gripper that has squeezed for too long
  ulna recover --sim --fault overheat:elbow_flex@0s+30s

A servo that held before holds again afterwards, where it stands: its goal is set to that place first.")]
    Recover(RecoverArgs),

    /// Check whether this computer is ready: ports, scheduling, clock, disk, programs
    #[command(after_help = "\
Examples:
  ulna doctor
  ulna doctor --sim               leave serial ports alone
  ulna doctor --udev | sudo tee /etc/udev/rules.d/60-ulna.rules

Every line is ok, warn or fail, with what to do next; the exit code is 1 if one fails.")]
    Doctor(DoctorArgs),

    /// Drive a follower arm with a leader arm
    #[command(after_help = "\
Examples:
  ulna teleop --sim                                   a simulated leader, moved by a simulated hand, drives a simulated follower
  ulna teleop --sim --duration 10 --json              ten seconds of it, then the timing report as JSON
  ulna teleop --sim --fault dead:elbow_flex@2s+2s     the elbow's servo stops answering for two seconds
  ulna teleop --robot-port /dev/ttyACM0 --robot-id mine --teleop-port /dev/ttyACM1 --teleop-id mine
  ulna teleop mine                                    the same, after `ulna rig new mine`

The wheels of a `lekiwi` are driven from the keyboard: w s a d move, z x turn, r f faster and slower.

Ctrl-C ends it: the arm holds, then goes to its resting pose, then the torque goes off. A second Ctrl-C ends the program at once, with
the arm holding.")]
    Teleop(TeleopArgs),

    /// Record episodes as a LeRobot v3 dataset while a leader arm drives a follower
    #[command(after_help = "\
Examples:
  ulna record --sim --dataset DIR --task \"pick up the cube\" --episodes 2 --episode-time 10 --reset-time 2
  ulna record --sim --lockstep --dataset DIR --task TEXT --episodes 5 --episode-time 10 --reset-time 0
  ulna record --sim --dataset DIR --task TEXT --episodes 10 --resume   until there are ten
  ulna record --sim --dataset DIR --task TEXT --more 3                 three more
  ulna record --sim --lockstep --scene lift --expert --dataset DIR --episodes 50     an expert shows how it is done
  ulna record --sim --dataset DIR --task TEXT --codec av1              through the ffmpeg on the PATH, with LeRobot's settings

Keys, as in LeRobot: right arrow or n ends the episode (or the reset) now; left arrow or r throws the episode away and records it again,
during the reset the one just finished; Esc or q saves the running episode and ends. Ctrl-C does what q does, or what --on-interrupt says.
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

    /// The simulated arm by itself, for other programs, and the scenes around it
    Sim {
        #[command(subcommand)]
        action: SimAction,
    },

    /// Count how often a task of the simulation is done, by an expert or by a policy
    #[command(after_help = "\
Examples:
  ulna eval --scene lift --expert --episodes 50
  ulna eval --scene reach --policy datasets/so101-reach --episodes 20 --seed 100 --json

Each seed is a session of its own on the virtual clock: the same seed gives the same result, whatever else was evaluated. The interval is Wilson's of
95 %.")]
    Eval(EvalArgs),

    /// Let a learned policy drive the arm
    #[command(after_help = "\
Examples:
  ulna run --sim --scene reach --policy datasets/so101-reach
  ulna run --sim --scene reach --policy datasets/so101-reach --lockstep --duration 30 --seed 3 --json
  ulna run --sim --scene reach --policy datasets/so101-reach --dataset DIR --task \"Reach the target\" --episodes 2 --episode-time 10
  ulna run --robot-port /dev/ttyACM0 --robot-id mine --policy BUNDLE

Before anything moves the policy is checked against the robot (joints, units, cameras, rate) and its network against the answer that it is
known to give. Its targets cross the same safety gate as any other: the arm ramps to the first, and holds when an answer is late or no
number. Ctrl-C ends it as it ends teleop.")]
    Run(RunArgs),

    /// Look at a learned policy: an ONNX network with its contract
    Policy {
        #[command(subcommand)]
        action: PolicyAction,
    },

    /// Look at a LeRobot v3 dataset, check it, repair it
    Dataset {
        #[command(subcommand)]
        action: DatasetAction,
    },

    /// Share datasets and policies: push them to a Hub, pull them from one
    #[command(hide = !cfg!(feature = "hub"))] // it says how to build it in, if asked
    Hub {
        #[command(subcommand)]
        action: HubAction,
    },

    /// Measure: each figure comes with what the same run measured for the bare minimum
    Bench {
        #[command(subcommand)]
        bench: BenchCommand,
    },

    /// Print what a shell needs to complete ulna's commands and options
    #[command(after_help = "\
Examples:
  ulna completions bash > ~/.local/share/bash-completion/completions/ulna
  ulna completions zsh > ~/.zfunc/_ulna                              a folder of $fpath
  ulna completions fish > ~/.config/fish/completions/ulna.fish")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },

    /// Print ulna's manual page, or write those of all commands
    #[command(after_help = "\
Examples:
  ulna man | man -l -
  ulna man dataset check | man -l -
  ulna man --output ~/.local/share/man/man1            one page for each command: `man ulna-record`")]
    Man {
        /// The page of this command
        command: Vec<String>,
        /// Write all pages into this folder
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        output: Option<PathBuf>,
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
