//! What the servos do with a request that they have received. Each family has its own words; who receives and how an answer gets onto the
//! wire is the same for all.

mod dynamixel;
mod feetech;

use core::time::Duration;

use super::ServoBus;
use crate::plant::Plant;
use crate::servo::{Electronics, Servo, Sts, X};

impl<P: Plant> ServoBus<P> {
    /// Brings everything to the moment at which a request was received.
    fn wake(&mut self, at: Duration) {
        self.run_plant(at);
        self.look_at_cables(at);
        for index in 0..self.servos.len() {
            self.look(index);
        }
        self.look_for_stuck(at);
    }

    /// Whether servo `index` hears what is said at `at`.
    fn receives(&self, index: usize, at: Duration) -> bool {
        let servo = &self.servos[index];
        self.powered[index]
            && servo.baud() == Some(self.options.baud)
            && !self.faults.is_dead(servo.id(), at)
    }

    /// Who servo `index` is when it answers, which may be who it was some time ago.
    fn speaker(&self, index: usize) -> &Servo {
        self.stuck[index].as_ref().unwrap_or(&self.servos[index])
    }

    fn sts_mut(&mut self, index: usize) -> Option<&mut Sts> {
        match self.servos[index].electronics_mut() {
            Electronics::Sts(servo) => Some(servo),
            Electronics::X(_) => None,
        }
    }

    fn x(&self, index: usize) -> Option<&X> {
        match self.servos[index].electronics() {
            Electronics::X(servo) => Some(servo),
            Electronics::Sts(_) => None,
        }
    }

    fn x_mut(&mut self, index: usize) -> Option<&mut X> {
        match self.servos[index].electronics_mut() {
            Electronics::X(servo) => Some(servo),
            Electronics::Sts(_) => None,
        }
    }

    /// Puts the first `len` bytes of the answer on the wire, with all that happens to them there; returns when the last one has
    /// been carried.
    fn transmit(&mut self, start: Duration, len: usize) -> Duration {
        self.counters.answers += 1;
        let late = self.faults.lateness();
        let mut end = start;
        for &byte in self.faults.noise() {
            end = self.wire.servo_sends(end, Some(byte), late);
        }
        for &byte in &self.answer[..len] {
            let byte = self.faults.damage(byte);
            end = self.wire.servo_sends(end, byte, late);
        }
        end
    }

    fn pause(&self, pause: Duration) -> Duration {
        if self.options.instant {
            Duration::ZERO
        } else {
            pause
        }
    }

    /// When the first answer to a request that was received at `at` can begin.
    fn first_turn(&self, at: Duration) -> Duration {
        at.saturating_add(self.pause(self.options.turnaround))
    }

    /// When the next servo of a group has its turn, if this one had it at `turn` and finished then, or never began.
    fn next_turn(&self, turn: Duration, finished: Option<Duration>) -> Duration {
        finished.unwrap_or_else(|| turn.saturating_add(self.pause(self.options.silent_turn)))
    }
}
