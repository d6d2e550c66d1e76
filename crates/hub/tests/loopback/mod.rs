//! A Hub on this machine that checks what it is asked, and fails where a test wants it to. Its store of large files has a port of its
//! own and a host name of its own, as on the real Hub: tokens must not reach it. (Python distinguishes hosts by name alone.)

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test uses its own part of this

mod api;
pub mod folders;
mod http;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use ulna_hub::{Endpoint, HubClient, Token};

pub use http::{Reply, Request};

/// The only token that it knows.
pub const TOKEN: &str = "hf_LoopbackSecret";
/// What addresses at the store carry instead of a token; it must not be shown either.
pub const SIGNATURE: &str = "sig=LoopbackSignature";

/// How it behaves.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Entries on a page of a listing.
    pub page: usize,
    /// Files over this size are stored outside git.
    pub large: usize,
    /// Files over this size are taken in parts of this size.
    pub part: Option<u64>,
    /// Large files are only taken by Xet.
    pub only_xet: bool,
    /// Files are always sent from their beginning.
    pub no_ranges: bool,
    /// Listings never end.
    pub endless: bool,
    /// Clients that show no token may write, and nothing is private.
    pub open: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            page: 1000,
            large: 8 * 1024,
            part: None,
            only_xet: false,
            no_ranges: false,
            endless: false,
            open: false,
        }
    }
}

/// Something that goes wrong, so many times, with requests of a method whose path contains something.
#[derive(Debug, Clone)]
pub struct Fault {
    pub method: &'static str,
    pub path: &'static str,
    pub times: usize,
    pub what: FaultKind,
}

#[derive(Debug, Clone)]
pub enum FaultKind {
    /// An answer instead of the right one; nothing is done.
    Answer(Reply),
    /// It is done, but then the answer is this one.
    DoneBut(Reply),
    /// The answer's body ends after so many bytes, and the connection with it.
    CutAnswer(usize),
    /// The connection ends after so many bytes of the request's body.
    DropUpload(usize),
    /// A byte of the body is another.
    Corrupt,
    /// The body has more bytes than the file.
    TooLong,
    /// There is no answer.
    Silence,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    Regular(Vec<u8>),
    Large { oid: String, size: u64 },
}

#[derive(Debug, Clone, Default)]
pub struct Commit {
    pub sha: String,
    pub summary: String,
    pub files: BTreeMap<String, Blob>,
}

/// A repository.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    pub private: bool,
    /// Commits of each branch, the oldest first.
    pub branches: BTreeMap<String, Vec<Commit>>,
    pub tags: BTreeMap<String, String>,
    /// Files that were announced: path and whether it goes outside git.
    pub announced: BTreeMap<String, bool>,
}

#[derive(Debug, Default)]
pub struct State {
    pub manner: Manner,
    /// By kind and name: `datasets/me/arm`.
    pub repositories: BTreeMap<String, Repository>,
    pub large: BTreeMap<String, Vec<u8>>,
    /// Parts by oid and number.
    pub parts: BTreeMap<(String, u64), Vec<u8>>,
    pub faults: Vec<Fault>,
    /// What clients did against the protocol.
    pub violations: Vec<String>,
    /// Method and path of all requests.
    pub seen: Vec<String>,
    pub commits: u64,
    pub api_port: u16,
    pub store_port: u16,
}

/// The running server.
#[derive(Debug, Clone)]
pub struct Hub {
    state: Arc<Mutex<State>>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl Hub {
    pub fn start() -> Self {
        Self::with(Manner::default())
    }

    pub fn with(manner: Manner) -> Self {
        Self::on(manner, 0)
    }

    /// Its API on this port.
    pub fn on(manner: Manner, port: u16) -> Self {
        let state = State {
            manner,
            ..State::default()
        };
        let hub = Self {
            state: Arc::new(Mutex::new(state)),
            waits: Arc::default(),
        };
        let api_port = http::serve(Arc::new(hub.clone()), port);
        let store_port = http::serve(Arc::new(hub.clone()), 0);
        let mut state = hub.state();
        (state.api_port, state.store_port) = (api_port, store_port);
        drop(state);
        hub
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.state().api_port)
    }

    /// A client that is signed in, and notes how long it would wait between attempts instead of waiting.
    pub fn client(&self) -> HubClient {
        self.client_as(Some(Token::new(TOKEN, "HF_TOKEN").unwrap()))
    }

    pub fn client_as(&self, token: Option<Token>) -> HubClient {
        let waits = Arc::clone(&self.waits);
        HubClient::new(Endpoint::new(&self.endpoint()).unwrap(), token).pausing(move |wait| {
            waits.lock().unwrap().push(wait);
        })
    }

    /// The waits so far, in seconds.
    pub fn waits(&self) -> Vec<u64> {
        let waits = self.waits.lock().unwrap();
        waits.iter().map(Duration::as_secs).collect()
    }

    pub fn fail(&self, method: &'static str, path: &'static str, times: usize, what: FaultKind) {
        self.state().faults.push(Fault {
            method,
            path,
            times,
            what,
        });
    }

    /// A repository with these files, large ones outside git.
    pub fn put(&self, repo: &str, private: bool, files: &[(&str, &[u8])]) {
        let mut state = self.state();
        let mut blobs = BTreeMap::new();
        for (name, content) in files {
            let blob = if content.len() > state.manner.large {
                let (oid, size) = (sha256(content), content.len() as u64);
                state.large.insert(oid.clone(), content.to_vec());
                Blob::Large { oid, size }
            } else {
                Blob::Regular(content.to_vec())
            };
            blobs.insert((*name).to_owned(), blob);
        }
        let commit = Commit {
            sha: state.next_sha(),
            summary: "put there".to_owned(),
            files: blobs,
        };
        let repository = state.repositories.entry(repo.to_owned()).or_default();
        repository.private = private;
        let branch = repository.branches.entry("main".to_owned()).or_default();
        branch.push(commit);
    }

    /// The files at the newest commit of a branch.
    pub fn files(&self, repo: &str, branch: &str) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let Some(commits) = state
            .repositories
            .get(repo)
            .and_then(|repository| repository.branches.get(branch))
        else {
            return BTreeMap::new();
        };
        let newest = commits.last().cloned().unwrap_or_default();
        let of = |blob: Blob| match blob {
            Blob::Regular(content) => content,
            Blob::Large { oid, .. } => state.large[&oid].clone(),
        };
        newest
            .files
            .into_iter()
            .map(|(name, blob)| (name, of(blob)))
            .collect()
    }

    /// Summaries of the commits of a branch.
    pub fn history(&self, repo: &str, branch: &str) -> Vec<String> {
        let state = self.state();
        let commits = state.repositories.get(repo).map(|it| &it.branches);
        let commits = commits.and_then(|branches| branches.get(branch));
        commits
            .into_iter()
            .flatten()
            .map(|commit| commit.summary.clone())
            .collect()
    }

    pub fn head(&self, repo: &str) -> String {
        let state = self.state();
        let commits = &state.repositories[repo].branches["main"];
        commits.last().unwrap().sha.clone()
    }

    pub fn tags(&self, repo: &str) -> BTreeMap<String, String> {
        self.state().repositories[repo].tags.clone()
    }

    /// Requests whose method and path contain this.
    pub fn count(&self, what: &str) -> usize {
        let state = self.state();
        state.seen.iter().filter(|seen| seen.contains(what)).count()
    }

    pub fn forget(&self) {
        self.state().seen.clear();
    }

    /// Fails if a client did something against the protocol.
    #[track_caller]
    pub fn expect_no_violations(&self) {
        assert_eq!(self.state().violations, Vec::<String>::new());
    }
}

impl State {
    pub fn next_sha(&mut self) -> String {
        self.commits += 1;
        sha1(format!("commit {}", self.commits).as_bytes())
    }

    pub fn violation(&mut self, request: &Request, what: &str) {
        let Request { method, path, .. } = request;
        self.violations.push(format!("{method} {path}: {what}"));
    }

    fn fault(&mut self, request: &Request, fits: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        let mut faults = self.faults.iter_mut();
        let fault = faults.find(|fault| {
            fault.times > 0
                && fault.method == request.method
                && request.path.contains(fault.path)
                && fits(&fault.what)
        })?;
        fault.times -= 1;
        Some(fault.what.clone())
    }
}

impl http::Handler for Hub {
    fn drop_upload(&self, request: &Request) -> Option<usize> {
        let is_it = |what: &FaultKind| matches!(what, FaultKind::DropUpload(_));
        match self.state().fault(request, is_it)? {
            FaultKind::DropUpload(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn answer(&self, request: Request) -> Option<Reply> {
        let mut state = self.state();
        let Request { method, path, .. } = &request;
        let seen = format!("{method} {path}");
        state.seen.push(seen);
        let fault = state.fault(&request, |what| !matches!(what, FaultKind::DropUpload(_)));
        match &fault {
            Some(FaultKind::Answer(reply)) => return Some(reply.clone()),
            Some(FaultKind::Silence) => return None,
            _ => {}
        }
        let mut reply = if request.port == state.store_port {
            store::answer(&mut state, &request)
        } else {
            api::answer(&mut state, &request)
        };
        match fault {
            Some(FaultKind::DoneBut(other)) => return Some(other),
            Some(FaultKind::CutAnswer(bytes)) => reply.cut = Some(bytes),
            Some(FaultKind::Corrupt) => reply.body[0] ^= 1,
            Some(FaultKind::TooLong) => reply.body.extend([0; 100]),
            _ => {}
        }
        Some(reply)
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn sha1(bytes: &[u8]) -> String {
    hex(&sha1::Sha1::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `git hash-object` says.
pub fn git_oid(bytes: &[u8]) -> String {
    let head = format!("blob {}\0", bytes.len());
    sha1(&[head.as_bytes(), bytes].concat())
}
