//! Promise: every command that a check prints runs as printed, without a terminal, and the finding is then gone.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod harness;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{copy, fixture, json, run};
use serde_json::Value;

/// The commands of ulna in what a check prints, with the kind of finding that each is for.
fn commands(text: &str) -> Vec<(String, String)> {
    let mut code = String::new();
    let mut out = Vec::new();
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once(" [").filter(|_| !line.starts_with(' ')) {
            code = rest.split(']').next().unwrap_or_default().to_owned();
        }
        let quoted = line.split('`').skip(1).step_by(2);
        let ours = quoted.filter(|word| word.starts_with("ulna "));
        out.extend(ours.map(|command| (code.clone(), command.to_owned())));
    }
    out
}

/// Runs a command as a user pastes it into a shell.
fn paste(command: &str) -> (bool, String) {
    let ulna = Path::new(env!("CARGO_BIN_EXE_ulna"));
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", command])
        .env(
            "PATH",
            format!("{}:{path}", ulna.parent().unwrap().display()),
        )
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), text)
}

fn found(dir: &str) -> Vec<String> {
    let ran = run(&["dataset", "check", dir, "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let all = report["findings"].as_array().unwrap().iter();
    let worse = all.filter(|finding| finding["severity"] != "note");
    worse
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_printed_command_works_and_mends_what_it_is_for() {
    let Some(cases) = fixture("cases") else {
        return;
    };
    let mut names: Vec<PathBuf> = std::fs::read_dir(cases)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    names.retain(|path| path.join("meta/info.json").is_file());
    names.sort();
    let (mut ran, mut wrong) = (0, Vec::new());
    for case in names {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let scratch = tempfile::tempdir().unwrap();
        // A name that a shell would take apart.
        let root = scratch.path().join(format!("it's {name}"));
        copy(&case, &root);
        let dir = root.to_str().unwrap();
        let text = run(&["dataset", "check", dir, "--verbose"]).stdout;
        for (code, command) in commands(&text) {
            ran += 1;
            let (good, said) = paste(&command);
            let mended = scratch.path().join(format!("it's {name}-mended"));
            let left = match mended.is_dir() {
                true => found(mended.to_str().unwrap()),
                false => found(dir),
            };
            if !good || left.contains(&code) {
                wrong.push(format!("{name} [{code}] `{command}`: {said} {left:?}"));
            }
            let _ = std::fs::remove_dir_all(&mended);
        }
    }
    println!("{ran} commands, {} fail", wrong.len());
    assert!(
        wrong.is_empty() && ran > 20,
        "{ran} commands; {}",
        wrong.join("\n")
    );
}

#[test]
fn no_command_is_printed_that_takes_all_episodes() {
    let Some(cases) = fixture("cases") else {
        return;
    };
    for entry in std::fs::read_dir(cases).unwrap().flatten() {
        if !entry.path().join("meta/info.json").is_file() {
            continue;
        }
        let dir = entry.path().to_str().unwrap().to_owned();
        let text = run(&["dataset", "check", &dir, "--verbose"]).stdout;
        for (code, command) in commands(&text) {
            assert!(!command.contains("--yes"), "{code}: {command}");
            assert!(
                command.contains("--output") || command.contains(" repair "),
                "{code}: {command}"
            );
        }
        // What is left of it opens.
        if !text.contains("[placeholder]") {
            json(&["dataset", "info", &dir]);
        }
    }
}
