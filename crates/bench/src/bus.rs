//! `ulna bench bus`: what one control cycle costs, goal write and position read of six servos.

use std::time::{Duration, Instant};

use ulna_bus::engine::{EchoMode, Engine, wire_time};
use ulna_bus::registers::Role;
use ulna_core::{Gate, Progress, Robot, SafeGoals, Stamp};
use ulna_drivers::arm::engine_config;
use ulna_drivers::{Port, SerialPort, ServoArm};
use ulna_robot::files;
use ulna_robot::{Calibration, RobotKind};
use ulna_rt::{Pacer, RealClock, RealPacer, VirtualClock};
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::memory::MemoryPort;
use ulna_sim::pty::PtyBus;
use ulna_sim::workbench::Workbench;

use crate::echo::{self, ANSWER, REQUEST};
use crate::error::BenchError;
use crate::figures::{BenchReport, Case, machine};
use crate::meters::thread_cpu;

const LOCKSTEP_CYCLES: u32 = 2_000;
const PTY_CYCLES: u32 = 2_000;

/// Bytes of one cycle on the wire, the least that the protocol allows.
fn least_bytes(kind: &RobotKind) -> u64 {
    let width = |role| {
        let register = kind.family().and_then(|family| family.find(role));
        register.map_or(0, |register| usize::from(register.width))
    };
    let (goal, state) = (width(Role::GoalPosition), width(Role::PresentPosition));
    let protocol = kind.bus.protocol;
    protocol.least_cycle_bytes(kind.dof(), goal, state) as u64
}

/// Runs the bench.
///
/// # Errors
/// If no pty can be had, or a cycle has other bytes than it must.
pub fn bus() -> Result<BenchReport, BenchError> {
    let kind = files::find(files::DEFAULT)?;
    let mut cases = Vec::new();
    let machine = machine();
    for micros in [0, 20, 50, 100] {
        cases.extend(lockstep(&kind, Duration::from_micros(micros))?);
    }
    cases.extend(lockstep(&files::find("koch")?, Duration::ZERO)?);
    let echo = echo::measure(PTY_CYCLES as usize).map_err(|source| BenchError::System {
        what: "the pty echo".into(),
        source,
    })?;
    cases.extend(on_pty(&kind, "pty, instant responder", true, &echo)?);
    cases.extend(on_pty(&kind, "pty, wire pace", false, &echo)?);
    Ok(BenchReport {
        bench: "bus",
        machine,
        cases,
    })
}

fn lockstep(kind: &RobotKind, turnaround: Duration) -> Result<Vec<Case>, BenchError> {
    let calibration = kind.nominal_calibration();
    let bus = servo_bus(
        kind,
        &calibration,
        BusOptions {
            turnaround,
            ..BusOptions::default()
        },
    )?;
    let mut arm = servo_arm(Box::new(MemoryPort(bus)), kind, &calibration)?;
    let mut pacer = VirtualClock::new();
    let goals = goals(kind, &calibration);
    cycle(&mut arm, &mut pacer, &goals)?;
    let (start, bytes) = (pacer.now(), wire_bytes(&arm));
    for _ in 0..LOCKSTEP_CYCLES {
        cycle(&mut arm, &mut pacer, &goals)?;
    }
    let seconds = (pacer.now() - start).as_secs_f64();
    let bytes = (wire_bytes(&arm) - bytes) / u64::from(LOCKSTEP_CYCLES);
    let least = least_bytes(kind);
    if bytes != least {
        let servos = kind.dof();
        return Err(BenchError::Bytes {
            servos,
            bytes,
            least,
        });
    }
    let case = format!(
        "{}, lockstep, turnaround {} µs",
        kind.name,
        turnaround.as_micros()
    );
    let wire = wire_time(least as usize, kind.bus.baud) + turnaround;
    Ok(vec![
        Case {
            case: case.clone(),
            metric: "bytes on the wire per cycle".to_owned(),
            value: bytes as f64,
            unit: "bytes",
            floor: Some(least as f64),
        },
        Case {
            case,
            metric: "cycles per virtual second".to_owned(),
            value: f64::from(LOCKSTEP_CYCLES) / seconds,
            unit: "1/s",
            floor: Some(1.0 / wire.as_secs_f64()),
        },
    ])
}

fn on_pty(
    kind: &RobotKind,
    case: &str,
    instant: bool,
    echo: &echo::Echo,
) -> Result<Vec<Case>, BenchError> {
    let calibration = kind.nominal_calibration();
    let clock = RealClock::start();
    let bus = servo_bus(
        kind,
        &calibration,
        BusOptions {
            instant,
            ..BusOptions::default()
        },
    )?;
    let pty = PtyBus::spawn(bus, "bench", clock.epoch()).map_err(BenchError::sim)?;
    let port = SerialPort::open(&pty.path().to_string_lossy(), kind.bus.baud)?;
    let inputs = port.input().into_iter().collect();
    let mut arm = servo_arm(Box::new(port), kind, &calibration)?;
    let mut pacer = RealPacer::new(clock, inputs);
    let goals = goals(kind, &calibration);
    for _ in 0..20 {
        cycle(&mut arm, &mut pacer, &goals)?;
    }
    let cycles = timed(&mut arm, &mut pacer, &goals, &pty)?;
    let wire = (!instant).then(|| micros(wire_time(REQUEST + ANSWER, kind.bus.baud)));
    Ok(cases(case, &cycles, wire, echo))
}

/// Times of cycles on a pty, sorted.
struct Cycles {
    /// Of each cycle.
    whole: Vec<Duration>,
    /// Of each, less what the simulated servos took.
    overhead: Vec<Duration>,
    /// Of all together, s.
    seconds: f64,
    /// CPU of the calling thread for each, on average.
    cpu: Duration,
}

fn timed(
    arm: &mut ServoArm,
    pacer: &mut dyn Pacer,
    goals: &SafeGoals,
    pty: &PtyBus<Arm>,
) -> Result<Cycles, BenchError> {
    let (mut whole, mut overhead) = (Vec::new(), Vec::new());
    let (cpu, start) = (thread_cpu(), Instant::now());
    for _ in 0..PTY_CYCLES {
        let busy = pty.stats().busy;
        let began = Instant::now();
        cycle(arm, pacer, goals)?;
        let time = began.elapsed();
        whole.push(time);
        overhead.push(time.saturating_sub(pty.stats().busy.saturating_sub(busy)));
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu = (thread_cpu() - cpu) / PTY_CYCLES;
    whole.sort();
    overhead.sort();
    Ok(Cycles {
        whole,
        overhead,
        seconds,
        cpu,
    })
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The figures of a run on a pty. `wire` is what the bytes take at the servos' rate, if they are paced so, µs.
fn cases(case: &str, cycles: &Cycles, wire: Option<f64>, echo: &echo::Echo) -> Vec<Case> {
    let figure = |metric: &str, value, unit, floor| Case::new(case, metric, value, unit, floor);
    let rate = f64::from(PTY_CYCLES) / cycles.seconds;
    let mut cases = vec![figure("cycles per second", rate, "1/s", None)];
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        let floor = wire.unwrap_or_else(|| micros(quantile(&echo.times, part)));
        let time = micros(quantile(&cycles.whole, part));
        cases.push(figure(&format!("cycle {name}"), time, "µs", Some(floor)));
    }
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        let floor = micros(quantile(&echo.times, part));
        let time = micros(quantile(&cycles.overhead, part));
        let metric = format!("host overhead {name}");
        cases.push(figure(&metric, time, "µs", Some(floor)));
    }
    let (cpu, floor) = (micros(cycles.cpu), micros(echo.cpu));
    cases.push(figure("host CPU per cycle", cpu, "µs", Some(floor)));
    cases
}

fn quantile(sorted: &[Duration], part: f64) -> Duration {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let index = (sorted.len() as f64 * part) as usize;
    sorted
        .get(index.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

fn servo_bus(
    kind: &RobotKind,
    calibration: &Calibration,
    options: BusOptions,
) -> Result<ServoBus<Arm>, BenchError> {
    let arm = Arm::new(kind, calibration, ArmOptions::default()).map_err(BenchError::sim)?;
    let servos = Workbench::calibrated(kind, calibration, &kind.follower.registers, true);
    let servos = servos.map_err(BenchError::sim)?;
    servos.into_bus(arm, options).map_err(BenchError::sim)
}

fn servo_arm(
    port: Box<dyn Port>,
    kind: &RobotKind,
    calibration: &Calibration,
) -> Result<ServoArm, BenchError> {
    // Fast reads as firmware that is up to date allows; an arm finds that out while it is connected.
    let config = engine_config(kind)
        .with_echo(EchoMode::Never)
        .with_fast_reads(true);
    let engine = Engine::new(config);
    ServoArm::new(port, engine, kind, calibration).map_err(BenchError::sim)
}

/// Goals in the middle of every range, through the gate like all others.
fn goals(kind: &RobotKind, calibration: &Calibration) -> SafeGoals {
    let limits = kind.gate_limits(calibration);
    let middle = limits.range.map(|(low, high)| f64::midpoint(low, high));
    Gate::new(limits, &middle, Stamp::ZERO).hold(Stamp::ZERO)
}

fn cycle(arm: &mut ServoArm, pacer: &mut dyn Pacer, goals: &SafeGoals) -> Result<(), BenchError> {
    let lost = |_| BenchError::PortLost;
    let now = pacer.now();
    arm.begin(
        Stamp::new(now),
        Some(goals),
        Stamp::new(now + Duration::from_millis(100)),
    )
    .map_err(lost)?;
    while let Progress::Waiting { until } = arm.step(Stamp::new(pacer.now())).map_err(lost)? {
        pacer.wait_for_input(until.since_epoch());
    }
    Ok(())
}

fn wire_bytes(arm: &ServoArm) -> u64 {
    let counters = arm.bus_counters();
    counters.bytes_sent + counters.bytes_received
}
