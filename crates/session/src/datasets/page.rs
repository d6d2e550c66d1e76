//! `ulna dataset view --report` and `ulna dataset card`: a dataset for people, as a page and as a card.

use std::path::Path;

use serde_json::json;
use ulna_dataset::{CardOptions, PageOptions, write_card, write_page};
use ulna_outside::Text;

use super::answer::DatasetAnswer;
use super::check::speeds;
use super::edit::{ProgressListener, with_work};
use crate::Stop;
use crate::error::SessionError;

/// Writes the dataset as one HTML page to the file `report`.
///
/// # Errors
/// If the dataset cannot be opened, an episode is not there, the file is there and no report of ulna's (unless `options` say so), or it
/// cannot be written.
pub fn reported(
    dir: &Path,
    report: &Path,
    options: &PageOptions,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let mut options = options.clone();
    options.check.speeds = speeds(dir);
    let page = with_work(stop, watch, |work| write_page(dir, report, &options, work))?;
    let mut lines = page.notes.clone();
    lines.push(format!(
        "{}: {} episodes and {} pictures in {:.2} MB; open it in a browser",
        page.path.display(),
        page.episodes,
        page.pictures,
        page.bytes as f64 / 1e6
    ));
    Ok(DatasetAnswer {
        json: json!({
            "path": page.path,
            "bytes": page.bytes,
            "episodes": page.episodes,
            "pictures": page.pictures,
            "notes": page.notes,
        }),
        text: lines.into_iter().collect(),
        good: true,
    })
}

/// Writes or refreshes the dataset's card.
///
/// # Errors
/// If the dataset cannot be opened or is being written, the licence is no identifier, or ulna did not write the card (unless `options` say
/// that it may be changed).
pub fn carded(dir: &Path, options: &CardOptions) -> Result<DatasetAnswer, SessionError> {
    let card = write_card(dir, options)?;
    let done = if card.changed {
        "written"
    } else {
        "was up to date"
    };
    Ok(DatasetAnswer {
        json: json!({ "path": card.path, "changed": card.changed }),
        text: Text::line(format_args!("{}: {done}", card.path.display())),
        good: true,
    })
}
