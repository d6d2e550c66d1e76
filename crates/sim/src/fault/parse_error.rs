//! How faults are written, and why a text is none.

use ulna_outside::Printable;

/// Every kind of fault by an example, and what it does.
pub const GRAMMAR: &str = "\
Several faults are separated by commas. Rates are 1% or 0.01; times are 500us, 20ms, 1.5s or 1m30s, without a unit seconds; a window is FROM+FOR since the start, without \
+FOR it lasts to the end; JOINT is a joint's name or a servo's id.
  drop:1%                             each byte on the wire may get lost
  flip:0.1%                           in each byte, one bit may turn over
  burst:1%                            up to eight bytes of noise may precede an answer
  late:5ms@1%                         an answer may arrive late
  stuck:elbow_flex@2s+2s              a servo repeats one old answer
  wrong-id:elbow_flex=gripper@2s+2s   a servo answers with the other one's id
  dead:elbow_flex@2s+2s               a servo neither hears nor answers; its motor goes on
  reset:elbow_flex@2s                 a servo loses its power for a moment
  firmware:elbow_flex=45              a servo has this firmware; a Dynamixel's below 46 knows no fast sync reads; firmware:bus for all
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
        "fault `{}`: `{}` is not a duration; write it like 500us, 20ms, 2, 1.5s or 1m30s",
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
