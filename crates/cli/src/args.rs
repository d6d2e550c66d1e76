//! What can be typed.

mod bench;
mod dataset;
mod record;
mod replay;
mod rig;
mod sim;
mod teleop;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use bench::BenchCommand;
pub(crate) use dataset::DatasetAction;
pub(crate) use record::RecordArgs;
pub(crate) use replay::ReplayArgs;
pub(crate) use sim::SimAction;
pub(crate) use teleop::TeleopArgs;

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
