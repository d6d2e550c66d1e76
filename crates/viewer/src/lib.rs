//! Shows sessions and datasets of ulna in the [Rerun](https://rerun.io) viewer, with a layout made for arms: what each joint was commanded
//! and what it did, how well it followed, where the time of each tick went, what the safety gate did, what the cameras saw,
//! and the arm in space.
//!
//! A session calls a [`SessionView`] tick by tick, as an [`ulna_robot::display::Display`]; [`show_episode`] shows an episode of a dataset
//! at once. Both send to a [`Viewer`]: a window, a file, or a page in the browser.
//!
//! ```no_run
//! # fn main() -> Result<(), ulna_viewer::ViewerError> {
//! let viewer = ulna_viewer::Viewer::open(&"session.rrd".parse()?, "teleop so101")?;
//! let mut display = ulna_viewer::SessionView::new(viewer);
//! # let _ = &mut display;
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: [`target`] (where it is shown), [`session`] and [`episode`] (what), `arm` (in space), `layout` (how).
#![forbid(unsafe_code)]

mod arm;
pub mod episode;
mod layout;
mod panel;
mod pictures;
mod points;
mod series;
pub mod session;
mod solid;
pub mod target;
mod things;
#[cfg(feature = "web-viewer")]
mod web;

pub use episode::{EpisodeRobot, show_episode};
pub use session::SessionView;
pub use target::{Viewer, ViewerError, ViewerTarget};
