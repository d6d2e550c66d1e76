//! Promise: under the virtual clock, a run depends on its seed and on nothing else, bit for bit.

mod harness;

use harness::json;
use serde_json::Value;

const RUN: [&str; 7] = [
    "teleop",
    "--sim",
    "--lockstep",
    "--duration",
    "5",
    "--fault",
    "burst:0.5%,drop:0.1%,late:6ms@1%",
];

/// Two processes: nothing in one's memory, addresses or timing can leak into the other.
#[test]
fn two_processes_with_one_seed_are_bit_identical() {
    let run = |seed: &str| json(&[&RUN[..], &["--seed", seed]].concat());
    let (one, other, another) = (run("5"), run("5"), run("6"));
    assert_eq!(one, other);
    assert!(matches!(&one["digest"], Value::String(digest) if digest.len() == 16));
    assert_ne!(
        one["digest"], another["digest"],
        "the digest must see the motion"
    );
}

#[test]
fn replays_are_too() {
    let dataset = harness::shipped();
    let run = || json(&["replay", "--sim", "--dataset", &dataset, "--episode", "0"]);
    assert_eq!(run(), run());
}
