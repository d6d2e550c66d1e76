//! Whatever files, names and arguments hold: on the terminal it is text on its own line, and nothing that a terminal acts on.

#![allow(clippy::unwrap_used)]

mod harness;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use harness::{Ran, copy, finish, root, shipped, ulna};

/// Writes the clipboard, clears the screen (with C0 and with C1), goes back to the line's start, turns the direction of writing, hides, and
/// forges a line; and what shells, Markdown, HTML and YAML act on.
const HOSTILE: &str = "x\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{9b}2J\r\u{202e}y\u{200b}\u{7f}\nFORGED: $(touch z) `](javascript:1) <script>| --- # \u{2028}";

/// A folder of hostile name with everything that commands read.
struct Den {
    _folder: tempfile::TempDir,
    den: PathBuf,
}

impl Den {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let den = folder.path().join(HOSTILE.replace('/', "_"));
        fs::create_dir(&den).unwrap();
        Self {
            _folder: folder,
            den,
        }
    }

    fn at(&self, name: &str) -> String {
        self.den.join(name).to_str().unwrap().to_owned()
    }

    /// Runs `ulna`, with robots and calibrations from here, and refuses output that is more than text.
    fn run(&self, args: &[&str]) -> Ran {
        let mut command = ulna(args);
        command
            .env("XDG_CONFIG_HOME", &self.den)
            .env("HF_LEROBOT_CALIBRATION", self.den.join("calibration"));
        let ran = finish(command.output().unwrap());
        for text in [&ran.stdout, &ran.stderr] {
            let acts = text
                .chars()
                .find(|c| !matches!(c, '\n' | '\t') && !is_plain(*c));
            assert_eq!(acts, None, "{args:?}: {text:?}");
            let forged = text
                .lines()
                .find(|line| line.trim_start().starts_with("FORGED"));
            assert_eq!(forged, None, "{args:?}: {text}");
        }
        assert!(!ran.stderr.contains("panicked"), "{args:?}: {}", ran.stderr);
        ran
    }

    fn good(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    fn bad(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert!(ran.code == 1 || ran.code == 2, "{args:?}: {}", ran.code);
        ran.stderr
    }
}

fn is_plain(c: char) -> bool {
    let turns =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns
}

fn replace(path: impl AsRef<Path>, from: &str, to: &str) {
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// As JSON and TOML have it between quotes.
fn escaped(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap();
    let c1 = json.trim_matches('"').chars().map(|c| match c {
        '\u{7f}'..='\u{9f}' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    c1.collect()
}

/// Records a short episode with this task.
fn recorded(den: &Den, task: &str) -> String {
    let dataset = den.at("data");
    den.good(&[
        "record",
        "--sim",
        "--lockstep",
        "--no-cameras",
        "--dataset",
        &dataset,
        "--task",
        task,
        "--episode-time",
        "2",
    ]);
    dataset
}

#[test]
fn datasets() {
    let den = Den::new();
    let dataset = recorded(&den, HOSTILE);
    let info = Path::new(&dataset).join("meta/info.json");
    let hostile = escaped(HOSTILE);
    replace(&info, "\"so_follower\"", &format!("\"{hostile}\""));
    replace(&info, "\"elbow_flex.pos\"", &format!("\"{hostile}\""));
    for command in [
        "info", "tasks", "features", "check", "card", "stats", "compact", "repair",
    ] {
        for json in [&[][..], &["--json"]] {
            let ran = den.run(&[&["dataset", command, &dataset], json].concat());
            assert!(ran.code < 2, "{command}: {}", ran.stderr);
        }
    }
    let listed = den.good(&["dataset", "tasks", &dataset]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(
        listed.contains(r"\u{1b}]52;c;aGk=") && listed.contains(r"\nFORGED"),
        "{listed}"
    );
    den.run(&["dataset", "check", &dataset, "--verbose"]);
    let page = den.at("page.html");
    den.good(&["dataset", "view", &dataset, "--report", &page]);
    let page = fs::read_to_string(page).unwrap();
    assert!(!page.contains("<script>|") && !page.contains('\u{1b}'));
    let parts = format!("{HOSTILE}=0");
    den.bad(&["dataset", "split", &dataset, "--by-episodes", &parts]);
    den.run(&["dataset", "split", &dataset, "--by-episodes", "a=0"]);
    den.run(&[
        "dataset",
        "export",
        &dataset,
        "--format",
        "csv",
        "--output",
        &den.at("csv"),
    ]);
    den.run(&[
        "dataset",
        "delete",
        &dataset,
        "--episodes",
        "7",
        "--output",
        &den.at("fewer"),
    ]);
    den.run(&["replay", "--sim", "--dataset", &dataset, "--episode", "0"]);
    den.run(&["replay", "--sim", "--dataset", &dataset, "--episode", "9"]);

    // The card: YAML that a parser takes as before, and Markdown that shows the task as text.
    let card = fs::read_to_string(Path::new(&dataset).join("README.md")).unwrap();
    let front: Vec<&str> = card
        .lines()
        .skip(1)
        .take_while(|line| *line != "---")
        .collect();
    assert!(
        front.len() < 12 && !front.concat().contains("FORGED"),
        "{card}"
    );
    assert!(card.chars().all(|c| c == '\n' || is_plain(c)), "{card:?}");
    let prose = card.split("```").step_by(2).collect::<String>();
    assert!(
        !prose.contains("](javascript") && !prose.contains("<script"),
        "{card}"
    );
    assert!(!card.lines().any(|line| line.starts_with("FORGED")));
}

#[test]
fn metadata_that_does_not_parse() {
    let den = Den::new();
    let dataset = den.at("data");
    copy(Path::new(&shipped()), Path::new(&dataset));
    let info = Path::new(&dataset).join("meta/info.json");
    let whole = fs::read_to_string(&info).unwrap();
    for text in [
        HOSTILE.to_owned(),
        format!("{{\"{}\": ", escaped(HOSTILE)),
        whole.replacen("\"v3.0\"", &format!("\"{}\"", escaped(HOSTILE)), 1),
        whole.replacen("\"float32\"", &format!("\"{}\"", escaped(HOSTILE)), 1),
        whole.replacen("\"action\"", &format!("\"{}\"", escaped(HOSTILE)), 1),
        whole.replacen("data/chunk-", &format!("{}/chunk-", escaped(HOSTILE)), 1),
    ] {
        assert_ne!(text, whole);
        fs::write(&info, text).unwrap();
        for command in ["info", "check", "tasks", "stats", "repair", "card"] {
            den.run(&["dataset", command, &dataset]);
        }
        den.run(&["replay", "--sim", "--dataset", &dataset, "--episode", "0"]);
    }
}

#[test]
fn robot_files() {
    let den = Den::new();
    let robots = den.den.join("ulna/robots");
    fs::create_dir_all(&robots).unwrap();
    let whole = fs::read_to_string(root().join("configs/so101.toml")).unwrap();
    let hostile = escaped(HOSTILE);
    for (number, (from, to)) in [
        ("\"so101\"", format!("\"{hostile}\"")),
        ("summary = \"", format!("summary = \"{hostile}")),
        ("\"shoulder_pan\"", format!("\"{hostile}\"")),
        ("\"sts3215\"", format!("\"{hostile}\"")),
        ("\"so_follower\"", format!("\"{hostile}\"")),
        ("\"front\"", format!("\"{hostile}\"")),
        ("name = \"so101\"", format!("\"{hostile}\" = 3")),
        ("name = \"so101\"", HOSTILE.to_owned()),
        ("name = \"so101\"", format!("name = \"{hostile}")),
        ("elbow_flex = 92.0", format!("\"{hostile}\" = 92.0")),
        ("\"degrees\"", format!("\"{hostile}\"")),
        ("colour = \"#", format!("colour = \"{hostile}")),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(whole.contains(from), "{from}");
        let file = robots.join(format!("{number}{}.toml", HOSTILE.replace('/', "_")));
        fs::write(&file, whole.replacen(from, &to, 1)).unwrap();
        let file = file.to_str().unwrap();
        den.bad(&["robots", "show", file]);
        // The text itself has the lines that it has.
        if to != HOSTILE {
            den.run(&["robots", "show", file, "--toml"]);
        }
        den.bad(&[
            "teleop",
            "--sim",
            "--lockstep",
            "--duration",
            "1",
            "--robot",
            file,
        ]);
        den.bad(&["setup", "--sim", "--robot", file]);
    }
    den.good(&["robots", "list"]);
    den.good(&["robots", "list", "--json"]);
    for name in [HOSTILE, "../../x", "", "-x"] {
        let name = &format!("--robot-id={name}");
        let options = ["teleop", "--sim", "--lockstep", "--duration", "1", name];
        let said = den.bad(&options);
        assert!(said.contains("cannot be an arm's id"), "{said}");
    }
}

#[test]
fn calibrations_and_policies() {
    let den = Den::new();
    let folder = den.den.join("calibration/robots/so_follower");
    fs::create_dir_all(&folder).unwrap();
    let teleop = [
        "teleop",
        "--sim",
        "--lockstep",
        "--duration",
        "1",
        "--robot-id",
        "mine",
    ];
    for text in [
        HOSTILE.to_owned(),
        format!("{{\"{}\": 3}}", escaped(HOSTILE)),
        format!("{{\"shoulder_pan\": {{\"id\": \"{}\"}}}}", escaped(HOSTILE)),
    ] {
        fs::write(folder.join("mine.json"), text).unwrap();
        den.bad(&teleop);
        den.bad(&["calibrate", "--sim", "--robot-id", "mine", "--check"]);
    }
    fs::write(folder.join(format!("{HOSTILE}.json")), "{}").unwrap();
    den.run(&["doctor", "--sim"]);
    den.run(&["doctor", "--sim", "--json"]);

    let bundle = den.at("bundle");
    copy(&root().join("datasets/so101-reach"), Path::new(&bundle));
    let manifest = Path::new(&bundle).join("policy.toml");
    den.good(&["policy", "check", &bundle]);
    let whole = fs::read_to_string(&manifest).unwrap();
    let line = |key: &str| {
        let line = whole.lines().find(|line| line.starts_with(key));
        line.unwrap().to_owned()
    };
    for key in ["name", "summary", "robot_type", "units", "joints"] {
        let hostile = format!("\"{}\"", escaped(HOSTILE));
        let hostile = if key == "joints" {
            format!("[{hostile}]")
        } else {
            hostile
        };
        let text = whole.replacen(&line(key), &format!("{key} = {hostile}"), 1);
        fs::write(&manifest, text).unwrap();
        den.run(&["policy", "check", &bundle]);
        den.run(&["policy", "check", &bundle, "--json"]);
        den.run(&[
            "run",
            "--sim",
            "--lockstep",
            "--duration",
            "1",
            "--scene",
            "reach",
            "--policy",
            &bundle,
        ]);
    }
    for text in [
        HOSTILE.to_owned(),
        format!("{whole}\n\"{}\" = 1", escaped(HOSTILE)),
    ] {
        fs::write(&manifest, text).unwrap();
        den.bad(&["policy", "check", &bundle]);
    }
}

#[test]
fn arguments() {
    let den = Den::new();
    let gone = den.at("gone");
    for args in [
        &["dataset", "info", &gone][..],
        &["dataset", "check", &gone],
        &["dataset", "repair", &gone],
        &["dataset", "merge", &gone, &gone, "--output", &gone],
        &["dataset", "view", &gone, "--report", &gone],
        &["dataset", "view", &gone, "--display", &gone],
        &["replay", "--sim", "--dataset", &gone, "--episode", "0"],
        &["policy", "check", &gone],
        &["robots", "show", &gone],
        &["robots", "show", HOSTILE],
        &["teleop", "--sim", "--robot", HOSTILE],
        &[
            "teleop",
            "--robot-port",
            &gone,
            "--robot-id",
            HOSTILE,
            "--teleop-port",
            "x",
            "--teleop-id",
            "x",
        ],
        &["teleop", "--sim", "--duration", "1", "--fault", HOSTILE],
        &["teleop", "--sim", "--duration", HOSTILE],
        &["teleop", "--sim", "--duration", "1", "--display", HOSTILE],
        &[
            "record",
            "--sim",
            "--dataset",
            &gone,
            "--task",
            "x",
            "--cameras",
            HOSTILE,
        ],
        &[
            "record",
            "--sim",
            "--dataset",
            &gone,
            "--task",
            "x",
            "--camera-fault",
            HOSTILE,
        ],
        &[
            "record",
            "--sim",
            "--dataset",
            &gone,
            "--task",
            "x",
            "--codec",
            HOSTILE,
        ],
        &["scan", &gone],
        &["scan", "--sim", "--family", HOSTILE],
        &["setup", &gone],
        &["recover", &gone],
        &["calibrate", "--sim", "--reversed", HOSTILE],
        &["calibrate", "--robot-port", &gone, "--robot-id", "x"],
        &["bench", "read", &gone],
        &["hub", "push", &gone, HOSTILE],
        &[HOSTILE],
        &["teleop", HOSTILE],
    ] {
        den.bad(args);
    }
    assert!(!Path::new(&gone).join("meta").exists());
    assert!(!Path::new(OsStr::new("z")).exists());
}
