//! What goes wrong with a camera, in words for the person who plugged it in.

/// Why a camera cannot be used, or gives no more pictures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CameraError {
    /// What was asked for makes no sense, or is not to be had from this camera.
    #[error("camera {camera}: {problem}")]
    Usage {
        /// The camera, as it was named, without a password.
        camera: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The camera, or the way to it, failed.
    #[error("camera {camera}: {problem}")]
    Failed {
        /// The camera, as it was named, without a password.
        camera: String,
        /// What happened, and what to do.
        problem: String,
    },
}

impl CameraError {
    /// Options are wrong.
    pub(crate) fn usage(camera: &str, problem: impl Into<String>) -> Self {
        Self::Usage {
            camera: camera.to_owned(),
            problem: problem.into(),
        }
    }

    /// The camera failed.
    pub(crate) fn failed(camera: &str, problem: impl Into<String>) -> Self {
        Self::Failed {
            camera: camera.to_owned(),
            problem: problem.into(),
        }
    }

    /// Whether other options would help: exit code 2.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage { .. })
    }

    /// What is wrong, without the camera's name.
    pub fn problem(&self) -> &str {
        match self {
            Self::Usage { problem, .. } | Self::Failed { problem, .. } => problem,
        }
    }
}
