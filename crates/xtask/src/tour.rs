//! The README's commands, typed by a newcomer: a terminal of 80x24, a fresh HOME, one command after the other.
//!
//! What goes on for ever is ended with Ctrl-C, after the terminal was made narrow and wide; what asks is answered with Enter. A line that the
//! terminal had to break, a status line that is left over, and an exit code that is not the expected one are failures. Blocks that are
//! marked `bash` need hardware or programs that a computer may not have, and are left out.

#![allow(clippy::print_stdout)] // a chore prints its answer

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::command::built_ulna;

/// The terminal that is promised to be enough.
const SIZE: (usize, usize) = (80, 24);
/// Sizes that an endless command is shown at meanwhile.
const SIZES: [(usize, usize); 4] = [(40, 10), (20, 5), (200, 50), SIZE];
/// How long an endless command runs before it is ended.
const LONG_ENOUGH: Duration = Duration::from_secs(4);
/// How long any other may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(180);
/// From one look to the next.
const EVERY: Duration = Duration::from_millis(200);
/// The shell's prompt: what follows it was typed, and may be longer than a line.
const PROMPT: &str = "$ ";

/// Commands that do not end with 0, by a part of them: the exit code, and why.
const OTHERWISE: [(&str, i32, &str); 11] = [
    ("--display spawn", 1, "there is no viewer"),
    ("ulna dataset diff", 1, "they differ"),
    ("ulna hub", 1, "not built in"),
    ("ulna policy import", 1, "there is no checkpoint"),
    ("ulna policy check pick", 1, "it was not imported"),
    ("--policy pick", 1, "it was not imported"),
    ("/dev/ttyACM", 1, "there is no such port"),
    ("ulna run --sim --scene reach", 130, "Ctrl-C"),
    ("ulna sim serve", 130, "Ctrl-C"),
    ("ulna teleop --sim --robot koch", 130, "Ctrl-C"),
    ("ulna teleop --sim", 130, "Ctrl-C"),
];

/// Types them all.
pub(crate) fn run(root: &Path, mut words: impl Iterator<Item = String>) -> Result<ExitCode> {
    let (mut ulna, mut screens, mut only) = (None, root.join("target/tour"), String::new());
    while let Some(word) = words.next() {
        let value = words.next().context("an option without a value")?;
        match word.as_str() {
            "--ulna" => ulna = Some(fs::canonicalize(value)?),
            "--screens" => screens = value.into(),
            "--only" => only = value,
            _ => bail!("usage: xtask tour [--ulna PROGRAM] [--screens DIR] [--only WORDS]"),
        }
    }
    if Command::new("tmux").arg("-V").output().is_err() {
        println!("SKIPPED: there is no program `tmux` on the PATH");
        return Ok(ExitCode::SUCCESS);
    }
    let ulna = ulna.map_or_else(|| built_ulna(root), Ok)?;
    let readme = fs::read_to_string(root.join("README.md"))?;
    fs::create_dir_all(&screens)?;
    let place = Place::new(root, &ulna)?;
    let mut failed = 0;
    let typed = commands(&readme);
    for (number, command) in (1..).zip(&typed) {
        if !command.contains(&only) {
            continue;
        }
        let begun = Instant::now();
        let mut window = Window::open(&place, number)?;
        let wrong = window.types(command, expected(command))?;
        let name = command.split(' ').take(4).collect::<Vec<_>>().join("-");
        let name = name.replace(['/', '"', '.'], "_");
        fs::write(
            screens.join(format!("{number:02}-{name}.txt")),
            &window.screens,
        )?;
        let seconds = begun.elapsed().as_secs_f64();
        let verdict = if wrong.is_empty() { "ok  " } else { "FAIL" };
        println!("{verdict}  {seconds:5.1} s  {command}");
        wrong.iter().for_each(|line| println!("      {line}"));
        failed += usize::from(!wrong.is_empty());
    }
    println!(
        "{} commands, {failed} not as they should be; screens: {}",
        typed.len(),
        screens.display()
    );
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The commands of fenced blocks without a language, without their comments. What is run through cargo is `ulna` here.
fn commands(readme: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for (index, block) in readme.split("\n```").enumerate() {
        // Every second piece begins behind an opening fence, with the block's language.
        let Some((language, lines)) = block.split_once('\n').filter(|_| index % 2 == 1) else {
            continue;
        };
        for line in lines.lines().filter(|_| language.is_empty()) {
            let line = line.split("  #").next().unwrap_or(line);
            let line = line.split(" # ").next().unwrap_or(line).trim();
            let line = line.replace("cargo run --release -- ", "ulna ");
            if line.starts_with("ulna ") {
                commands.push(line);
            }
        }
    }
    commands
}

fn expected(command: &str) -> i32 {
    let ends = command.contains("--duration");
    let other = OTHERWISE
        .iter()
        .find(|(part, code, _)| command.contains(part) && !(ends && *code == 130));
    other.map_or(0, |(_, code, _)| *code)
}

/// Where it is typed: a copy of what the commands read, and a HOME.
struct Place {
    folder: tempfile::TempDir,
    server: String,
}

impl Place {
    fn new(root: &Path, ulna: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tour").tempdir()?;
        for name in ["home", "bin", "sources"] {
            fs::create_dir(folder.path().join(name))?;
        }
        symlink(ulna, folder.path().join("bin/ulna"))?;
        for name in ["datasets", "configs"] {
            let copied = Command::new("cp")
                .arg("-r")
                .arg(root.join(name))
                .arg(folder.path().join("sources"))
                .status()?;
            ensure!(copied.success(), "cannot copy {name}");
        }
        let server = format!("ulna-tour-{}", std::process::id());
        let place = Self { folder, server };
        // It keeps the server while no command runs.
        place.tmux(&["new-session", "-d", "-s", "base", "sleep 86400"])?;
        place.tmux(&["set-option", "-g", "history-limit", "20000"])?;
        place.tmux(&["set-option", "-g", "status", "off"])?;
        Ok(place)
    }

    fn tmux(&self, words: &[&str]) -> Result<String> {
        let output = Command::new("tmux")
            .args(["-f", "/dev/null", "-L", &self.server])
            .args(words)
            .output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tmux {words:?}: {complaint}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
    }
}

/// A terminal with a shell of its own.
struct Window<'a> {
    place: &'a Place,
    name: String,
    /// The exit codes of what was typed, written by the shell.
    codes: PathBuf,
    /// What was seen.
    screens: String,
    wrong: Vec<String>,
}

impl<'a> Window<'a> {
    fn open(place: &'a Place, number: usize) -> Result<Self> {
        let codes = place.path(&format!("codes-{number}"));
        fs::write(&codes, "")?;
        let name = format!("window-{number}");
        let path = place.path("bin").display().to_string();
        let shell = format!(
            "env -i HOME='{}' PATH='{path}:/usr/bin:/bin' TERM=screen-256color LANG=C.UTF-8 PS1='{PROMPT}' \
             PROMPT_COMMAND='echo $? >> {}' bash --norc --noprofile -i",
            place.path("home").display(),
            codes.display()
        );
        let (columns, rows) = (SIZE.0.to_string(), SIZE.1.to_string());
        let sources = place.path("sources").display().to_string();
        place.tmux(&[
            "new-session",
            "-d",
            "-s",
            &name,
            "-x",
            &columns,
            "-y",
            &rows,
            "-c",
            &sources,
            &shell,
        ])?;
        place.tmux(&["set-option", "-w", "-t", &name, "window-size", "manual"])?;
        let window = Self {
            place,
            name,
            codes,
            screens: String::new(),
            wrong: Vec::new(),
        };
        window.resize(SIZE)?;
        Ok(window)
    }

    fn resize(&self, (columns, rows): (usize, usize)) -> Result<()> {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let words = [
            "resize-window",
            "-t",
            &self.name,
            "-x",
            &columns,
            "-y",
            &rows,
        ];
        self.place.tmux(&words).map(drop)
    }

    /// Types a command, and says what is wrong with what came of it.
    fn types(&mut self, command: &str, expected: i32) -> Result<Vec<String>> {
        let begun = Instant::now();
        while self.codes()?.is_empty() && begun.elapsed() < PATIENCE {
            sleep(EVERY);
        }
        self.place
            .tmux(&["send-keys", "-t", &self.name, "-l", command])?;
        self.keys("Enter")?;
        let (begun, mut ended, mut asked) = (Instant::now(), false, String::new());
        let code = loop {
            sleep(EVERY);
            if let [_, code, ..] = self.codes()?.as_slice() {
                break Some(*code);
            }
            if !command.ends_with("--json") {
                self.look()?;
            }
            let now = self.seen(&["-J"])?;
            let question = now.trim_end().to_owned();
            if question.ends_with("):") && question != asked {
                self.keys("Enter")?;
                asked = question;
            }
            if expected == 130 && !ended && begun.elapsed() > LONG_ENOUGH {
                ended = true;
                self.resized()?;
                self.keys("C-c")?;
                sleep(EVERY);
                self.keep("a moment after Ctrl-C")?;
            }
            if begun.elapsed() > PATIENCE {
                break None;
            }
        };
        if !command.ends_with("--json") {
            self.look()?;
        }
        let all = self.seen(&["-S", "-"])?;
        self.screens
            .push_str(&format!("--- at the end: exit code {code:?}\n{all}\n"));
        let left_over = all.lines().filter(|line| is_status(line));
        self.wrong
            .extend(left_over.map(|line| format!("left over: {line}")));
        if code != Some(expected) {
            self.wrong
                .push(format!("exit code {code:?} instead of {expected}"));
        }
        self.place.tmux(&["kill-session", "-t", &self.name])?;
        Ok(std::mem::take(&mut self.wrong))
    }

    /// Makes the terminal narrow and wide.
    fn resized(&mut self) -> Result<()> {
        self.keep("before it is ended")?;
        for (columns, rows) in SIZES {
            self.resize((columns, rows))?;
            sleep(Duration::from_millis(500));
            self.keep(&format!("at {columns}x{rows}"))?;
        }
        Ok(())
    }

    fn keys(&self, key: &str) -> Result<()> {
        self.place
            .tmux(&["send-keys", "-t", &self.name, key])
            .map(drop)
    }

    fn codes(&self) -> Result<Vec<i32>> {
        let text = fs::read_to_string(&self.codes)?;
        Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
    }

    fn seen(&self, how: &[&str]) -> Result<String> {
        let words = [&["capture-pane", "-p", "-t", &self.name], how].concat();
        self.place.tmux(&words)
    }

    fn keep(&mut self, when: &str) -> Result<()> {
        let screen = self.seen(&[])?;
        self.screens.push_str(&format!("--- {when}\n{screen}\n"));
        Ok(())
    }

    /// Looks for lines that the terminal had to break. What is typed and a path that is longer than a line are none.
    fn look(&mut self) -> Result<()> {
        for line in self.seen(&["-J"])?.lines() {
            let line = line.trim_end();
            let is_broken = line.chars().count() > SIZE.0
                && !line.starts_with(PROMPT)
                && line.split_whitespace().count() > 1;
            let wrong = format!("broken by the terminal: {line}");
            if is_broken && !self.wrong.contains(&wrong) {
                self.wrong.push(wrong);
            }
        }
        Ok(())
    }
}

/// Whether a line is the status of a session that is over by now: seconds, then what goes on.
fn is_status(line: &str) -> bool {
    let seconds = line.split_once(" s  ");
    seconds.is_some_and(|(seconds, _)| seconds.trim().parse::<f64>().is_ok())
        || line.starts_with("RECORDING ")
        || line.starts_with("parking, ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_blocks_are_typed_without_comments() {
        let readme = "text\n```\nulna scan --sim     # who\ncargo run --release -- demo # x\n```\nmore\n```bash\nulna rig\n```\n```\ncargo test\n```\n";
        assert_eq!(commands(readme), ["ulna scan --sim", "ulna demo"]);
    }

    #[test]
    fn what_has_a_duration_ends_by_itself() {
        assert_eq!(expected("ulna teleop --sim"), 130);
        assert_eq!(expected("ulna teleop --sim --duration 3"), 0);
        assert_eq!(expected("ulna dataset diff a b"), 1);
    }

    #[test]
    fn a_status_is_no_result() {
        assert!(is_status("12.3 s  pan 1") && is_status("parking, 2 s (Ctrl-C: stop)"));
        assert!(!is_status("  episode 0   good    10.0 s") && !is_status("$ ulna"));
    }
}
