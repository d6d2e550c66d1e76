//! A port, and one transaction on it.

use std::io;
use std::time::Duration;

use ulna_bus::engine::{BusCounters, Engine, Request, Status};
use ulna_core::LinkLost;
use ulna_rt::Pacer;

use super::error::ServoBusError;
use crate::port::{BoardLink, Port};

/// A port that remembers why it is gone.
pub(crate) struct Link {
    pub(super) port: Box<dyn Port>,
    pub(super) lost: Option<io::Error>,
    /// Until then, answers to the control loop's questions may come in.
    answers_until: Duration,
}

impl Link {
    pub(super) fn new(port: Box<dyn Port>) -> Self {
        Self {
            port,
            lost: None,
            answers_until: Duration::ZERO,
        }
    }

    /// Takes what has arrived.
    pub(crate) fn read(&mut self, now: Duration, into: &mut [u8]) -> Result<usize, LinkLost> {
        let read = self.port.read(now, into);
        read.map_err(|error| self.give_up(error))
    }

    /// Hands bytes to the line.
    pub(crate) fn write(&mut self, now: Duration, bytes: &[u8]) -> Result<(), LinkLost> {
        let written = self.port.write(now, bytes);
        written.map_err(|error| self.give_up(error))
    }

    /// Until then nothing but the control loop may ask: what comes in is for its question.
    pub(crate) fn expect_answers_until(&mut self, until: Duration) {
        self.answers_until = until;
    }

    /// For a simulated wire: when the next byte will arrive, if one is under way.
    pub(crate) fn next_arrival(&self) -> Option<Duration> {
        self.port.next_arrival()
    }

    /// Something that a bridge board is asked, if there is one behind the port.
    pub(crate) fn board<T>(
        &mut self,
        what: impl FnOnce(&mut dyn BoardLink) -> io::Result<T>,
    ) -> Option<Result<T, LinkLost>> {
        let asked = what(self.port.board()?);
        Some(asked.map_err(|error| self.give_up(error)))
    }

    /// Has a bridge board end its own exchange with the servos, so that they can be asked from here.
    pub(crate) fn leave_cyclic_mode(&mut self, pacer: &mut dyn Pacer) -> Result<(), LinkLost> {
        self.board(|board| board.leave_cyclic_mode(pacer))
            .unwrap_or(Ok(()))
    }

    fn give_up(&mut self, error: io::Error) -> LinkLost {
        self.lost = Some(error);
        LinkLost
    }

    /// One transaction that ends at `deadline` at the latest; the replies are the engine's.
    pub(super) fn transact(
        &mut self,
        engine: &mut Engine,
        pacer: &mut dyn Pacer,
        request: &Request<'_>,
        deadline: Duration,
    ) -> Result<(), ServoBusError> {
        let done = self.run(engine, pacer, request, deadline);
        done.map_err(|LinkLost| self.error())
    }

    /// What to say about a port that is gone.
    pub(super) fn error(&self) -> ServoBusError {
        let reason = self.lost.as_ref().map(ToString::to_string);
        ServoBusError::Lost {
            port: self.port.name().to_owned(),
            reason: reason.unwrap_or_else(|| "closed".to_owned()),
        }
    }

    fn run(
        &mut self,
        engine: &mut Engine,
        pacer: &mut dyn Pacer,
        request: &Request<'_>,
        deadline: Duration,
    ) -> Result<(), LinkLost> {
        let mut buffer = [0; 256];
        self.leave_cyclic_mode(pacer)?;
        pacer.wait(std::mem::take(&mut self.answers_until));
        // What came after an earlier transaction had ended belongs to nothing.
        while self.read(pacer.now(), &mut buffer)? > 0 {}
        if engine.begin(pacer.now(), request, deadline).is_err() {
            return Ok(()); // the protocol has no such request: no replies
        }
        loop {
            let now = pacer.now();
            let bytes = engine.transmit();
            if !bytes.is_empty() {
                self.write(now, bytes)?;
            }
            let count = self.read(now, &mut buffer)?;
            match engine.step(now, &buffer[..count]) {
                Status::Done => return Ok(()),
                Status::Waiting { until } => {
                    let arrival = self.next_arrival().unwrap_or(Duration::MAX);
                    pacer.wait_for_input(until.min(arrival));
                }
            }
        }
    }
}

/// Bytes came in between that are no answer.
pub(super) fn garbage(before: &BusCounters, after: &BusCounters) -> bool {
    after.checksum_errors != before.checksum_errors || after.skipped_bytes != before.skipped_bytes
}
