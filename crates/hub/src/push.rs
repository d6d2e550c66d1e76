//! From a folder to a repository: compare, announce, send, publish, tag.
//!
//! Nothing is visible before the commit, and the commit makes everything visible at once. Only a repository that holds none of this
//! yet is filled in several commits if there are many files, with the main file in the last one: until then it is no dataset.

use std::collections::{BTreeMap, BTreeSet};

use ulna_dataset::INFO_PATH;

use crate::api::RemoteFile;
use crate::client::{HubClient, Session};
use crate::commit::{Change, CommitText, MOST_INSIDE, UploadMode};
use crate::error::{HubError, Result};
use crate::hash::{self, HashKind};
use crate::lfs::LargeFile;
use crate::local::{Folder, LocalFile, POLICY_PATH, WHOLE};
use crate::names::is_private;
use crate::options::PushOptions;
use crate::repo::{MAIN, Repo, RepoKind};
use crate::watch::{Meter, Step, Watch};

/// Changes in one commit while a repository is filled for the first time. The Hub advises commits of hundreds of files at most.
const FILLING: usize = 500;

/// What a push did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Where it is to be seen.
    pub url: String,
    /// Whether the repository was made.
    pub created: bool,
    /// The commit that has it all. None after a dry run.
    pub commit: Option<String>,
    /// Files that were published, sorted.
    pub files: Vec<String>,
    /// Bytes of these.
    pub bytes: u64,
    /// Large files that were sent: the server had the content of the others.
    pub sent_files: u64,
    /// Bytes of these.
    pub sent_bytes: u64,
    /// Files that were there already, as they are.
    pub unchanged: usize,
    /// Files that were removed because the dataset has them no more, sorted.
    pub deleted: Vec<String>,
    /// The tag of a dataset that names its format and leads to this commit.
    pub tag: Option<String>,
}

/// Publishes the folder in the repository, on the branch that is its revision. Done again after an interruption, it goes on where it was.
///
/// Of a dataset, files in `data`, `meta` and `videos` that the folder hasn't are removed in the same commit, and on the main branch the
/// tag that LeRobot looks for (such as `v3.0`) is set. Hidden and temporary files stay at home, there as here.
///
/// # Errors
/// [`HubError`], with what to do.
pub fn push(
    client: &HubClient,
    folder: &Folder,
    repo: &Repo,
    options: &PushOptions,
    watch: &dyn Watch,
) -> Result<Pushed> {
    Session::run(client, watch, |session| {
        Push {
            session,
            folder,
            repo,
            options,
        }
        .run()
    })
}

struct Push<'a> {
    session: &'a Session<'a>,
    folder: &'a Folder,
    repo: &'a Repo,
    options: &'a PushOptions,
}

/// What is to be done.
struct Plan<'a> {
    /// Files that the repository lacks or has otherwise.
    add: Vec<&'a LocalFile>,
    delete: Vec<String>,
    unchanged: usize,
    /// Whether the repository has this kind of thing already.
    present: bool,
}

impl Plan<'_> {
    fn is_empty(&self) -> bool {
        self.add.is_empty() && self.delete.is_empty()
    }
}

impl<'a> Push<'a> {
    fn run(&self) -> Result<Pushed> {
        let (created, head) = self.head()?;
        let plan = self.plan(head.as_deref())?;
        let mut pushed = Pushed {
            url: self.session.client.endpoint().at(&self.repo.page()),
            created,
            commit: head.clone().filter(|_| !self.options.dry_run),
            files: plan.add.iter().map(|file| file.name.clone()).collect(),
            bytes: plan.add.iter().map(|file| file.bytes).sum(),
            sent_files: 0,
            sent_bytes: 0,
            unchanged: plan.unchanged,
            deleted: plan.delete.clone(),
            tag: None,
        };
        if self.options.dry_run {
            return Ok(pushed);
        }
        if !plan.is_empty() {
            let (changes, sent) = self.changes(&plan)?;
            (pushed.sent_files, pushed.sent_bytes) = sent;
            pushed.commit = Some(self.publish(&plan, &changes, head)?);
        }
        // As LeRobot's loader wants it. A branch for trying things out must not become what every user loads.
        let version = self.folder.version().filter(|_| self.is_main());
        if let (Some(version), Some(commit)) = (version, &pushed.commit) {
            self.session.tag(self.repo, version, commit)?;
            pushed.tag = Some(version.to_owned());
        }
        Ok(pushed)
    }

    fn is_main(&self) -> bool {
        self.repo.revision() == MAIN
    }

    /// Finds or makes the repository and the branch; says whether it was made, and the newest commit.
    fn head(&self) -> Result<(bool, Option<String>)> {
        let (session, repo) = (self.session, self.repo);
        let (info, created) = match session.find(repo)? {
            Some(info) => (info, false),
            None if self.options.dry_run => return Ok((true, None)),
            None if self.options.create => {
                session.create(repo, self.options.private)?;
                (session.info(&repo.clone().at(MAIN)?)?, true)
            }
            None => (session.info(repo)?, false), // which says why
        };
        if self.options.private && !info.private {
            return Err(HubError::Public {
                repo: repo.to_string(),
                endpoint: session.client.endpoint().to_string(),
            });
        }
        let info = match (session.branch(repo)?, self.options.dry_run) {
            (Some(info), _) => info,
            (None, true) => info,
            (None, false) if self.is_main() => info,
            (None, false) => {
                session.create_branch(repo)?;
                session.info(repo)?
            }
        };
        Ok((created, info.sha))
    }

    /// Compares the folder with the repository.
    fn plan(&self, head: Option<&str>) -> Result<Plan<'a>> {
        let remote = match head {
            Some(head) => self.session.list(self.repo, head)?,
            None => Vec::new(),
        };
        let remote: BTreeMap<&str, &RemoteFile> = (remote.iter())
            .map(|file| (file.name.as_str(), file))
            .collect();
        let files = self.folder.files();
        let candidate = |file: &&LocalFile| {
            let there = remote.get(file.name.as_str());
            there.is_some_and(|there| there.bytes == file.bytes)
        };
        let candidates: Vec<&LocalFile> = files.iter().filter(candidate).collect();
        let bytes = candidates.iter().map(|file| file.bytes).sum();
        let meter = Meter::new(self.session.watch, Step::Comparing, bytes);
        let same = std::sync::Mutex::new(BTreeSet::new());
        self.session.each(&candidates, |file| {
            let Some(there) = remote.get(file.name.as_str()) else {
                return Ok(());
            };
            let (kind, size) = (there.hash_kind, file.bytes);
            let ours = hash::of_file(self.session, kind, &file.path, size, Some(&meter))?;
            if ours.as_ref() == Some(&there.hash) {
                let mut same = same
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                same.insert(file.name.as_str());
            }
            Ok(())
        })?;
        let same = same
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let add = files.iter();
        let add: Vec<&LocalFile> = add
            .filter(|file| !same.contains(file.name.as_str()))
            .collect();
        let ours: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let is_dataset = self.folder.kind() == RepoKind::Dataset;
        let whole = |name: &str| WHOLE.iter().any(|folder| name.starts_with(folder));
        let gone =
            |name: &&str| is_dataset && whole(name) && !is_private(name) && !ours.contains(*name);
        let delete = remote.keys().copied().filter(gone).map(str::to_owned);
        Ok(Plan {
            delete: delete.collect(),
            unchanged: same.len(),
            present: remote.contains_key(match self.folder.kind() {
                RepoKind::Dataset => INFO_PATH,
                RepoKind::Model => POLICY_PATH,
            }),
            add,
        })
    }

    /// Announces the files and sends the large ones; says what the commit is made of, and how many files and bytes were sent.
    fn changes(&self, plan: &Plan<'a>) -> Result<(Vec<Change<'a>>, (u64, u64))> {
        let session = self.session;
        let modes = session.modes(self.repo, &plan.add)?;
        let files: Vec<(&LocalFile, UploadMode)> = plan.add.iter().copied().zip(modes).collect();
        let of = |mode| files.iter().filter(move |(_, its)| *its == mode);
        let bytes = of(UploadMode::Lfs).map(|(file, _)| file.bytes).sum();
        let meter = Meter::new(session.watch, Step::Comparing, bytes);
        let mut large = Vec::new();
        for (file, _) in of(UploadMode::Lfs) {
            let kind = HashKind::Sha256;
            let sha256 = hash::of_file(session, kind, &file.path, file.bytes, Some(&meter))?;
            let sha256 = sha256.ok_or_else(|| HubError::Changed {
                path: file.path.clone(),
            })?;
            large.push(LargeFile { file, sha256 });
        }
        let sent = session.send_large(self.repo, &large)?;
        let large: BTreeMap<&str, String> = (large.into_iter())
            .map(|it| (it.file.name.as_str(), it.sha256))
            .collect();
        let mut changes: Vec<Change<'a>> = Vec::new();
        for (file, _) in &files {
            changes.push(match large.get(file.name.as_str()) {
                Some(sha256) => Change::Large {
                    file,
                    sha256: sha256.clone(),
                },
                None => Change::Regular(file),
            });
        }
        changes.extend(plan.delete.iter().cloned().map(Change::Delete));
        Ok((changes, sent))
    }

    /// Makes it visible; says by which commit.
    fn publish(
        &self,
        plan: &Plan<'a>,
        changes: &[Change<'a>],
        mut head: Option<String>,
    ) -> Result<String> {
        let batches = batches(changes, plan.present)?;
        let count = batches.len();
        let meter = Meter::new(self.session.watch, Step::Publishing, changes.len() as u64);
        for (index, batch) in batches.into_iter().enumerate() {
            let summary = match count {
                1 => self.options.message.clone(),
                _ => format!("{} ({} of {count})", self.options.message, index + 1),
            };
            let text = CommitText {
                summary: &summary,
                parent: head.as_deref(),
            };
            head = match self.session.commit(self.repo, &text, &batch)? {
                Some(commit) => Some(commit),
                None => Some(self.already(&batch)?),
            };
            meter.add(batch.len() as u64);
        }
        head.ok_or_else(|| HubError::Moved {
            repo: self.repo.to_string(),
            revision: self.repo.revision().to_owned(),
        })
    }

    /// Another commit is in front of ours. It may be our own, if the answer to an earlier attempt was lost: then all is there.
    fn already(&self, changes: &[Change<'_>]) -> Result<String> {
        let moved = || HubError::Moved {
            repo: self.repo.to_string(),
            revision: self.repo.revision().to_owned(),
        };
        let head = self.session.info(self.repo)?.sha.ok_or_else(moved)?;
        let remote = self.session.list(self.repo, &head)?;
        let remote: BTreeMap<&str, &RemoteFile> = (remote.iter())
            .map(|file| (file.name.as_str(), file))
            .collect();
        for change in changes {
            let there = match change {
                Change::Delete(path) => !remote.contains_key(path.as_str()),
                Change::Large { file, sha256 } => (remote.get(file.name.as_str()))
                    .is_some_and(|it| it.hash_kind == HashKind::Sha256 && it.hash == *sha256),
                Change::Regular(file) => {
                    let (kind, size) = (HashKind::GitSha1, file.bytes);
                    let ours = hash::of_file(self.session, kind, &file.path, size, None)?;
                    let theirs = remote.get(file.name.as_str());
                    theirs.is_some_and(|it| ours.as_ref() == Some(&it.hash))
                }
            };
            if !there {
                return Err(moved());
            }
        }
        Ok(head)
    }
}

/// One commit; or, as long as there is no main file that makes it a dataset, several, with the main file in the last.
fn batches<'a>(changes: &[Change<'a>], present: bool) -> Result<Vec<Vec<Change<'a>>>> {
    let inside = |change: &Change<'_>| match change {
        Change::Regular(file) => file.bytes,
        _ => 0,
    };
    let last = |change: &Change<'_>| match change {
        Change::Regular(file) | Change::Large { file, .. } => {
            // Within meta/, what names the others comes after them.
            (
                file.name == INFO_PATH || file.name == POLICY_PATH,
                file.name.starts_with("meta/"),
            )
        }
        Change::Delete(_) => (false, false),
    };
    let mut ordered = changes.to_vec();
    ordered.sort_by_key(last);
    let mut batches: Vec<Vec<Change<'a>>> = vec![Vec::new()];
    let mut bytes = 0;
    for change in ordered {
        let more = inside(&change);
        let batch = batches.last().map_or(0, Vec::len);
        if batch > 0 && !present && (batch >= FILLING || bytes + more > MOST_INSIDE) {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += more;
        if bytes > MOST_INSIDE {
            return Err(HubError::TooMuch {
                what: "what the server wants inside one commit".to_owned(),
                limit: MOST_INSIDE,
                unit: "bytes",
            });
        }
        if let Some(batch) = batches.last_mut() {
            batch.push(change);
        }
    }
    Ok(batches)
}
