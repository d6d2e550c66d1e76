//! What one transaction can hold.

/// Most servos in one transaction.
pub const MAX_SERVOS: usize = 32;
/// Most bytes from or to one servo in one transaction.
pub const MAX_DATA: usize = 32;
/// How many servos can be on one bus: ids 0 to 252.
pub const ALL_IDS: usize = crate::feetech::MAX_ID as usize + 1;
