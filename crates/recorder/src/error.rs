//! Why a recording ended before its time.

use std::time::Duration;

use ulna_core::CameraFault;
use ulna_dataset::DatasetError;

/// Why a recording ended before its time. What was saved by then stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// A camera is unplugged or its pictures are at an end.
    #[error("{0}; check its cable, then go on with --resume")]
    CameraGone(#[from] CameraFault),
    /// A camera hands out one picture for ever.
    #[error(
        "camera `{camera}` is frozen: it has handed out picture {sequence} again and again for {:.1} s; \
         unplug and replug it, then go on with --resume",
        age.as_secs_f64()
    )]
    CameraFrozen {
        /// The camera.
        camera: String,
        /// The number of the picture.
        sequence: u64,
        /// How old it is by now.
        age: Duration,
    },
    /// The control loop stood still, and that was to end the session.
    #[error(
        "the control loop stood still for {:.1} s, and --on-late stop ends the session then; the computer is overloaded or was suspended: \
         go on with --resume",
        standstill.as_secs_f64()
    )]
    Stalled {
        /// For how long, as far as known.
        standstill: Duration,
    },
    /// Pictures arrive, but too old.
    #[error(
        "camera `{camera}` is late: its pictures are {:.1} s old when they arrive, {:.1} s are allowed; choose a smaller \
         picture or a lower rate, or plug it into a port of its own, then go on with --resume",
        age.as_secs_f64(), allowed.as_secs_f64()
    )]
    CameraLate {
        /// The camera.
        camera: String,
        /// How old the newest picture is.
        age: Duration,
        /// How old it may be.
        allowed: Duration,
    },
    /// No pictures.
    #[error(
        "camera `{camera}` has given no picture for {:.1} s; check its cable, and that no other program uses it, then go on with \
         --resume",
        silence.as_secs_f64()
    )]
    CameraSilent {
        /// The camera.
        camera: String,
        /// For how long.
        silence: Duration,
    },
    /// The control thread's ring was full.
    #[error(
        "the recorder did not keep up: {lost} control ticks found no room on their way to it; the computer is overloaded, so \
         record fewer or smaller pictures"
    )]
    TicksLost {
        /// How many.
        lost: u64,
    },
    /// Rows pile up.
    #[error(
        "the disk did not keep up: {waiting} rows and pictures wait for it; check the disk, then run `ulna dataset repair` to save \
         the running episode"
    )]
    Backlog {
        /// How many messages are waiting.
        waiting: usize,
    },
    /// There would soon be no room to save anything.
    #[error(
        "the disk is nearly full: {} MB are free, and saving the running episode may take {} MB, so the session ended while it could be saved; \
         make room, then go on with --resume",
        free / 1_000_000, needed / 1_000_000
    )]
    DiskNearlyFull {
        /// Bytes that are free.
        free: u64,
        /// Bytes that saving the running episode may take, with a reserve.
        needed: u64,
    },
    /// The robot's side ended the session.
    #[error("{reason}")]
    Aborted {
        /// Why, in words.
        reason: String,
    },
    /// The dataset.
    #[error("{0}; an episode that was not saved yet waits for `ulna dataset repair`")]
    Dataset(#[from] DatasetError),
    /// The frames that did not fit into memory found no place on disk.
    #[error(
        "pictures of camera `{camera}` that wait for their encoder cannot be put aside: {source}; check the disk"
    )]
    Spool {
        /// The camera.
        camera: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A thread failed or could not be started.
    #[error(
        "the recorder's thread `{thread}` {what}; run `ulna dataset repair` to save the running episode"
    )]
    Thread {
        /// Its name.
        thread: String,
        /// What happened.
        what: String,
    },
}
