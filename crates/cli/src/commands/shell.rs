//! What shells and `man` want to know of ulna.

use std::io;
use std::path::Path;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use ulna_outside::files;
use ulna_session::SessionError;

use crate::args::Cli;
use crate::outcome::{Misuse, Outcome};
use crate::output;
use crate::print::raw;

/// `ulna completions`.
pub(crate) fn completions(shell: Shell) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ulna", &mut script);
    raw(&script)?;
    Ok(Outcome::Done)
}

/// `ulna man`.
pub(crate) fn man(words: &[String], output: Option<&Path>, json: bool) -> Result<Outcome> {
    let mut command = Cli::command();
    if let Some(folder) = output {
        std::fs::create_dir_all(folder).map_err(|source| system(folder, source))?;
        let mut command = command.disable_help_subcommand(true);
        command.build();
        pages(command, folder).map_err(|source| system(folder, source))?;
        match json {
            true => output::json(&serde_json::json!({ "folder": folder }))?,
            false => output::line(format_args!("the pages are in {}", folder.display()))?,
        }
        return Ok(Outcome::Done);
    }
    command.build();
    let mut found = &command;
    for word in words {
        found = found
            .find_subcommand(word)
            .ok_or_else(|| Misuse(format!("there is no command `{}`", words.join(" "))))?;
    }
    let mut page = Vec::new();
    Man::new(found.clone()).render(&mut page)?;
    raw(&page)?;
    Ok(Outcome::Done)
}

/// A page for the command and for each below it.
fn pages(command: clap::Command, folder: &Path) -> io::Result<()> {
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        pages(below.clone(), folder)?;
    }
    let page = Man::new(command);
    files::replace(&folder.join(page.get_filename()), |file| page.render(file))
}

fn system(folder: &Path, source: io::Error) -> SessionError {
    SessionError::System {
        what: format!("writing manual pages into {}", folder.display()),
        source,
    }
}
