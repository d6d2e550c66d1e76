//! Fault plans as text, for a command line: `drop:1%`, `flip:0.1%`, `burst:1%`, `late:5ms@1%`, `reset:elbow_flex@2s`,
//! `dead:elbow_flex@2s+2s`.

use core::time::Duration;

use super::{Fault, FaultPlan};

/// Why a text is no fault. Every variant carries the text that was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultParseError {
    /// No such kind of fault.
    #[error(
        "fault `{text}`: there is no fault `{kind}`; use drop:1%, flip:0.1%, burst:1%, late:5ms@1%, reset:JOINT@2s or dead:JOINT@2s+2s"
    )]
    UnknownKind {
        /// The whole text.
        text: String,
        /// What stands before the colon.
        kind: String,
    },
    /// A part is missing.
    #[error("fault `{text}` is not complete; write it like `{example}`")]
    Incomplete {
        /// The whole text.
        text: String,
        /// A complete one.
        example: &'static str,
    },
    /// A probability that is none.
    #[error("fault `{text}`: `{value}` is not a probability; write 0% to 100%, or 0 to 1")]
    BadProbability {
        /// The whole text.
        text: String,
        /// The part in question.
        value: String,
    },
    /// A duration that is none.
    #[error("fault `{text}`: `{value}` is not a duration; write it like 500us, 20ms, 2s or 1.5s")]
    BadDuration {
        /// The whole text.
        text: String,
        /// The part in question.
        value: String,
    },
    /// The robot has no such servo.
    #[error("fault `{text}`: the robot has no servo `{name}`; it has {known}")]
    UnknownServo {
        /// The whole text.
        text: String,
        /// The part in question.
        name: String,
        /// The names that there are.
        known: String,
    },
}

impl FaultPlan {
    /// Reads one fault per text; a text may also hold several, separated by commas. Servos go by their `names` (name, id)
    /// or by id.
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
    /// Reads one fault. Servos go by their `names` (name, id) or by id.
    pub fn parse(text: &str, names: &[(&str, u8)]) -> Result<Self, FaultParseError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let incomplete = |example| FaultParseError::Incomplete {
            text: text.into(),
            example,
        };
        match kind {
            "drop" | "flip" | "burst" if rest.is_empty() => Err(incomplete("drop:1%")),
            "drop" => Ok(Self::Drop {
                probability: probability(text, rest)?,
            }),
            "flip" => Ok(Self::Flip {
                probability: probability(text, rest)?,
            }),
            "burst" => Ok(Self::Burst {
                probability: probability(text, rest)?,
            }),
            "late" => {
                let (by, chance) = rest.split_once('@').ok_or(incomplete("late:5ms@1%"))?;
                Ok(Self::Late {
                    by: duration(text, by)?,
                    probability: probability(text, chance)?,
                })
            }
            "reset" => {
                let (name, at) = rest
                    .split_once('@')
                    .ok_or(incomplete("reset:elbow_flex@2s"))?;
                let id = servo(text, name, names)?;
                Ok(Self::Reset {
                    id,
                    at: duration(text, at)?,
                })
            }
            "dead" => {
                let (name, window) = rest
                    .split_once('@')
                    .ok_or(incomplete("dead:elbow_flex@2s+2s"))?;
                let (from, lasting) = match window.split_once('+') {
                    Some((from, lasting)) => (from, duration(text, lasting)?),
                    None => (window, Duration::MAX),
                };
                let id = servo(text, name, names)?;
                Ok(Self::Dead {
                    id,
                    from: duration(text, from)?,
                    lasting,
                })
            }
            _ => Err(FaultParseError::UnknownKind {
                text: text.into(),
                kind: kind.into(),
            }),
        }
    }
}

fn probability(text: &str, value: &str) -> Result<f64, FaultParseError> {
    let (digits, scale) = match value.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (value, 1.0),
    };
    let number = digits.parse::<f64>().ok().map(|number| number / scale);
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| FaultParseError::BadProbability {
            text: text.into(),
            value: value.into(),
        })
}

pub(crate) fn duration(text: &str, value: &str) -> Result<Duration, FaultParseError> {
    const UNITS: [(&str, f64); 3] = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let unit = UNITS
        .into_iter()
        .find_map(|(unit, seconds)| Some((value.strip_suffix(unit)?, seconds)));
    let seconds = unit.and_then(|(digits, seconds)| Some(digits.parse::<f64>().ok()? * seconds));
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| FaultParseError::BadDuration {
            text: text.into(),
            value: value.into(),
        })
}

fn servo(text: &str, name: &str, names: &[(&str, u8)]) -> Result<u8, FaultParseError> {
    let by_name = names.iter().find(|(known, _)| *known == name);
    let by_id = || names.iter().find(|(_, id)| name.parse() == Ok(*id));
    by_name.or_else(by_id).map(|&(_, id)| id).ok_or_else(|| {
        let known: Vec<_> = names.iter().map(|(known, _)| *known).collect();
        FaultParseError::UnknownServo {
            text: text.into(),
            name: name.into(),
            known: known.join(", "),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [(&str, u8); 2] = [("shoulder_pan", 1), ("elbow_flex", 3)];

    fn parsed(text: &str) -> Result<Fault, String> {
        Fault::parse(text, &NAMES).map_err(|error| error.to_string())
    }

    #[test]
    fn faults_read_as_they_are_written() {
        let ms = Duration::from_millis;
        assert_eq!(parsed("drop:1%"), Ok(Fault::Drop { probability: 0.01 }));
        assert_eq!(parsed("flip:0.25"), Ok(Fault::Flip { probability: 0.25 }));
        assert_eq!(parsed("burst:100%"), Ok(Fault::Burst { probability: 1.0 }));
        let late = Fault::Late {
            by: ms(5),
            probability: 0.01,
        };
        assert_eq!(parsed("late:5ms@1%"), Ok(late));
        let dead = |lasting| Fault::Dead {
            id: 3,
            from: ms(1500),
            lasting,
        };
        assert_eq!(parsed("dead:elbow_flex@1.5s+2s"), Ok(dead(ms(2000))));
        assert_eq!(parsed("dead:3@1500ms"), Ok(dead(Duration::MAX)));
        assert_eq!(
            parsed("reset:shoulder_pan@2s"),
            Ok(Fault::Reset {
                id: 1,
                at: ms(2000)
            })
        );
    }

    #[test]
    fn plans_hold_any_number() {
        let plan = FaultPlan::parse(["drop:1%, flip:1%", "", "burst:2%"], 4, &NAMES).unwrap();
        assert_eq!((plan.seed, plan.faults.len()), (4, 3));
        assert_eq!(FaultPlan::parse([], 0, &[]), Ok(FaultPlan::default()));
        assert!(FaultPlan::parse(["drop:1%,nonsense"], 4, &NAMES).is_err());
    }

    #[test]
    fn errors_say_what_to_write_instead() {
        for (text, expected) in [
            ("melt:1%", "there is no fault `melt`"),
            ("", "there is no fault ``"),
            ("drop", "write it like `drop:1%`"),
            ("drop:2", "`2` is not a probability"),
            ("drop:-1%", "`-1%` is not a probability"),
            ("drop:NaN", "`NaN` is not a probability"),
            ("late:5ms", "write it like `late:5ms@1%`"),
            ("late:5@1%", "`5` is not a duration"),
            ("late:-5ms@1%", "`-5ms` is not a duration"),
            ("late:1e300s@1%", "`1e300s` is not a duration"),
            ("reset:elbow_flex", "write it like `reset:elbow_flex@2s`"),
            ("dead:elbow_flex", "write it like `dead:elbow_flex@2s+2s`"),
            (
                "dead:tail@2s+2s",
                "no servo `tail`; it has shoulder_pan, elbow_flex",
            ),
            ("dead:7@2s+2s", "no servo `7`"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(error.starts_with(&format!("fault `{text}`")), "{error}");
        }
    }
}
