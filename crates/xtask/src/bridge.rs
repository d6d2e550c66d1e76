//! `xtask bridge`: the firmware of the bridge boards is built, measured and emulated.
//!
//! The compiler ([`toolchain`]) is Debian's, unpacked, with the sources of the library that fit it, or rustup's where that has the targets. The sizes and the
//! image of the Pico are read from the program that was linked ([`image`]). QEMU runs the other board ([`rig`]), whose servos are those of `ulna sim serve`
//! and whose host is `ulna` as users run it ([`checks`]).

#![allow(clippy::print_stdout)] // a chore prints its answer

mod checks;
mod image;
mod packets;
mod rig;
mod silence;
mod toolchain;
mod trials;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::command::built_ulna;

/// What is asked for.
struct Options {
    ulna: Option<PathBuf>,
    build_only: bool,
    trials: u32,
    only: Option<String>,
}

/// Runs the chore.
pub(crate) fn run(root: &Path, args: impl Iterator<Item = String>) -> Result<ExitCode> {
    let options = options(args)?;
    let since = Instant::now();
    let toolchain = match toolchain::find(root) {
        Ok(toolchain) => toolchain,
        Err(error) => {
            println!("SKIPPED bridge: {error:#}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    println!("  compiler {}", toolchain.version()?);
    toolchain::reject_unstable(root)?;
    let mut good = true;
    let pico = toolchain.build(root, "board-rp2040", "thumbv6m-none-eabi")?;
    good &= image::check(&pico)?;
    let uf2 = image::write_uf2(&pico, &root.join("target").join("bridge"))?;
    println!("  written  {}", uf2.display());
    let emulated = toolchain.build(root, "board-qemu", "thumbv7m-none-eabi")?;
    if options.build_only {
        return Ok(verdict(good));
    }
    let Some(qemu) = toolchain.qemu() else {
        println!("SKIPPED the emulated board: Debian's QEMU cannot be had");
        return Ok(verdict(good));
    };
    let ulna = match options.ulna {
        Some(program) => program,
        None => built_ulna(root)?,
    };
    good &= checks::run(
        root,
        &qemu,
        &emulated,
        &ulna,
        options.trials,
        options.only.as_deref(),
    )?;
    println!("  {:.0} s in all", since.elapsed().as_secs_f64());
    Ok(verdict(good))
}

fn verdict(good: bool) -> ExitCode {
    match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The name of a check.
fn known(name: Option<String>) -> Result<String> {
    let known = name.filter(|name| checks::names().any(|it| it == name));
    known.with_context(|| {
        let names: Vec<&str> = checks::names().collect();
        format!("--only takes one of {}", names.join(", "))
    })
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        ulna: None,
        build_only: false,
        trials: 50,
        only: None,
    };
    const USAGE: &str = "usage: cargo run -p xtask -- bridge [--ulna PROGRAM] [--build-only] [--trials N] [--only CHECK]";
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => options.only = Some(known(args.next())?),
            "--build-only" => options.build_only = true,
            "--ulna" => options.ulna = Some(args.next().context(USAGE)?.into()),
            "--trials" => options.trials = args.next().context(USAGE)?.parse().context(USAGE)?,
            _ => bail!(USAGE),
        }
    }
    Ok(options)
}
