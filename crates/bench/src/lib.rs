//! `ulna bench`: figures, each with what the same run measured or computed for the bare minimum of its case.
//!
//! Reading order: [`figures`] (what a bench gives), then the benches by themselves.

mod adapters;
mod bridge;
mod bus;
mod cameras;
mod codecs;
mod echo;
pub mod error;
pub mod figures;
mod grasp;
mod meters;
mod pictures;
mod policy;
mod read;
mod record;
mod sim;
mod ssim;

pub use adapters::adapters;
pub use bridge::bridge;
pub use bus::bus;
pub use cameras::cameras;
pub use codecs::codecs;
pub use error::BenchError;
pub use figures::{BenchReport, Case, Computer};
pub use grasp::grasp;
pub use policy::policy;
pub use read::read;
pub use record::record;
pub use sim::sim;
