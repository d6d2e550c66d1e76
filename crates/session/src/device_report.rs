//! What devices say when a session is over.

use std::time::Duration;

use serde::Serialize;
use ulna_bus::engine::BusCounters;

pub use ulna_drivers::arm::{HealthReport, ServoReport};

/// One servo of each bus is asked for its voltage, temperature, load and current this often: six servos take turns of an eighth of a
/// second.
pub(crate) const HEALTH_PERIOD: Duration = Duration::from_millis(20);

/// One bus: its totals and its servos.
#[derive(Debug, Clone, Serialize)]
pub struct BusReport {
    /// What people call the port.
    pub port: String,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Received bytes that belong to no packet.
    pub skipped_bytes: u32,
    /// Packets with a wrong checksum.
    pub damaged_packets: u32,
    /// Each servo, in the order of the joints.
    pub servos: Vec<ServoReport>,
}

impl BusReport {
    /// The report of one arm's bus.
    pub fn new(port: &str, counters: BusCounters, servos: Vec<ServoReport>) -> Self {
        Self {
            port: port.to_owned(),
            bytes_sent: counters.bytes_sent,
            bytes_received: counters.bytes_received,
            skipped_bytes: counters.skipped_bytes,
            damaged_packets: counters.checksum_errors,
            servos,
        }
    }

    /// One sentence for each servo that lost its torque and did not get it back.
    pub fn left_limp(&self) -> Vec<String> {
        let limp = self.servos.iter().filter_map(|servo| {
            let why = servo.left_limp?;
            Some(format!(
                "servo {} (`{}`) was left limp: {why}",
                servo.id, servo.joint
            ))
        });
        limp.collect()
    }

    /// One sentence for each servo that had faults, worst first.
    pub fn faults(&self) -> Vec<String> {
        let mut faulty: Vec<&ServoReport> = self
            .servos
            .iter()
            .filter(|servo| servo.had_faults())
            .collect();
        faulty.sort_by_key(|servo| std::cmp::Reverse(servo.missed));
        faulty.iter().map(|servo| servo.to_string()).collect()
    }
}

/// What a policy did, for the session's report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyReport {
    /// The checks that the bundle passed before anything moved.
    pub checked: ulna_policy::Report,
    /// Chunks and how long they took.
    pub inference: ulna_policy::InferenceReport,
    /// What the control loop made of them.
    pub source: ulna_policy::SourceReport,
}
