//! Any bytes in place of one of the tables of an older dataset are read or refused.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::{Value, json};
use ulna_dataset::{Dataset, Feature, Number, Spec, Writer};

use super::sound::{Files, files_of, folder_of, read_all};

static OLD: LazyLock<Files> = LazyLock::new(old);

/// The first byte picks one.
const TABLES: [&str; 4] = [
    "meta/info.json",
    "meta/episodes.jsonl",
    "meta/tasks.jsonl",
    "meta/episodes_stats.jsonl",
];

/// One episode in the layout of v2.1.
fn old() -> Files {
    let dir = tempfile::tempdir().expect("a folder");
    let spec = Spec::new(30).features(vec![Feature::vector("action", Number::Float32, ["a", "b"])]);
    let mut writer = Writer::create(dir.path(), &spec).expect("a new dataset");
    let mut rows = writer.begin_episode().expect("an episode");
    for frame in 0..3 {
        rows.push_row("fuzz", &[0.0, f64::from(frame)])
            .expect("a row");
    }
    let parts = rows.finish(Vec::new(), None).expect("its parts");
    writer.commit(&parts).expect("a saved episode");
    let mut info = Dataset::open(dir.path())
        .expect("the dataset")
        .info()
        .to_value();
    let new = files_of(dir.path());
    let data = &new[&PathBuf::from("data/chunk-000/file-000.parquet")];
    if let Some(map) = info.as_object_mut() {
        map.retain(|key, _| !key.ends_with("_size_in_mb"));
        map.insert("codebase_version".to_owned(), json!("v2.1"));
        map.insert("chunks_size".to_owned(), json!(1000));
        map.insert("total_chunks".to_owned(), json!(1));
        map.insert("total_videos".to_owned(), json!(0));
        let path = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet";
        map.insert("data_path".to_owned(), json!(path));
        map.insert("video_path".to_owned(), Value::Null);
    }
    let stats = json!({"min": [0.0, 0.0], "max": [0.0, 2.0], "mean": [0.0, 1.0], "std": [0.0, 0.8], "count": [3]});
    let texts = [
        info.to_string(),
        json!({"episode_index": 0, "tasks": ["fuzz"], "length": 3}).to_string(),
        json!({"task_index": 0, "task": "fuzz"}).to_string(),
        json!({"episode_index": 0, "stats": {"action": stats}}).to_string(),
    ];
    let mut files: Files = (TABLES.iter().zip(texts))
        .map(|(name, text)| (PathBuf::from(name), text.into_bytes()))
        .collect();
    files.insert("data/chunk-000/episode_000000.parquet".into(), data.clone());
    files
}

pub(crate) fn run(input: &[u8]) {
    let Some((&which, rest)) = input.split_first() else {
        return;
    };
    let mut files = OLD.clone();
    let table = TABLES[usize::from(which) % TABLES.len()];
    files.insert(table.into(), rest.to_vec());
    read_all(folder_of(&files).path());
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seed =
        |(which, name): (u8, &&str)| [&[which], OLD[&PathBuf::from(name)].as_slice()].concat();
    (0..4).zip(&TABLES).map(seed).collect()
}
