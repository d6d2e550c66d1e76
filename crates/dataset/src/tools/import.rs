//! Bringing a dataset into the newest layout: an older format, or a v3 dataset that is out of order. What can be read comes
//! along, what the files say is believed over what the tables say of them, and the rest is named.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use crate::error::{DatasetError, Result};
use crate::features::{ACTION, STATE};
use crate::features::{Dtype, Feature};
use crate::rate;
use crate::reader::{Dataset, EpisodeReader};
use crate::rows::{Cursor, stored_width};
use crate::tools::build::carry_out;
use crate::tools::packets::PacketFile;
use crate::tools::plan::{Packing, Plan};
use crate::tools::take::Take;
use crate::tools::video_runs::video_path;
use crate::tools::work::{Edited, Target, Work};

/// Makes a v3 dataset of ulna's layout in `output` from any dataset that ulna reads: older formats, and v3 datasets
/// whose tables, files, types or statistics are out of order. Episodes that cannot be read are left out, frames at an
/// episode's end that have no picture are cut off; the notes of the result name both.
pub fn import(dir: impl AsRef<Path>, output: &Path, work: &mut Work) -> Result<Edited> {
    let mut dataset = Dataset::open_whole(dir.as_ref())?;
    let mut notes = Vec::new();
    if let Some(fps) = agreed_rate(&dataset) {
        notes.push(format!(
            "the time stamps agree on {fps} frames/s, not on the {} that meta/info.json declares: {fps} it is",
            dataset.fps()
        ));
        dataset = dataset.with_fps(fps);
    }
    let dataset = with_stored_widths(&dataset, &mut notes);
    let mut plan = Plan::of_what_is_readable(dataset)?;
    plan.packing = Packing::Fill;
    notes.append(&mut plan.notes);
    leave_out_absent(&mut plan, &mut notes);
    see_to_cameras(&mut plan, &mut notes)?;
    let names = names_of_joints(&plan);
    for column in &mut plan.columns {
        let feature = &mut column.feature;
        // Some datasets of format v2.1 have it under another name.
        if let Some(block) = feature.raw.remove("video_info") {
            feature.raw.entry("info").or_insert(block);
        }
        complete_names(feature, &names, &mut notes);
    }
    plan.notes = notes;
    carry_out(&plan, &Target::New(output.to_owned()), work)
}

/// The rate that the time stamps of all episodes agree on, if it is not the one declared.
fn agreed_rate(dataset: &Dataset) -> Option<f64> {
    let mut reader = EpisodeReader::new(dataset, Vec::new());
    let mut agreed = None;
    for episode in 0..dataset.len() {
        let Ok(read) = reader.read(episode) else {
            continue;
        };
        let stamps = read.timestamps();
        if stamps.len() < 3 {
            continue;
        }
        if rate::fits(stamps, dataset.fps()) {
            return None;
        }
        let found = rate::of_stamps(stamps)?;
        if *agreed.get_or_insert(found) != found {
            return None;
        }
    }
    agreed
}

/// Declares vectors as long as the rows have them, where all rows of the first episode agree on another length.
fn with_stored_widths(dataset: &Dataset, notes: &mut Vec<String>) -> Dataset {
    let mut features = dataset.info().features.clone();
    for feature in &mut features {
        let vector = feature.number().is_some() && feature.shape.len() == 1;
        let Some(found) =
            stored_width(dataset, &feature.key).filter(|_| vector && !feature.is_auto())
        else {
            continue;
        };
        if found == feature.width() || found == 0 {
            continue;
        }
        notes.push(format!(
            "`{}` is declared with the shape {:?}, its rows have {found} numbers: that it is",
            feature.key, feature.shape
        ));
        feature.shape = vec![found];
        feature.names.truncate(found);
    }
    dataset.with_features(features)
}

/// Leaves out features that no data file has.
fn leave_out_absent(plan: &mut Plan, notes: &mut Vec<String>) {
    let source = &plan.sources[0];
    let mut files: BTreeMap<_, Option<Cursor>> = BTreeMap::new();
    for take in &plan.takes {
        for stretch in source.stretches(take.episode).unwrap_or_default() {
            files
                .entry(stretch.path)
                .or_insert_with_key(|path| Cursor::open(path, &|_| false).ok());
        }
    }
    let stored = |key: &str| files.values().flatten().all(|file| file.has(key));
    plan.columns.retain(|column| {
        let feature = &column.feature;
        let there = feature.is_auto() || feature.dtype == Dtype::Video || stored(&feature.key);
        if !there {
            notes.push(format!(
                "`{}` is left out: it is declared, but not every data file has it",
                feature.key
            ));
        }
        there
    });
}

/// Leaves out cameras that have no pictures, and frames that lack theirs; takes the size of pictures from the videos.
fn see_to_cameras(plan: &mut Plan, notes: &mut Vec<String>) -> Result<()> {
    let cameras: Vec<String> = plan.cameras().map(|camera| camera.key.clone()).collect();
    let mut there: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for camera in &cameras {
        let mut pictures = Pictures::default();
        let source = plan.sources[0].clone();
        let mut count = |takes: &[Take]| -> Vec<usize> {
            takes
                .iter()
                .map(|take| pictures.count(&source, camera, take))
                .collect()
        };
        let mut counts = count(&plan.takes);
        let off = plan.takes.iter().any(|take| !take.is_on_grid());
        if off && counts.iter().all(|count| *count == 0) {
            // The rows are stamped by another clock than the pictures: frame k goes with picture k.
            let mut by_rate = plan.takes.clone();
            by_rate.iter_mut().for_each(Take::go_by_the_rate);
            let found = count(&by_rate);
            if found.iter().any(|count| *count > 0) {
                notes.push(format!(
                    "no picture of `{camera}` stands at the time of its row; they are taken in order, {} a second",
                    source.fps()
                ));
                (plan.takes, counts) = (by_rate, found);
            }
        }
        if counts.iter().all(|count| *count == 0) {
            // A file that only has to be fetched is no reason to go without the camera.
            if let Some(DatasetError::Placeholder { path, what }) = pictures.first_error {
                return Err(DatasetError::Placeholder { path, what });
            }
            let why = pictures
                .first_error
                .map_or(String::new(), |error| format!(": {error}"));
            notes.push(format!(
                "camera `{camera}` is left out: it has no pictures{why}"
            ));
            plan.columns.retain(|column| column.feature.key != *camera);
            continue;
        }
        if let [(height, width)] = pictures.sizes.as_slice() {
            resize(plan, camera, (*height, *width), notes);
        }
        there.insert(camera.clone(), counts);
    }
    let mut kept = Vec::with_capacity(plan.takes.len());
    for (at, mut take) in std::mem::take(&mut plan.takes).into_iter().enumerate() {
        let fewest = there
            .iter()
            .map(|(camera, counts)| (counts[at], camera))
            .min();
        let frames = take.frames.len();
        match fewest {
            Some((0, camera)) => notes.push(format!(
                "episode {} is left out: it has no pictures of `{camera}`",
                take.episode
            )),
            Some((count, camera)) if count < frames => {
                notes.push(format!(
                    "episode {}: the last {} of {frames} frames are cut off, since `{camera}` has no pictures of them",
                    take.episode,
                    frames - count
                ));
                take.trim(0..count);
                kept.push(take);
            }
            _ => kept.push(take),
        }
    }
    plan.takes = kept;
    Ok(())
}

/// What is found of one camera's pictures.
#[derive(Default)]
struct Pictures {
    files: BTreeMap<std::path::PathBuf, Option<PacketFile>>,
    /// Height and width, each once.
    sizes: Vec<(usize, usize)>,
    /// The first reason for which pictures could not be found.
    first_error: Option<DatasetError>,
}

impl Pictures {
    /// How many frames of an episode, from its first on, have a picture.
    fn count(&mut self, source: &Dataset, camera: &str, take: &Take) -> usize {
        let (path, span) = match video_path(source, camera, take.episode) {
            Ok(found) => found,
            Err(error) => {
                self.first_error.get_or_insert(error);
                return 0;
            }
        };
        if !self.files.contains_key(&path) {
            let opened = PacketFile::open(&path);
            let size = crate::video::VideoFile::open(&path).ok();
            let size = size.map(|video| (video.height, video.width));
            if let Some(size) = size.filter(|size| !self.sizes.contains(size)) {
                self.sizes.push(size);
            }
            let file = opened
                .map_err(|error| self.first_error.get_or_insert(error))
                .ok();
            self.files.insert(path.clone(), file);
        }
        let Some(Some(file)) = self.files.get(&path) else {
            return 0;
        };
        let times: Vec<f64> = (0..take.frames.len())
            .map(|frame| span.from + take.time(frame, source.fps()))
            .collect();
        let places = file.places_there(&times);
        places.iter().take_while(|place| place.is_some()).count()
    }
}

/// Declares the size that a camera's pictures have.
fn resize(plan: &mut Plan, camera: &str, (height, width): (usize, usize), notes: &mut Vec<String>) {
    let columns = plan.columns.iter_mut().map(|column| &mut column.feature);
    for feature in columns.filter(|feature| feature.key == camera) {
        let declared = feature.picture_shape();
        if declared.is_some_and(|[h, w, _]| (h, w) == (height, width)) {
            continue;
        }
        let colours = declared.map_or(3, |[_, _, colours]| colours);
        notes.push(format!(
            "`{camera}` is declared with the shape {:?}, its pictures are {width}x{height}: that it is",
            feature.shape
        ));
        feature.shape = vec![height, width, colours];
        feature.names = ["height", "width", "channels"].map(str::to_owned).to_vec();
        feature.raw.insert("names".to_owned(), json!(feature.names));
        if let Some(info) = feature
            .raw
            .get_mut("info")
            .and_then(|info| info.as_object_mut())
        {
            info.insert("video.height".to_owned(), json!(height));
            info.insert("video.width".to_owned(), json!(width));
        }
    }
}

/// The names of states and actions, where they are complete.
fn names_of_joints(plan: &Plan) -> Vec<Vec<String>> {
    let joints = plan.columns.iter().map(|column| &column.feature);
    let joints = joints.filter(|feature| [STATE, ACTION].contains(&feature.key.as_str()));
    let complete = joints.filter(|feature| feature.names.len() == feature.width());
    complete.map(|feature| feature.names.clone()).collect()
}

/// Gives every element a name where only some have one: that of the same joint elsewhere, else its number.
fn complete_names(feature: &mut Feature, known: &[Vec<String>], notes: &mut Vec<String>) {
    let width = feature.width();
    let vector = feature.number().is_some() && feature.shape.len() == 1;
    if !vector || feature.names.is_empty() || feature.names.len() == width {
        return;
    }
    let named = feature.names.len();
    let fits = |names: &&Vec<String>| names.len() == width && names.starts_with(&feature.names);
    let names: Vec<String> = match known.iter().find(fits) {
        Some(names) => names.clone(),
        None => {
            let given = feature.names.iter().take(width).cloned();
            given
                .chain((named..width).map(|at| at.to_string()))
                .collect()
        }
    };
    notes.push(format!(
        "`{}` has {width} numbers and {named} names: now {}",
        feature.key,
        names.join(", ")
    ));
    feature.raw.insert("names".to_owned(), json!(names));
    feature.names = names;
}
