//! One question and its answers, on a port.

use std::time::Duration;

use ulna_bus::engine::{BusCounters, Engine, EngineConfig, Request, Status};
use ulna_rt::Pacer;

use super::error::LineError;
use crate::family::Family;
use crate::port::Port;

/// One transaction that ends after `wait` at the latest; the replies are the engine's.
pub(super) fn exchange(
    port: &mut dyn Port,
    engine: &mut Engine,
    pacer: &mut dyn Pacer,
    request: &Request<'_>,
    wait: Duration,
) -> Result<(), LineError> {
    let lost = |port: &dyn Port, error: &std::io::Error| LineError::Lost {
        port: port.name().to_owned(),
        reason: error.to_string(),
    };
    let mut buffer = [0; 256];
    // What came after an earlier transaction had ended belongs to nothing.
    while port
        .read(pacer.now(), &mut buffer)
        .map_err(|error| lost(port, &error))?
        > 0
    {}
    if engine
        .begin(pacer.now(), request, pacer.now() + wait)
        .is_err()
    {
        return Ok(()); // nothing to ask: no replies
    }
    loop {
        let now = pacer.now();
        let bytes = engine.transmit();
        if !bytes.is_empty() {
            port.write(now, bytes).map_err(|error| lost(port, &error))?;
        }
        let count = port
            .read(now, &mut buffer)
            .map_err(|error| lost(port, &error))?;
        match engine.step(now, &buffer[..count]) {
            Status::Done => return Ok(()),
            Status::Waiting { until } => {
                let arrival = port.next_arrival().unwrap_or(Duration::MAX);
                pacer.wait_for_input(until.min(arrival));
            }
        }
    }
}

/// An engine that asks once and then listens: whoever uses it decides about asking again.
pub(super) fn engine(family: &Family, baud: u32, turnaround: Duration) -> Engine {
    Engine::new(EngineConfig {
        // Old firmware knows no fast reads, and this is no place for speed.
        fast_reads: false,
        turnaround,
        max_attempts: 1,
        ..EngineConfig::with_protocol(family.protocol, baud)
    })
}

pub(super) fn garbage(before: &BusCounters, after: &BusCounters) -> bool {
    after.checksum_errors != before.checksum_errors || after.skipped_bytes != before.skipped_bytes
}
