//! How near the simulated arm is to a real one: a dataset's actions are played on simulated servos, and the states compared with the
//! recorded ones.
//!
//! Reading order: [`arms`] (which arms a dataset has, and where their numbers stand), [`source`] (reading them in pieces), [`units`] and
//! [`known`] (what the numbers mean), [`mod@compare`] (the comparison), [`mod@identify`] (fitting a robot file), [`arm_file`] (writing it),
//! [`report`] (what people and programs get).

mod arm_file;
mod arms;
mod compare;
mod identify;
mod known;
mod report;
mod source;
mod subject;
mod units;

use std::path::PathBuf;

use ulna_core::Unit;
use ulna_dataset::tools::Progress;
use ulna_rt::Stop;

use crate::error::SessionError;
use crate::failure::Interruption;

pub use compare::compare;
pub use identify::{Identified, identify};
pub use report::{ComparedArm, ComparedJoint, Comparison, IdentifiedArm};

/// What is compared with what.
#[derive(Debug, Clone, Default)]
pub struct CompareOptions {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// Only these episodes.
    pub episodes: Option<Vec<u64>>,
    /// The robot, whose file also says the motors; if absent, both follow from the dataset.
    pub robot: Option<String>,
    /// LeRobot's calibration file of the arm, if the ranges shall not be read off the data.
    pub calibration: Option<PathBuf>,
    /// The unit of the dataset's body joints, if the user says so.
    pub units: Option<Unit>,
    /// Only the arm whose joints' names begin so: `left`, `right`.
    pub arm: Option<String>,
}

/// Says how far the work is and hears whether it is to end.
struct Watch<'a> {
    stop: &'a Stop,
    show: &'a mut dyn FnMut(Progress),
}

impl Watch<'_> {
    fn show(&mut self, step: &'static str, done: usize, total: usize) -> Result<(), SessionError> {
        if self.stop.requested().is_some() {
            return Err(Interruption::BeforeTheEnd.into());
        }
        (self.show)(Progress {
            step,
            done: done as u64,
            total: total as u64,
            note: None,
        });
        Ok(())
    }
}
