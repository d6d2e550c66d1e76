//! LeRobot v3 datasets: read, write, check.
