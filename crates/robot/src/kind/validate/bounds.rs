//! How large and how small the numbers of a robot file may be, and how long its names.
//!
//! The bounds are far wider than any arm of these servos, and narrow enough that whatever is computed from numbers inside them stays
//! finite.

use alloc::format;
use core::ops::RangeInclusive;

use nalgebra::Matrix3;
use ulna_outside::text::is_printable;

use super::error::{RobotFileError, wrong};
use crate::kind::{FrameSpec, LinkSpec};

/// A coordinate or a distance, m.
pub(super) const PLACE: RangeInclusive<f64> = -100.0..=100.0;
/// An angle, rad.
pub(super) const ANGLE: RangeInclusive<f64> = -100.0..=100.0;
/// A direction, degrees.
pub(super) const DIRECTION: RangeInclusive<f64> = -3600.0..=3600.0;
/// An extent of something that can be seen, m.
pub(super) const EXTENT: RangeInclusive<f64> = 1e-6..=100.0;
/// A radius of a base or its wheels, m.
pub(super) const RADIUS: RangeInclusive<f64> = 1e-3..=10.0;
/// A speed or an acceleration: rad/s, m/s, m/s².
pub(super) const SPEED: RangeInclusive<f64> = 1e-3..=100.0;
/// A speed in degrees/s.
pub(super) const DEGREES_PER_SECOND: RangeInclusive<f64> = 0.1..=36_000.0;
/// Where a joint's limits may lie, rad: two turns.
pub(super) const LIMIT: RangeInclusive<f64> = -12.6..=12.6;
/// The least that a joint's limits may be apart, rad.
pub(super) const TRAVEL: f64 = 0.01;
/// A value in a joint's unit.
pub(super) const VALUE: RangeInclusive<f64> = -1000.0..=1000.0;
/// Longest and shortest time to end a session in, s.
pub(super) const EXIT: RangeInclusive<f64> = 0.1..=60.0;
/// A camera's field of view, degrees.
pub(super) const FIELD: RangeInclusive<f64> = 1.0..=175.0;
/// A part of what a servo's model has.
pub(in crate::kind) const FACTOR: RangeInclusive<f64> = 0.0..=20.0;
/// How late an action may come, ms.
pub(in crate::kind) const LATENESS: RangeInclusive<f64> = 0.0..=1000.0;
/// A link's mass, kg.
const MASS: RangeInclusive<f64> = 1e-6..=1e3;
/// A moment of inertia about an axis through the centre of mass, kg·m².
const MOMENT: RangeInclusive<f64> = 1e-12..=1e3;

/// Longest name of a robot, a joint, a servo's model or a camera, bytes: they become parts of columns and of names of files.
const LONGEST_NAME: usize = 64;

/// An error if a number is none, or outside these bounds.
pub(in crate::kind) fn within(
    key: &str,
    number: f64,
    bounds: &RangeInclusive<f64>,
) -> Result<(), RobotFileError> {
    if bounds.contains(&number) {
        return Ok(());
    }
    let (low, high) = (bounds.start(), bounds.end());
    wrong(
        key,
        format!("{number:?} is not between {low:?} and {high:?}"),
    )
}

/// The same for several numbers of one key.
pub(super) fn all_within<'a>(
    key: &str,
    numbers: impl IntoIterator<Item = &'a f64>,
    bounds: &RangeInclusive<f64>,
) -> Result<(), RobotFileError> {
    numbers
        .into_iter()
        .try_for_each(|&number| within(key, number, bounds))
}

pub(super) fn frame(key: &str, frame: &FrameSpec) -> Result<(), RobotFileError> {
    all_within(key, &frame.xyz, &PLACE)?;
    all_within(key, &frame.rpy, &ANGLE)
}

/// A mass where there is one, and an inertia that a rigid body can have.
pub(super) fn link(key: &str, link: &LinkSpec) -> Result<(), RobotFileError> {
    all_within(&format!("{key}.com"), &link.com, &PLACE)?;
    within(&format!("{key}.mass"), link.mass, &MASS)?;
    let key = format!("{key}.inertia");
    let [xx, yy, zz, xy, xz, yz] = link.inertia;
    all_within(&key, &[xx, yy, zz], &MOMENT)?;
    all_within(&key, &[xy, xz, yz], &(-MOMENT.end()..=*MOMENT.end()))?;
    match Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz).cholesky() {
        Some(_) => Ok(()),
        None => wrong(
            key,
            "no body has these moments: xy, xz and yz are too large for xx, yy and zz",
        ),
    }
}

/// A name that fits into columns and names of files, and that shows what it is.
pub(in crate::kind) fn short(key: &str, name: &str) -> Result<(), RobotFileError> {
    if name.len() <= LONGEST_NAME && name.chars().all(is_printable) {
        return Ok(());
    }
    wrong(
        key,
        format!("a name has at most {LONGEST_NAME} bytes, and no control characters"),
    )
}
