//! A dataset as one HTML page that needs nothing but itself: facts, findings, distributions, and every episode with its
//! joints, times and pictures.
//!
//! The page is written part by part, so a large dataset takes little memory; `extent.rs` keeps it small enough to be opened.
//! Whatever comes from the dataset is escaped where it is put in, by `maud`; besides, the page's content security policy
//! lets no script run but its own, and nothing be fetched.
//!
//! Reading order: `extent.rs` which episodes are shown, `plots.rs` and `pictures.rs` what of them, `document.rs` and
//! `section.rs` how that becomes HTML, `file.rs` how it gets to the disk.

mod distribution;
mod document;
mod extent;
mod file;
mod findings;
mod line;
mod pictures;
mod plots;
mod scale;
mod section;
mod thumbnail;
mod verdict;
mod words;

use std::path::{Path, PathBuf};

use extent::Extent;
use file::PageFile;
use pictures::Cameras;
use plots::{Plotter, is_plotted};
use section::{EpisodeView, Numbers};
use verdict::Verdicts;

use crate::check::{CheckOptions, grade};
use crate::error::Result;
use crate::facts::Facts;
use crate::own_columns::FLAGS_KEY;
use crate::reader::Dataset;
use crate::setters::setters;
use crate::tools::Work;

/// What a page shows, and whether it may replace another file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PageOptions {
    /// The episodes to show in detail; all, or a choice of many, if none.
    pub episodes: Option<Vec<u64>>,
    /// Overwrite a file that is no page of ulna's.
    pub force: bool,
    /// What the dataset's check looks at.
    pub check: CheckOptions,
}

setters!(PageOptions {
    episodes: Option<Vec<u64>>,
    force: bool,
    check: CheckOptions,
});

/// A page that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How many episodes it shows in detail.
    pub episodes: u64,
    /// How many pictures it shows.
    pub pictures: u64,
    /// What was left out, a sentence each; the page says so, too.
    pub notes: Vec<String>,
}

/// Writes the page of a dataset to the file `path`, aside first and then in its place.
///
/// # Errors
/// If the dataset cannot be opened, an episode that was asked for is not there, the file is there and not a page of ulna's, or
/// it cannot be written. What cannot be read of single episodes is no error: the page says so.
pub fn write_page(
    dir: impl AsRef<Path>,
    path: &Path,
    options: &PageOptions,
    work: &mut Work,
) -> Result<Page> {
    let dataset = Dataset::open(dir)?;
    work.about(path);
    let asked = asked(&dataset, options)?;
    let mut file = PageFile::begin(path, options.force)?;
    let pass_on = &mut |progress| work.pass_on(progress);
    let report = grade(dataset.root(), &options.check, pass_on)?;
    let verdicts = Verdicts::of(&report);
    let facts = Facts::of(&dataset)?;
    let mut cameras = Cameras::of(&dataset);
    let lines: usize = plotted(&dataset).iter().map(|(_, width)| width).sum();
    let extent = Extent::new(
        dataset.len(),
        asked.as_deref(),
        &verdicts.notable(),
        cameras.count(),
        lines,
    );

    let root = format!("{}{}", dataset.root().display(), std::path::MAIN_SEPARATOR);
    // A page that is passed on does not show where the dataset was.
    let short = |text: &str| text.replace(&root, "");
    let stats = dataset.stats().map_err(|error| short(&error.to_string()));
    file.write(&document::start(&facts.name))?;
    file.write(&document::overview(&dataset, &facts, &report, &verdicts).into_string())?;
    if !report.findings.is_empty() {
        file.write(&findings::section(&report, &short).into_string())?;
    }
    file.write(&document::episodes(&dataset, &extent, &verdicts).into_string())?;
    file.write(&distribution::section(&dataset, stats).into_string())?;

    let frames = extent
        .episodes
        .iter()
        .map(|k| dataset.episodes()[*k].length);
    work.step("report", frames.sum())?;
    let mut page = Page {
        path: path.to_owned(),
        bytes: 0,
        episodes: 0,
        pictures: 0,
        notes: notes(&dataset, &extent),
    };
    let plotter = Plotter {
        columns: extent.columns,
        units: facts.joint_units(),
    };
    for number in &extent.episodes {
        if file.bytes > extent::FULL {
            let left = extent.episodes.len() as u64 - page.episodes;
            let note =
                format!("The page is full: {left} of the episodes to be shown are left out.");
            page.notes.push(note);
            break;
        }
        let view = view(&dataset, *number, plotter, &extent, &mut cameras, work)?;
        page.pictures += view.picture_count();
        page.episodes += 1;
        file.write(&view.markup(&verdicts, &short).into_string())?;
        work.advance(dataset.episodes()[*number].length)?;
    }
    file.write(&document::end(&page.notes))?;
    page.bytes = file.finish()?;
    Ok(page)
}

/// The positions of the episodes that were asked for, each of which must be there.
fn asked(dataset: &Dataset, options: &PageOptions) -> Result<Option<Vec<usize>>> {
    let Some(numbers) = &options.episodes else {
        return Ok(None);
    };
    let mut asked = Vec::with_capacity(numbers.len());
    for number in numbers {
        let number = usize::try_from(*number).unwrap_or(usize::MAX);
        dataset.episode_row(number)?;
        asked.push(number);
    }
    Ok(Some(asked))
}

/// The features that are plotted, with their widths.
fn plotted(dataset: &Dataset) -> Vec<(&str, usize)> {
    let features = dataset.info().features.iter().filter(|f| is_plotted(f));
    let widths = features.map(|f| (f.key.as_str(), f.width().min(plots::MOST_ELEMENTS)));
    widths.collect()
}

/// What the page leaves out by its plan.
fn notes(dataset: &Dataset, extent: &Extent) -> Vec<String> {
    let mut notes = Vec::new();
    let (shown, all) = (extent.episodes.len(), dataset.len());
    if shown < all {
        notes.push(format!("{shown} of {all} episodes are shown in detail."));
    }
    let longest = extent
        .episodes
        .iter()
        .map(|k| dataset.episodes()[*k].length);
    if longest.max().unwrap_or(0) > 2 * extent.columns as u64 {
        notes.push(format!(
            "Plots of long episodes have {} columns, each from the least to the largest number in it: no peak is left out.",
            extent.columns
        ));
    }
    let features = dataset.info().features.iter();
    let large: Vec<&str> = features
        .filter(|f| f.number().is_some() && !f.is_auto() && !is_plotted(f))
        .map(|f| f.key.as_str())
        .collect();
    if !large.is_empty() {
        let named = words::clip(&large.join(", "), 200);
        notes.push(format!("Large arrays are not plotted: {named}."));
    }
    notes
}

fn view(
    dataset: &Dataset,
    number: usize,
    plotter: Plotter,
    extent: &Extent,
    cameras: &mut Cameras,
    work: &mut Work,
) -> Result<EpisodeView> {
    let row = dataset.episode_row(number)?;
    let frames = usize::try_from(row.length).unwrap_or(usize::MAX);
    let keys: Vec<&str> = plotted(dataset).into_iter().map(|(key, _)| key).collect();
    let numbers = dataset.episode_columns(number, &keys).map(|episode| {
        let groups = plotter.groups(&episode);
        Numbers {
            changes: section::changes(&episode),
            groups: groups
                .into_iter()
                .filter(|g| g.title != FLAGS_KEY)
                .collect(),
            timing: section::timing(&episode),
            flags: section::flags(&episode),
        }
    });
    Ok(EpisodeView {
        number,
        frames,
        fps: dataset.fps(),
        tasks: row.tasks.clone(),
        numbers: numbers.map_err(|error| error.to_string()),
        strips: cameras.strips(number, frames, extent.pictures, work)?,
    })
}
