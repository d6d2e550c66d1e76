//! What a recorder says of itself while it runs.

use super::Recorder;
use crate::phases::Phase;

impl Recorder {
    /// Where the session is.
    pub fn phase(&self) -> Phase {
        self.phases.phase()
    }
}
