//! What servos begin to complain of, and torque that they lose and get back, as sentences while the session goes on.

use std::time::Duration;

use ulna_bus::ErrorFlags;
use ulna_core::{Stamp, TickRecord};

/// A servo that says no more than that something is wrong is asked what it is; in this time it has been.
const NAMED_WITHIN: Duration = Duration::from_secs(2);

/// Compares each tick with the one that it saw before.
#[derive(Debug)]
pub(crate) struct AlarmWatch {
    labels: Vec<String>,
    seen: Vec<Seen>,
}

/// What was seen of one joint.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// What was said of it.
    alarms: u8,
    /// Since when it has an alert without a name.
    nameless_since: Option<Stamp>,
    restarts: u8,
    limp: bool,
}

impl AlarmWatch {
    /// Nothing seen yet of these joints.
    pub(crate) fn new(labels: Vec<String>) -> Self {
        Self {
            seen: vec![Seen::default(); labels.len()],
            labels,
        }
    }

    /// One sentence for each change.
    pub(crate) fn look(&mut self, tick: &TickRecord) -> Vec<String> {
        let mut news = Vec::new();
        let joints = self
            .labels
            .iter()
            .zip(&mut self.seen)
            .zip(tick.health.iter());
        for (joint, ((label, seen), health)) in joints.enumerate() {
            let complaints = ErrorFlags(health.alarms).named();
            let nameless = complaints == ErrorFlags::ALERT;
            let nameless_since = seen.nameless_since.unwrap_or(tick.sends_at);
            let is_named = !nameless || nameless_since.age(tick.sends_at) >= NAMED_WITHIN;
            let now = Seen {
                alarms: if is_named { complaints.0 } else { seen.alarms },
                nameless_since: nameless.then_some(nameless_since),
                restarts: health.restarts,
                limp: tick.note.limp >> joint & 1 != 0,
            };
            let begun = ErrorFlags(now.alarms & !seen.alarms);
            if !begun.is_empty() {
                news.push(format!("the servo of `{label}` complains of {begun}"));
            } else if now.alarms == 0 && seen.alarms != 0 {
                news.push(format!(
                    "the servo of `{label}` complains of nothing any more"
                ));
            }
            if now.restarts > seen.restarts {
                news.push(format!(
                    "the servo of `{label}` lost its torque, as after a power dip ({}x in this session)",
                    now.restarts
                ));
            }
            if !now.limp && (seen.limp || now.restarts > seen.restarts) {
                news.push(format!("`{label}` is under control again"));
            }
            *seen = now;
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_core::{Health, Joints};

    #[test]
    fn each_change_is_said_once() {
        let mut watch = AlarmWatch::new(vec!["pan".to_owned(), "lift".to_owned()]);
        let mut tick = TickRecord {
            health: Joints::filled(2, Health::default()),
            ..TickRecord::default()
        };
        assert!(watch.look(&tick).is_empty());
        tick.health[1].alarms = ErrorFlags::OVERLOAD.0;
        assert_eq!(
            watch.look(&tick),
            ["the servo of `lift` complains of overload"]
        );
        assert!(watch.look(&tick).is_empty());
        tick.health[1].alarms = 0;
        tick.health[0].restarts = 1;
        tick.note.limp = 1;
        let news = watch.look(&tick);
        assert!(
            news[0].contains("`pan` lost its torque")
                && news[1].contains("`lift` complains of nothing"),
            "{news:?}"
        );
        tick.note.limp = 0;
        assert_eq!(watch.look(&tick), ["`pan` is under control again"]);
    }

    #[test]
    fn an_alert_is_said_by_name_or_when_it_has_none_after_a_while() {
        for named in [true, false] {
            let mut watch = AlarmWatch::new(vec!["pan".to_owned()]);
            let mut tick = TickRecord {
                health: Joints::filled(1, Health::default()),
                ..TickRecord::default()
            };
            tick.health[0].alarms = ErrorFlags::ALERT.0;
            for tenths in 0..20 {
                tick.sends_at = Stamp::new(Duration::from_millis(100 * tenths));
                assert!(watch.look(&tick).is_empty());
            }
            tick.sends_at = Stamp::new(Duration::from_secs(2));
            let expected = match named {
                true => {
                    tick.health[0].alarms |= ErrorFlags::OVERLOAD.0;
                    "the servo of `pan` complains of overload"
                }
                false => "the servo of `pan` complains of hardware alert",
            };
            assert_eq!(watch.look(&tick), [expected]);
            assert!(watch.look(&tick).is_empty());
        }
    }
}
