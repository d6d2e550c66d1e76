//! The bare minimum of reading and writing: what `ulna bench` compares the readers and encoders with. Nothing else should use
//! it.

use std::path::Path;

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};

use crate::episodes::EPISODES_DIR;
use crate::error::{DatasetError, IoContext, Result};
use crate::parquet_io::{self, guarded};
use crate::reader::Dataset;
use crate::video::{Decoder, H264Encoder, VideoFile, annexb, annexb_entry, codec_of, to_picture};

/// Decodes some columns of a parquet file with the parquet library alone; returns the number of rows.
pub fn decode_rows(path: &Path, columns: &[&str]) -> Result<u64> {
    guarded(path, || {
        let fail = |error: &dyn ToString| DatasetError::parquet(path, error);
        let file = ulna_outside::files::open(path).at("open", path)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| fail(&e))?;
        let fields = builder.schema().fields();
        let roots = (0..fields.len()).filter(|at| columns.contains(&fields[*at].name().as_str()));
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots.collect::<Vec<_>>());
        let reader = builder
            .with_projection(mask)
            .build()
            .map_err(|e| fail(&e))?;
        let mut rows = 0;
        for batch in reader {
            rows += batch.map_err(|e| fail(&e))?.num_rows() as u64;
        }
        Ok(rows)
    })
}

/// A video file and a decoder, without anything around them. Made for videos in a built-in codec that don't reorder
/// their pictures.
pub struct Player {
    file: VideoFile,
    decoder: Decoder,
    next: usize,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Player {
    /// Opens the file that holds an episode's pictures, and says at which picture the episode starts.
    pub fn open(dataset: &Dataset, camera: &str, episode: usize) -> Result<(Player, usize)> {
        let row = dataset.episode_row(episode)?;
        let span = row.videos.get(camera).copied().ok_or_else(|| {
            DatasetError::invalid(format!("camera `{camera}`"), "the episode has none")
        })?;
        let path = dataset.info().video_file(camera, span.file)?;
        let path = dataset.root().join(path);
        let file = VideoFile::open(&path)?;
        let decoder = Decoder::new(&file.codec).map_err(|e| DatasetError::video(&path, e))?;
        let first = (span.from * dataset.fps()).round() as usize;
        let player = Player {
            file,
            decoder,
            next: 0,
        };
        Ok((player, first))
    }

    /// Decodes what is needed for a picture, and drops it undisplayed; returns how many pictures that took.
    pub fn decode(&mut self, picture: usize) -> Result<u64> {
        let (key, _) = self.file.key_before(picture);
        if picture < self.next || key > self.next {
            self.decoder.restart();
            self.next = key;
        }
        let first = self.next;
        while self.next <= picture && self.next < self.file.len() {
            let sample = self.file.read(self.next)?;
            self.decoder
                .decode(Some(&sample), &mut |_| Ok(()))
                .map_err(|e| DatasetError::video(self.file.path(), e))?;
            self.next += 1;
        }
        Ok((self.next - first) as u64)
    }
}

/// The built-in encoder with another quantiser than the one it records with, and the decoder for what it makes.
pub struct QuantisedH264 {
    size: (usize, usize),
    encoder: H264Encoder,
    decoder: Option<Decoder>,
}

impl std::fmt::Debug for QuantisedH264 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QuantisedH264")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl QuantisedH264 {
    /// For pictures of `size` (width and height, pixels); the quantiser goes from 0, the finest, to 51.
    pub fn new(size: (usize, usize), fps: u32, quantiser: u8) -> Result<QuantisedH264> {
        let encoder = H264Encoder::quantised(size, fps, quantiser);
        Ok(QuantisedH264 {
            size,
            encoder: encoder.map_err(bare_h264)?,
            decoder: None,
        })
    }

    /// The compressed form of the next RGB picture.
    pub fn encode(&mut self, rgb: &[u8]) -> Result<Vec<u8>> {
        let picture = self.encoder.encode(rgb).map_err(bare_h264)?;
        Ok(picture.to_vec())
    }

    /// The next RGB picture from its compressed form.
    pub fn decode(&mut self, picture: &[u8]) -> Result<Vec<u8>> {
        let (size, mut rgb) = (self.size, Vec::new());
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => {
                let entry = annexb_entry(picture).map_err(bare_h264)?;
                let (codec, ..) = codec_of(&entry).map_err(bare_h264)?;
                none.insert(Decoder::new(&codec).map_err(bare_h264)?)
            }
        };
        let sample = annexb(picture).map_err(bare_h264)?;
        let decoded = decoder.decode(Some(&sample.bytes), &mut |planes| {
            to_picture(planes, size, &mut rgb)
        });
        decoded.map_err(bare_h264)?;
        Ok(rgb)
    }
}

fn bare_h264(reason: String) -> DatasetError {
    DatasetError::invalid("the bare encoder", reason)
}

/// Puts the tables of all episodes into the first file, as compacting a dataset does, so that the cost of many files can
/// be distinguished from that of many episodes.
pub fn join_episode_tables(root: &Path) -> Result<()> {
    let files = parquet_io::files_below(&root.join(EPISODES_DIR))?;
    let Some(first) = files.first() else {
        return Ok(());
    };
    let mut batches = Vec::new();
    for file in &files {
        batches.extend(parquet_io::read(file, |_| true, None)?.batches);
    }
    let fail = |error: &dyn ToString| DatasetError::parquet(first, error);
    let schema = batches.first().map(RecordBatch::schema);
    let schema = schema.ok_or_else(|| fail(&"it has no rows"))?;
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).map_err(|e| fail(&e))?;
    for batch in &batches {
        writer.write(batch).map_err(|e| fail(&e))?;
    }
    writer.close().map_err(|e| fail(&e))?;
    for file in &files {
        std::fs::remove_file(file).at("remove", file)?;
    }
    std::fs::write(first, bytes).at("write", first)
}
