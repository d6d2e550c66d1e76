//! Servers that are not to be trusted: nothing leaves the folder, no token goes astray, nothing grows without end.
#![allow(missing_docs, clippy::unwrap_used)]

mod loopback;

use loopback::folders::{files, folder, noise};
use loopback::{FaultKind, Hub, Manner, Reply, TOKEN};
use ulna_hub::{
    Folder, HubError, PullOptions, PushOptions, Repo, RepoKind, Token, Unwatched, pull, push,
};

fn heap() -> Repo {
    Repo::new(RepoKind::Model, "me/heap").unwrap()
}

const HEAP: &str = "models/me/heap";

fn pulled(hub: &Hub) -> Result<(), HubError> {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("inside");
    let ended = pull(
        &hub.client(),
        &heap(),
        &dir,
        &PullOptions::default(),
        &Unwatched,
    );
    let outside = files(scratch.path());
    let outside = outside.keys().filter(|name| !name.starts_with("inside/"));
    assert_eq!(outside.count(), 0);
    ended.map(drop)
}

#[test]
fn names_never_lead_out_of_the_folder() {
    for name in [
        "../evil",
        "a/../../evil",
        "/tmp/ulna-evil",
        "a//b",
        "./a",
        "C:\\evil",
        "a\u{1b}[2J",
        "sub/..",
    ] {
        let hub = Hub::start();
        hub.put(HEAP, false, &[("policy.toml", b"x"), (name, b"evil")]);
        let error = pulled(&hub).unwrap_err();
        assert!(
            matches!(error, HubError::HostileName { .. }),
            "{name}: {error}"
        );
        assert!(!error.to_string().contains('\u{1b}'));
        assert_eq!(hub.count("/resolve/"), 0);
    }
    let hub = Hub::start();
    hub.put(HEAP, false, &[("a", b"x"), ("a/b", b"x")]);
    assert!(matches!(pulled(&hub), Err(HubError::HostileName { .. })));
}

#[test]
fn hidden_files_stay_there() {
    let hub = Hub::start();
    hub.put(
        HEAP,
        false,
        &[(".bashrc", b"evil"), (".git/hooks/x", b"evil"), ("a", b"x")],
    );
    let scratch = tempfile::tempdir().unwrap();
    let options = PullOptions::default();
    pull(&hub.client(), &heap(), scratch.path(), &options, &Unwatched).unwrap();
    assert_eq!(files(scratch.path()).keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn listings_end() {
    let hub = Hub::with(Manner {
        endless: true,
        ..Manner::default()
    });
    hub.put(HEAP, false, &[("a", b"x")]);
    let scratch = tempfile::tempdir().unwrap();
    let client = hub.client().at_most(5_000);
    let options = PullOptions::default();
    let error = pull(&client, &heap(), scratch.path(), &options, &Unwatched).unwrap_err();
    assert!(
        matches!(error, HubError::TooMuch { limit: 5_000, .. }),
        "{error}"
    );
    assert_eq!(hub.count("/tree/"), 6);
}

/// A page of a listing.
fn page(link: &str) -> Reply {
    let entry = serde_json::json!([{ "type": "file", "path": "a", "size": 1, "oid": loopback::git_oid(b"x") }]);
    Reply::json(&entry).with("Link", link)
}

#[test]
fn listings_neither_repeat_nor_wander() {
    let hub = Hub::start();
    hub.put(HEAP, false, &[("a", b"x")]);
    let again = format!(
        "<{}/api/{HEAP}/tree/x?cursor=1>; rel=\"next\"",
        hub.endpoint()
    );
    for link in [
        again.as_str(),
        "<https://elsewhere.example/tree>; rel=\"next\"",
        "<file:///etc>; rel=\"next\"",
    ] {
        hub.state().faults.clear();
        hub.fail("GET", "/tree/", 10, FaultKind::Answer(page(link)));
        assert!(pulled(&hub).is_err(), "{link}");
        assert_eq!(hub.count("/resolve/"), 0);
    }
}

#[test]
fn answers_that_make_no_sense_are_reported() {
    let hub = Hub::start();
    hub.put(HEAP, false, &[("a", b"x")]);
    let bad_hash =
        serde_json::json!([{ "type": "file", "path": "a", "size": 1, "oid": "../../x" }]);
    let huge = serde_json::json!([{ "type": "file", "path": "a", "size": u64::MAX, "oid": loopback::git_oid(b"x") }]);
    for (reply, word) in [
        (Reply::json(&bad_hash), "no proper hash"),
        (
            Reply::json(&serde_json::json!({ "error": 1 })),
            "makes no sense",
        ),
        (Reply::new(200), "makes no sense"),
        (Reply::json(&huge), "bytes free"),
    ] {
        hub.state().faults.clear();
        hub.fail("GET", "/tree/", 1, FaultKind::Answer(reply));
        let error = pulled(&hub).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn redirects_end_and_stay_on_the_web() {
    let hub = Hub::start();
    hub.put(HEAP, false, &[("a", b"x")]);
    let at = format!("{}/api/{HEAP}/revision/main", hub.endpoint());
    for to in [
        at.as_str(),
        "file:///etc/passwd",
        "http://elsewhere.example/x",
        "",
    ] {
        hub.state().faults.clear();
        let reply = Reply::new(302).with("Location", to);
        hub.fail("GET", "/revision/", 100, FaultKind::Answer(reply));
        let error = pulled(&hub).unwrap_err();
        assert!(matches!(error, HubError::Elsewhere { .. }), "{to}: {error}");
    }
}

#[test]
fn what_is_sent_is_not_redirected_elsewhere() {
    let hub = Hub::start();
    let dir = folder(&[("policy.toml", b"x"), ("a.onnx", &noise(1, 9_000))]);
    let store = hub.state().store_port;
    let reply = Reply::new(307).with("Location", &format!("http://127.0.0.1:{store}/thief"));
    hub.fail("POST", "/commit", 1, FaultKind::Answer(reply));
    let heap_of = Folder::open(dir.path(), None).unwrap();
    let options = PushOptions::default();
    let error = push(&hub.client(), &heap_of, &heap(), &options, &Unwatched).unwrap_err();
    assert!(matches!(error, HubError::Elsewhere { .. }), "{error}");
    hub.expect_no_violations();
}

#[test]
fn uploads_go_to_safe_places_only() {
    let dir = folder(&[("policy.toml", b"x"), ("a.onnx", &noise(1, 9_000))]);
    let oid = loopback::sha256(&noise(1, 9_000));
    let action = |href: &str| {
        serde_json::json!({ "transfer": "basic", "objects": [
            { "oid": oid, "size": 9_000, "actions": { "upload": { "href": href } } }] })
    };
    let parts = serde_json::json!({ "objects": [{ "oid": oid, "size": 9_000, "actions": { "upload": {
        "href": "https://elsewhere.example/", "header": { "chunk_size": "1" } } } }] });
    let refused = serde_json::json!({ "objects": [{ "oid": oid, "size": 9_000, "error": { "code": 422, "message": "no" } }] });
    let silent = serde_json::json!({ "objects": [] });
    for (answer, word) in [
        (action("http://elsewhere.example/"), "not encrypted"),
        (action("file:///etc/passwd"), "no web address"),
        (action("nowhere"), "no address"),
        (parts, "number of parts"),
        (refused, "refuses a.onnx: no (422)"),
        (silent, "says nothing of a.onnx"),
        (
            serde_json::json!({ "transfer": "magic", "objects": [] }),
            "magic",
        ),
    ] {
        let hub = Hub::start();
        hub.fail(
            "POST",
            "/objects/batch",
            1,
            FaultKind::Answer(Reply::json(&answer)),
        );
        let heap_of = Folder::open(dir.path(), None).unwrap();
        let options = PushOptions::default();
        let error = push(&hub.client(), &heap_of, &heap(), &options, &Unwatched).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn tokens_are_never_shown() {
    let hub = Hub::start();
    hub.put(HEAP, true, &[("a", b"x")]);
    // A server that repeats the token, and one that doesn't know it.
    let echo = Reply::refusal(403, "", &format!("the token {TOKEN} is not good enough"));
    hub.fail("GET", "/revision/", 1, FaultKind::Answer(echo));
    let wrong = Token::new("hf_Wrong", "HF_TOKEN").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let options = PullOptions::default();
    for (client, word) in [
        (hub.client(), "not good enough"),
        (hub.client_as(Some(wrong)), "token from HF_TOKEN"),
        (hub.client_as(None), "hf auth login"),
    ] {
        let error = pull(&client, &heap(), scratch.path(), &options, &Unwatched).unwrap_err();
        let texts = [
            error.to_string(),
            format!("{error:?}"),
            format!("{client:?}"),
        ];
        assert!(texts[0].contains(word), "{error}");
        for text in texts {
            assert!(
                !text.contains(TOKEN) && !text.contains("hf_Wrong"),
                "{text}"
            );
        }
    }
}
