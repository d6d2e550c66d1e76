//! What a policy's folder holds, ulna's or LeRobot's.

pub(crate) mod bundle;
pub(crate) mod checkpoint;
