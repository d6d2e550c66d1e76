//! Fault plans as text, for a command line; [`GRAMMAR`] is the whole of it.

use core::time::Duration;

use ulna_outside::Printable;

use super::{Fault, FaultPlan, OVERHEATED};

/// Every kind of fault by an example, and what it does.
pub const GRAMMAR: &str = "\
Several faults are separated by commas. Rates are 1% or 0.01; times are 500us, 20ms or 1.5s; a window is FROM+FOR since the start, without \
+FOR it lasts to the end; JOINT is a joint's name or a servo's id.
  drop:1%                             each byte on the wire may get lost
  flip:0.1%                           in each byte, one bit may turn over
  burst:1%                            up to eight bytes of noise may precede an answer
  late:5ms@1%                         an answer may arrive late
  stuck:elbow_flex@2s+2s              a servo repeats one old answer
  wrong-id:elbow_flex=gripper@2s+2s   a servo answers with the other one's id
  dead:elbow_flex@2s+2s               a servo neither hears nor answers; its motor goes on
  reset:elbow_flex@2s                 a servo loses its power for a moment
  unplug:elbow_flex@2s+2s             the cable into a servo is pulled: this one and those behind it are off; unplug:bus for all
  low-voltage:5.5V@2s+2s              the supply sags to this
  overload:elbow_flex@2s+2s           a servo measures the load of a stalled motor
  overheat:elbow_flex=80C@2s+2s       a servo is this hot; without =80C it is 80 °C";

/// Why a text is no fault. Every variant carries the text that was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultParseError {
    /// No such kind of fault.
    #[error(
        "fault `{}`: there is no fault `{}`. {GRAMMAR}",
        Printable(text),
        Printable(kind)
    )]
    UnknownKind {
        /// The whole text.
        text: String,
        /// What stands before the colon.
        kind: String,
    },
    /// A part is missing.
    #[error(
        "fault `{}` is not complete; write it like `{example}`",
        Printable(text)
    )]
    Incomplete {
        /// The whole text.
        text: String,
        /// A complete one.
        example: &'static str,
    },
    /// A probability that is none.
    #[error(
        "fault `{}`: `{}` is not a probability; write 0% to 100%, or 0 to 1",
        Printable(text),
        Printable(value)
    )]
    BadProbability {
        /// The whole text.
        text: String,
        /// The part in question.
        value: String,
    },
    /// A duration that is none.
    #[error(
        "fault `{}`: `{}` is not a duration; write it like 500us, 20ms, 2s or 1.5s",
        Printable(text),
        Printable(value)
    )]
    BadDuration {
        /// The whole text.
        text: String,
        /// The part in question.
        value: String,
    },
    /// A measured value that is none.
    #[error(
        "fault `{}`: `{}` is not a {quantity}; write it like {example}",
        Printable(text),
        Printable(value)
    )]
    BadQuantity {
        /// The whole text.
        text: String,
        /// The part in question.
        value: String,
        /// What it should be.
        quantity: &'static str,
        /// One that is.
        example: &'static str,
    },
    /// The robot has no such servo.
    #[error(
        "fault `{}`: the robot has no servo `{}`; it has {known}",
        Printable(text),
        Printable(name)
    )]
    UnknownServo {
        /// The whole text.
        text: String,
        /// The part in question.
        name: String,
        /// The names that there are.
        known: String,
    },
}

/// One kind of fault in the grammar.
#[derive(Debug, Clone, Copy)]
struct Kind {
    name: &'static str,
    example: &'static str,
    read: fn(&Part<'_>, &str) -> Result<Fault, FaultParseError>,
}

const fn kind(
    name: &'static str,
    example: &'static str,
    read: fn(&Part<'_>, &str) -> Result<Fault, FaultParseError>,
) -> Kind {
    Kind {
        name,
        example,
        read,
    }
}

const KINDS: [Kind; 12] = [
    kind("drop", "drop:1%", |part, rest| {
        let probability = part.probability(rest)?;
        Ok(Fault::Drop { probability })
    }),
    kind("flip", "flip:0.1%", |part, rest| {
        let probability = part.probability(rest)?;
        Ok(Fault::Flip { probability })
    }),
    kind("burst", "burst:1%", |part, rest| {
        let probability = part.probability(rest)?;
        Ok(Fault::Burst { probability })
    }),
    kind("late", "late:5ms@1%", |part, rest| {
        let (by, chance) = part.split(rest, '@')?;
        let (by, probability) = (part.duration(by)?, part.probability(chance)?);
        Ok(Fault::Late { by, probability })
    }),
    kind("stuck", "stuck:elbow_flex@2s+2s", |part, rest| {
        let (id, (from, lasting)) = part.servo_in_window(rest)?;
        Ok(Fault::Stuck { id, from, lasting })
    }),
    kind(
        "wrong-id",
        "wrong-id:elbow_flex=gripper@2s+2s",
        |part, rest| {
            let (servos, window) = part.split(rest, '@')?;
            let (id, signs) = part.split(servos, '=')?;
            let (id, signs) = (part.servo(id)?, part.servo(signs)?);
            let (from, lasting) = part.window(window)?;
            Ok(Fault::WrongId {
                id,
                signs,
                from,
                lasting,
            })
        },
    ),
    kind("dead", "dead:elbow_flex@2s+2s", |part, rest| {
        let (id, (from, lasting)) = part.servo_in_window(rest)?;
        Ok(Fault::Dead { id, from, lasting })
    }),
    kind("reset", "reset:elbow_flex@2s", |part, rest| {
        let (name, at) = part.split(rest, '@')?;
        let (id, at) = (part.servo(name)?, part.duration(at)?);
        Ok(Fault::Reset { id, at })
    }),
    kind("unplug", "unplug:elbow_flex@2s+2s", |part, rest| {
        let (name, window) = part.split(rest, '@')?;
        let first = match name {
            "bus" => None,
            name => Some(part.servo(name)?),
        };
        let (from, lasting) = part.window(window)?;
        Ok(Fault::Unplug {
            first,
            from,
            lasting,
        })
    }),
    kind("low-voltage", "low-voltage:5.5V@2s+2s", |part, rest| {
        let (volts, window) = part.split(rest, '@')?;
        let volts = part.quantity(volts, "V", "voltage", "5.5V")?;
        let (from, lasting) = part.window(window)?;
        Ok(Fault::LowVoltage {
            volts,
            from,
            lasting,
        })
    }),
    kind("overload", "overload:elbow_flex@2s+2s", |part, rest| {
        let (id, (from, lasting)) = part.servo_in_window(rest)?;
        Ok(Fault::Overload { id, from, lasting })
    }),
    kind("overheat", "overheat:elbow_flex=80C@2s+2s", |part, rest| {
        let (servo, window) = part.split(rest, '@')?;
        let (name, celsius) = match servo.split_once('=') {
            Some((name, celsius)) => (name, part.quantity(celsius, "C", "temperature", "80C")?),
            None => (servo, OVERHEATED),
        };
        let id = part.servo(name)?;
        let (from, lasting) = part.window(window)?;
        Ok(Fault::Overheat {
            id,
            celsius,
            from,
            lasting,
        })
    }),
];

impl FaultPlan {
    /// Reads one fault per text, see [`GRAMMAR`]; a text may also hold several, separated by commas. Servos go by their `names` (name,
    /// id) or by id.
    ///
    /// ```
    /// use ulna_sim::fault::{Fault, FaultPlan};
    ///
    /// let plan = FaultPlan::parse(["flip:0.1%,dead:elbow_flex@2s+2s"], 7, &[("elbow_flex", 3)])?;
    /// assert_eq!(plan.faults[0], Fault::Flip { probability: 0.001 });
    /// # Ok::<(), ulna_sim::fault::FaultParseError>(())
    /// ```
    pub fn parse<'t>(
        texts: impl IntoIterator<Item = &'t str>,
        seed: u64,
        names: &[(&str, u8)],
    ) -> Result<Self, FaultParseError> {
        let parts = texts.into_iter().flat_map(|text| text.split(','));
        let faults = parts
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| Fault::parse(part, names))
            .collect::<Result<_, _>>()?;
        Ok(Self { seed, faults })
    }
}

impl Fault {
    /// Reads one fault, see [`GRAMMAR`]. Servos go by their `names` (name, id) or by id.
    pub fn parse(text: &str, names: &[(&str, u8)]) -> Result<Self, FaultParseError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
            return Err(FaultParseError::UnknownKind {
                text: text.into(),
                kind: name.into(),
            });
        };
        let part = Part {
            text,
            example: kind.example,
            names,
        };
        if rest.is_empty() {
            return Err(part.incomplete());
        }
        (kind.read)(&part, rest)
    }
}

/// The text of one fault, for what reads its parts and complains about them.
struct Part<'t> {
    text: &'t str,
    example: &'static str,
    names: &'t [(&'t str, u8)],
}

impl Part<'_> {
    fn incomplete(&self) -> FaultParseError {
        FaultParseError::Incomplete {
            text: self.text.into(),
            example: self.example,
        }
    }

    fn split<'v>(&self, value: &'v str, at: char) -> Result<(&'v str, &'v str), FaultParseError> {
        value.split_once(at).ok_or_else(|| self.incomplete())
    }

    fn probability(&self, value: &str) -> Result<f64, FaultParseError> {
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

    fn duration(&self, value: &str) -> Result<Duration, FaultParseError> {
        duration(self.text, value)
    }

    /// When it begins and how long it goes on.
    fn window(&self, value: &str) -> Result<(Duration, Duration), FaultParseError> {
        match value.split_once('+') {
            Some((from, lasting)) => Ok((self.duration(from)?, self.duration(lasting)?)),
            None => Ok((self.duration(value)?, Duration::MAX)),
        }
    }

    fn servo_in_window(&self, value: &str) -> Result<(u8, (Duration, Duration)), FaultParseError> {
        let (name, window) = self.split(value, '@')?;
        Ok((self.servo(name)?, self.window(window)?))
    }

    fn quantity(
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

    fn servo(&self, name: &str) -> Result<u8, FaultParseError> {
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
    const UNITS: [(&str, usize); 3] = [("us", 3), ("ms", 6), ("s", 9)];
    let unit = UNITS
        .into_iter()
        .find_map(|(unit, decimals)| Some((value.strip_suffix(unit)?, decimals)));
    unit.and_then(|(digits, decimals)| scaled(digits, decimals))
        .map(Duration::from_nanos)
        .ok_or_else(|| FaultParseError::BadDuration {
            text: text.into(),
            value: value.into(),
        })
}

/// `digits`, such as `1.25`, times ten to the power of `decimals`; what is finer is cut off.
fn scaled(digits: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    let fraction = fraction.bytes().chain(core::iter::repeat(b'0'));
    let mut digits = whole.bytes().chain(fraction.take(decimals));
    digits.try_fold(0u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests;
