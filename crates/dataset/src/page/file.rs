//! Writing the page: aside, and then in its place in one step.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use ulna_outside::{Lines, files};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, RealFs};
use crate::fs::{make_dirs, parent};
use crate::inside::{in_the_way, own_file};

/// What a page of ours says of itself within its first bytes.
pub(super) const GENERATOR: &str = "ulna dataset report";
const HEAD: u64 = 1024;

/// A page that is being written.
#[derive(Debug)]
pub(super) struct PageFile {
    target: PathBuf,
    aside: PathBuf,
    file: Option<BufWriter<File>>,
    /// Bytes written so far.
    pub(super) bytes: u64,
}

impl PageFile {
    /// Begins a page that is to stand at `target`. What stands there must be a page of ours, unless `force`.
    pub(super) fn begin(target: &Path, force: bool) -> Result<PageFile> {
        let refused = |reason: &str| {
            Err(DatasetError::invalid(
                target.display().to_string(),
                reason.to_owned(),
            ))
        };
        let Some(name) = target.file_name() else {
            return refused("is no name of a file");
        };
        if target.is_dir() {
            return refused("is a folder; give the name of a file in it, such as report.html");
        }
        files::writable(target).at("write", target)?;
        if !force && target.symlink_metadata().is_ok() && !is_ours(target) {
            return refused(
                "is there already, and is no report of ulna's; choose another name, or overwrite it with --force",
            );
        }
        let folder = parent(target);
        make_dirs(&RealFs, &folder)?;
        let aside = folder.join(format!(".{}.ulna-writing", name.to_string_lossy()));
        if own_file(&aside)? {
            let left = fs::metadata(&aside).at("look at", &aside)?.len();
            if left > 0 && !is_ours(&aside) {
                return Err(in_the_way(&aside));
            }
            fs::remove_file(&aside).at("remove", &aside)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&aside);
        let file = file.at("create", &aside)?;
        Ok(PageFile {
            target: target.to_owned(),
            aside,
            file: Some(BufWriter::new(file)),
            bytes: 0,
        })
    }

    /// Writes a part.
    pub(super) fn write(&mut self, part: &str) -> Result<()> {
        if let Some(file) = &mut self.file {
            // Whatever the dataset holds, the page's source has no character that acts on an editor or a terminal either.
            let part = Lines(part).to_string();
            file.write_all(part.as_bytes()).at("write", &self.aside)?;
            self.bytes += part.len() as u64;
        }
        Ok(())
    }

    /// Puts the page in its place.
    pub(super) fn finish(mut self) -> Result<u64> {
        if let Some(file) = self.file.take() {
            let file = file.into_inner().map_err(io::IntoInnerError::into_error);
            let synced = file.and_then(|file| file.sync_data());
            let placed = synced.and_then(|()| fs::rename(&self.aside, &self.target));
            if placed.is_err() {
                let _ = fs::remove_file(&self.aside);
            }
            placed.at("write", &self.target)?;
            let folder = parent(&self.target);
            RealFs.sync_dir(&folder).at("sync the folder", &folder)?;
        }
        Ok(self.bytes)
    }
}

impl Drop for PageFile {
    /// A page that is not finished goes away again.
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.aside);
        }
    }
}

fn is_ours(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = files::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let mark = format!("<meta name=\"generator\" content=\"{GENERATOR}");
    read.is_ok() && String::from_utf8_lossy(&head).contains(&mark)
}
