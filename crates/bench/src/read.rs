//! `ulna bench read`: what reading datasets costs, in CPU time, and the bare decoding of the same bytes.
//!
//! The datasets are recorded in the bench itself; another one, such as one that LeRobot wrote, can be added.

mod datasets;
mod unsynced;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_dataset::bare::{self, Player};
use ulna_dataset::{Dataset, Dtype, Feature, Item, ItemOptions, Number};

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, in_folder};
use crate::meters::process_cpu;
use datasets::{record, write};

/// Items drawn at random with pictures, and without.
const DRAWS: usize = 300;
const ROW_DRAWS: usize = 1_000_000;
const ROW_EPISODES: usize = 20;
const ROW_FRAMES: usize = 3000;
const MANY: usize = 1000;

/// Runs the bench; its datasets go to a folder among the temporary ones that is removed again. `dataset` is read,
/// too.
///
/// # Errors
/// If writing or reading fails.
pub fn read(dataset: Option<&Path>) -> Result<BenchReport, BenchError> {
    in_folder("read", |folder| measure(folder, dataset))
}

fn measure(folder: &Path, dataset: Option<&Path>) -> Result<Vec<Case>, BenchError> {
    let mut cases = rows(&folder.join("rows"))?;
    cases.extend(opening(&folder.join("many"))?);
    let recorded = folder.join("pictures");
    record(&recorded)?;
    cases.extend(items("2 x 640x480 H.264, recorded here", &recorded)?);
    if let Some(dir) = dataset {
        let name = dir.file_name().unwrap_or(dir.as_os_str());
        cases.extend(items(&name.to_string_lossy(), dir)?);
    }
    Ok(cases)
}

/// CPU time of all threads that something takes.
fn cpu_of<T>(work: impl FnOnce() -> Result<T, BenchError>) -> Result<(T, Duration), BenchError> {
    let before = process_cpu();
    let done = work()?;
    Ok((done, process_cpu().saturating_sub(before)))
}

/// Lets nothing be optimised away.
fn used(item: &Item) -> bool {
    std::hint::black_box(item).timestamp.is_finite()
}

fn rows(folder: &Path) -> Result<Vec<Case>, BenchError> {
    let names = (0..6).map(|joint| format!("joint_{joint}.pos"));
    let names: Vec<String> = names.collect();
    let features = ["action", "observation.state"]
        .map(|key| Feature::vector(key, Number::Float32, names.clone()));
    write(folder, features.to_vec(), ROW_EPISODES, ROW_FRAMES)?;
    let dataset = Dataset::open(folder)?;
    let keys = ["action", "observation.state"];
    let options = ItemOptions::default().columns(Some(keys.map(str::to_owned).to_vec()));
    let total = (ROW_EPISODES * ROW_FRAMES) as f64;
    let per_second = |count: f64, cpu: Duration| count / cpu.as_secs_f64().max(1e-9);

    let wanted = ["action", "observation.state", "timestamp"];
    let mut files = Vec::new();
    for row in dataset.episodes() {
        files.push(folder.join(dataset.info().data_file(row.data)?));
    }
    let ((), cpu) = cpu_of(|| {
        for file in &files {
            bare::decode_rows(file, &wanted)?;
        }
        Ok(())
    })?;
    let floor = per_second(total, cpu);
    let (mut items, cpu) = cpu_of(|| {
        let mut items = dataset.items(&options)?;
        for position in 0..items.len() {
            used(&items.get(position)?);
        }
        Ok(items)
    })?;
    let sequential = per_second(total, cpu);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let draws: Vec<usize> = (0..ROW_DRAWS)
        .map(|_| rng.random_range(0..items.len()))
        .collect();
    let ((), cpu) = cpu_of(|| {
        for position in &draws {
            used(&items.get(*position)?);
        }
        Ok(())
    })?;
    let random = per_second(ROW_DRAWS as f64, cpu);
    let (_, cpu) = cpu_of(|| {
        for episode in 0..dataset.len() {
            std::hint::black_box(dataset.episode_columns(episode, &keys)?);
        }
        Ok(())
    })?;
    let episodes = per_second(total, cpu);
    let case = |metric: &str, value| Case {
        case: format!("state and action, {ROW_EPISODES} episodes"),
        metric: metric.to_owned(),
        value,
        unit: "rows/CPU-s",
        floor: Some(floor),
    };
    Ok(vec![
        case("items in order, from the disk", sequential),
        case("random items, in memory", random),
        case("whole episodes, from the disk", episodes),
    ])
}

fn opening(folder: &Path) -> Result<Vec<Case>, BenchError> {
    let names = (0..6).map(|joint| format!("joint_{joint}.pos"));
    let feature = Feature::vector("action", Number::Float32, names);
    write(folder, vec![feature], MANY, 4)?;
    let mut bytes = Vec::new();
    let ((), bare) = cpu_of(|| {
        let tables = folder.join("meta/episodes/chunk-000");
        let fail = |source| BenchError::System {
            what: format!("cannot list {}", tables.display()),
            source,
        };
        for entry in fs::read_dir(&tables).map_err(fail)? {
            bytes = fs::read(entry.map_err(fail)?.path()).map_err(fail)?;
        }
        Ok(())
    })?;
    let opening = |name: &str| -> Result<Case, BenchError> {
        // The least of three: memory freed before is tidied up at the next allocation.
        let mut least = Duration::MAX;
        for _ in 0..3 {
            let (dataset, cpu) = cpu_of(|| Ok(Dataset::open(folder)?))?;
            std::hint::black_box((&dataset, &bytes));
            least = least.min(cpu);
        }
        Ok(Case {
            case: format!("{MANY} episodes, {name}"),
            metric: "opening".to_owned(),
            value: least.as_secs_f64() * 1e3,
            unit: "CPU-ms",
            floor: Some(bare.as_secs_f64() * 1e3),
        })
    };
    let apart = opening("a table file each")?;
    bare::join_episode_tables(folder)?;
    Ok(vec![apart, opening("in one table file")?])
}

/// Items with the pictures of the first two cameras.
fn items(name: &str, dir: &Path) -> Result<Vec<Case>, BenchError> {
    let dataset = Dataset::open(dir)?;
    let keys = dataset.info().features.iter();
    let cameras: Vec<String> = keys
        .clone()
        .filter(|feature| feature.dtype == Dtype::Video)
        .map(|feature| feature.key.clone())
        .take(2)
        .collect();
    let numbers = keys.filter(|f| f.number().is_some() && !f.is_auto());
    let columns = numbers.map(|f| f.key.clone()).chain(cameras.clone());
    let options = ItemOptions::default().columns(Some(columns.collect()));
    let mut items = dataset.items(&options)?;
    if items.is_empty() || cameras.is_empty() {
        let dir = dir.display().to_string();
        return Err(BenchError::NoPictures { dir });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let random: Vec<usize> = (0..DRAWS)
        .map(|_| rng.random_range(0..items.len()))
        .collect();
    let in_order: Vec<usize> = (0..items.len()).take(DRAWS).collect();
    let mut cases = Vec::new();
    for (order, draws) in [("random", random), ("in order", in_order)] {
        // Files and decoders are open before it counts.
        items.get(draws[0])?;
        let mut frames = Vec::with_capacity(draws.len());
        let ((), cpu) = cpu_of(|| {
            for position in &draws {
                let item = items.get(*position)?;
                used(&item);
                frames.push((item.episode, item.frame));
            }
            Ok(())
        })?;
        let floor = bare_decode(&dataset, &cameras, &frames)?;
        let per_item = |cpu: Duration| cpu.as_secs_f64() * 1e3 / draws.len() as f64;
        cases.push(Case {
            case: name.to_owned(),
            metric: format!("items {order}, {} pictures each", cameras.len()),
            value: per_item(cpu),
            unit: "CPU-ms",
            floor: Some(per_item(floor)),
        });
    }
    Ok(cases)
}

/// CPU time of decoding the pictures of some frames, with all files open.
fn bare_decode(
    dataset: &Dataset,
    cameras: &[String],
    frames: &[(usize, usize)],
) -> Result<Duration, BenchError> {
    let mut players = BTreeMap::new();
    for (episode, _) in frames {
        for camera in cameras {
            let key = (*episode, camera.as_str());
            if let Entry::Vacant(free) = players.entry(key) {
                free.insert(Player::open(dataset, camera, *episode)?);
            }
        }
    }
    let ((), cpu) = cpu_of(|| {
        for (episode, frame) in frames {
            for camera in cameras {
                if let Some((player, first)) = players.get_mut(&(*episode, camera.as_str())) {
                    player.decode(*first + *frame)?;
                }
            }
        }
        Ok(())
    })?;
    Ok(cpu)
}
