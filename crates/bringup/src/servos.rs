//! What is done to servos on a bus before there is an arm, without anybody to talk with: one function each, for any maker's servos.

pub mod calibrate;
pub mod recover;
pub mod scan;
pub mod setup;
