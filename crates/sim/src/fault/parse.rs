//! Fault plans from text, for a command line.

use crate::fault::kinds::{Fault, FaultPlan, OVERHEATED};
use crate::fault::parse_error::FaultParseError;
use crate::fault::quantity::FaultText;

/// One kind of fault in the grammar.
#[derive(Debug, Clone, Copy)]
struct Kind {
    name: &'static str,
    example: &'static str,
    read: fn(&FaultText<'_>, &str) -> Result<Fault, FaultParseError>,
}

const fn kind(
    name: &'static str,
    example: &'static str,
    read: fn(&FaultText<'_>, &str) -> Result<Fault, FaultParseError>,
) -> Kind {
    Kind {
        name,
        example,
        read,
    }
}

const KINDS: [Kind; 13] = [
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
    kind("firmware", "firmware:elbow_flex=45", |part, rest| {
        let (name, version) = part.split(rest, '=')?;
        let (id, version) = (part.servo_or_bus(name)?, part.firmware(version)?);
        Ok(Fault::Firmware { id, version })
    }),
    kind("unplug", "unplug:elbow_flex@2s+2s", |part, rest| {
        let (name, window) = part.split(rest, '@')?;
        let first = part.servo_or_bus(name)?;
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
    /// Reads one fault per text, see [`GRAMMAR`](crate::fault::GRAMMAR); a text may also hold several, separated by commas. Servos go by their `names` (name,
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
    /// Reads one fault, see [`GRAMMAR`](crate::fault::GRAMMAR). Servos go by their `names` (name, id) or by id.
    pub fn parse(text: &str, names: &[(&str, u8)]) -> Result<Self, FaultParseError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
            return Err(FaultParseError::UnknownKind {
                text: text.into(),
                kind: name.into(),
            });
        };
        let part = FaultText {
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

#[cfg(test)]
mod tests;
