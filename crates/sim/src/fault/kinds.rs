//! The faults that there are.

use core::time::Duration;

/// What a servo's case measures in [`Fault::Overheat`] unless something else is asked for, °C: above the factory limits of 70 (Feetech
/// STS, Dynamixel XL330) and 72 (XL430).
pub const OVERHEATED: f64 = 80.0;

/// One thing that goes wrong. Probabilities are from 0 to 1; windows begin `from` the run's epoch and go on for `lasting`,
/// [`Duration::MAX`] being for ever.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Each byte, in either direction, may get lost.
    Drop {
        /// For one byte.
        probability: f64,
    },
    /// In each byte, in either direction, one bit may turn over.
    Flip {
        /// For one byte.
        probability: f64,
    },
    /// Up to eight random bytes may precede an answer, which is delayed by their time on the wire.
    Burst {
        /// For one answer.
        probability: f64,
    },
    /// The host may get an answer late, as an adapter's or an operating system's buffer has it: the wire is free
    /// meanwhile, and bytes keep their order.
    Late {
        /// By this much.
        by: Duration,
        /// For one answer.
        probability: f64,
    },
    /// A servo answers with what it held when it was first asked in the window, again and again, while it goes on obeying.
    Stuck {
        /// The servo.
        id: u8,
        /// Since the run's epoch.
        from: Duration,
        /// How long.
        lasting: Duration,
    },
    /// A servo signs its answers with the id of another one; the checksum is right.
    WrongId {
        /// The servo that answers.
        id: u8,
        /// What it signs with.
        signs: u8,
        /// Since the run's epoch.
        from: Duration,
        /// How long.
        lasting: Duration,
    },
    /// A servo neither hears nor answers. Its motor goes on with its last goal: the data line is cut, not the
    /// power.
    Dead {
        /// The servo.
        id: u8,
        /// Since the run's epoch.
        from: Duration,
        /// How long.
        lasting: Duration,
    },
    /// A servo loses its power for a moment: it goes limp, forgets its volatile registers and comes back unasked. In steps
    /// of 10 ms.
    Reset {
        /// The servo.
        id: u8,
        /// Since the run's epoch.
        at: Duration,
    },
    /// A servo has this firmware, from the beginning on. What it lacks is up to the servo: a Dynamixel below 46 does not know fast sync
    /// reads.
    Firmware {
        /// The servo; `None` for all.
        id: Option<u8>,
        /// What it has.
        version: Firmware,
    },
    /// The cable into a servo is pulled, which cuts off data and power of all servos from there on; then it is put back. In steps of
    /// 10 ms.
    Unplug {
        /// The first servo that is cut off; `None` for all, as when the cable of the adapter or the supply is pulled.
        first: Option<u8>,
        /// Since the run's epoch.
        from: Duration,
        /// How long.
        lasting: Duration,
    },
    /// The supply gives no more than this to the whole bus: motors are weaker in proportion, and servos notice.
    LowVoltage {
        /// What is left, V.
        volts: f64,
        /// Since the run's epoch.
        from: Duration,
        /// How long.
        lasting: Duration,
    },
    /// A servo measures the load and the current of a motor that is stalled.
    Overload {
        /// The servo.
        id: u8,
        /// Since the run's epoch.
        from: Duration,
        /// How long.
        lasting: Duration,
    },
    /// A servo measures at least this temperature.
    Overheat {
        /// The servo.
        id: u8,
        /// Its case, °C.
        celsius: f64,
        /// Since the run's epoch.
        from: Duration,
        /// How long.
        lasting: Duration,
    },
}

/// The version of a servo's firmware: `46` of a Dynamixel, `3.9` of a Feetech servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firmware {
    /// Before the dot.
    pub major: u8,
    /// Behind it; Dynamixels have none.
    pub minor: Option<u8>,
}

/// Everything that goes wrong in one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaultPlan {
    /// Equal seeds and equal traffic give equal faults.
    pub seed: u64,
    /// In any number; each draws from a random stream of its own, so that adding one does not move the others.
    pub faults: Vec<Fault>,
}
