//! Test: every command line in the READMEs is one that `ulna` takes.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// The `ulna` lines of the code blocks of a page, without comments.
fn command_lines(page: &str) -> Vec<String> {
    let text = page.replace("\\\n", " "); // a line that goes on
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let line = line.split(" #").next().unwrap_or_default().trim();
        if in_code && line.starts_with("ulna ") {
            lines.push(line.to_owned());
        }
    }
    lines
}

fn wrong(line: &str) -> Option<String> {
    let Some(words) = shlex::split(line) else {
        return Some(format!("`{line}`: a quote that does not end"));
    };
    let error = super::parse(words).err()?;
    Some(format!("`{line}`: {error}"))
}

#[test]
fn every_command_line_of_the_readmes_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages = ["README.md", "datasets/README.md", "firmware/README.md"];
    let lines = pages.map(|page| command_lines(&fs::read_to_string(root.join(page)).unwrap()));
    let lines = lines.concat();
    assert!(lines.len() > 50, "{} lines were found", lines.len());
    let wrong: Vec<String> = lines.iter().filter_map(|line| wrong(line)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_line_that_is_not_taken_is_noticed() {
    for line in [
        "ulna telop --sim",
        "ulna teleop --simm",
        "ulna teleop --sim --duration",
        "ulna record --sim --dataset x --task t --episodes many",
        "ulna dataset view x --episode 0 --report",
        "ulna record --sim --dataset x --task \"t",
    ] {
        assert!(wrong(line).is_some(), "{line}");
    }
    let page = "```\nulna a \\\n  --b # why\n```\nulna c\n";
    assert_eq!(command_lines(page), ["ulna a    --b"]);
}
