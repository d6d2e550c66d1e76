//! What stands behind `bridge:`: a device, and what its user asks of the board.

use std::str::FromStr;

use ulna_bridge::setup::{DEAD_MAN_MS, ExcessAction, MAX_RATE_HZ, StopAction};

use super::error::BridgeError;
use crate::port::BoardOptions;

/// What the name of a board's port begins with.
pub const PREFIX: &str = "bridge:";

/// A board's port by name, such as `bridge:/dev/ttyACM1?deadman=100&on-silence=damp`.
///
/// | option | what it is | without it |
/// |---|---|---|
/// | `deadman` | ms without a valid frame after which the board stops the arm, 10 to 2000 | 200 |
/// | `on-silence` | how it stops it: `hold`, `damp` (little torque), `relax` (none: the arm falls) | `hold` |
/// | `on-excess` | a goal outside the limits is cut down (`clamp`) or stops the arm (`trip`) | `clamp` |
/// | `rate` | cycles per second, 1 to 2000 | what fits, up to 250 |
/// | `celsius` | a hotter servo stops the arm | 70 |
/// | `current` | mA; a servo that draws more stops the arm | no limit |
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BridgeAddress {
    /// The device of the board's framed port.
    pub device: String,
    /// What is asked of the board.
    pub options: BoardOptions,
}

impl FromStr for BridgeAddress {
    type Err = BridgeError;

    fn from_str(text: &str) -> Result<Self, BridgeError> {
        let wrong = |reason: String| BridgeError::Address {
            text: text.to_owned(),
            reason,
        };
        let rest = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| wrong(format!("it does not begin with {PREFIX}")))?;
        let (device, options) = rest.split_once('?').unwrap_or((rest, ""));
        if device.is_empty() {
            return Err(wrong("it names no device".to_owned()));
        }
        let mut address = Self {
            device: device.to_owned(),
            options: BoardOptions::default(),
        };
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            address.options.set(name, value).map_err(wrong)?;
        }
        Ok(address)
    }
}

impl BoardOptions {
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = |from: u16, to: u16| {
            let number: Option<u16> = value.parse().ok();
            number
                .filter(|number| (from..=to).contains(number))
                .ok_or_else(|| format!("`{name}` takes a number from {from} to {to}"))
        };
        match name {
            "deadman" => self.dead_man_ms = number(*DEAD_MAN_MS.start(), *DEAD_MAN_MS.end())?,
            "rate" => self.rate_hz = Some(number(1, MAX_RATE_HZ)?),
            "celsius" => self.celsius = u8::try_from(number(1, 120)?).unwrap_or(u8::MAX),
            "current" => self.milliamperes = Some(number(1, u16::MAX)?),
            "on-silence" => {
                self.on_silence = match value {
                    "hold" => StopAction::Hold,
                    "damp" => StopAction::Damp,
                    "relax" => StopAction::Relax,
                    _ => return Err("`on-silence` is hold, damp or relax".to_owned()),
                }
            }
            "on-excess" => {
                self.on_excess = match value {
                    "clamp" => ExcessAction::Clamp,
                    "trip" => ExcessAction::Trip,
                    _ => return Err("`on-excess` is clamp or trip".to_owned()),
                }
            }
            _ => {
                return Err(format!(
                    "there is no option `{name}`; there are deadman, on-silence, on-excess, rate, celsius, current"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let address: BridgeAddress = "bridge:/dev/ttyACM1?deadman=100&on-silence=damp&rate=500"
            .parse()
            .unwrap();
        assert_eq!(address.device, "/dev/ttyACM1");
        assert_eq!(address.options.dead_man_ms, 100);
        assert_eq!(address.options.on_silence, StopAction::Damp);
        assert_eq!(address.options.rate_hz, Some(500));
        let plain: BridgeAddress = "bridge:/dev/ttyACM1".parse().unwrap();
        assert_eq!(plain.options, BoardOptions::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("/dev/ttyACM1", "does not begin with bridge:"),
            ("bridge:", "names no device"),
            ("bridge:?deadman=100", "names no device"),
            ("bridge:/dev/a?deadman=5", "from 10 to 2000"),
            ("bridge:/dev/a?deadman", "from 10 to 2000"),
            ("bridge:/dev/a?on-silence=fall", "hold, damp or relax"),
            ("bridge:/dev/a?on-excess=no", "clamp or trip"),
            ("bridge:/dev/a?dead-man=5", "no option `dead-man`"),
        ] {
            let error = text.parse::<BridgeAddress>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
