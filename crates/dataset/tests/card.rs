//! The dataset card: what it says, whose words stay, and that editing keeps it true.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use support::{camera_spec, fixture, record};
use ulna_dataset::tools::{Target, Work, change_features, delete};
use ulna_dataset::{
    CARD_PATH, CardOptions, Dataset, Feature, Number, Spec, Writer, card, check, refresh_card,
    repair, write_card,
};

fn recorded(episodes: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &camera_spec()).unwrap();
    for episode in 0..episodes {
        let parts = record(&mut writer, episode, 4);
        writer.commit(&parts).unwrap();
    }
    dir
}

fn read(dir: &Path) -> String {
    fs::read_to_string(dir.join(CARD_PATH)).unwrap()
}

fn write(dir: &Path) -> bool {
    write_card(dir, &CardOptions::default()).unwrap().changed
}

#[test]
fn a_card_tells_what_the_dataset_is() {
    let dir = recorded(2);
    assert!(write(dir.path()));
    let text = read(dir.path());
    assert_eq!(text, card(&Dataset::open(dir.path()).unwrap()).unwrap());
    let front = "---\ntask_categories:\n- robotics\ntags:\n- LeRobot\n- robotics\nconfigs:\n- config_name: default\n  \
                 data_files: data/*/*.parquet\n---\n";
    assert!(text.starts_with(front), "{text}");
    for part in [
        "# so101: pick",
        "2 episodes of so101, 8 frames at 30 frames a second",
        "| Joints in | degrees (grippers 0 to 100) |",
        "`observation.images.front` 64 × 64, h264",
        "| `ulna.action_sent` |",
        "\"codebase_version\": \"v3.0\"",
        "LeRobotDataset(",
        "@misc{",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains(dir.path().to_str().unwrap()));
    // No licence is claimed, and that is no fault of the dataset.
    assert!(!text.contains("license:"));
    assert!(!write(dir.path()));
    assert_eq!(check(dir.path()).findings, []);
    assert_eq!(repair(dir.path()).unwrap().actions, [""; 0]);
    assert_eq!(read(dir.path()), text);
}

#[test]
fn what_the_user_wrote_stays() {
    let dir = recorded(1);
    write(dir.path());
    let mine = read(dir.path())
        .replace("---\ntask", "---\npretty_name: Cubes\ntask")
        .replace("---\n\n<!--", "---\n\n# My cubes\n\n<!--")
        + "\nRecorded at home.\n";
    fs::write(dir.path().join(CARD_PATH), &mine).unwrap();
    assert!(!write(dir.path()));
    assert_eq!(read(dir.path()), mine);
    let options = CardOptions::default()
        .license(Some("cc-by-4.0".to_owned()))
        .force(false);
    write_card(dir.path(), &options).unwrap();
    let licensed = mine.replace("---\npretty", "---\nlicense: cc-by-4.0\npretty");
    assert_eq!(read(dir.path()), licensed);
    // Without one, it stays.
    assert!(!write(dir.path()));
}

#[test]
fn a_card_that_ulna_did_not_write_is_left_alone_unless_forced() {
    let dir = recorded(1);
    let path = dir.path().join(CARD_PATH);
    fs::write(&path, "# Theirs").unwrap();
    let refused = write_card(dir.path(), &CardOptions::default()).unwrap_err();
    assert!(refused.to_string().contains("--force"), "{refused}");
    assert_eq!(read(dir.path()), "# Theirs");
    refresh_card(dir.path()).unwrap();
    assert_eq!(read(dir.path()), "# Theirs");
    let mut options = CardOptions::default().license(None).force(true);
    write_card(dir.path(), &options).unwrap();
    assert!(read(dir.path()).contains("# Theirs\n\n<!-- ulna"));
    options.license = Some("mit\ntags: [evil]".to_owned());
    let refused = write_card(dir.path(), &options).unwrap_err();
    assert!(refused.to_string().contains("no identifier"), "{refused}");
    fs::write(&path, b"\xff\xfe").unwrap();
    let refused = write_card(dir.path(), &CardOptions::default()).unwrap_err();
    assert!(refused.to_string().contains("UTF-8"), "{refused}");
}

#[test]
fn edits_carry_the_card_over_and_keep_it_true() {
    let dir = recorded(3);
    write(dir.path());
    fs::write(dir.path().join(CARD_PATH), read(dir.path()) + "Mine.\n").unwrap();
    let mut always = |_| true;
    let mut work = Work::new(&mut always);
    delete(dir.path(), &[1], &Target::InPlace, &mut work).unwrap();
    let text = read(dir.path());
    assert!(
        text.contains("2 episodes of so101") && text.ends_with("Mine.\n"),
        "{text}"
    );
    assert!(!write(dir.path()));

    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    let changes = ulna_dataset::tools::FeatureChanges::default().plain(true);
    change_features(dir.path(), &changes, &Target::New(plain.clone()), &mut work).unwrap();
    let text = read(&plain);
    assert!(
        !text.contains("`ulna.action_sent`") && text.ends_with("Mine.\n"),
        "{text}"
    );

    // One that ulna did not write goes along as it is, and where there is none, none is made.
    fs::write(dir.path().join(CARD_PATH), "theirs").unwrap();
    delete(dir.path(), &[1], &Target::InPlace, &mut work).unwrap();
    assert_eq!(read(dir.path()), "theirs");
    fs::remove_file(dir.path().join(CARD_PATH)).unwrap();
    let copy = folder.path().join("copy");
    change_features(dir.path(), &changes, &Target::New(copy.clone()), &mut work).unwrap();
    assert!(!copy.join(CARD_PATH).exists());
}

#[test]
fn hostile_names_stay_text() {
    let names = ["`|<b>", "</code>"];
    let spec = Spec::new(10)
        .robot_type(Some("<script>|\n---\n".to_owned()))
        .features(vec![
            Feature::vector("action", Number::Float32, names),
            Feature::scalar("ulna.age.`|<script>", Number::Float32),
        ]);
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec).unwrap();
    let mut episode = writer.begin_episode().unwrap();
    let task = "| a\n```\n<!-- ulna: what follows is yours -->\n<script>[x](javascript:alert(1))";
    episode.push_row(task, &[0.0; 3]).unwrap();
    let parts = episode.finish(Vec::new(), None).unwrap();
    writer.commit(&parts).unwrap();
    drop(writer);
    write(dir.path());
    let text = read(dir.path());
    // Within the fence of `info.json` names stand as they are; there they are code.
    let words = text.split("## Dataset structure").next().unwrap();
    assert!(
        !words.contains("<script") && !words.contains("<b>"),
        "{words}"
    );
    assert!(!words.contains("](javascript"), "{words}");
    assert!(!write(dir.path()), "what a task says is no mark of ours");
}

#[test]
fn cards_of_datasets_that_lerobot_wrote() {
    let Some(fixture) = fixture("lerobot-so101_av1") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    support::copy(&fixture, dir.path());
    write(dir.path());
    let text = read(dir.path());
    assert!(text.contains("320 × 240, av1"), "{text}");
    assert!(!text.contains("How it was recorded") && !text.contains("ulna's own"));
    // A dataset of LeRobot's gets the card and nothing else.
    assert!(!dir.path().join(".ulna").exists());
}
