//! Why a simulated arm cannot be compared with, or fitted to, the recordings that were named.

use std::path::PathBuf;

use ulna_outside::Printable;

/// What is wrong with the recordings of a comparison or a fit, or with where its result is to go.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimToRealUsage {
    /// A rate that no recording has.
    #[error(
        "{}: meta/info.json says {fps} frames per second, so it is not known when which action was sent; \
         mend `fps` there (1 to 1000)",
        dataset.display()
    )]
    Fps {
        /// The dataset.
        dataset: PathBuf,
        /// What it says.
        fps: f64,
    },
    /// Nothing that is long enough.
    #[error(
        "{}: there is no episode of {shortest} frames or more to compare with ({looked_at} looked at); record some, or name others \
         with --episodes",
        dataset.display()
    )]
    NoEpisodes {
        /// The dataset.
        dataset: PathBuf,
        /// The least frames.
        shortest: usize,
        /// How many episodes were looked at.
        looked_at: usize,
    },
    /// States that are in no unit of an arm.
    #[error(
        "{}: the states of `{}` go to {worst}, which is nothing in {unit} ({from}); \
         ulna reads degrees and -100 to 100: pass --units with the right one, or convert the dataset",
        dataset.display(), Printable(joint)
    )]
    NoUnit {
        /// The dataset.
        dataset: PathBuf,
        /// The joint.
        joint: String,
        /// The state farthest from zero.
        worst: f64,
        /// The unit that was taken.
        unit: String,
        /// Why.
        from: String,
    },
    /// Nothing says which units they have.
    #[error(
        "{}: a dataset carries no units, its states show no encoder's grid, and robot type `{}` does not imply them: \
         pass --units degrees or --units m100",
        dataset.display(), Printable(robot_type)
    )]
    NoUnits {
        /// The dataset.
        dataset: PathBuf,
        /// What it was recorded with.
        robot_type: String,
    },
    /// An arm that it has not.
    #[error("{}: there is no arm `{}`; the arms of this dataset are {arms}", dataset.display(), Printable(arm))]
    UnknownArm {
        /// The dataset.
        dataset: PathBuf,
        /// What was asked for.
        arm: String,
        /// What it has.
        arms: String,
    },
    /// Several arms, of which one has to be named.
    #[error("{}: it has the arms {arms}; pass --arm with the one to identify", dataset.display())]
    WhichArm {
        /// The dataset.
        dataset: PathBuf,
        /// What it has.
        arms: String,
    },
    /// The joints of another robot.
    #[error(
        "{}: `observation.state` has [{}], but robot {robot} has the joints [{joints}]; pass the --robot that it was recorded with \
         (`ulna robots list`)",
        dataset.display(), Printable(names)
    )]
    NoArm {
        /// The dataset.
        dataset: PathBuf,
        /// The names of its state.
        names: String,
        /// The robot.
        robot: String,
        /// Its joints.
        joints: String,
    },
    /// Recordings from which nothing follows.
    #[error(
        "{}: no joint of the first half of these recordings moves as its actions say, so nothing can be identified; \
         `ulna sim compare` says what each joint does, --episodes names others",
        dataset.display()
    )]
    NothingMoves {
        /// The dataset.
        dataset: PathBuf,
    },
    /// A result that cannot go where it is to go.
    #[error(transparent)]
    Output(#[from] OutputUsage),
}

/// What is wrong with the name of a robot file that is to be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputUsage {
    /// Another ending.
    #[error("--output {}: a robot file ends in .toml", Printable(.output.display()))]
    NotToml {
        /// The file.
        output: PathBuf,
    },
    /// A file that is there.
    #[error("{} is there already: name another --output, or pass --replace", Printable(.output.display()))]
    Taken {
        /// The file.
        output: PathBuf,
    },
    /// A folder that is not.
    #[error("--output {}: there is no such folder; create it first", Printable(.output.display()))]
    NoFolder {
        /// The file.
        output: PathBuf,
    },
    /// A name that no robot has.
    #[error(
        "`{}` cannot be a robot's name: {problem}; use letters, digits, `-` and `_` in --output",
        Printable(name)
    )]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// What cannot be written as TOML.
    #[error(transparent)]
    Toml(#[from] toml::ser::Error),
}
