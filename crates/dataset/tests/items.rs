//! Frames with windows: those of LeRobot's fixtures against what LeRobot gives, and batches of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::Value;
use ulna_dataset::{BatchOptions, Dataset, ItemOptions, Items, Writer};

const FRONT: &str = "observation.images.front";

fn rows(value: &Value) -> Vec<f32> {
    let rows = value.as_array().unwrap();
    let values = rows.iter().flat_map(|row| row.as_array().unwrap());
    values.map(|v| v.as_f64().unwrap() as f32).collect()
}

fn flags(value: &Value) -> Vec<bool> {
    let flags = value.as_array().unwrap();
    flags.iter().map(|v| v.as_bool().unwrap()).collect()
}

fn compare_windows(name: &str) {
    let Some(dir) = support::fixture(name) else {
        return;
    };
    let Some(expected) = support::fixture(&format!("{name}.expected.json")) else {
        return;
    };
    let expected: Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    let windows = [
        (
            "action".to_owned(),
            (0..10).map(|i| f64::from(i) / 30.0).collect(),
        ),
        ("observation.state".to_owned(), vec![-1.0 / 30.0, 0.0]),
    ];
    let dataset = Dataset::open(dir).unwrap();
    // So small a cache that it never holds two row groups.
    let mut items = dataset
        .items(
            &ItemOptions::default()
                .columns(Some(vec!["action".to_owned()]))
                .windows(windows.into())
                .cache_bytes(1),
        )
        .unwrap();
    assert_eq!(items.len() as u64, expected["len"]);
    let found = expected["delta_timestamps"]["items"].as_object().unwrap();
    for (index, expected) in found {
        let item = items.get(index.parse().unwrap()).unwrap();
        for key in ["action", "observation.state"] {
            let value = item.value(key).unwrap();
            assert_eq!(
                value.as_f32().unwrap(),
                rows(&expected[key]),
                "{index} {key}"
            );
            let pad = &expected[format!("{key}_is_pad")];
            assert_eq!(value.is_pad, flags(pad), "{index} {key}");
        }
    }
    for frame in expected["frames"].as_array().unwrap() {
        let item = items.get(usize::try_from(frame["index"].as_u64().unwrap()).unwrap());
        let item = item.unwrap();
        assert_eq!(frame["index"], item.index);
        assert_eq!(frame["episode_index"], item.episode as u64);
        assert_eq!(frame["frame_index"], item.frame as u64);
        assert_eq!(frame["task"], item.task.as_deref().unwrap());
        assert_eq!(
            frame["timestamp"].as_f64().unwrap() as f32,
            item.timestamp as f32
        );
    }
}

#[test]
fn windows_are_those_of_lerobot() {
    compare_windows("lerobot-so101_av1");
}

#[test]
fn windows_over_many_files_are_those_of_lerobot() {
    compare_windows("lerobot-so101_multifile");
}

fn small() -> (tempfile::TempDir, Dataset) {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    for (episode, frames) in [5, 9, 4].into_iter().enumerate() {
        let parts = support::record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
    let dataset = Dataset::open(dir.path()).unwrap();
    (dir, dataset)
}

#[test]
fn episodes_are_chosen_and_pictures_have_windows() {
    let (_dir, dataset) = small();
    let mut items = dataset
        .items(
            &ItemOptions::default()
                .episodes(Some(vec![2, 0, 2]))
                .windows([(FRONT.to_owned(), vec![-0.1, 0.0, 1.0 / 30.0])].into()),
        )
        .unwrap();
    assert_eq!(items.len(), 9);
    assert_eq!(items.position(2, 1), Some(6));
    assert_eq!(items.position(1, 0), None);
    assert_eq!(items.position(0, 5), None);
    let item = items.get(8).unwrap();
    assert_eq!((item.episode, item.frame, item.index), (2, 3, 17));
    let front = item.value(FRONT).unwrap();
    assert_eq!(front.is_pad, [false, false, true]);
    for (picture, frame) in front.pictures().unwrap().iter().zip([0, 3, 3]) {
        let worst = support::difference(&picture.rgb, &support::picture(2, frame));
        assert!(worst <= 8, "frame {frame} is off by {worst}");
    }
    let item = items.at_time(0, 0.11).unwrap();
    assert_eq!((item.episode, item.frame), (0, 3));
    for (episode, seconds) in [(0, 0.16), (0, -0.02), (1, 0.0), (0, f64::NAN), (0, 1e300)] {
        assert!(items.at_time(episode, seconds).is_err(), "{seconds}");
    }
    assert!(items.get(9).is_err());
}

#[test]
fn what_cannot_be_chosen_is_refused() {
    let (_dir, dataset) = small();
    let refused = |options: ItemOptions, part: &str| {
        let error = dataset.items(&options).unwrap_err().to_string();
        assert!(error.contains(part), "{error} lacks {part}");
    };
    let all = ItemOptions::default;
    refused(all().episodes(Some(vec![3])), "no episode 3");
    refused(
        all().columns(Some(vec!["velocity".to_owned()])),
        "`velocity`",
    );
    let windows = [("velocity".to_owned(), vec![0.0])].into();
    refused(all().windows(windows), "`velocity`");
    let windows = [("action".to_owned(), vec![0.05])].into();
    refused(
        all().windows(windows),
        "0.05 s is no whole number of frames",
    );
}

fn order(items: &Items, options: &BatchOptions) -> Vec<Vec<u64>> {
    let batches = items.batches(options).unwrap();
    batches
        .map(|batch| batch.unwrap().iter().map(|item| item.index).collect())
        .collect()
}

#[test]
fn batches_hold_every_item_once_in_an_order_of_the_seed_alone() {
    let (_dir, dataset) = small();
    let items = dataset.items(&ItemOptions::default()).unwrap();
    let options = |workers, shuffle| {
        BatchOptions::default()
            .size(4)
            .shuffle(shuffle)
            .workers(workers)
            .ahead(1)
            .drop_last(false)
    };
    let plain = order(&items, &options(3, None));
    assert_eq!(plain[4], [16, 17]);
    assert_eq!(plain.concat(), (0..18).collect::<Vec<u64>>());
    let shuffled = order(&items, &options(1, Some(5)));
    assert_eq!(shuffled, order(&items, &options(4, Some(5))));
    assert_ne!(shuffled, order(&items, &options(4, Some(6))));
    let mut sorted = shuffled.concat();
    assert_ne!(sorted, plain.concat());
    sorted.sort_unstable();
    assert_eq!(sorted, plain.concat());
    let full = options(2, None).drop_last(true);
    assert_eq!(items.batches(&full).unwrap().len(), 4);
    // Dropped early, the threads end.
    let mut batches = items.batches(&options(2, None)).unwrap();
    batches.next().unwrap().unwrap();
    drop(batches);
}

#[test]
fn a_batch_that_cannot_be_read_is_an_error_in_its_place() {
    let (dir, dataset) = small();
    std::fs::write(dir.path().join("data/chunk-000/file-001.parquet"), "damage").unwrap();
    let items = dataset.items(&ItemOptions::default()).unwrap();
    let options = BatchOptions::default().size(5);
    let results: Vec<bool> = items
        .batches(&options)
        .unwrap()
        .map(|b| b.is_ok())
        .collect();
    assert_eq!(results, [true, false, false, true]);
}
