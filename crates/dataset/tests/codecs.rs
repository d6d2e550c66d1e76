//! Recording through ffmpeg: what is declared, what is read back, what a cut or a dying encoder leaves.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use support::{CAMERA, clear_picture, is_clear_picture, record_pictures, row};
use ulna_dataset::tools::Encoding;
use ulna_dataset::{Dataset, Spec, Writer, check, repair};

const CHILD: &str = "ULNA_TEST_WITHOUT_FFMPEG";

/// Between its fork and its exec a child shares this process's files, and with them the lock of a dataset that another
/// test opens a second time just then. So these tests take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those of these codecs that the ffmpeg on the PATH can encode.
fn encodings() -> Vec<Encoding> {
    let output = Command::new("ffmpeg").arg("-encoders").output();
    let known = output.map_or(String::new(), |o| {
        String::from_utf8_lossy(&o.stdout).into_owned()
    });
    let wanted = ["av1", "hevc", "libx264", "vp9"].map(|codec| {
        let mut encoding = Encoding::of(codec);
        encoding.crf = Some(18);
        if codec == "libx264" {
            encoding.preset = Some("veryfast".to_owned());
            encoding.gop = 6;
        }
        encoding
    });
    let (there, absent): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .partition(|encoding| known.contains(encoding.encoder()));
    for encoding in absent {
        println!("SKIPPED: no ffmpeg with {} on the PATH", encoding.encoder());
    }
    there
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
            let told = repair(&root).unwrap();
            match pictures {
                0 => {
                    assert_eq!(told.recovered, []);
                    verify(&root, &[3]);
                }
                _ => {
                    assert_eq!(told.recovered, [(1, pictures)], "{told:?}");
                    verify(&root, &[3, pictures]);
                }
            }
            assert_eq!(repair(&root).unwrap().actions, [] as [&str; 0]);
            Writer::resume(&root, &support::camera_spec()).unwrap();
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
    if !encodings().iter().any(|encoding| encoding.codec == "av1") {
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
