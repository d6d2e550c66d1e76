//! Serial ports: permission, who holds them, the latency timer, and programs that open whatever is plugged in.

use std::fs;

use ulna_drivers::ports::{self, PortAccess, PortInfo};
use ulna_drivers::{PortError, SerialPort};

use crate::doctor::boards;
use crate::doctor::check::{Check, CheckVerdict};
use crate::ports::ListedPort;

/// The rate that a port is opened at, bits per second.
const BAUD: u32 = 1_000_000;
/// An FTDI adapter that waits longer than this for more bytes slows every cycle down, ms.
const LATENCY: u32 = 2;
/// Programs that open any serial port that appears: the first looks for modems, the second for braille displays.
const MEDDLERS: [&str; 2] = ["ModemManager", "brltty"];

/// A rule for udev: ports open to the user who sits at the computer, no modem detection, and a latency timer of 1 ms.
pub fn udev_rules() -> String {
    let vendors = [
        ("1209", "ulna's bridge board"),
        ("1a86", "WCH: CH340, CH343, CH9102"),
        ("0403", "FTDI: U2D2 and others"),
        ("2f5d", "ROBOTIS"),
        ("10c4", "Silicon Labs: CP210x"),
    ];
    let mut text = String::from(
        "# /etc/udev/rules.d/60-ulna.rules: servo adapters. After a change: sudo udevadm control --reload && sudo udevadm trigger\n",
    );
    for (vendor, name) in vendors {
        text.push_str(&format!(
            "SUBSYSTEM==\"tty\", ATTRS{{idVendor}}==\"{vendor}\", MODE=\"0660\", TAG+=\"uaccess\", ENV{{ID_MM_DEVICE_IGNORE}}=\"1\"  # {name}\n"
        ));
    }
    text.push_str(
        "ACTION==\"add\", SUBSYSTEM==\"usb-serial\", DRIVER==\"ftdi_sio\", ATTR{latency_timer}=\"1\"\n",
    );
    text
}

pub(super) fn checks() -> Vec<Check> {
    let ports = ports::list();
    let adapters: Vec<&PortInfo> = ports.iter().filter(|port| port.usb.is_some()).collect();
    let mut checks = Vec::new();
    if adapters.is_empty() {
        checks.push(Check::warn(
            "serial ports",
            "no USB serial adapter is plugged in",
            "plug the arm's USB cable in; if nothing appears then, try another cable (some only charge) and look at `sudo dmesg`",
        ));
    }
    for port in adapters {
        let opens = usable(port);
        let is_board = port.is_bridge() && opens.verdict == CheckVerdict::Ok;
        checks.push(match is_board {
            true => boards::check(port),
            false => opens,
        });
        // Opening a port asks its driver for low latency, and that stays.
        let opened = ports::list().into_iter().find(|now| now.path == port.path);
        checks.extend(opened.as_ref().and_then(latency));
    }
    checks.extend(meddlers());
    checks
}

fn usable(port: &PortInfo) -> Check {
    let path = port.path.display().to_string();
    let name = format!("port {path}");
    match ports::access(&port.path) {
        PortAccess::Forbidden { group } => {
            let group = group_name(group);
            return Check::fail(
                &name,
                format!(
                    "{}: no permission, it belongs to group {group}",
                    port.description()
                ),
                format!(
                    "`sudo usermod -aG {group} $USER`, then log out and in again; or install the rule that `ulna doctor --udev` prints"
                ),
            );
        }
        PortAccess::Busy { holders } => {
            return Check::warn(
                &name,
                format!("{}: in use by {}", port.description(), holders.join(", ")),
                "end that program before ulna uses the port",
            );
        }
        PortAccess::Missing | PortAccess::Free => {}
    }
    match SerialPort::open(&path, BAUD) {
        Ok(_) => Check::ok(&name, format!("{}: opens", port.description())),
        Err(error @ PortError::Busy { .. }) => Check::warn(
            &name,
            error.to_string(),
            "end the program that has it open; as root, `fuser` sees those of other users too",
        ),
        Err(error) => Check::fail(&name, error.to_string(), "see above"),
    }
}

/// The ports that are simulated, as they would be judged: nothing is opened.
pub(super) fn simulated(ports: &[ListedPort]) -> Vec<Check> {
    let checks = ports.iter().flat_map(|ListedPort { port, .. }| {
        let name = format!("port {}", port.path.display());
        let there = Check::ok(&name, format!("{}: simulated", port.description()));
        let advice = "`--adapter ftdi:1` is what opening a real port makes of it".to_owned();
        [Some(there), latency_with(port, advice)]
    });
    checks.flatten().collect()
}

fn latency(port: &PortInfo) -> Option<Check> {
    let device = port.path.file_name()?.to_string_lossy().into_owned();
    latency_with(
        port,
        format!(
            "`echo 1 | sudo tee /sys/bus/usb-serial/devices/{device}/latency_timer`, or the rule that `ulna doctor --udev` prints"
        ),
    )
}

fn latency_with(port: &PortInfo, advice: String) -> Option<Check> {
    let ms = port.latency_ms?;
    let name = format!("latency timer of {}", port.path.display());
    if ms <= LATENCY {
        return Some(Check::ok(&name, format!("{ms} ms")));
    }
    Some(Check::warn(
        &name,
        format!(
            "{ms} ms: every answer of the servos waits that long, and the driver was asked for less in vain"
        ),
        advice,
    ))
}

fn meddlers() -> Vec<Check> {
    let running: Vec<String> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|process| fs::read_to_string(process.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect();
    let meddles = MEDDLERS
        .into_iter()
        .filter(|name| running.iter().any(|running| running == name));
    meddles
        .map(|name| {
            Check::warn(
                name,
                "runs, and opens serial ports that appear: for some seconds after plugging in, the port is busy or full of its bytes",
                "install the rule that `ulna doctor --udev` prints, or remove the program if you do not need it",
            )
        })
        .collect()
}

/// The name of a group, or its number.
fn group_name(number: u32) -> String {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number.to_string()).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_names() {
        assert_eq!(group_name(0), "root");
        assert_eq!(group_name(4_000_000_000), "4000000000");
    }

    #[test]
    fn the_rule_is_one_line_for_each_maker() {
        let rules = udev_rules();
        assert_eq!(
            rules
                .lines()
                .filter(|line| line.contains("ATTRS{idVendor}"))
                .count(),
            5
        );
        assert!(rules.contains("ID_MM_DEVICE_IGNORE"), "{rules}");
    }
}
