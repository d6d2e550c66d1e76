//! Which servos of a group are read in each cycle.
//!
//! A servo that does not answer costs every cycle a timeout. So after a while without an answer it leaves the
//! group read and is only asked now and then, at the end of a read, one dead servo at a time.

use core::fmt;
use core::time::Duration;

use crate::engine::{MAX_SERVOS, Reply, ServoFault};

/// When a servo counts as dead, and how often it is asked then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RosterConfig {
    /// A servo is dead that has not answered for this long, counted from the first question in vain, and that was asked twice at least. It is
    /// a time, since what a link makes of cycles says nothing of a servo.
    pub dead_after: Duration,
    /// Least time between two questions to one dead servo.
    pub probe_every: Duration,
}

impl Default for RosterConfig {
    /// A quarter of a second, and five questions a second.
    fn default() -> Self {
        Self {
            dead_after: Duration::from_millis(250),
            probe_every: Duration::from_millis(200),
        }
    }
}

/// Why a roster could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RosterError {
    /// More servos than one group read handles.
    TooManyServos {
        /// Servos given.
        count: usize,
    },
    /// One servo is named twice.
    DuplicateId {
        /// The servo.
        id: u8,
    },
}

impl fmt::Display for RosterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyServos { count } => write!(
                f,
                "{count} servos in one group, which handles {MAX_SERVOS}; use several groups"
            ),
            Self::DuplicateId { id } => {
                write!(f, "servo {id} is named twice in one group; name it once")
            }
        }
    }
}

impl core::error::Error for RosterError {}

/// The record of one servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Member {
    /// The servo.
    pub id: u8,
    /// When its newest answer came.
    pub last_good: Option<Duration>,
    /// When it was first asked in vain since its newest answer.
    pub silent_since: Option<Duration>,
    /// Since when it is dead.
    pub dead_since: Option<Duration>,
    /// Cycles since its newest answer in which it was asked in vain.
    pub consecutive_misses: u32,
    /// Answers since the roster was made.
    pub answers: u32,
    /// Cycles in which it was asked in vain since the roster was made.
    pub misses: u32,
    next_probe: Duration,
}

/// What a record has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The servo has just been declared dead.
    Died,
    /// The servo answers again. It may have lost its power in between, and with it its torque and goal.
    Returned,
}

/// A group of servos in a fixed order.
#[derive(Debug, Clone)]
pub struct Roster {
    config: RosterConfig,
    members: [Member; MAX_SERVOS],
    count: usize,
    reading: [u8; MAX_SERVOS],
}

impl Roster {
    /// A group in which every servo counts as alive.
    pub fn new(ids: &[u8], config: RosterConfig) -> Result<Self, RosterError> {
        if ids.len() > MAX_SERVOS {
            return Err(RosterError::TooManyServos { count: ids.len() });
        }
        let mut members = [Member::default(); MAX_SERVOS];
        for (index, (&id, member)) in ids.iter().zip(&mut members).enumerate() {
            if ids[..index].contains(&id) {
                return Err(RosterError::DuplicateId { id });
            }
            member.id = id;
        }
        Ok(Self {
            config,
            members,
            count: ids.len(),
            reading: [0; MAX_SERVOS],
        })
    }

    /// The servos to read in the cycle that begins now: the living in their order, then at most one dead one whose
    /// probe is due. Empty when no servo is left to ask.
    pub fn ids_to_read(&mut self, now: Duration) -> &[u8] {
        let mut len = 0;
        for member in &self.members[..self.count] {
            if member.dead_since.is_none() {
                self.reading[len] = member.id;
                len += 1;
            }
        }
        let dead = self.members[..self.count].iter_mut();
        let due = dead.filter(|member| member.dead_since.is_some() && member.next_probe <= now);
        if let Some(member) = due.min_by_key(|member| member.next_probe) {
            member.next_probe = now.saturating_add(self.config.probe_every);
            self.reading[len] = member.id;
            len += 1;
        }
        &self.reading[..len]
    }

    /// The servos that are not dead, in the group's order.
    pub fn living(&self) -> impl Iterator<Item = u8> + '_ {
        let members = self.members().iter();
        members
            .filter(|member| member.dead_since.is_none())
            .map(|member| member.id)
    }

    /// Notes whether a servo that was asked answered. Ids of other groups change nothing.
    pub fn record(&mut self, now: Duration, id: u8, answered: bool) -> Change {
        let mut members = self.members[..self.count].iter_mut();
        let Some(member) = members.find(|member| member.id == id) else {
            return Change::None;
        };
        if answered {
            member.last_good = Some(now);
            member.consecutive_misses = 0;
            member.silent_since = None;
            member.answers = member.answers.saturating_add(1);
            return match member.dead_since.take() {
                Some(_) => Change::Returned,
                None => Change::None,
            };
        }
        member.misses = member.misses.saturating_add(1);
        member.consecutive_misses = member.consecutive_misses.saturating_add(1);
        let since = *member.silent_since.get_or_insert(now);
        let long = now.saturating_sub(since) >= self.config.dead_after;
        if member.dead_since.is_some() || member.consecutive_misses < 2 || !long {
            return Change::None;
        }
        member.dead_since = Some(now);
        member.next_probe = now.saturating_add(self.config.probe_every);
        Change::Died
    }

    /// [`Roster::record`] for the outcome of a transaction. A servo that there was no time to ask has missed nothing.
    pub fn record_reply(&mut self, reply: &Reply) -> Change {
        if reply.result == Err(ServoFault::NotSent) {
            return Change::None;
        }
        self.record(reply.at, reply.id, reply.result.is_ok())
    }

    /// Each servo's record, in the group's order.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members[..self.count]
    }

    /// One servo's record.
    #[must_use]
    pub fn member(&self, id: u8) -> Option<&Member> {
        self.members().iter().find(|member| member.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn roster() -> Roster {
        Roster::new(&[1, 2, 3], RosterConfig::default()).unwrap()
    }

    /// One cycle in which all but `silent` answer.
    fn cycle(roster: &mut Roster, now: Duration, silent: &[u8]) -> Vec<u8> {
        let ids = roster.ids_to_read(now).to_vec();
        for &id in &ids {
            roster.record(now, id, !silent.contains(&id));
        }
        ids
    }

    #[test]
    fn a_dead_servo_is_probed_last_and_five_times_a_second() {
        let mut roster = roster();
        for tick in 0..26 {
            assert_eq!(cycle(&mut roster, ms(10 * tick), &[2]), [1, 2, 3]);
        }
        assert_eq!(roster.member(2).unwrap().dead_since, Some(ms(250)));
        let probes = (26..126).filter(|&tick| {
            let ids = cycle(&mut roster, ms(10 * tick), &[2]);
            assert!(ids == [1, 3] || ids == [1, 3, 2], "{ids:?}");
            ids.len() == 3
        });
        assert_eq!(probes.count(), 5);
        assert_eq!(roster.member(2).unwrap().misses, 26 + 5);
    }

    #[test]
    fn it_returns_to_its_place_with_its_first_answer() {
        let mut roster = roster();
        assert_eq!(roster.record(ms(0), 2, false), Change::None);
        assert_eq!(roster.record(ms(249), 2, false), Change::None);
        assert_eq!(roster.record(ms(250), 2, false), Change::Died);
        assert_eq!(roster.record(ms(300), 2, true), Change::Returned);
        assert_eq!(roster.ids_to_read(ms(310)), [1, 2, 3]);
        let member = roster.member(2).unwrap();
        assert_eq!(
            (member.last_good, member.consecutive_misses),
            (Some(ms(300)), 0)
        );
        assert_eq!((member.answers, member.misses), (1, 3));
    }

    #[test]
    fn a_good_cycle_forgives_the_misses_before() {
        let mut roster = roster();
        for now in 0..20 {
            roster.record(ms(100 * now), 2, now % 3 == 2);
        }
        assert_eq!(roster.member(2).unwrap().dead_since, None);
    }

    #[test]
    fn one_question_in_vain_is_no_death_however_long_the_link_takes() {
        let mut roster = roster();
        roster.record(ms(0), 2, true);
        assert_eq!(roster.record(ms(1000), 2, false), Change::None);
        assert_eq!(roster.record(ms(1100), 2, false), Change::None);
        assert_eq!(roster.record(ms(1260), 2, false), Change::Died);
    }

    #[test]
    fn not_having_been_asked_is_no_miss() {
        let mut roster = roster();
        let unasked = Reply {
            id: 2,
            result: Err(ServoFault::NotSent),
            at: ms(1),
            measured: ms(1),
        };
        let silent = Reply {
            id: 2,
            result: Err(ServoFault::Timeout { attempts: 1 }),
            at: ms(1),
            measured: ms(1),
        };
        roster.record_reply(&unasked);
        assert_eq!(roster.member(2).unwrap().misses, 0);
        roster.record_reply(&silent);
        assert_eq!(roster.member(2).unwrap().misses, 1);
    }

    #[test]
    fn impossible_groups_are_refused() {
        let ids: Vec<u8> = (0..33).collect();
        let make = |ids: &[u8]| Roster::new(ids, RosterConfig::default()).map(|_| ());
        assert_eq!(make(&ids), Err(RosterError::TooManyServos { count: 33 }));
        assert_eq!(make(&[4, 4]), Err(RosterError::DuplicateId { id: 4 }));
        assert_eq!(make(&[]), Ok(()));
    }

    proptest! {
        #[test]
        fn the_living_are_always_read_and_the_dead_one_at_a_time(
            ids in prop::collection::btree_set(any::<u8>(), 0..33),
            events in prop::collection::vec((0u64..300, any::<u32>()), 0..100),
        ) {
            let ids: Vec<u8> = ids.into_iter().collect();
            let mut roster = Roster::new(&ids, RosterConfig::default()).unwrap();
            let mut now = Duration::ZERO;
            for (pause, answers) in events {
                now += ms(pause);
                let living = roster.members().iter().filter(|member| member.dead_since.is_none());
                let living: Vec<u8> = living.map(|member| member.id).collect();
                let reading = roster.ids_to_read(now).to_vec();
                prop_assert!(reading.starts_with(&living) && reading.len() <= living.len() + 1);
                for (index, &id) in reading.iter().enumerate() {
                    roster.record(now, id, answers >> index & 1 == 1);
                }
            }
        }
    }
}
