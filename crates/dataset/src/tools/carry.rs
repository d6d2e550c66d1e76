//! Taking files over as they are.

use std::io::{Read, Write};
use std::path::Path;

use crate::error::{IoContext, Result};
use crate::fs::{STAGING, make_dirs, move_into, parent};
use crate::tools::work::Work;

/// Gives the new dataset in `root` a file of an old one. An edit in place gives it a second name where the file system
/// can, since the first one goes; two datasets that both stay get a copy each, because LeRobot's tools write into files
/// that are there.
pub(crate) fn take_over(work: &mut Work, from: &Path, root: &Path, relative: &Path) -> Result<()> {
    let fs = work.fs.clone();
    let to = root.join(relative);
    let folder = parent(&to);
    make_dirs(&*fs, &folder)?;
    if work.may_link && fs.hard_link(from, &to).is_ok() {
        return fs.sync_dir(&folder).at("sync the folder", &folder);
    }
    let aside = root.join(STAGING).join("writing");
    let mut source = std::fs::File::open(from).at("open", from)?;
    let mut file = fs.create(&aside).at("create", &aside)?;
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

/// What the format itself puts into a dataset's folder; everything else is the user's.
const OURS: [&str; 5] = ["data", "meta", "videos", "images", STAGING];

/// Takes over what else stands in a dataset's folder (a card, a licence, a repository), for edits in place.
pub(crate) fn other_files(work: &mut Work, from: &Path, root: &Path) -> Result<()> {
    for entry in std::fs::read_dir(from).at("list", from)? {
        let name = entry.at("list", from)?.file_name();
        if !OURS.iter().any(|ours| name == *ours) {
            tree(work, from, root, Path::new(&name))?;
        }
    }
    Ok(())
}

fn tree(work: &mut Work, from: &Path, root: &Path, relative: &Path) -> Result<()> {
    let path = from.join(relative);
    let kind = path.symlink_metadata().at("look at", &path)?;
    if kind.is_symlink() {
        return link(&path, &root.join(relative));
    }
    if !kind.is_dir() {
        return take_over(work, &path, root, relative);
    }
    make_dirs(&*work.fs, &root.join(relative))?;
    for entry in std::fs::read_dir(&path).at("list", &path)? {
        let name = entry.at("list", &path)?.file_name();
        tree(work, from, root, &relative.join(name))?;
    }
    Ok(())
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
