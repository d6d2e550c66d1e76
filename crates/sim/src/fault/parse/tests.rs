//! What is written, what is read, and what is refused.

use proptest::prelude::*;

use core::time::Duration;

use super::*;
use crate::fault::{Firmware, GRAMMAR};

const NAMES: [(&str, u8); 3] = [("shoulder_pan", 1), ("elbow_flex", 3), ("gripper", 6)];

fn parsed(text: &str) -> Result<Fault, String> {
    Fault::parse(text, &NAMES).map_err(|error| error.to_string())
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn faults_read_as_they_are_written() {
    assert_eq!(parsed("drop:1%"), Ok(Fault::Drop { probability: 0.01 }));
    assert_eq!(parsed("flip:0.25"), Ok(Fault::Flip { probability: 0.25 }));
    assert_eq!(parsed("burst:100%"), Ok(Fault::Burst { probability: 1.0 }));
    let late = Fault::Late {
        by: ms(5),
        probability: 0.01,
    };
    assert_eq!(parsed("late:5ms@1%"), Ok(late));
    let dead = |lasting| Fault::Dead {
        id: 3,
        from: ms(1500),
        lasting,
    };
    assert_eq!(parsed("dead:elbow_flex@1.5s+2s"), Ok(dead(ms(2000))));
    assert_eq!(parsed("dead:3@1500ms"), Ok(dead(Duration::MAX)));
    let reset = Fault::Reset {
        id: 1,
        at: ms(2000),
    };
    assert_eq!(parsed("reset:shoulder_pan@2s"), Ok(reset));
    let wrong = Fault::WrongId {
        id: 3,
        signs: 6,
        from: ms(2000),
        lasting: ms(10),
    };
    assert_eq!(parsed("wrong-id:elbow_flex=gripper@2s+10ms"), Ok(wrong));
    let unplug = |first| Fault::Unplug {
        first,
        from: ms(1),
        lasting: ms(2),
    };
    assert_eq!(parsed("unplug:bus@1ms+2ms"), Ok(unplug(None)));
    assert_eq!(parsed("unplug:gripper@1ms+2ms"), Ok(unplug(Some(6))));
    let low = Fault::LowVoltage {
        volts: 5.5,
        from: ms(0),
        lasting: Duration::MAX,
    };
    assert_eq!(parsed("low-voltage:5.5V@0s"), Ok(low));
    let hot = |celsius| Fault::Overheat {
        id: 6,
        celsius,
        from: ms(1000),
        lasting: Duration::MAX,
    };
    assert_eq!(parsed("overheat:gripper@1s"), Ok(hot(OVERHEATED)));
    assert_eq!(parsed("overheat:gripper=72.5C@1s"), Ok(hot(72.5)));
}

#[test]
fn plans_hold_any_number() {
    let plan = FaultPlan::parse(["drop:1%, flip:1%", "", "burst:2%"], 4, &NAMES).unwrap();
    assert_eq!((plan.seed, plan.faults.len()), (4, 3));
    assert_eq!(FaultPlan::parse([], 0, &[]), Ok(FaultPlan::default()));
    assert!(FaultPlan::parse(["drop:1%,nonsense"], 4, &NAMES).is_err());
}

#[test]
fn the_grammar_lists_every_kind_and_its_examples_are_right() {
    let examples = GRAMMAR.lines().skip(1).map(|line| {
        let mut words = line.split_whitespace();
        words.next().unwrap()
    });
    assert!(examples.eq(KINDS.map(|kind| kind.example)));
    for kind in KINDS {
        assert!(parsed(kind.example).is_ok(), "{}", kind.example);
        assert!(kind.example.starts_with(&format!("{}:", kind.name)));
        assert!(parsed("melt:1%").unwrap_err().contains(kind.example));
    }
}

#[test]
fn errors_say_what_to_write_instead() {
    for (text, expected) in [
        ("melt:1%", "there is no fault `melt`. Several faults"),
        ("", "there is no fault ``"),
        ("drop", "write it like `drop:1%`"),
        ("drop:2", "`2` is not a probability"),
        ("drop:-1%", "`-1%` is not a probability"),
        ("drop:NaN", "`NaN` is not a probability"),
        ("late:5ms", "write it like `late:5ms@1%`"),
        ("late:5x@1%", "`5x` is not a duration"),
        ("late:-5ms@1%", "`-5ms` is not a duration"),
        ("late:1e300s@1%", "`1e300s` is not a duration"),
        (
            "late:99999999999999999999s@1%",
            "`99999999999999999999s` is not a duration",
        ),
        ("late:.s@1%", "`.s` is not a duration"),
        ("reset:elbow_flex", "write it like `reset:elbow_flex@2s`"),
        ("dead:elbow_flex", "write it like `dead:elbow_flex@2s+2s`"),
        (
            "dead:tail@2s+2s",
            "no servo `tail`; it has shoulder_pan, elbow_flex, gripper",
        ),
        ("dead:7@2s+2s", "no servo `7`"),
        (
            "wrong-id:3@2s",
            "write it like `wrong-id:elbow_flex=gripper@2s+2s`",
        ),
        ("wrong-id:3=hand@2s", "no servo `hand`"),
        ("unplug:tail@2s", "no servo `tail`"),
        (
            "low-voltage:5.5@2s",
            "`5.5` is not a voltage; write it like 5.5V",
        ),
        ("low-voltage:-1V@2s", "`-1V` is not a voltage"),
        (
            "overheat:3=hot@2s",
            "`hot` is not a temperature; write it like 80C",
        ),
        ("overload:3@soon", "`soon` is not a duration"),
        ("firmware:bus=new", "`new` is not a firmware version; write"),
        ("firmware:3=256", "`256` is not a firmware version"),
        ("firmware:hand=45", "no servo `hand`"),
    ] {
        let error = parsed(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(error.starts_with(&format!("fault `{text}`")), "{error}");
    }
}

/// Any fault on the servos that there are.
fn faults() -> impl Strategy<Value = Fault> {
    let id = || prop::sample::select(NAMES.map(|(_, id)| id).to_vec());
    let time = || (0u64..1 << 60).prop_map(Duration::from_nanos);
    let whole = || (0u64..100_000).prop_map(Duration::from_millis);
    let lasting = || prop_oneof![Just(Duration::MAX), time(), whole()];
    let window = move || (prop_oneof![time(), whole()], lasting());
    prop_oneof![
        (0.0..=1.0).prop_map(|probability| Fault::Drop { probability }),
        (0.0..=1.0).prop_map(|probability| Fault::Flip { probability }),
        (0.0..=1.0).prop_map(|probability| Fault::Burst { probability }),
        (time(), 0.0..=1.0).prop_map(|(by, probability)| Fault::Late { by, probability }),
        (id(), window()).prop_map(|(id, (from, lasting))| Fault::Stuck { id, from, lasting }),
        (id(), id(), window()).prop_map(|(id, signs, (from, lasting))| Fault::WrongId {
            id,
            signs,
            from,
            lasting
        }),
        (id(), window()).prop_map(|(id, (from, lasting))| Fault::Dead { id, from, lasting }),
        (id(), time()).prop_map(|(id, at)| Fault::Reset { id, at }),
        (
            prop::option::of(id()),
            any::<u8>(),
            prop::option::of(any::<u8>())
        )
            .prop_map(|(id, major, minor)| Fault::Firmware {
                id,
                version: Firmware { major, minor }
            }),
        (prop::option::of(id()), window()).prop_map(|(first, (from, lasting))| Fault::Unplug {
            first,
            from,
            lasting
        }),
        (0.0..100.0, window()).prop_map(|(volts, (from, lasting))| Fault::LowVoltage {
            volts,
            from,
            lasting
        }),
        (id(), window()).prop_map(|(id, (from, lasting))| Fault::Overload { id, from, lasting }),
        (id(), 0.0..200.0, window()).prop_map(|(id, celsius, (from, lasting))| Fault::Overheat {
            id,
            celsius,
            from,
            lasting
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(fault in faults()) {
        prop_assert_eq!(parsed(&fault.to_string()), Ok(fault));
    }

    #[test]
    fn no_text_confuses_the_parser(
        text in ".*",
        almost in "(drop|late|stuck|wrong-id|unplug|low-voltage|overheat|reset):[0-9a-z.@=+%CV-]{0,20}",
    ) {
        for text in [text, almost] {
            if let Ok(fault) = Fault::parse(&text, &NAMES) {
                prop_assert_eq!(parsed(&fault.to_string()), Ok(fault));
            }
        }
    }
}
