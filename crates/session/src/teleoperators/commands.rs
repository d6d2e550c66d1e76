//! A base that is driven by commands of the session's clients: the keys of a terminal, the buttons of a page.

use std::time::Duration;

use ulna_core::{Action, ActionSource, Joints, Stamp};

use crate::client::BaseSpeeds;
use crate::device::Teleoperator;
use crate::teleoperator_type::TeleoperatorRequest;

/// The base stands still this long after the last command: terminals report no key release, and a client may be gone.
const KEPT: Duration = Duration::from_millis(500);

/// The base that listens to this session's clients.
pub(super) fn open(request: &mut TeleoperatorRequest<'_>) -> Box<dyn Teleoperator> {
    let fastest = request.robot.base.as_ref().map(|base| base.fastest());
    Box::new(CommandedBase {
        speeds: request.base_speeds.clone(),
        fastest: fastest.unwrap_or_default(),
        seen: 0,
        since: Stamp::ZERO,
    })
}

#[derive(Debug)]
struct CommandedBase {
    speeds: BaseSpeeds,
    /// m/s forward, m/s to the left, degrees/s anticlockwise.
    fastest: [f64; 3],
    /// Number of the newest command that was seen, and when.
    seen: u64,
    since: Stamp,
}

impl ActionSource for CommandedBase {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let (number, parts) = self.speeds.newest();
        if number != self.seen {
            (self.seen, self.since) = (number, now);
        }
        let fresh = self.seen > 0 && self.since.age(now) < KEPT;
        let target = Joints::from_fn(self.fastest.len(), |way| match fresh {
            true => parts[way].clamp(-1.0, 1.0) * self.fastest[way],
            false => 0.0,
        });
        Some(Action { stamp: now, target })
    }
}

impl Teleoperator for CommandedBase {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{SessionCommand, link};
    use ulna_rt::Stop;

    #[test]
    fn a_command_counts_for_half_a_second_and_never_for_more_than_the_fastest() {
        let (session, client) = link(&Stop::new());
        let mut base = CommandedBase {
            speeds: session.base_speeds().clone(),
            fastest: [0.4, 0.3, 90.0],
            seen: 0,
            since: Stamp::ZERO,
        };
        let mut at = |ms: u64| {
            let action = base.action(Stamp::new(Duration::from_millis(ms)));
            let target = action.unwrap().target;
            [target[0], target[1], target[2]]
        };
        assert_eq!(at(10), [0.0; 3], "before any command");
        client
            .commands
            .send(SessionCommand::Drive([1.0, -5.0, 0.5]));
        assert_eq!(at(20), [0.4, -0.3, 45.0]);
        assert_eq!(at(519), [0.4, -0.3, 45.0]);
        assert_eq!(at(520), [0.0; 3], "no key for half a second");
        client
            .commands
            .send(SessionCommand::Drive([f64::NAN, 0.0, 1.0]));
        assert_eq!(at(600), [0.0, 0.0, 90.0], "NaN is no speed");
    }
}
