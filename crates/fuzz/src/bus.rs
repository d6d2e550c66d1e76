//! What comes over the wire from servos.

pub(crate) mod decoder;
pub(crate) mod dynamixel;
pub(crate) mod engine;
pub(crate) mod registers;
