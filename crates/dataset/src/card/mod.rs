//! The dataset card: `README.md`, which the Hub shows for a dataset.
//!
//! The text between two comment lines is ours and is replaced each time; everything else is the user's and stays, in
//! the YAML front matter as well, where only missing keys are added. There is no date in it: a recording on the virtual
//! clock is the same bytes every time.
//!
//! Reading order: `text.rs` what it says, `front_matter.rs` the keys for the Hub, `merge.rs` how both come into a file that is
//! there already.

mod front_matter;
mod markdown;
mod merge;
mod text;

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, RealFs, STAGING, remove_if_there};
use crate::inside;
use crate::lock::lock;
use crate::place_file::put;
use crate::reader::Dataset;
use crate::setters::setters;

use merge::holds_ours;

/// Where the card stands in a dataset.
pub const CARD_PATH: &str = "README.md";
/// A card that is longer is not read; the Hub's own are some kilobytes.
const LONGEST: u64 = 4 << 20;

/// How a card is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardOptions {
    /// The licence of the data, by its identifier on the Hub, such as `apache-2.0`. Without one, none is claimed, and what
    /// the card says stays.
    pub license: Option<String>,
    /// Put our part at the end of a card that has none, since ulna did not write it.
    pub force: bool,
}

setters!(CardOptions {
    license: Option<String>,
    force: bool,
});

/// A card that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Card {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is another than before.
    pub changed: bool,
}

/// The card of a dataset that has none yet.
///
/// # Errors
/// If ulna's manifest cannot be read.
pub fn card(dataset: &Dataset) -> Result<String> {
    let ours = text::generated(dataset)?;
    Ok(merge::merged("", &ours, None))
}

/// Writes or refreshes the card of the dataset in `dir`, aside first and then in its place.
///
/// # Errors
/// If the dataset cannot be opened or is being written, the licence is no identifier, the card that is there has no part of
/// ours and `force` is not set, or it cannot be read or written.
pub fn write_card(dir: impl AsRef<Path>, options: &CardOptions) -> Result<Card> {
    write_on(&RealFs, dir.as_ref(), options)
}

fn write_on(fs: &dyn Fs, dir: &Path, options: &CardOptions) -> Result<Card> {
    let dataset = Dataset::open(dir)?;
    let root = dataset.root();
    let path = root.join(CARD_PATH);
    if let Some(license) = &options.license {
        front_matter::check_license(license)?;
    }
    let before = read(root)?;
    if let Some(text) = before.as_deref()
        && !holds_ours(text)
        && !options.force
    {
        return Err(DatasetError::invalid(
            path.display().to_string(),
            "was not written by ulna; --force puts ulna's part at its end and leaves the rest as it is",
        ));
    }
    let before = before.unwrap_or_default();
    let ours = text::generated(&dataset)?;
    let after = merge::merged(&before, &ours, options.license.as_deref());
    let changed = before != after;
    if changed {
        place(fs, root, &after)?;
    }
    Ok(Card { path, changed })
}

/// Writes or refreshes the card as a recording does when it ends: one that ulna did not write stays as it is.
///
/// # Errors
/// As [`write_card`].
pub fn refresh_card(dir: impl AsRef<Path>) -> Result<()> {
    refresh_card_on(&RealFs, dir)
}

/// As [`refresh_card`], writing through `fs`.
///
/// # Errors
/// As [`write_card`].
pub fn refresh_card_on(fs: &dyn Fs, dir: impl AsRef<Path>) -> Result<()> {
    match read(dir.as_ref())? {
        Some(text) if !holds_ours(&text) => Ok(()),
        _ => write_on(fs, dir.as_ref(), &CardOptions::default()).map(|_| ()),
    }
}

/// Refreshes the card of a dataset that an edit builds in `root`, from that of the dataset `source`; a card that ulna did
/// not write stays as it is, and where there is none, none is written. The answer is what kept it from being refreshed.
pub(crate) fn carry_over(fs: &dyn Fs, source: &Path, root: &Path) -> Result<Option<String>> {
    let before = match read(source) {
        Ok(Some(before)) if holds_ours(&before) => before,
        Ok(_) => return Ok(None),
        Err(error) => return Ok(Some(format!("the card is as it was: {error}"))),
    };
    let ours = text::generated(&Dataset::open(root)?)?;
    let after = merge::merged(&before, &ours, None);
    put(fs, root, Path::new(CARD_PATH), after.as_bytes())?;
    Ok(None)
}

/// The card that is there.
fn read(root: &Path) -> Result<Option<String>> {
    let path = root.join(CARD_PATH);
    let file = match ulna_outside::files::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).at("open", &path),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .at("read", &path)?;
    let refused = |reason: &str| Err(DatasetError::invalid(path.display().to_string(), reason));
    if bytes.len() as u64 > LONGEST {
        return refused("is larger than 4 MB, which no card is; move it elsewhere");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => refused("is no text in UTF-8; move it elsewhere, or save it as UTF-8"),
    }
}

/// Writes the card under the dataset's lock; a staging folder that was made for this goes again.
fn place(fs: &dyn Fs, root: &Path, text: &str) -> Result<()> {
    let staging = root.join(STAGING);
    let new_staging = inside::staging(root)?.is_none();
    inside::make_dirs(fs, root, Path::new(STAGING))?;
    let lock = lock(root)?;
    let written = put(fs, root, Path::new(CARD_PATH), text.as_bytes());
    drop(lock);
    if new_staging {
        remove_if_there(fs, &staging.join("lock"))?;
        RealFs
            .remove_dir(&staging)
            .at("remove the folder", &staging)?;
    }
    written
}
