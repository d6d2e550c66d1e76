//! Fetches ONNX Runtime's library out of its Python wheel: the one place where it is published for every machine of interest,
//! small, and reachable wherever Python packages are.

use std::env;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

/// The oldest version that ulna can use is 1.24.
const VERSION: &str = "1.24.4";

/// The library's place in the wheel.
const MEMBER: &str = "onnxruntime/capi/libonnxruntime.so.1.24.4";

/// What ulna looks for in its own folder and in its data folder.
const FILE: &str = "libonnxruntime.so";

/// No such library is larger, bytes.
const LIMIT: u64 = 256 << 20;

/// A library that is known: processor, and SHA-256 of the library in the wheel for it.
struct Pin {
    arch: &'static str,
    sha256: &'static str,
}

const PINS: [Pin; 2] = [
    Pin {
        arch: "x86_64",
        sha256: "2d518e11c7767f9fdc4413bdbeb45acf30db504ff76a82fc19d9238a3f9f6c24",
    },
    Pin {
        arch: "aarch64",
        sha256: "f373ae5fd4d878ed17ebea26e5480bd3d0a15e3bd6bc94b878e6c1b73998d22a",
    },
];

/// Fetches it and prints where it lies.
pub(crate) fn run(mut args: impl Iterator<Item = String>) -> Result<ExitCode> {
    let (mut dir, mut arch) = (data_folder(), env::consts::ARCH.to_owned());
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
    let Some(pin) = PINS.iter().find(|pin| pin.arch == arch) else {
        bail!(
            "no library is pinned for {arch} (only for x86_64 and aarch64 on Linux); install ONNX Runtime 1.24 or newer and name its \
             library in ORT_DYLIB_PATH"
        );
    };
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    eprintln!("fetching onnxruntime {VERSION} for {arch} (17 MB)");
    let wheel = download(scratch.path(), pin)?;
    let library = unpack(&wheel, pin)?;
    let path = install(&dir, &library)?;
    writeln!(std::io::stdout(), "{}", path.display())?;
    Ok(ExitCode::SUCCESS)
}

/// Where ulna looks for it: `$XDG_DATA_HOME/ulna`, else `~/.local/share/ulna`.
fn data_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let path = env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    Some(data?.join("ulna"))
}

fn download(into: &Path, pin: &Pin) -> Result<PathBuf> {
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
        .arg(format!("onnxruntime=={VERSION}"));
    let output = pip
        .output()
        .context("cannot start python3, whose pip fetches the wheel; install Python 3 with pip")?;
    if !output.status.success() {
        bail!(
            "pip could not fetch onnxruntime {VERSION}; is there a network, and pip for python3? It says:\n{}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let wheel = fs::read_dir(into)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|end| end == "whl"));
    wheel.context("pip fetched something, but no wheel")
}

fn unpack(wheel: &Path, pin: &Pin) -> Result<Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(wheel)?).context("the wheel is damaged")?;
    let member = archive
        .by_name(MEMBER)
        .with_context(|| format!("the wheel has no {MEMBER}"))?;
    let mut library = Vec::new();
    member
        .take(LIMIT)
        .read_to_end(&mut library)
        .context("the wheel is damaged")?;
    check(&library, pin)?;
    Ok(library)
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
fn install(dir: &Path, library: &[u8]) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let aside = tempfile::NamedTempFile::new_in(dir)
        .with_context(|| format!("cannot write into {}", dir.display()))?;
    fs::write(aside.path(), library)?;
    // Temporary files are for their owner alone.
    aside
        .as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    let path = dir.join(FILE);
    aside
        .persist(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_library_is_refused() {
        let error = check(b"something else", &PINS[0]).unwrap_err().to_string();
        assert!(error.contains("not the one that is pinned"), "{error}");
    }

    #[test]
    fn an_unknown_processor_and_argument_are_errors() {
        let run = |args: &[&str]| run(args.iter().map(|arg| (*arg).to_owned()));
        let error = run(&["--arch", "sparc"]).unwrap_err().to_string();
        assert!(error.contains("ORT_DYLIB_PATH"), "{error}");
        assert!(run(&["--folder", "x"]).is_err());
        assert!(run(&["--dir"]).is_err());
    }

    #[test]
    fn it_is_installed_whole_over_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("ulna");
        for content in [&b"one"[..], b"two"] {
            assert_eq!(fs::read(install(&dir, content).unwrap()).unwrap(), content);
        }
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    }
}
