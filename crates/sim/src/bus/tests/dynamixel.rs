//! A bus of Dynamixel servos: bytes in, bytes out, at exact times.

use ulna_bus::Model;
use ulna_bus::dynamixel::{Decoded, Decoder, MAX_PACKET, packet};
use ulna_bus::families::x_series::{XL330_M288, XL430_W250};
use ulna_bus::families::xl330 as reg;

use super::*;
use crate::fault::FaultPlan;
use crate::fault::{Fault, Firmware};

/// Servos 1.. as a Koch arm has them: at 1 Mbaud without return delay.
fn koch(options: BusOptions) -> ServoBus<Followers> {
    let models = [XL430_W250, XL430_W250, XL330_M288, XL330_M288];
    let servo = |(id, model): (u8, Model)| {
        let mut servo = Servo::new(id, model);
        servo.set(reg::RETURN_DELAY_TIME, 0).unwrap();
        servo.set(reg::BAUD_RATE, 3).unwrap();
        servo.set(reg::MIN_VOLTAGE_LIMIT, 31).unwrap();
        servo.set(reg::MAX_VOLTAGE_LIMIT, 160).unwrap();
        servo
    };
    bus_of((1..).zip(models).map(servo).collect(), options)
}

fn bus() -> ServoBus<Followers> {
    koch(BusOptions {
        turnaround: Duration::ZERO,
        ..BusOptions::default()
    })
}

fn request<E: core::fmt::Debug>(make: impl FnOnce(&mut [u8]) -> Result<&[u8], E>) -> Vec<u8> {
    make(&mut [0; MAX_PACKET]).unwrap().to_vec()
}

/// Id, error and data of each answer.
fn statuses(bytes: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let mut found = Vec::new();
    Decoder::new().feed(bytes, |packet| {
        let [error, data @ ..] = packet.params else {
            panic!("no error byte in {packet:?}");
        };
        found.push((packet.id, *error, data.to_vec()));
    });
    found
}

fn ask(bus: &mut ServoBus<Followers>, now: u64, bytes: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    statuses(&answer(bus, us(now), bytes))
}

fn write(id: u8, register: ulna_bus::registers::Register, value: i32) -> Vec<u8> {
    let data = register.encode(value).unwrap();
    request(|out| packet::write(out, id, register.address.into(), data.as_slice()))
}

#[test]
fn a_ping_is_answered_with_model_and_firmware() {
    let ping = [0xFF, 0xFF, 0xFD, 0x00, 0x01, 0x03, 0x00, 0x01, 0x19, 0x4E];
    let got = ask(&mut bus(), 0, &ping);
    assert_eq!(got, [(1, 0, vec![0x24, 0x04, 46])]);
    let everyone = request(|out| packet::ping(out, 0xFE));
    let models = ask(&mut bus(), 0, &everyone);
    let ids: Vec<u8> = models.iter().map(|(id, _, _)| *id).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    assert_eq!(models[2].2, [0xB0, 0x04, 52]);
}

#[test]
fn group_reads_bring_all_positions_each_in_its_turn_or_all_at_once() {
    let mut bus = bus();
    let sync = request(|out| packet::sync_read(out, 132, 4, 1..=4));
    let got = exchange(&mut bus, us(0), &sync);
    // 18 bytes of question, 4 answers of 15.
    assert_eq!(got.len(), 60);
    assert_eq!(got.last().unwrap().0, us(10 * (18 + 60)));
    let bytes: Vec<u8> = got.into_iter().map(|(_, byte)| byte).collect();
    let positions = |statuses: Vec<(u8, u8, Vec<u8>)>| {
        let position = |data: &[u8]| reg::PRESENT_POSITION.decode(data).unwrap();
        statuses
            .iter()
            .map(|(id, _, data)| (*id, position(data)))
            .collect::<Vec<_>>()
    };
    let expected = [(1, 1000), (2, 1100), (3, 1200), (4, 1300)];
    assert_eq!(positions(statuses(&bytes)), expected);

    let fast = request(|out| packet::fast_sync_read(out, 132, 4, 1..=4));
    let bytes = answer(&mut bus, us(10_000), &fast);
    assert_eq!(bytes.len(), 8 + 4 * 8);
    assert_eq!(blocks(&bytes, 4), expected);

    let wanted = [(2, 132, 4), (4, 144, 2)];
    let bulk = request(|out| packet::bulk_read(out, wanted));
    let got = ask(&mut bus, 20_000, &bulk);
    assert_eq!(got[0], (2, 0, vec![0x4C, 0x04, 0, 0]));
    assert_eq!(got[1], (4, 0, vec![74, 0]));
    let fast = request(|out| packet::fast_bulk_read(out, wanted));
    let bytes = answer(&mut bus, us(30_000), &fast);
    assert_eq!(bytes.len(), 8 + 8 + 6);
}

fn blocks(bytes: &[u8], count: usize) -> Vec<(u8, i32)> {
    let mut decoder = Decoder::new();
    decoder.expect_blocks(Some((4, count)));
    decoder.push(bytes);
    let mut found = Vec::new();
    while let Some(Decoded::Block(block)) = decoder.next() {
        found.push((block.id, reg::PRESENT_POSITION.decode(block.data).unwrap()));
    }
    found
}

#[test]
fn who_misses_its_turn_ends_a_fast_answer_but_not_a_plain_one() {
    let mut bus = bus();
    let plain = request(|out| packet::sync_read(out, 132, 4, [1, 9, 3]));
    assert_eq!(ask(&mut bus, 0, &plain).len(), 2);
    let fast = request(|out| packet::fast_sync_read(out, 132, 4, [1, 9, 3]));
    let bytes = answer(&mut bus, us(10_000), &fast);
    assert_eq!(blocks(&bytes, 3), [(1, 1000)]);
    let fast = request(|out| packet::fast_sync_read(out, 132, 4, [9, 1]));
    assert_eq!(answer(&mut bus, us(20_000), &fast), [0u8; 0]);
}

/// XL330 below 46 (rustypot#122).
#[test]
fn old_firmware_is_silent_on_fast_reads_and_answers_plain_ones() {
    let version = |major| Firmware { major, minor: None };
    for (id, old, fast_answers) in [(None, 45, 0), (Some(3), 45, 2), (None, 46, 4)] {
        let mut bus = koch(BusOptions {
            turnaround: Duration::ZERO,
            faults: FaultPlan {
                seed: 0,
                faults: vec![Fault::Firmware {
                    id,
                    version: version(old),
                }],
            },
            ..BusOptions::default()
        });
        let plain = request(|out| packet::sync_read(out, 132, 4, 1..=4));
        assert_eq!(ask(&mut bus, 0, &plain).len(), 4);
        let fast = request(|out| packet::fast_sync_read(out, 132, 4, 1..=4));
        let bytes = answer(&mut bus, us(10_000), &fast);
        assert_eq!(blocks(&bytes, 4).len(), fast_answers, "{id:?} {old}");
    }
}

#[test]
fn goals_move_servos_and_refusals_are_reported() {
    let mut bus = bus();
    assert_eq!(
        ask(&mut bus, 0, &write(1, reg::TORQUE_ENABLE, 1)),
        [(1, 0, vec![])]
    );
    assert_eq!(ask(&mut bus, 5000, &write(1, reg::ID, 9)), [(1, 7, vec![])]);
    let goals = [(1, &[0xD0, 7, 0, 0][..]), (2, &[0xD0, 7, 0, 0][..])];
    let goals = request(|out| packet::sync_write(out, 116, 4, goals));
    assert_eq!(answer(&mut bus, us(10_000), &goals), [0u8; 0]);
    bus.advance(us(1_000_000));
    assert_eq!(bus.servos()[0].get(reg::PRESENT_POSITION), 2000);
    assert_eq!(bus.servos()[1].get(reg::PRESENT_POSITION), 1100, "limp");
    let wrong = request(|out| packet::read(out, 3, 250, 100));
    assert_eq!(ask(&mut bus, 2_000_000, &wrong), [(3, 7, vec![])]);
}

#[test]
fn the_status_level_says_who_is_answered() {
    let mut bus = bus();
    let read = request(|out| packet::read(out, 1, 132, 4));
    let ping = request(|out| packet::ping(out, 1));
    for (now, level, answers) in [(0u64, 2, [1, 1, 1]), (1, 1, [0, 1, 1]), (2, 0, [0, 0, 1])] {
        let start = now * 100_000;
        ask(&mut bus, start, &write(1, reg::STATUS_RETURN_LEVEL, level));
        let led = ask(&mut bus, start + 10_000, &write(1, reg::LED, 1)).len();
        let read = ask(&mut bus, start + 20_000, &read).len();
        let ping = ask(&mut bus, start + 30_000, &ping).len();
        assert_eq!([led, read, ping], answers, "level {level}");
    }
}

#[test]
fn a_second_id_is_obeyed_in_silence() {
    let mut bus = bus();
    for id in 1..=3 {
        ask(
            &mut bus,
            u64::from(id) * 5000,
            &write(id, reg::SECONDARY_ID, 3),
        );
    }
    let got = ask(&mut bus, 50_000, &write(3, reg::LED, 1));
    assert_eq!(got, [(3, 0, vec![])]);
    let lit = bus.servos().iter().map(|servo| servo.get(reg::LED));
    assert!(lit.eq([1, 1, 1, 0]));
    let got = ask(&mut bus, 60_000, &write(3, reg::RETURN_DELAY_TIME, 5));
    assert_eq!(got.len(), 1);
    assert_eq!(bus.servos()[0].get(reg::RETURN_DELAY_TIME), 0);
    assert_eq!(bus.servos()[2].get(reg::RETURN_DELAY_TIME), 5);
}

#[test]
fn a_reboot_takes_a_while_and_clears_what_was_latched() {
    let mut bus = bus();
    bus.servo_mut(2)
        .unwrap()
        .trip(ulna_bus::ErrorFlags::OVERLOAD);
    let ping = request(|out| packet::ping(out, 3));
    assert_eq!(ask(&mut bus, 0, &ping)[0].1, 0x80);
    let reboot = request(|out| packet::reboot(out, 3));
    assert_eq!(ask(&mut bus, 10_000, &reboot).len(), 1);
    assert_eq!(ask(&mut bus, 50_000, &ping), []);
    assert_eq!(ask(&mut bus, 500_000, &ping)[0].1, 0);
}

#[test]
fn each_family_hears_its_own_language_only() {
    let mut servos = servos(1);
    let mut other = Servo::new(2, XL330_M288);
    other.set(reg::BAUD_RATE, 3).unwrap();
    servos.push(other);
    let mut bus = bus_of(servos, BusOptions::default());
    assert_eq!(answer(&mut bus, us(0), &ping(1)).len(), 6);
    assert_eq!(answer(&mut bus, us(5000), &ping(2)), [0u8; 0]);
    let modern = request(|out| packet::ping(out, 2));
    assert_eq!(ask(&mut bus, 10_000, &modern).len(), 1);
}

proptest! {
    #[test]
    fn nothing_that_comes_in_confuses_them_for_long(
        pieces in prop::collection::vec(
            (0u8..=5, any::<u8>(), prop::collection::vec(any::<u8>(), 0..40), any::<bool>(), 0u64..3000),
            0..8,
        ),
    ) {
        let mut bus = bus();
        let mut now = us(0);
        for (id, kind, params, right, pause) in pieces {
            let id = if id == 5 { 0xFE } else { id };
            let mut bytes = vec![0xFF, 0xFF, 0xFD, 0, id];
            bytes.extend((params.len() as u16 + 3).to_le_bytes());
            bytes.push(kind);
            bytes.extend(params);
            let crc = ulna_bus::dynamixel::Crc16::of(&bytes).to_bytes();
            bytes.extend(if right { crc } else { [1, 2] });
            bus.host_writes(now, &bytes);
            now += us(pause);
        }
        while bus.deadline() < Duration::MAX {
            now = now.max(bus.deadline());
            bus.host_reads(now, &mut [0; 64]);
        }
        // Whatever it was, some servo still has its id and its rate.
        for (index, id) in (0..4).zip(1..) {
            let servo = bus.servo_mut(index).unwrap();
            servo.set(reg::ID, id).unwrap();
            servo.set(reg::BAUD_RATE, 3).unwrap();
        }
        let now = now + us(500_000);
        let ping = request(|out| packet::ping(out, 2));
        prop_assert_eq!(statuses(&answer(&mut bus, now, &ping)).len(), 1);
    }
}
