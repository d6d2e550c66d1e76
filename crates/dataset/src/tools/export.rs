//! Episodes as files that other programs read.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::episode::Episode;
use crate::error::{DatasetError, IoContext, Result};
use crate::features::{Dtype, Feature};
use crate::fs::{STAGING, make_dirs, remove_if_there};
use crate::images::encode_png;
use crate::inside;
use crate::reader::Dataset;
use crate::tools::packets::PacketFile;
use crate::tools::splice::{Part, splice};
use crate::tools::video_runs::video_path;
use crate::tools::work::Work;

/// What an episode becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with a line for each frame.
    Csv,
    /// A folder of pictures for each camera.
    Png,
    /// A video for each camera, not re-encoded.
    Mp4,
}

/// What [`export`] wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// The files, or for pictures their folders.
    pub paths: Vec<PathBuf>,
    /// How many frames.
    pub frames: u64,
}

/// Writes episodes (all, or these) to `output`, as `episode-NNNNNN` with the camera's key behind it.
pub fn export(
    dir: impl AsRef<Path>,
    episodes: Option<&[u64]>,
    format: Format,
    output: &Path,
    work: &mut Work,
) -> Result<Exported> {
    let dataset = Dataset::open(dir)?;
    work.about(dataset.root());
    let all: Vec<u64> = (0..dataset.len() as u64).collect();
    let mut out = Exported::default();
    let mut total = 0;
    for episode in episodes.unwrap_or(&all) {
        total += dataset
            .episode_row(usize::try_from(*episode).unwrap_or(usize::MAX))?
            .length;
    }
    // Pictures that stand in the data files are no videos.
    let has = |f: &&Feature| f.is_camera() && (format != Format::Mp4 || f.dtype == Dtype::Video);
    let features = dataset.info().features.iter().filter(has);
    let cameras: Vec<String> = features.map(|feature| feature.key.clone()).collect();
    if format != Format::Csv && cameras.is_empty() {
        let what = dataset.root().display().to_string();
        return Err(DatasetError::invalid(what, "has no pictures to export"));
    }
    let rounds = if format == Format::Csv {
        1
    } else {
        cameras.len() as u64
    };
    work.step("export", total * rounds)?;
    refuse_filled(output)?;
    make_dirs(&*work.fs.clone(), output)?;
    for episode in episodes.unwrap_or(&all) {
        let episode = usize::try_from(*episode).unwrap_or(usize::MAX);
        let name = format!("episode-{episode:06}");
        out.frames += dataset.episode_row(episode)?.length;
        if format == Format::Csv {
            out.paths.push(csv(
                &dataset,
                episode,
                &output.join(format!("{name}.csv")),
                work,
            )?);
            continue;
        }
        for camera in &cameras {
            let folder = format!("{name}.{camera}");
            out.paths.push(match format {
                Format::Png => png(&dataset, episode, camera, (output, &folder), work)?,
                _ => mp4(&dataset, episode, camera, output, &name, work)?,
            });
        }
    }
    if format == Format::Mp4 {
        let staging = output.join(STAGING);
        remove_if_there(&*work.fs, &staging.join("writing"))?;
        work.fs
            .remove_dir(&staging)
            .at("remove the folder", &staging)?;
    }
    Ok(out)
}

/// What lies in the folder could be mistaken for what is written now, or be lost to it.
fn refuse_filled(output: &Path) -> Result<()> {
    let entries = match output.read_dir() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.at("list", output)?,
    };
    match entries.count() {
        0 => Ok(()),
        _ => Err(DatasetError::invalid(
            output.display().to_string(),
            "already holds something; choose a folder that is absent or empty",
        )),
    }
}

/// Writes a new file; a link that has the name is refused.
fn write(work: &Work, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = inside::create(&*work.fs, path)?;
    file.write_all(bytes).at("write", path)
}

fn csv(dataset: &Dataset, episode: usize, path: &Path, work: &mut Work) -> Result<PathBuf> {
    let read = dataset.episode(episode)?;
    let file = inside::create(&*work.fs, path)?;
    // Each line repeats the task, so the table may be far larger than the episode.
    table(&read, file).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(source) => DatasetError::Io {
            action: "write",
            path: path.to_owned(),
            source,
        },
        other => DatasetError::invalid(path.display().to_string(), format!("{other:?}")),
    })?;
    work.advance(read.len() as u64)?;
    Ok(path.to_owned())
}

/// An episode as a table: a line of names, then one for each frame.
fn table(episode: &Episode, file: impl Write) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(file);
    for name in ["frame", "timestamp", "task"] {
        table.write_field(name)?;
    }
    for (key, column) in episode.columns() {
        for element in 0..column.width() {
            let name = match (column.names().get(element), column.width()) {
                (Some(name), _) if column.names().len() == column.width() => {
                    format!("{key}.{name}")
                }
                (_, 1) => key.to_owned(),
                _ => format!("{key}.{element}"),
            };
            table.write_field(name)?;
        }
    }
    table.write_record(None::<&[u8]>)?;
    for (frame, time) in episode.timestamps().iter().enumerate() {
        table.write_field(frame.to_string())?;
        table.write_field(time.to_string())?;
        table.write_field(episode.task(frame).unwrap_or_default())?;
        for (_, column) in episode.columns() {
            for value in column.row(frame).unwrap_or_default() {
                table.write_field(value.to_string())?;
            }
        }
        table.write_record(None::<&[u8]>)?;
    }
    Ok(table.flush()?)
}

fn png(
    dataset: &Dataset,
    episode: usize,
    camera: &str,
    (output, name): (&Path, &str),
    work: &mut Work,
) -> Result<PathBuf> {
    inside::make_dirs(&*work.fs, output, Path::new(name))?;
    let folder = &output.join(name);
    let mut pictures = dataset.pictures(camera)?;
    let frames = usize::try_from(dataset.episode_row(episode)?.length).unwrap_or(usize::MAX);
    for frame in 0..frames {
        let picture = pictures.read(episode, frame)?;
        let path = folder.join(format!("frame-{frame:06}.png"));
        let bytes = encode_png(&picture.rgb, picture.width, picture.height).map_err(|wrong| {
            DatasetError::invalid(path.display().to_string(), wrong.to_string())
        })?;
        write(work, &path, &bytes)?;
        work.advance(1)?;
    }
    Ok(folder.to_owned())
}

fn mp4(
    dataset: &Dataset,
    episode: usize,
    camera: &str,
    output: &Path,
    name: &str,
    work: &mut Work,
) -> Result<PathBuf> {
    let (path, span) = video_path(dataset, camera, episode)?;
    let read = dataset.episode_columns(episode, &[])?;
    let times: Vec<f64> = read
        .timestamps()
        .iter()
        .map(|time| span.from + time)
        .collect();
    let file = PacketFile::open(&path)?;
    let places = file.places(&times)?;
    let packets = places.and_then(|places| file.cut(places)).ok_or_else(|| {
        let reason = format!("episode {episode} doesn't begin with a key frame; export it as png");
        DatasetError::video(&path, reason)
    })?;
    inside::make_dirs(&*work.fs, output, Path::new(STAGING))?;
    let relative = PathBuf::from(format!("{name}.{camera}.mp4"));
    let parts = [Part {
        file: &file,
        packets,
    }];
    splice(work, output, &relative, &parts, dataset.fps())?;
    Ok(output.join(relative))
}
