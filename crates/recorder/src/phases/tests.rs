use super::*;

const READY: Ready = Ready {
    complete: true,
    arrived: true,
};

fn phases(episodes: u64, episode_rows: u64, reset_rows: u64) -> Phases {
    Phases::new(Plan {
        episodes,
        episode_rows,
        reset_rows,
        approach_rows: 5,
    })
}

/// Runs `rows` complete rows, with the given keys before the given rows; returns a letter for each row (R recorded, - not) and
/// act (b begin, c close, C commit, D discard).
fn story(phases: &mut Phases, rows: usize, keys: &[(usize, Key)]) -> String {
    let mut story = String::new();
    let mut acts = Vec::new();
    let tell = |acts: &mut Vec<Act>, story: &mut String| {
        for act in acts.drain(..) {
            story.push(match act {
                Act::Begin => 'b',
                Act::Close(_) => 'c',
                Act::Commit => 'C',
                Act::Discard => 'D',
            });
        }
    };
    for row in 0..rows {
        for (_, key) in keys.iter().filter(|(at, _)| *at == row) {
            phases.press(*key, &mut acts);
        }
        if phases.phase() == Phase::Over {
            break;
        }
        let recorded = phases.before_row(READY, &mut acts);
        tell(&mut acts, &mut story);
        story.push(if recorded { 'R' } else { '-' });
        if recorded {
            phases.after_row(&mut acts);
        }
        tell(&mut acts, &mut story);
    }
    tell(&mut acts, &mut story);
    story
}

#[test]
fn episodes_and_resets_last_their_rows() {
    let mut session = phases(3, 3, 2);
    assert_eq!(story(&mut session, 99, &[]), "bRRRc--CbRRRc--CbRRRcC");
    assert_eq!((session.phase(), session.kept()), (Phase::Over, 3));
    assert_eq!(story(&mut phases(2, 2, 0), 99, &[]), "bRRcCbRRcC");
    assert_eq!(story(&mut phases(0, 2, 0), 99, &[]), "");
}

#[test]
fn recording_waits_until_rows_are_complete() {
    let mut session = phases(1, 1, 0);
    let mut acts = Vec::new();
    assert!(!session.before_row(
        Ready {
            complete: false,
            ..READY
        },
        &mut acts
    ));
    assert!(!session.is_approaching());
    assert_eq!((session.phase(), acts.len()), (Phase::Waiting, 0));
    assert!(session.before_row(READY, &mut acts));
}

#[test]
fn next_ends_an_episode_and_a_reset() {
    let keys = [(2, Key::Next), (3, Key::Next)];
    assert_eq!(story(&mut phases(2, 5, 9), 8, &keys), "bRRc-CbRRRRRcC");
}

#[test]
fn rerecord_throws_away_what_runs_or_what_just_ended() {
    let running = [(2, Key::Rerecord)];
    assert_eq!(story(&mut phases(1, 4, 1), 99, &running), "bRRcD-bRRRRcC");
    let just_ended = [(3, Key::Rerecord)];
    assert_eq!(
        story(&mut phases(2, 2, 4), 99, &just_ended),
        "bRRc-DbRRc----CbRRcC"
    );
}

#[test]
fn stop_saves_what_is_there() {
    assert_eq!(story(&mut phases(5, 9, 9), 99, &[(3, Key::Stop)]), "bRRRcC");
    assert_eq!(
        story(&mut phases(5, 2, 9), 99, &[(4, Key::Stop)]),
        "bRRc--C"
    );
    let mut session = phases(5, 2, 9);
    assert_eq!(story(&mut session, 99, &[(0, Key::Stop)]), "");
    assert_eq!(session.phase(), Phase::Over);
}

#[test]
fn abandoning_saves_only_what_is_complete() {
    let at = |row| [(row, Key::Abandon)];
    assert_eq!(story(&mut phases(5, 9, 9), 99, &at(3)), "bRRRcD");
    assert_eq!(story(&mut phases(5, 2, 9), 99, &at(4)), "bRRc--C");
    assert_eq!(story(&mut phases(5, 2, 9), 99, &at(0)), "");
    let mut session = phases(5, 9, 9);
    story(&mut session, 99, &at(3));
    assert_eq!((session.phase(), session.kept()), (Phase::Over, 0));
}

#[test]
fn keys_between_two_rows_make_no_empty_episodes() {
    for (first, second) in [
        (Key::Next, Key::Next),
        (Key::Next, Key::Stop),
        (Key::Rerecord, Key::Next),
        (Key::Rerecord, Key::Stop),
    ] {
        let story = story(
            &mut phases(9, 9, 9),
            40,
            &[(2, first), (2, second), (2, first)],
        );
        assert!(!story.contains("bc"), "{first:?} {second:?}: {story}");
    }
}

#[test]
fn an_abort_keeps_what_there_is() {
    let mut acts = Vec::new();
    let mut recording = phases(2, 9, 9);
    story(&mut recording, 3, &[]);
    recording.abort(&mut acts);
    assert_eq!(acts, [Act::Close(Ended::Fault), Act::Commit]);
    acts.clear();
    let mut resetting = phases(2, 2, 9);
    story(&mut resetting, 4, &[]);
    resetting.abort(&mut acts);
    assert_eq!((acts, resetting.phase()), (vec![Act::Commit], Phase::Over));
}

/// Rows with the arm on its way until row `arrives`; the letters are those of [`story`].
fn with_an_arm_on_its_way(session: &mut Phases, arrives: usize, next: Option<usize>) -> String {
    let (mut story, mut acts) = (String::new(), Vec::new());
    for row in 0..9 {
        if next == Some(row) {
            session.press(Key::Next, &mut acts);
        }
        let ready = Ready {
            arrived: row >= arrives,
            ..READY
        };
        let recorded = session.before_row(ready, &mut acts);
        story.push(match (recorded, session.is_approaching()) {
            (true, _) => 'R',
            (false, true) => 'w',
            (false, false) => '-',
        });
        if recorded {
            session.after_row(&mut acts);
        }
        if session.phase() == Phase::Over {
            break;
        }
    }
    story
}

#[test]
fn an_episode_begins_where_the_arm_is_to_be() {
    let rows = |arrives, next| with_an_arm_on_its_way(&mut phases(1, 2, 0), arrives, next);
    assert_eq!(rows(0, None), "RR");
    assert_eq!(rows(3, None), "wwwRR");
    assert_eq!(rows(99, None), "wwwwwRR", "not for ever");
    assert_eq!(rows(99, Some(2)), "wwRR", "the key says: now");
    assert_eq!(rows(3, Some(0)), "wwwRR", "nothing has waited by then");
}

#[test]
fn after_a_reset_too() {
    let mut session = phases(2, 1, 1);
    assert_eq!(with_an_arm_on_its_way(&mut session, 0, None), "R-R");
    let mut session = phases(2, 1, 1);
    let mut acts = Vec::new();
    assert!(session.before_row(READY, &mut acts));
    session.after_row(&mut acts);
    assert_eq!(with_an_arm_on_its_way(&mut session, 4, None), "-wwwR");
}

#[test]
fn a_key_that_meant_begin_does_not_end_what_has_just_begun() {
    let mut session = Phases::new(Plan {
        episodes: 1,
        episode_rows: 99,
        reset_rows: 0,
        approach_rows: 30 * LONGEST_APPROACH,
    });
    let mut acts = Vec::new();
    let on_its_way = Ready {
        arrived: false,
        ..READY
    };
    assert!(!session.before_row(on_its_way, &mut acts));
    assert!(session.before_row(READY, &mut acts));
    session.press(Key::Next, &mut acts);
    assert_eq!(session.phase(), Phase::Recording);
    for _ in 0..15 {
        session.before_row(READY, &mut acts);
    }
    session.press(Key::Next, &mut acts);
    assert_eq!(session.phase(), Phase::Over);
}
