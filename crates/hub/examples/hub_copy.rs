//! The library at its smallest: `hub_copy push DIR USER/NAME` and `hub_copy pull USER/NAME DIR`, with server and token as the Hub's own
//! tools have them (`HF_ENDPOINT`, `HF_TOKEN`).

use std::path::Path;

use ulna_hub::{
    Folder, HubClient, PullOptions, PushOptions, Repo, Step, Watch, kind_of, pull, push,
};

/// Prints the notes.
struct Notes;

impl Watch for Notes {
    fn progress(&self, _: Step, _: u64, _: u64) {}
    fn note(&self, text: &str) {
        eprintln!("{text}");
    }
    fn cancelled(&self) -> bool {
        false
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let client = HubClient::from_env()?;
    match words.as_slice() {
        ["push", dir, name] => {
            let folder = Folder::open(Path::new(dir), None)?;
            let repo = Repo::new(folder.kind(), name)?;
            let pushed = push(&client, &folder, &repo, &PushOptions::default(), &Notes)?;
            eprintln!("{} files published: {}", pushed.files.len(), pushed.url);
        }
        ["pull", name, dir] => {
            let repo = Repo::new(kind_of(&client, name, &Notes)?, name)?;
            let pulled = pull(
                &client,
                &repo,
                Path::new(dir),
                &PullOptions::default(),
                &Notes,
            )?;
            eprintln!("{} files fetched: {}", pulled.files, pulled.dir.display());
        }
        _ => return Err("usage: hub_copy push DIR USER/NAME | pull USER/NAME DIR".into()),
    }
    Ok(())
}
