//! `xtask vm`: the real `ulna` on real Linux drivers, in a virtual machine that needs neither root nor KVM.
//!
//! Debian's kernel and QEMU are unpacked from packages ([`packages`]), never installed. QEMU's `usb-serial` is an FTDI chip to the guest, whose
//! own `ftdi_sio` drives it; behind it are the servos of `ulna sim serve` on this computer ([`machine`]). The kernel's `vivid` is two webcams
//! ([`cameras`]), and a third one hangs on USB behind the real `uvcvideo` ([`usb_camera`], [`webcam`]). The guest ([`guest`]) is a busybox, some modules and the program.

#![allow(clippy::print_stdout)] // a chore prints its answer

mod cameras;
mod guest;
mod machine;
mod modules;
mod packages;
mod seen;
mod usb_camera;
mod webcam;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::command::built_ulna;

/// Runs the chore.
pub(crate) fn run(root: &Path, mut args: impl Iterator<Item = String>) -> Result<ExitCode> {
    let mut program = None;
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--ulna", Some(path)) => program = Some(PathBuf::from(path)),
            _ => bail!("usage: cargo run -p xtask -- vm [--ulna PROGRAM]"),
        }
    }
    let unpacked = match packages::unpacked(root) {
        Ok(unpacked) => unpacked,
        Err(error) => {
            println!("SKIPPED vm: {error:#}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let program = match program {
        Some(program) => program,
        None => built_ulna(root)?,
    };
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let seen = machine::run(&unpacked, &program, scratch.path())?;
    let mut failed = false;
    let mut say = |holds: bool, what: &str| {
        failed |= !holds;
        let word = if holds { "passed" } else { "FAILED" };
        println!("  {word}  {what}");
    };
    for check in guest::CHECKS
        .iter()
        .chain(&cameras::CHECKS)
        .chain(&usb_camera::CHECKS)
    {
        say((check.holds)(&seen), check.what);
    }
    if cameras::were_good(&seen) {
        for (holds, what) in cameras::dataset_holds(root, &program, scratch.path())? {
            say(holds, &what);
        }
    }
    if failed {
        println!("what the machine said:\n{}", seen.console);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
