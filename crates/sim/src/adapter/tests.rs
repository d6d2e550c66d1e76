use core::time::Duration;

use ulna_bus::families::sts3215::STS3215;
use ulna_bus::feetech::{MAX_PACKET, packet};

use super::*;
use crate::bus::{BusOptions, Followers, ServoBus};

const fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

/// Answers of `servos` servos with `len` bytes each to a sync read that is written at `at`: when each of the host's bytes arrived, after `at`.
fn arrivals(bus: &mut ServoBus<Followers>, at: Duration, servos: u8, len: u8) -> Vec<Duration> {
    let mut buffer = [0; MAX_PACKET];
    let request = packet::sync_read(&mut buffer, 56, len, 1..=servos).unwrap();
    bus.host_writes(at, request);
    let (mut times, mut out) = (Vec::new(), [0; 256]);
    while bus.deadline() < Duration::MAX {
        let now = bus.deadline();
        let count = bus.host_reads(now, &mut out);
        times.extend(core::iter::repeat_n(now - at, count));
        assert!(bus.deadline() > now, "no call may find nothing to do");
    }
    assert_eq!(times.len(), usize::from(servos) * usize::from(6 + len));
    times
}

fn bus(adapter: &str) -> ServoBus<Followers> {
    let models = [1, 2, 3, 4, 5, 6].map(|id| (id, STS3215));
    let mut bus = ServoBus::with_models(
        &models,
        Followers::new(6),
        BusOptions {
            adapter: Adapter {
                model: adapter.parse().unwrap(),
                seed: 7,
                bus: 0,
            },
            ..BusOptions::default()
        },
    )
    .unwrap();
    for index in 0..6 {
        let servo = bus.servo_mut(index).unwrap();
        let delay = ulna_bus::families::sts3215::RETURN_DELAY_TIME;
        servo.set(delay, 0).unwrap();
    }
    bus
}

/// Round trips of group reads, asked every 5 ms for ten seconds: mean, shortest and longest until the last byte.
fn round_trips(adapter: &str, servos: u8, len: u8) -> (f64, f64, f64) {
    let mut bus = bus(adapter);
    let all: Vec<f64> = (1..2000u64)
        .map(|cycle| {
            let at = us(5_000 * 10 * cycle);
            let times = arrivals(&mut bus, at, servos, len);
            times.last().unwrap().as_secs_f64() * 1e3
        })
        .collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let least = all.iter().copied().fold(f64::MAX, f64::min);
    let most = all.iter().copied().fold(0.0, f64::max);
    (mean, least, most)
}

#[test]
fn without_an_adapter_only_the_wire_takes_time() {
    // 14 bytes there, 20 µs of turnaround, 48 back.
    for (adapter, time) in [("direct", 0.64), ("late:3.5", 4.14)] {
        let (_, least, most) = round_trips(adapter, 6, 2);
        assert_eq!((least, most), (time, time), "{adapter}");
    }
}

/// waveshare_servos: four STS servos, 15 bytes each, 1.65 ms on average and 2.06 at most behind a CDC adapter.
#[test]
fn a_cdc_adapter_is_no_kinder_than_a_measured_one() {
    let (mean, least, most) = round_trips("cdc", 4, 15);
    assert!(mean > 1.65 && most > 2.06, "{mean} {most}");
    // Never more than a frame and a packet's time each way.
    let wire = 0.12 + 0.02 + 0.84;
    assert!(least > wire && most < wire + 2.0 + 0.2, "{least} {most}");
}

#[test]
fn a_busy_hub_adds_its_delay() {
    let (still, ..) = round_trips("cdc", 6, 2);
    let (busy, ..) = round_trips("cdc:2", 6, 2);
    assert!((busy - still - 2.0).abs() < 0.1, "{still} {busy}");
}

#[test]
fn ticks_drift_through_the_frames() {
    let (_, least, most) = round_trips("cdc", 1, 2);
    assert!(most - least > 0.9, "{least} {most}");
}

/// lerobot#1166: 17.4 and 28.0 ms.
#[test]
fn an_esp32_takes_what_was_measured() {
    let (_, least, most) = round_trips("esp32", 6, 2);
    assert!((16.0..17.4).contains(&least), "{least}");
    assert!((26.5..28.5).contains(&most), "{most}");
}

#[test]
fn an_ftdi_waits_for_its_timer_unless_a_packet_is_full() {
    let (mean, _, most) = round_trips("ftdi:16", 6, 2);
    assert!((8.0..11.0).contains(&mean) && most < 18.5, "{mean} {most}");
    let (mean, _, most) = round_trips("ftdi:1", 6, 2);
    assert!(mean < 2.2 && most < 2.9, "{mean} {most}");
    // 6 × 17 bytes: the first 62 come as soon as they are there, the rest a whole period later.
    let times = arrivals(&mut bus("ftdi:16"), us(50_000), 6, 11);
    let (first, rest) = times.split_at(62);
    assert!(first.iter().all(|&time| time < us(3_000)), "{first:?}");
    assert!(rest.iter().all(|&time| time > us(16_000)), "{rest:?}");
}

#[test]
fn packets_hold_64_bytes() {
    let times = arrivals(&mut bus("cdc"), us(50_000), 6, 30);
    let mut sizes = Vec::new();
    for pair in times.chunk_by(|a, b| a == b) {
        sizes.push(pair.len());
    }
    assert!(sizes.iter().all(|&size| size <= 64), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 6 * 36);
}

#[test]
fn what_is_written_reaches_the_servos_a_frame_later() {
    let mut bus = bus("cdc");
    let mut buffer = [0; MAX_PACKET];
    let at = us(10_000);
    bus.host_writes(at, packet::ping(&mut buffer, 1).unwrap());
    bus.advance(at + us(60));
    assert_eq!(bus.counters().requests, 0);
    bus.advance(at + us(1_000 + 53 + 61));
    assert_eq!(bus.counters().requests, 1);
}

/// A request that reaches the wire while answers are on it destroys them, and is destroyed.
#[test]
fn a_request_into_an_answer_costs_both() {
    for adapter in ["direct", "cdc", "ftdi:1", "late:3"] {
        let mut bus = bus(adapter);
        let mut buffer = [0; MAX_PACKET];
        let request = packet::sync_read(&mut buffer, 56, 30, 1..=6)
            .unwrap()
            .to_vec();
        // The answers take 2.2 ms, so the request goes out a frame after the first one and amid them.
        bus.host_writes(us(20_000), &request);
        bus.host_writes(us(21_100), &request);
        let mut out = [0; 256];
        let (mut got, mut now) = (Vec::new(), us(20_000));
        while bus.deadline() < Duration::MAX {
            now = now.max(bus.deadline());
            let count = bus.host_reads(now, &mut out);
            got.extend_from_slice(&out[..count]);
        }
        let mut sound = 0;
        ulna_bus::feetech::Decoder::new().feed(&got, |_| sound += 1);
        assert_eq!(bus.counters().requests, 1, "{adapter}");
        assert!(sound < 6, "{adapter}: {sound}");
    }
}

#[test]
fn equal_seeds_give_equal_times() {
    for adapter in ["cdc", "ftdi:4", "esp32"] {
        let run = || {
            let mut bus = bus(adapter);
            let cycles = 1..40u64;
            let times = cycles.map(|cycle| arrivals(&mut bus, us(50_123 * cycle), 6, 8));
            times.collect::<Vec<_>>()
        };
        assert_eq!(run(), run(), "{adapter}");
    }
}

#[test]
fn adapters_are_read_as_they_are_printed() {
    for text in ["direct", "cdc", "cdc:1.5", "ftdi:16", "late:0.5", "esp32"] {
        let model: AdapterModel = text.parse().unwrap();
        assert_eq!(model.to_string(), text);
    }
    assert_eq!("cdc:0".parse(), Ok(AdapterModel::default()));
}

#[test]
fn what_is_no_adapter_is_named_with_what_is() {
    let wrong = [
        ("usb", "there is no adapter `usb`"),
        ("", "there is no adapter ``"),
        ("esp32:3", "there is no adapter `esp32:3`"),
        ("ftdi", "latency timer of 1 to 255"),
        ("ftdi:0", "write it like ftdi:16"),
        ("ftdi:1.5", "`1.5` is not a latency timer"),
        ("ftdi:256", "write it like ftdi:16"),
        ("late", "write it like late:4"),
        ("late:-1", "0 to 1000 milliseconds"),
        ("late:inf", "0 to 1000 milliseconds"),
        ("cdc:NaN", "write it like cdc:1.5"),
        ("cdc:1e9", "write it like cdc:1.5"),
    ];
    for (text, expected) in wrong {
        let error = text.parse::<AdapterModel>().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
