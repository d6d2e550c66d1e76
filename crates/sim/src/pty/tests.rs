//! A client on the terminal gets the right bytes. When it gets them is not asserted: that is the scheduler's business.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use ulna_bus::families::sts3215::STS3215;
use ulna_bus::feetech::{Decoder, MAX_PACKET, packet};

use core::time::Duration;

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::*;
use crate::bus::{BusOptions, Followers};

fn pty_bus(options: BusOptions) -> PtyBus<Followers> {
    let models = [1, 2, 3, 4, 5, 6].map(|id| (id, STS3215));
    let bus = ServoBus::with_models(&models, Followers::new(6), options).unwrap();
    PtyBus::spawn(bus, "sim follower", Instant::now()).unwrap()
}

fn open(bus: &PtyBus<Followers>) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NOCTTY.bits() as i32)
        .open(bus.path())
        .unwrap()
}

fn set_rate(client: &File, rate: u32) {
    let mut settings = tcgetattr(client).unwrap();
    settings.set_speed(rate).unwrap();
    tcsetattr(client, OptionalActions::Now, &settings).unwrap();
}

/// Reads exactly `count` bytes, patiently, but not for ever.
fn read(client: &mut File, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let patience = Timespec {
            tv_sec: 30,
            tv_nsec: 0,
        };
        let ready = poll(&mut [PollFd::new(client, PollFlags::IN)], Some(&patience)).unwrap();
        assert_eq!(ready, 1, "no more than {bytes:?}");
        let mut piece = [0; 64];
        let wanted = (count - bytes.len()).min(piece.len());
        let got = client.read(&mut piece[..wanted]).unwrap();
        bytes.extend(&piece[..got]);
    }
    bytes
}

fn ping(client: &mut File, id: u8) {
    let mut buffer = [0; MAX_PACKET];
    client
        .write_all(packet::ping(&mut buffer, id).unwrap())
        .unwrap();
}

fn positions(client: &mut File) -> Vec<(u8, u16)> {
    let mut buffer = [0; MAX_PACKET];
    client
        .write_all(packet::sync_read(&mut buffer, 56, 2, 1..=6).unwrap())
        .unwrap();
    let mut positions = Vec::new();
    Decoder::new().feed(&read(client, 48), |packet| {
        positions.push((
            packet.id,
            u16::from_le_bytes(packet.params.try_into().unwrap()),
        ));
    });
    positions
}

/// The thread's figures follow what it does with a delay of their own.
fn wait_until(bus: &PtyBus<Followers>, reached: impl Fn(PtyStats) -> bool) {
    while !reached(bus.stats()) {
        assert!(bus.is_running());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn clients_come_and_go() {
    for instant in [false, true] {
        let bus = pty_bus(BusOptions {
            instant,
            ..BusOptions::default()
        });
        for id in [1, 6] {
            let mut client = open(&bus);
            ping(&mut client, id);
            assert_eq!(read(&mut client, 6), [0xFF, 0xFF, id, 2, 0, !(id + 2)]);
            let expected = [
                (1, 1000),
                (2, 1100),
                (3, 1200),
                (4, 1300),
                (5, 1400),
                (6, 1500),
            ];
            assert_eq!(positions(&mut client), expected);
        }
        wait_until(&bus, |stats| stats.exchanges >= 4);
        let stats = bus.stats();
        assert_eq!(
            (stats.bytes_in, stats.bytes_out, stats.bytes_lost),
            (2 * (6 + 14), 2 * (6 + 48), 0)
        );
        let bus = bus.stop().unwrap();
        assert_eq!(bus.counters().requests, 4);
    }
}

#[test]
fn a_client_at_the_wrong_rate_gets_no_answer() {
    let bus = pty_bus(BusOptions::default());
    let mut client = open(&bus);
    set_rate(&client, 500_000);
    ping(&mut client, 1);
    // The request must have left at the old rate before the client changes it.
    wait_until(&bus, |stats| stats.exchanges >= 1);
    set_rate(&client, 1_000_000);
    ping(&mut client, 2);
    assert_eq!(read(&mut client, 6)[2], 2);
}

#[test]
fn a_client_that_never_reads_does_no_harm() {
    let bus = pty_bus(BusOptions {
        instant: true,
        ..BusOptions::default()
    });
    let mut deaf = open(&bus);
    for _ in 0..3000 {
        ping(&mut deaf, 1);
    }
    wait_until(&bus, |stats| stats.bytes_in == 3000 * 6);
    assert!(bus.stop().unwrap().counters().answers > 0);
}
