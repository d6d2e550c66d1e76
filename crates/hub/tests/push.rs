//! What is pushed is there as it was, at once or not at all, and is not sent twice.
#![allow(missing_docs, clippy::unwrap_used)]

mod loopback;

use std::fs;

use loopback::folders::{copy_of, files, folder, noise};
use loopback::{FaultKind, Hub, Manner, Reply};
use ulna_hub::{
    Folder, HubError, PushOptions, Pushed, Repo, RepoKind, Unwatched, push as push_with,
};

const HAND: &str = "datasets/me/hand";

fn dataset() -> Repo {
    Repo::new(RepoKind::Dataset, "me/hand").unwrap()
}

fn push(hub: &Hub, folder: &Folder, repo: &Repo) -> Result<Pushed, HubError> {
    let options = PushOptions::default();
    push_with(&hub.client(), folder, repo, &options, &Unwatched)
}

/// Any files, as a policy.
fn heap(dir: &tempfile::TempDir) -> Folder {
    Folder::open(dir.path(), Some(RepoKind::Model)).unwrap()
}

fn policy() -> Repo {
    Repo::new(RepoKind::Model, "me/policy").unwrap()
}

/// What is there without what the Hub itself put there.
fn published(hub: &Hub, repo: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = hub.files(repo, "main");
    files.remove(".gitattributes");
    files
}

#[test]
fn a_dataset_is_there_at_once_with_its_tag_and_not_sent_twice() {
    let hub = Hub::start();
    let (_scratch, dir) = copy_of("so101-hand");
    let folder = Folder::open(&dir, None).unwrap();
    assert_eq!(folder.kind(), RepoKind::Dataset);
    let pushed = push(&hub, &folder, &dataset()).unwrap();
    assert!(pushed.created);
    assert_eq!(pushed.files.len(), files(&dir).len());
    assert_eq!(pushed.url, format!("{}/datasets/me/hand", hub.endpoint()));
    assert_eq!(published(&hub, HAND), files(&dir));
    assert_eq!(
        hub.history(HAND, "main"),
        ["initial commit", "Push with ulna"]
    );
    let head = hub.head(HAND);
    assert_eq!(pushed.commit.as_ref(), Some(&head));
    assert_eq!(hub.tags(HAND), [("v3.0".to_owned(), head)].into());

    let again = push(&hub, &folder, &dataset()).unwrap();
    assert_eq!(
        (again.created, again.files.len(), again.sent_files),
        (false, 0, 0)
    );
    assert_eq!(
        (again.commit, again.unchanged),
        (pushed.commit, pushed.files.len())
    );
    assert_eq!(hub.history(HAND, "main").len(), 2);
    hub.expect_no_violations();
}

#[test]
fn files_that_the_dataset_has_no_more_go_and_the_tag_moves() {
    let hub = Hub::start();
    let (_scratch, dir) = copy_of("so101-hand");
    push(&hub, &Folder::open(&dir, None).unwrap(), &dataset()).unwrap();
    let mut there: Vec<(String, Vec<u8>)> = hub.files(HAND, "main").into_iter().collect();
    for name in [
        "data/chunk-000/file-007.parquet",
        "videos/x/chunk-000/file-000.mp4",
        "NOTICE.md",
    ] {
        there.push((name.to_owned(), noise(1, 100)));
    }
    let there: Vec<(&str, &[u8])> = (there.iter())
        .map(|(n, c)| (n.as_str(), c.as_slice()))
        .collect();
    hub.put(HAND, false, &there);

    let pushed = push(&hub, &Folder::open(&dir, None).unwrap(), &dataset()).unwrap();
    assert_eq!(
        pushed.deleted,
        [
            "data/chunk-000/file-007.parquet",
            "videos/x/chunk-000/file-000.mp4"
        ]
    );
    let left = published(&hub, HAND);
    assert!(left.contains_key("NOTICE.md") && left.len() == files(&dir).len() + 1);
    assert_eq!(hub.tags(HAND)["v3.0"], hub.head(HAND));
    hub.expect_no_violations();
}

#[test]
fn hidden_and_temporary_files_stay_at_home() {
    let hub = Hub::start();
    let dir = folder(&[
        ("policy.toml", b"x"),
        (".env", b"SECRET=1"),
        (".git/config", b"x"),
        ("sub/.cache/y", b"x"),
        ("policy.lock", b""),
        ("a.tmp", b"x"),
        ("b.incomplete", b"x"),
        ("sub/c", b"x"),
    ]);
    let folder = Folder::open(dir.path(), None).unwrap();
    assert_eq!(folder.kind(), RepoKind::Model);
    let pushed = push(&hub, &folder, &policy()).unwrap();
    assert_eq!(pushed.files, ["policy.toml", "sub/c"]);
    assert_eq!(pushed.tag, None);
    hub.expect_no_violations();
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let dir = folder(&[("policy.toml", b"x")]);
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("host")).unwrap();
    let error = Folder::open(dir.path(), None).unwrap_err();
    assert!(error.to_string().contains("is a link"), "{error}");
}

#[test]
fn an_unfinished_recording_is_refused_with_what_helps() {
    let (_scratch, dir) = copy_of("so101-hand");
    fs::create_dir_all(dir.join(".ulna/recording-1")).unwrap();
    fs::write(dir.join(".ulna/recording-1/rows.log"), noise(1, 200)).unwrap();
    let error = Folder::open(&dir, None).unwrap_err();
    assert!(matches!(error, HubError::Unfinished { .. }), "{error}");
    assert!(error.to_string().contains("ulna dataset repair"), "{error}");
}

#[test]
fn a_broken_dataset_is_refused() {
    let (_scratch, dir) = copy_of("so101-hand");
    fs::remove_file(dir.join("data/chunk-000/file-000.parquet")).unwrap();
    let error = Folder::open(&dir, None).unwrap_err();
    assert!(error.to_string().contains("ulna dataset check"), "{error}");
}

#[test]
fn what_a_folder_is_must_be_clear() {
    let empty = folder(&[("x", b"x")]);
    let both = folder(&[("policy.toml", b"x"), ("meta/info.json", b"{}")]);
    for dir in [&empty, &both] {
        let error = Folder::open(dir.path(), None).unwrap_err().to_string();
        assert!(error.contains("--kind"), "{error}");
    }
    assert!(Folder::open(empty.path(), Some(RepoKind::Dataset)).is_err());
    assert!(Folder::open(&empty.path().join("nowhere"), None).is_err());
}

#[test]
fn large_files_go_in_parts_where_the_store_wants_them_so() {
    let hub = Hub::with(Manner {
        part: Some(10_000),
        ..Manner::default()
    });
    let dir = folder(&[
        ("policy.toml", b"x"),
        ("a.onnx", &noise(1, 35_000)),
        ("b.onnx", &noise(2, 20_000)),
        ("c.onnx", &noise(3, 9_000)),
        ("same-as-c.onnx", &noise(3, 9_000)),
        ("empty.onnx", b""),
    ]);
    let pushed = push(&hub, &heap(&dir), &policy()).unwrap();
    assert_eq!((pushed.sent_files, pushed.sent_bytes), (3, 64_000));
    assert_eq!(published(&hub, "models/me/policy"), files(dir.path()));
    assert_eq!((hub.count("PUT /part/"), hub.count("PUT /upload/")), (6, 1));
    hub.expect_no_violations();
}

#[test]
fn passing_faults_are_waited_out() {
    let hub = Hub::with(Manner {
        part: Some(10_000),
        ..Manner::default()
    });
    let busy = Reply::refusal(503, "", "");
    let slower = Reply::refusal(429, "", "").with("Retry-After", "17");
    hub.fail("GET", "/api/models", 2, FaultKind::Answer(busy.clone()));
    hub.fail("POST", "/preupload", 1, FaultKind::Answer(slower));
    hub.fail("PUT", "/part/", 1, FaultKind::DropUpload(3_000));
    hub.fail("PUT", "/upload/", 1, FaultKind::Answer(busy.clone()));
    hub.fail("POST", "/verify", 1, FaultKind::CutAnswer(0));
    hub.fail("POST", "/complete", 1, FaultKind::Answer(busy.clone()));
    hub.fail("POST", "/commit", 1, FaultKind::Answer(busy));
    let dir = folder(&[
        ("policy.toml", b"x"),
        ("a.onnx", &noise(1, 35_000)),
        ("b.onnx", &noise(2, 9_000)),
    ]);
    let pushed = push(&hub, &heap(&dir), &policy()).unwrap();
    assert_eq!(published(&hub, "models/me/policy"), files(dir.path()));
    assert_eq!(pushed.sent_bytes, 44_000);
    assert_eq!(hub.history("models/me/policy", "main").len(), 2);
    let waits = hub.waits();
    assert_eq!(waits.get(..3), Some([1, 2, 17].as_slice()), "{waits:?}");
    hub.expect_no_violations();
}

#[test]
fn lasting_faults_are_reported_and_what_was_sent_is_not_sent_again() {
    let hub = Hub::start();
    let store_down = Reply::refusal(500, "", "");
    let dir = folder(&[
        ("policy.toml", b"x"),
        ("a.onnx", &noise(1, 35_000)),
        ("b.onnx", &noise(2, 9_000)),
    ]);
    let b = loopback::sha256(&noise(2, 9_000));
    let to_b: &'static str = Box::leak(format!("/upload/{b}").into_boxed_str());
    hub.fail("PUT", to_b, 6, FaultKind::Answer(store_down));
    let error = push(&hub, &heap(&dir), &policy()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("b.onnx") && text.contains("500"), "{text}");
    assert!(!text.contains("Signature"), "{text}");
    assert_eq!(published(&hub, "models/me/policy").len(), 0);

    hub.forget();
    // The other file arrived before, or was ended with the failing one.
    let had_a = hub.state().large.len() == 1;
    let pushed = push(&hub, &heap(&dir), &policy()).unwrap();
    assert_eq!(pushed.sent_files, if had_a { 1 } else { 2 });
    assert_eq!(published(&hub, "models/me/policy"), files(dir.path()));
    hub.expect_no_violations();
}

#[test]
fn a_commit_whose_answer_is_lost_is_not_made_twice() {
    let hub = Hub::start();
    let dir = folder(&[("policy.toml", b"x"), ("a.onnx", &noise(1, 9_000))]);
    let lost = Reply::refusal(504, "", "");
    hub.fail("POST", "/commit", 1, FaultKind::DoneBut(lost));
    let pushed = push(&hub, &heap(&dir), &policy()).unwrap();
    assert_eq!(hub.history("models/me/policy", "main").len(), 2);
    assert_eq!(pushed.commit, Some(hub.head("models/me/policy")));
    hub.expect_no_violations();
}

#[test]
fn no_other_commit_is_overwritten_unseen() {
    let hub = Hub::start();
    hub.put("models/me/policy", false, &[("policy.toml", b"theirs")]);
    let dir = folder(&[("policy.toml", b"ours")]);
    let moved = Reply::refusal(412, "", "A commit has happened since");
    hub.fail("POST", "/commit", 1, FaultKind::Answer(moved));
    let error = push(&hub, &heap(&dir), &policy()).unwrap_err();
    assert!(matches!(error, HubError::Moved { .. }), "{error}");
}

#[test]
fn an_empty_repository_is_filled_in_several_commits_with_the_main_file_last() {
    let hub = Hub::with(Manner {
        page: 400,
        ..Manner::default()
    });
    let contents: Vec<(String, Vec<u8>)> = (0..600)
        .map(|n| (format!("part/{n:04}"), format!("{n}").into_bytes()))
        .chain([("policy.toml".to_owned(), b"x".to_vec())])
        .collect();
    let named: Vec<(&str, &[u8])> = (contents.iter())
        .map(|(n, c)| (n.as_str(), c.as_slice()))
        .collect();
    let dir = folder(&named);
    push(&hub, &heap(&dir), &policy()).unwrap();
    assert_eq!(
        hub.history("models/me/policy", "main"),
        [
            "initial commit",
            "Push with ulna (1 of 2)",
            "Push with ulna (2 of 2)"
        ]
    );
    {
        let state = hub.state();
        let commits = &state.repositories["models/me/policy"].branches["main"];
        assert!(!commits[1].files.contains_key("policy.toml"));
    }
    assert_eq!(hub.count("/preupload"), 3);
    assert_eq!(published(&hub, "models/me/policy"), files(dir.path()));

    // What is there already changes in one commit, whatever it takes; its listing has several pages.
    for (name, _) in &contents {
        fs::write(dir.path().join(name), format!("new {name}")).unwrap();
    }
    push(&hub, &heap(&dir), &policy()).unwrap();
    assert_eq!(hub.history("models/me/policy", "main").len(), 4);
    assert_eq!(published(&hub, "models/me/policy"), files(dir.path()));
    hub.expect_no_violations();
}

#[test]
fn branches_are_made_and_leave_the_tag_alone() {
    let hub = Hub::start();
    let (_scratch, dir) = copy_of("so101-hand");
    let folder = Folder::open(&dir, None).unwrap();
    let trial = dataset().at("trial/1").unwrap();
    let pushed = push(&hub, &folder, &trial).unwrap();
    assert_eq!(pushed.tag, None);
    assert!(hub.tags(HAND).is_empty());
    assert_eq!(hub.files(HAND, "trial/1").len(), files(&dir).len() + 1);
    assert_eq!(hub.files(HAND, "main").len(), 1);
    hub.expect_no_violations();
}

#[test]
fn private_means_private() {
    let hub = Hub::start();
    let dir = folder(&[("policy.toml", b"x"), ("a.onnx", &noise(1, 9_000))]);
    let private = PushOptions::default().private(true);
    push_with(&hub.client(), &heap(&dir), &policy(), &private, &Unwatched).unwrap();
    assert!(hub.state().repositories["models/me/policy"].private);

    hub.put("models/me/public", false, &[("x", b"x")]);
    let public = Repo::new(RepoKind::Model, "me/public").unwrap();
    hub.forget();
    let error = push_with(&hub.client(), &heap(&dir), &public, &private, &Unwatched).unwrap_err();
    assert!(matches!(error, HubError::Public { .. }), "{error}");
    assert_eq!(hub.count("POST") + hub.count("PUT"), 0);
}

#[test]
fn nothing_is_made_when_that_is_not_wanted() {
    let hub = Hub::start();
    let dir = folder(&[("policy.toml", b"x"), ("a.onnx", &noise(1, 9_000))]);
    let options = PushOptions::default().create(false);
    let error = push_with(&hub.client(), &heap(&dir), &policy(), &options, &Unwatched).unwrap_err();
    assert!(matches!(error, HubError::NotFound { .. }), "{error}");

    let dry = PushOptions::default().dry_run(true);
    let would = push_with(&hub.client(), &heap(&dir), &policy(), &dry, &Unwatched).unwrap();
    assert_eq!(
        (would.created, would.files.len(), would.commit),
        (true, 2, None)
    );
    push(&hub, &heap(&dir), &policy()).unwrap();
    fs::write(dir.path().join("policy.toml"), "y").unwrap();
    hub.forget();
    let would = push_with(&hub.client(), &heap(&dir), &policy(), &dry, &Unwatched).unwrap();
    assert_eq!(
        (would.files, would.unchanged),
        (vec!["policy.toml".to_owned()], 1)
    );
    assert_eq!(
        hub.count("POST") + hub.count("PUT") + hub.count("DELETE"),
        0
    );
}

#[test]
fn refusals_say_what_to_do() {
    let hub = Hub::start();
    let dir = folder(&[("policy.toml", b"x")]);
    let theirs = Repo::new(RepoKind::Model, "other/policy").unwrap();
    let error = push(&hub, &heap(&dir), &theirs).unwrap_err().to_string();
    assert!(
        error.contains("rights to create") && error.contains("write access"),
        "{error}"
    );

    let options = PushOptions::default();
    let anonymous = hub.client_as(None);
    let error = push_with(&anonymous, &heap(&dir), &policy(), &options, &Unwatched).unwrap_err();
    assert!(error.to_string().contains("hf auth login"), "{error}");

    let ignored = folder(&[("policy.toml", b"x"), ("a.ignored", b"x")]);
    let error = push(&hub, &heap(&ignored), &policy()).unwrap_err();
    assert!(error.to_string().contains(".gitignore"), "{error}");
}

#[test]
fn a_store_that_wants_xet_alone_is_named() {
    let hub = Hub::with(Manner {
        only_xet: true,
        ..Manner::default()
    });
    let dir = folder(&[("policy.toml", b"x"), ("a.onnx", &noise(1, 9_000))]);
    let error = push(&hub, &heap(&dir), &policy()).unwrap_err();
    assert!(matches!(error, HubError::XetOnly { .. }), "{error}");
    assert!(error.to_string().contains("Xet"), "{error}");
}
