//! Python LeRobot in a virtual environment of its own, in the user's cache: it is large and slow to install.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::command::answer;

/// The newest on PyPI. The format was read from the sources of 0.6.2, which is not there.
const LEROBOT: &str = "0.6.1";
/// What the client of `ulna sim env` needs besides what LeRobot brings.
const MSGPACK: &str = "1.2.4";
/// LeRobot needs this Python or a newer one; its dependencies have wheels for this one.
const PYTHON: &str = "3.12";
/// Written last, so that an installation that was cut short is not taken for one.
const MARKER: &str = "ulna-complete";

/// The interpreter that has LeRobot, or why there is none.
#[derive(Debug)]
pub(crate) enum Python {
    Ready(PathBuf),
    Missing(String),
}

/// Finds the environment, or makes it, which takes minutes and some 6 GB.
pub(crate) fn prepare() -> Result<Python> {
    let Some(cache) = cache() else {
        return Ok(Python::Missing(
            "neither XDG_CACHE_HOME nor HOME says where the cache is".to_owned(),
        ));
    };
    let cache = cache.join("ulna");
    fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let lock = cache.join(format!("lerobot-{LEROBOT}.lock"));
    let lock = File::create(&lock).with_context(|| format!("cannot make {}", lock.display()))?;
    lock.lock().context("cannot lock the cache")?;
    let folder = cache.join(format!("lerobot-{LEROBOT}"));
    let python = folder.join("bin/python");
    if is_complete(&folder, &python) {
        return Ok(Python::Ready(python));
    }
    let Some(base) = find_python() else {
        return Ok(Python::Missing(format!(
            "no Python {PYTHON} with `venv`, neither `python{PYTHON}` on the PATH nor in pyenv or uv"
        )));
    };
    // One that was finished for other requirements is added to: it has all that is large. What was cut short is not trusted.
    if folder.exists() && !folder.join(MARKER).is_file() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    install(&base, &folder, &python)
}

/// The interpreter that has LeRobot, if it was installed before.
pub(crate) fn installed() -> Option<PathBuf> {
    let folder = cache()?.join("ulna").join(format!("lerobot-{LEROBOT}"));
    let python = folder.join("bin/python");
    is_complete(&folder, &python).then_some(python)
}

/// One line that names what is in use.
pub(crate) fn versions(python: &Path) -> Result<String> {
    let script = "import platform, importlib.metadata as m\n\
        print('Python', platform.python_version(), *(f'· {p} {m.version(p)}' for p in \
        ('lerobot', 'torch', 'torchcodec', 'av', 'datasets', 'numpy')))";
    answer(Command::new(python).args(["-c", script]))
        .with_context(|| format!("{} does not work", python.display()))
}

fn cache() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let home = || Some(PathBuf::from(set("HOME")?).join(".cache"));
    set("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)
}

fn requirements() -> [String; 2] {
    [
        format!("lerobot[dataset,diffusion,dynamixel,feetech]=={LEROBOT}"),
        format!("msgpack=={MSGPACK}"),
    ]
}

/// The requirements as the marker has them.
fn requirement() -> String {
    requirements().join(" ")
}

/// Whether the environment was finished and its interpreter, which is a link, still leads somewhere.
fn is_complete(folder: &Path, python: &Path) -> bool {
    fs::read_to_string(folder.join(MARKER)).is_ok_and(|text| text == requirement())
        && versions(python).is_ok()
}

/// A Python that can make virtual environments. One that is on the PATH may be pyenv's stand-in for none.
fn find_python() -> Option<PathBuf> {
    let name = format!("python{PYTHON}");
    let mut candidates = vec![PathBuf::from(&name)];
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv"));
    for root in [pyenv, home].into_iter().flatten() {
        let versions = root.join("versions").read_dir().into_iter().flatten();
        let mut found: Vec<PathBuf> = versions
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(PYTHON))
            .map(|entry| entry.path().join("bin").join(&name))
            .collect();
        found.sort();
        candidates.extend(found.into_iter().rev());
    }
    if let Ok(found) = answer(Command::new("uv").args(["python", "find", PYTHON])) {
        candidates.push(PathBuf::from(found));
    }
    let script =
        format!("import sys, venv, ensurepip; assert '%d.%d' % sys.version_info[:2] == '{PYTHON}'");
    let works = |python: &PathBuf| answer(Command::new(python).args(["-c", &script])).is_ok();
    candidates.into_iter().find(works)
}

fn install(base: &Path, folder: &Path, python: &Path) -> Result<Python> {
    let start = Instant::now();
    let what = requirement();
    eprintln!(
        "installing {what} into {}: some 6 GB, a few minutes",
        folder.display()
    );
    if !folder.exists() {
        answer(Command::new(base).args(["-m", "venv"]).arg(folder))?;
    }
    let (reader, writer) = std::io::pipe()?;
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-input",
        "--progress-bar",
        "off",
    ]);
    pip.args(requirements())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = pip.spawn().context("cannot start pip")?;
    // The command holds the pipe's other end open.
    drop(pip);
    let mut said = Vec::new();
    for line in BufReader::new(reader).lines() {
        let line = line?;
        if is_telling(line.trim()) {
            let short: String = line.trim().chars().take(100).collect();
            eprintln!("  {:4.0} s  {short}", start.elapsed().as_secs_f64());
        }
        said.push(line);
    }
    if !child.wait()?.success() {
        if let Some(why) = out_of_reach(&said) {
            return Ok(Python::Missing(format!("cannot install {what}: {why}")));
        }
        let last = said[said.len().saturating_sub(8)..].join("\n");
        bail!("cannot install {what}; pip's last words:\n{last}");
    }
    fs::write(folder.join(MARKER), &what)?;
    eprintln!("installed in {:.0} s", start.elapsed().as_secs_f64());
    Ok(Python::Ready(python.to_owned()))
}

/// Whether a line of pip's is worth showing: there are hundreds, and minutes between some.
fn is_telling(line: &str) -> bool {
    let large = line.starts_with("Downloading") && line.ends_with(" MB)");
    large || line.starts_with("Installing") || line.starts_with("Successfully")
}

/// Why an installation failed that is no fault of what was to be installed: no network, no room.
fn out_of_reach(said: &[String]) -> Option<String> {
    let signs = [
        ("connection broken", "the package index cannot be reached"),
        ("Failed to establish", "the package index cannot be reached"),
        ("timed out", "the package index does not answer"),
        ("No space left", "the disk is full"),
    ];
    let found = |(sign, why): &(&str, &str)| {
        let seen = said.iter().any(|line| line.contains(sign));
        seen.then(|| (*why).to_owned())
    };
    signs.iter().find_map(found)
}

/// One of this program's scripts, not yet started.
pub(crate) fn python_script(root: &Path, scratch: &Path, python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(root.join("crates/xtask/python").join(name));
    // Nothing is fetched, and nothing is left in the user's own cache.
    command.env("HF_HUB_OFFLINE", "1");
    command.env("HF_HOME", scratch.join("huggingface"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_network_is_not_taken_for_a_missing_version() {
        let offline =
            "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'x'";
        let unknown = "ERROR: No matching distribution found for lerobot==99";
        assert!(out_of_reach(&[offline.to_owned(), unknown.to_owned()]).is_some());
        assert_eq!(out_of_reach(&[unknown.to_owned()]), None);
    }

    #[test]
    fn an_unfinished_environment_is_not_complete() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_complete(folder.path(), Path::new("true")));
        fs::write(folder.path().join(MARKER), "lerobot==0.1").unwrap();
        assert!(!is_complete(folder.path(), Path::new("true")));
        fs::write(folder.path().join(MARKER), requirement()).unwrap();
        assert!(is_complete(folder.path(), Path::new("true")));
        assert!(!is_complete(folder.path(), Path::new("false")));
    }
}
