//! What holds on any line.

use proptest::prelude::*;

use super::*;
use crate::feetech::checksum;

fn any_mishap() -> impl Strategy<Value = Mishap> {
    let noise = prop::collection::vec(prop_oneof![Just(0xFF), 0u8..8, any::<u8>()], 1..40);
    prop_oneof![
        4 => Just(Mishap::Fine),
        2 => Just(Mishap::Lost),
        2 => (any::<usize>(), any::<u32>()).prop_map(|(byte, bit)| Mishap::BitFlip(byte, bit)),
        1 => noise.prop_map(Mishap::Noise),
        1 => (0u64..9_000).prop_map(|micros| Mishap::Late(Duration::from_micros(micros))),
        1 => (0usize..40).prop_map(Mishap::OtherLength),
        1 => Just(Mishap::Twice),
    ]
}

/// Groups, single reads, writes and pings among servos 1 to 8, of which 7 and 8 do not exist.
#[derive(Debug, Clone)]
enum Wish {
    Group { write: bool, len: u8, ids: Vec<u8> },
    Read { id: u8, len: u8 },
    Write { id: u8 },
    Ping { id: u8 },
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let ids = prop::sample::subsequence(Vec::from_iter(1u8..9), 1..9);
    prop_oneof![
        3 => (any::<bool>(), 1u8..33, ids).prop_map(|(write, len, ids)| Wish::Group { write, len, ids }),
        1 => (1u8..9, 1u8..33).prop_map(|(id, len)| Wish::Read { id, len }),
        1 => (1u8..9).prop_map(|id| Wish::Write { id }),
        1 => (1u8..9).prop_map(|id| Wish::Ping { id }),
    ]
}

/// Runs the wish and returns when it was done and how many data bytes each servo owed.
fn run(
    line: &mut Line,
    engine: &mut Engine,
    wish: &Wish,
    now: Duration,
    deadline: Duration,
) -> (Duration, u8) {
    match wish {
        Wish::Group { write, len, ids } => {
            let entries = goals(ids);
            let write = write.then_some(GroupWrite {
                address: 42,
                width: 2,
                entries: &entries,
            });
            let read = Some(GroupRead {
                address: POSITION,
                len: *len,
                ids,
            });
            (
                line.run(engine, now, &Request::Cycle { write, read }, deadline),
                *len,
            )
        }
        &Wish::Read { id, len } => (
            line.run(
                engine,
                now,
                &Request::Read {
                    id,
                    address: POSITION,
                    len,
                },
                deadline,
            ),
            len,
        ),
        &Wish::Write { id } => (
            line.run(
                engine,
                now,
                &Request::Write {
                    id,
                    address: 40,
                    data: &[1],
                },
                deadline,
            ),
            0,
        ),
        &Wish::Ping { id } => (line.run(engine, now, &Request::Ping { id }, deadline), 0),
    }
}

/// Somewhere in `bytes` there is a whole packet of this servo with these flags and data, and a right checksum.
fn was_delivered(bytes: &[u8], id: u8, data: &ReplyData) -> bool {
    (0..bytes.len()).any(|at| match &bytes[at..] {
        [0xFF, 0xFF, from, length, flags, params @ ..] if (*from, *flags) == (id, data.flags.0) => {
            let size = usize::from(*length).saturating_sub(2);
            let Some((params, [sum, ..])) = params.split_at_checked(size) else {
                return false;
            };
            params.starts_with(data.bytes()) && *sum == checksum(&bytes[at + 2..at + 5 + size])
        }
        _ => false,
    })
}

proptest! {
    #[test]
    fn every_transaction_ends_in_time_with_true_data(
        wishes in prop::collection::vec((any_wish(), 0u64..20_000, 0u64..3_000), 1..12),
        mishaps in prop::collection::vec(any_mishap(), 0..60),
        grid in prop_oneof![Just(1u64), Just(125), Just(1000), Just(2500)],
        echo in any::<bool>(),
        error in prop_oneof![Just(0u8), Just(1), Just(36)],
    ) {
        let forges = |mishap: &Mishap| matches!(mishap, Mishap::Noise(_) | Mishap::BitFlip(..));
        let honest = !mishaps.iter().any(forges);
        let (mut engine, mut line) = (engine(), Line::new(&ARM).with_mishaps(mishaps));
        line.grid = Duration::from_micros(grid);
        (line.echo, line.error) = (echo, error);
        let mut now = Duration::ZERO;
        for (wish, time, pause) in wishes {
            let deadline = now + Duration::from_micros(time);
            let obeyed = line.writes_obeyed;
            let (done, owed) = run(&mut line, &mut engine, &wish, now, deadline);
            prop_assert!(done <= deadline);
            for reply in engine.replies() {
                prop_assert!(reply.at <= done);
                let Ok(data) = reply.result else { continue };
                prop_assert!(was_delivered(&line.delivered, reply.id, &data), "made up: {reply:?}");
                prop_assert_eq!(data.bytes().len(), usize::from(owed));
                if honest {
                    prop_assert!(ARM.contains(&reply.id), "servo {} does not exist", reply.id);
                    prop_assert_eq!(data.flags, ErrorFlags(error));
                }
            }
            if matches!(wish, Wish::Group { .. }) {
                prop_assert!(line.writes_obeyed <= obeyed + 1, "the group write was repeated");
            }
            now = done + Duration::from_micros(pause);
        }
    }

    /// While nothing is forged, and nothing comes later than the allowance for it, every byte of an accepted reply is
    /// the register's: no answer to an older question is taken for the newest one's.
    #[test]
    fn accepted_bytes_are_the_servos(
        mishaps in prop::collection::vec(prop_oneof![
            4 => Just(Mishap::Fine),
            2 => Just(Mishap::Lost),
            1 => (0u64..300).prop_map(|micros| Mishap::Late(Duration::from_micros(micros))),
        ], 0..60),
        len in 1u8..33,
        echo in any::<bool>(),
        grid in prop_oneof![Just(1u64), Just(1000)],
        pause in 0u64..3_000,
    ) {
        let (mut engine, mut line) = (engine(), Line::new(&ARM).with_mishaps(mishaps));
        (line.echo, line.grid) = (echo, Duration::from_micros(grid));
        let mut now = Duration::ZERO;
        for cycle in 0..8 {
            let ids = &ARM[..];
            let read = GroupRead { address: POSITION + cycle, len, ids };
            let request = Request::Cycle { write: None, read: Some(read) };
            now = line.run(&mut engine, now, &request, now + ms(20)) + Duration::from_micros(pause);
            for reply in engine.replies() {
                if let Ok(data) = reply.result {
                    prop_assert_eq!(data.bytes(), registers(reply.id, POSITION + cycle, len));
                }
            }
        }
    }

    #[test]
    fn a_line_without_mishaps_answers_completely(
        wishes in prop::collection::vec(any_wish(), 1..12),
        grid in prop_oneof![Just(1u64), Just(125), Just(1000)],
        echo in any::<bool>(),
    ) {
        let (mut engine, mut line) = (engine(), Line::new(&[1, 2, 3, 4, 5, 6, 7, 8]));
        line.grid = Duration::from_micros(grid);
        line.echo = echo;
        let mut now = Duration::ZERO;
        for wish in wishes {
            let (done, _) = run(&mut line, &mut engine, &wish, now, now + ms(40));
            for reply in engine.replies() {
                prop_assert!(reply.result.is_ok(), "servo {}: {:?}", reply.id, reply.result);
                prop_assert_eq!(engine.servo_counters(reply.id).retries, 0);
            }
            now = done;
        }
    }

    /// Whatever is handed in, at whatever times: the engine neither panics nor misses its deadline.
    #[test]
    fn any_bytes_at_any_time(
        chunks in prop::collection::vec(
            (0u64..3_000, prop::collection::vec(prop_oneof![Just(0xFFu8), 0u8..8, any::<u8>()], 0..600)), 0..30),
        transmits in any::<bool>(),
    ) {
        let mut engine = engine();
        let deadline = ms(12);
        engine.begin(ms(0), &positions(&ARM), deadline).unwrap();
        let mut now = ms(0);
        for (pause, chunk) in chunks {
            if transmits {
                engine.transmit();
            }
            now += Duration::from_micros(pause);
            match engine.step(now, &chunk) {
                Status::Waiting { until } => prop_assert!(now < deadline && until <= deadline),
                Status::Done => prop_assert_eq!(engine.replies().len(), ARM.len()),
            }
        }
        prop_assert_eq!(engine.step(deadline.max(now), &[]), Status::Done);
        prop_assert!(engine.transmit().is_empty());
    }
}
