use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::json;
use ulna_dataset::{Dataset, Result, Spec, VideoEncoder, VideoPart, Writer};

use super::*;
use crate::columns::Columns;

fn camera() -> CameraSpec {
    CameraSpec {
        name: "front".to_owned(),
        width: 16,
        height: 16,
    }
}

fn writer(folder: &std::path::Path) -> Writer {
    let columns = Columns::new(vec!["a".to_owned()], vec![camera()], true);
    let spec = Spec::new(30).features(columns.features(30));
    Writer::create(folder, &spec).unwrap()
}

fn picture(shade: u8) -> Arc<[u8]> {
    vec![shade; 16 * 16 * 3].into()
}

/// An encoder that blocks until its gate is opened, and reports which pictures it was given.
struct Stalled {
    inner: Box<VideoEncoder>,
    gate: Arc<Mutex<()>>,
    seen: Sender<u8>,
}

impl PictureEncoder for Stalled {
    fn push(&mut self, rgb: &[u8]) -> Result<()> {
        drop(self.gate.lock());
        self.seen.send(rgb[0]).unwrap();
        self.inner.push(rgb)
    }

    fn sync(&mut self) -> Result<()> {
        self.inner.sync()
    }

    fn finish(self: Box<Self>) -> Result<VideoPart> {
        self.inner.finish()
    }
}

fn stalled(memory: usize, spool: u64) -> (SinkOptions, Arc<Mutex<()>>, Receiver<u8>) {
    let gate = Arc::new(Mutex::new(()));
    let (seen, pushed) = channel();
    let shared = Arc::clone(&gate);
    let options = SinkOptions {
        memory: memory * 768,
        spool: spool * 768,
        wrap: Box::new(move |inner| {
            let (gate, seen) = (Arc::clone(&shared), seen.clone());
            let inner = Box::new(inner);
            Box::new(Stalled { inner, gate, seen })
        }),
        ..SinkOptions::new(Workers::Threads, "wait".to_owned(), 30)
    };
    (options, gate, pushed)
}

fn push(sink: &mut EpisodeSink, value: u8) -> PicturesTaken {
    let taken = sink.pictures([&picture(value)]);
    sink.row(vec![f64::from(value), 0.0]);
    taken
}

#[test]
fn no_row_is_lost_while_the_encoder_stalls() {
    let folder = tempfile::tempdir().unwrap();
    let (options, gate, seen) = stalled(4, 8);
    let mut sink = EpisodeSink::new(writer(folder.path()), &[camera()], options).unwrap();
    let closed = gate.lock().unwrap();
    sink.begin();
    sink.encoders[0].wait_until_ready();
    let taken: Vec<_> = (0..20).map(|value| push(&mut sink, value)).collect();
    sink.close(true, false);
    sink.commit(json!({}));
    drop(closed);
    assert_eq!(sink.finish().unwrap(), (1, 20));
    // Four in memory, eight on disk, and for the rest the one before again and again.
    let count = |mask: fn(&PicturesTaken) -> u32| taken.iter().filter(|t| mask(t) == 1).count();
    assert_eq!((count(|t| t.spooled), count(|t| t.replaced)), (8, 8));
    assert_eq!(taken[4].spooled, 1);
    assert_eq!(taken[12].replaced, 1);
    let expected: Vec<u8> = (0..20).map(|value: u8| value.min(11)).collect();
    assert_eq!(seen.iter().collect::<Vec<_>>(), expected);
    let episode = Dataset::open(folder.path()).unwrap().episode(0).unwrap();
    for row in 0..20 {
        assert_eq!(
            episode.column("action").unwrap().row(row).unwrap(),
            [row as f64]
        );
    }
}

#[test]
fn the_spool_is_used_again_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (options, gate, seen) = stalled(1, 4);
    let mut sink = EpisodeSink::new(writer(folder.path()), &[camera()], options).unwrap();
    let mut expected = Vec::new();
    for round in 0..3u8 {
        sink.begin();
        sink.encoders[0].wait_until_ready();
        let closed = gate.lock().unwrap();
        for value in round * 10..round * 10 + 5 {
            assert_eq!(push(&mut sink, value).replaced, 0);
            expected.push(value);
        }
        drop(closed);
        sink.close(true, round < 2);
        sink.commit(json!({}));
        // Only when the encoder has caught up is there room again.
        for _ in 0..5 {
            seen.recv().unwrap();
        }
        while sink.encoders[0].waiting() > 0 {
            std::thread::yield_now();
        }
    }
    assert_eq!(sink.finish().unwrap(), (3, 15));
    let left: Vec<_> = std::fs::read_dir(folder.path().join(".ulna"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_discarded_episode_leaves_no_trace() {
    for workers in [Workers::Inline, Workers::Threads] {
        let folder = tempfile::tempdir().unwrap();
        let options = SinkOptions::new(workers, "try".to_owned(), 30);
        let mut sink = EpisodeSink::new(writer(folder.path()), &[camera()], options).unwrap();
        for (value, keep) in [(1, false), (2, true), (3, false)] {
            sink.begin();
            push(&mut sink, value);
            push(&mut sink, value);
            sink.close(keep, true);
            if keep {
                sink.commit(json!({"value": value}));
            } else {
                sink.discard();
            }
        }
        assert_eq!(sink.finish().unwrap(), (1, 2));
        let dataset = Dataset::open(folder.path()).unwrap();
        assert_eq!(dataset.len(), 1);
        let action = dataset
            .episode(0)
            .unwrap()
            .column("action")
            .unwrap()
            .row(0)
            .unwrap()
            .to_vec();
        assert_eq!(action, [2.0]);
        let left: Vec<_> = std::fs::read_dir(folder.path().join(".ulna"))
            .unwrap()
            .collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

#[test]
fn an_encoder_that_fails_is_reported_and_the_journal_stays() {
    struct Broken;
    impl PictureEncoder for Broken {
        fn push(&mut self, _: &[u8]) -> Result<()> {
            Err(ulna_dataset::DatasetError::Invalid {
                what: "camera `front`".to_owned(),
                reason: "no".to_owned(),
            })
        }
        fn sync(&mut self) -> Result<()> {
            Ok(())
        }
        fn finish(self: Box<Self>) -> Result<VideoPart> {
            unreachable!()
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let options = SinkOptions {
        wrap: Box::new(|_| Box::new(Broken)),
        ..SinkOptions::new(Workers::Inline, "try".to_owned(), 30)
    };
    let mut sink = EpisodeSink::new(writer(folder.path()), &[camera()], options).unwrap();
    sink.begin();
    push(&mut sink, 1);
    sink.close(true, false);
    sink.commit(json!({}));
    let error = sink.finish().unwrap_err().to_string();
    assert!(
        error.contains("front") && error.contains("repair"),
        "{error}"
    );
    assert_eq!(Dataset::open(folder.path()).unwrap().len(), 0);
    assert!(folder.path().join(".ulna/run-000000/rows.log").is_file());
}

/// A copy of a dataset, as a program that was killed leaves it: without its lock.
fn as_killed(folder: &std::path::Path) -> tempfile::TempDir {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                std::fs::create_dir(&target).unwrap();
                copy(&path, &target);
            } else {
                std::fs::copy(&path, &target).unwrap();
            }
        }
    }
    let killed = tempfile::tempdir().unwrap();
    copy(folder, killed.path());
    killed
}

#[test]
fn pictures_that_wait_for_their_encoder_survive_the_program() {
    // Stalled from the first picture on, or after some; the disk has room for all that wait, or for some.
    for (encoded, places) in [(0, 99), (10, 99), (10, 20)] {
        let folder = tempfile::tempdir().unwrap();
        let (options, gate, seen) = stalled(99, places);
        let mut sink = EpisodeSink::new(writer(folder.path()), &[camera()], options).unwrap();
        sink.begin();
        sink.encoders[0].wait_until_ready();
        for value in 0..encoded {
            push(&mut sink, value * 4);
            seen.recv().unwrap();
        }
        while encoded > 0 && sink.encoders[0].waiting() > 0 {
            std::thread::yield_now();
        }
        let closed = gate.lock().unwrap();
        for value in encoded..50 {
            push(&mut sink, value * 4);
        }
        // The journal is written on another thread.
        let journal = folder.path().join(".ulna/run-000000/rows.log");
        let row = 8 + 2 + "wait".len() + 2 * 8;
        while std::fs::metadata(&journal).unwrap().len() < 50 * row as u64 {
            std::thread::yield_now();
        }
        let killed = as_killed(folder.path());
        drop(closed);
        drop(sink.finish());
        let repaired = ulna_dataset::repair(killed.path()).unwrap();
        assert_eq!(repaired.recovered, [(0, 50)], "{encoded}: {repaired:?}");
        let again = ulna_dataset::repair(killed.path()).unwrap();
        assert_eq!(again, ulna_dataset::RepairReport::default());
        let dataset = Dataset::open(killed.path()).unwrap();
        let mut pictures = dataset.pictures("observation.images.front").unwrap();
        for row in 0..50 {
            // What found no place is the picture before again.
            let last = u64::from(encoded) + places + 10 - 1;
            let expected = 4 * (row as u64).min(last);
            let found = pictures.read(0, row).unwrap();
            let mean = found.rgb.iter().map(|byte| f64::from(*byte)).sum::<f64>() / 768.0;
            assert!((mean - expected as f64).abs() < 6.0, "row {row}: {mean}");
        }
    }
}
