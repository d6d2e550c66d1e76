//! Whether a rig would work, without moving or opening anything.

use std::path::Path;

use serde::Serialize;
use ulna_drivers::calibration;
use ulna_drivers::device_of;
use ulna_drivers::ports::{PortAccess, access};
use ulna_robot::{ArmRole, RobotKind};

use super::{DeviceTable, GivenRig, RigCameras, RigFile};
use crate::options::RigOptions;
use crate::rig::{RATES, kind_of, leader_for, with_motor};
use crate::supply::compare::class::motors;
use crate::supply::{side_id, sides};
use crate::teleoperators;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RigVerdict {
    /// It is as it should be.
    Ok,
    /// It works, with something to know.
    Warn,
    /// A session would fail.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RigFinding {
    /// How bad it is.
    pub severity: RigVerdict,
    /// What was looked at.
    pub name: String,
    /// What was found.
    pub found: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl RigFinding {
    fn new(severity: RigVerdict, name: &str, found: impl std::fmt::Display) -> Self {
        Self {
            severity,
            name: name.to_owned(),
            found: found.to_string(),
            next: None,
        }
    }

    fn next(self, next: impl Into<String>) -> Self {
        Self {
            next: Some(next.into()),
            ..self
        }
    }
}

/// Looks at everything that a rig file names.
pub fn check(file: &RigFile) -> Vec<RigFinding> {
    let mut given = GivenRig::default();
    file.fill(&mut given);
    let options = given.options();
    let robot = match kind_of(&options.robot, options.unit) {
        Ok(robot) => with_motor(robot, &options),
        Err(error) => {
            return vec![
                RigFinding::new(RigVerdict::Fail, "robot", error)
                    .next("`ulna robots list` has the robots that there are"),
            ];
        }
    };
    let mut findings = vec![RigFinding::new(
        RigVerdict::Ok,
        "robot",
        format!("{}: {}", robot.name, robot.summary),
    )];
    if !RATES.contains(&options.rate_hz) {
        let (low, high) = (RATES.start(), RATES.end());
        let text = format!("{} is not between {low} and {high} Hz", options.rate_hz);
        findings.push(RigFinding::new(RigVerdict::Fail, "rate", text));
    }
    findings.extend(motor(&robot));
    findings.extend(
        file.cameras
            .iter()
            .flat_map(|cameras| camera_findings(&robot, cameras)),
    );
    findings.extend(device("robot", ArmRole::Follower, &robot, &file.robot));
    findings.extend(leader(&robot, &options, &file.teleop));
    findings
}

/// The motors that the simulation gives the servos, if rig or robot file name one.
fn motor(robot: &RobotKind) -> Option<RigFinding> {
    let named = robot.simulation.motor.as_deref()?;
    let known = motors(robot);
    Some(match known.contains(&named) {
        true => RigFinding::new(RigVerdict::Ok, "motor", named),
        false => {
            let text = format!("no servo of {} is made with a motor `{named}`", robot.name);
            let next = format!("`motor` may be: {}", known.join(", "));
            RigFinding::new(RigVerdict::Fail, "motor", text).next(next)
        }
    })
}

/// The cameras: whether they are plugged in, or known to the robot file. None is opened for pictures.
fn camera_findings(robot: &RobotKind, cameras: &RigCameras) -> Vec<RigFinding> {
    let known = |name: &String| robot.cameras.iter().any(|camera| camera.name == *name);
    let names = match cameras {
        RigCameras::Names(names) => names.as_slice(),
        RigCameras::Real(_) => &[],
    };
    let unknown = names.iter().filter(|name| !known(name)).map(|name| {
        let there = robot.cameras.iter().map(|camera| camera.name.as_str());
        let there = there.collect::<Vec<_>>().join(", ");
        let text = format!("{} has no camera `{name}`; it has: {there}", robot.name);
        RigFinding::new(RigVerdict::Fail, "cameras", text)
    });
    let mut findings: Vec<RigFinding> = unknown.collect();
    let mut demands = Vec::new();
    for (name, settings) in cameras.settings() {
        let what = format!("camera {name}");
        demands.extend(ulna_cameras::usb_demand(name, settings));
        findings.push(match ulna_cameras::identity(settings) {
            Ok(identity) if identity.address.is_some() => {
                let asks = "not asked yet: `ulna cameras test` with --rig asks it for pictures";
                let found = format!("{}, {asks}", settings.shown());
                RigFinding::new(RigVerdict::Ok, &what, found)
            }
            Ok(identity) => {
                let card = if identity.card.is_empty() { "" } else { ", " };
                let found = format!("{}{card}{}", settings.shown(), identity.card);
                RigFinding::new(RigVerdict::Ok, &what, found)
            }
            Err(error) => RigFinding::new(RigVerdict::Fail, &what, error)
                .next("`ulna cameras list` shows what is plugged in"),
        });
    }
    let over = ulna_cameras::overloaded(&demands);
    findings.extend(
        over.into_iter()
            .map(|text| RigFinding::new(RigVerdict::Warn, "cameras", text)),
    );
    findings
}

/// The teleoperator; a leader arm has a port and a calibration of its own.
fn leader(robot: &RobotKind, options: &RigOptions, table: &DeviceTable) -> Vec<RigFinding> {
    let named = options.teleop.as_deref();
    let registered = teleoperators::TYPES
        .iter()
        .find(|known| Some(known.name) == named);
    if let Some(known) = registered.filter(|known| !known.leader_arm) {
        return vec![RigFinding::new(RigVerdict::Ok, "teleop", known.summary)];
    }
    let leader_of = named.filter(|_| registered.is_none());
    match leader_for(robot, leader_of, options) {
        Err(error) => vec![RigFinding::new(RigVerdict::Fail, "teleop", error)],
        Ok(leader) => device("teleop", ArmRole::Leader, &leader, table),
    }
}

/// The ports and calibrations of one arm, or of each of a pair.
fn device(name: &str, role: ArmRole, kind: &RobotKind, table: &DeviceTable) -> Vec<RigFinding> {
    let sides = sides(kind);
    let mut findings = Vec::new();
    match &table.port {
        None => findings.push(
            RigFinding::new(
                RigVerdict::Warn,
                name,
                "no port: a session takes the only adapter that is left",
            )
            .next("`ulna ports find` says which port is the arm's"),
        ),
        Some(ports) => {
            let ports: Vec<&str> = ports.split(',').collect();
            if ports.len() != sides.len() {
                let text = format!("{} ports for {} arms", ports.len(), sides.len());
                findings.push(
                    RigFinding::new(RigVerdict::Fail, name, text).next("give them as LEFT,RIGHT"),
                );
            }
            findings.extend(ports.iter().map(|path| port(name, path)));
        }
    }
    let Some(id) = &table.id else {
        let next = "`ulna calibrate` asks for one, a name of your choice for this one arm";
        findings.push(RigFinding::new(RigVerdict::Fail, name, "no id").next(next));
        return findings;
    };
    for (side, kind) in sides {
        let id = side_id(id, &side);
        let found = calibration::find(role, &kind, &id);
        let loaded = found.and_then(|path| calibration::load(&path, &id, &kind).map(|_| path));
        findings.push(match loaded {
            Ok(path) => RigFinding::new(
                RigVerdict::Ok,
                name,
                format!("calibration {}", path.display()),
            ),
            Err(error) => RigFinding::new(RigVerdict::Fail, name, error),
        });
    }
    findings
}

fn port(name: &str, path: &str) -> RigFinding {
    let say = |severity, what: &str| RigFinding::new(severity, name, format!("port {path}{what}"));
    let device = match device_of(path) {
        Ok(device) => device,
        Err(error) => return RigFinding::new(RigVerdict::Fail, name, error.to_string()),
    };
    match access(Path::new(&device)) {
        PortAccess::Free => say(RigVerdict::Ok, ""),
        PortAccess::Busy { holders } => {
            let text = format!(" is open in {}", holders.join(", "));
            say(RigVerdict::Warn, &text).next("end that program before a session begins")
        }
        PortAccess::Forbidden { .. } => say(RigVerdict::Fail, " may not be opened by you")
            .next("`ulna doctor` says how to get permission"),
        PortAccess::Missing => say(RigVerdict::Fail, " is not there")
            .next("plug its cable in; `ulna ports` lists what is there, by names that stay"),
    }
}
