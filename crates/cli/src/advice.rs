//! What LeRobot's commands are called here, for those who type them by habit.

/// LeRobot's command without its `lerobot-`, and what does that here.
const NAMES: &[(&str, &str)] = &[
    (
        "annotate",
        "ulna has nothing like it; LeRobot's reads what `ulna record` writes",
    ),
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
    (
        "setup-can",
        "ulna drives servos on serial buses, no motors on CAN",
    ),
    ("setup-motors", "`ulna setup`"),
    ("teleoperate", "`ulna teleop`"),
    (
        "train",
        "ulna does not train yet, LeRobot does, on what `ulna record` writes: `lerobot-train --policy.type=act --dataset.root=DIR …`; then `ulna policy import CHECKPOINT`",
    ),
    (
        "train-tokenizer",
        "ulna does not train; LeRobot's reads what `ulna record` writes",
    ),
    (
        "viz",
        "`ulna dataset view DIR --display spawn`, or `--report FILE.html`",
    ),
];

/// Options of LeRobot, by how they begin, and what says that here; of two that fit the first counts.
const OPTIONS: &[(&str, &str)] = &[
    ("--robot.port", "--robot-port P"),
    ("--robot.id", "--robot-id ID"),
    (
        "--robot.cameras",
        "--camera NAME=DEVICE (`ulna cameras list`)",
    ),
    ("--robot.", "--robot NAME (`ulna robots list`)"),
    ("--teleop.port", "--teleop-port P"),
    ("--teleop.id", "--teleop-id ID"),
    ("--teleop.", "--teleop NAME"),
    ("--teleop_time_s", "--duration TIME"),
    ("--dataset.single_task", "--task TEXT"),
    ("--dataset.num_episodes", "--episodes N"),
    ("--dataset.episode_time_s", "--episode-time TIME"),
    ("--dataset.reset_time_s", "--reset-time TIME"),
    ("--dataset.episode", "--episode K"),
    ("--dataset.fps", "--fps N"),
    (
        "--dataset.push_to_hub",
        "`ulna hub push DIR OWNER/NAME`, afterwards",
    ),
    ("--dataset.", "--dataset DIR"),
    (
        "--policy.",
        "--policy BUNDLE (`ulna policy import CHECKPOINT` makes one)",
    ),
    ("--env.", "--scene NAME (`ulna sim scenes`)"),
    ("--eval.", "--episodes N"),
    ("--display_", "--display spawn"),
    ("--play_sounds", "--sounds voice"),
    ("--fps", "--rate HZ"),
];

/// What to type in the place of these words, if LeRobot has them and ulna does not; `wrong` is the word that could not be understood.
pub(crate) fn for_words(words: &[String], wrong: Option<&str>) -> Vec<String> {
    let command = words.iter().find(|word| !word.starts_with('-'));
    let is_wrong = |word: &str| wrong == Some(word);
    let mut tips = Vec::new();
    if let Some(command) = command.filter(|command| is_wrong(command)) {
        let dashed = command.replace('_', "-");
        let name = dashed.strip_prefix("lerobot-").unwrap_or(&dashed);
        let found = NAMES.iter().find(|(theirs, _)| *theirs == name);
        tips.extend(found.map(|(_, ours)| format!("LeRobot's `{name}`: {ours}")));
    }
    for word in words {
        let found = OPTIONS.iter().find(|(theirs, _)| word.starts_with(theirs));
        // Options without a dot may be ulna's own as well.
        let counts = |theirs: &str| {
            theirs.contains('.') || wrong.is_some_and(|wrong| word.starts_with(wrong))
        };
        let found = found.filter(|(theirs, _)| counts(theirs));
        let tip = found.map(|(theirs, ours)| format!("LeRobot's `{theirs}`: {ours}"));
        tips.extend(tip.filter(|tip| !tips.contains(tip)));
    }
    let flag = words.iter().find_map(|word| word.strip_suffix("=true"));
    let flag = flag.filter(|flag| wrong.is_some_and(|wrong| wrong.starts_with(flag)));
    tips.extend(flag.map(|flag| format!("a flag stands alone: {flag}")));
    tips
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(line: &str, wrong: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for_words(&words, Some(wrong)).join("; ")
    }

    #[test]
    fn words_of_lerobot_lead_to_ours() {
        for (line, wrong, ours) in [
            ("find-port", "find-port", "ulna ports find"),
            ("lerobot-find-port", "lerobot-find-port", "ulna ports find"),
            (
                "lerobot-teleoperate --robot.type=so101_follower --teleop.port=/dev/x",
                "lerobot-teleoperate",
                "`ulna teleop`; LeRobot's `--robot.`: --robot NAME (`ulna robots list`); LeRobot's `--teleop.port`: --teleop-port P",
            ),
            ("--json viz", "viz", "ulna dataset view"),
            ("lerobot_train", "lerobot_train", "lerobot-train"),
            ("rollout", "rollout", "ulna run"),
            ("lerobot-record", "lerobot-record", "ulna record"),
            (
                "teleop --robot.port=/dev/ttyACM0",
                "--robot.port",
                "--robot-port",
            ),
            (
                "record --dataset.repo_id=me/x",
                "--dataset.repo_id",
                "--dataset DIR",
            ),
            (
                "replay --dataset.episode=0",
                "--dataset.episode",
                "--episode K",
            ),
            ("teleop --fps=60", "--fps", "--rate HZ"),
            (
                "eval --eval.n_episodes=5",
                "--eval.n_episodes",
                "--episodes N",
            ),
            (
                "record --resume=true",
                "--resume",
                "a flag stands alone: --resume",
            ),
        ] {
            let tip = advice(line, wrong);
            assert!(tip.contains(ours), "{line}: {tip}");
        }
        for (line, wrong) in [
            ("teleop --duration x", "--duration"),
            ("record", "--dataset"),
            ("", ""),
            ("frobnicate", "frobnicate"),
            ("eval --scene nosuch", "--scene"),
            ("record --fps=30 --nosuch", "--nosuch"),
        ] {
            assert_eq!(advice(line, wrong), "", "{line}");
        }
    }
}
