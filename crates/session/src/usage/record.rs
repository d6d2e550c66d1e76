//! What can be wrong with the options of a recording.

use std::path::PathBuf;

use ulna_outside::{Printable, files};

/// What is wrong with what a recording is to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordUsage {
    /// No task.
    #[error(
        "--task is empty: say what the robot is to do, for example --task \"pick up the cube\""
    )]
    NoTask,
    /// No task is given, and the scene has none.
    #[error(
        "--task is missing: say what the robot is to do, for example --task \"pick up the cube\""
    )]
    TaskMissing,
    /// No episodes.
    #[error("no episodes were asked for")]
    NoEpisodes,
    /// There is no dataset to go on with.
    #[error(
        "there is no dataset in {} to go on with; leave --more and --resume out to begin one",
        Printable(dataset.display())
    )]
    NothingThere {
        /// The folder.
        dataset: PathBuf,
    },
    /// The dataset has them all.
    #[error("{} holds {episodes} episodes already: nothing is missing", dataset.display())]
    Complete {
        /// The dataset.
        dataset: PathBuf,
        /// How many it holds.
        episodes: u64,
    },
    /// A frame rate beyond the control rate.
    #[error("--fps {fps} is not between 1 and the control rate of {rate_hz} Hz")]
    Fps {
        /// What was asked for.
        fps: u32,
        /// The control rate, Hz.
        rate_hz: f64,
    },
    /// Episodes without a row.
    #[error("--episode-time {seconds} is shorter than one row at {fps} frames/s")]
    EpisodeTime {
        /// What was asked for, s.
        seconds: f64,
        /// Rows per second.
        fps: u32,
    },
    /// Pictures that cannot be encoded.
    #[error("--camera-size {width}x{height}: both sides must be even, from 16x16 to 3840x2160")]
    CameraSize {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A camera whose pictures cannot be encoded.
    #[error(
        "camera `{camera}` gives pictures of {width}x{height}: both sides must be even, from 16x16 to 3840x2160; set another size at the camera"
    )]
    PictureSize {
        /// The camera.
        camera: String,
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A camera that the rig has not.
    #[error("the rig of `{robot}` has no camera `{camera}`; it has: {known}")]
    UnknownCamera {
        /// The robot.
        robot: String,
        /// What was asked for.
        camera: String,
        /// What it has.
        known: String,
    },
    /// A fault of a camera that is not recorded would happen unseen.
    #[error("--camera-fault: camera `{camera}` is not among those that are recorded")]
    FaultUnseen {
        /// The camera.
        camera: String,
    },
    /// Settings of an encoder that has none.
    #[error(
        "the built-in h264 has no --gop, --crf or --preset; use --codec libx264 for these, or av1, hevc …"
    )]
    BuiltInCodec,
    /// Nothing to go on with.
    #[error(
        "there is no dataset {} to go on with: begin it with --episodes N, without --resume and --more",
        Printable(.0.display())
    )]
    NothingToResume(
        /// The folder.
        PathBuf,
    ),
    /// A dataset without our columns is to go on with them.
    #[error(
        "{} has none of ulna's own columns, as with --plain: pass --plain to go on with it",
        Printable(.0.display())
    )]
    IsPlain(
        /// The dataset.
        PathBuf,
    ),
    /// A dataset with our columns is to go on without them.
    #[error(
        "{} has ulna's own columns: leave out --plain, or take them off with `ulna dataset features {} --plain`",
        Printable(.0.display()), files::shell(.0)
    )]
    IsNotPlain(
        /// The dataset.
        PathBuf,
    ),
    /// Too many episodes to be graded at the end of a recording.
    #[error("{0} episodes take too long to be read again now")]
    TooManyToGrade(
        /// How many.
        u64,
    ),
}
