//! Fetches a library out of a Python wheel: for some the one place where they are published for every machine of interest,
//! small, and reachable wherever Python packages are.

use std::env;
use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

/// No such library is larger, bytes.
const LIMIT: u64 = 256 << 20;

/// A library in a wheel.
pub(crate) struct Wheel {
    /// The Python package, and its version.
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    /// The library's place in the wheel.
    pub(crate) member: &'static str,
    /// What it is called once it is installed.
    pub(crate) file: &'static str,
    /// How much is fetched, MB.
    pub(crate) megabytes: u32,
    /// Those that are known.
    pub(crate) pins: [Pin; 2],
    /// What else one can do where none is known.
    pub(crate) otherwise: &'static str,
}

/// A library that is known: processor, and SHA-256 of the library in the wheel for it.
pub(crate) struct Pin {
    pub(crate) arch: &'static str,
    pub(crate) sha256: &'static str,
}

impl Wheel {
    /// Fetches the library into `folder` of ulna's data folder, or where the arguments say, and gives its path.
    pub(crate) fn fetch(
        &self,
        folder: &str,
        mut args: impl Iterator<Item = String>,
    ) -> Result<PathBuf> {
        let dir = data_folder().map(|data| data.join(folder));
        let (mut dir, mut arch) = (dir, env::consts::ARCH.to_owned());
        if env::consts::OS != "linux" {
            arch = format!("{} on {}", env::consts::ARCH, env::consts::OS);
        }
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--dir" => dir = Some(value()?.into()),
                "--arch" => arch = value()?,
                _ => bail!("`{arg}` is not known; there are --dir DIR and --arch ARCH"),
            }
        }
        let dir = dir.context("there is no home folder to put it in; name a folder with --dir")?;
        let Some(pin) = self.pins.iter().find(|pin| pin.arch == arch) else {
            bail!(
                "no library of {} is pinned for {arch} (only for x86_64 and aarch64 on Linux); {}",
                self.package,
                self.otherwise
            );
        };
        // One that is there already needs no network.
        let there = dir.join(self.file);
        if fs::read(&there).is_ok_and(|library| check(&library, pin).is_ok()) {
            return Ok(there);
        }
        let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
        eprintln!(
            "fetching {} {} for {arch} ({} MB)",
            self.package, self.version, self.megabytes
        );
        let wheel = self.download(scratch.path(), pin)?;
        let library = self.unpack(&wheel, pin)?;
        install(&dir, self.file, &library)
    }

    fn download(&self, into: &Path, pin: &Pin) -> Result<PathBuf> {
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
        ]);
        // The wheel of one Python serves all: only the library in it is used.
        pip.args([
            "--python-version",
            "3.11",
            "--implementation",
            "cp",
            "--abi",
            "cp311",
        ]);
        for glibc in ["2_27", "2_28"] {
            pip.args(["--platform", &format!("manylinux_{glibc}_{}", pin.arch)]);
        }
        pip.arg("--dest")
            .arg(into)
            .arg(format!("{}=={}", self.package, self.version));
        let output = pip.output().context(
            "cannot start python3, whose pip fetches the wheel; install Python 3 with pip",
        )?;
        if !output.status.success() {
            bail!(
                "pip could not fetch {} {}; is there a network, and pip for python3? It says:\n{}",
                self.package,
                self.version,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let wheel = fs::read_dir(into)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|end| end == "whl"));
        wheel.context("pip fetched something, but no wheel")
    }

    fn unpack(&self, wheel: &Path, pin: &Pin) -> Result<Vec<u8>> {
        let mut archive = ZipArchive::new(File::open(wheel)?).context("the wheel is damaged")?;
        let member = archive
            .by_name(self.member)
            .with_context(|| format!("the wheel has no {}", self.member))?;
        let mut library = Vec::new();
        member
            .take(LIMIT)
            .read_to_end(&mut library)
            .context("the wheel is damaged")?;
        check(&library, pin)?;
        Ok(library)
    }
}

/// Where ulna keeps what it fetches: `$XDG_DATA_HOME/ulna`, else `~/.local/share/ulna`.
fn data_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let path = env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    Some(data?.join("ulna"))
}

fn check(library: &[u8], pin: &Pin) -> Result<()> {
    let digest = Sha256::digest(library);
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if sha256 != pin.sha256 {
        bail!(
            "the library for {} that was fetched is not the one that is pinned (SHA-256 {sha256} instead of {}); it is not installed",
            pin.arch,
            pin.sha256
        );
    }
    Ok(())
}

/// Written aside and renamed, so that a library is there whole or not at all.
fn install(dir: &Path, file: &str, library: &[u8]) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let aside = tempfile::NamedTempFile::new_in(dir)
        .with_context(|| format!("cannot write into {}", dir.display()))?;
    fs::write(aside.path(), library)?;
    // Temporary files are for their owner alone.
    aside
        .as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    let path = dir.join(file);
    aside
        .persist(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHEEL: Wheel = Wheel {
        package: "package",
        version: "1",
        member: "lib.so",
        file: "lib.so",
        megabytes: 1,
        pins: [
            Pin {
                arch: "x86_64",
                sha256: "00",
            },
            Pin {
                arch: "aarch64",
                sha256: "11",
            },
        ],
        otherwise: "name your own in LIBRARY",
    };

    #[test]
    fn another_library_is_refused() {
        let error = check(b"something else", &WHEEL.pins[0]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("not the one that is pinned"), "{error}");
    }

    #[test]
    fn an_unknown_processor_and_argument_are_errors() {
        let run = |args: &[&str]| WHEEL.fetch("", args.iter().map(|arg| (*arg).to_owned()));
        let error = run(&["--arch", "sparc"]).unwrap_err().to_string();
        assert!(error.contains("name your own in LIBRARY"), "{error}");
        assert!(run(&["--folder", "x"]).is_err());
        assert!(run(&["--dir"]).is_err());
    }

    #[test]
    fn it_is_installed_whole_over_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("ulna");
        for content in [&b"one"[..], b"two"] {
            let path = install(&dir, "lib.so", content).unwrap();
            assert_eq!(fs::read(path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    }

    #[test]
    fn what_is_there_already_is_not_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let digest = Sha256::digest(b"library");
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let pin = |arch| Pin {
            arch,
            sha256: sha256.clone().leak(),
        };
        let wheel = Wheel {
            package: "no-such-package-of-ulna",
            pins: [pin("x86_64"), pin("aarch64")],
            ..WHEEL
        };
        let path = install(dir.path(), "lib.so", b"library").unwrap();
        let args = ["--arch", "x86_64", "--dir", &dir.path().to_string_lossy()];
        let found = wheel.fetch("", args.iter().map(|arg| (*arg).to_owned()));
        assert_eq!(found.unwrap(), path);
    }
}
