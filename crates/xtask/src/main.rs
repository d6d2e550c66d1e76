//! Developer chores, run as `cargo run -p xtask -- CHORE`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

mod architecture;
mod breaks;
mod bridge;
mod command;
mod conformance;
mod debian;
mod fetch_mujoco;
mod fetch_ort;
mod fuzz;
mod mutants;
mod packages;
mod scratch;
mod soak;
mod tour;
mod vm;
mod wheel;

const USAGE: &str = "usage: cargo run -p xtask -- CHORE

  architecture   check the crates' arrows and the written invariants against ARCHITECTURE.md; [--list] prints what is left to mend, [--tighten] lowers what is tolerated
  break          break each invariant of ARCHITECTURE.md on purpose, in a copy, and see that its check fails [--only NAME,NAME] [--list]; takes an hour or two
  bridge         build the firmware of the bridge boards, check its size, and run it in an emulator with ulna at one end and simulated servos at the other [--ulna PROGRAM] [--build-only] [--trials N]; SKIPPED where no compiler for it can be had
  conformance    have Python LeRobot read what ulna wrote, and ulna what LeRobot wrote (keeps some 6 GB in the user's cache); [--cases] only opens the datasets of the fixtures' cases with both; [--kills N] only kills ulna N times while it records, and half as often while it edits, [--stops N] pauses it, hangs up on it and closes its terminal; [--load N] keeps the computer busy with N threads meanwhile, [--seed N] draws other moments
  fetch-mujoco   fetch MuJoCo, which the simulation's own engine is measured against, into ulna's data folder, and print the folder for MUJOCO_DYNAMIC_LINK_DIR [--dir DIR] [--arch ARCH]
  fetch-ort      fetch ONNX Runtime, which runs policies faster than the built-in engine, into ulna's data folder [--dir DIR] [--arch ARCH]
  fuzz           try what no one would send on everything that reads what comes from outside, ten seconds for each way in [--minutes N] [--target NAME] [--list]
  mutants        change the code that matters most in ways that tests have to notice, each in a copy, and run these tests [--seed N] [--count N] [--part NAME] [--mutant WORDS] [--list]; takes some 40 s for each
  packages       check that the crates for others package in one call, alone and without files from elsewhere, that reading a dataset takes no C compiler and few crates, and run two programs outside the workspace; [--no-verify] does not compile the packages
  soak           watch the memory of sessions: an hour's worth on the virtual clock [--virtual SECONDS], ten minutes in real time [--minutes N]
  tour           type the README's commands into a terminal of 80x24, with a fresh HOME, and look for broken lines [--ulna PROGRAM] [--screens DIR] [--only WORDS]; some minutes; SKIPPED without tmux
  vm             run ulna on real Linux drivers in a virtual machine that is unpacked from Debian's packages [--ulna PROGRAM]; SKIPPED where apt cannot fetch them";

fn main() -> ExitCode {
    fuzz::compile_if_asked();
    let chore = std::env::args().nth(1).unwrap_or_default();
    match run(&chore) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask {chore}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: &str) -> Result<ExitCode> {
    match chore {
        "architecture" => architecture::run(&root(), std::env::args().skip(2)),
        "bridge" => bridge::run(&root(), std::env::args().skip(2)),
        "break" => breaks::run(&root(), std::env::args().skip(2)),
        "conformance" => conformance::run(&root(), std::env::args().skip(2)),
        "fuzz" => fuzz::run(&root(), std::env::args().skip(2)),
        "mutants" => mutants::run(&root(), std::env::args().skip(2)),
        "packages" => packages::run(&root(), std::env::args().skip(2)),
        "soak" => soak::run(&root(), std::env::args().skip(2)),
        "tour" => tour::run(&root(), std::env::args().skip(2)),
        "fetch-mujoco" => fetch_mujoco::run(std::env::args().skip(2)),
        "fetch-ort" => fetch_ort::run(std::env::args().skip(2)),
        "vm" => vm::run(&root(), std::env::args().skip(2)),
        _ => bail!("{USAGE}"),
    }
}

/// The workspace's root: two folders above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
