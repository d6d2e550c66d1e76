//! Sessions: a rig is opened, a teleoperator drives a follower through the safety gate, and everything that happens is reported in
//! one stream of events.
//!
//! Reading order: [`device`] (what moves and what says where to), [`supply`] (ports and cameras, real or simulated), [`cameras`],
//! [`teleoperators`], [`rig`], then a session: [`run`], [`controlled`] (ticks and the one way out), [`fanout`] (where ticks go),
//! [`client`] (commands in, events out), [`report`]. What uses them: [`mod@teleop`], [`record`], [`replay`], [`policies`], [`mod@eval`], [`stepped`], [`demo`]; and, without
//! a session, [`sim_to_real`].

mod alarm_watch;
mod at_rest;
pub mod cameras;
pub mod client;
mod control_loop;
pub mod controlled;
pub mod datasets;
pub mod demo;
pub mod device;
pub mod device_report;
pub mod display;
pub mod episode;
pub mod error;
pub mod eval;
pub mod failure;
pub mod fanout;
mod first_move;
pub mod options;
pub mod policies;
mod policy_options;
pub mod question;
pub mod record;
pub mod replay;
pub mod report;
pub mod rig;
pub mod rig_file;
pub mod run;
pub mod servo_follower;
pub mod shipped;
pub mod sim_to_real;
pub mod stepped;
pub mod supply;
pub mod teleop;
pub mod teleoperator_type;
pub mod teleoperators;
pub mod usage;
pub mod view;

pub use client::{SessionCommand, SessionEvent, SessionLink};
pub use error::SessionError;
pub use failure::{Interruption, SessionFailure};
pub use options::{FarMoves, RigOptions};
pub use rig::Rig;
pub use supply::{PhysicsEngine, faults_in_words, scene_picture, scenes};
pub use ulna_bus::ErrorFlags;
pub use ulna_core::{Health, TickRecord, Unit};
pub use ulna_policy::{EngineChoice, EngineKind, Merge, Provider};
pub use ulna_recorder::{CameraReport, EpisodeReport, Phase, Progress, RecorderError};
pub use ulna_robot::RobotKind;
pub use ulna_rt::{Stop, Summary};
pub use usage::UsageError;
