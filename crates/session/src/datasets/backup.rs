//! What an edit in place takes away, and a copy of the dataset as it was.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ulna_dataset::Dataset;
use ulna_outside::files;

use super::edit::Edit;
use crate::Stop;
use crate::error::SessionError;
use crate::failure::Interruption;

/// What an edit takes away from the dataset in `dir`, in words that end before "in DIR itself".
///
/// # Errors
/// If the dataset cannot be opened.
pub fn cost(dir: &Path, edit: &Edit) -> Result<String, SessionError> {
    let dataset = Dataset::open(dir)?;
    let of = dataset.len();
    Ok(match edit {
        Edit::Delete(episodes) => format!("this removes {} of {of} episodes", episodes.len()),
        Edit::Select(_) => format!("this keeps only some of {of} episodes"),
        Edit::Trim(_) | Edit::TrimTo { .. } => "this cuts frames off".to_owned(),
        Edit::Features(_) => "this changes the features".to_owned(),
        _ => "this changes the dataset".to_owned(),
    })
}

/// Folders in a dataset lie no deeper than this.
const DEPTH: usize = 16;
/// The endings of names that are tried, at most.
const BACKUPS: u32 = 1000;

/// Copies the dataset in `dir` to `dir.backup`, or `dir.backup-2` and so on, whichever is free; says where. The copy has its name only when
/// it is whole and on the disk, and shares no file of the dataset with it. Links to what is not of the dataset stay links.
///
/// # Errors
/// If it is no dataset, something in it is no file or cannot be copied, or by `stop`; nothing is left of the copy then.
pub fn backed_up(dir: &Path, stop: &Stop) -> Result<PathBuf, SessionError> {
    let real = dir
        .canonicalize()
        .map_err(|source| failed("finding", dir, source))?;
    let copying = Copying {
        ours: Ours::of(&Dataset::open(&real)?)?,
        stop,
    };
    let named = |what: &str| -> PathBuf {
        let mut name = real.file_name().unwrap_or_default().to_owned();
        name.push(what);
        real.with_file_name(name)
    };
    let free = |ending: &str| {
        let numbered = (2..=BACKUPS).map(|number| named(&format!(".backup-{number}{ending}")));
        let mut places = std::iter::once(named(&format!(".backup{ending}"))).chain(numbered);
        places.find(|place| place.symlink_metadata().is_err())
    };
    let (Some(place), Some(unfinished)) = (free(""), free(".unfinished")) else {
        let full = io::Error::other("every name that a backup may have is taken; remove old ones");
        return Err(failed("finding a name next to", &real, full));
    };
    // Made by this program alone: what is there already is not touched.
    fs::create_dir(&unfinished)
        .map_err(|source| failed("making the folder", &unfinished, source))?;
    let whole = (real.as_path(), unfinished.as_path());
    let copied = copying.folder(whole, Path::new(""), false);
    let copied = copied.and_then(|()| {
        fs::rename(&unfinished, &place).map_err(|source| failed("putting in place", &place, source))
    });
    if let Err(error) = copied {
        let _ = fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    Ok(place)
}

fn failed(what: &str, path: &Path, source: io::Error) -> SessionError {
    SessionError::System {
        what: format!(
            "{what} {} for the backup; the dataset is as it was",
            path.display()
        ),
        source,
    }
}

/// Which files are the dataset's, by their paths in its folder.
struct Ours(BTreeSet<PathBuf>);

impl Ours {
    /// Folders of tables, however many there are in them.
    const TABLES: [&str; 2] = ["meta/episodes", "meta/ulna"];
    /// In them a file lies so deep, its name included, and no deeper.
    const DEEPEST: usize = 4;

    fn of(dataset: &Dataset) -> Result<Self, SessionError> {
        let info = dataset.info();
        let mut files: BTreeSet<PathBuf> = ["info.json", "stats.json", "tasks.parquet"]
            .map(|name| Path::new("meta").join(name))
            .into();
        for row in dataset.episodes() {
            files.insert(info.data_file(row.data)?);
            for (camera, span) in &row.videos {
                files.insert(info.video_file(camera, span.file)?);
            }
        }
        Ok(Self(files))
    }

    fn is_file(&self, path: &Path) -> bool {
        let within = Self::TABLES.iter().any(|folder| path.starts_with(folder));
        let named = path
            .extension()
            .is_some_and(|end| end == "parquet" || end == "json");
        let table = within && named && path.components().count() <= Self::DEEPEST;
        table || self.0.contains(path)
    }

    fn is_on_the_way(&self, path: &Path) -> bool {
        let shallow = path.components().count() < Self::DEEPEST;
        let mut tables = Self::TABLES.iter().map(Path::new);
        let to_tables = tables.any(|table| table.starts_with(path) || path.starts_with(table));
        (shallow && to_tables) || self.0.iter().any(|file| file.starts_with(path))
    }
}

/// A copy that is being made.
struct Copying<'a> {
    ours: Ours,
    stop: &'a Stop,
}

impl Copying<'_> {
    /// Copies what is at `within` in the one folder to the other. Behind a link that leads out of the dataset only files of the dataset count.
    fn folder(
        &self,
        (from, to): (&Path, &Path),
        within: &Path,
        behind_a_link: bool,
    ) -> Result<(), SessionError> {
        let (source, target) = (from.join(within), to.join(within));
        if within.components().count() > DEPTH {
            let deep = io::Error::other("its folders lie too deep, or lead in a circle");
            return Err(failed("copying", &source, deep));
        }
        for entry in fs::read_dir(&source).map_err(|error| failed("listing", &source, error))? {
            let entry = entry.map_err(|error| failed("listing", &source, error))?;
            if self.stop.requested().is_some() {
                return Err(Interruption::Copying.into());
            }
            let within = within.join(entry.file_name());
            if within != Path::new(".ulna") {
                self.entry((from, to), &within, behind_a_link)?;
            }
        }
        File::open(&target)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| failed("syncing", &target, error))
    }

    fn entry(
        &self,
        roots: (&Path, &Path),
        within: &Path,
        behind_a_link: bool,
    ) -> Result<(), SessionError> {
        let (path, target) = (roots.0.join(within), roots.1.join(within));
        let reading = |source| failed("reading", &path, source);
        let mut found = fs::symlink_metadata(&path).map_err(reading)?;
        let ours = self.ours.is_file(within) || self.ours.is_on_the_way(within);
        let link = found.is_symlink();
        if link && !ours && !behind_a_link {
            let to = fs::read_link(&path).map_err(reading)?;
            let linked = std::os::unix::fs::symlink(to, &target);
            return linked.map_err(|source| failed("linking", &target, source));
        } else if !ours && (link || behind_a_link) {
            return Ok(());
        } else if link {
            // Files of the dataset may be links, as in Hugging Face's cache: every reader follows them.
            found = fs::metadata(&path).map_err(reading)?;
        }
        if found.is_dir() {
            fs::create_dir(&target)
                .map_err(|source| failed("making the folder", &target, source))?;
            return self.folder(roots, within, link || behind_a_link);
        }
        // A pipe would keep a reader waiting: it is refused.
        let copied = files::open(&path).and_then(|mut source| {
            files::create(&target, |file| io::copy(&mut source, file).map(|_| ()))
        });
        copied.map_err(|source| failed("copying", &path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::os::unix::fs::symlink;

    /// A dataset without episodes, and a folder next to it that is none of its.
    fn scene() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data");
        let spec = ulna_dataset::Spec::new(30);
        ulna_dataset::Writer::create(&dir, &spec).unwrap();
        fs::create_dir_all(folder.path().join("elsewhere/inner")).unwrap();
        fs::write(folder.path().join("elsewhere/large"), "large").unwrap();
        (folder, dir)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_backup_is_whole_shares_nothing_and_takes_a_free_name() {
        let (folder, dir) = scene();
        fs::write(dir.join("notes"), "one").unwrap();
        fs::create_dir_all(folder.path().join("data.backup.unfinished/of a crash")).unwrap();
        for name in ["data.backup", "data.backup-2"] {
            let made = backed_up(&dir, &Stop::new()).unwrap();
            assert_eq!(made.file_name().unwrap(), name);
            fs::write(dir.join("notes"), "two").unwrap();
            assert!(!made.join(".ulna").exists());
        }
        let first = folder.path().join("data.backup");
        assert_eq!(fs::read_to_string(first.join("notes")).unwrap(), "one");
        Dataset::open(first).unwrap();
        // Stopped or refused, it leaves nothing.
        let before = names(folder.path());
        let stop = Stop::new();
        stop.interrupt();
        assert!(backed_up(&dir, &stop).unwrap_err().is_interruption());
        let pipe = (rustix::fs::CWD, dir.join("pipe"));
        rustix::fs::mkfifoat(pipe.0, &pipe.1, rustix::fs::Mode::RUSR).unwrap();
        let error = backed_up(&dir, &Stop::new()).unwrap_err().to_string();
        assert!(error.contains("as it was"), "{error}");
        assert_eq!(names(folder.path()), before);
    }

    #[test]
    fn what_is_not_of_the_dataset_is_not_copied_through_links() {
        let (_folder, dir) = scene();
        fs::create_dir_all(dir.join("data")).unwrap();
        let meta = dir.with_file_name("meta");
        fs::rename(dir.join("meta"), &meta).unwrap();
        symlink(&meta, dir.join("meta")).unwrap();
        fs::create_dir_all(meta.join("episodes")).unwrap();
        for link in ["all", "data/chunk-009", "meta/episodes/chunk-000", "meta/x"] {
            symlink(dir.with_file_name("elsewhere"), dir.join(link)).unwrap();
        }
        symlink("..", dir.join("circle")).unwrap();
        symlink("nowhere", dir.join("data/dangling")).unwrap();
        let made = backed_up(&dir, &Stop::new()).unwrap();
        for link in ["all", "circle", "data/chunk-009", "data/dangling"] {
            assert!(made.join(link).is_symlink(), "{link}");
        }
        // The dataset's own files are copies, also those behind links; what else is behind them stays there.
        assert!(
            made.join("meta/info.json")
                .symlink_metadata()
                .unwrap()
                .is_file()
        );
        assert!(!made.join("meta").is_symlink());
        assert!(made.join("meta/x").symlink_metadata().is_err());
        assert_eq!(names(&made.join("meta/episodes/chunk-000")), [""; 0]);
        Dataset::open(made).unwrap();
    }
}
