//! Recording through ffmpeg: what is declared, what is read back, what a cut or a dying encoder leaves.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use support::{CAMERA, clear_picture, ffmpeg_has, is_clear_picture, record_pictures, row};
use ulna_dataset::tools::{self, Encoding, Target, Work};
use ulna_dataset::{Dataset, Fs, FsFile, RealFs, Spec, Writer, check, repair};

const CHILD: &str = "ULNA_TEST_WITHOUT_FFMPEG";

/// Between its fork and its exec a child shares this process's files, and with them the lock of a dataset that another
/// test opens a second time just then. So these tests take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those of these codecs that the ffmpeg on the PATH can encode.
fn encodings() -> Vec<Encoding> {
    let wanted = ["av1", "hevc", "libx264", "vp9"].map(|codec| {
        let mut encoding = Encoding::of(codec);
        encoding.crf = Some(18);
        match codec {
            "libx264" => {
                encoding.preset = Some("veryfast".to_owned());
                encoding.gop = 6;
            }
            "hevc" => encoding.preset = Some("veryfast".to_owned()),
            "vp9" => encoding.preset = Some("8".to_owned()),
            _ => {}
        }
        encoding
    });
    let there = wanted.into_iter();
    there
        .filter(|encoding| ffmpeg_has(encoding.encoder()))
        .collect()
}

fn spec(encoding: &Encoding) -> Spec {
    let mut spec = support::camera_spec();
    for feature in &mut spec.features {
        if feature.key == CAMERA {
            *feature = encoding.declared(feature, spec.fps);
        }
    }
    spec
}

fn verify(root: &Path, lengths: &[usize]) {
    let report = check(root);
    assert!(report.is_sound(), "{report:?}");
    let dataset = Dataset::open(root).unwrap();
    assert_eq!(dataset.len(), lengths.len());
    let mut reader = dataset.pictures(CAMERA).unwrap();
    for (episode, frames) in lengths.iter().enumerate() {
        assert_eq!(dataset.episode(episode).unwrap().len(), *frames);
        for frame in 0..*frames {
            let found = reader.read(episode, frame).unwrap();
            assert!(
                is_clear_picture(&found.rgb, episode, frame),
                "picture {frame} of episode {episode}"
            );
        }
    }
}

#[test]
fn every_codec_is_recorded_declared_and_resumed() {
    let _turn = turn();
    for encoding in encodings() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("data");
        let mut writer = Writer::create(&root, &spec(&encoding)).unwrap();
        for (episode, frames) in [12, 1].into_iter().enumerate() {
            let parts = record_pictures(&mut writer, episode, frames, clear_picture);
            writer.commit(&parts).unwrap();
        }
        drop(writer);
        verify(&root, &[12, 1]);
        // The declaration is that of the dataset, whatever the one who resumes says about codecs.
        let mut writer = Writer::resume(&root, &support::camera_spec()).unwrap();
        let parts = record_pictures(&mut writer, 2, 7, clear_picture);
        writer.commit(&parts).unwrap();
        drop(writer);
        verify(&root, &[12, 1, 7]);
        let dataset = Dataset::open(&root).unwrap();
        let camera = dataset.info().feature(CAMERA).unwrap();
        assert_eq!(Encoding::declared_by(camera).encoder(), encoding.encoder());
        assert_eq!(Encoding::declared_by(camera).crf, Some(18));
        // Statistics are those of the pictures that came in.
        let mean = dataset.stats().unwrap().unwrap()[CAMERA].mean[2];
        let expected = [(0, 12), (1, 1), (2, 7)].into_iter().flat_map(|(e, n)| {
            (0..n).map(move |frame| f64::from(clear_picture(e, frame)[2]) / 255.0)
        });
        let expected: Vec<f64> = expected.collect();
        let expected = expected.iter().sum::<f64>() / expected.len() as f64;
        assert!((mean - expected).abs() < 1e-6, "{mean} {expected}");
    }
}

/// A dataset with a saved episode and a running one of 9 frames, as a kill at its end leaves it.
fn interrupted(root: &Path, encoding: &Encoding) -> PathBuf {
    let mut writer = Writer::create(root, &spec(encoding)).unwrap();
    let parts = record_pictures(&mut writer, 0, 3, clear_picture);
    writer.commit(&parts).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    let mut encoder = rows.video_encoder(CAMERA).unwrap();
    for frame in 0..9 {
        encoder.push(&clear_picture(1, frame)).unwrap();
        rows.push_row("pick", &row(1, frame)).unwrap();
    }
    rows.sync().unwrap();
    // The rest of what the encoder holds back comes out; nothing is finished.
    let video = encoder.finish().unwrap();
    assert_eq!(video.frames(), 9);
    drop((rows, writer));
    let runs = std::fs::read_dir(root.join(".ulna")).unwrap();
    let mut runs = runs.map(|run| run.unwrap().path()).filter(|p| p.is_dir());
    let run = runs.next().unwrap();
    run.join(format!("{CAMERA}.fmp4.log"))
}

#[test]
fn a_stream_that_is_cut_anywhere_gives_its_whole_pictures() {
    let _turn = turn();
    for encoding in encodings() {
        let dir = tempfile::tempdir().unwrap();
        let whole = dir.path().join("whole");
        let log = interrupted(&whole, &encoding);
        let log = log.strip_prefix(&whole).unwrap();
        let bytes = std::fs::read(whole.join(log)).unwrap();
        let ends = record_ends(&bytes);
        assert_eq!(ends.len(), 10);
        // Around the ends of records, and inside of some.
        let cuts = ends.iter().step_by(3).flat_map(|end| [end - 1, *end]);
        for cut in cuts.chain([0, 5, ends[0] + 30, ends[4] + 70]) {
            let pictures = ends.iter().filter(|end| **end <= cut).count();
            let pictures = pictures.saturating_sub(1);
            let root = dir.path().join(format!("cut {cut}"));
            support::copy(&whole, &root);
            std::fs::write(root.join(log), &bytes[..cut]).unwrap();
            let report = repair(&root).unwrap();
            match pictures {
                0 => {
                    assert_eq!(report.recovered, []);
                    verify(&root, &[3]);
                }
                _ => {
                    assert_eq!(report.recovered, [(1, pictures)], "{report:?}");
                    verify(&root, &[3, pictures]);
                }
            }
            assert_eq!(repair(&root).unwrap().actions, [] as [&str; 0]);
        }
    }
}

/// Where each record of a log ends.
fn record_ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(length) = bytes.get(at..at + 4) {
        at += 8 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        ends.push(at);
    }
    ends
}

/// A disk that is full from some moment on.
#[derive(Clone, Debug, Default)]
struct Full(Arc<AtomicBool>);

#[derive(Debug)]
struct FullFile(Box<dyn FsFile>, Full);

impl Full {
    fn room(&self) -> io::Result<()> {
        match self.0.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl Write for FullFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(full) = self.1.room() {
            // Half of it still fits.
            self.0.write_all(&bytes[..bytes.len() / 2])?;
            return Err(full);
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl FsFile for FullFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

impl Fs for Full {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealFs.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        self.room()?;
        Ok(Box::new(FullFile(RealFs.create(path)?, self.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFs.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealFs.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealFs.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealFs.sync_dir(path)
    }
}

#[test]
fn a_disk_that_fills_is_an_error_and_what_was_on_it_is_recovered() {
    let _turn = turn();
    for encoding in encodings() {
        let dir = tempfile::tempdir().unwrap();
        let full = Full::default();
        let fs = Arc::new(full.clone());
        let mut writer = Writer::create_on(fs, dir.path(), &spec(&encoding)).unwrap();
        let mut rows = writer.begin_episode().unwrap();
        let mut encoder = rows.video_encoder(CAMERA).unwrap();
        let mut failed = None;
        for frame in 0..400 {
            if frame == 60 {
                full.0.store(true, Ordering::SeqCst);
            } else if frame < 60 {
                rows.push_row("pick", &row(0, frame)).unwrap();
            }
            if let Err(error) = encoder.push(&clear_picture(0, frame)) {
                failed = Some(error.to_string());
                break;
            }
            // A camera would not be faster either.
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let failed = failed.unwrap();
        assert!(failed.contains("disk is full"), "{failed}");
        drop((encoder, rows, writer));
        let recovered = repair(dir.path()).unwrap().recovered;
        let [(0, frames)] = recovered[..] else {
            unreachable!("{recovered:?}")
        };
        // How many depends on the encoder's pace alone.
        assert!((1..=60).contains(&frames), "{frames}");
        verify(dir.path(), &[frames]);
    }
}

#[test]
fn pictures_are_re_encoded_as_they_are_recorded() {
    let _turn = turn();
    for encoding in encodings() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("data");
        let mut writer = Writer::create(&root, &support::camera_spec()).unwrap();
        let parts = record_pictures(&mut writer, 0, 9, clear_picture);
        writer.commit(&parts).unwrap();
        drop(writer);
        let mut go_on = |_| true;
        tools::reencode(
            &root,
            &encoding,
            &Target::InPlace,
            &mut Work::new(&mut go_on),
        )
        .unwrap();
        verify(&root, &[9]);
        let dataset = Dataset::open(&root).unwrap();
        let camera = dataset.info().feature(CAMERA).unwrap();
        assert_eq!(*camera, encoding.declared(camera, 30));
    }
}

#[test]
fn what_ffmpeg_cannot_do_is_refused_before_anything_is_written() {
    let _turn = turn();
    if encodings().is_empty() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("data");
    let refused = |encoding: &Encoding| {
        let error = Writer::create(&root, &spec(encoding)).unwrap_err();
        assert!(!root.exists());
        error.to_string()
    };
    let unknown = refused(&Encoding::of("no-such-codec"));
    assert!(unknown.contains("`ffmpeg -encoders`"), "{unknown}");
    let mut wrong = Encoding::of("libx264");
    wrong.preset = Some("no-such-preset".to_owned());
    let wrong = refused(&wrong);
    assert!(
        wrong.contains("ffmpeg failed") && wrong.contains("preset"),
        "{wrong}"
    );
}

#[test]
fn without_ffmpeg_a_dataset_of_its_codecs_is_neither_begun_nor_resumed() {
    let _turn = turn();
    let av1 = spec(&Encoding::of("av1"));
    if let Some(root) = std::env::var_os(CHILD).map(PathBuf::from) {
        // What needs no ffmpeg to be looked at is recovered all the same.
        assert_eq!(repair(&root).unwrap().recovered, [(1, 9)]);
        let begun = Writer::create(root.join("another"), &av1).unwrap_err();
        let resumed = Writer::resume(&root, &av1).unwrap_err();
        for error in [begun, resumed] {
            let error = error.to_string();
            assert!(
                error.contains("av1") && error.contains("install"),
                "{error}"
            );
        }
        return;
    }
    if !ffmpeg_has("libsvtav1") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("data");
    interrupted(&root, &Encoding::of("av1"));
    // The PATH of this process is everybody's, so a child of its own has none.
    let name = "without_ffmpeg_a_dataset_of_its_codecs_is_neither_begun_nor_resumed";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env("PATH", "")
        .env(CHILD, &root)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}
