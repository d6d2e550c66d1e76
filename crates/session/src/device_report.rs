//! What devices say when a session is over.

use std::time::Duration;

use serde::Serialize;
use ulna_bus::engine::BusCounters;

pub use ulna_drivers::arm::{HealthReport, LinkReport, RoundTripReport, ServoReport};

/// One servo of each bus is asked for its voltage, temperature, load and current this often: six servos take turns of an eighth of a
/// second.
pub(crate) const HEALTH_PERIOD: Duration = Duration::from_millis(20);

/// The link to one arm.
#[derive(Debug, Clone, Serialize)]
pub struct PortLink {
    /// What people call its port.
    pub port: String,
    /// How fast it is.
    #[serde(flatten)]
    pub link: LinkReport,
}

impl PortLink {
    /// What a round trip takes, in words.
    fn round_trip(&self) -> String {
        match self.link.round_trip_ms {
            Some(RoundTripReport { min, p50, p99 }) => {
                format!("a round trip takes {p50:.1} ms ({min:.1} to {p99:.1})")
            }
            None => format!("answers are waited for {:.1} ms", self.link.turnaround_ms),
        }
    }

    /// What to know and to do about a link that does not carry as many readings as there are ticks.
    fn complaint(&self, rate_hz: f64) -> Option<String> {
        let reads = self.link.reads_per_second;
        if reads >= 0.9 * rate_hz {
            return None;
        }
        Some(format!(
            "{}: {}, so positions are read {reads:.0} times a second instead of {rate_hz:.0}; goals go out {rate_hz:.0} times a second all the same. \
             If that is too slow: `ulna doctor` says whether the adapter has a latency timer to set to 1 ms; else try a USB port of its own, another \
             adapter, or --rate {:.0}",
            self.port,
            self.round_trip(),
            reads.max(1.0).floor()
        ))
    }
}

impl std::fmt::Display for PortLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {}, which allows {:.0} readings a second",
            self.port,
            self.round_trip(),
            self.link.reads_per_second
        )
    }
}

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
    /// Answers that came after their question had been given up.
    pub late_answers: u32,
    /// The link to each arm.
    pub links: Vec<PortLink>,
    /// Each servo, in the order of the joints.
    pub servos: Vec<ServoReport>,
}

impl BusReport {
    /// The report of one arm's bus.
    pub fn new(
        port: &str,
        counters: BusCounters,
        servos: Vec<ServoReport>,
        links: Vec<(String, LinkReport)>,
    ) -> Self {
        let links = links.into_iter();
        Self {
            port: port.to_owned(),
            bytes_sent: counters.bytes_sent,
            bytes_received: counters.bytes_received,
            skipped_bytes: counters.skipped_bytes,
            damaged_packets: counters.checksum_errors,
            late_answers: counters.late,
            links: links.map(|(port, link)| PortLink { port, link }).collect(),
            servos,
        }
    }

    /// One sentence for each link that does not carry as many readings as there are ticks, with what to do about it.
    pub fn slow_links(&self, rate_hz: f64) -> Vec<String> {
        let links = self.links.iter();
        links.filter_map(|link| link.complaint(rate_hz)).collect()
    }

    /// Why this bus was no use, if most of its reads failed.
    pub fn mostly_unread(&self) -> Option<String> {
        let sum = |of: fn(&ServoReport) -> u32| self.servos.iter().map(of).map(u64::from).sum();
        let (replies, missed): (u64, u64) = (sum(|servo| servo.replies), sum(|servo| servo.missed));
        if missed > replies {
            return Some(format!(
                "{}: {missed} of {} reads failed; {}",
                self.port,
                replies + missed,
                self.advice()
            ));
        }
        let blind = self.links.iter().find(|link| link.link.unread > 0.5)?;
        Some(format!(
            "{}: no position for {:.0} % of the time; {}",
            blind.port,
            100.0 * blind.link.unread,
            self.advice()
        ))
    }

    /// What to do about a bus that is not read.
    fn advice(&self) -> String {
        let silent = self
            .servos
            .iter()
            .filter(|servo| servo.missed > servo.replies);
        let silent: Vec<&str> = silent.map(|servo| servo.joint.as_str()).collect();
        let whom = match silent.len() {
            0 => "the servos".to_owned(),
            all if all == self.servos.len() => "all servos".to_owned(),
            _ => silent.join(", "),
        };
        format!(
            "look at the power supply and the cable to {whom}, close other programs that use the port, and try another USB port"
        )
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
    /// What the robot was to do, in words, as the user or the scene says it.
    pub task: Option<String>,
    /// If there were ticks without a chunk because a plan is shorter than the delay: that, in words.
    pub starvation: Option<String>,
}
