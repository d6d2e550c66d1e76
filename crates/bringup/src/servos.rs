//! What is done to servos on a bus before there is an arm, without any dialogue: functions on a bus, for any maker's servos.

pub mod calibrate;
pub mod recover;
pub mod scan;
pub mod setup;
