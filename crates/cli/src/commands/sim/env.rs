//! `ulna sim env`.

use anyhow::Result;
use serde_json::json;
use ulna_env::server::{Over, describe};
use ulna_env::{EnvServer, message::Hello};
use ulna_outside::Printable;
use ulna_session::scenes;

use crate::args::EnvArgs;
use crate::commands::stop;
use crate::outcome::Outcome;
use crate::output;

pub(super) fn env(args: &EnvArgs, json: bool) -> Result<Outcome> {
    let options = args.options()?;
    if args.describe {
        output::json(&serde_json::to_value(describe(&options)?)?)?;
        return Ok(Outcome::Done);
    }
    let stop = stop()?;
    let server = EnvServer::open(options, &args.place())?;
    match (server.address(), json) {
        (address, true) => {
            let mut facts = serde_json::to_value(server.hello())?;
            facts["socket"] = json!(address);
            output::json(&facts)?;
        }
        (Some(address), false) => output::line(format_args!("socket {}", address.display()))?,
        (None, false) => {}
    }
    if let Some(address) = server.address() {
        let made = made(&args.scene, server.hello());
        output::note(format_args!(
            "waiting for clients; in Python: {made}, address=\"{}\"); Ctrl-C ends it",
            Printable(address.display())
        ));
    }
    Ok(match server.serve(&stop)? {
        Over::Client => Outcome::Done,
        Over::Stopped => {
            output::ctrl_c();
            Outcome::Interrupted
        }
    })
}

/// The beginning of the line of Python that makes the client's end.
fn made(scene: &str, hello: &Hello) -> String {
    let (make, count) = match hello.num_envs {
        1 => ("make", String::new()),
        many => ("make_vec", format!(", num_envs={many}")),
    };
    // `pick-place` is `PickPlace`; a file of one's own has no name there.
    let known = scenes::all().iter().any(|known| known.name == scene);
    let name: String = match known {
        true => scene.split('-').map(capital).collect(),
        false => "Scene".to_owned(),
    };
    // The module before the colon is imported by gymnasium.
    format!("gymnasium.{make}(\"ulna_env:ulna/{name}-v0\"{count}")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
