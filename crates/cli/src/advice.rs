//! What LeRobot's commands are called here, for those who type them by habit.

/// LeRobot's command without its `lerobot-`, and what does that here.
const NAMES: [(&str, &str); 17] = [
    ("calibrate", "`ulna calibrate`"),
    (
        "dataset-viz",
        "`ulna dataset view DIR --display spawn`, or `--report FILE.html`",
    ),
    (
        "edit-dataset",
        "`ulna dataset delete | split | merge | trim | tasks | features`",
    ),
    (
        "eval",
        "`ulna eval --scene NAME --policy BUNDLE` counts how often a scene's task is done (`ulna sim scenes`)",
    ),
    (
        "find-cameras",
        "`ulna cameras list`, and `ulna cameras test CAMERA` for what one really sends",
    ),
    (
        "find-joint-limits",
        "`ulna calibrate` finds the limits, and writes them into LeRobot's file",
    ),
    (
        "find-port",
        "`ulna ports find`, and `ulna ports` lists all of them",
    ),
    (
        "info",
        "`ulna doctor` looks at this computer, `ulna --version` at this ulna",
    ),
    (
        "imgtransform-viz",
        "`ulna dataset view DIR --report FILE.html`",
    ),
    ("list", "`ulna robots list`, `ulna rig list`, `ulna ports`"),
    ("record", "`ulna record`"),
    ("replay", "`ulna replay`"),
    ("rollout", "`ulna run --policy BUNDLE`"),
    ("setup-motors", "`ulna setup`"),
    ("teleoperate", "`ulna teleop`"),
    (
        "train",
        "ulna does not train yet, LeRobot does, on what `ulna record` writes: `lerobot-train --policy.type=act --dataset.root=DIR …`; then `ulna policy import CHECKPOINT`",
    ),
    (
        "viz",
        "`ulna dataset view DIR --display spawn`, or `--report FILE.html`",
    ),
];

/// Options of LeRobot, by how they begin, and what says that here.
const OPTIONS: [(&str, &str); 9] = [
    ("--robot.port", "--robot-port P"),
    ("--robot.id", "--robot-id ID"),
    ("--robot.", "--robot NAME (`ulna robots list`)"),
    ("--teleop.port", "--teleop-port P"),
    ("--teleop.id", "--teleop-id ID"),
    ("--teleop.", "--teleop NAME"),
    (
        "--dataset.",
        "--dataset DIR, --task TEXT, --episodes N, --episode-time S, --reset-time S, --fps N",
    ),
    (
        "--policy.",
        "--policy BUNDLE (`ulna policy import CHECKPOINT` makes one)",
    ),
    ("--display_data", "--display spawn"),
];

/// What to type in the place of these words, if LeRobot has them and ulna does not.
pub(crate) fn for_words(words: &[String]) -> Option<String> {
    let command = words.iter().find(|word| !word.starts_with('-'));
    let command = command.map(|word| word.replace('_', "-"));
    let ours = command.as_deref().and_then(|command| {
        let name = command.strip_prefix("lerobot-").unwrap_or(command);
        let found = NAMES.iter().find(|(theirs, _)| *theirs == name);
        found.map(|(_, ours)| format!("LeRobot's `{name}`: {ours}"))
    });
    let is_ours = command.as_deref().is_some_and(|name| OURS.contains(&name));
    let option = words.iter().find_map(|word| {
        let found = OPTIONS.iter().find(|(theirs, _)| word.starts_with(theirs));
        found.map(|(theirs, ours)| format!("LeRobot's `{theirs}`: {ours}"))
    });
    match is_ours {
        true => option,
        false => ours.or(option),
    }
}

/// Commands of LeRobot's names that ulna has as well: what is wrong there is something else.
const OURS: [&str; 3] = ["calibrate", "record", "replay"];

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for_words(&words)
    }

    #[test]
    fn words_of_lerobot_lead_to_ours() {
        for (line, ours) in [
            ("find-port", "ulna ports find"),
            ("lerobot-find-port", "ulna ports find"),
            (
                "lerobot-teleoperate --robot.type=so101_follower",
                "ulna teleop",
            ),
            ("--json viz", "ulna dataset view"),
            ("lerobot_train", "lerobot-train"),
            ("rollout", "ulna run"),
            ("lerobot-record", "ulna record"),
            ("teleop --robot.port=/dev/ttyACM0", "--robot-port"),
            ("record --dataset.repo_id=me/x", "--dataset DIR"),
        ] {
            let tip = advice(line);
            assert!(
                tip.as_ref().is_some_and(|tip| tip.contains(ours)),
                "{line}: {tip:?}"
            );
        }
        for line in ["teleop --duration x", "record", "", "frobnicate"] {
            assert_eq!(advice(line), None, "{line}");
        }
    }
}
