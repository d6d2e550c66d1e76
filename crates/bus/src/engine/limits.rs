//! What one transaction can hold.

/// Most servos in one transaction.
pub const MAX_SERVOS: usize = 32;
/// Most bytes from or to one servo in one transaction.
pub const MAX_DATA: usize = 32;
