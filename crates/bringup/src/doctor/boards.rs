//! Bridge boards: does the firmware answer, is it of this version, and has it stopped its arm?

use ulna_drivers::PortError;
use ulna_drivers::bridge::{self, PREFIX};
use ulna_drivers::ports::PortInfo;
use ulna_outside::Shell;

use crate::doctor::check::Check;

/// Asks a board that was recognised by its USB ids.
pub(super) fn check(port: &PortInfo) -> Check {
    let path = format!("{PREFIX}{}", port.path.display());
    let name = format!("bridge board {}", port.path.display());
    let asked = bridge::client(&path).and_then(|(mut client, mut pacer)| {
        let status = client.status(&mut pacer).map_err(PortError::from)?;
        Ok((client.info().clone(), status))
    });
    match asked {
        Ok((info, status)) => {
            let [major, minor, patch] = info.firmware;
            let found = format!("{} with firmware {major}.{minor}.{patch}", info.name);
            match status.trip {
                None => Check::ok(&name, found),
                Some(trip) => Check::warn(
                    &name,
                    format!("{found}; it has stopped its arm: {}", trip.reason),
                    format!(
                        "`ulna bridge clear {}` once the arm is safe",
                        Shell(port.path.display())
                    ),
                ),
            }
        }
        // The second port of a board passes raw bytes, and answers nothing by itself.
        Err(PortError::Bridge(error)) => Check::warn(
            &name,
            error.to_string(),
            "nothing, if it is the second of the board's two ports",
        ),
        Err(error) => Check::fail(&name, error.to_string(), "see above"),
    }
}
