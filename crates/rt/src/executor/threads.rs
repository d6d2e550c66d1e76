//! Real time: a thread for the control loop and one for each task.

use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};
use std::time::Duration;

use super::{Executed, ExecutorError, NamedMachine};
use crate::machine::{Machine, Next, Pacer};
use crate::priority::{self, Grant};
use crate::real::{RealClock, RealPacer};

/// How often the caller may look at a control loop that is running.
const WATCH_PERIOD: Duration = Duration::from_millis(100);

/// The longest sleep of a task: so late it may notice that the session is over.
const LONGEST_SLEEP: Duration = Duration::from_millis(50);

/// The name of the control loop's thread.
const CONTROL: &str = "ulna-control";

pub(super) fn run<'env, T: Send + 'env>(
    clock: RealClock,
    inputs: Vec<OwnedFd>,
    tasks: Vec<NamedMachine<'env>>,
    control: impl FnOnce(&mut dyn Pacer, Option<Grant>) -> T + Send,
    watch: impl FnMut(),
    ended: impl FnOnce(Option<&T>),
) -> Result<Executed<T>, ExecutorError> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &over;
        // However this closure is left, the tasks end, so that the scope can.
        let all_is_over = RaisedOnDrop(over);
        let mut tasks = tasks
            .into_iter()
            .map(|task| spawn(scope, task, clock, over))
            .collect::<Result<Vec<_>, _>>()?;
        let (running, is_over) = mpsc::channel::<()>();
        let control = Builder::new()
            .name(CONTROL.to_owned())
            .spawn_scoped(scope, move || {
                let _running = running; // dropped when the loop is over, which wakes the caller
                let grant = priority::ask();
                control(&mut RealPacer::new(clock, inputs), Some(grant))
            });
        let control = control.map_err(no_thread(CONTROL))?;
        watch_until_over(&is_over, watch);
        let outcome = control.join().ok();
        ended(outcome.as_ref());
        tasks
            .iter_mut()
            .filter(|task| task.awaited)
            .for_each(Running::join);
        drop(all_is_over);
        tasks.iter_mut().for_each(Running::join);
        let panicked = tasks.into_iter().filter(|task| task.panicked);
        let panicked = panicked.map(|task| task.name).collect();
        match outcome {
            Some(outcome) => Ok(Executed { outcome, panicked }),
            None => Err(ExecutorError::ControlPanicked),
        }
    })
}

/// Calls `watch` now and then until the other end of the channel is dropped.
fn watch_until_over(is_over: &Receiver<()>, mut watch: impl FnMut()) {
    loop {
        let waited = is_over.recv_timeout(WATCH_PERIOD);
        watch();
        if waited != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// A task on its thread.
struct Running<'scope> {
    name: String,
    awaited: bool,
    /// Gives true if the machine panicked. Absent once joined.
    thread: Option<ScopedJoinHandle<'scope, bool>>,
    panicked: bool,
}

impl Running<'_> {
    /// Waits for its end.
    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.panicked = thread.join().unwrap_or(true);
        }
    }
}

fn spawn<'scope, 'task: 'scope>(
    scope: &'scope Scope<'scope, '_>,
    task: NamedMachine<'task>,
    clock: RealClock,
    over: &'scope AtomicBool,
) -> Result<Running<'scope>, ExecutorError> {
    let NamedMachine {
        name,
        machine,
        priority,
        inputs,
        awaited,
    } = task;
    let thread = Builder::new()
        .name(name.clone())
        .spawn_scoped(scope, move || {
            priority.apply();
            let mut pacer = RealPacer::new(clock, inputs);
            // After a panic the machine is not touched again, so no broken invariant of it can be seen.
            catch_unwind(AssertUnwindSafe(|| step_until(machine, &mut pacer, over))).is_err()
        });
    let thread = thread.map_err(no_thread(&name))?;
    Ok(Running {
        name,
        awaited,
        thread: Some(thread),
        panicked: false,
    })
}

fn no_thread(name: &str) -> impl FnOnce(io::Error) -> ExecutorError {
    let name = name.to_owned();
    move |source| ExecutorError::NoThread { name, source }
}

/// Steps a machine until it is finished or `over` is raised; it is looked at between short sleeps.
fn step_until(machine: &mut dyn Machine, pacer: &mut dyn Pacer, over: &AtomicBool) {
    while !over.load(Ordering::Acquire) {
        match machine.step(pacer.now()) {
            Next::At(until) => {
                while pacer.now() < until && !over.load(Ordering::Acquire) {
                    pacer.wait(until.min(pacer.now() + LONGEST_SLEEP));
                }
            }
            // An early step is harmless, so a long wait needs no loop here.
            Next::InputOr(until) => pacer.wait_for_input(until.min(pacer.now() + LONGEST_SLEEP)),
            Next::Finished => return,
        }
    }
}

/// Raises its flag when it goes out of scope, however that happens.
struct RaisedOnDrop<'a>(&'a AtomicBool);

impl Drop for RaisedOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
