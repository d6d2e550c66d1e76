//! `ulna hub` at the edge of the program; the protocol is tested in `crates/hub`, against a server.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::fails;

#[cfg(not(feature = "hub"))]
#[test]
fn a_build_without_it_says_how_to_get_it() {
    for args in [
        ["hub", "push", "my-data", "me/arm"],
        ["hub", "pull", "me/arm", "--json"],
    ] {
        fails(1, &["without `ulna hub`", "--features hub"], &args);
    }
}

#[cfg(feature = "hub")]
#[test]
fn misuse_is_reported_as_such() {
    let data = harness::shipped();
    fails(2, &["USER/NAME"], &["hub", "push", &data, "arm"]);
    fails(
        2,
        &["`a b`", "revision"],
        &["hub", "pull", "me/arm", "--revision", "a b"],
    );
    fails(
        2,
        &["`hub.example`", "https://"],
        &["hub", "pull", "me/arm", "--endpoint", "hub.example"],
    );
    fails(
        2,
        &["pattern"],
        &["hub", "pull", "me/arm", "--include", "[z-"],
    );
    fails(2, &["USER/NAME"], &["hub", "pull"]);
    fails(
        1,
        &["/no/such/folder"],
        &["hub", "push", "/no/such/folder", "me/arm"],
    );
}

#[cfg(feature = "hub")]
#[test]
fn what_is_not_whole_is_refused_before_anybody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    harness::copy(std::path::Path::new(&harness::shipped()), folder.path());
    let dir = folder.path().to_str().unwrap();
    let endpoint = ["--endpoint", "http://127.0.0.1:1"];
    std::fs::create_dir_all(folder.path().join(".ulna/recording-1")).unwrap();
    std::fs::write(folder.path().join(".ulna/recording-1/rows.log"), [1; 200]).unwrap();
    fails(
        1,
        &["ulna dataset repair"],
        &[&["hub", "push", dir, "me/arm"], &endpoint[..]].concat(),
    );
    std::fs::remove_dir_all(folder.path().join(".ulna")).unwrap();
    std::fs::write(folder.path().join("policy.toml"), "").unwrap();
    fails(
        1,
        &["--kind"],
        &[&["hub", "push", dir, "me/arm"], &endpoint[..]].concat(),
    );
}
