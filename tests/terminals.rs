//! Promise: whatever happens to the terminal, a session ends or goes on in a defined state, and nothing that was recorded is lost.

#![allow(clippy::unwrap_used, clippy::panic)]

mod harness;

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use harness::{json, run, ulna};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Far longer than anything here takes, far shorter than for ever.
const PATIENCE: Duration = Duration::from_secs(90);

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} never comes");
        sleep(Duration::from_millis(20));
    }
}

/// A terminal, with what was written to it.
struct Terminal {
    master: OwnedFd,
    said: Arc<Mutex<String>>,
}

impl Terminal {
    /// Runs a command with this as its controlling terminal.
    fn with(command: &Command) -> (Terminal, Child) {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let mut options = OpenOptions::new();
        // It is to be the child's controlling terminal, never this program's.
        let no_ctty = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
        let slave = options.read(true).write(true).custom_flags(no_ctty);
        let slave = slave.open(OsStr::from_bytes(name.as_bytes())).unwrap();
        let mut setsid = Command::new("setsid");
        setsid.arg("--ctty").arg(command.get_program());
        setsid.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => setsid.env(name, value),
                None => setsid.env_remove(name),
            };
        }
        setsid
            .env("TERM", "xterm")
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave);
        let child = setsid.spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let mut reader = File::from(master.try_clone().unwrap());
        let copied = Arc::clone(&said);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]);
                copied.lock().unwrap().push_str(&text);
                if text.contains("close the terminal") {
                    return;
                }
            }
        });
        (Terminal { master, said }, child)
    }

    fn types(&self, keys: &str) {
        let mut master = File::from(self.master.try_clone().unwrap());
        master.write_all(keys.as_bytes()).unwrap();
    }

    fn says(&self, what: &str) {
        wait_for(what, || self.said.lock().unwrap().contains(what));
    }
}

fn recording(dataset: &str) -> Command {
    let mut command = ulna(&["record", "--sim", "--task", "push", "--no-cameras"]);
    command.args([
        "--episodes",
        "5",
        "--episode-time",
        "600",
        "--reset-time",
        "600",
    ]);
    command.args(["--dataset", dataset]);
    command
}

fn rows(dataset: &str) -> u64 {
    let journal = Path::new(dataset).join(".ulna/run-000000/rows.log");
    fs::metadata(journal).map_or(0, |metadata| metadata.len())
}

fn ends(child: &mut Child) -> Option<i32> {
    let mut status = None;
    wait_for("its end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap().code()
}

#[test]
fn a_terminal_that_closes_ends_a_recording_and_saves_it() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("data").to_str().unwrap().to_owned();
    let (terminal, mut child) = Terminal::with(&recording(&dataset));
    terminal.says("RECORDING");
    wait_for("rows", || rows(&dataset) > 4000);
    // The reader's copy goes with it: the slave's other end is then closed altogether.
    let Terminal { master, said } = terminal;
    let pid = child.id();
    hang_up(master, &said, pid);
    ends(&mut child);
    let info = json(&["dataset", "info", &dataset]);
    assert_eq!(info["episodes"].as_array().unwrap().len(), 1, "{info}");
    assert_eq!(
        json(&["dataset", "repair", &dataset])["actions"],
        serde_json::json!([])
    );
}

/// Closes a terminal: its reader, which only wakes up for bytes, is woken and goes, too.
fn hang_up(master: OwnedFd, said: &Arc<Mutex<String>>, process: u32) {
    let terminal = format!("/proc/{process}/fd/0");
    let mut slave = OpenOptions::new().write(true).open(terminal).unwrap();
    slave.write_all(b"close the terminal").unwrap();
    drop(slave);
    wait_for("the reader's end", || Arc::strong_count(said) == 1);
    drop(master);
}

#[test]
fn after_ctrl_z_the_keys_work_and_the_arm_was_held() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("data").to_str().unwrap().to_owned();
    let record = recording(&dataset);
    let mut shell = Command::new("bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    for (name, value) in record.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let (terminal, mut child) = Terminal::with(&shell);
    let words = [record.get_program()].into_iter().chain(record.get_args());
    let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
    terminal.types(&format!("stty columns 200; {}\n", words.join(" ")));
    terminal.says("RECORDING");
    wait_for("rows", || rows(&dataset) > 4000);
    terminal.types("\x1a");
    terminal.says("paused: the arm holds");
    terminal.says("Stopped");
    // Long enough for the episode to end where the pause began.
    sleep(Duration::from_secs(3));
    let before = rows(&dataset);
    terminal.types("fg\n");
    terminal.says("going on");
    terminal.says("reset the scene");
    // Single keys count again: one begins the next episode, one ends the session.
    terminal.types("n");
    terminal.says("RECORDING episode 2");
    terminal.types("q");
    terminal.says("episodes saved");
    terminal.types("exit\n");
    ends(&mut child);
    let said = terminal.said.lock().unwrap().clone();
    assert!(said.contains("everything stood still"), "{said}");
    let info = json(&["dataset", "info", &dataset]);
    let episodes = info["episodes"].as_array().unwrap();
    assert_eq!(episodes.len(), 2, "{info}");
    assert!(before > 4000 && !said.contains("panicked"), "{said}");
    // No row of the time in which nothing was measured.
    let frames = episodes[0]["frames"].as_u64().unwrap();
    let gap = json(&["dataset", "check", &dataset]);
    let gap = gap["episodes"][0]["longest_gap_s"].as_f64().unwrap_or(0.0);
    assert!(
        frames > 20 && gap < 1.0,
        "{frames} frames, a gap of {gap} s"
    );
}

/// Episodes of a second on the virtual clock.
fn short_recording<'a>(which: &'a str, count: &'a str, dataset: &'a str) -> [&'a str; 14] {
    [
        "record",
        "--sim",
        "--lockstep",
        "--task",
        "push",
        "--no-cameras",
        which,
        count,
        "--episode-time",
        "1",
        "--reset-time",
        "0",
        "--dataset",
        dataset,
    ]
}

#[test]
fn a_question_needs_its_answer_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("data").to_str().unwrap().to_owned();
    let ran = run(&short_recording("--episodes", "2", &dataset));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let delete = ulna(&["dataset", "delete", &dataset, "--episodes", "0"]);
    let left = || {
        json(&["dataset", "info", &dataset])["episodes"]
            .as_array()
            .unwrap()
            .len()
    };
    for answers in ["q\n", "\nhello\nq\n", "\x04"] {
        let (terminal, mut child) = Terminal::with(&delete);
        terminal.says("y and Enter");
        terminal.types(answers);
        assert_eq!(ends(&mut child), Some(130), "{answers:?}");
        assert_eq!(left(), 2, "{answers:?}");
    }
    let (terminal, mut child) = Terminal::with(&delete);
    terminal.says("y and Enter");
    terminal.types("y\n");
    assert_eq!(ends(&mut child), Some(0));
    assert_eq!(left(), 1);
}

#[test]
fn what_is_to_become_a_file_has_whole_lines_in_a_narrow_terminal() {
    for words in [
        &["doctor", "--udev"][..],
        &["robots", "show", "so101", "--toml"],
    ] {
        let file = run(words).stdout;
        let long = file.lines().max_by_key(|line| line.len()).unwrap();
        assert!(long.len() > 60, "{words:?}");
        let mut shell = Command::new("sh");
        let here = ulna(words);
        shell.args(["-c", r#"stty cols 40; "$@"; echo the end"#, "sh"]);
        shell.arg(here.get_program()).args(words);
        let (terminal, mut child) = Terminal::with(&shell);
        terminal.says("the end");
        ends(&mut child);
        let said = terminal.said.lock().unwrap().replace("\r\n", "\n");
        assert!(said.contains(file.trim_end()), "{words:?}: {said}");
    }
}

#[test]
fn an_output_that_is_full_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("data").to_str().unwrap().to_owned();
    let record = short_recording("--more", "1", &dataset);
    let bad = ["teleop", "--sim", "--robot", "no-such"];
    let commands: [&[&str]; 11] = [
        &["--help"],
        &["teleop", "--help"],
        &["no-such"],
        &bad,
        &["robots", "list"],
        &["teleop", "--sim", "--lockstep", "--duration", "1"],
        &["setup", "--sim", "--yes"],
        &["calibrate", "--sim", "--robot-id", "x", "--seconds", "1"],
        &["demo"],
        &record,
        &["dataset", "check", &dataset],
    ];
    for args in commands {
        let ways = [(true, true), (false, true), (true, false)];
        let ways = match args {
            ["demo"] => &ways[..1],
            _ => &ways[..],
        };
        for &(stdout, stderr) in ways {
            let mut command = ulna(args);
            let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
            if stdout {
                command.stdout(full());
            }
            if stderr {
                command.stderr(full());
            }
            let code = command.output().unwrap().status.code();
            assert!(matches!(code, Some(0..=2)), "{args:?}: {code:?}");
            let _ = fs::remove_dir_all(&dataset);
        }
    }
}

/// A teleoperation of simulated arms that has begun.
fn begun() -> (Terminal, Child) {
    let (terminal, child) = Terminal::with(&ulna(&["teleop", "--sim"]));
    terminal.says("pan");
    (terminal, child)
}

#[test]
fn who_stops_at_once_finds_the_prompt_in_a_line_of_its_own() {
    let (terminal, mut child) = begun();
    terminal.types("\x03");
    terminal.says("parking, ");
    terminal.types("\x03");
    assert_eq!(ends(&mut child), Some(130));
    let said = terminal.said.lock().unwrap().clone();
    // What was drawn last ends with a line break, and the cursor behind it.
    let line = said.rsplit("parking, ").next().unwrap();
    assert!(
        line.contains("the torque stays on") && line.ends_with("\n\x1b[1G"),
        "{line:?}"
    );
    // Clearing what is below would push lines into the scrollback of some terminals.
    assert!(
        !said.contains("\x1b[J") && !said.contains("\x1b[0J"),
        "{said:?}"
    );
}

#[test]
fn ctrl_backslash_parks_as_ctrl_c_does() {
    let (terminal, mut child) = begun();
    terminal.types("\x1c");
    terminal.says("parked, torque off");
    assert_eq!(ends(&mut child), Some(130));
}

#[test]
fn a_display_that_hangs_holds_no_closed_terminal_up() {
    let folder = tempfile::tempdir().unwrap();
    let answer = folder.path().join("answer.json");
    // It takes connections, and says nothing.
    let viewer = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "connect=rerun+http://{}/proxy",
        viewer.local_addr().unwrap()
    );
    let words = [
        "teleop",
        "--sim",
        "--scene",
        "reach",
        "--json",
        "--display",
        &url,
    ];
    let here = ulna(&words);
    let mut shell = Command::new("sh");
    for (name, value) in here.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.args(["-c", r#"file=$1; shift; exec "$@" > "$file""#, "sh"]);
    shell.arg(&answer).arg(here.get_program()).args(words);
    let (terminal, mut child) = Terminal::with(&shell);
    terminal.says("pan");
    let Terminal { master, said } = terminal;
    let pid = child.id();
    hang_up(master, &said, pid);
    ends(&mut child);
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(answer).unwrap()).unwrap();
    let fault = report["display"]["trouble"].as_str().unwrap();
    assert!(fault.contains("0.3 s after the end"), "{fault}");
}
