//! From the end of an episode to the first picture of the next at its encoder: everything that must be on the disk by then is.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use ulna_dataset::{VideoEncoder, VideoPart};
use ulna_recorder::sink::SinkOptions;
use ulna_recorder::{EpisodeSink, PictureEncoder, Workers};
use ulna_robot::RobotKind;

use crate::error::BenchError;
use crate::figures::Case;
use crate::pictures::{FPS, Pictures, columns, shown};
use crate::record::dataset::writer;

/// Episodes, and their rows.
const EPISODES: usize = 12;
const EPISODE_ROWS: usize = 150;

/// Reports when its episode's first picture comes to it, and each picture that it is done with.
struct Announcing {
    inner: Box<VideoEncoder>,
    first: Option<Sender<Instant>>,
    done: Sender<()>,
}

impl PictureEncoder for Announcing {
    fn push(&mut self, rgb: &[u8]) -> ulna_dataset::Result<()> {
        if let Some(first) = self.first.take() {
            let _ = first.send(Instant::now());
        }
        let pushed = self.inner.push(rgb);
        let _ = self.done.send(());
        pushed
    }

    fn sync(&mut self) -> ulna_dataset::Result<()> {
        self.inner.sync()
    }

    fn finish(self: Box<Self>) -> ulna_dataset::Result<VideoPart> {
        self.inner.finish()
    }
}

/// What the encoders report.
struct Announced {
    first: Receiver<Instant>,
    done: Receiver<()>,
    cameras: usize,
}

impl Announced {
    /// When the last camera's first picture came.
    fn last_first(&self) -> Result<Instant, BenchError> {
        let times = (0..self.cameras).map(|_| self.first.recv_timeout(PATIENCE).map_err(stuck));
        Ok(times
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .max()
            .unwrap_or_else(Instant::now))
    }

    /// Waits until each encoder is done with a picture.
    fn wait(&self) -> Result<(), BenchError> {
        (0..self.cameras).try_for_each(|_| self.done.recv_timeout(PATIENCE).map_err(stuck))
    }
}

/// An encoder that takes longer for a picture is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

fn stuck<E>(_: E) -> BenchError {
    BenchError::Stuck
}

/// Measures the pauses between episodes.
pub(super) fn pauses(
    kind: &RobotKind,
    folder: &Path,
    pictures: &Pictures,
) -> Result<Vec<Case>, BenchError> {
    let columns = columns(kind);
    let writer = writer(&columns, folder)?;
    let width = writer.layout().width();
    let (first_in, first) = channel();
    let (done_in, done) = channel();
    let options = SinkOptions {
        wrap: Box::new(move |encoder| {
            Box::new(Announcing {
                inner: Box::new(encoder),
                first: Some(first_in.clone()),
                done: done_in.clone(),
            })
        }),
        ..SinkOptions::new(Workers::Threads, "bench".to_owned(), FPS)
    };
    let announced = Announced {
        first,
        done,
        cameras: columns.cameras().len(),
    };
    let mut sink = EpisodeSink::new(writer, columns.cameras(), options)?;
    let pauses = record(&mut sink, width, pictures, &announced)?;
    sink.finish()?;
    let figure = |metric: &str, pause: Option<&Duration>| Case {
        case: format!("{EPISODES} episodes of 5 s, synced"),
        metric: metric.to_owned(),
        value: pause.map_or(0.0, |pause| pause.as_secs_f64() * 1e3),
        unit: "ms",
        floor: None,
    };
    Ok(vec![
        figure("end of one to the next, p50", pauses.get(pauses.len() / 2)),
        figure("end of one to the next, max", pauses.last()),
    ])
}

/// Records the episodes and one row of picture more; the pauses between them, sorted.
fn record(
    sink: &mut EpisodeSink,
    width: usize,
    pictures: &Pictures,
    announced: &Announced,
) -> Result<Vec<Duration>, BenchError> {
    let mut pauses = Vec::new();
    let mut ended: Option<Instant> = None;
    sink.begin();
    for episode in 0..=EPISODES {
        for row in 0..EPISODE_ROWS {
            let number = shown(row as u64);
            sink.pictures(pictures.iter().map(|pictures| &pictures[number]));
            sink.row(vec![0.0; width]);
            if row == 0 {
                let began = announced.last_first()?;
                pauses.extend(ended.map(|ended| began.saturating_duration_since(ended)));
            }
            // A camera would not be faster than the encoders either.
            announced.wait()?;
        }
        if episode < EPISODES {
            ended = Some(Instant::now());
            sink.close(true, true);
            sink.commit(serde_json::Value::Null);
            sink.begin();
        }
    }
    sink.close(true, false);
    sink.commit(serde_json::Value::Null);
    pauses.sort();
    Ok(pauses)
}
