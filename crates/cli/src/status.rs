//! What the live line says of a control tick.

use std::time::Duration;

use ulna_robot::{ExitAction, RobotKind};
use ulna_session::controlled::Leaving;
use ulna_session::{ErrorFlags, TickRecord};

use crate::live::Status;
use crate::names::short;

/// A joint not measured for longer than this is named.
const SILENT: Duration = Duration::from_millis(250);

/// A servo hotter than this is named, °C: five less than the limit at which these servos switch off as they come (70 °C).
const HOT: f32 = 65.0;

/// A joint this far behind its goal is named, in its unit. In fast motion a sound arm is up to some 12 behind.
const BEHIND: f64 = 25.0;

/// Says of a robot's ticks what a line has room for.
#[derive(Debug)]
pub(crate) struct TickLine {
    names: Vec<String>,
    wheels: Vec<bool>,
}

impl TickLine {
    /// For the joints of this robot.
    pub(crate) fn of(kind: &RobotKind) -> Self {
        Self {
            names: kind.names().map(short).collect(),
            wheels: kind.joints.iter().map(|joint| joint.is_wheel()).collect(),
        }
    }

    /// What must not be overlooked, the worst first.
    pub(crate) fn alarms(&self, tick: &TickRecord) -> Vec<String> {
        let (state, note, at) = (&tick.state, &tick.note, tick.sends_at);
        let silent = |joint: usize| state.measured[joint].age(at) > SILENT;
        let joints = || (0..self.names.len()).filter(|joint| *joint < state.position.len());
        let listed = |what: &str, names: Vec<String>| {
            (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
        };
        let named = |joint: usize| self.names[joint].clone();
        let dead = joints().filter(|joint| silent(*joint)).map(named);
        let behind = joints().filter(|joint| {
            let off = (tick.sent[*joint] - state.position[*joint]).abs();
            !self.wheels[*joint] && !silent(*joint) && off > BEHIND
        });
        let hot = joints().filter_map(|joint| {
            let celsius = tick.health.get(joint)?.celsius?;
            (celsius > HOT).then(|| format!("{} {celsius:.0} °C", self.names[joint]))
        });
        let limp = joints().filter(|joint| note.limp >> joint & 1 != 0);
        let complaints = joints().filter_map(|joint| {
            let alarms = tick.health.get(joint)?.alarms;
            (alarms != 0).then(|| format!("{} {}", self.names[joint], ErrorFlags(alarms).named()))
        });
        let gate = match () {
            () if note.stale || note.invalid => Some("HOLDING: no fresh action".to_owned()),
            () if note.ramping => Some("catching up".to_owned()),
            () => None,
        };
        let alarms = [
            listed("NO ANSWER", dead.collect()),
            listed("LIMP", limp.map(named).collect()),
            gate,
            listed("ALARM", complaints.collect()),
            listed("BEHIND", behind.map(named).collect()),
            listed("HOT", hot.collect()),
        ];
        alarms.into_iter().flatten().collect()
    }

    /// The tick, in full and in fewer and fewer columns.
    pub(crate) fn status(&self, tick: &TickRecord) -> Status {
        let seconds = tick.sends_at.seconds();
        let values = || self.names.iter().zip(tick.state.position.iter());
        let joined = |all: Vec<String>| all.join("  ");
        let fine = joined(
            values()
                .map(|(name, value)| format!("{name} {value:6.1}"))
                .collect(),
        );
        let coarse = joined(
            values()
                .map(|(name, value)| format!("{name} {value:4.0}"))
                .collect(),
        );
        let goals = tick.sent.iter().zip(tick.state.position.iter());
        let off = goals
            .map(|(goal, here)| (goal - here).abs())
            .fold(0.0, f64::max);
        let felt = felt(&self.names, tick);
        Status {
            alarms: self.alarms(tick),
            levels: vec![
                format!("{seconds:.1} s  {fine}  off by {off:4.1}{felt}"),
                format!("{seconds:.1} s  {coarse}  off by {off:4.1}{felt}"),
                format!("{seconds:.1} s  {coarse}  off {off:3.0}"),
                format!("{seconds:.1} s  {coarse}"),
                format!("{seconds:.1} s  off by {off:4.1}{felt}"),
                format!("{seconds:.1} s"),
            ],
            keys: Vec::new(),
        }
    }
}

/// The lowest voltage and the hottest servo of those that report it.
fn felt(names: &[String], tick: &TickRecord) -> String {
    let volts = tick.health.iter().filter_map(|health| health.volts);
    let heat = names.iter().zip(tick.health.iter());
    let heat = heat.filter_map(|(name, health)| Some((name, health.celsius?)));
    match (
        volts.reduce(f32::min),
        heat.max_by(|a, b| a.1.total_cmp(&b.1)),
    ) {
        (Some(volts), Some((name, celsius))) => format!("  {volts:.1} V  {celsius:.0} °C {name}"),
        _ => String::new(),
    }
}

/// What a session says at its start of its end; `first` is what happens before the arm is brought to rest.
pub(crate) fn how_to_end(kind: &RobotKind, first: &str) -> String {
    let then = match kind.exit.then {
        ExitAction::Park => "the arm goes to its resting pose, then its torque goes off",
        ExitAction::Release => "the torque goes off where the arm is",
        ExitAction::Hold => "the arm stays where it is, with the torque on",
    };
    format!("Ctrl-C ends it: {first}{then}.")
}

/// What becomes of the arm now, said as soon as it is known.
pub(crate) fn leaving(leaving: &Leaving) -> String {
    match leaving.then {
        ExitAction::Park => format!(
            "parking, {:.0} s (Ctrl-C: stop here, the torque stays on)",
            leaving.seconds.max(1.0)
        ),
        ExitAction::Release => "switching the torque off".to_owned(),
        ExitAction::Hold => "the arm holds where it is, with the torque on".to_owned(),
    }
}
