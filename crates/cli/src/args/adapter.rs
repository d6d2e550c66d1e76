//! `--adapter`.

use std::ffi::OsStr;

use clap::builder::{StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use ulna_session::supply::ADAPTERS;

/// Reads an adapter's name; which there are, the simulator knows. `help` prints them instead.
#[derive(Debug, Clone, Copy)]
pub(super) struct AdapterName;

impl TypedValueParser for AdapterName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        let name = StringValueParser::new().parse_ref(command, arg, value)?;
        if name != "help" {
            return Ok(name);
        }
        // clap makes an error that is help, for the output and with exit code 0, of a command line alone.
        let list = format!("What --adapter knows. {ADAPTERS}");
        let asked = Command::new("adapters").override_help(list);
        asked
            .try_get_matches_from(["adapters", "--help"])
            .map(|_| name)
    }
}
