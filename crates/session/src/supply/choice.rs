//! What a rig is opened with where the user has not said it: the only adapter that is left, the only arm that is calibrated.

use std::fs;
use std::path::Path;

use ulna_drivers::ports::{self, PortInfo};
use ulna_drivers::{calibration, device_of};
use ulna_outside::Printable;
use ulna_robot::{ArmRole, RobotKind};

use super::parts::sides;
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::usage::UsageError;

/// Options with nothing missing that could be found out, and a sentence for each thing that was.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) options: RigOptions,
    pub(crate) notes: Vec<String>,
}

/// Fills in ports and ids that the user left out, where only one can be meant. What stays open is said when the rig is opened.
///
/// # Errors
/// If ports are missing and several could be meant, or none.
pub(crate) fn choose(
    options: &RigOptions,
    robot: &RobotKind,
    leader: Option<&RobotKind>,
) -> Result<Chosen, SessionError> {
    let mut chosen = Chosen {
        options: options.clone(),
        notes: Vec::new(),
    };
    if options.sim {
        return Ok(chosen);
    }
    let arms = |kind: &RobotKind| sides(kind).len();
    let role = |role: ArmRole, port: &Option<String>, arms| RolePort {
        role,
        port: port.clone(),
        arms,
    };
    let mut wanted = vec![role(ArmRole::Follower, &options.robot_port, arms(robot))];
    let leader_arms = leader.map(arms);
    wanted.extend(leader_arms.map(|arms| role(ArmRole::Leader, &options.teleop_port, arms)));
    if let Some((role, port)) = only_port(&wanted, &ports::list())? {
        let path = port.name().display().to_string();
        chosen.notes.push(format!(
            "the {role}'s port: {}, the only adapter{}",
            Printable(&path),
            if wanted.len() > 1 {
                " that is left"
            } else {
                ""
            }
        ));
        match role {
            ArmRole::Follower => chosen.options.robot_port = Some(path),
            ArmRole::Leader => chosen.options.teleop_port = Some(path),
        }
    }
    let ids = [
        (Some(robot), ArmRole::Follower, &mut chosen.options.robot_id),
        (leader, ArmRole::Leader, &mut chosen.options.teleop_id),
    ];
    for (kind, role, id) in ids {
        let Some(kind) = kind.filter(|kind| id.is_none() && arms(kind) == 1) else {
            continue;
        };
        if let [only] = calibrated(role, kind).as_slice() {
            chosen.notes.push(format!(
                "the {role}'s id: {}, the only one that is calibrated",
                Printable(only)
            ));
            *id = Some(only.clone());
        }
    }
    Ok(chosen)
}

/// The ids under which arms of this kind were calibrated, in order.
pub(super) fn calibrated(role: ArmRole, kind: &RobotKind) -> Vec<String> {
    let spec = role.spec(kind);
    let types = std::iter::once(&spec.robot_type).chain(&spec.older_types);
    let mut ids = Vec::new();
    for robot_type in types {
        let Ok(path) = calibration::path(role, robot_type, "id") else {
            continue;
        };
        let entries = path.parent().map(fs::read_dir).into_iter().flatten();
        for entry in entries.flatten().flatten() {
            let path = entry.path();
            let is_one = path.extension().is_some_and(|end| end == "json");
            let id = path.file_stem().and_then(|stem| stem.to_str());
            ids.extend(id.filter(|_| is_one).map(str::to_owned));
        }
    }
    ids.sort();
    ids.dedup();
    ids
}

/// What is known of the port of one role.
#[derive(Debug, Clone)]
struct RolePort {
    role: ArmRole,
    port: Option<String>,
    /// How many ports it has.
    arms: usize,
}

/// The role whose port is not said, and the adapter that it must be; nothing if no port is missing, or only those of a pair.
fn only_port<'a>(
    wanted: &[RolePort],
    there: &'a [PortInfo],
) -> Result<Option<(ArmRole, &'a PortInfo)>, SessionError> {
    let open: Vec<&RolePort> = wanted.iter().filter(|role| role.port.is_none()).collect();
    if open.is_empty() || open.iter().any(|role| role.arms != 1) {
        return Ok(None);
    }
    let taken = |port: &PortInfo| {
        let given = wanted.iter().filter_map(|role| role.port.as_deref());
        given
            .flat_map(|ports| ports.split(','))
            .any(|given| is(port, given))
    };
    let adapters = there
        .iter()
        // A bridge board is asked for by name: as an adapter it would limit and stop nothing.
        .filter(|port| port.usb.is_some() && !port.is_bridge() && !taken(port));
    let adapters: Vec<&PortInfo> = adapters.collect();
    match (open.as_slice(), adapters.as_slice()) {
        ([role], [adapter]) => Ok(Some((role.role, *adapter))),
        _ => Err(missing(&open, &adapters).into()),
    }
}

/// Whether a port is the one that was given, by whichever of its names.
fn is(port: &PortInfo, given: &str) -> bool {
    let Ok(given) = device_of(given) else {
        return false;
    };
    let given = Path::new(&given);
    let device = given.canonicalize();
    port.path == given
        || port.stable.as_deref() == Some(given)
        || device.is_ok_and(|device| port.path == device)
}

/// Why no port could be chosen, and what to do.
fn missing(open: &[&RolePort], adapters: &[&PortInfo]) -> UsageError {
    let roles: Vec<String> = open.iter().map(|role| role.role.to_string()).collect();
    let flags: Vec<&str> = open.iter().map(|role| flag(role.role)).collect();
    let (roles, flags) = (roles.join(" and the "), flags.join(" and "));
    let there: Vec<String> = adapters
        .iter()
        .map(|port| {
            let (name, what) = (port.name().display(), port.description());
            format!("{} ({})", Printable(name), Printable(what))
        })
        .collect();
    let there = match there.as_slice() {
        [] => "no USB serial adapter is plugged in that is not taken (`ulna doctor` looks further)"
            .to_owned(),
        [one] => format!("the only adapter is {one}"),
        several => format!("there are {}", several.join(", ")),
    };
    UsageError::NoPortChosen {
        roles,
        there,
        flags,
    }
}

/// The option that names the port of this role.
pub(super) fn flag(role: ArmRole) -> &'static str {
    match role {
        ArmRole::Follower => "--robot-port",
        ArmRole::Leader => "--teleop-port",
    }
}

#[cfg(test)]
mod tests {
    use ulna_drivers::ports::UsbInfo;

    use super::*;

    fn adapter(number: u8) -> PortInfo {
        PortInfo {
            path: format!("/dev/ttyACM{number}").into(),
            usb: Some(UsbInfo {
                vid: 0x1A86,
                pid: 0x55D3,
                manufacturer: None,
                product: Some("adapter".to_owned()),
                serial: None,
                socket: None,
            }),
            stable: Some(format!("/dev/serial/by-id/usb-{number}").into()),
            looks_like: None,
            latency_ms: None,
        }
    }

    fn wanted(role: ArmRole, port: Option<&str>) -> RolePort {
        RolePort {
            role,
            port: port.map(str::to_owned),
            arms: 1,
        }
    }

    use ArmRole::{Follower, Leader};

    /// The role and the stable name of what is chosen, or the error.
    fn chosen(wanted: &[RolePort], adapters: u8) -> Result<Option<(ArmRole, String)>, String> {
        let mut there: Vec<_> = (0..adapters).map(adapter).collect();
        // A UART of the board is no adapter.
        there.push(PortInfo {
            usb: None,
            ..adapter(9)
        });
        let found = only_port(wanted, &there).map_err(|error| error.to_string())?;
        Ok(found.map(|(role, port)| (role, port.name().display().to_string())))
    }

    #[test]
    fn the_only_adapter_that_is_left_is_taken() {
        let one = Ok(Some((Follower, "/dev/serial/by-id/usb-0".to_owned())));
        assert_eq!(chosen(&[wanted(Follower, None)], 1), one);
        for given in ["/dev/ttyACM0", "/dev/serial/by-id/usb-0"] {
            assert_eq!(
                chosen(&[wanted(Follower, Some(given)), wanted(Leader, None)], 2),
                Ok(Some((Leader, "/dev/serial/by-id/usb-1".to_owned()))),
            );
        }
        let all = [
            wanted(Follower, Some("/dev/a")),
            wanted(Leader, Some("/dev/b")),
        ];
        assert_eq!(chosen(&all, 5), Ok(None));
    }

    #[test]
    fn what_could_be_meant_otherwise_is_asked_for() {
        let both = [wanted(Follower, None), wanted(Leader, None)];
        for (wanted, adapters, says) in [
            (&both[..], 2, "--robot-port and --teleop-port"),
            (&both[..], 1, "the only adapter is /dev/serial/by-id/usb-0"),
            (&both[..1], 2, "there are /dev/serial/by-id/usb-0"),
            (&both[..1], 0, "no USB serial adapter"),
        ] {
            let error = chosen(wanted, adapters).unwrap_err();
            assert!(error.contains(says) && error.contains("rig new"), "{error}");
        }
        let pair = RolePort {
            arms: 2,
            ..wanted(Follower, None)
        };
        assert_eq!(chosen(&[pair], 1), Ok(None), "the rig asks for LEFT,RIGHT");
    }
}
