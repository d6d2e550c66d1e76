use super::*;
use std::sync::Arc;
use ulna_core::{Action, GateNote, Joints, State};

fn ms(ms: f64) -> Stamp {
    Stamp::new(Duration::from_secs_f64(ms / 1e3))
}

/// A tick whose state was measured 2 ms before it sends; both numbers are the moment they belong to.
fn tick(sends_at: f64) -> TickRecord {
    TickRecord {
        sends_at: ms(sends_at),
        state: State {
            stamp: ms(sends_at - 2.0),
            position: Joints::filled(1, sends_at - 2.0),
            measured: Joints::filled(1, ms(sends_at - 2.0)),
        },
        action: Some(Action {
            stamp: ms(sends_at),
            target: Joints::filled(1, sends_at),
        }),
        sent: Joints::filled(1, sends_at),
        note: GateNote::default(),
        ..TickRecord::default()
    }
}

fn frame(sequence: u64, stamp: f64) -> Frame {
    Frame {
        stamp: ms(stamp),
        sequence,
        width: 1,
        height: 1,
        pixels: Arc::new([0; 3]),
    }
}

fn sampler(cameras: usize) -> Sampler {
    Sampler::new(Stamp::ZERO, 10, Duration::from_millis(250), cameras)
}

/// The state's moment, the target's moment, and the picture's number.
fn origins(row: &Sampled) -> (f64, f64, Vec<Option<u64>>) {
    let pictures = row.pictures.iter();
    (
        row.state.map_or(-1.0, |tick| tick.state.position[0]),
        row.target.map_or(-1.0, |tick| tick.sent[0]),
        pictures.map(|p| p.as_ref().map(|f| f.sequence)).collect(),
    )
}

#[test]
fn rows_lie_on_one_exact_grid() {
    assert_eq!(
        row_time(30 * 3600, 30),
        Stamp::new(Duration::from_secs(3600))
    );
    assert_eq!(
        row_time(1, 30),
        Stamp::new(Duration::from_nanos(33_333_333))
    );
    let later = Sampler::new(ms(201.0), 10, Duration::ZERO, 0);
    assert_eq!(later.next_time(), ms(300.0));
    assert_eq!(
        Sampler::new(ms(300.0), 10, Duration::ZERO, 0).next_time(),
        ms(300.0)
    );
}

#[test]
fn a_row_holds_what_was_newest_at_its_time() {
    let mut sampler = sampler(1);
    // Ticks send at 95, 100, 105 and so on; pictures are taken at 10, 60, 110 …
    for number in 1..=80 {
        sampler.push_tick(tick(f64::from(number) * 5.0));
    }
    for number in 0..8 {
        sampler.push_frame(0, frame(number, 10.0 + 50.0 * number as f64));
    }
    let rows: Vec<_> = std::iter::from_fn(|| sampler.next_row(ms(400.0))).collect();
    assert_eq!(origins(&rows[0]), (-1.0, -1.0, vec![None]));
    // At 100 ms the target sent at 100 is in force, and the state measured at 98 is the newest.
    assert_eq!(origins(&rows[1]), (98.0, 100.0, vec![Some(1)]));
    assert_eq!(origins(&rows[2]), (198.0, 200.0, vec![Some(3)]));
    assert_eq!(origins(&rows[3]), (298.0, 300.0, vec![Some(5)]));
    // Row 4 lies at 400 ms: the picture of 410 ms could still be followed by none before it, but no later one has come.
    assert_eq!(rows.len(), 4);
}

#[test]
fn a_tick_whose_target_is_not_in_force_yet_has_a_state_that_counts() {
    let mut sampler = sampler(0);
    sampler.push_tick(tick(99.0));
    // Measured at 100 exactly, sent at 102.
    sampler.push_tick(tick(102.0));
    let rows: Vec<_> = std::iter::from_fn(|| sampler.next_row(ms(102.0))).collect();
    assert_eq!(origins(&rows[1]), (100.0, 99.0, vec![]));
}

#[test]
fn a_row_waits_for_everything_but_no_longer_than_the_grace() {
    let mut sampler = sampler(1);
    sampler.push_tick(tick(5.0));
    sampler.push_tick(tick(50.0));
    sampler.push_frame(0, frame(0, 0.0));
    assert!(sampler.next_row(ms(249.0)).is_none());
    assert_eq!(origins(&sampler.next_row(ms(250.0)).unwrap()).2, [Some(0)]);
    // A picture from before row 1 that comes while row 1 waits is its picture.
    sampler.push_tick(tick(101.0));
    sampler.push_frame(0, frame(1, 90.0));
    assert!(sampler.next_row(ms(300.0)).is_none());
    sampler.push_frame(0, frame(2, 130.0));
    assert_eq!(
        origins(&sampler.next_row(ms(300.0)).unwrap()),
        (99.0, 50.0, vec![Some(1)])
    );
}

#[test]
fn late_lost_and_repeated_pictures_are_counted() {
    let mut sampler = sampler(1);
    for number in 1..=8 {
        sampler.push_tick(tick(50.0 * f64::from(number)));
    }
    sampler.push_frame(0, frame(0, 0.0));
    assert_eq!(origins(&sampler.next_row(ms(250.0)).unwrap()).2, [Some(0)]);
    assert_eq!(origins(&sampler.next_row(ms(350.0)).unwrap()).2, [Some(0)]);
    // Taken before row 1, which is final.
    sampler.push_frame(0, frame(1, 80.0));
    sampler.push_frame(0, frame(1, 120.0));
    sampler.push_frame(0, frame(5, 180.0));
    let counts = sampler.camera(0);
    assert_eq!((counts.late, counts.duplicates, counts.lost), (1, 1, 3));
    assert_eq!(counts.again, 0, "a new one has come since");
    sampler.push_frame(0, frame(5, 230.0));
    sampler.push_frame(0, frame(5, 280.0));
    assert_eq!(sampler.camera(0).again, 2);
    assert_eq!(origins(&sampler.next_row(ms(450.0)).unwrap()).2, [Some(5)]);
}

#[test]
fn memory_stays_bounded_however_long_it_runs() {
    let mut sampler = sampler(1);
    for number in 0..2000u32 {
        let now = 50.0 * f64::from(number + 1);
        sampler.push_tick(tick(now));
        sampler.push_frame(0, frame(number.into(), now));
        while sampler.next_row(ms(now)).is_some() {}
    }
    assert!(sampler.ticks.len() < 8 && sampler.cameras[0].waiting.len() < 8);
}
