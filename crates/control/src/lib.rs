//! The control tick: teleoperation, replay, park.
