//! Taking files over as they are.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::episodes::EPISODES_DIR;
use crate::error::{DatasetError, IoContext, Result};
use crate::format::INFO_PATH;
use crate::fs::{STAGING, parent};
use crate::inside::{self, Kind, kind};
use crate::paths::referred;
use crate::place_file::move_into;
use crate::reader::Dataset;
use crate::stats::STATS_PATH;
use crate::tasks::TASKS_PATH;
use crate::tools::work::Work;

/// Gives the new dataset in `root` a file of an old one. An edit in place gives it a second name where the file system
/// can, since the first one goes; two datasets that both stay get a copy each, because LeRobot's tools write into files
/// that are there.
pub(crate) fn take_over(work: &mut Work, from: &Path, root: &Path, relative: &Path) -> Result<()> {
    let fs = work.fs.clone();
    let to = root.join(relative);
    let folder = parent(&to);
    if kind(&to)? != Kind::Absent {
        // A second file for one name would be the end of the first.
        return Err(DatasetError::Occupied { path: to });
    }
    inside::make_dirs(&*fs, root, relative.parent().unwrap_or(Path::new("")))?;
    if work.may_link(from) && fs.hard_link(from, &to).is_ok() {
        return fs.sync_dir(&folder).at("sync the folder", &folder);
    }
    let aside = root.join(STAGING).join("writing");
    let mut source = ulna_outside::files::open(from).at("open", from)?;
    let mut file = inside::create(&*fs, &aside)?;
    let mut block = vec![0; 1 << 20];
    loop {
        let read = source.read(&mut block).at("read", from)?;
        if read == 0 {
            break;
        }
        file.write_all(&block[..read]).at("write", &aside)?;
        work.advance(0)?;
    }
    file.sync().at("sync", &aside)?;
    drop(file);
    move_into(&*fs, root, &aside, relative)
}

/// The folders of the format.
const FOLDERS: [&str; 4] = ["data", "meta", "videos", "images"];

/// Takes over what else stands in a dataset's folder, for edits in place: a card, a licence, a repository, and files in the
/// format's own folders that belong to no episode.
pub(crate) fn other_files(work: &mut Work, source: &Dataset, root: &Path) -> Result<()> {
    let from = source.root();
    let needed = referred(source.info(), source.episodes())?;
    for entry in std::fs::read_dir(from).at("list", from)? {
        let name = entry.at("list", from)?.file_name();
        if name == STAGING {
            continue;
        }
        let ours = FOLDERS.iter().any(|ours| name == *ours);
        // What a link in the place of such a folder leads to is not the dataset's, and its name goes.
        if !ours || kind(&from.join(&name))? == Kind::Folder {
            tree(work, &needed, (from, root), Path::new(&name))?;
        }
    }
    Ok(())
}

/// Whether an edit replaces this file, or leaves it out with its episodes.
fn is_ours(needed: &BTreeSet<PathBuf>, relative: &Path) -> bool {
    let table = relative.starts_with(EPISODES_DIR)
        && relative.components().count() == 4
        && relative.extension().is_some_and(|e| e == "parquet");
    let meta = [INFO_PATH, STATS_PATH, TASKS_PATH]
        .iter()
        .any(|ours| relative == Path::new(ours));
    table || meta || relative.starts_with("meta/ulna") || needed.contains(relative)
}

/// Whether files of the format are behind this name.
fn leads_to_ours(needed: &BTreeSet<PathBuf>, relative: &Path) -> bool {
    Path::new(EPISODES_DIR).starts_with(relative)
        || relative.starts_with(EPISODES_DIR)
        || needed.iter().any(|file| file.starts_with(relative))
}

fn tree(
    work: &mut Work,
    needed: &BTreeSet<PathBuf>,
    (from, root): (&Path, &Path),
    relative: &Path,
) -> Result<()> {
    let path = from.join(relative);
    let to = root.join(relative);
    match kind(&path)? {
        Kind::Folder => {
            for entry in std::fs::read_dir(&path).at("list", &path)? {
                let name = entry.at("list", &path)?.file_name();
                tree(work, needed, (from, root), &relative.join(name))?;
            }
            let in_format = FOLDERS.iter().any(|ours| relative.starts_with(ours));
            match in_format {
                // A folder of the format that is empty now was one of files that are elsewhere.
                true => Ok(()),
                false => inside::make_dirs(&*work.fs.clone(), root, relative),
            }
        }
        _ if is_ours(needed, relative) => Ok(()),
        // The folder that it leads to stays with its files, which were taken over from there.
        Kind::Link if leads_to_ours(needed, relative) => Ok(()),
        _ if kind(&to)? != Kind::Absent => Err(DatasetError::Occupied { path }),
        Kind::Link => {
            let folder = relative.parent().unwrap_or(Path::new(""));
            inside::make_dirs(&*work.fs.clone(), root, folder)?;
            link(&path, &to)
        }
        Kind::File => take_over(work, &path, root, relative),
        Kind::Absent | Kind::Other => Err(DatasetError::invalid(
            path.display().to_string(),
            "is no file, and an edit has no way to keep it; move it out of the dataset",
        )),
    }
}

#[cfg(unix)]
fn link(path: &Path, to: &Path) -> Result<()> {
    let target = std::fs::read_link(path).at("read the link", path)?;
    std::os::unix::fs::symlink(target, to).at("link", to)
}

#[cfg(not(unix))]
fn link(path: &Path, to: &Path) -> Result<()> {
    std::fs::copy(path, to).map(|_| ()).at("copy", path)
}
