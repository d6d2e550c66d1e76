//! `ulna bench`.

use std::path::PathBuf;

use clap::Subcommand;
use ulna_session::PhysicsEngine;

use super::adapter::AdapterName;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The servo bus: bytes on the wire, cycles per second, host overhead, CPU
    Bus {
        /// Instead: whole sessions behind this simulated USB adapter; may be repeated, `all` is every one (a few minutes), `help` lists them
        #[arg(long, value_name = "ADAPTER", value_parser = AdapterName)]
        adapter: Vec<String>,
    },
    /// The bridge board: cycles per second, goals on the wire, the dead-man, CPU of its state machine
    Bridge,
    /// Two MJPEG cameras: CPU per picture, how old pictures are in the rows, what a busy computer loses; half a minute
    Cameras,
    /// Codecs on the same pictures: size, CPU and likeness (SSIM) of each; about a minute
    Codecs,
    /// The policy that comes with ulna: one inference, and one in the bare engine
    Policy,
    /// Recording: CPU per row, the pause between two episodes, memory; about half a minute
    Record,
    /// The simulation: how much faster than real time it runs, with contact and without; some seconds
    Sim {
        /// What moves the arm and the things around it: ulna's own engine, or MuJoCo where it is built in
        #[arg(long, default_value = "ulna", value_name = "ulna|mujoco")]
        physics: PhysicsEngine,

        /// Instead: grasps. A cube is held and squeezed for a minute, and drawn trials are made on every engine that is built in and compared
        #[arg(long, conflicts_with = "physics")]
        grasp: bool,

        /// How many trials are drawn
        #[arg(long, default_value_t = 60, value_name = "N", requires = "grasp", value_parser = clap::value_parser!(u64).range(1..=10_000))]
        trials: u64,

        /// Their seed
        #[arg(long, default_value_t = 0, value_name = "N", requires = "grasp")]
        seed: u64,
    },
    /// Reading datasets: rows, random and sequential pictures, opening; about half a minute
    Read {
        /// Another dataset to read pictures of, such as one that LeRobot wrote
        #[arg(long, value_name = "DIR")]
        dataset: Option<PathBuf>,
    },
}
