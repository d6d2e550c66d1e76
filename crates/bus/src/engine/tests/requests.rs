//! Each kind of request, from the smallest to the largest, and those that are none.

use super::*;

#[test]
fn the_deadline_cuts_the_attempts_short() {
    let (mut engine, mut line) = (engine(), Line::new(&[]));
    assert!(line.run(&mut engine, ms(0), &positions(&ARM), ms(5)) <= ms(5));
    assert_eq!(line.sent.len(), 1, "no time for a second attempt");
    assert!(engine.transmit().is_empty());
    assert_eq!(engine.step(ms(6), &[]), Status::Done);
}

#[test]
fn a_passed_deadline_sends_nothing() {
    let mut engine = engine();
    let write = GroupWrite {
        address: 42,
        width: 2,
        entries: &goals(&[1]),
    };
    let read = GroupRead {
        address: POSITION,
        len: 2,
        ids: &[1],
    };
    engine
        .begin(
            ms(7),
            &Request::Cycle {
                write: Some(write),
                read: Some(read),
            },
            ms(7),
        )
        .unwrap();
    assert!(engine.transmit().is_empty());
    assert_eq!(engine.step(ms(7), &[]), Status::Done);
    assert_eq!(engine.replies()[0].result, Err(ServoFault::NotSent));
}

#[test]
fn a_write_waits_for_its_acknowledgement() {
    let (mut engine, mut line) = (engine(), Line::new(&[1]).with_mishaps([Mishap::Lost]));
    line.run(
        &mut engine,
        ms(0),
        &Request::Write {
            id: 1,
            address: 40,
            data: &[1],
        },
        ms(20),
    );
    assert_eq!(answered(&engine), [1]);
    assert_eq!(
        line.writes_obeyed, 2,
        "asked again, since the acknowledgement was lost"
    );
}

#[test]
fn what_has_no_answer_is_done_once_it_is_sent() {
    let mut engine = engine();
    let write = GroupWrite {
        address: 42,
        width: 2,
        entries: &goals(&ARM),
    };
    for request in [
        Request::Cycle {
            write: Some(write),
            read: None,
        },
        Request::Write {
            id: BROADCAST,
            address: 40,
            data: &[0],
        },
    ] {
        engine.begin(ms(0), &request, ms(10)).unwrap();
        assert_eq!(engine.step(ms(0), &[]), Status::Waiting { until: ms(0) });
        assert!(!engine.transmit().is_empty());
        assert_eq!(engine.step(ms(0), &[]), Status::Done);
        assert!(engine.replies().is_empty());
    }
}

#[test]
fn a_broadcast_ping_finds_everyone() {
    let (mut engine, mut line) = (engine(), Line::new(&ARM));
    let done = line.run(&mut engine, ms(0), &Request::PingAll, ms(800));
    assert_eq!(done, ms(800));
    assert_eq!(answered(&engine), ARM);
}

#[test]
fn impossible_requests_are_refused() {
    let mut engine = engine();
    let mut refused = |request: Request<'_>| engine.begin(ms(0), &request, ms(10)).unwrap_err();
    let many: Vec<u8> = (0..33).collect();
    let one = goals(&[1]);
    let write = |width, entries| Request::Cycle {
        write: Some(GroupWrite {
            address: 42,
            width,
            entries,
        }),
        read: None,
    };
    assert_eq!(
        refused(Request::Cycle {
            write: None,
            read: None
        }),
        RequestError::Nothing
    );
    assert_eq!(
        refused(positions(&[])),
        RequestError::Packet(EncodeError::Empty)
    );
    assert_eq!(
        refused(positions(&[3, 4, 3])),
        RequestError::DuplicateId { id: 3 }
    );
    assert_eq!(
        refused(positions(&[BROADCAST])),
        RequestError::Packet(EncodeError::BadId { id: BROADCAST })
    );
    assert_eq!(
        refused(positions(&many)),
        RequestError::TooManyServos { count: 33 }
    );
    assert_eq!(
        refused(write(5, &one)),
        RequestError::BadLength { len: 5, limit: 4 }
    );
    assert_eq!(
        refused(write(2, &[])),
        RequestError::Packet(EncodeError::Empty)
    );
    assert_eq!(
        refused(Request::Read {
            id: 1,
            address: 0,
            len: 33
        }),
        RequestError::BadLength { len: 33, limit: 32 }
    );
    assert_eq!(
        refused(Request::Write {
            id: 1,
            address: 0,
            data: &[]
        }),
        RequestError::BadLength { len: 0, limit: 32 }
    );
    assert_eq!(
        refused(Request::Ping { id: 0xFD }),
        RequestError::Packet(EncodeError::BadId { id: 0xFD })
    );
    assert!(engine.transmit().is_empty());
    assert_eq!(engine.step(ms(0), &[]), Status::Done);
}

#[test]
fn the_largest_burst_fits() {
    let ids: Vec<u8> = (100..132).collect();
    let entries = goals(&ids);
    let write = GroupWrite {
        address: 42,
        width: 4,
        entries: &entries,
    };
    let read = GroupRead {
        address: POSITION,
        len: 32,
        ids: &ids,
    };
    let (mut engine, mut line) = (engine(), Line::new(&ids));
    line.run(
        &mut engine,
        ms(0),
        &Request::Cycle {
            write: Some(write),
            read: Some(read),
        },
        ms(50),
    );
    assert_eq!(answered(&engine), ids);
    assert_eq!(
        engine.replies()[31].result.unwrap().bytes(),
        registers(131, POSITION, 32)
    );
}

#[test]
fn what_is_no_request_says_why() {
    let said = [
        (RequestError::Nothing, "neither writes nor reads"),
        (RequestError::TooManyServos { count: 77 }, "77 servos"),
        (
            RequestError::DuplicateId { id: 7 },
            "servo 7 is named twice",
        ),
        (
            RequestError::Unsupported { request: "reboot" },
            "know no reboot",
        ),
        (
            RequestError::BadLength { len: 9, limit: 4 },
            "handles 1 to 4",
        ),
    ];
    for (error, part) in said {
        let text = std::format!("{error}");
        assert!(text.contains(part), "{text}");
    }
}
