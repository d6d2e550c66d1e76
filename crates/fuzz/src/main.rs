//! Fuzz targets for everything that reads what comes from outside: any input is read or refused, without a panic, a hang or endless memory.
//!
//! `cargo run -p xtask -- fuzz` builds this with the crates of ulna instrumented and runs each target. One program holds all of them, so that it is
//! linked once; the environment says which one it is (`ULNA_FUZZ_TARGET`), or that it is to list them (`ULNA_FUZZ_LIST`) or to write the
//! inputs that it starts from into a folder (`ULNA_FUZZ_SEEDS`).

#![no_main]
#![allow(clippy::expect_used, clippy::panic)] // what must not happen ends the run
#![allow(clippy::print_stdout, reason = "the names of its own targets")]

mod bridge;
mod bus;
mod calibration;
mod cameras;
mod dataset;
mod env;
mod hub;
mod policy;
mod rig_file;
mod robot_file;
mod scene_file;
mod servos;
mod targets;
mod words;

use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::{abort, exit};
use std::sync::{Mutex, OnceLock, PoisonError};

use libfuzzer_sys::fuzz_target;
use targets::{TARGETS, Target};

static TARGET: OnceLock<&Target> = OnceLock::new();

/// The newest panic. Some libraries panic on damaged files; the crates of ulna catch that, so only a panic that gets out of them counts.
static PANIC: Mutex<String> = Mutex::new(String::new());

fuzz_target!(init: begin(), |input: &[u8]| run(input));

fn begin() {
    if std::env::var_os("ULNA_FUZZ_LIST").is_some() {
        for target in TARGETS {
            println!("{}", target.name);
        }
        exit(0);
    }
    let name = std::env::var("ULNA_FUZZ_TARGET").unwrap_or_default();
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        eprintln!(
            "ULNA_FUZZ_TARGET is `{name}`, which is no target: `cargo run -p xtask -- fuzz` runs this program"
        );
        exit(2);
    };
    if let Some(folder) = std::env::var_os("ULNA_FUZZ_SEEDS").map(PathBuf::from) {
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            let path = folder.join(format!("seed-{number:03}"));
            std::fs::write(path, seed).expect("a seed can be written");
        }
        exit(0);
    }
    std::panic::set_hook(Box::new(|info| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    let _ = TARGET.set(target);
}

fn run(input: &[u8]) {
    let Some(target) = TARGET.get() else { return };
    if catch_unwind(|| (target.run)(input)).is_err() {
        let said = PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone();
        eprintln!("{}: {said}", target.name);
        abort();
    }
}
