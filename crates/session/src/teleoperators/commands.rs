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
