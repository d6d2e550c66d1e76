//! `ulna bench bridge`: what the bridge board's state machine makes of a bus, on the virtual clock.

use std::time::{Duration, Instant};

use ulna_bridge::Board;
use ulna_bridge::frame::{self, FrameReader, MAX_FRAME};
use ulna_bridge::message::{BoardAnswer, Command, JointGoal, TripReason, VERSION};
use ulna_bridge::setup::{BridgeJoint, BridgeSetup, JointLimits};
use ulna_bus::engine::wire_time;
use ulna_bus::families::sts3215::TORQUE_ENABLE;
use ulna_robot::{RobotKind, files};
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::board::SoftBoard;
use ulna_sim::bus::BusOptions;
use ulna_sim::memory::MemoryPort;
use ulna_sim::workbench::Workbench;

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, machine};

/// How long each case drives the arm.
const SPAN: Duration = Duration::from_secs(5);
/// Times that the dead-man is let act.
const TRIALS: u32 = 50;
/// Its time, ms.
const DEAD_MAN_MS: u16 = 100;
/// A host's goals come this often, as from a loop of 200 Hz.
const TICK: Duration = Duration::from_millis(5);

/// Runs the bench.
///
/// # Errors
/// If the arm cannot be set up, or the board does not do what it is asked.
pub fn bridge() -> Result<BenchReport, BenchError> {
    let kind = files::find(files::DEFAULT)?;
    let machine = machine();
    let mut cases = vec![Case::new(
        "state machine",
        "state, on this computer's pointers",
        size_of::<Board>() as f64,
        "bytes",
        None,
    )];
    for full_state in [true, false] {
        for micros in [0, 20, 50] {
            cases.extend(cycles(&kind, full_state, Duration::from_micros(micros))?);
        }
    }
    cases.extend(dead_man(&kind)?);
    Ok(BenchReport {
        bench: "bridge",
        machine,
        cases,
    })
}

/// Cycles per second with nothing between them, and what the state machine costs the processor.
fn cycles(
    kind: &RobotKind,
    full_state: bool,
    turnaround: Duration,
) -> Result<Vec<Case>, BenchError> {
    let mut rig = Rig::new(kind, turnaround)?;
    let mut busy = setup(kind);
    (busy.rate_hz, busy.full_state) = (0, full_state);
    rig.drive(busy)?;
    let before = rig.board.board().status().counters;
    let began = Instant::now();
    let end = rig.now + SPAN;
    while rig.now < end {
        rig.goals()?;
        rig.run_to(rig.now + TICK);
    }
    let seconds = began.elapsed().as_secs_f64();
    let after = rig.board.board().status().counters;
    if after.missed != before.missed || after.bad_frames > 0 || rig.damaged > 0 {
        return Err(BenchError::Board("answers were lost"));
    }
    let cycles = f64::from(after.cycles - before.cycles);
    let state = if full_state { 15 } else { 2 };
    let bytes = kind.bus.protocol.least_cycle_bytes(kind.dof(), 2, state);
    let wire = wire_time(bytes, kind.bus.baud) + turnaround;
    let what = if full_state {
        "full state"
    } else {
        "positions"
    };
    let case = format!(
        "{}, {what}, turnaround {} µs",
        kind.name,
        turnaround.as_micros()
    );
    Ok(vec![
        Case::new(
            &case,
            "cycles per second",
            cycles / SPAN.as_secs_f64(),
            "1/s",
            Some(1.0 / wire.as_secs_f64()),
        ),
        Case::new(
            &case,
            "CPU per cycle, simulated servos included",
            seconds / cycles * 1e6,
            "µs",
            None,
        ),
    ])
}

/// How long after the last valid frame the dead-man acts, by the board's own clock.
fn dead_man(kind: &RobotKind) -> Result<Vec<Case>, BenchError> {
    let mut times = Vec::new();
    for trial in 0..TRIALS {
        let mut rig = Rig::new(kind, Duration::from_micros(20))?;
        rig.drive(setup(kind))?;
        // Each time in another place of a cycle.
        rig.run_to(rig.now + Duration::from_micros(u64::from(trial) * 83));
        for _ in 0..20 {
            rig.goals()?;
            rig.run_to(rig.now + TICK);
        }
        rig.run_to(rig.now + Duration::from_millis(300));
        let trip = rig.board.board().status().trip;
        let trip = trip.filter(|trip| trip.reason == TripReason::DeadMan);
        let trip = trip.ok_or(BenchError::Board("its dead-man did not act"))?;
        times.push((trip.at_us - trip.last_frame_us) as f64 * 1e-3);
    }
    let longest = times.iter().copied().fold(0.0, f64::max);
    let case = format!("dead-man of {DEAD_MAN_MS} ms, {TRIALS} trials");
    Ok(vec![Case::new(
        &case,
        "acts after the last valid frame, at most",
        longest,
        "ms",
        Some(f64::from(DEAD_MAN_MS)),
    )])
}

fn setup(kind: &RobotKind) -> BridgeSetup {
    let joint = |joint: &ulna_robot::JointSpec| {
        let model = ulna_bus::models::by_name(&joint.model).map_or(0, |model| model.number);
        BridgeJoint::new(joint.id, model, JointLimits::new((0, 4095), 4095, 10_000))
    };
    let mut setup = BridgeSetup::new(kind.bus.baud, kind.joints.iter().map(joint).collect());
    setup.dead_man_ms = DEAD_MAN_MS;
    setup
}

/// A board in front of an arm, and a host.
struct Rig {
    board: SoftBoard<MemoryPort<Arm>>,
    joints: u8,
    now: Duration,
    seq: u16,
    reader: FrameReader,
    damaged: u32,
    refused: bool,
}

impl Rig {
    fn new(kind: &RobotKind, turnaround: Duration) -> Result<Self, BenchError> {
        let calibration = kind.nominal_calibration();
        let arm = Arm::new(kind, &calibration, ArmOptions::default()).map_err(BenchError::sim)?;
        let servos = Workbench::calibrated(kind, &calibration, &kind.follower.registers, true);
        let servos = servos.map_err(BenchError::sim)?;
        let options = BusOptions {
            turnaround,
            ..BusOptions::default()
        };
        let mut bus = servos.into_bus(arm, options).map_err(BenchError::sim)?;
        // A board gives limp joints no goals.
        for index in 0..kind.dof() {
            let servo = bus.servo_mut(index);
            let on = servo.map(|servo| servo.set(TORQUE_ENABLE, 1));
            on.transpose().map_err(BenchError::sim)?;
        }
        Ok(Self {
            board: SoftBoard::new(MemoryPort(bus)),
            joints: u8::try_from(kind.dof()).unwrap_or(u8::MAX),
            now: Duration::ZERO,
            seq: 0,
            reader: FrameReader::new(),
            damaged: 0,
            refused: false,
        })
    }

    fn drive(&mut self, setup: BridgeSetup) -> Result<(), BenchError> {
        self.send(&Command::Hello { version: VERSION })?;
        self.send(&Command::Setup(setup))?;
        self.send(&Command::Start)?;
        match self.refused {
            true => Err(BenchError::Board("it refused the arm")),
            false => Ok(()),
        }
    }

    fn goals(&mut self) -> Result<(), BenchError> {
        let goal = |joint| JointGoal {
            joint,
            counts: 2047,
        };
        self.send(&Command::Goals((0..self.joints).map(goal).collect()))
    }

    fn send(&mut self, command: &Command) -> Result<(), BenchError> {
        self.seq = self.seq.wrapping_add(1);
        let mut out = [0; MAX_FRAME];
        let frame = frame::encode(self.seq, command, &mut out)
            .map_err(|_| BenchError::Board("a command fits into no frame"))?;
        self.board.host_writes(self.now, frame);
        self.listen();
        Ok(())
    }

    fn run_to(&mut self, now: Duration) {
        self.now = now;
        self.listen();
    }

    fn listen(&mut self) {
        let mut bytes = [0; 4096];
        loop {
            let count = self.board.host_reads(self.now, &mut bytes);
            if count == 0 {
                return;
            }
            let mut rest = &bytes[..count];
            while let Some(answer) = self.reader.next(&mut rest) {
                match answer {
                    Err(_) => self.damaged += 1,
                    Ok((_, BoardAnswer::Refused(_))) => self.refused = true,
                    Ok(_) => {}
                }
            }
        }
    }
}
