//! Fetches MuJoCo, the engine that ulna's own is measured against, out of its Python wheel.
//!
//! `mujoco-rs` takes the folder of `libmujoco.so` from `MUJOCO_DYNAMIC_LINK_DIR`, so the folder is what is printed:
//!
//! ```sh
//! MUJOCO_DYNAMIC_LINK_DIR="$(cargo run -q -p xtask -- fetch-mujoco)" cargo build --release --features mujoco
//! ```

use std::io::{ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::wheel::{Pin, Wheel};

/// The version that `mujoco-rs` of the root manifest is made for. Programs look for the library by the file's name.
const WHEEL: Wheel = Wheel {
    package: "mujoco",
    version: "3.17.0",
    member: "mujoco/libmujoco.so.3.17.0",
    file: "libmujoco.so.3.17.0",
    megabytes: 26,
    pins: [
        Pin {
            arch: "x86_64",
            sha256: "23496b023ee80fb61ab71167e94bc649f9941710fde96b18bb8204fb332523ad",
        },
        Pin {
            arch: "aarch64",
            sha256: "e2edd0204fb9229f75f332a4fcd1a32345bb9f90651dc0fddfa20ec0670db789",
        },
    ],
    otherwise: "unpack a release of MuJoCo 3.17.0 and name its lib folder in MUJOCO_DYNAMIC_LINK_DIR",
};

/// What a linker looks for.
const LINKED: &str = "libmujoco.so";

/// Fetches it and prints the folder that it lies in.
pub(crate) fn run(args: impl Iterator<Item = String>) -> Result<ExitCode> {
    let library = WHEEL.fetch("mujoco-3.17.0", args)?;
    let library = std::path::absolute(library)?;
    let Some(folder) = library.parent() else {
        bail!("{} is in no folder", library.display());
    };
    let link = folder.join(LINKED);
    if let Err(error) = symlink(WHEEL.file, &link)
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(error).with_context(|| format!("cannot make the link {}", link.display()));
    }
    writeln!(std::io::stdout(), "{}", folder.display())?;
    Ok(ExitCode::SUCCESS)
}
