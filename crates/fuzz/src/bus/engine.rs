//! Requests and received bytes in any order, at any time: no panic, and no answer later than the deadline.

use core::time::Duration;

use ulna_bus::Protocol;
use ulna_bus::engine::{Engine, EngineConfig, GroupEntry, GroupRead, GroupWrite, Request, Status};

/// Takes the input apart; an exhausted input gives zeros.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        byte
    }

    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    fn time(&mut self) -> Duration {
        Duration::from_micros(u64::from(self.byte()) * 40)
    }
}

pub(crate) fn run(input: &[u8]) {
    let mut script = Script(input);
    let protocol = match script.byte() % 3 {
        0 => Protocol::FeetechSts,
        1 => Protocol::FeetechScs,
        _ => Protocol::Dynamixel2,
    };
    let mut engine = Engine::new(EngineConfig::with_protocol(protocol, 1_000_000));
    let (mut now, mut deadline) = (Duration::ZERO, Duration::ZERO);
    while !script.0.is_empty() {
        match script.byte() % 8 {
            0 => {
                deadline = now + script.time();
                begin(&mut engine, &mut script, now, deadline);
            }
            1 | 2 => assert!(engine.transmit().is_empty() || now < deadline || deadline.is_zero()),
            _ => {
                now += script.time();
                let count = usize::from(script.byte()) * 4;
                match engine.step(now, script.bytes(count)) {
                    Status::Waiting { until } => assert!(now < deadline && until <= deadline),
                    Status::Done => assert!(engine.replies().iter().all(|reply| reply.at <= now)),
                }
            }
        }
    }
    assert_eq!(engine.step(now.max(deadline), &[]), Status::Done);
}

fn begin(engine: &mut Engine, script: &mut Script<'_>, now: Duration, deadline: Duration) {
    let (kind, id, address, len) = (script.byte(), script.byte(), script.byte(), script.byte());
    let ids = script.bytes(usize::from(id % 40));
    let entries: Vec<GroupEntry> = ids
        .iter()
        .map(|&id| GroupEntry { id, data: [len; 4] })
        .collect();
    let write = GroupWrite {
        address,
        width: len % 6,
        entries: &entries,
    };
    let read = GroupRead { address, len, ids };
    let request = match kind % 7 {
        0 => Request::Ping { id },
        1 => Request::PingAll,
        2 => Request::Read { id, address, len },
        3 => Request::Write {
            id,
            address,
            data: ids,
        },
        4 => Request::Reboot { id },
        5 => Request::Cycle {
            write: Some(write),
            read: None,
        },
        _ => Request::Cycle {
            write: (kind > 128).then_some(write),
            read: Some(read),
        },
    };
    // A refused request leaves the engine idle, which the next steps check.
    let _ = engine.begin(now, &request, deadline);
}
