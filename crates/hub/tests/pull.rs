//! What is pulled is what was pushed, whatever the network does, and nothing of one's own is lost.
#![allow(missing_docs, clippy::unwrap_used)]

mod loopback;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use loopback::folders::{copy_of, files, noise};
use loopback::{FaultKind, Hub, Manner, Reply};
use ulna_hub::{
    Filter, Folder, HubClient, HubError, PullOptions, Pulled, PushOptions, Repo, RepoKind, Step,
    Unwatched, Watch, kind_of, pull as pull_with, push,
};

fn heap() -> Repo {
    Repo::new(RepoKind::Model, "me/heap").unwrap()
}

const HEAP: &str = "models/me/heap";

fn pull(client: &HubClient, dir: &Path) -> Result<Pulled, HubError> {
    pull_with(client, &heap(), dir, &PullOptions::default(), &Unwatched)
}

/// A Hub with a small file in git and two large ones in the store.
fn filled() -> (Hub, BTreeMap<String, Vec<u8>>) {
    let hub = Hub::with(Manner {
        page: 2,
        ..Manner::default()
    });
    let (a, b) = (noise(1, 300_000), noise(2, 20_000));
    let all: [(&str, &[u8]); 5] = [
        ("policy.toml", b"small"),
        ("sub/a.onnx", &a),
        ("b.onnx", &b),
        ("sub/b again.onnx", &b),
        ("empty", b""),
    ];
    hub.put(
        HEAP,
        true,
        &[&all[..], &[(".gitattributes", b"x")]].concat(),
    );
    let all = all.map(|(name, content)| (name.to_owned(), content.to_vec()));
    (hub, all.into())
}

#[test]
fn everything_comes_once() {
    let (hub, all) = filled();
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("new/heap");
    let pulled = pull(&hub.client(), &dir).unwrap();
    assert_eq!((pulled.files, pulled.unchanged, pulled.left_out), (5, 0, 0));
    assert_eq!(pulled.commit, hub.head(HEAP));
    assert_eq!(files(&dir), all);
    hub.forget();
    let again = pull(&hub.client(), &dir).unwrap();
    assert_eq!((again.files, again.unchanged), (0, 5));
    assert_eq!(hub.count("/resolve/"), 0);
    hub.expect_no_violations();
}

#[test]
fn broken_connections_are_gone_on_with() {
    let (hub, all) = filled();
    hub.fail("GET", "/blob/", 1, FaultKind::CutAnswer(100_000));
    hub.fail("GET", "/blob/", 2, FaultKind::CutAnswer(5_000));
    hub.fail(
        "GET",
        "/resolve/",
        1,
        FaultKind::Answer(Reply::refusal(500, "", "")),
    );
    hub.fail("GET", "/tree/", 1, FaultKind::CutAnswer(0));
    let slower = Reply::refusal(429, "", "").with("RateLimit", "\"api\";r=0;t=21");
    hub.fail("GET", "/revision/", 1, FaultKind::Answer(slower));
    let scratch = tempfile::tempdir().unwrap();
    pull(&hub.client(), scratch.path()).unwrap();
    assert_eq!(files(scratch.path()), all);
    assert!(hub.waits().contains(&21));
    hub.expect_no_violations();
}

#[test]
fn servers_that_always_start_at_the_beginning_will_do() {
    let (hub, all) = filled();
    hub.state().manner.no_ranges = true;
    let a = loopback::sha256(&all["sub/a.onnx"]);
    let at_a: &'static str = Box::leak(format!("/blob/{a}").into_boxed_str());
    hub.fail("GET", at_a, 1, FaultKind::CutAnswer(100_000));
    let scratch = tempfile::tempdir().unwrap();
    pull(&hub.client(), scratch.path()).unwrap();
    assert_eq!(files(scratch.path()), all);
    assert_eq!(hub.count(at_a), 2);
}

#[test]
fn what_arrived_is_kept_until_the_next_time() {
    let (hub, all) = filled();
    let a = loopback::sha256(&all["sub/a.onnx"]);
    let at_a: &'static str = Box::leak(format!("/blob/{a}").into_boxed_str());
    hub.fail("GET", at_a, 1, FaultKind::CutAnswer(100_000));
    hub.fail("GET", at_a, 100, FaultKind::CutAnswer(0));
    let scratch = tempfile::tempdir().unwrap();
    let error = pull(&hub.client(), scratch.path()).unwrap_err();
    assert!(matches!(error, HubError::Network { .. }), "{error}");
    assert!(!error.to_string().contains("Signature"), "{error}");
    // Nothing took its name yet.
    let kept = files(scratch.path());
    assert!(
        kept.keys().all(|name| name.starts_with(".hub/")),
        "{kept:?}"
    );
    let part = kept.iter().find(|(name, _)| name.contains(&a)).unwrap().1;
    assert_eq!(part.as_slice(), &all["sub/a.onnx"][..100_000]);

    hub.state().faults.clear();
    let received = Received::default();
    let options = PullOptions::default();
    pull_with(&hub.client(), &heap(), scratch.path(), &options, &received).unwrap();
    assert_eq!(files(scratch.path()), all);
    hub.expect_no_violations();
}

#[test]
fn the_main_file_takes_its_name_last() {
    let hub = Hub::start();
    let files: [(&str, &[u8]); 3] = [("a.onnx", b"a"), ("policy.toml", b"p"), ("z/z.onnx", b"z")];
    hub.put(HEAP, true, &files);
    let scratch = tempfile::tempdir().unwrap();
    // In the way of the last file but the main one.
    fs::write(scratch.path().join("z"), "mine").unwrap();
    let error = pull(&hub.client(), scratch.path()).unwrap_err();
    assert!(matches!(error, HubError::File { .. }), "{error}");
    assert!(scratch.path().join("a.onnx").is_file());
    assert!(
        !scratch.path().join("policy.toml").exists(),
        "no bundle yet"
    );
    fs::remove_file(scratch.path().join("z")).unwrap();
    pull(&hub.client(), scratch.path()).unwrap();
    assert_eq!(fs::read(scratch.path().join("policy.toml")).unwrap(), b"p");
}

#[derive(Default)]
struct Received {
    most: AtomicU64,
    limit: Option<u64>,
}

impl Watch for Received {
    fn progress(&self, step: Step, done: u64, total: u64) {
        assert!(done <= total, "{done} of {total} bytes");
        if step == Step::Receiving {
            self.most.fetch_max(done, Ordering::Relaxed);
        }
    }
    fn note(&self, _: &str) {}
    fn cancelled(&self) -> bool {
        let most = self.most.load(Ordering::Relaxed);
        self.limit.is_some_and(|limit| most >= limit)
    }
}

#[test]
fn it_can_be_interrupted_and_goes_on() {
    let (hub, all) = filled();
    let scratch = tempfile::tempdir().unwrap();
    let impatient = Received {
        limit: Some(100_000),
        ..Received::default()
    };
    let options = PullOptions::default();
    let error = pull_with(&hub.client(), &heap(), scratch.path(), &options, &impatient);
    assert!(error.unwrap_err().is_interruption());
    assert!(!scratch.path().join("policy.toml").exists());
    pull(&hub.client(), scratch.path()).unwrap();
    assert_eq!(files(scratch.path()), all);
}

#[test]
fn one_at_a_time() {
    let (hub, _) = filled();
    let scratch = tempfile::tempdir().unwrap();
    fs::create_dir(scratch.path().join(".hub")).unwrap();
    let lock = fs::File::create(scratch.path().join(".hub/lock")).unwrap();
    lock.lock().unwrap();
    let error = pull(&hub.client(), scratch.path()).unwrap_err();
    assert!(error.to_string().contains("another program"), "{error}");
    drop(lock);
    pull(&hub.client(), scratch.path()).unwrap();
}

#[test]
fn a_silent_server_is_given_up() {
    let (hub, _) = filled();
    hub.fail("GET", "/revision/", 100, FaultKind::Silence);
    let scratch = tempfile::tempdir().unwrap();
    let client = hub.client().patience(std::time::Duration::from_millis(50));
    let error = pull(&client, scratch.path()).unwrap_err();
    assert!(
        matches!(error, HubError::Network { attempts: 6, .. }),
        "{error}"
    );
}

#[test]
fn damage_is_noticed() {
    let (hub, all) = filled();
    let scratch = tempfile::tempdir().unwrap();
    // Once is put right.
    hub.fail("GET", "/blob/", 1, FaultKind::Corrupt);
    hub.fail("GET", "/policy.toml", 1, FaultKind::Corrupt);
    pull(&hub.client(), scratch.path()).unwrap();
    assert_eq!(files(scratch.path()), all);
    // Repeated damage is reported, and nothing of it stays.
    let scratch = tempfile::tempdir().unwrap();
    hub.fail("GET", "/policy.toml", 2, FaultKind::Corrupt);
    let error = pull(&hub.client(), scratch.path()).unwrap_err();
    assert!(matches!(error, HubError::Damaged { .. }), "{error}");
    assert!(!scratch.path().join("policy.toml").exists());
    hub.state().faults.clear();
    pull(&hub.client(), scratch.path()).unwrap();
    assert_eq!(files(scratch.path()), all);
}

#[test]
fn a_beginning_that_is_wrong_is_not_gone_on_with() {
    let (hub, all) = filled();
    let scratch = tempfile::tempdir().unwrap();
    hub.fail(
        "GET",
        "/blob/",
        100,
        FaultKind::Answer(Reply::refusal(403, "", "")),
    );
    pull(&hub.client(), scratch.path()).unwrap_err();
    hub.state().faults.clear();
    let mut spoilt = 0;
    let kept = fs::read_dir(scratch.path().join(".hub")).unwrap().flatten();
    for entry in kept.filter(|entry| entry.file_name() != "lock") {
        fs::write(entry.path(), noise(9, 4_000)).unwrap();
        spoilt += 1;
    }
    assert!(spoilt > 0);
    pull(&hub.client(), scratch.path()).unwrap();
    assert_eq!(files(scratch.path()), all);
}

#[test]
fn more_than_the_file_is_not_taken() {
    let (hub, _) = filled();
    hub.fail("GET", "/policy.toml", 100, FaultKind::TooLong);
    let scratch = tempfile::tempdir().unwrap();
    let error = pull(&hub.client(), scratch.path()).unwrap_err();
    assert!(error.to_string().contains("more came"), "{error}");
    assert!(!scratch.path().join("policy.toml").exists());
}

#[test]
fn parts_of_a_repository_and_old_revisions() {
    let (hub, all) = filled();
    let old = hub.head(HEAP);
    hub.put(HEAP, true, &[("policy.toml", b"newer")]);
    let scratch = tempfile::tempdir().unwrap();
    let options = PullOptions::default()
        .filter(Filter::new(&["sub/".to_owned()], &["*again*".to_owned()]).unwrap());
    let at_old = heap().at(&old).unwrap();
    let pulled = pull_with(&hub.client(), &at_old, scratch.path(), &options, &Unwatched).unwrap();
    assert_eq!((pulled.files, pulled.left_out), (1, 4));
    assert_eq!(files(scratch.path())["sub/a.onnx"], all["sub/a.onnx"]);

    let nowhere = heap().at("v9.9").unwrap();
    let options = PullOptions::default();
    let error = pull_with(
        &hub.client(),
        &nowhere,
        scratch.path(),
        &options,
        &Unwatched,
    )
    .unwrap_err();
    assert!(error.to_string().contains("revision `v9.9`"), "{error}");
}

#[test]
fn ones_own_files_are_not_overwritten_unasked() {
    let (hub, all) = filled();
    let scratch = tempfile::tempdir().unwrap();
    let own = scratch.path().join("policy.toml");
    fs::write(&own, "MINE!").unwrap();
    let error = pull(&hub.client(), scratch.path()).unwrap_err();
    assert!(error.to_string().contains("--overwrite"), "{error}");
    assert_eq!(fs::read_to_string(&own).unwrap(), "MINE!");
    let options = PullOptions::default().overwrite(true);
    pull_with(&hub.client(), &heap(), scratch.path(), &options, &Unwatched).unwrap();
    assert_eq!(files(scratch.path()), all);
}

#[test]
fn a_dataset_comes_back_as_it_was_and_replaces_an_older_one_only_when_asked() {
    let hub = Hub::start();
    let (_scratch, dir) = copy_of("so101-hand");
    let repo = Repo::new(RepoKind::Dataset, "me/hand").unwrap();
    let folder = Folder::open(&dir, None).unwrap();
    push(
        &hub.client(),
        &folder,
        &repo,
        &PushOptions::default(),
        &Unwatched,
    )
    .unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("hand");
    let options = PullOptions::default();
    let tag = repo.clone().at("v3.0").unwrap();
    pull_with(&hub.client(), &tag, &copy, &options, &Unwatched).unwrap();
    assert_eq!(files(&copy), files(&dir));
    assert!(ulna_dataset::check(&copy).is_sound());

    // A file that the repository lacks would be read as a part of the dataset.
    let foreign = copy.join("data/chunk-000/file-009.parquet");
    fs::copy(copy.join("data/chunk-000/file-000.parquet"), &foreign).unwrap();
    let error = pull_with(&hub.client(), &repo, &copy, &options, &Unwatched).unwrap_err();
    assert!(
        matches!(error, HubError::InTheWay { count: 1, .. }),
        "{error}"
    );
    let options = PullOptions::default().overwrite(true);
    let pulled = pull_with(&hub.client(), &repo, &copy, &options, &Unwatched).unwrap();
    assert_eq!(pulled.deleted, ["data/chunk-000/file-009.parquet"]);
    assert_eq!(files(&copy), files(&dir));

    fs::create_dir_all(copy.join(".ulna/recording-1")).unwrap();
    fs::write(copy.join(".ulna/recording-1/rows.log"), noise(1, 200)).unwrap();
    let error = pull_with(&hub.client(), &repo, &copy, &options, &Unwatched).unwrap_err();
    assert!(error.to_string().contains("ulna dataset repair"), "{error}");
    hub.expect_no_violations();
}

#[test]
fn what_a_name_means_is_found_out() {
    let hub = Hub::start();
    let client = hub.client();
    hub.put("datasets/me/hand", true, &[("x", b"x")]);
    hub.put("models/me/reach", true, &[("x", b"x")]);
    hub.put("datasets/me/both", false, &[("x", b"x")]);
    hub.put("models/me/both", false, &[("x", b"x")]);
    let of = |id| kind_of(&client, id, &Unwatched);
    assert_eq!(of("me/hand").unwrap(), RepoKind::Dataset);
    assert_eq!(of("me/reach").unwrap(), RepoKind::Model);
    assert!(matches!(of("me/both"), Err(HubError::Ambiguous { .. })));
    assert!(matches!(of("me/nothing"), Err(HubError::NotFound { .. })));
    let error = kind_of(&hub.client_as(None), "me/hand", &Unwatched).unwrap_err();
    assert!(error.to_string().contains("hf auth login"), "{error}");
}
