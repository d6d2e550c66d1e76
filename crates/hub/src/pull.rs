//! From a repository to a folder: list, compare, receive, put in place.
//!
//! Files are received under `.hub` in the folder, named by their content, so that an interrupted pull goes on with what is there. When all
//! are there and checked, they take their names, the main file last: a folder that looks like a dataset is one.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ulna_dataset::INFO_PATH;
use ulna_outside::files;

use crate::api::RemoteFile;
use crate::client::{HubClient, Session};
use crate::error::{HubError, Result};
use crate::explain::repository_hint;
use crate::hash::{self, HashKind};
use crate::links::{refuse_link, refuse_links_to};
use crate::local::{POLICY_PATH, WHOLE, refuse_unfinished};
use crate::names::{is_private, refuse_collisions, refuse_hostile};
use crate::options::PullOptions;
use crate::repo::{Repo, RepoKind};
use crate::watch::{Meter, Step, Watch};

/// Where files wait until all are there.
const WAITING: &str = ".hub";
/// What keeps a second pull out.
const LOCK: &str = "lock";
/// The end of the names of files that are not whole yet.
const INCOMPLETE: &str = ".incomplete";
/// Left free on the disk.
const SPARE: u64 = 16 << 20;

/// What a pull did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Where to.
    pub dir: PathBuf,
    /// The commit.
    pub commit: String,
    /// Files that were received.
    pub files: usize,
    /// Bytes of these.
    pub bytes: u64,
    /// Files that were there already, as they should be.
    pub unchanged: usize,
    /// Files of the repository that were not asked for.
    pub left_out: usize,
    /// Files that were removed because the repository has them no more, sorted.
    pub deleted: Vec<String>,
}

/// Brings the repository into the folder, which is made if need be. Done again after an interruption, it goes on where it was.
///
/// Every file is checked against the repository's hash of it. Hidden files, such as `.gitattributes`, stay there.
///
/// # Errors
/// [`HubError`], with what to do.
pub fn pull(
    client: &HubClient,
    repo: &Repo,
    dir: &Path,
    options: &PullOptions,
    watch: &dyn Watch,
) -> Result<Pulled> {
    Session::run(client, watch, |session| {
        Pull {
            session,
            repo,
            dir,
            options,
        }
        .run()
    })
}

/// What `id` is at this server: a dataset or a policy.
///
/// # Errors
/// [`HubError::NotFound`] if it is neither, [`HubError::Ambiguous`] if there is one of each.
pub fn kind_of(client: &HubClient, id: &str, watch: &dyn Watch) -> Result<RepoKind> {
    let dataset = Repo::new(RepoKind::Dataset, id)?;
    let model = Repo::new(RepoKind::Model, id)?;
    Session::run(client, watch, |session| {
        let endpoint = || session.client.endpoint().to_string();
        match (session.find(&dataset)?, session.find(&model)?) {
            (Some(_), None) => Ok(RepoKind::Dataset),
            (None, Some(_)) => Ok(RepoKind::Model),
            (Some(_), Some(_)) => Err(HubError::Ambiguous {
                id: id.to_owned(),
                endpoint: endpoint(),
            }),
            (None, None) => Err(HubError::NotFound {
                what: format!("pull {id}"),
                endpoint: endpoint(),
                missing: format!("dataset or policy {id}"),
                hint: repository_hint(session),
            }),
        }
    })
}

struct Pull<'a> {
    session: &'a Session<'a>,
    repo: &'a Repo,
    dir: &'a Path,
    options: &'a PullOptions,
}

/// How the folder compares.
struct Plan {
    missing: Vec<RemoteFile>,
    unchanged: usize,
    /// Files that the repository has otherwise.
    differing: Vec<String>,
    /// Files of the dataset that the repository lacks.
    foreign: Vec<String>,
}

impl Pull<'_> {
    fn run(&self) -> Result<Pulled> {
        let session = self.session;
        let info = session.info(self.repo)?;
        let commit = info.sha.ok_or_else(|| HubError::NotFound {
            what: format!("pull {}", self.repo),
            endpoint: session.client.endpoint().to_string(),
            missing: format!("files of {}", self.repo),
            hint: ": the repository is empty",
        })?;
        // Listed and received at one commit, whatever is published meanwhile.
        let listed = session.list(self.repo, &commit)?;
        let public: Vec<RemoteFile> = (listed.into_iter())
            .filter(|file| !is_private(&file.name))
            .collect();
        let all: BTreeSet<String> = public.iter().map(|file| file.name.clone()).collect();
        let wanted: Vec<RemoteFile> = (public.into_iter())
            .filter(|file| self.options.filter.takes(&file.name))
            .collect();
        for file in &wanted {
            refuse_hostile(&file.name)?;
            refuse_links_to(self.dir, &file.name)?;
        }
        refuse_collisions(wanted.iter().map(|file| file.name.as_str()))?;
        let left_out = all.len() - wanted.len();
        if self.repo.kind() == RepoKind::Dataset && self.dir.join(INFO_PATH).is_file() {
            self.refuse_recording()?;
        }
        let plan = self.compare(wanted, &all)?;
        self.refuse_loss(&plan)?;
        let bytes = plan.missing.iter().map(|file| file.bytes).sum();
        self.receive(&commit, &plan.missing, bytes)?;
        for name in &plan.foreign {
            let path = self.dir.join(name);
            fs::remove_file(&path).map_err(HubError::file("remove", &path))?;
        }
        Ok(Pulled {
            dir: self.dir.to_owned(),
            commit,
            files: plan.missing.len(),
            bytes,
            unchanged: plan.unchanged,
            left_out,
            deleted: plan.foreign,
        })
    }

    /// A dataset that is being recorded is not replaced under the recorder's hands.
    fn refuse_recording(&self) -> Result<()> {
        match refuse_unfinished(self.dir) {
            // What is merely damaged may well be pulled again.
            Err(HubError::Unfinished { why, .. }) if !why.contains("recording") => Ok(()),
            other => other,
        }
    }

    fn compare(&self, wanted: Vec<RemoteFile>, all: &BTreeSet<String>) -> Result<Plan> {
        let mut plan = Plan {
            missing: Vec::new(),
            unchanged: 0,
            differing: Vec::new(),
            foreign: Vec::new(),
        };
        let size = |file: &RemoteFile| fs::metadata(self.dir.join(&file.name)).map(|it| it.len());
        let equal = |file: &&RemoteFile| size(file).is_ok_and(|size| size == file.bytes);
        let bytes = wanted.iter().filter(equal).map(|file| file.bytes).sum();
        let meter = Meter::new(self.session.watch, Step::Comparing, bytes);
        for file in wanted {
            let path = self.dir.join(&file.name);
            match fs::metadata(&path) {
                Ok(meta) if meta.is_dir() => {
                    return Err(HubError::Folder {
                        dir: path,
                        why: "is a folder, and a file in the repository; move it away".to_owned(),
                    });
                }
                Ok(meta) if meta.len() == file.bytes => {
                    let (kind, size) = (file.hash_kind, file.bytes);
                    let ours = hash::of_file(self.session, kind, &path, size, Some(&meter))?;
                    if ours.as_ref() == Some(&file.hash) {
                        plan.unchanged += 1;
                        continue;
                    }
                    plan.differing.push(file.name.clone());
                }
                Ok(_) => plan.differing.push(file.name.clone()),
                Err(_) => {}
            }
            plan.missing.push(file);
        }
        if self.repo.kind() == RepoKind::Dataset {
            for folder in WHOLE {
                let folder = folder.trim_end_matches('/');
                refuse_link(&self.dir.join(folder))?;
                foreign(&self.dir.join(folder), folder, all, &mut plan.foreign)?;
            }
            plan.foreign.sort();
        }
        Ok(plan)
    }

    fn refuse_loss(&self, plan: &Plan) -> Result<()> {
        let lost = plan.differing.iter().chain(&plan.foreign);
        let count = lost.clone().count();
        if count == 0 || self.options.overwrite {
            return Ok(());
        }
        let mut examples: Vec<&str> = lost.take(3).map(String::as_str).collect();
        if count > examples.len() {
            examples.push("…");
        }
        Err(HubError::InTheWay {
            dir: self.dir.to_owned(),
            count,
            examples: examples.join(", "),
        })
    }

    /// Receives the files, then puts them in place.
    fn receive(&self, commit: &str, missing: &[RemoteFile], bytes: u64) -> Result<()> {
        let waiting = self.dir.join(WAITING);
        refuse_link(&waiting)?;
        fs::create_dir_all(&waiting).map_err(HubError::file("make", &waiting))?;
        let _lock = self.lock(&waiting)?;
        self.refuse_full_disk(missing)?;
        let meter = Meter::new(self.session.watch, Step::Receiving, bytes);
        self.session.each(missing, |file| {
            let partial = self.waiting(file);
            self.session
                .fetch(self.repo, commit, file, &partial, &meter)
        })?;
        let is_main = |name: &str| name == INFO_PATH || name == POLICY_PATH;
        let mut ordered: Vec<&RemoteFile> = missing.iter().collect();
        ordered.sort_by_key(|file| (is_main(&file.name), file.name.starts_with("meta/")));
        let mut folders = BTreeSet::new();
        for file in ordered {
            let path = self.dir.join(&file.name);
            let folder = path.parent().unwrap_or(self.dir);
            fs::create_dir_all(folder).map_err(HubError::file("make", folder))?;
            if is_main(&file.name) {
                sync(&folders)?;
            }
            let from = self.waiting(file);
            fs::rename(&from, &path).map_err(HubError::file("put in place", &path))?;
            folders.insert(folder.to_owned());
        }
        sync(&folders)?;
        remove_waiting(&waiting)
    }

    /// Two pulls at once would write the same files. The lock ends with the value, or with the program.
    fn lock(&self, waiting: &Path) -> Result<fs::File> {
        let path = waiting.join(LOCK);
        refuse_link(&path)?;
        let lock = files::append(&path).map_err(HubError::file("write", &path))?;
        match lock.try_lock() {
            Err(fs::TryLockError::WouldBlock) => Err(HubError::Folder {
                dir: self.dir.to_owned(),
                why: "is being pulled into by another program; wait until that has ended"
                    .to_owned(),
            }),
            // Where files cannot be locked, people take care.
            Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(lock),
        }
    }

    /// Where a file waits: known by its content, which may be the same for two names.
    fn waiting(&self, file: &RemoteFile) -> PathBuf {
        let name = hash::of_bytes(HashKind::GitSha1, file.name.as_bytes());
        let name = name.get(..12).unwrap_or(&name);
        self.dir
            .join(WAITING)
            .join(format!("{}-{name}{INCOMPLETE}", file.hash))
    }

    fn refuse_full_disk(&self, missing: &[RemoteFile]) -> Result<()> {
        let left = |file: &RemoteFile| {
            let have = fs::metadata(self.waiting(file)).map_or(0, |meta| meta.len());
            file.bytes.saturating_sub(have)
        };
        let mut needed: u64 = SPARE;
        for file in missing {
            needed = needed.saturating_add(left(file));
        }
        match free(self.dir) {
            Some(free) if free < needed => Err(HubError::DiskFull {
                dir: self.dir.to_owned(),
                needed,
                free,
            }),
            _ => Ok(()),
        }
    }
}

/// Removes what waits, which belongs to files that are not wanted any more, and the folder if nothing else is in it.
fn remove_waiting(waiting: &Path) -> Result<()> {
    for entry in fs::read_dir(waiting).map_err(HubError::file("read", waiting))? {
        let entry = entry.map_err(HubError::file("read", waiting))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name == LOCK || name.ends_with(INCOMPLETE) {
            let path = entry.path();
            fs::remove_file(&path).map_err(HubError::file("remove", &path))?;
        }
    }
    match fs::remove_dir(waiting) {
        Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => {
            Err(HubError::file("remove", waiting)(error))
        }
        _ => Ok(()),
    }
}

/// Files below a folder that the repository hasn't.
fn foreign(
    dir: &Path,
    prefix: &str,
    all: &BTreeSet<String>,
    found: &mut Vec<String>,
) -> Result<()> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry.map_err(HubError::file("read", dir))?;
        let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        let kind = entry
            .file_type()
            .map_err(HubError::file("read", entry.path()))?;
        if is_private(&name) {
            continue;
        }
        if kind.is_dir() {
            foreign(&entry.path(), &name, all, found)?;
        } else if !all.contains(&name) {
            found.push(name);
        }
    }
    Ok(())
}

/// Makes renames last.
fn sync(folders: &BTreeSet<PathBuf>) -> Result<()> {
    if cfg!(unix) {
        for folder in folders {
            fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(HubError::file("write", folder))?;
        }
    }
    Ok(())
}

/// Bytes that may be written to the disk of a folder.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn free(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn free(_dir: &Path) -> Option<u64> {
    None
}
