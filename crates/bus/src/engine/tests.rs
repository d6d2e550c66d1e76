//! What the engine promises, one promise per test.

use std::vec::Vec;

use super::*;
use crate::feetech::{BROADCAST, EncodeError, ErrorFlags};
use line::{BAUD, Line, Mishap, registers};

mod arm;
mod echo;
mod families;
mod line;
mod loss;
mod properties;
mod requests;
mod slow;

const ARM: [u8; 6] = [1, 2, 3, 4, 5, 6];
const POSITION: u8 = 56;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn engine() -> Engine {
    Engine::new(EngineConfig::new(BAUD))
}

fn goals(ids: &[u8]) -> Vec<GroupEntry> {
    ids.iter()
        .map(|&id| GroupEntry {
            id,
            data: [0, 8, 0, 0],
        })
        .collect()
}

fn positions(ids: &[u8]) -> Request<'_> {
    Request::Cycle {
        write: None,
        read: Some(GroupRead {
            address: POSITION,
            len: 2,
            ids,
        }),
    }
}

fn answered(engine: &Engine) -> Vec<u8> {
    engine
        .replies()
        .iter()
        .filter(|reply| reply.result.is_ok())
        .map(|reply| reply.id)
        .collect()
}

#[test]
fn one_cycle_of_six_servos_is_88_bytes() {
    let (mut engine, mut line) = (engine(), Line::new(&ARM));
    let write = GroupWrite {
        address: 42,
        width: 2,
        entries: &goals(&ARM),
    };
    let read = GroupRead {
        address: POSITION,
        len: 2,
        ids: &ARM,
    };
    let done = line.run(
        &mut engine,
        ms(0),
        &Request::Cycle {
            write: Some(write),
            read: Some(read),
        },
        ms(10),
    );

    assert_eq!(line.sent.len(), 1, "one burst");
    assert_eq!(line.bytes_sent(), 26 + 14);
    let counters = engine.bus_counters();
    assert_eq!((counters.bytes_sent, counters.bytes_received), (40, 48));
    assert_eq!(done, wire_time(88, BAUD), "done with the last byte");
    assert_eq!(line.writes_obeyed, 1);
    for (reply, id) in engine.replies().iter().zip(ARM) {
        assert_eq!(reply.id, id);
        assert_eq!(reply.result.unwrap().bytes(), registers(id, POSITION, 2));
        assert_eq!(
            engine.servo_counters(id),
            ServoCounters {
                replies: 1,
                ..ServoCounters::default()
            }
        );
    }
    assert_eq!(engine.replies()[0].at, wire_time(48, BAUD));
}

#[test]
fn overhead_is_what_the_answers_took_beyond_the_wire() {
    for late in [ms(0), ms(3)] {
        let (mut engine, line) = (engine(), Line::new(&ARM));
        assert_eq!(engine.overhead(), None);
        let mut line = line.with_mishaps([Mishap::Late(late)]);
        line.run(&mut engine, ms(0), &positions(&ARM), ms(10));
        assert_eq!(engine.overhead(), Some(late));
    }
}

#[test]
fn a_retry_asks_only_who_is_missing_and_never_repeats_the_write() {
    let mishaps = [
        Mishap::Fine,
        Mishap::Lost,
        Mishap::Fine,
        Mishap::BitFlip(6, 0),
    ];
    let (mut engine, mut line) = (engine(), Line::new(&ARM).with_mishaps(mishaps));
    let write = GroupWrite {
        address: 42,
        width: 2,
        entries: &goals(&ARM),
    };
    let read = GroupRead {
        address: POSITION,
        len: 2,
        ids: &ARM,
    };
    line.run(
        &mut engine,
        ms(0),
        &Request::Cycle {
            write: Some(write),
            read: Some(read),
        },
        ms(10),
    );

    assert_eq!(answered(&engine), ARM);
    assert_eq!(line.writes_obeyed, 1);
    assert_eq!(line.sent.len(), 2);
    assert_eq!(
        line.sent[1].1,
        [0xFF, 0xFF, 0xFE, 0x06, 0x82, 0x38, 0x02, 0x02, 0x04, 0x39],
        "no byte more: nothing can be under way after the last servo's answer"
    );
    assert!(
        line.sent[1].0 < ms(3),
        "the last servo had answered, so the retry need not wait for the timeout"
    );
    assert_eq!(engine.servo_counters(2).retries, 1);
    assert_eq!(engine.servo_counters(4).checksum_errors, 1);
    assert_eq!(engine.servo_counters(1).retries, 0);
}

#[test]
fn a_dead_servo_costs_the_others_nothing() {
    let (mut engine, mut line) = (engine(), Line::new(&[1, 2, 4, 5, 6]));
    let done = line.run(&mut engine, ms(0), &positions(&ARM), ms(100));
    assert_eq!(answered(&engine), [1, 2, 4, 5, 6]);
    assert_eq!(
        engine.replies()[2].result,
        Err(ServoFault::Timeout { attempts: 3 })
    );
    assert!(done < ms(15), "three attempts took until {done:?}");
    let counters = engine.servo_counters(3);
    assert_eq!(
        (counters.retries, counters.timeouts, counters.failures),
        (2, 1, 1)
    );
}

#[test]
fn a_servo_long_silent_is_asked_once_until_it_returns() {
    let (mut engine, mut line) = (engine(), Line::new(&[1, 2]));
    let mut attempts = Vec::new();
    for cycle in 0..5 {
        line.run(
            &mut engine,
            ms(100 * cycle),
            &positions(&[1, 2, 3]),
            ms(100 * cycle + 50),
        );
        let Err(ServoFault::Timeout { attempts: asked }) = engine.replies()[2].result else {
            panic!("servo 3 does not exist");
        };
        attempts.push(asked);
    }
    assert_eq!(attempts, [3, 3, 3, 1, 1]);

    // Others are still asked again, but without it.
    line.mishaps.push_back(Mishap::Lost);
    line.sent.clear();
    line.run(&mut engine, ms(600), &positions(&[1, 2, 3]), ms(650));
    assert_eq!(answered(&engine), [1, 2]);
    assert_eq!(
        line.sent[1].1,
        [0xFF, 0xFF, 0x01, 0x04, 0x02, 0x38, 0x03, 0xBD]
    );

    line.servos.push(3);
    line.run(&mut engine, ms(700), &positions(&[1, 2, 3]), ms(750));
    assert_eq!(answered(&engine), [1, 2, 3]);
    assert_eq!(engine.servo_counters(3).consecutive_timeouts, 0);
}

#[test]
fn a_late_answer_counts_and_its_twin_is_not_mistaken_for_the_next_one() {
    let mut engine = engine();
    let mut line = Line::new(&[1]).with_mishaps([Mishap::Late(ms(6))]);
    let done = line.run(
        &mut engine,
        ms(0),
        &Request::Read {
            id: 1,
            address: POSITION,
            len: 2,
        },
        ms(20),
    );
    assert_eq!(line.sent.len(), 2);
    assert_eq!(
        engine.replies()[0].result.unwrap().bytes(),
        registers(1, POSITION, 2)
    );

    // The answer to the second attempt is still under way. The next question has the same length, other registers.
    line.run(
        &mut engine,
        done,
        &Request::Read {
            id: 1,
            address: 60,
            len: 2,
        },
        done + ms(20),
    );
    assert_eq!(
        engine.replies()[0].result.unwrap().bytes(),
        registers(1, 60, 2)
    );
}

#[test]
fn bytes_received_before_the_beginning_are_forgotten() {
    let mut engine = engine();
    let stale = [0xFF, 0xFF, 0x01, 0x04, 0x00, 0x11, 0x11, 0xD8];
    engine.begin(ms(0), &positions(&[1]), ms(10)).unwrap();
    engine.transmit();
    engine.step(ms(1), &stale[..5]);
    engine.begin(ms(20), &positions(&[1]), ms(30)).unwrap();
    engine.transmit();
    assert_ne!(engine.step(ms(21), &stale[5..]), Status::Done);
    assert!(engine.replies().is_empty());
}

#[test]
fn error_flags_come_with_the_data() {
    let (mut engine, mut line) = (engine(), Line::new(&[1]));
    line.error = 32;
    line.run(&mut engine, ms(0), &positions(&[1]), ms(10));
    let reply = engine.replies()[0].result.unwrap();
    assert_eq!(reply.flags, ErrorFlags::OVERLOAD);
    assert_eq!(reply.bytes(), registers(1, POSITION, 2));
    let counters = engine.servo_counters(1);
    assert_eq!(
        (counters.flagged, counters.last_flags),
        (1, ErrorFlags::OVERLOAD)
    );
}

#[test]
fn faults_have_names() {
    let always = |mishap: Mishap| {
        let (mut engine, mut line) = (engine(), Line::new(&[1]).with_mishaps(std::vec![mishap; 3]));
        line.run(&mut engine, ms(0), &positions(&[1]), ms(50));
        (engine.replies()[0].result, engine)
    };
    let (result, _) = always(Mishap::Lost);
    assert_eq!(result, Err(ServoFault::Timeout { attempts: 3 }));
    let (result, engine) = always(Mishap::BitFlip(5, 3));
    assert_eq!(result, Err(ServoFault::Checksum));
    assert_eq!(engine.servo_counters(1).checksum_errors, 3);
    let (result, engine) = always(Mishap::OtherLength(9));
    assert_eq!(
        result,
        Err(ServoFault::WrongLength {
            expected: 4,
            got: 9
        })
    );
    assert_eq!(engine.servo_counters(1).wrong_lengths, 3);
    // A damaged id: the packet is put down to the servo whose turn it was.
    let (result, _) = always(Mishap::BitFlip(2, 4));
    assert_eq!(result, Err(ServoFault::Checksum));
}

#[test]
fn noise_is_skipped_and_counted() {
    let noise = Mishap::Noise(Vec::from([0x00, 0xFF, 0xFF, 0x01, 0xC8, 0x55]));
    let (mut engine, mut line) = (
        engine(),
        Line::new(&ARM).with_mishaps([Mishap::Fine, noise, Mishap::Twice]),
    );
    line.run(&mut engine, ms(0), &positions(&ARM), ms(10));
    assert_eq!(answered(&engine), ARM);
    assert_eq!(engine.bus_counters().skipped_bytes, 6);
    assert_eq!(engine.bus_counters().unexpected, 1);
}

#[test]
fn an_engine_is_small_enough_for_a_microcontroller() {
    assert!(
        size_of::<Engine>() < 16 * 1024,
        "{} bytes",
        size_of::<Engine>()
    );
}

#[test]
fn half_an_answer_to_an_earlier_question_swallows_no_later_one() {
    let mut engine = engine();
    engine
        .begin(ms(0), &Request::Ping { id: 1 }, ms(5))
        .unwrap();
    engine.transmit();
    // Six parameters are to come, and never do.
    engine.step(ms(1), &[0xff, 0xff, 1, 8, 0]);
    assert_eq!(engine.step(ms(5), &[]), Status::Done);
    assert_eq!(answered(&engine), []);
    engine
        .begin(ms(6), &Request::Ping { id: 2 }, ms(12))
        .unwrap();
    engine.transmit();
    engine.step(ms(7), &[0xff, 0xff, 2, 2, 0, 0xfb]);
    assert_eq!(answered(&engine), [2]);
}
