//! What can be wrong with the options of an environment.

use ulna_outside::Printable;

/// What is wrong with the options of an environment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SteppedUsage {
    /// Steps that no loop makes.
    #[error("--fps {fps} is not between {low} and {high} steps a second")]
    Fps {
        /// What was asked for, Hz.
        fps: f64,
        /// The lowest, Hz.
        low: f64,
        /// The highest, Hz.
        high: f64,
    },
    /// A camera that is not there.
    #[error(
        "there is no camera `{}` around `{}`; there are: {}",
        Printable(camera),
        Printable(robot),
        Printable(known)
    )]
    Camera {
        /// What was asked for.
        camera: String,
        /// The robot.
        robot: String,
        /// What there is.
        known: String,
    },
    /// A camera that is named twice.
    #[error("--cameras names `{}` twice", Printable(camera))]
    Twice {
        /// The camera.
        camera: String,
    },
}
