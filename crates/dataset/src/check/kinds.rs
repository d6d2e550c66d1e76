//! The kinds of findings: what each means for training, and what to do about it.

use std::path::Path;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The stable word, such as `idle-head`.
    pub code: &'static str,
    /// The same in a few words for people.
    pub title: &'static str,
    /// What it means for training, in a sentence.
    pub meaning: &'static str,
    /// What to do next; `DIR` stands for the dataset's folder, `LIST` for the episodes, `K` for the first of them, `NAME`
    /// for the feature.
    next: &'static str,
}

impl Kind {
    /// The kind with this code.
    pub fn of(code: &str) -> &'static Kind {
        KINDS
            .iter()
            .find(|kind| kind.code == code)
            .unwrap_or(&UNKNOWN)
    }

    /// What to do next about it in these episodes of the dataset in `root`; `feature` is the one concerned, if it is known.
    pub fn next_step(&self, root: &Path, episodes: &[u64], feature: Option<&str>) -> String {
        let first = episodes.first().map_or("K".to_owned(), u64::to_string);
        let words = self.next.split_inclusive([' ', '`']);
        words
            .map(|word| {
                let bare = word.trim_end_matches([' ', '`']);
                let after = &word[bare.len()..];
                match bare {
                    "DIR" => quoted(root) + after,
                    "LIST" => list(episodes) + after,
                    "K" => first.clone() + after,
                    "NAME" => feature.unwrap_or("NAME").to_owned() + after,
                    _ => word.to_owned(),
                }
            })
            .collect()
    }
}

/// Episodes as the commands take them: `0,2-5`.
fn list(episodes: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &episode in episodes {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(episode) => *last = episode,
            _ => ranges.push((episode, episode)),
        }
    }
    let text = |(first, last): &(u64, u64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "._/-+=:@%,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

const UNKNOWN: Kind = Kind {
    code: "other",
    title: "something else",
    meaning: "A reader may fail on it.",
    next: "look at the files named",
};

const fn kind(
    code: &'static str,
    title: &'static str,
    meaning: &'static str,
    next: &'static str,
) -> Kind {
    Kind {
        code,
        title,
        meaning,
        next,
    }
}

const DELETE: &str = "look at it: `ulna dataset view DIR --episode K` and leave it out of training: `ulna dataset delete DIR --episodes LIST`";

/// All kinds: first those of the structure, then those of the content.
static KINDS: &[Kind] = &[
    kind(
        "open",
        "the dataset does not open",
        "Nothing can be read from it.",
        "finish what was cut short: `ulna dataset repair DIR` or restore the file from a copy",
    ),
    kind(
        "unfinished-save",
        "a save was cut short",
        "The episode is not counted, so training does not see it; nothing saved is lost.",
        "finish it: `ulna dataset repair DIR`",
    ),
    kind(
        "interrupted-recording",
        "a recording was cut short",
        "The episode that was running is not part of the dataset yet.",
        "if no recording is running, save it: `ulna dataset repair DIR`",
    ),
    kind(
        "tasks",
        "the table of tasks is wrong",
        "Frames may get the wrong task text, or none.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "episode-tasks",
        "the episode table lists other tasks than the frames have",
        "Tools that choose episodes by task choose wrong ones.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "length",
        "an episode without frames",
        "Readers that count on at least one frame fail.",
        "remove it: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "range",
        "the episode table has gaps or overlaps",
        "Frames are taken for those of another episode.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "total-frames",
        "the count of frames is wrong",
        "LeRobot asks for frames that do not exist, or never uses some.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "table-columns",
        "the episode tables have different columns",
        "LeRobot cannot open the dataset.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "stray-file",
        "a data file that belongs to no episode",
        "LeRobot reads it too, and counts frames that nobody declared.",
        "move the file out of the dataset",
    ),
    kind(
        "data",
        "rows cannot be read",
        "Training stops at this episode.",
        "fetch the file anew, or remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "undeclared-column",
        "a column that is not declared",
        "LeRobot cannot open the dataset.",
        "build the files anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "missing-column",
        "a declared column is missing",
        "LeRobot cannot read the rows.",
        "drop the feature: `ulna dataset features DIR --drop NAME`",
    ),
    kind(
        "timestamp",
        "time stamps off the frame rate",
        "LeRobot refuses the dataset, or shows the picture of another moment.",
        "number and time the rows anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "frame-index",
        "frames are numbered wrongly",
        "Windows over time get the wrong frames.",
        "number and time the rows anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "index",
        "rows are numbered wrongly",
        "Windows over time get the wrong frames.",
        "number and time the rows anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "task-index",
        "frames with a task that does not exist",
        "LeRobot fails on these frames.",
        "give the episodes a task: `ulna dataset tasks DIR --assign LIST TEXT`",
    ),
    kind(
        "not-finite",
        "values that are no numbers",
        "One NaN in a batch makes the whole network NaN.",
        "remove the episodes: `ulna dataset delete DIR --episodes LIST` or cut the frames off: `ulna dataset trim DIR --episode K`",
    ),
    kind(
        "missing-video",
        "pictures are missing",
        "Training with this camera fails.",
        "fetch the files, or drop the camera: `ulna dataset features DIR --drop NAME`",
    ),
    kind(
        "video",
        "a video file cannot be read",
        "Training with this camera fails.",
        "fetch the file anew, or remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "video-size",
        "pictures of another size than declared",
        "Networks are built for the declared size, and fail.",
        "correct the shape in meta/info.json, or restore the file from a copy",
    ),
    kind(
        "video-frames",
        "a video with too few or too many pictures",
        "Pictures do not belong to the states beside them.",
        "look at the last frames: `ulna dataset view DIR` and remove the episodes that lack pictures",
    ),
    kind(
        "video-span",
        "pictures of another length than the episode",
        "Pictures do not belong to the states beside them.",
        "remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "video-time",
        "frames without a picture at their time",
        "LeRobot fails on these frames.",
        "remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "statistics",
        "statistics that do not fit the data",
        "Training normalises by them, so states and actions come out shifted or scaled.",
        "compute them anew: `ulna dataset stats DIR`",
    ),
    kind(
        "unknown-units",
        "the units of the joints are not told",
        "Speeds and limits could not be checked, and replaying it needs --units.",
        "nothing, if you know the units",
    ),
    kind(
        "rate",
        "states were measured less often than the dataset says",
        "The policy learns a motion that is faster than it was, and repeated states.",
        "see what the machine and the bus can do: `ulna bench bus` then record again",
    ),
    kind(
        "time-gap",
        "gaps between measured states",
        "Rows in a gap repeat an old state beside new actions.",
        DELETE,
    ),
    kind(
        "stale-state",
        "a joint whose values are old",
        "Its recorded position is not where the joint was: a servo stopped answering.",
        "see which servo and why: `ulna doctor` then remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "control-rate",
        "the control loop did not keep its rate",
        "The arm moved in steps, so the motion is rougher than the demonstration was.",
        "see what the machine and the bus can do: `ulna bench bus` then record again",
    ),
    kind(
        "stale-pictures",
        "pictures that are old",
        "The policy learns to act on what it saw a while ago.",
        "test the camera and its cable, and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "camera-rate",
        "a camera slower than the dataset",
        "Pictures repeat, so motion looks jerky to the policy.",
        "record with more light, a smaller picture or a lower --fps",
    ),
    kind(
        "lost-pictures",
        "pictures were lost on the way to the encoder",
        "The one before stands in their place, so motion looks jerky to the policy.",
        "see what the machine can do: `ulna bench record` and record smaller pictures",
    ),
    kind(
        "idle-head",
        "the arm stands still at the start",
        "A policy learns to stand still where it should begin.",
        "cut it off: `ulna dataset trim DIR --idle --episodes LIST`",
    ),
    kind(
        "idle-tail",
        "the arm stands still at the end",
        "These frames teach nothing, and weigh as much as the others.",
        "cut it off: `ulna dataset trim DIR --idle --episodes LIST`",
    ),
    kind(
        "no-motion",
        "nothing moves",
        "The episode teaches the policy to stand still.",
        "remove it: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "short",
        "much shorter than the others",
        "Most likely the demonstration was broken off.",
        DELETE,
    ),
    kind(
        "state-jump",
        "a joint moves faster than its servo can",
        "The position was read wrongly, and the policy learns the leap.",
        DELETE,
    ),
    kind(
        "action-jump",
        "a target leaps further than the arm can follow",
        "The policy learns leaps that a safety gate or a servo cuts off.",
        DELETE,
    ),
    kind(
        "dead-joint",
        "a joint does not move although it should",
        "The policy learns that its commands have no effect.",
        "check the servo: `ulna doctor` and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "saturated-joint",
        "a joint stands at the end of its range",
        "Where the joint really was is cut off, and the policy learns to push against the end.",
        "calibrate so that the whole travel fits: `ulna calibrate` and record again",
    ),
    kind(
        "clipped-action",
        "targets are cut off",
        "The arm did not do what the action says, so the policy learns targets that were never reached.",
        "move the leader more slowly or within the follower's range; what was really sent is the column ulna.action_sent",
    ),
    kind(
        "beyond-range",
        "values outside what their unit allows",
        "The units are most likely not what the dataset says, and replaying it would be dangerous.",
        "see what the dataset says: `ulna dataset info DIR`",
    ),
    kind(
        "duplicate",
        "the same episode twice",
        "It counts double, and if one is in the validation part, the result there is too good.",
        "remove it: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "duplicated-pictures",
        "the pictures of another episode",
        "What the policy sees does not belong to what the arm did.",
        DELETE,
    ),
    kind(
        "frozen-camera",
        "the picture stands still while the arm moves",
        "The policy learns to act without seeing.",
        "test the camera and its cable, and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "dark",
        "pictures that are all but black",
        "The policy sees nothing in them.",
        "take the cap off or switch the light on; remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "overexposed",
        "pictures that are burnt out",
        "What is white cannot be told apart.",
        "lower the camera's exposure and record again; remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "blank",
        "pictures of one colour",
        "The policy sees nothing in them.",
        "test the camera and its cable, and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "blurred",
        "pictures out of focus",
        "Edges that other episodes show cannot be seen.",
        "focus or clean the lens; remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "pictures-unread",
        "pictures that could not be looked at",
        "Whether they are good is not known.",
        "read what is in the way, or leave pictures out: `ulna dataset check DIR --pictures none`",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_commands_complete() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..at].iter().all(|before| before.code != kind.code));
            let next = kind.next_step(Path::new("a b"), &[0, 2, 3, 5, 6, 7], None);
            assert!(!next.contains("DIR") && !next.contains("LIST"), "{next}");
            assert!(kind.meaning.ends_with('.'), "{}", kind.code);
        }
        let next = Kind::of("idle-head").next_step(Path::new("it's"), &[0, 2, 3, 5, 6, 7], None);
        assert_eq!(
            next,
            "cut it off: `ulna dataset trim 'it'\\''s' --idle --episodes 0,2,3,5-7`"
        );
        assert_eq!(Kind::of("nonsense").code, "other");
    }
}
