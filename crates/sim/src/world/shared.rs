//! The mechanics of a simulated robot, shared by its buses, its cameras and what places it.
//!
//! Under the virtual clock the buses move it, each to its own moment. In real time a thread of its own does ([`alone`](super::alone)): what a bus asks of its servos
//! and what these measure then pass through an [`Exchange`], whose lock is held for a copy and never while the mechanics move.

use core::ops::Range;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ulna_core::joints::Joints;

use crate::contact::Matter;
use crate::plant::{Drive, Physics, Plant, Sense};
use crate::pose_slot::PoseSlot;
use crate::scenes::things::Layout;

/// A robot's mechanics. A clone is the same robot.
#[derive(Debug, Clone)]
pub(crate) struct SharedPhysics {
    state: Arc<Mutex<Box<dyn Physics>>>,
    exchange: Arc<Mutex<Exchange>>,
    pose: PoseSlot,
}

/// What passes between the buses and the mechanics.
#[derive(Debug)]
struct Exchange {
    /// What each bus has asked of its servos last.
    drives: Joints<Drive>,
    /// What the servos measured after the latest step, if the mechanics move by themselves.
    measured: Option<Joints<Sense>>,
}

impl SharedPhysics {
    pub(crate) fn new(physics: Box<dyn Physics>) -> Self {
        let pose = PoseSlot::new(*physics.joint_angles());
        let drives = Joints::filled(physics.servos(), Drive::default());
        Self {
            state: Arc::new(Mutex::new(physics)),
            exchange: Arc::new(Mutex::new(Exchange {
                drives,
                measured: None,
            })),
            pose,
        }
    }

    /// One slice for each of these numbers of joints, which follow one another.
    pub(crate) fn slices(&self, counts: impl IntoIterator<Item = usize>) -> Vec<PlantSlice> {
        let mut first = 0;
        let slice = |count| {
            let joints = first..first + count;
            first += count;
            PlantSlice {
                shared: self.clone(),
                joints,
            }
        };
        counts.into_iter().map(slice).collect()
    }

    /// Where the joints are after each step.
    pub(crate) fn pose(&self) -> PoseSlot {
        self.pose.clone()
    }

    /// Puts the things of a layout where they begin.
    pub(crate) fn lay_out(&self, layout: Layout) {
        let matter: Vec<Matter> = layout.things.iter().map(|thing| thing.matter).collect();
        let poses: Vec<_> = layout.things.iter().map(|thing| thing.pose).collect();
        let mut physics = lock(&self.state);
        physics.lay_out(&matter, &poses);
        self.pose.lay_out(Arc::new(layout));
        self.publish(&**physics);
    }

    /// Puts the joints at rest at these angles, rad; NaN leaves a joint where it is.
    pub(crate) fn place(&self, angles: &Joints<f64>) {
        let mut physics = lock(&self.state);
        physics.place(angles);
        self.publish(&**physics);
    }

    /// From now on the buses only say what their servos want: who calls this moves the mechanics, with [`step`](Self::step).
    pub(crate) fn let_alone(&self) {
        let physics = lock(&self.state);
        lock(&self.exchange).measured = Some(measured(&**physics));
    }

    /// Moves the mechanics up to `to` under what the buses asked for last.
    pub(crate) fn step(&self, to: Duration) {
        let drives = lock(&self.exchange).drives;
        let mut physics = lock(&self.state);
        physics.advance(to, &drives);
        self.publish(&**physics);
    }

    /// Shows cameras and servos where everything is.
    fn publish(&self, physics: &dyn Physics) {
        self.pose.publish(physics.joint_angles(), physics.bodies());
        let mut exchange = lock(&self.exchange);
        if let Some(seen) = &mut exchange.measured {
            *seen = measured(physics);
        }
    }
}

fn measured(physics: &dyn Physics) -> Joints<Sense> {
    Joints::from_fn(physics.servos(), |index| physics.sense(index))
}

/// A panic in another thread is no reason for the arm to stop in mid-air.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The joints of one bus as a plant. The others go on under the drives that their own bus gave them last, so several buses
/// can move one robot.
#[derive(Debug, Clone)]
pub struct PlantSlice {
    shared: SharedPhysics,
    joints: Range<usize>,
}

impl Plant for PlantSlice {
    fn servos(&self) -> usize {
        self.joints.len()
    }

    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        let mut exchange = lock(&self.shared.exchange);
        let own = &mut exchange.drives[self.joints.clone()];
        for (place, drive) in own.iter_mut().zip(drives) {
            *place = *drive;
        }
        let alone = exchange.measured.is_some();
        drop(exchange);
        if !alone {
            self.shared.step(to);
        }
    }

    fn sense(&self, index: usize) -> Sense {
        let index = self.joints.start + index;
        let seen = lock(&self.shared.exchange)
            .measured
            .map(|seen| seen.get(index).copied());
        match seen {
            Some(seen) => seen.unwrap_or_default(),
            None => lock(&self.shared.state).sense(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::thread;

    use super::*;

    /// Mechanics that stay in a step until they are allowed to leave it.
    #[derive(Debug)]
    struct Slow {
        angles: Joints<f64>,
        entered: Sender<()>,
        leave: Mutex<Receiver<()>>,
    }

    impl Plant for Slow {
        fn servos(&self) -> usize {
            2
        }

        fn advance(&mut self, _to: Duration, _drives: &[Drive]) {
            let _ = self.entered.send(());
            let _ = lock(&self.leave).recv();
        }

        fn sense(&self, index: usize) -> Sense {
            Sense {
                position: 100 + index as i32,
                ..Sense::default()
            }
        }
    }

    impl Physics for Slow {
        fn joint_angles(&self) -> &Joints<f64> {
            &self.angles
        }

        fn place(&mut self, _angles: &Joints<f64>) {}
    }

    // A step that takes forever holds up neither a servo's answer nor its next goal.
    #[test]
    fn a_servo_answers_while_the_mechanics_move() {
        let ((entered, inside), (leave, left)) = (mpsc::channel(), mpsc::channel());
        let shared = SharedPhysics::new(Box::new(Slow {
            angles: Joints::filled(2, 0.0),
            entered,
            leave: Mutex::new(left),
        }));
        shared.let_alone();
        let mut slice = shared.slices([2]).pop().unwrap();
        let (stepping, seen) = (shared.clone(), mpsc::channel());
        let stepping = thread::spawn(move || stepping.step(Duration::from_millis(1)));
        inside.recv().unwrap();
        let bus = thread::spawn(move || {
            slice.advance(
                Duration::from_millis(1),
                &[Drive {
                    torque: true,
                    ..Drive::default()
                }; 2],
            );
            let _ = seen.0.send(slice.sense(1).position);
        });
        let answer = seen.1.recv_timeout(Duration::from_secs(20));
        leave.send(()).unwrap();
        stepping.join().unwrap();
        bus.join().unwrap();
        assert_eq!(answer, Ok(101), "the servo waited for the step to end");
        assert!(
            lock(&shared.exchange).drives[1].torque,
            "what a servo is to do came too late"
        );
    }
}
