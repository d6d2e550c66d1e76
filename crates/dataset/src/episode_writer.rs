//! The running episode: rows in memory and in a journal, until they are committed or discarded.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::error::{DatasetError, IoContext, Result};
use crate::features::Feature;
use crate::fs::{Fs, parent};
use crate::inside;
use crate::layout::{FrameValues, RowLayout};
use crate::record_log::{RecordLog, RecordReader};
use crate::runs::{ROWS_LOG, SPOOL, remove_run};
use crate::spool::PictureSpool;
use crate::video::{Encoding, Pace, VideoEncoder, VideoPart, size_of};

const MAX_TASK: usize = u16::MAX as usize;

/// The rows of an episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(crate) values: Vec<f64>,
    /// The position in `texts` of each frame's task.
    pub(crate) tasks: Vec<u32>,
    /// The distinct tasks in order of appearance.
    pub(crate) texts: Vec<String>,
    /// The texts of all frames, those of a frame together.
    pub(crate) strings: Vec<String>,
    /// The encoded pictures of all frames, those of a frame together.
    pub(crate) images: Vec<Vec<u8>>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(crate) fn push(&mut self, frame: &FrameValues) {
        let position = self.texts.iter().position(|known| known == frame.task);
        let position = position.unwrap_or_else(|| {
            self.texts.push(frame.task.to_owned());
            self.texts.len() - 1
        });
        self.tasks.push(u32::try_from(position).unwrap_or(u32::MAX));
        self.values.extend_from_slice(frame.numbers);
        let texts = frame.texts.iter().map(|text| (*text).to_owned());
        self.strings.extend(texts);
        let images = frame.images.iter().map(|image| image.to_vec());
        self.images.extend(images);
    }
}

/// Takes the rows of one episode. Made by [`Writer::begin_episode`](crate::Writer::begin_episode) or by an
/// [`EpisodeStarter`]; several may exist at a time (one being saved while the next is recorded).
#[derive(Debug)]
pub struct EpisodeWriter {
    fs: Arc<dyn Fs>,
    layout: Arc<RowLayout>,
    fps: u32,
    dir: PathBuf,
    log: RecordLog,
    rows: Rows,
    record: Vec<u8>,
}

impl EpisodeWriter {
    pub(crate) fn begin(
        fs: Arc<dyn Fs>,
        layout: Arc<RowLayout>,
        fps: u32,
        dir: PathBuf,
    ) -> Result<EpisodeWriter> {
        // The folder must be new: what another program put there is no place for an episode.
        let staging = parent(&dir);
        inside::own_folder(&staging)?;
        if inside::kind(&dir)? != inside::Kind::Absent {
            return Err(inside::in_the_way(&dir));
        }
        fs.create_dir(&dir).at("create the folder", &dir)?;
        fs.sync_dir(&staging).at("sync the folder", &staging)?;
        let mut log = RecordLog::create(&*fs, &dir.join(ROWS_LOG))?;
        log.append(&header(&layout))?;
        log.sync()?;
        fs.sync_dir(&dir).at("sync the folder", &dir)?;
        Ok(EpisodeWriter {
            fs,
            layout,
            fps,
            dir,
            log,
            rows: Rows::default(),
            record: Vec::new(),
        })
    }

    /// The layout of rows.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// How many rows there are so far.
    pub fn frames(&self) -> usize {
        self.rows.len()
    }

    /// Adds the next frame's numbers, in the order of the [`RowLayout`]. The row is in the journal when this
    /// returns, and on the disk after the next [`sync`](Self::sync). A row that is refused is not added; after a
    /// failed write the row is kept in memory and can still be saved.
    pub fn push_row(&mut self, task: &str, row: &[f64]) -> Result<()> {
        self.push_frame(&FrameValues {
            task,
            numbers: row,
            ..FrameValues::default()
        })
    }

    /// Adds the next frame of a dataset that has texts or PNG pictures besides its numbers, as
    /// [`push_row`](Self::push_row) does. Pictures stay in memory until the episode is saved.
    pub fn push_frame(&mut self, frame: &FrameValues) -> Result<()> {
        self.layout.check(frame)?;
        let task = frame.task;
        if task.is_empty() || task.len() > MAX_TASK {
            return Err(DatasetError::invalid(
                "the task",
                format!("its text must be 1 to {MAX_TASK} bytes long"),
            ));
        }
        self.rows.push(frame);
        self.record.clear();
        let length = u16::try_from(task.len()).unwrap_or(u16::MAX);
        self.record.extend(length.to_le_bytes());
        self.record.extend(task.as_bytes());
        for value in frame.numbers {
            self.record.extend(value.to_le_bytes());
        }
        let texts = frame.texts.iter().map(|text| text.as_bytes());
        for bytes in texts.chain(frame.images.iter().copied()) {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            self.record.extend(length.to_le_bytes());
            self.record.extend(bytes);
        }
        self.log.append(&self.record)
    }

    /// Bytes of the files that hold the episode until it is committed: its journal and the pictures so far, but for those that wait for
    /// their encoder.
    pub fn staged_bytes(&self) -> u64 {
        let Ok(entries) = std::fs::read_dir(&self.dir) else {
            return 0;
        };
        let sizes = entries
            .flatten()
            .filter(|entry| !entry.file_name().to_string_lossy().ends_with(SPOOL))
            .filter_map(|entry| entry.metadata().ok())
            .map(|metadata| metadata.len());
        sizes.sum()
    }

    /// Where up to `places` pictures of one of the dataset's cameras may wait for their encoder.
    pub fn picture_spool(&self, camera: &str, places: u64) -> Result<PictureSpool> {
        let feature = self.camera(camera)?;
        let (width, height) = size_of(feature)?;
        Ok(PictureSpool::new(
            &self.dir,
            camera,
            width * height * 3,
            places,
        ))
    }

    /// Waits until all rows are on the disk; call it at most once a second.
    pub fn sync(&mut self) -> Result<()> {
        self.log.sync()
    }

    /// An encoder for one of the dataset's cameras, of the codec that the dataset declares for it. It can live on a
    /// thread of its own.
    pub fn video_encoder(&self, camera: &str) -> Result<VideoEncoder> {
        let feature = self.camera(camera)?;
        let encoding = Encoding::declared_by(feature);
        let how = (&encoding, Pace::Live);
        VideoEncoder::begin(&*self.fs, &self.dir, feature, self.fps, how)
    }

    fn camera(&self, camera: &str) -> Result<&Feature> {
        let cameras = self.layout.cameras();
        let feature = cameras.iter().find(|c| c.key == camera);
        feature.ok_or_else(|| {
            let keys: Vec<&str> = cameras.iter().map(|c| c.key.as_str()).collect();
            DatasetError::MissingFeature {
                feature: camera.to_owned(),
                available: keys.join(", "),
            }
        })
    }

    /// Ends the recording. `videos` are the finished encoders' results, one per camera, each as long as the
    /// rows. `report` is stored with the episode. Nothing is saved until [`Writer::commit`](crate::Writer::commit).
    pub fn finish(mut self, videos: Vec<VideoPart>, report: Option<Value>) -> Result<EpisodeParts> {
        self.log.sync()?;
        Ok(EpisodeParts {
            dir: self.dir,
            rows: self.rows,
            videos,
            report,
        })
    }

    /// Throws the episode away.
    pub fn discard(self) -> Result<()> {
        drop(self.log);
        remove_run(&*self.fs, &self.dir)
    }
}

/// Begins episodes without the [`Writer`](crate::Writer), which may be busy saving the previous one on another
/// thread. An episode takes its number when it is committed.
#[derive(Clone, Debug)]
pub struct EpisodeStarter {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) fps: u32,
    pub(crate) staging: PathBuf,
    pub(crate) next_run: Arc<AtomicU64>,
}

impl EpisodeStarter {
    /// Begins an episode. Commit episodes in the order in which they began: it is also the order in which repair
    /// would save them.
    pub fn begin(&self) -> Result<EpisodeWriter> {
        let run = self.next_run.fetch_add(1, Ordering::Relaxed);
        let dir = self.staging.join(format!("run-{run:06}"));
        EpisodeWriter::begin(self.fs.clone(), self.layout.clone(), self.fps, dir)
    }
}

/// A recorded episode, ready to be committed.
#[derive(Debug)]
pub struct EpisodeParts {
    pub(crate) dir: PathBuf,
    pub(crate) rows: Rows,
    pub(crate) videos: Vec<VideoPart>,
    pub(crate) report: Option<Value>,
}

impl EpisodeParts {
    /// How many frames the episode has.
    pub fn frames(&self) -> usize {
        self.rows.len()
    }
}

fn header(layout: &RowLayout) -> Vec<u8> {
    let width = layout.width();
    match (layout.texts().len(), layout.images().len()) {
        (0, 0) => format!("ulna rows 1 width {width}"),
        (texts, images) => format!("ulna rows 2 width {width} texts {texts} images {images}"),
    }
    .into_bytes()
}

/// Reads a journal back; none when it isn't one of this layout.
pub(crate) fn read_rows(path: &Path, layout: &RowLayout) -> Result<Option<Rows>> {
    let mut records = RecordReader::open(path)?;
    if records.next() != Some(header(layout)) {
        return Ok(None);
    }
    let mut rows = Rows::default();
    for record in records {
        if parse_row(&record, layout, &mut rows).is_none() {
            break;
        }
    }
    Ok(Some(rows))
}

/// Adds the row that a record holds; none when it isn't a row of this layout.
fn parse_row(record: &[u8], layout: &RowLayout, rows: &mut Rows) -> Option<()> {
    let (length, rest) = record.split_first_chunk::<2>()?;
    let (task, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    let (numbers, mut rest) = rest.split_at_checked(layout.width().checked_mul(8)?)?;
    let (numbers, _) = numbers.as_chunks::<8>();
    let row: Vec<f64> = numbers.iter().map(|b| f64::from_le_bytes(*b)).collect();
    let mut next = || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let bytes;
        (bytes, rest) = tail.split_at_checked(length)?;
        Some(bytes)
    };
    let mut texts = Vec::new();
    for _ in layout.texts() {
        texts.push(std::str::from_utf8(next()?).ok()?);
    }
    let mut images = Vec::new();
    for _ in layout.images() {
        images.push(next()?);
    }
    let frame = FrameValues {
        task: std::str::from_utf8(task).ok()?,
        numbers: &row,
        texts: &texts,
        images: &images,
    };
    let fits = rest.is_empty() && !task.is_empty() && layout.check(&frame).is_ok();
    fits.then(|| rows.push(&frame))
}
