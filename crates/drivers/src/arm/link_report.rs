//! What an arm measures of its link, and says of it.

use std::time::Duration;

use ulna_bus::health::{LinkEstimate, RoundTripSummary};
use ulna_rt::Pacer;

use super::ServoArm;
use super::link::{LinkReport, RoundTripReport};
use crate::connect::ConnectError;
use crate::servo_bus::{SPREAD_READS, ServoBus};

impl ServoArm {
    /// Believes its owner that the slowest answers take this long beyond the time on the wire, and measures nothing.
    pub fn set_round_trip(&mut self, slowest: Duration) {
        self.link.fixed = true;
        self.link.estimate = LinkEstimate::fixed(slowest);
        self.engine.set_link(self.link.estimate.timing());
    }

    /// What was measured while connecting is what the control loop goes by. An arm of few servos is read some more for that.
    pub(crate) fn settle_link(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let servos = self.servos.len();
        while !self.link.fixed && self.bus.round_trips().count() < SPREAD_READS {
            let index = self.bus.round_trips().count() % servos;
            let present = self.servos[index].present;
            self.read(pacer, index, &present)?;
        }
        if let Some(summary) = self.bus.round_trips().summary() {
            self.believe(summary);
        }
        Ok(())
    }

    /// Takes over what service work on the same port has measured of the link.
    pub fn know_link_of(&mut self, bus: &ServoBus) {
        if let Some(summary) = bus.round_trips().summary() {
            self.believe(summary);
        }
    }

    fn believe(&mut self, summary: RoundTripSummary) {
        if !self.link.fixed {
            self.link.measured = Some(summary);
            self.link.estimate = LinkEstimate::measured(summary);
            self.engine.set_link(self.link.estimate.timing());
        }
    }

    /// In this time an exchange is over, and another if that before it was open still.
    pub(crate) fn patience(&self) -> Duration {
        let (len, servos) = (self.layout.read.len, self.servos.len());
        self.engine.config().longest(len, servos) * 3
    }

    /// How fast the link is.
    pub fn link_report(&self) -> LinkReport {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let timing = self.link.estimate.timing();
        let usual = self
            .link
            .measured
            .map_or(timing.typical, |measured| measured.p50);
        let config = self.engine.config();
        let wire = config.group_wire_time(self.layout.read.len, self.servos.len());
        LinkReport {
            round_trip_ms: self.link.measured.map(|measured| RoundTripReport {
                min: ms(measured.min),
                p50: ms(measured.p50),
                p99: ms(measured.p99),
            }),
            turnaround_ms: ms(timing.turnaround),
            reads_per_second: 1.0 / (wire + usual).as_secs_f64().max(1e-6),
            bridge: self.board_report(),
            questions: self.link.questions,
            unread: self.link.unread as f64 / self.link.joint_ticks.max(1) as f64,
        }
    }
}
