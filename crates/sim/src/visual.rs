//! What a simulated camera looks at, as plain data: a table, objects on it, and the robot's links as simple solids.
//!
//! Everything is in the base frame of the robot (right-handed, z up, lengths in m) except what is fixed to a link, which is in
//! that link's frame: the frame of the joint that moves it, as [`Pose::links`](ulna_robot::kinematics::Pose::links) gives it.
//! Nothing here depends on the kind of robot: what one looks like and which cameras it has are data of its robot file, and
//! [`VisualScene::of`] and [`cameras_of`] read them.

mod look;
mod parts;
mod pinhole;
mod shape;
pub(crate) mod solid;
pub(crate) mod texture;

pub use look::cameras_of;
pub use parts::{Laid, Lamp, MAX_LAMPS, TableTop, Visual, VisualScene};
pub(crate) use pinhole::looking;
pub use pinhole::{NEAR, PinholeCamera, View};
pub use shape::{Object, Shape};
pub use texture::{Pattern, Texture};
pub use ulna_robot::Colour;
