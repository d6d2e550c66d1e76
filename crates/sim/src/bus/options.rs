//! How a bus behaves as a line.

use core::time::Duration;

use ulna_bus::feetech;

use crate::adapter::Adapter;
use crate::fault::FaultPlan;

/// How a bus behaves as a line.
#[derive(Debug, Clone, PartialEq)]
pub struct BusOptions {
    /// The host's rate, bits per second. Servos set to another one hear nothing.
    pub baud: u32,
    /// From the end of a request to the first byte of its answer, on top of the servo's return delay.
    pub turnaround: Duration,
    /// How long a servo in a sync read waits for one before it that stays silent. The maker does not document it.
    pub silent_turn: Duration,
    /// The host hears its own bytes, as with adapters that tie both directions together.
    pub echo: bool,
    /// Nothing takes time: no wire, no delays. For benchmarks of what remains.
    pub instant: bool,
    /// What the host's end is.
    pub adapter: Adapter,
    /// What goes wrong.
    pub faults: FaultPlan,
}

impl Default for BusOptions {
    fn default() -> Self {
        Self {
            baud: feetech::DEFAULT_BAUD,
            turnaround: Duration::from_micros(20),
            silent_turn: Duration::from_micros(100),
            echo: false,
            instant: false,
            adapter: Adapter::DIRECT,
            faults: FaultPlan::default(),
        }
    }
}
