//! Adapters that hand back what they send, and the one answer that looks like an echo.

use super::*;

const VOLTAGE: u8 = 1;

fn ping(
    engine: &mut Engine,
    line: &mut Line,
    now: Duration,
    id: u8,
) -> Result<ReplyData, ServoFault> {
    line.run(engine, now, &Request::Ping { id }, now + ms(40));
    engine.replies()[0].result
}

#[test]
fn the_echo_of_a_cycle_is_skipped() {
    let (mut engine, mut line) = (engine(), Line::new(&ARM).with_mishaps([Mishap::Lost]));
    line.echo = true;
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
    let counters = engine.bus_counters();
    assert_eq!(
        (counters.echoes, counters.unexpected, counters.skipped_bytes),
        (3, 0, 0)
    );
}

#[test]
fn a_ping_finds_the_servos_that_are_there_and_no_others() {
    for echo in [false, true] {
        for error in [0, VOLTAGE] {
            let (mut engine, mut line) = (engine(), Line::new(&[2]));
            (line.echo, line.error) = (echo, error);
            let flags = ErrorFlags(error);
            let found = |result: Result<ReplyData, ServoFault>| {
                result.map(|data| (data.flags, data.bytes().len()))
            };
            for round in 0..3 {
                let now = ms(1000 * round);
                assert!(
                    ping(&mut engine, &mut line, now, 1).is_err(),
                    "echo {echo}, error {error}, round {round}"
                );
                assert_eq!(
                    found(ping(&mut engine, &mut line, now + ms(100), 2)),
                    Ok((flags, 0))
                );
                assert!(ping(&mut engine, &mut line, now + ms(200), 3).is_err());
            }
        }
    }
}

#[test]
fn a_complaint_about_the_voltage_is_no_echo_once_the_adapter_is_known() {
    for (mode, echo) in [(EchoMode::Never, false), (EchoMode::Always, true)] {
        let mut engine = Engine::new(EngineConfig {
            echo: mode,
            ..EngineConfig::new(BAUD)
        });
        let mut line = Line::new(&[1]);
        (line.echo, line.error) = (echo, VOLTAGE);
        assert_eq!(
            ping(&mut engine, &mut line, ms(0), 1).unwrap().flags,
            ErrorFlags::VOLTAGE
        );
        assert_eq!(line.sent.len(), 1, "no second attempt was needed");
    }
}

#[test]
fn an_adapter_without_echo_is_known_after_one_clean_answer() {
    let (mut engine, mut line) = (engine(), Line::new(&[1]));
    assert!(ping(&mut engine, &mut line, ms(0), 1).is_ok());
    line.error = VOLTAGE;
    assert!(ping(&mut engine, &mut line, ms(100), 1).is_ok());
    assert_eq!(line.sent.len(), 2);
}

#[test]
fn a_twin_of_an_answer_is_no_echo() {
    let (mut engine, mut line) = (engine(), Line::new(&[1]));
    assert!(ping(&mut engine, &mut line, ms(0), 1).is_ok());
    line.error = VOLTAGE;
    for round in 1..4 {
        line.mishaps.push_back(Mishap::Twice);
        assert!(ping(&mut engine, &mut line, ms(100 * round), 1).is_ok());
    }
    assert_eq!(engine.bus_counters().echoes, 0);
}

/// The echo of a read of two bytes has the length of its answer.
#[test]
fn the_echo_of_a_read_is_not_its_answer() {
    let (mut engine, mut line) = (engine(), Line::new(&[3]));
    line.echo = true;
    let entries = goals(&[3]);
    let write = Some(GroupWrite {
        address: 42,
        width: 2,
        entries: &entries,
    });
    let read = Some(GroupRead {
        address: POSITION,
        len: 2,
        ids: &[3],
    });
    line.run(&mut engine, ms(0), &Request::Cycle { write, read }, ms(10));
    let data = engine.replies()[0].result.unwrap();
    assert_eq!(data.flags, ErrorFlags::NONE);
    assert_eq!(data.bytes(), registers(3, POSITION, 2));
    assert_eq!(engine.bus_counters().echoes, 2);
}
