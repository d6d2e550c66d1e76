//! `ulna bench codecs`: size, quality and cost of the codecs on the same pictures, the built-in one's next to LeRobot's default.
//!
//! The pictures are those of `ulna bench record`: the rendered arm in motion with a sensor's noise, two cameras of 640 x 480, a key
//! frame every second picture. Each codec records them as `ulna record` does; what is compared is what the dataset's reader gives.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ulna_dataset::bare::QuantisedH264;
use ulna_dataset::tools::Encoding;
use ulna_dataset::{Dataset, Feature, Number, RealFs, Spec, Writer};
use ulna_robot::RobotKind;
use ulna_robot::files;

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, in_folder};
use crate::meters::{family_cpu, process_cpu};
use crate::pictures::{FPS, Pictures, pictures, shown};
use crate::ssim::ssim;

const SIZE: (usize, usize) = (640, 480);
/// Pictures of each camera: three seconds.
const FRAMES: u64 = 90;
/// Of these the likeness is measured: forth and back through all that differ, twice.
const LOOKED_AT: usize = 28;
const CAMERAS: [&str; 2] = ["observation.images.front", "observation.images.wrist"];
/// The built-in encoder records with 26.
const QUANTISERS: [u8; 4] = [22, 24, 28, 30];
/// What is measured where ffmpeg has it: codec and quality.
const OTHERS: [(&str, u32); 3] = [("libx264", 23), ("libx264", 30), ("hevc", 30)];
/// LeRobot's default is SVT-AV1 with crf 30 and preset 12.
const LEROBOTS: &str = "av1";

/// Runs the bench; its datasets go to a folder among the temporary ones that is removed again. Codecs that there is no encoder for
/// are left out.
///
/// # Errors
/// If encoding or reading fails.
pub fn codecs() -> Result<BenchReport, BenchError> {
    let kind = files::find(files::DEFAULT)?;
    in_folder("codecs", |folder| measure(&kind, folder))
}

/// What a codec makes of a picture of one camera, on average.
#[derive(Debug, Clone, Copy)]
struct Measured {
    bytes: f64,
    cpu_ms: f64,
    ssim: f64,
}

fn measure(kind: &RobotKind, folder: &Path) -> Result<Vec<Case>, BenchError> {
    let pictures = pictures(kind)?;
    let built_in = recorded(&Encoding::built_in(), &pictures, &folder.join("h264"))?;
    let mut cases = figures("h264, built in", &built_in, &built_in);
    for quantiser in QUANTISERS {
        let name = format!("h264, built in, quantiser {quantiser}");
        cases.extend(figures(&name, &quantised(quantiser, &pictures)?, &built_in));
    }
    for (number, (codec, crf)) in OTHERS.into_iter().enumerate() {
        let mut encoding = Encoding::of(codec);
        encoding.crf = Some(crf);
        let folder = folder.join(number.to_string());
        if encoding.check().is_ok() {
            let measured = recorded(&encoding, &pictures, &folder)?;
            cases.extend(figures(&name(&encoding), &measured, &built_in));
        }
    }
    let lerobots = Encoding::of(LEROBOTS);
    if lerobots.check().is_ok() {
        let measured = recorded(&lerobots, &pictures, &folder.join(LEROBOTS))?;
        cases.extend(figures(&name(&lerobots), &measured, &built_in));
        cases.extend(compared(&built_in, &measured));
    }
    Ok(cases)
}

fn name(encoding: &Encoding) -> String {
    let mut name = encoding.encoder().to_owned();
    if let Some(crf) = encoding.crf {
        name.push_str(&format!(", crf {crf}"));
    }
    if let Some(preset) = &encoding.preset {
        name.push_str(&format!(", preset {preset}"));
    }
    name
}

fn case(case: &str, metric: &str, value: f64, unit: &'static str, floor: Option<f64>) -> Case {
    Case {
        case: case.to_owned(),
        metric: metric.to_owned(),
        value,
        unit,
        floor,
    }
}

/// Means of the cameras. The floor of the cost is what the built-in encoder takes.
fn figures(name: &str, measured: &[Measured], built_in: &[Measured]) -> Vec<Case> {
    let cpu = "CPU per picture (floor: built in)";
    let (value, floor) = (mean(measured, |m| m.cpu_ms), mean(built_in, |m| m.cpu_ms));
    vec![
        case(
            name,
            "size per picture",
            mean(measured, |m| m.bytes),
            "bytes",
            None,
        ),
        case(name, cpu, value, "ms", Some(floor)),
        case(name, "SSIM", mean(measured, |m| m.ssim), "", None),
    ]
}

/// What is recorded by default, compared with what LeRobot would record, on the camera where the comparison is worst.
fn compared(ours: &[Measured], theirs: &[Measured]) -> Vec<Case> {
    let name = "built in beside LeRobot's default";
    let pairs = || ours.iter().zip(theirs);
    let times = |value: fn(&Measured) -> f64| {
        let ratios = pairs().map(|(ours, theirs)| value(ours) / value(theirs).max(1e-9));
        ratios.fold(0.0, f64::max)
    };
    let ssim = pairs().map(|(ours, theirs)| ours.ssim - theirs.ssim);
    vec![
        case(name, "size", times(|m| m.bytes), "times", None),
        case(name, "CPU", times(|m| m.cpu_ms), "times", None),
        case(
            name,
            "SSIM, ours less theirs",
            ssim.fold(1.0, f64::min),
            "",
            None,
        ),
    ]
}

/// Records an episode and reads it back.
fn recorded(
    encoding: &Encoding,
    pictures: &Pictures,
    folder: &Path,
) -> Result<Vec<Measured>, BenchError> {
    let camera = |key: &str| encoding.declared(&Feature::camera(key, SIZE.0, SIZE.1, FPS), FPS);
    let mut features = vec![Feature::scalar("action", Number::Float32)];
    features.extend(CAMERAS.map(camera));
    let spec = Spec::new(FPS).features(features);
    let mut writer = Writer::create(folder, &spec)?;
    let mut episode = writer.begin_episode()?;
    let (mut videos, mut costs) = (Vec::new(), Vec::new());
    for (key, pictures) in CAMERAS.iter().zip(pictures) {
        let before = family_cpu();
        let mut encoder = episode.video_encoder(key)?;
        for frame in 0..FRAMES {
            encoder.push(&pictures[shown(frame)])?;
        }
        // An ffmpeg has ended then, and what it took is known.
        let video = encoder.finish()?;
        video.make_mp4(&RealFs)?;
        videos.push(video);
        costs.push(family_cpu().saturating_sub(before));
    }
    for _ in 0..FRAMES {
        episode.push_row("bench", &[0.0])?;
    }
    writer.commit(&episode.finish(videos, None)?)?;
    drop(writer);
    let dataset = Dataset::open(folder)?;
    let row = dataset.episode_row(0)?;
    let mut measured = Vec::new();
    for ((key, pictures), cpu) in CAMERAS.iter().zip(pictures).zip(costs) {
        let mut bytes = 0;
        if let Some(span) = row.videos.get(*key) {
            let path = folder.join(dataset.info().video_file(key, span.file)?);
            bytes = fs::metadata(path).map_or(0, |file| file.len());
        }
        let mut reader = dataset.pictures(key)?;
        let mut likeness = 0.0;
        for frame in 0..LOOKED_AT {
            let original = &pictures[shown(frame as u64)];
            likeness += ssim(original, &reader.read(0, frame)?.rgb, SIZE.0);
        }
        measured.push(per_picture(bytes, cpu, likeness));
    }
    Ok(measured)
}

/// Encodes with another quantiser than is recorded with.
fn quantised(quantiser: u8, pictures: &Pictures) -> Result<Vec<Measured>, BenchError> {
    let mut measured = Vec::new();
    for pictures in pictures {
        let (mut bytes, mut cpu, mut likeness) = (0, Duration::ZERO, 0.0);
        let mut codec = QuantisedH264::new(SIZE, FPS, quantiser)?;
        for frame in 0..FRAMES {
            let original = &pictures[shown(frame)];
            let before = process_cpu();
            let compressed = codec.encode(original)?;
            cpu += process_cpu().saturating_sub(before);
            bytes += compressed.len() as u64;
            let decoded = codec.decode(&compressed)?;
            if (frame as usize) < LOOKED_AT {
                likeness += ssim(original, &decoded, SIZE.0);
            }
        }
        measured.push(per_picture(bytes, cpu, likeness));
    }
    Ok(measured)
}

fn per_picture(bytes: u64, cpu: Duration, likeness: f64) -> Measured {
    Measured {
        bytes: bytes as f64 / FRAMES as f64,
        cpu_ms: cpu.as_secs_f64() * 1e3 / FRAMES as f64,
        ssim: likeness / LOOKED_AT as f64,
    }
}

fn mean(cameras: &[Measured], value: fn(&Measured) -> f64) -> f64 {
    cameras.iter().map(value).sum::<f64>() / cameras.len().max(1) as f64
}
