//! Promise: a policy is checked before anything moves, drives through the same gate, and can be recorded.

#![allow(clippy::unwrap_used)]

mod harness;

use std::fs;
use std::path::{Path, PathBuf};

use harness::{fails, json, root};

fn reach() -> String {
    let folder = root().join("datasets/so101-reach");
    folder.to_str().unwrap().to_owned()
}

const RUN: [&str; 6] = ["run", "--sim", "--lockstep", "--scene", "reach", "--policy"];

#[test]
fn a_run_reaches_its_targets_and_is_repeatable() {
    let bundle = reach();
    let run = || {
        json(
            &[
                &RUN[..],
                &[
                    &bundle,
                    "--duration",
                    "16",
                    "--seed",
                    "5",
                    "--engine",
                    "tract",
                ],
            ]
            .concat(),
        )
    };
    let report = run();
    // The first of five was there while the arm was still being connected.
    assert_eq!(report["task"]["targets"], 4);
    assert!(
        report["task"]["reached"].as_u64().unwrap() >= 3,
        "{}",
        report["task"]
    );
    assert_eq!(report["policy"]["checked"]["engine"]["kind"], "tract");
    assert_eq!(report["exit"]["happened"], "parked, torque off");
    assert_eq!(report, run());
}

#[test]
fn a_run_is_recorded_like_any_teleoperation() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("d");
    let dataset = dataset.to_str().unwrap();
    let recorded = json(
        &[
            &RUN[..],
            &[
                &reach(),
                "--dataset",
                dataset,
                "--task",
                "Reach the target",
                "--no-cameras",
            ],
            &[
                "--episodes",
                "2",
                "--episode-time",
                "3",
                "--reset-time",
                "0",
            ],
        ]
        .concat(),
    );
    assert_eq!(
        (&recorded["episodes"], &recorded["frames"]),
        (&2.into(), &180.into())
    );
    assert!(
        recorded["session"]["policy"]["inference"]["inferences"]
            .as_u64()
            .unwrap()
            > 10
    );
    let info = json(&["dataset", "info", dataset]);
    assert!(info.to_string().contains("observation.environment_state"));
    assert_eq!(json(&["dataset", "check", dataset])["sound"], true);
}

#[test]
fn a_sound_bundle_passes_its_check() {
    let report = json(&["policy", "check", &reach()]);
    assert_eq!(report["robot"], "so101");
    assert!(report["golden_difference"].as_f64().unwrap() < 1e-4);
}

/// A copy of the shipped bundle, to be broken.
fn copy(folder: &Path) -> PathBuf {
    let to = folder.join("bundle");
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(reach()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to
}

#[test]
fn what_does_not_fit_is_refused_in_words_before_anything_moves() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = copy(folder.path());
    let path = bundle.to_str().unwrap().to_owned();
    let run = [&RUN[..], &[&path, "--duration", "1"]].concat();
    // Without the scene no environment reports where the target is.
    fails(
        1,
        &["observation.environment_state", "--scene reach"],
        &["run", "--sim", "--policy", &path, "--duration", "1"],
    );
    fails(
        1,
        &["koch_follower"],
        &["policy", "check", &path, "--robot", "koch"],
    );
    fails(
        2,
        &["--engine"],
        &["policy", "check", &path, "--engine", "abacus"],
    );
    fails(
        1,
        &["policy.toml"],
        &["policy", "check", folder.path().to_str().unwrap()],
    );

    let network = bundle.join("policy.onnx");
    let whole = fs::read(&network).unwrap();
    fs::write(&network, &whole[..whole.len() / 2]).unwrap();
    fails(1, &["policy.onnx"], &run);
    fs::write(&network, &whole).unwrap();

    let golden = bundle.join("golden.safetensors");
    let mut bytes = fs::read(&golden).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 0x40;
    fs::write(&golden, bytes).unwrap();
    fails(1, &["golden"], &run);
    fs::copy(
        root().join("datasets/so101-reach/golden.safetensors"),
        &golden,
    )
    .unwrap();

    let manifest = bundle.join("policy.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("policy.onnx", "../policy.onnx")).unwrap();
    fails(1, &["../policy.onnx"], &run);
}

/// A library that was named and cannot be loaded is an error, never a silent choice of another engine.
#[test]
fn an_onnx_runtime_that_was_named_must_load() {
    let ran = harness::finish(
        harness::ulna(&["policy", "check", &reach()])
            .env("ORT_DYLIB_PATH", "nowhere/libonnxruntime.so")
            .output()
            .unwrap(),
    );
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(
        ran.stderr.contains("nowhere/libonnxruntime.so"),
        "{}",
        ran.stderr
    );
}

/// From LeRobot's folder to motion, with what people hand over by mistake on the way.
#[test]
fn a_lerobot_checkpoint_becomes_a_bundle_and_drives() {
    let Some(checkpoint) = harness::fixture("policies/act_tiny") else {
        return;
    };
    let Some(network) = harness::fixture("policies/act_tiny_norm.legacy.onnx") else {
        return;
    };
    fails(
        1,
        &["LeRobot checkpoint", "ulna policy import"],
        &["policy", "check", &checkpoint],
    );
    fails(
        1,
        &["network alone", "policy.toml"],
        &["policy", "check", &network],
    );
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let bundle = bundle.to_str().unwrap();
    let import = [
        "policy",
        "import",
        &checkpoint,
        "--output",
        bundle,
        "--engine",
        "tract",
    ];
    let report = json(&import);
    assert_eq!(
        (&report["policy"], &report["fps"]),
        (&"act".into(), &30.0.into())
    );
    assert_eq!(
        report["assumed"].as_array().unwrap().len(),
        3,
        "{}",
        report["assumed"]
    );
    fails(1, &["there already", "--output"], &import);
    fails(
        2,
        &["6 numbers", "bi_so101"],
        &[
            "policy",
            "import",
            &checkpoint,
            "--output",
            "nowhere",
            "--robot",
            "bi_so101",
        ],
    );
    for fps in ["0", "nan", "1e9"] {
        fails(
            2,
            &["--fps", "0.1 to 1000"],
            &[
                "policy",
                "import",
                &checkpoint,
                "--output",
                "nowhere",
                "--fps",
                fps,
            ],
        );
    }
    assert_eq!(
        json(&["policy", "check", bundle, "--engine", "tract"])["robot"],
        "so101"
    );
    // Its camera is opened at the size that it wants, without a word.
    let ran = json(&[
        "run",
        "--sim",
        "--lockstep",
        "--policy",
        bundle,
        "--duration",
        "2",
        "--engine",
        "tract",
        "--merge",
        "blended",
    ]);
    assert!(
        ran["policy"]["source"]["played"].as_u64().unwrap() > 300,
        "{}",
        ran["policy"]
    );
}

#[test]
fn one_inference_on_a_file_is_the_bundles_own_golden_answer() {
    let folder = tempfile::tempdir().unwrap();
    let golden = root().join("datasets/so101-reach/golden.safetensors");
    let golden = golden.to_str().unwrap();
    let output = folder.path().join("action.safetensors");
    let output = output.to_str().unwrap();
    let infer = [
        "policy",
        "infer",
        &reach(),
        "--input",
        golden,
        "--output",
        output,
    ];
    let report = json(&infer);
    let [rows, joints] = [&report["shape"][0], &report["shape"][1]];
    assert_eq!((rows, joints), (&20.into(), &6.into()));
    assert_eq!(report["action"].as_array().unwrap().len(), 20);
    let floats = fs::read(output).unwrap();
    assert!(floats.len() > 20 * 6 * 4);
    fails(
        1,
        &["observation.state"],
        &["policy", "infer", &reach(), "--input", output],
    );
}

/// ACT takes no task: what the user types is reported, and what the scene says stands where the user says nothing.
#[test]
fn a_task_is_taken_and_reported() {
    let bundle = reach();
    let run = [&RUN[..], &[&bundle, "--duration", "1"]].concat();
    let report = json(&run);
    assert_eq!(report["policy"]["task"], "Bring the tool to the target");
    let ran = harness::run(&[&run[..], &["--task", "Touch it", "--json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("policy `reach` takes no task"),
        "{}",
        ran.stderr
    );
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["policy"]["task"], "Touch it");
}

/// Fifteen steps are half a second: with 300 ms of delay there is nothing to play between two chunks.
#[test]
fn a_plan_that_is_shorter_than_the_delay_says_so_and_holds() {
    let Some(checkpoint) = harness::fixture("policies/diffusion_tiny") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let bundle = bundle.to_str().unwrap();
    json(&["policy", "import", &checkpoint, "--output", bundle]);
    let run = [
        "run",
        "--sim",
        "--lockstep",
        "--policy",
        bundle,
        "--duration",
        "4",
    ];
    let slow = harness::run(&[&run[..], &["--latency", "0.3", "--json"]].concat());
    assert_eq!(slow.code, 0, "{}", slow.stderr);
    let why = "its plan of 0.50 s is shorter than two inferences of 0.30 s";
    assert!(slow.stderr.contains(why), "{}", slow.stderr);
    let report: serde_json::Value = serde_json::from_str(&slow.stdout).unwrap();
    let policy = &report["policy"];
    assert!(
        policy["source"]["starved"].as_u64().unwrap() > 0,
        "{policy}"
    );
    assert!(
        policy["starvation"].as_str().unwrap().contains(why),
        "{policy}"
    );
    assert_eq!(report["exit"]["happened"], "parked, torque off");
    let quick = json(&[&run[..], &["--latency", "0.1"]].concat());
    assert_eq!(quick["policy"]["source"]["starved"], 0);
    assert!(quick["policy"]["starvation"].is_null());
}
