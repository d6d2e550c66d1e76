//! The columns that ulna adds to LeRobot's; all their names begin with `ulna.`, and `--plain` recordings have none.

use crate::features::Feature;

/// What the gate sent.
pub(crate) const SENT: &str = "ulna.action_sent";
/// When the state was measured.
pub(crate) const TIME: &str = "ulna.time";
/// How old the state is.
pub(crate) const STATE_AGE: &str = "ulna.state_age";
/// With a camera's name behind it: how old its picture is.
pub(crate) const PICTURE_AGE: &str = "ulna.age.";
/// A sum of [`FLAGS`].
pub(crate) const FLAGS_KEY: &str = "ulna.flags";

/// What can be out of the ordinary about a row, by its bit.
pub(crate) const FLAGS: [(u32, &str); 5] = [
    (
        1,
        "a camera gave no new picture, so its last one is there again",
    ),
    (
        2,
        "a picture found no room on its way to the encoder, so the one before is there again",
    ),
    (
        4,
        "the source wanted nothing: the action is what the safety gate sent",
    ),
    (
        8,
        "the newest picture of a camera was late, older than is allowed",
    ),
    (
        16,
        "the control loop stood still, so state and action are those of the moment before",
    ),
];

/// What a column of ulna's own holds; none for columns of others.
pub(crate) fn meaning(feature: &Feature) -> Option<String> {
    let fixed = match feature.key.as_str() {
        SENT => {
            "what the safety gate really sent to the arm; `action` is the target before the gate"
        }
        TIME => {
            "when the state was measured, in seconds after the episode's first row; `timestamp` is the nominal time"
        }
        STATE_AGE => "how old the oldest joint's value was at the row's nominal time, in seconds",
        FLAGS_KEY => {
            let flags = FLAGS.map(|(bit, what)| format!("{bit}: {what}"));
            return Some(format!("a sum of flags ({})", flags.join("; ")));
        }
        key => {
            let camera = key.strip_prefix(PICTURE_AGE)?;
            return Some(format!(
                "how old the picture of camera `{camera}` was at the row's nominal time, in seconds"
            ));
        }
    };
    Some(fixed.to_owned())
}
