//! Clocks, the lockstep scheduler, pacing, timing statistics and shutdown.
