//! What the card says of a dataset.

use std::fmt::Write as _;

use ulna_outside::Printable;
use ulna_outside::text::{harmless_json, is_printable};

use super::markdown::{escaped, fenced};
use crate::error::Result;
use crate::facts::Facts;
use crate::features::{ACTION, STATE};
use crate::own_columns::meaning;
use crate::plural::plural;
use crate::reader::Dataset;

const LONGEST_TASK: usize = 200;
const MOST_TASKS: usize = 50;
/// Longer, `info.json` is only linked.
const LONGEST_INFO: usize = 64 << 10;

/// The part that ulna writes.
pub(super) fn generated(dataset: &Dataset) -> Result<String> {
    let facts = Facts::of(dataset)?;
    let parts = [
        introduction(dataset, &facts),
        table(dataset, &facts),
        recording(&facts),
        tasks(dataset),
        usage(),
        own_columns(dataset),
        structure(dataset),
        CITATION.to_owned(),
    ];
    let parts = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty());
    Ok(parts.collect::<Vec<_>>().join("\n\n"))
}

fn introduction(dataset: &Dataset, facts: &Facts) -> String {
    let title = match dataset.tasks() {
        [task] => escaped(task, LONGEST_TASK),
        tasks => format!("{} tasks", tasks.len()),
    };
    let robot = escaped(robot(facts).unwrap_or("a robot"), 80);
    format!(
        "# {robot}: {title}\n\nA robot dataset in the format of [LeRobot](https://github.com/huggingface/lerobot) {}: {} of {robot}, {} at {} \
         frames a second ({}).",
        facts.format,
        plural(facts.episodes, "episode"),
        plural(facts.frames, "frame"),
        facts.fps,
        duration(facts.seconds()),
    )
}

fn robot(facts: &Facts) -> Option<&str> {
    let named = facts
        .manifest
        .as_ref()
        .map(|manifest| manifest.robot.as_str());
    let named = named.filter(|name| !name.is_empty());
    named.or(facts.robot_type.as_deref())
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.1} s"),
        ..7200.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

fn table(dataset: &Dataset, facts: &Facts) -> String {
    let mut rows = vec![(
        "Robot type",
        facts
            .robot_type
            .as_deref()
            .map_or("not told".to_owned(), |kind| escaped(kind, 80)),
    )];
    rows.push(("Joints in", facts.units().unwrap_or("not told").to_owned()));
    let named = |key| {
        let feature = dataset.info().feature(key).ok()?;
        let names = feature
            .names
            .iter()
            .take(64)
            .map(|name| format!("`{}`", code(name)));
        Some(names.collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty())
    };
    rows.extend(
        named(STATE)
            .or_else(|| named(ACTION))
            .map(|names| ("Joints", names)),
    );
    let cameras = facts.cameras.iter().take(32).map(|camera| {
        format!(
            "`{}` {}, {}",
            code(&camera.key),
            camera.size,
            escaped(&camera.codec, 40)
        )
    });
    let cameras = cameras.collect::<Vec<_>>().join("; ");
    rows.push((
        "Cameras",
        if cameras.is_empty() {
            "none".to_owned()
        } else {
            cameras
        },
    ));
    let mut out = String::from("| | |\n|---|---|\n");
    for (name, value) in rows {
        // Writing to a string has no way to fail.
        let _ = writeln!(out, "| {name} | {value} |");
    }
    out
}

/// A name within a code span of a table.
fn code(name: &str) -> String {
    let letters = name.chars().take(80);
    let plain = letters.filter(|letter| is_printable(*letter) && !"`|<>".contains(*letter));
    plain.collect()
}

/// How it was recorded, as far as ulna noted that.
fn recording(facts: &Facts) -> String {
    let (Some(manifest), Some(version)) = (&facts.manifest, facts.ulna()) else {
        return String::new();
    };
    let mut text = format!(
        "## How it was recorded\n\nWith ulna {}",
        escaped(version, 20)
    );
    match facts.simulated() {
        Some(true) => text.push_str(", **in simulation**"),
        Some(false) => text.push_str(", on hardware"),
        None => {}
    }
    let number = |key: &str| manifest.extra.get(key)?.as_f64();
    if let Some(rate) = number("control_rate_hz") {
        let _ = write!(text, ", with a control loop of {rate} Hz");
    }
    let seed = manifest
        .extra
        .get("seed")
        .and_then(serde_json::Value::as_u64);
    if let (Some(true), Some(seed)) = (facts.simulated(), seed) {
        let _ = write!(text, ", seed {seed}");
    }
    let _ = write!(
        text,
        ". Row k of an episode, at k/{} s, holds the newest state and pictures from before that moment, and the target that was then in force, \
         from before the safety gate.",
        facts.fps
    );
    text
}

fn tasks(dataset: &Dataset) -> String {
    let tasks = dataset.tasks();
    if tasks.is_empty() {
        return String::new();
    }
    let mut out = String::from("## Tasks\n\n| | task | episodes |\n|---|---|---|\n");
    for (index, task) in tasks.iter().enumerate().take(MOST_TASKS) {
        let with = dataset
            .episodes()
            .iter()
            .filter(|row| row.tasks.contains(task));
        let _ = writeln!(
            out,
            "| {index} | {} | {} |",
            escaped(task, LONGEST_TASK),
            with.count()
        );
    }
    if tasks.len() > MOST_TASKS {
        let _ = writeln!(out, "\nAnd {} more.", tasks.len() - MOST_TASKS);
    }
    out
}

fn usage() -> String {
    let python = "from lerobot.datasets import LeRobotDataset\n\n\
                  dataset = LeRobotDataset(\"you/the-name-of-this-dataset\", root=\"path/to/this/folder\")\n\
                  print(dataset[0][\"action\"])";
    let ulna = "ulna dataset view DIR --report report.html   # plots, pictures and grades in one page\n\
                ulna dataset check DIR\n\
                ulna replay --sim --dataset DIR --episode 0";
    format!(
        "## How to use it\n\nIn Python, with LeRobot:\n\n{}\nWith ulna, where `DIR` is this folder:\n\n{}",
        fenced("python", python),
        fenced("bash", ulna)
    )
}

fn own_columns(dataset: &Dataset) -> String {
    let features = dataset.info().features.iter();
    let rows = features.filter_map(|feature| Some((&feature.key, meaning(feature)?)));
    let rows: Vec<String> = rows
        .take(64)
        .map(|(key, meaning)| format!("| `{}` | {} |\n", code(key), in_cell(&meaning)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "## Columns of ulna's own\n\nBesides LeRobot's columns, each row has what was measured when it was recorded. LeRobot reads them, and \
         its policies leave them alone.\n\n| column | meaning |\n|---|---|\n{}",
        rows.concat()
    )
}

/// A sentence of ours, in which a name may stand, within a table.
fn in_cell(text: &str) -> String {
    Printable(text)
        .to_string()
        .replace('\\', "/")
        .replace('|', "\\|")
        .replace('<', "&lt;")
}

fn structure(dataset: &Dataset) -> String {
    let text = serde_json::to_string_pretty(&dataset.info().to_value()).unwrap_or_default();
    let shown = match text.len() <= LONGEST_INFO && !text.is_empty() {
        true => fenced("json", &harmless_json(&text)),
        false => "It is too long to be shown here.\n".to_owned(),
    };
    format!("## Dataset structure\n\n[meta/info.json](meta/info.json):\n\n{shown}")
}

const CITATION: &str = "\
## Citation

How to cite these data is for their authors to say, below this part. LeRobot, whose format this is:

```bibtex
@misc{cadene2024lerobot,
  author = {Cadene, Remi and others},
  title = {LeRobot: State-of-the-art Machine Learning for Real-World Robotics in Pytorch},
  howpublished = \"\\url{https://github.com/huggingface/lerobot}\",
  year = {2024}
}
```";
