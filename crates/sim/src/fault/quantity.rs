//! The parts of a fault's text: servos, times, probabilities, quantities.

use core::time::Duration;

use crate::fault::kinds::Firmware;
use crate::fault::parse_error::FaultParseError;

/// The text of one fault: reads its parts, and says what is wrong with them.
pub(super) struct FaultText<'t> {
    pub(super) text: &'t str,
    pub(super) example: &'static str,
    pub(super) names: &'t [(&'t str, u8)],
}

impl FaultText<'_> {
    pub(super) fn incomplete(&self) -> FaultParseError {
        FaultParseError::Incomplete {
            text: self.text.into(),
            example: self.example,
        }
    }

    pub(super) fn split<'v>(
        &self,
        value: &'v str,
        at: char,
    ) -> Result<(&'v str, &'v str), FaultParseError> {
        value.split_once(at).ok_or_else(|| self.incomplete())
    }

    pub(super) fn probability(&self, value: &str) -> Result<f64, FaultParseError> {
        let (digits, scale) = match value.strip_suffix('%') {
            Some(percent) => (percent, 100.0),
            None => (value, 1.0),
        };
        let number = digits.parse::<f64>().ok().map(|number| number / scale);
        number
            .filter(|number| (0.0..=1.0).contains(number))
            .ok_or_else(|| FaultParseError::BadProbability {
                text: self.text.into(),
                value: value.into(),
            })
    }

    pub(super) fn duration(&self, value: &str) -> Result<Duration, FaultParseError> {
        duration(self.text, value)
    }

    /// When it begins and how long it goes on.
    pub(super) fn window(&self, value: &str) -> Result<(Duration, Duration), FaultParseError> {
        match value.split_once('+') {
            Some((from, lasting)) => Ok((self.duration(from)?, self.duration(lasting)?)),
            None => Ok((self.duration(value)?, Duration::MAX)),
        }
    }

    pub(super) fn servo_in_window(
        &self,
        value: &str,
    ) -> Result<(u8, (Duration, Duration)), FaultParseError> {
        let (name, window) = self.split(value, '@')?;
        Ok((self.servo(name)?, self.window(window)?))
    }

    pub(super) fn quantity(
        &self,
        value: &str,
        unit: &str,
        quantity: &'static str,
        example: &'static str,
    ) -> Result<f64, FaultParseError> {
        let number = value
            .strip_suffix(unit)
            .and_then(|digits| digits.parse().ok());
        number
            .filter(|number| (0.0..=1000.0).contains(number))
            .ok_or_else(|| FaultParseError::BadQuantity {
                text: self.text.into(),
                value: value.into(),
                quantity,
                example,
            })
    }

    pub(super) fn firmware(&self, value: &str) -> Result<Firmware, FaultParseError> {
        let (major, minor) = match value.split_once('.') {
            Some((major, minor)) => (major.parse().ok(), minor.parse().ok().map(Some)),
            None => (value.parse().ok(), Some(None)),
        };
        let version = major.zip(minor);
        let version = version.map(|(major, minor)| Firmware { major, minor });
        version.ok_or_else(|| FaultParseError::BadQuantity {
            text: self.text.into(),
            value: value.into(),
            quantity: "firmware version",
            example: "45, or 3.9 of a Feetech servo",
        })
    }

    /// One servo, or `bus` for all.
    pub(super) fn servo_or_bus(&self, name: &str) -> Result<Option<u8>, FaultParseError> {
        match name {
            "bus" => Ok(None),
            name => Ok(Some(self.servo(name)?)),
        }
    }

    pub(super) fn servo(&self, name: &str) -> Result<u8, FaultParseError> {
        let by_name = self.names.iter().find(|(known, _)| *known == name);
        let by_id = || self.names.iter().find(|(_, id)| name.parse() == Ok(*id));
        by_name.or_else(by_id).map(|&(_, id)| id).ok_or_else(|| {
            let known: Vec<_> = self.names.iter().map(|(known, _)| *known).collect();
            FaultParseError::UnknownServo {
                text: self.text.into(),
                name: name.into(),
                known: known.join(", "),
            }
        })
    }
}

/// The duration `value` in the fault `text`.
pub(crate) fn duration(text: &str, value: &str) -> Result<Duration, FaultParseError> {
    ulna_outside::duration(value).ok_or_else(|| FaultParseError::BadDuration {
        text: text.into(),
        value: value.into(),
    })
}
