//! `ulna demo`: the tour. A newcomer sees what ulna does, without hardware and without questions.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use ulna_rt::Stop;

use crate::error::AppError;
use crate::replay::{ReplayOptions, replay};
use crate::report::{ClockKind, SessionReport};
use crate::rig::{Rig, RigOptions};
use crate::run::{Job, run};
