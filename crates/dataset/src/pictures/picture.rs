//! A decoded picture, and how near to its time one must be.

/// How far a picture's time may be off, in seconds; LeRobot's default.
pub(crate) const TOLERANCE: f64 = 1e-4;

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Rows of RGB pixels, 8 bits per colour, without gaps.
    pub rgb: Vec<u8>,
}
