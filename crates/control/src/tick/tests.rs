use super::*;
use ulna_core::{Action, GateLimits, Joints, State, TickRecord};
use ulna_rt::{LockstepScheduler, Machine};

const PERIOD: Duration = Duration::from_millis(5);

/// A robot that reaches every goal at once and answers after `delay`.
struct Puppet {
    state: State,
    delay: Duration,
    answers_at: Option<Stamp>,
    sent_at: Vec<Duration>,
    lost_after: usize,
}

impl Puppet {
    fn new(delay: Duration) -> Self {
        let state = State {
            position: Joints::filled(1, 0.0),
            measured: Joints::filled(1, Stamp::ZERO),
            ..State::default()
        };
        Self {
            state,
            delay,
            answers_at: None,
            sent_at: Vec::new(),
            lost_after: usize::MAX,
        }
    }
}

impl Robot for Puppet {
    fn begin(
        &mut self,
        now: Stamp,
        goals: Option<&SafeGoals>,
        _deadline: Stamp,
    ) -> Result<(), LinkLost> {
        if self.sent_at.len() >= self.lost_after {
            return Err(LinkLost);
        }
        self.sent_at.push(now.since_epoch());
        if let Some(goals) = goals {
            self.state.position = *goals.goals();
        }
        self.answers_at = Some(now + self.delay);
        self.state.measured = Joints::filled(1, now);
        Ok(())
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        match self.answers_at {
            Some(until) if now < until => Ok(Progress::Waiting { until }),
            _ => Ok(Progress::Done),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }
}

/// Wants to be at the time, in seconds.
struct Ramp;

impl ActionSource for Ramp {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        Some(Action {
            stamp: now,
            target: Joints::filled(1, now.seconds()),
        })
    }
}

fn gate() -> Gate {
    let limits = GateLimits {
        range: Joints::filled(1, (-10.0, 10.0)),
        max_velocity: Joints::filled(1, 10.0),
        jump: Joints::filled(1, 1.0),
        ramp_velocity: Joints::filled(1, 5.0),
        stale_after: Duration::from_millis(100),
        speeds: 0,
    };
    Gate::new(limits, &Joints::filled(1, 0.0), Stamp::ZERO)
}

fn plan(ms: u64) -> TickPlan {
    TickPlan {
        start: Duration::ZERO,
        period: PERIOD,
        end: Duration::from_millis(ms),
    }
}

#[test]
fn goals_leave_exactly_on_the_grid_and_hold_what_was_wanted_for_then() {
    struct Check(u64);
    impl Observer for Check {
        fn observe(&mut self, record: &TickRecord) {
            assert_eq!(record.index, self.0);
            assert_eq!(record.sent[0], record.sends_at.seconds());
            assert!(record.note.untouched());
            self.0 += 1;
        }
    }
    let (mut robot, mut gate, stop, mut check) = (
        Puppet::new(Duration::from_micros(900)),
        gate(),
        Stop::new(),
        Check(0),
    );
    let mut source = Ramp;
    let mut tick = Tick::new(
        &mut robot,
        &mut source,
        &mut gate,
        &mut check,
        &stop,
        plan(100),
    );
    LockstepScheduler::new([&mut tick as &mut dyn Machine]).run_until_finished(0);
    assert_eq!(tick.end(), Some(End::Elapsed));
    let counters = tick.counters();
    assert_eq!((counters.ticks, counters.overruns), (20, 0));
    // Distributions keep three digits.
    assert!((counters.period.summary().max_us - 5000.0).abs() < 5.0);
    assert!((counters.port_wait.summary().p50_us - 900.0).abs() < 0.9);
    assert_eq!(
        robot.sent_at,
        (0..20u32).map(|k| PERIOD * k).collect::<Vec<_>>()
    );
}

#[test]
fn a_tick_tells_how_long_the_one_before_it_was_at_work() {
    struct Work(Vec<Duration>);
    impl Observer for Work {
        fn observe(&mut self, record: &TickRecord) {
            self.0.push(record.timing.work);
        }
    }
    let (mut robot, mut gate, stop) = (Puppet::new(Duration::ZERO), gate(), Stop::new());
    let (mut source, mut seen) = (Ramp, Work(Vec::new()));
    let mut tick = Tick::new(
        &mut robot,
        &mut source,
        &mut gate,
        &mut seen,
        &stop,
        plan(15),
    );
    let (mut now, mut spent) = (Duration::ZERO, Duration::ZERO);
    while let Next::At(next) | Next::InputOr(next) = tick.step(now) {
        if next > now {
            now = next;
        }
        spent += Duration::from_micros(1);
        tick.spent(spent);
    }
    assert!(
        seen.0.len() == 3 && seen.0.is_sorted_by(|a, b| a < b),
        "{:?}",
        seen.0
    );
}

#[test]
fn a_slow_exchange_costs_no_deadline() {
    let (mut robot, mut gate, stop) = (Puppet::new(Duration::from_millis(7)), gate(), Stop::new());
    let mut source = Ramp;
    let mut no_observer = ();
    let mut tick = Tick::new(
        &mut robot,
        &mut source,
        &mut gate,
        &mut no_observer,
        &stop,
        plan(100),
    );
    LockstepScheduler::new([&mut tick as &mut dyn Machine]).run_until_finished(0);
    let counters = tick.counters();
    assert_eq!((counters.ticks, counters.overruns), (20, 0));
    // What does not answer is waited for until the budget ends, and goes on being asked for after that.
    assert!((counters.port_wait.summary().p50_us - 4000.0).abs() < 4.0);
    assert_eq!(
        robot.sent_at,
        (0..20u32).map(|k| PERIOD * k).collect::<Vec<_>>()
    );
}

#[test]
fn every_end_has_its_own_reason() {
    let ends = |lost_after: usize, stopped: bool, ms: u64| {
        let (mut robot, mut gate, stop, mut no_observer) =
            (Puppet::new(Duration::ZERO), gate(), Stop::new(), ());
        robot.lost_after = lost_after;
        if stopped {
            stop.end();
        }
        let mut source = Ramp;
        let mut tick = Tick::new(
            &mut robot,
            &mut source,
            &mut gate,
            &mut no_observer,
            &stop,
            plan(ms),
        );
        LockstepScheduler::new([&mut tick as &mut dyn Machine]).run_until_finished(0);
        tick.end()
    };
    assert_eq!(ends(3, false, 100), Some(End::RobotLost));
    assert_eq!(ends(99, true, 100), Some(End::Stopped(StopReason::Ended)));
    assert_eq!(ends(99, false, 0), Some(End::Elapsed));
}

#[test]
fn what_is_under_way_at_the_end_is_waited_for_but_not_for_ever() {
    let over_at = |delay: Duration| {
        let (mut robot, mut gate, stop, mut no_observer) =
            (Puppet::new(delay), gate(), Stop::new(), ());
        let mut source = Ramp;
        let mut tick = Tick::new(
            &mut robot,
            &mut source,
            &mut gate,
            &mut no_observer,
            &stop,
            plan(20),
        );
        let mut now = Duration::ZERO;
        while let Next::At(next) | Next::InputOr(next) = tick.step(now) {
            assert_eq!(tick.end(), None);
            now = now.max(next);
        }
        assert_eq!(tick.end(), Some(End::Elapsed));
        now
    };
    // The last goals leave at 15 ms, and the end is noticed at 20.
    assert_eq!(over_at(Duration::from_millis(1)), Duration::from_millis(20));
    assert_eq!(
        over_at(Duration::from_millis(42)),
        Duration::from_millis(57)
    );
    assert_eq!(
        over_at(Duration::from_secs(9)),
        Duration::from_millis(20) + CLOSING
    );
}
