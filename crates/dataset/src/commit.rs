//! Saving one episode: every file is complete and synced before the next one, and `info.json` comes last, so
//! that the episode exists exactly when its count does.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::episode_columns::{EpisodeColumns, episode_row, scalars, stats_columns};
use crate::episode_writer::EpisodeParts;
use crate::episodes::table_path;
use crate::error::{DatasetError, IoContext, Result};
use crate::format::INFO_PATH;
use crate::fs::remove_if_there;
use crate::info::Info;
use crate::inside::{self, Kind, kind};
use crate::place_file::{move_into, put};
use crate::runs::COMMIT_MARKER;
use crate::stats::{STATS_PATH, Stats, aggregate};
use crate::tasks::TASKS_PATH;
use crate::template::FileIndex;
use crate::video::VideoPart;
use crate::writer_state::WriterState;
use crate::{json, manifest, parquet_io, stats, table, tasks};

/// A marker is some hundred bytes long.
const MAX_MARKER: u64 = 1 << 20;

/// Saves the episode, or leaves the dataset as it was.
pub(crate) fn commit(state: &mut WriterState, parts: &EpisodeParts) -> Result<u64> {
    if state.unsure.as_ref() == Some(&parts.dir) {
        let meta = state.root.join("meta");
        state.fs.sync_dir(&meta).at("sync the folder", &meta)?;
        state.unsure = None;
        return Ok(state.info.total_episodes - 1);
    }
    let plan = Plan::new(state, parts)?;
    plan.must_be_vacant(state)?;
    // From here on, whatever has these names was put there by this save.
    state.leftovers.extend(plan.files().cloned());
    let placed = plan.place(state, parts);
    if let Err(error) = placed {
        // Whatever cannot be taken back either is overwritten by the next save, or is for repair.
        let _ = plan.take_back(state);
        return Err(error);
    }
    let bytes = json::bytes(&plan.info.to_value());
    let counted = put(&*state.fs, &state.root, Path::new(INFO_PATH), &bytes);
    if let Err(error) = counted {
        let on_disk = Info::read(&state.root).map(|info| info.total_episodes);
        if on_disk.is_ok_and(|total| total == plan.info.total_episodes) {
            state.unsure = Some(parts.dir.clone());
            plan.adopt(state);
        } else {
            let _ = plan.take_back(state);
        }
        return Err(error);
    }
    let episode = plan.episode;
    plan.adopt(state);
    Ok(episode)
}

/// Everything that a save will write, computed before it writes anything.
struct Plan {
    episode: u64,
    info: Info,
    tasks: Vec<String>,
    new_tasks: bool,
    stats: Stats,
    data: (PathBuf, Vec<u8>),
    table: (PathBuf, Vec<u8>),
    table_columns: Vec<String>,
    videos: Vec<PathBuf>,
}

impl Plan {
    fn new(state: &WriterState, parts: &EpisodeParts) -> Result<Plan> {
        let rows = &parts.rows;
        if rows.len() == 0 {
            return Err(DatasetError::invalid("the episode", "it has no frames"));
        }
        let videos = videos_in_order(state, parts)?;
        let mut tasks = state.tasks.clone();
        for text in &rows.texts {
            if !tasks.contains(text) {
                tasks.push(text.clone());
            }
        }
        let episode = state.info.total_episodes;
        let frames = rows.len() as u64;
        let columns = EpisodeColumns::new(state, rows, &tasks);
        let mut stats = columns.stats();
        for video in &videos {
            stats.insert(video.camera.clone(), video.stats.clone());
        }
        let mut info = state.info.clone();
        info.total_episodes += 1;
        info.total_frames += frames;
        info.total_tasks = tasks.len() as u64;

        let data_path = info.data_file(state.next.data)?;
        let data = columns.to_parquet(&info, &data_path)?;
        let table_path = table_path(state.next.table);
        let mut row = episode_row(state, rows, episode);
        row.extend(stats_columns(&stats));
        row.extend(scalars("meta/episodes", state.next.table));
        if let Some(known) = &state.table_columns {
            row.retain(|(field, _)| known.contains(field.name()));
        }
        let table_columns = row.iter().map(|(field, _)| field.name().clone()).collect();
        let batch = table::batch(row).map_err(|r| DatasetError::parquet(&table_path, &r))?;
        let table = parquet_io::episode_table(&table_path, &batch)?;
        let video_paths = videos
            .iter()
            .map(|video| info.video_file(&video.camera, state.next.video(&video.camera)))
            .collect::<Result<_>>()?;
        let stats = match state.stats.is_empty() {
            true => stats,
            false => aggregate(&[&state.stats, &stats]),
        };
        Ok(Plan {
            episode,
            new_tasks: tasks.len() > state.tasks.len(),
            info,
            tasks,
            stats,
            data: (data_path, data),
            table: (table_path, table),
            table_columns,
            videos: video_paths,
        })
    }

    /// The files that only this episode has.
    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.data.0, &self.table.0]
            .into_iter()
            .chain(&self.videos)
    }

    /// Refuses to replace a file, be it one that an episode refers to or one that another program has put there.
    fn must_be_vacant(&self, state: &WriterState) -> Result<()> {
        for file in self.files() {
            let path = state.root.join(file);
            if !state.leftovers.contains(file) && kind(&path)? != Kind::Absent {
                return Err(DatasetError::Occupied { path });
            }
        }
        Ok(())
    }

    /// Puts everything but `info.json` in place, in this order: each file may refer to the ones before it.
    fn place(&self, state: &WriterState, parts: &EpisodeParts) -> Result<()> {
        let (fs, root) = (&*state.fs, &state.root);
        self.mark(state, &parts.dir)?;
        for (video, path) in videos_in_order(state, parts)?.iter().zip(&self.videos) {
            video.make_mp4(fs)?;
            move_into(fs, root, &video.mp4, path)?;
        }
        put(fs, root, &self.data.0, &self.data.1)?;
        if self.new_tasks {
            put(
                fs,
                root,
                Path::new(TASKS_PATH),
                &tasks::to_bytes(&self.tasks)?,
            )?;
        }
        if let Some(report) = &parts.report {
            let path = manifest::report_path(self.episode);
            put(fs, root, Path::new(&path), &json::bytes(report))?;
        }
        put(fs, root, &self.table.0, &self.table.1)?;
        let stats = json::bytes(&stats::to_value(&self.stats));
        put(fs, root, Path::new(STATS_PATH), &stats)
    }

    /// Notes in the staging folder which number the episode is about to get and where its files go, so that repair can
    /// tell a finished save from an unfinished one, and the files of that one from others.
    fn mark(&self, state: &WriterState, dir: &Path) -> Result<()> {
        let path = dir.join(COMMIT_MARKER);
        let mut file = inside::create(&*state.fs, &path)?;
        let bytes = json::bytes(&Marker::of(state, self.episode).to_value());
        file.write_all(&bytes).at("write", &path)?;
        file.sync().at("sync", &path)?;
        state.fs.sync_dir(dir).at("sync the folder", dir)
    }

    /// Removes what a failed save has put in place, newest first.
    fn take_back(&self, state: &WriterState) -> Result<()> {
        let (fs, root) = (&*state.fs, &state.root);
        if !state.stats.is_empty() {
            let stats = json::bytes(&stats::to_value(&state.stats));
            let _ = put(fs, root, Path::new(STATS_PATH), &stats);
        }
        let report = PathBuf::from(manifest::report_path(self.episode));
        let own = [&self.table.0, &report, &self.data.0];
        for path in own.into_iter().chain(&self.videos) {
            inside::no_links(root, path.parent().unwrap_or(Path::new("")))?;
            remove_if_there(fs, &root.join(path))?;
        }
        Ok(())
    }

    fn adopt(self, state: &mut WriterState) {
        state.leftovers.clear();
        state.next = state.next.next(&state.root, &self.info);
        state.info = self.info;
        state.tasks = self.tasks;
        state.stats = self.stats;
        state.table_columns.get_or_insert(self.table_columns);
    }
}

/// What the staging folder notes about the save of its episode.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Marker {
    /// The number that the episode gets.
    pub(crate) episode: u64,
    data: [u64; 2],
    table: [u64; 2],
    videos: BTreeMap<String, [u64; 2]>,
}

impl Marker {
    fn of(state: &WriterState, episode: u64) -> Marker {
        let pair = |at: FileIndex| [at.chunk, at.file];
        let cameras = state.layout.cameras().iter();
        Marker {
            episode,
            data: pair(state.next.data),
            table: pair(state.next.table),
            videos: cameras
                .map(|camera| (camera.key.clone(), pair(state.next.video(&camera.key))))
                .collect(),
        }
    }

    /// The marker in a staging folder, if there is a readable one.
    pub(crate) fn read(run: &Path) -> Option<Marker> {
        let file = inside::open(&run.join(COMMIT_MARKER)).ok()?;
        serde_json::from_reader(file.take(MAX_MARKER)).ok()
    }

    fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The files that the save puts in place, relative to the dataset's folder; the table first.
    pub(crate) fn files(&self, info: &Info) -> Result<Vec<PathBuf>> {
        let at = |[chunk, file]: [u64; 2]| FileIndex { chunk, file };
        let mut out = vec![
            table_path(at(self.table)),
            PathBuf::from(manifest::report_path(self.episode)),
            info.data_file(at(self.data))?,
        ];
        for (camera, place) in &self.videos {
            out.push(info.video_file(camera, at(*place))?);
        }
        Ok(out)
    }
}

/// The videos in the order of the dataset's cameras; each camera must have as many pictures as there are rows.
fn videos_in_order<'a>(state: &WriterState, parts: &'a EpisodeParts) -> Result<Vec<&'a VideoPart>> {
    let cameras = state.layout.cameras();
    cameras
        .iter()
        .map(|camera| {
            let part = parts.videos.iter().find(|v| v.camera == camera.key);
            let found = part.map_or(0, |part| part.frames());
            part.filter(|_| found == parts.rows.len()).ok_or_else(|| {
                DatasetError::invalid(
                    format!("camera `{}`", camera.key),
                    format!("{found} pictures for {} rows", parts.rows.len()),
                )
            })
        })
        .collect()
}
