//! LeRobot datasets and policies on the Hugging Face Hub, or any server with its API: [`push`](push()) and [`pull`](pull()).
//!
//! Both can be interrupted at any moment and go on where they were; neither leaves half a dataset, there or here. The protocol is the
//! Hub's HTTP API with Git LFS, as huggingface_hub 1.33 speaks it without Xet; the client is blocking and starts a few threads of its
//! own while it works.
//!
//! ```no_run
//! use std::path::Path;
//! use ulna_hub::{Folder, HubClient, PullOptions, PushOptions, Repo, RepoKind, Unwatched, pull, push};
//!
//! # fn main() -> ulna_hub::Result<()> {
//! let client = HubClient::from_env()?; // HF_ENDPOINT, HF_TOKEN and where `hf auth login` keeps it
//! let repo = Repo::new(RepoKind::Dataset, "me/so101-pick")?;
//!
//! let folder = Folder::open(Path::new("so101-pick"), None)?;
//! let pushed = push(&client, &folder, &repo, &PushOptions::default(), &Unwatched)?;
//! eprintln!("{} files, {}", pushed.files.len(), pushed.url);
//!
//! pull(&client, &repo, Path::new("copy"), &PullOptions::default(), &Unwatched)?;
//! # Ok(())
//! # }
//! ```
//!
//! The protocol is our own, and older than `hf-hub` 1.0, the Hub's official client. That one has been built here with its features `blocking` and
//! `rustls-tls`: Rust and a C compiler are enough, it takes 2 min 18 s alone, brings tokio and reqwest, and speaks Xet, which this crate does not
//! (the Hub takes Git LFS as well). The step to it waits for what the tests of this crate promise on top of any client: an upload or download that is cut
//! at any byte goes on from there, a token goes to its endpoint alone, and what a server answers is bounded and checked before it reaches the disk.
//!
//! Reading order: [`Repo`], [`Endpoint`] and [`Token`] (what is asked where, as whom), `client` and `call` (one question and its answer),
//! `api`, `lfs` and `commit` (the protocol), [`push`](push()), `download` and [`pull`](pull()).
//!
//! What a server says is not trusted: names that lead out of the folder are refused, sizes and listings are bounded, content is checked
//! against its hash, and the token goes to the endpoint alone, never along a redirect to elsewhere.

mod answer;
mod api;
mod call;
mod client;
mod commit;
mod download;
mod endpoint;
mod error;
mod explain;
mod hash;
mod lfs;
mod links;
mod local;
mod names;
mod pull;
mod push;
mod repo;
mod retry;
mod slice;
mod token;
mod watch;

pub use client::HubClient;
pub use endpoint::{Endpoint, PUBLIC_HUB};
pub use error::{HubError, Result};
pub use local::{Folder, LocalFile, POLICY_PATH};
pub use names::Filter;
pub use pull::{PullOptions, Pulled, kind_of, pull};
pub use push::{PushOptions, Pushed, push};
pub use repo::{MAIN, Repo, RepoKind};
pub use token::Token;
pub use watch::{Step, Unwatched, Watch};
