//! Why and when a run ends: the flag that every loop looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;

/// Why a run was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Ctrl-C, Ctrl-\\, SIGTERM or a closed terminal.
    Interrupted,
    /// The run itself: its time is over, its source has nothing more, or a part of it failed.
    Ended,
}

/// A shared "please stop"; cloning shares it. The control loop answers by holding, then parking or releasing the arm.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    signalled: Arc<AtomicBool>,
    hung_up: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

impl Stop {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// A stop for one part of a longer job: signals reach it, but its [`end`](Self::end) ends that part alone.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            signalled: Arc::clone(&self.signalled),
            hung_up: Arc::clone(&self.hung_up),
            ended: Arc::default(),
        }
    }

    /// Lets SIGINT (Ctrl-C), SIGQUIT (Ctrl-\\), SIGTERM and SIGHUP raise the flag. A second SIGINT, SIGQUIT or SIGTERM ends the process at once,
    /// with exit code 130: position servos then hold where they are. SIGHUP does not: a terminal that is closed may send several, which is no wish
    /// for an end that is less gentle.
    ///
    /// # Errors
    /// What the operating system says if it refuses a handler.
    pub fn on_signals(&self) -> std::io::Result<()> {
        let asked = Arc::<AtomicBool>::default();
        for signal in [SIGINT, SIGQUIT, SIGTERM] {
            // Order matters: the shutdown handler must see the flag as the *previous* signal left it.
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&asked))?;
            flag::register(signal, Arc::clone(&asked))?;
        }
        for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
            flag::register(signal, Arc::clone(&self.signalled))?;
        }
        flag::register(SIGHUP, Arc::clone(&self.hung_up))?;
        Ok(())
    }

    /// Asks the run to end by itself.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Asks the run to end as a signal does, for front ends that read Ctrl-C as a key.
    pub fn interrupt(&self) {
        self.signalled.store(true, Ordering::Release);
    }

    /// True once the terminal is closed: there is no one left to look at anything.
    pub fn is_hung_up(&self) -> bool {
        self.hung_up.load(Ordering::Acquire)
    }

    /// Why the run should stop, if it should. A signal outranks an end.
    pub fn requested(&self) -> Option<StopReason> {
        if self.signalled.load(Ordering::Acquire) {
            Some(StopReason::Interrupted)
        } else if self.ended.load(Ordering::Acquire) {
            Some(StopReason::Ended)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_alone_but_hears_the_signals() {
        let whole = Stop::new();
        let part = whole.part();
        part.end();
        assert_eq!(
            (part.requested(), whole.requested()),
            (Some(StopReason::Ended), None)
        );
        whole.signalled.store(true, Ordering::Release);
        assert_eq!(whole.part().requested(), Some(StopReason::Interrupted));
    }

    #[test]
    fn a_signal_outranks_an_end() {
        let stop = Stop::new();
        assert_eq!(stop.requested(), None);
        stop.clone().end();
        assert_eq!(stop.requested(), Some(StopReason::Ended));
        stop.interrupt();
        assert_eq!(stop.requested(), Some(StopReason::Interrupted));
    }
}
