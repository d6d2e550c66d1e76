//! A compiler for microcontrollers.
//!
//! Where rustup has the targets, it is rustup's. Elsewhere it is Debian's pair of rustc and the library's sources of the same version (`rustc-web`,
//! `rust-web-src`), unpacked; nightly features, which building the library takes, are then allowed to the compiler, so the sources are searched for them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::answer;
use crate::debian;

/// The targets of the boards.
const TARGETS: [&str; 2] = ["thumbv6m-none-eabi", "thumbv7m-none-eabi"];
/// Debian's compiler, linker and emulator.
const PACKAGES: [&str; 5] = [
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "lld-22",
    "qemu-system-arm",
];

/// A compiler, and what was unpacked.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// Where Debian's packages are.
    debian: PathBuf,
    /// The compiler is rustup's.
    rustup: bool,
}

/// Finds a compiler, or fetches one.
///
/// # Errors
/// Why there is none.
pub(super) fn find(workspace: &Path) -> Result<Toolchain> {
    let folder = workspace.join("target").join("bridge");
    let debian = folder.join("root");
    let rustup = has_targets();
    let done = folder.join("unpacked");
    if !done.exists() {
        match fetch(&debian, rustup) {
            Ok(()) => fs::write(&done, "").context("cannot write into target/bridge")?,
            // Then there is no emulator, but the boards are built.
            Err(_) if rustup => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Toolchain { debian, rustup })
}

fn has_targets() -> bool {
    let said = answer(Command::new("rustup").args(["target", "list", "--installed"]));
    said.is_ok_and(|said| TARGETS.iter().all(|target| said.contains(target)))
}

fn fetch(root: &Path, rustup: bool) -> Result<()> {
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        bail!("Debian's packages are for x86-64 Linux");
    }
    let wanted = match rustup {
        true => &PACKAGES[4..],
        false => &PACKAGES[..],
    };
    let names = match debian::needed(wanted, &[]) {
        Ok(names) => names,
        // Lists that were never fetched, or have been thrown away.
        Err(_) => {
            answer(Command::new("apt-get").args(["--quiet", "update"]))?;
            debian::needed(wanted, &[])?
        }
    };
    debian::unpack(&names, root)
}

/// The sources are for stable compilers: what `RUSTC_BOOTSTRAP` would allow is not used.
pub(super) fn reject_unstable(workspace: &Path) -> Result<()> {
    for folder in ["firmware", "crates/bridge/src", "crates/bus/src"] {
        let mut folders = vec![workspace.join(folder)];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .with_context(|| format!("cannot read {}", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "rs")
                    && fs::read_to_string(&path)?.contains("#![feature")
                {
                    bail!("{} uses a nightly feature", path.display());
                }
            }
        }
    }
    Ok(())
}

impl Toolchain {
    /// What the compiler says it is.
    pub(super) fn version(&self) -> Result<String> {
        let mut rustc = match self.rustup {
            true => Command::new("rustc"),
            false => Command::new(self.debian.join("usr/bin/rustc")),
        };
        self.libraries(&mut rustc);
        answer(rustc.arg("-V"))
    }

    /// Builds a board; the program that was linked.
    pub(super) fn build(&self, workspace: &Path, board: &str, target: &str) -> Result<PathBuf> {
        let out = workspace.join("target").join("firmware");
        let bin = self.debian.join("usr/bin");
        let mut cargo = match self.rustup {
            true => Command::new("cargo"),
            false => Command::new(bin.join("cargo")),
        };
        cargo.current_dir(workspace.join("firmware"));
        cargo.args(["build", "--release", "--locked", "--quiet"]);
        cargo.args(["--package", board, "--target", target]);
        // The cargo that runs this chore has said what it builds with.
        for name in [
            "CARGO",
            "RUSTUP_TOOLCHAIN",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTFLAGS",
        ] {
            cargo.env_remove(name);
        }
        cargo.env("CARGO_TARGET_DIR", &out);
        if !self.rustup {
            cargo.arg("-Zbuild-std=core");
            cargo.env("RUSTC", bin.join("rustc"));
            cargo.env("RUSTC_BOOTSTRAP", "1");
            let linker = format!(
                "CARGO_TARGET_{}_LINKER",
                target.to_uppercase().replace('-', "_")
            );
            cargo.env(linker, bin.join("ld.lld-22"));
            // First, so that Debian's cargo finds Debian's compiler and not rustup's.
            let path = std::env::var_os("PATH").unwrap_or_default();
            let all = std::iter::once(bin).chain(std::env::split_paths(&path));
            cargo.env("PATH", std::env::join_paths(all)?);
            self.libraries(&mut cargo);
        }
        answer(&mut cargo).with_context(|| format!("building {board}"))?;
        Ok(out.join(target).join("release").join(board))
    }

    /// QEMU, ready to be given its arguments, if it was unpacked.
    pub(super) fn qemu(&self) -> Option<Qemu> {
        let program = self.debian.join("usr/bin/qemu-system-arm");
        program.exists().then(|| Qemu {
            root: self.debian.clone(),
            libraries: self.library_path(),
        })
    }

    fn library_path(&self) -> OsString {
        let folders = [
            "usr/lib/x86_64-linux-gnu",
            "usr/lib/llvm-22/lib",
            "lib/x86_64-linux-gnu",
        ];
        let folders = folders.map(|folder| self.debian.join(folder));
        // No path has a colon but where the home folder has one, and then nothing is found.
        std::env::join_paths(folders).unwrap_or_default()
    }

    fn libraries(&self, command: &mut Command) {
        if !self.rustup {
            command.env("LD_LIBRARY_PATH", self.library_path());
        }
    }
}

/// The unpacked emulator.
#[derive(Debug)]
pub(super) struct Qemu {
    root: PathBuf,
    libraries: OsString,
}

impl Qemu {
    /// The command without the machine.
    pub(super) fn command(&self) -> Command {
        let mut qemu = Command::new(self.root.join("usr/bin/qemu-system-arm"));
        qemu.env("LD_LIBRARY_PATH", &self.libraries);
        qemu.arg("-L").arg(self.root.join("usr/share/qemu"));
        qemu
    }
}
