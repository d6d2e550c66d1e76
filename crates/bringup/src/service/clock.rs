//! The clocks of a simulated bus.

use std::time::Duration;

use ulna_rt::{Pacer, RealClock, RealPacer, VirtualClock};

/// A real clock whose run began earlier than the program.
struct StartedEarlier {
    pacer: RealPacer,
    by: Duration,
}

impl Pacer for StartedEarlier {
    fn now(&self) -> Duration {
        self.pacer.now() + self.by
    }

    fn wait(&mut self, until: Duration) {
        self.pacer.wait(until.saturating_sub(self.by));
    }

    fn wait_for_input(&mut self, until: Duration) {
        self.pacer.wait_for_input(until.saturating_sub(self.by));
    }
}

/// The clock of a simulation that is at `start`: real, or as fast as the computer allows.
pub(super) fn simulated(live: bool, start: Duration) -> Box<dyn Pacer> {
    if live {
        Box::new(StartedEarlier {
            pacer: RealPacer::new(RealClock::start(), Vec::new()),
            by: start,
        })
    } else {
        let mut clock = VirtualClock::new();
        clock.wait(start);
        Box::new(clock)
    }
}
