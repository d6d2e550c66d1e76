//! Steps of a policy at which there is nothing recent to observe, though the control loop runs.

use std::time::Duration;

use ulna_core::Stamp;

/// Since when there is nothing to observe, and how often there was not.
#[derive(Debug, Default)]
pub(super) struct Blindness {
    /// The stamp of the newest state when it was looked for last.
    newest_state: Option<Stamp>,
    since: Option<Stamp>,
    until: Stamp,
    /// Steps at which there was nothing to observe.
    pub(super) steps: u64,
    /// What was missing at the last of them, in words.
    pub(super) last: Option<String>,
    missing: String,
}

impl Blindness {
    /// There was something to observe; `state` is the stamp of the newest state.
    pub(super) fn saw(&mut self, state: Stamp) {
        self.newest_state = Some(state);
        self.since = None;
    }

    /// At `now` something was `missing`; at a step of the policy, or while the first observation is waited for.
    pub(super) fn missed(&mut self, now: Stamp, state: Stamp, missing: String, at_a_step: bool) {
        // A loop that publishes no states is over, or has not begun: that is no blindness.
        if self.newest_state.replace(state) == Some(state) {
            return;
        }
        self.since.get_or_insert(now);
        self.until = now;
        if at_a_step {
            self.steps += 1;
            self.last = Some(missing.clone());
        }
        self.missing = missing;
    }

    /// What is missing now, and for how long.
    pub(super) fn now(&self) -> Option<(&str, Duration)> {
        let since = self.since?;
        Some((&self.missing, since.age(self.until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Stamp {
        Stamp::new(Duration::from_millis(ms))
    }

    #[test]
    fn it_lasts_until_something_is_seen() {
        let mut blindness = Blindness::default();
        assert_eq!(blindness.now(), None);
        blindness.missed(at(100), at(99), "a".to_owned(), false);
        blindness.missed(at(400), at(399), "b".to_owned(), true);
        assert_eq!(blindness.now(), Some(("b", Duration::from_millis(300))));
        assert_eq!((blindness.steps, blindness.last.as_deref()), (1, Some("b")));
        // The control loop is over: nothing is added.
        blindness.missed(at(900), at(399), "c".to_owned(), true);
        assert_eq!(blindness.now(), Some(("b", Duration::from_millis(300))));
        blindness.saw(at(1000));
        assert_eq!(blindness.now(), None);
        assert_eq!((blindness.steps, blindness.last.as_deref()), (1, Some("b")));
    }
}
