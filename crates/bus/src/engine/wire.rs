//! What is on the half-duplex wire as far as the host can know, and group writes between questions.

use core::time::Duration;

use super::config::{EngineConfig, wire_time};
use super::outbox::Outbox;
use super::packets;
use super::request::{GroupWrite, RequestError};

#[derive(Debug, Clone)]
pub(super) struct Wire {
    /// The newest group write that was sent between questions.
    posted: Outbox,
    /// Until then, what was handed out is on its way.
    sending_until: Duration,
    /// Until then, the answers to the question that was handed out last may be on it.
    pub(super) answering_until: Duration,
}

impl Wire {
    pub(super) fn new() -> Self {
        Self {
            posted: Outbox::new(),
            sending_until: Duration::ZERO,
            answering_until: Duration::ZERO,
        }
    }

    /// Takes on so many bytes; returns when the first of them begins.
    pub(super) fn send(&mut self, now: Duration, bytes: usize, baud: u32) -> Duration {
        let start = self.sending_until.max(now);
        self.sending_until = start.saturating_add(wire_time(bytes, baud));
        start
    }

    /// All answers have arrived, so none is on the wire.
    pub(super) fn answered(&mut self, now: Duration) {
        self.answering_until = self.answering_until.min(now);
    }

    /// The bytes of a group write that is sent now.
    pub(super) fn post(
        &mut self,
        now: Duration,
        write: &GroupWrite<'_>,
        config: &EngineConfig,
    ) -> Result<&[u8], RequestError> {
        write.check()?;
        self.posted.clear();
        self.posted
            .append(|out| packets::sync_write(config.protocol, out, write))?;
        self.send(now, self.posted.len(), config.baud);
        Ok(self.posted.bytes())
    }
}
