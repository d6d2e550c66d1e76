//! Programs and libraries that ulna uses if they are there. All of them are optional, so none of them fails.

use std::process::{Command, Stdio};

use crate::doctor::check::Check;

pub(super) fn checks() -> Vec<Check> {
    vec![
        program(
            "ffmpeg",
            &["-hide_banner", "-version"],
            "needed only to write other codecs than H.264; install it with your system's packages",
        ),
        program(
            "rerun",
            &["--version"],
            "needed only to look at sessions live; install it with `pip install rerun-sdk==0.36.3` or `cargo install rerun-cli@0.36.3`",
        ),
    ]
}

/// Runs a program and takes the first line of what it says.
fn program(name: &str, args: &[&str], use_of_it: &str) -> Check {
    let ran = Command::new(name).args(args).stdin(Stdio::null()).output();
    match ran {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            Check::ok(name, said.lines().next().unwrap_or("runs").trim())
        }
        Ok(output) => Check::warn(name, format!("fails: {}", output.status), use_of_it),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::warn(name, "not installed", use_of_it)
        }
        Err(error) => Check::warn(name, format!("cannot be run: {error}"), use_of_it),
    }
}
