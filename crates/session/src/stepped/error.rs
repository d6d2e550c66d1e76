//! Why an episode did not go on.

use crate::error::SessionError;

/// Why an episode did not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SteppedError {
    /// The session could not begin, or failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A step after the end.
    #[error("the episode is over: reset the environment before the next step")]
    Over,
    /// An action with another number of values than the robot has.
    #[error("an action has {wanted} numbers ({names}), and this one has {given}")]
    Width {
        /// How many came.
        given: usize,
        /// How many the robot takes.
        wanted: usize,
        /// Their names.
        names: String,
    },
    /// An action that is not finite.
    #[error("the action for `{name}` is {value}, and only finite numbers move an arm")]
    NotFinite {
        /// Of which joint.
        name: String,
        /// What came.
        value: f64,
    },
    /// A camera that shows nothing.
    #[error("camera `{camera}` gave no picture in the whole episode")]
    NoPicture {
        /// The camera.
        camera: String,
    },
    /// A picture was asked for, and no camera shows one.
    #[error(
        "no camera is there to render: pass --render CAMERA (render_mode=\"rgb_array\" in Python)"
    )]
    NothingRendered,
    /// Ctrl-C, or the session's thread is gone.
    #[error("the episode was cut short")]
    Cut,
}
