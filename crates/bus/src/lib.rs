//! Servo packets, register tables and the transaction engine, without any input or output.
