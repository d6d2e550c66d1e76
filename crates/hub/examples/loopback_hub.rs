//! The Hub that the tests use, for other programs: `loopback_hub [PART_BYTES]` prints its address and serves until its input ends, then
//! prints what clients did against the protocol.
//!
//! `HF_ENDPOINT=http://127.0.0.1:PORT HF_TOKEN=hf_LoopbackSecret HF_HUB_DISABLE_XET=1 hf upload me/arm FOLDER --repo-type dataset`

#![allow(clippy::print_stdout)]

use std::io::Read;
use std::process::ExitCode;

#[path = "../tests/loopback/mod.rs"]
mod loopback;

fn main() -> ExitCode {
    let part = std::env::args().nth(1).and_then(|part| part.parse().ok());
    let manner = loopback::Manner {
        part,
        ..loopback::Manner::default()
    };
    let hub = loopback::Hub::with(manner);
    println!("{}", hub.endpoint());
    let mut nothing = Vec::new();
    // Whatever ends the input ends the service.
    let _ = std::io::stdin().read_to_end(&mut nothing);
    let state = hub.state();
    for violation in &state.violations {
        eprintln!("{violation}");
    }
    eprintln!(
        "{} requests, {} violations",
        state.seen.len(),
        state.violations.len()
    );
    match state.violations.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
