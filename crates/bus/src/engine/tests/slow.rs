//! Links that are slow, uneven and lossy: whatever they do, an answer counts for the question that it answers, with a time at which its
//! servo can have looked; one question is open at a time; and goals go out between question and answer.

use proptest::prelude::*;
use std::collections::VecDeque;

use super::*;
use crate::feetech::{Decoder, MAX_PACKET, packet};

/// What the link does with one question.
#[derive(Debug, Clone)]
struct Fate {
    /// Until the question reaches the wire, and until the answers reach the host, µs.
    out: u64,
    back: u64,
    /// Which of the servos stay silent.
    lost: u8,
    /// Between this question and the next, µs.
    pause: u64,
}

fn fate() -> impl Strategy<Value = Fate> {
    let lost = prop_oneof![3 => Just(0u8), 1 => any::<u8>(), 1 => Just(u8::MAX)];
    let fates = (0u64..60_000, 0u64..60_000, lost, 0u64..5_000);
    fates.prop_map(|(out, back, lost, pause)| Fate {
        out,
        back,
        lost,
        pause,
    })
}

/// Servos whose position is the number of the question that they answer.
struct SlowLine {
    /// When each question was handed out, and when it reached the servos.
    asked: Vec<(Duration, Duration)>,
    to_host: VecDeque<(Duration, Vec<u8>)>,
    /// Bytes do not overtake each other.
    last_out: Duration,
    last_back: Duration,
    posts: usize,
}

impl SlowLine {
    fn take(&mut self, now: Duration, bytes: &[u8], fate: &Fate) {
        let mut requests = Vec::new();
        Decoder::new().feed(bytes, |packet| {
            requests.push((packet.id, packet.kind, packet.params.to_vec()));
        });
        for (id, kind, params) in requests {
            self.last_out = self.last_out.max(now + Duration::from_micros(fate.out));
            let ids = match kind {
                0x02 => Vec::from([id]),
                0x82 => params[2..].to_vec(),
                _ => {
                    self.posts += 1;
                    continue;
                }
            };
            self.asked.push((now, self.last_out));
            let number = u16::try_from(self.asked.len()).unwrap().to_le_bytes();
            let mut at = self.last_out;
            for id in ids {
                at += wire_time(6 + usize::from(params[1]), BAUD);
                if fate.lost >> id & 1 == 1 {
                    continue;
                }
                let mut data = std::vec![0; params[1].into()];
                data[..2].copy_from_slice(&number);
                let mut buffer = [0; MAX_PACKET];
                let answer = packet::status(&mut buffer, id, 0, &data).unwrap().to_vec();
                self.last_back = self.last_back.max(at + Duration::from_micros(fate.back));
                self.to_host.push_back((self.last_back, answer));
            }
        }
    }

    fn arrived(&mut self, now: Duration) -> Vec<u8> {
        let due = self.to_host.partition_point(|(at, _)| *at <= now);
        self.to_host
            .drain(..due)
            .flat_map(|(_, bytes)| bytes)
            .collect()
    }
}

/// Asks once for each fate, and checks each reply.
fn ask_and_check(engine: &mut Engine, fates: &[Fate]) {
    let mut line = SlowLine {
        asked: Vec::new(),
        to_host: VecDeque::new(),
        last_out: Duration::ZERO,
        last_back: Duration::ZERO,
        posts: 0,
    };
    let mut now = ms(1);
    let mut open_until = Duration::ZERO;
    for (turn, fate) in fates.iter().enumerate() {
        let first = line.asked.len();
        let deadline = now + ms(40);
        engine.begin(now, &positions(&ARM), deadline).unwrap();
        let mut posted = false;
        loop {
            let before = line.asked.len();
            let bytes = engine.transmit().to_vec();
            line.take(now, &bytes, fate);
            if line.asked.len() > before {
                assert!(now >= open_until, "a question while one is open");
                open_until = engine.ready_at();
            }
            let received = line.arrived(now);
            let Status::Waiting { until } = engine.step(now, &received) else {
                break;
            };
            if !posted && turn % 2 == 1 && now >= engine.line_free_at() && !bytes.is_empty() {
                let entries = goals(&ARM);
                let write = GroupWrite {
                    address: 42,
                    width: 2,
                    entries: &entries,
                };
                let bytes = engine.post(now, &write).unwrap().to_vec();
                line.take(now, &bytes, fate);
                posted = true;
            }
            let arrival = line.to_host.front().map_or(until, |(at, _)| *at);
            now = now.max(until.min(arrival));
        }
        if engine.replies().iter().all(|reply| reply.result.is_ok()) {
            open_until = now;
        }
        for reply in engine.replies() {
            let Ok(data) = reply.result else { continue };
            let number = usize::from(u16::from_le_bytes(data.bytes().try_into().unwrap()));
            assert!(
                number > first,
                "an answer to question {number}, asked before {first}"
            );
            let (asked, reached) = line.asked[number - 1];
            assert!(reached <= reply.at);
            assert!((asked..=reply.at).contains(&reply.measured), "{reply:?}");
        }
        now += Duration::from_micros(fate.pause);
    }
}

proptest! {
    #[test]
    fn an_answer_counts_for_its_own_question(
        fates in prop::collection::vec(fate(), 1..60),
        turnaround in 0u64..20_000,
        attempts in 1u8..4,
    ) {
        let mut engine = Engine::new(EngineConfig {
            link: LinkTiming {
                turnaround: Duration::from_micros(turnaround),
                ..LinkTiming::UNKNOWN
            },
            max_attempts: attempts,
            ..EngineConfig::new(BAUD)
        });
        ask_and_check(&mut engine, &fates);
    }

    /// On a link whose answers take as long as is believed, every question is answered.
    #[test]
    fn an_even_link_loses_nothing(
        out in 0u64..30_000, back in 0u64..30_000, pauses in prop::collection::vec(0u64..5_000, 1..30),
    ) {
        let mut engine = Engine::new(EngineConfig {
            link: LinkTiming {
                turnaround: Duration::from_micros(out + back + 1000),
                ..LinkTiming::UNKNOWN
            },
            ..EngineConfig::new(BAUD)
        });
        let fates: Vec<Fate> = pauses.into_iter().map(|pause| Fate { out, back, lost: 0, pause }).collect();
        let mut line_engine = engine.clone();
        ask_and_check(&mut line_engine, &fates);
        engine = line_engine;
        let counters = engine.bus_counters();
        // What takes longer than the deadline is late, and nothing else.
        if out + back < 38_000 {
            prop_assert_eq!(counters.late, 0);
            for id in ARM {
                prop_assert_eq!(engine.servo_counters(id).failures, 0);
            }
        }
    }
}

#[test]
fn goals_go_out_between_question_and_answer_and_its_echo_is_known() {
    let mut engine = engine();
    engine.begin(ms(0), &positions(&[1]), ms(50)).unwrap();
    let question = engine.transmit().to_vec();
    assert!(engine.line_free_at() > ms(0) && engine.line_free_at() < ms(2));
    let entries = goals(&[1]);
    let write = GroupWrite {
        address: 42,
        width: 2,
        entries: &entries,
    };
    let goal = engine.post(ms(5), &write).unwrap().to_vec();
    assert_eq!(goal.len(), 8 + 3);
    engine.step(ms(1), &question);
    engine.step(ms(5), &goal);
    let mut buffer = [0; MAX_PACKET];
    let answer = packet::status(&mut buffer, 1, 0, &[7, 8]).unwrap();
    // Long after its turnaround would be over: the deadline alone ends a question that is all that is asked.
    let mut patient = engine.clone();
    assert_eq!(engine.step(ms(5), answer), Status::Done);
    assert_eq!(engine.replies()[0].result.unwrap().bytes(), [7, 8]);
    let counters = engine.bus_counters();
    assert_eq!((counters.echoes, counters.unexpected), (2, 0));
    // Half of what the link added had passed when the servo looked.
    let wire = wire_time(question.len() + answer.len(), BAUD);
    assert_eq!(engine.replies()[0].measured, ms(5) - (ms(5) - wire) / 2);
    assert_ne!(patient.step(ms(5), &answer[..4]), Status::Done);
}

#[test]
fn a_bus_without_any_answer_is_asked_six_times_and_then_left_alone_for_a_while() {
    let mut engine = Engine::new(EngineConfig {
        max_attempts: 1,
        link: LinkTiming {
            turnaround: ms(2),
            ..LinkTiming::UNKNOWN
        },
        ..EngineConfig::new(BAUD)
    });
    let mut asked = Vec::new();
    for tick in 0..80 {
        let now = ms(5 * tick);
        engine.begin(now, &positions(&ARM), now + ms(5)).unwrap();
        if !engine.transmit().is_empty() {
            asked.push(5 * tick);
        }
        engine.step(now, &[]);
        assert_eq!(engine.step(now + ms(5), &[]), Status::Done);
    }
    // LATEST later each of them is answered no more.
    let early: Vec<u64> = asked.iter().copied().take_while(|&at| at < 150).collect();
    assert_eq!(early, [0, 5, 10, 15, 20, 25]);
    assert_eq!(asked[6], 155);
    let unasked = Err(ServoFault::NotSent);
    engine.begin(ms(400), &positions(&ARM), ms(405)).unwrap();
    engine.transmit();
    engine.step(ms(405), &[]);
    assert!(
        engine
            .replies()
            .iter()
            .all(|reply| reply.result != unasked || asked.len() > 6)
    );
}
