//! The numbers that all electronics share.

use core::time::Duration;

/// How often the protections count; the registers of Feetech's protection times have this unit.
pub const TICK: Duration = Duration::from_millis(10);

/// To the nearest whole number; the cast bounds what no register can hold anyway.
pub(super) fn rounded(value: f64) -> i32 {
    value.round() as i32
}
