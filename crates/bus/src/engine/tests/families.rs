//! The same promises for every family of servos, and what is peculiar to one.

use proptest::prelude::*;

use super::arm::Arm;
use super::*;
use crate::Protocol::{self, Dynamixel2, FeetechScs, FeetechSts};
use crate::dynamixel::{ALERT, Refusal};
use crate::families::{scs0009, sts3215, xl330, xl430};
use crate::registers::{Role, Span, Table};

const FAMILIES: [&Table; 4] = [
    &sts3215::TABLE,
    &scs0009::TABLE,
    &xl330::TABLE,
    &xl430::TABLE,
];

fn engine_for(protocol: Protocol) -> Engine {
    Engine::new(EngineConfig {
        fast_reads: true,
        ..EngineConfig::with_protocol(protocol, BAUD)
    })
}

fn read_of<'a>(span: Span, ids: &'a [u8]) -> GroupRead<'a> {
    GroupRead {
        address: span.address,
        len: span.len,
        ids,
    }
}

fn group(ids: &[u8]) -> Request<'_> {
    positions(ids)
}

/// The fewest bytes with which this protocol can bring `width` bytes to each of `servos`.
fn least_write(protocol: Protocol, servos: usize, width: usize) -> usize {
    match protocol {
        // FF FF FE length 83 address width … checksum
        FeetechSts | FeetechScs => 8 + servos * (1 + width),
        // FF FF FD 00 FE length×2 83 address×2 width×2 … crc×2
        Dynamixel2 => 14 + servos * (1 + width),
    }
}

/// The fewest bytes, both ways, with which this protocol can bring `len` bytes from each of `servos`.
fn least_read(protocol: Protocol, servos: usize, len: usize, fast: bool) -> usize {
    let (read, sync, answer) = match protocol {
        FeetechSts | FeetechScs => (8, 8 + servos, 6 + len),
        Dynamixel2 => (14, 14 + servos, 11 + len),
    };
    let each_apart = servos * (read + answer);
    let together = sync + servos * answer;
    let fast_together = sync + 8 + servos * (4 + len);
    match protocol {
        FeetechScs => each_apart,
        FeetechSts => each_apart.min(together),
        Dynamixel2 if fast => each_apart.min(fast_together),
        Dynamixel2 => each_apart.min(together),
    }
}

#[test]
fn every_cycle_takes_the_fewest_bytes_of_its_protocol() {
    for table in FAMILIES {
        let protocol = table.protocol;
        let goal = table.find(Role::GoalPosition).unwrap();
        let position = table.span(&[Role::PresentPosition]).unwrap();
        let state = table.state_span().unwrap();
        for (servos, fast, span, writes) in (1..=8).flat_map(|servos| {
            [
                (true, position),
                (true, state),
                (false, position),
                (false, state),
            ]
            .into_iter()
            .flat_map(move |(fast, span)| [true, false].map(|writes| (servos, fast, span, writes)))
        }) {
            let ids: Vec<u8> = (1..=servos).collect();
            let mut engine = Engine::new(EngineConfig {
                fast_reads: fast,
                ..EngineConfig::with_protocol(protocol, BAUD)
            });
            let mut arm = Arm::new(protocol, &ids);
            // Nothing here has to be stuffed, which would cost a byte each time.
            arm.memory = std::boxed::Box::new(|_, id, address| id ^ address);
            let entries = goals(&ids);
            let write = writes.then_some(GroupWrite {
                address: goal.address,
                width: goal.width,
                entries: &entries,
            });
            let read = Some(read_of(span, &ids));
            arm.run(&mut engine, ms(0), &Request::Cycle { write, read }, ms(50));
            assert_eq!(answered(&engine), ids);

            let servos = ids.len();
            let least = least_read(protocol, servos, span.len.into(), fast)
                + if writes {
                    least_write(protocol, servos, goal.width.into())
                } else {
                    0
                };
            let sent: usize = arm.sent.iter().map(Vec::len).sum();
            assert_eq!(
                sent + arm.answered_bytes,
                least,
                "{protocol:?}, {servos} servos, {span:?}"
            );
            let counters = engine.bus_counters();
            assert_eq!(counters.bytes_sent + counters.bytes_received, least as u64);
        }
    }
}

#[test]
fn the_figures_of_an_arm_of_six() {
    assert_eq!(
        least_write(FeetechSts, 6, 2) + least_read(FeetechSts, 6, 2, false),
        88
    );
    assert_eq!(
        least_write(Dynamixel2, 6, 4) + least_read(Dynamixel2, 6, 4, true),
        120
    );
    assert_eq!(
        least_write(Dynamixel2, 6, 4) + least_read(Dynamixel2, 6, 4, false),
        154
    );
    assert_eq!(least_read(FeetechSts, 6, 8, false), 98);
    assert_eq!(least_read(Dynamixel2, 6, 21, true), 178);
}

#[test]
fn a_damaged_answer_counts_once_whichever_servo_it_names() {
    for protocol in [FeetechSts, FeetechScs, Dynamixel2] {
        let (mut engine, mut arm) = (engine_for(protocol), Arm::new(protocol, &ARM));
        let mut is_first = true;
        arm.harm = std::boxed::Box::new(move |bytes| {
            if core::mem::take(&mut is_first) {
                *bytes.last_mut().unwrap() ^= 1;
            }
            true
        });
        arm.run(&mut engine, ms(0), &group(&ARM), ms(50));
        assert_eq!(answered(&engine), ARM, "{protocol:?}");
        let errors = ARM.map(|id| engine.servo_counters(id).checksum_errors);
        assert_eq!(errors, [1, 0, 0, 0, 0, 0], "{protocol:?}");
    }
}

#[test]
fn a_silent_servo_is_pinged_again_only_where_an_echo_may_have_been_its_answer() {
    for (protocol, last) in [(FeetechSts, 3), (Dynamixel2, 1)] {
        let (mut engine, mut arm) = (engine_for(protocol), Arm::new(protocol, &[]));
        let mut attempts = 0;
        for ping in 0..5 {
            arm.sent.clear();
            let now = ms(100 * ping);
            arm.run(&mut engine, now, &Request::Ping { id: 1 }, now + ms(90));
            attempts = arm.sent.len();
        }
        assert_eq!(attempts, last, "{protocol:?}");
    }
}

#[test]
fn a_retry_asks_only_who_is_missing() {
    for protocol in [FeetechSts, FeetechScs, Dynamixel2] {
        let (mut engine, mut arm) = (engine_for(protocol), Arm::new(protocol, &ARM));
        let mut count = 0;
        arm.harm = std::boxed::Box::new(move |_| {
            count += 1;
            count != 5
        });
        arm.run(&mut engine, ms(0), &group(&ARM), ms(50));
        assert_eq!(answered(&engine), ARM, "{protocol:?}");
        let retries = ARM.map(|id| engine.servo_counters(id).retries);
        // Behind a gap in a fast answer there is nothing.
        let behind = u32::from(protocol == Dynamixel2);
        assert_eq!(retries, [0, 0, 0, 0, 1, behind], "{protocol:?}");
    }
}

#[test]
fn a_dead_servo_is_named_and_the_others_are_read() {
    for protocol in [FeetechSts, FeetechScs, Dynamixel2] {
        let (mut engine, mut arm) = (engine_for(protocol), Arm::new(protocol, &[1, 2, 4, 5, 6]));
        arm.run(&mut engine, ms(0), &group(&ARM), ms(100));
        assert_eq!(answered(&engine), [1, 2, 4, 5, 6], "{protocol:?}");
        assert_eq!(
            engine.replies()[2].result,
            Err(ServoFault::Timeout { attempts: 3 })
        );
    }
}

#[test]
fn echoes_are_skipped_in_every_family() {
    for protocol in [FeetechSts, FeetechScs, Dynamixel2] {
        let (mut engine, mut arm) = (engine_for(protocol), Arm::new(protocol, &ARM));
        arm.echo = true;
        let entries = goals(&ARM);
        let write = Some(GroupWrite {
            address: 42,
            width: 2,
            entries: &entries,
        });
        let read = Some(GroupRead {
            address: POSITION,
            len: 4,
            ids: &ARM,
        });
        for round in 0..3 {
            let now = ms(100 * round);
            arm.run(
                &mut engine,
                now,
                &Request::Cycle { write, read },
                now + ms(50),
            );
            assert_eq!(answered(&engine), ARM, "{protocol:?}");
        }
        let counters = engine.bus_counters();
        assert_eq!(
            (counters.unexpected, counters.skipped_bytes),
            (0, 0),
            "{protocol:?}"
        );
        let questions = if protocol == FeetechScs { 7 } else { 2 };
        assert_eq!(counters.echoes, 3 * questions, "{protocol:?}");
    }
}

#[test]
fn pings_bring_what_the_protocol_tells() {
    for (protocol, echo) in [FeetechSts, FeetechScs, Dynamixel2]
        .into_iter()
        .flat_map(|protocol| [(protocol, false), (protocol, true)])
    {
        let (mut engine, mut arm) = (engine_for(protocol), Arm::new(protocol, &[1]));
        arm.echo = echo;
        for round in 0..3 {
            let now = ms(500 * round);
            arm.run(&mut engine, now, &Request::Ping { id: 2 }, now + ms(50));
            assert!(engine.replies()[0].result.is_err(), "{protocol:?}");
            let now = now + ms(100);
            arm.run(&mut engine, now, &Request::Ping { id: 1 }, now + ms(50));
            let data = engine.replies()[0].result.unwrap();
            let expected = usize::from(protocol.ping_data());
            assert_eq!(data.bytes().len(), expected, "{protocol:?}");
        }
    }
}

#[test]
fn a_broadcast_ping_finds_every_dynamixel() {
    let (mut engine, mut arm) = (engine_for(Dynamixel2), Arm::new(Dynamixel2, &[1, 11, 252]));
    arm.run(&mut engine, ms(0), &Request::PingAll, ms(50));
    assert_eq!(answered(&engine), [1, 11, 252]);
    assert_eq!(engine.replies()[2].result.unwrap().bytes(), [0, 1, 2]);
    let refused = engine_for(FeetechScs).begin(ms(0), &Request::PingAll, ms(9));
    assert!(matches!(refused, Err(RequestError::Unsupported { .. })));
    let refused = engine_for(FeetechSts).begin(ms(0), &Request::Reboot { id: 1 }, ms(9));
    assert!(matches!(refused, Err(RequestError::Unsupported { .. })));
}

#[test]
fn an_alert_is_reported_and_ends_no_read() {
    let (mut engine, mut arm) = (engine_for(Dynamixel2), Arm::new(Dynamixel2, &ARM));
    arm.error = ALERT;
    arm.run(&mut engine, ms(0), &group(&ARM), ms(50));
    for reply in engine.replies() {
        let data = reply.result.unwrap();
        assert_eq!(data.flags, ErrorFlags::ALERT);
        assert_eq!(data.bytes(), registers(reply.id, POSITION, 2));
    }
    assert_eq!(engine.servo_counters(1).flagged, 1);
    arm.run(&mut engine, ms(100), &Request::Reboot { id: 3 }, ms(150));
    assert_eq!((answered(&engine), arm.reboots), (Vec::from([3]), 1));
}

#[test]
fn a_refusal_is_final_unless_the_question_was_damaged() {
    for (error, reason, asked) in [
        (7, Refusal::Access, 1),
        (ALERT | 6, Refusal::DataLimit, 1),
        (3, Refusal::Crc, 3),
    ] {
        let (mut engine, mut arm) = (engine_for(Dynamixel2), Arm::new(Dynamixel2, &ARM));
        arm.error = error;
        let request = Request::Write {
            id: 1,
            address: 7,
            data: &[2],
        };
        arm.run(&mut engine, ms(0), &request, ms(50));
        assert_eq!(
            engine.replies()[0].result,
            Err(ServoFault::Refused { reason })
        );
        let counters = engine.servo_counters(1);
        assert_eq!(
            (counters.refusals, counters.failures, arm.sent.len()),
            (asked, 1, asked as usize)
        );
    }
}

#[test]
fn firmware_without_fast_reads_is_found_out() {
    let (mut engine, mut arm) = (engine_for(Dynamixel2), Arm::new(Dynamixel2, &ARM));
    arm.knows_fast = false;
    for round in 0..12 {
        assert_eq!(engine.reads_fast(), round < 10);
        arm.sent.clear();
        arm.run(
            &mut engine,
            ms(100 * round),
            &group(&ARM),
            ms(100 * round + 50),
        );
        assert_eq!(answered(&engine), ARM);
        assert_eq!(arm.sent.len(), if round < 10 { 2 } else { 1 });
    }
}

#[test]
fn a_dead_first_servo_does_not_discredit_fast_reads() {
    let (mut engine, mut arm) = (engine_for(Dynamixel2), Arm::new(Dynamixel2, &ARM[1..]));
    for round in 0..20 {
        arm.run(
            &mut engine,
            ms(100 * round),
            &group(&ARM),
            ms(100 * round + 50),
        );
        assert_eq!(answered(&engine), ARM[1..]);
    }
    assert!(engine.reads_fast());
}

#[test]
fn a_fast_answer_longer_than_a_packet_is_asked_for_apart() {
    let ids: Vec<u8> = (0..32).collect();
    let (mut engine, mut arm) = (engine_for(Dynamixel2), Arm::new(Dynamixel2, &ids));
    let entries = goals(&ids);
    let write = Some(GroupWrite {
        address: 116,
        width: 4,
        entries: &entries,
    });
    let read = Some(GroupRead {
        address: POSITION,
        len: 32,
        ids: &ids,
    });
    arm.run(&mut engine, ms(0), &Request::Cycle { write, read }, ms(90));
    assert_eq!(answered(&engine), ids);
    assert_eq!(
        engine.replies()[31].result.unwrap().bytes(),
        registers(31, POSITION, 32)
    );
    assert_eq!(arm.sent.len(), 1);
}

/// Every byte has to be stuffed, in both directions.
#[test]
fn the_largest_stuffed_burst_fits() {
    let ids: Vec<u8> = (100..132).collect();
    let (mut engine, mut arm) = (engine_for(Dynamixel2), Arm::new(Dynamixel2, &ids));
    arm.memory = std::boxed::Box::new(|_, _, address| if address % 3 == 2 { 0xFD } else { 0xFF });
    let entries: Vec<GroupEntry> = ids
        .iter()
        .map(|&id| GroupEntry {
            id,
            data: [0xFF, 0xFF, 0xFD, 0xFF],
        })
        .collect();
    let write = Some(GroupWrite {
        address: 116,
        width: 4,
        entries: &entries,
    });
    let read = Some(GroupRead {
        address: 0,
        len: 32,
        ids: &ids,
    });
    arm.run(&mut engine, ms(0), &Request::Cycle { write, read }, ms(90));
    assert_eq!(answered(&engine), ids);
    assert!(arm.sent[0].len() > 14 + 32 * 5 + 14 + 32);
}

proptest! {
    /// Whatever is lost, flipped or blotted out: the transaction ends in time, and the data are those of the registers.
    #[test]
    fn every_transaction_ends_in_time(
        protocol in prop_oneof![Just(FeetechSts), Just(FeetechScs), Just(Dynamixel2)],
        servos in prop::collection::btree_set(1u8..8, 0..7),
        len in 1u8..22,
        harms in prop::collection::vec((0u8..4, any::<usize>()), 0..40),
        echo in any::<bool>(),
        times in prop::collection::vec(0u64..30, 1..6),
    ) {
        let servos: Vec<u8> = servos.into_iter().collect();
        let (mut engine, mut arm) = (engine_for(protocol), Arm::new(protocol, &servos));
        arm.echo = echo;
        let mut harms = harms.into_iter();
        arm.harm = std::boxed::Box::new(move |bytes| match harms.next() {
            Some((0, _)) => false,
            Some((1, bit)) => {
                let bit = bit % (bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                true
            }
            _ => true,
        });
        let mut now = ms(0);
        for time in times {
            let read = GroupRead { address: POSITION, len, ids: &ARM };
            let deadline = now + ms(time);
            let request = Request::Cycle { write: None, read: Some(read) };
            let done = arm.run(&mut engine, now, &request, deadline);
            prop_assert!(done <= deadline);
            prop_assert_eq!(engine.replies().len(), ARM.len());
            for reply in engine.replies() {
                if let Ok(data) = reply.result {
                    prop_assert!(servos.contains(&reply.id));
                    prop_assert_eq!(data.bytes(), registers(reply.id, POSITION, len));
                }
            }
            now = done + ms(1);
        }
    }
}
