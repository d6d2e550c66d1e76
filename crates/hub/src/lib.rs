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
//! The protocol is our own. `hf-hub` 1.0.0, the Hub's official client (features `blocking` and `rustls-tls`), was built (224 crates, 154 s of CPU in a dev
//! build; this crate takes 60 beyond the dataset's) and run against the server of this crate's tests, which are named in brackets. Tokens, `HF_ENDPOINT`,
//! revisions, a folder in one commit and another try after 429 or 503 work, and it speaks Xet, which this crate does not. But:
//! * A download that is cut leaves half a file under its name, and the next one takes that for the whole and succeeds; a wrong byte, 100 bytes too many, or an
//!   older file of that name pass as well, since nothing is compared with its hash (`what_arrived_is_kept_until_the_next_time`, `damage_is_noticed`,
//!   `more_than_the_file_is_not_taken`).
//! * A server that lists `../evil` or a path from the root writes there, also through a link in the folder (`names_never_lead_out_of_the_folder`,
//!   `links_on_the_way_are_refused_and_what_they_lead_to_stays`).
//! * The token goes to whatever server a listing names as its next page, and stands in the error when a server repeats it; a listing has no end (734,000
//!   entries in 19 s), nor has the wait for a silent server (`listings_neither_repeat_nor_wander`, `tokens_are_never_shown`, `listings_end`,
//!   `a_silent_server_is_given_up`). Nothing can be cancelled.
//! * Large files go by Xet or, to a server with Git LFS alone, as base64 in the commit and in memory (`large_files_go_in_parts_where_the_store_wants_them_so`);
//!   a commit whose answer is lost is made twice (`a_commit_whose_answer_is_lost_is_not_made_twice`); `.env` and `.git` are published
//!   (`hidden_and_temporary_files_stay_at_home`); 600 files are announced in one question, and the Hub takes 256.
//!
//! What would be left to it are questions of a few lines each. Its transfer, `hf-xet`, would come on top of Git LFS instead of replacing it, and the Hub takes
//! Git LFS as well.
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
mod options;
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
pub use options::{PullOptions, PushOptions};
pub use pull::{Pulled, kind_of, pull};
pub use push::{Pushed, push};
pub use repo::{MAIN, Repo, RepoKind};
pub use token::Token;
pub use watch::{Step, Unwatched, Watch};
