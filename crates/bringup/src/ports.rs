//! `ulna ports`: which serial ports there are, and which of them is the arm's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
pub use ulna_drivers::ports::PortAccess;
use ulna_drivers::ports::{self, PortInfo, UsbInfo};
use ulna_sim::adapter::AdapterModel;

use crate::dialogue::Dialogue;
use crate::error::{BringupError, FindPort, Usage};
use crate::question::{Question, ask};

/// A port and whether it can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedPort {
    /// The port.
    #[serde(flatten)]
    pub port: PortInfo,
    /// Whether it can be used.
    pub access: PortAccess,
}

/// The ports of this computer, or, simulated, two adapters: of the model that is named, such as `ftdi:16`.
///
/// # Errors
/// If there is no such model.
pub fn list(sim: bool, adapter: Option<&str>) -> Result<Vec<ListedPort>, BringupError> {
    if sim {
        return simulated(adapter);
    }
    let ports = ports::list().into_iter().map(|port| ListedPort {
        access: ports::access(&port.path),
        port,
    });
    Ok(ports.collect())
}

/// The port that a pulled cable took away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundPort {
    /// The port.
    pub port: PortInfo,
    /// It is back.
    pub plugged_in_again: bool,
    /// No adapter was there, none was pulled.
    pub simulated: bool,
}

/// How often, and in what rhythm, the list is read until it has changed: the system needs a moment to notice a cable.
const TRIES: u32 = 20;
const RHYTHM: Duration = Duration::from_millis(100);

/// Has the arm's cable pulled, and finds the port that went with it.
///
/// # Errors
/// If no port went, or several did; if the user interrupts; if there is no such adapter to simulate.
pub fn find(
    sim: bool,
    adapter: Option<&str>,
    talk: &mut dyn Dialogue,
) -> Result<FoundPort, BringupError> {
    let before = list(sim, adapter)?.into_iter();
    let before: Vec<PortInfo> = before.map(|listed| listed.port).collect();
    if before.is_empty() {
        return Err(FindPort::NoPorts.into());
    }
    talk.say(&format!("Serial ports there now: {}.", before.len()));
    let left = "nothing was changed";
    let question = |text| Question {
        text,
        enter: "goes on",
        keys: &[],
        left,
    };
    let pull = "Pull the arm's USB cable out of the computer, then press Enter";
    ask(talk, &question(pull))?;
    // The simulated operator pulls the first one.
    let now = |pulled: bool| match sim {
        true => before[usize::from(pulled)..].to_vec(),
        false => ports::list(),
    };
    let mut missing: Vec<PortInfo> = Vec::new();
    for _ in 0..TRIES {
        missing = ports::gone(&before, &now(true))
            .into_iter()
            .cloned()
            .collect();
        if !missing.is_empty() {
            break;
        }
        std::thread::sleep(RHYTHM);
    }
    let port = match missing.as_slice() {
        [one] => one.clone(),
        [] => return Err(FindPort::NoneGone.into()),
        several => {
            let names = several.iter().map(|port| port.path.display().to_string());
            let ports = names.collect::<Vec<_>>().join(" and ");
            return Err(FindPort::SeveralGone { ports }.into());
        }
    };
    talk.say(&format!("It is {}.", port.path.display()));
    ask(talk, &question("Plug it in again, then press Enter"))?;
    let mut plugged_in_again = false;
    for _ in 0..TRIES {
        // The system may call it something else now.
        plugged_in_again = now(false).iter().any(|there| there.usb == port.usb);
        if plugged_in_again {
            break;
        }
        std::thread::sleep(RHYTHM);
    }
    Ok(FoundPort {
        port,
        plugged_in_again,
        simulated: sim,
    })
}

fn simulated(adapter: Option<&str>) -> Result<Vec<ListedPort>, BringupError> {
    let model = adapter
        .map(str::parse)
        .transpose()
        .map_err(Usage::Adapter)?;
    let (vid, pid, latency_ms) = match model.unwrap_or_default() {
        AdapterModel::Ftdi { timer } => (0x0403, 0x6014, Some(u32::from(timer))),
        AdapterModel::Esp32 => (0x10C4, 0xEA60, None),
        AdapterModel::Bridge => (0x1209, 0x0001, None),
        AdapterModel::Direct
        | AdapterModel::Cdc { .. }
        | AdapterModel::Late { .. }
        | AdapterModel::Busy { .. } => (0x1A86, 0x55D3, None),
    };
    let adapter = |number: u8, serial: &str| ListedPort {
        port: PortInfo {
            path: PathBuf::from(format!("/dev/simulated{number}")),
            usb: Some(UsbInfo {
                vid,
                pid,
                manufacturer: None,
                product: Some("simulated servo adapter".to_owned()),
                serial: Some(serial.to_owned()),
                socket: Some(format!("1-{}", number + 1)),
            }),
            stable: Some(Path::new("/dev/serial/by-id").join(format!("usb-simulated_{serial}"))),
            looks_like: Some("nothing real: --sim"),
            latency_ms,
        },
        access: PortAccess::Free,
    };
    Ok(vec![adapter(0, "SIM0001"), adapter(1, "SIM0002")])
}
