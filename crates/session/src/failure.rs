//! Sessions, and what is made of them, that end in a way that they should not.

use std::path::PathBuf;

use ulna_outside::{Printable, files};
use ulna_recorder::RecorderError;

/// How a session ended that should have ended otherwise. `left` says how the arm was left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionFailure {
    /// The control thread panicked, and there is no report.
    #[error("the control thread failed (see above)")]
    NoReport,
    /// The control thread panicked.
    #[error("the control thread failed (see above); the arm: {left}")]
    Panicked {
        /// How the arm was left.
        left: String,
    },
    /// The follower's port is gone.
    #[error("the follower's port {ports}; the arm: {left}")]
    FollowerLost {
        /// Which, and why.
        ports: String,
        /// How the arm was left.
        left: String,
    },
    /// The leader's port is gone.
    #[error("the leader's port {ports}; the arm: {left}")]
    LeaderLost {
        /// Which, and why.
        ports: String,
        /// How the arm was left.
        left: String,
    },
    /// The way out did not go as asked.
    #[error("the session ended ({ended}), but the arm: {left}")]
    ExitFailed {
        /// Why it ended.
        ended: String,
        /// How the arm was left.
        left: String,
    },
    /// The arm was hardly heard.
    #[error("most reads failed: {unread}. The arm: {left}")]
    Unread {
        /// On which bus.
        unread: String,
        /// How the arm was left.
        left: String,
    },
    /// Servos lost their power and did not come back.
    #[error("the session ended ({ended}), but {limp}; the arm: {left}")]
    Limp {
        /// Why it ended.
        ended: String,
        /// Which servos.
        limp: String,
        /// How the arm was left.
        left: String,
    },
    /// The recorder failed.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// One of these, while something was recorded.
    #[error("{failure}; {saved}")]
    WhileRecording {
        /// What went wrong.
        #[source]
        failure: Box<Self>,
        /// What is on the disk.
        saved: String,
    },
    /// A disk that is too full to begin.
    #[error("the disk for {} has only {megabytes} MB free: make room, or record somewhere else", dataset.display())]
    DiskFull {
        /// What was to be recorded.
        dataset: PathBuf,
        /// What is free.
        megabytes: u64,
    },
    /// A simulated camera that stays blind.
    #[error("the simulated camera `{camera}` gave no picture")]
    NoPicture {
        /// The camera.
        camera: String,
    },
    /// A part of the tour did not do what it shows.
    #[error(
        "the tour failed at {part}: {what}; `ulna dataset check {}` says more",
        files::shell(dataset)
    )]
    Tour {
        /// Which.
        part: String,
        /// What is wrong.
        what: String,
        /// What it recorded.
        dataset: PathBuf,
    },
    /// The tour's servos did not answer.
    #[error(
        "the tour's teleoperation failed: {missed} of {reads} reads went unanswered; `ulna doctor` says whether this computer is ready"
    )]
    Unanswered {
        /// How many.
        missed: u64,
        /// Of how many.
        reads: u64,
    },
    /// The tour's film cannot be made.
    #[error("the recording {}: {reason}", path.display())]
    Film {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A policy reached too few targets.
    #[error(
        "the policy missed its goal: {task}, and {percent:.0} % are asked for; `ulna policy check` says whether the bundle is sound"
    )]
    MissedGoal {
        /// What it reached.
        task: String,
        /// What is asked for.
        percent: f64,
    },
    /// A policy that sees what the scene does not report.
    #[error(
        "policy `{}` wants {numbers} numbers of observation.environment_state, which this scene does not report: pass --scene {scene}",
        Printable(policy)
    )]
    PolicyScene {
        /// The policy.
        policy: String,
        /// How many numbers it wants.
        numbers: usize,
        /// The scene that reports so many.
        scene: String,
    },
    /// PyTorch cannot be asked.
    #[error(
        "--verify: the bundle {} is written, and `{}` does not verify it: {reason}; name a Python that has LeRobot with --python",
        bundle.display(), python.display()
    )]
    NotVerified {
        /// What was imported.
        bundle: PathBuf,
        /// The Python that was asked.
        python: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// PyTorch answers otherwise.
    #[error(
        "PyTorch {torch} is {difference:.1e} robot units away from the bundle {}, and {tolerance:.0e} are allowed: do not run it, and report this checkpoint's config.json",
        bundle.display()
    )]
    VerifiedOtherwise {
        /// PyTorch's version.
        torch: String,
        /// By how much, robot units.
        difference: f64,
        /// What was imported.
        bundle: PathBuf,
        /// What is allowed, robot units.
        tolerance: f64,
    },
}

/// What the user ended, and how everything is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Interruption {
    /// At the question before the first motion.
    #[error("interrupted at the question; nothing has moved")]
    AtQuestion,
    /// With a no to that question.
    #[error("ended at the question; the follower did not go to its first goal")]
    Declined,
    /// Before a comparison or a fit was through.
    #[error("interrupted before the end; nothing was written")]
    BeforeTheEnd,
    /// While a dataset was copied.
    #[error("interrupted; the dataset is as it was")]
    Copying,
}
