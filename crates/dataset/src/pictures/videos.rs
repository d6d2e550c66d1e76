//! The pictures of one camera from its mp4 files.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{DatasetError, Result};
use crate::pictures::{Picture, TOLERANCE};
use crate::reader::Dataset;
use crate::template::FileIndex;
use crate::video::{Decoder, Ffmpeg, VideoFile, to_picture};

/// Files that stay open with their indexes read.
const MAX_OPEN: usize = 16;
const MAX_SPARE: usize = 4;

/// Open files of a camera, and a decoder in the middle of one of them.
#[derive(Default)]
pub(super) struct VideoPictures {
    /// The most recently used one is the last.
    open: Vec<(FileIndex, VideoFile)>,
    playing: Option<Playing>,
    /// The last picture asked for, and those that came out together with it.
    ready: VecDeque<(usize, Arc<Picture>)>,
    /// Pictures handed out before, whose memory is used again once no reader holds them.
    spare: Vec<Arc<Picture>>,
    pub(super) decoded: u64,
}

struct Playing {
    at: FileIndex,
    engine: Decoding,
    /// The sample that the decoder gets next, in the order of the file.
    next_sample: usize,
    /// The picture that it gives next, in the order in which they are shown.
    next_place: usize,
    /// False after an error or the last picture: then the decoder is of no more use.
    started: bool,
}

enum Decoding {
    BuiltIn(Box<Decoder>),
    Ffmpeg(Ffmpeg),
}

impl VideoPictures {
    /// The picture that is shown at `time`, in seconds, in a video file.
    pub(super) fn read(
        &mut self,
        dataset: &Dataset,
        camera: &str,
        at: FileIndex,
        time: f64,
    ) -> Result<Arc<Picture>> {
        // Taken out, so that a file that turned out bad isn't kept.
        let mut file = match self.open.iter().position(|(open, _)| *open == at) {
            Some(known) => self.open.remove(known).1,
            None => open(dataset, camera, at)?,
        };
        let place = file.at_time(time, TOLERANCE)?;
        let picture = self.advance(at, &mut file, place);
        if self.open.len() == MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push((at, file));
        picture
    }

    fn advance(
        &mut self,
        at: FileIndex,
        file: &mut VideoFile,
        place: usize,
    ) -> Result<Arc<Picture>> {
        let same_file = self.playing.as_ref().is_some_and(|p| p.at == at);
        let is_wanted = |ready: &(usize, Arc<Picture>)| same_file && ready.0 == place;
        while let Some((_, passed)) = self.ready.pop_front_if(|ready| !is_wanted(ready)) {
            self.spare.push(passed);
        }
        let excess = self.spare.len().saturating_sub(MAX_SPARE);
        self.spare.drain(..excess);
        if let Some((_, picture)) = self.ready.front() {
            return Ok(Arc::clone(picture));
        }
        let failed = |reason: String| DatasetError::video(file.path(), reason);
        let (key, key_place) = file.key_before(place);
        let playing = match self.playing.take() {
            Some(playing)
                if same_file
                    && playing.continues_to(place, key, file.codec.foreign().is_some()) =>
            {
                playing
            }
            before => Playing::start(before, at, file, key, key_place, place).map_err(failed)?,
        };
        let playing = self.playing.insert(playing);
        let path = file.path().to_owned();
        let result = match &mut playing.engine {
            Decoding::Ffmpeg(ffmpeg) => {
                let from = playing.next_place;
                let frame = (from..=place).try_fold(None, |_, _| ffmpeg.next().map(Some));
                self.decoded += (place + 1 - from) as u64;
                playing.next_place = place + 1;
                playing.started = frame.is_ok();
                frame.map(|rgb| {
                    let (width, height) = (file.width, file.height);
                    let rgb = rgb.unwrap_or_default();
                    let picture = Arc::new(Picture { width, height, rgb });
                    self.ready.push_back((place, picture));
                })
            }
            Decoding::BuiltIn(decoder) => {
                let mut position = Position {
                    sample: playing.next_sample,
                    place: playing.next_place,
                };
                let first = position.sample;
                let (ready, spare) = (&mut self.ready, &mut self.spare);
                let played = play(decoder, file, &mut position, place, ready, spare);
                self.decoded += (position.sample - first) as u64;
                (playing.next_sample, playing.next_place) = (position.sample, position.place);
                playing.started = played.as_ref().is_ok_and(|ended| !ended);
                played.map(|_| ())
            }
        };
        result.map_err(|e| DatasetError::video(&path, format!("picture {place}: {e}")))?;
        match self.ready.front() {
            Some((_, picture)) => Ok(Arc::clone(picture)),
            None => Err(DatasetError::video(&path, "nothing was decoded")),
        }
    }
}

fn open(dataset: &Dataset, camera: &str, at: FileIndex) -> Result<VideoFile> {
    let path = dataset.root().join(dataset.info().video_file(camera, at)?);
    if !path.exists() {
        return Err(DatasetError::MissingFile {
            what: format!("the pictures of camera `{camera}`"),
            path,
        });
    }
    VideoFile::open(&path)
}

impl Playing {
    /// Whether going on is the way to a picture, rather than starting at the key frame before it. A program that
    /// decodes needs much longer to start than to decode a few more pictures.
    fn continues_to(&self, place: usize, key: usize, foreign: bool) -> bool {
        const PATIENCE: usize = 60;
        let near = match foreign {
            true => place - self.next_place.min(place) <= PATIENCE,
            false => key <= self.next_sample,
        };
        self.started && place >= self.next_place && near
    }

    fn start(
        before: Option<Playing>,
        at: FileIndex,
        file: &VideoFile,
        key: usize,
        key_place: usize,
        place: usize,
    ) -> Result<Playing, String> {
        if let Some(name) = file.codec.foreign() {
            return Ok(Playing {
                at,
                engine: Decoding::Ffmpeg(Ffmpeg::start(file, place, name)?),
                next_sample: 0,
                next_place: place,
                started: true,
            });
        }
        let sound = before.filter(|before| before.started);
        let engine = match sound.map(|before| before.engine) {
            // Making a decoder costs about as much as decoding a picture.
            Some(Decoding::BuiltIn(mut decoder)) if !file.reorders && decoder.fits(&file.codec) => {
                decoder.restart();
                decoder
            }
            _ => Box::new(Decoder::new(&file.codec)?),
        };
        Ok(Playing {
            at,
            engine: Decoding::BuiltIn(engine),
            next_sample: key,
            next_place: key_place,
            started: true,
        })
    }
}

/// The pixels of a picture that no reader holds any more, or none.
fn memory(spare: &mut Vec<Arc<Picture>>) -> Vec<u8> {
    let free = spare.iter_mut().position(|p| Arc::get_mut(p).is_some());
    let free = free.and_then(|at| Arc::into_inner(spare.swap_remove(at)));
    free.map_or_else(Vec::new, |picture| picture.rgb)
}

struct Position {
    sample: usize,
    place: usize,
}

/// Decodes until the picture at `place` is out, and keeps the pictures from there on; true at the stream's end.
fn play(
    decoder: &mut Decoder,
    file: &mut VideoFile,
    position: &mut Position,
    place: usize,
    ready: &mut VecDeque<(usize, Arc<Picture>)>,
    spare: &mut Vec<Arc<Picture>>,
) -> Result<bool, String> {
    let size = (file.width, file.height);
    while position.place <= place {
        let sample = match position.sample < file.len() {
            true => Some(file.read(position.sample).map_err(|e| e.to_string())?),
            false => None,
        };
        let before = position.place;
        decoder.decode(sample.as_deref(), &mut |planes| {
            if position.place >= place {
                let (width, height) = size;
                let mut rgb = memory(spare);
                to_picture(planes, size, &mut rgb)?;
                let picture = Arc::new(Picture { width, height, rgb });
                ready.push_back((position.place, picture));
            }
            position.place += 1;
            Ok(())
        })?;
        if sample.is_none() {
            return match before == position.place {
                true => Err("isn't in the stream".to_owned()),
                false => Ok(true),
            };
        }
        position.sample += 1;
    }
    Ok(false)
}
