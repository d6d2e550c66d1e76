//! Serial ports, servo arms and calibration files.
