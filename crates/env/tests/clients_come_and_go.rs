//! Promise: clients that vanish, flood or crowd leave no episode behind, and the next one is served.

#![allow(clippy::unwrap_used, clippy::panic)]

mod client;

use std::io::Write;

use client::{Served, options, said, step};
use ulna_env::message::{EnvRefusalKind, written};

/// Threads of episodes in this process.
fn episodes() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "ulna-episode").count()
}

#[test]
fn clients_that_vanish_flood_or_crowd_leave_nothing_behind() {
    let served = Served::new(options("table", 3, &["front"]));
    let hold = vec![Some(vec![0.0; 6]); 3];
    // In the middle of an episode, and in the middle of a frame.
    for ending in [&b""[..], b"\x00\x00\x10\x00half a frame"] {
        let (mut client, _) = served.client();
        client.reset(&[Some(1), Some(2), Some(3)]);
        assert_eq!(episodes(), 3);
        client.send(&step(&hold));
        client.stream.write_all(ending).unwrap();
    }
    // One that asks without end and hears nothing.
    let (mut client, _) = served.client();
    client.reset(&[Some(1), Some(2), Some(3)]);
    client.stream.set_nonblocking(true).unwrap();
    let request = written(&step(&hold)).unwrap();
    let mut asked = 0;
    while client.stream.write_all(&request).is_ok() {
        asked += 1;
        assert!(asked < 100_000, "nothing holds it back");
    }
    // Another one comes meanwhile.
    let mut other = served.connect();
    let error = said(other.reply(), EnvRefusalKind::Busy);
    assert!(error.contains("another client"), "{error}");
    assert!(other.bytes().is_none());
    drop(client);
    // A frame without end.
    let (mut client, _) = served.client();
    client.stream.write_all(&[0xff; 64]).unwrap();
    let error = said(client.reply(), EnvRefusalKind::Frame);
    assert!(error.contains("1048576 are the most"), "{error}");
    assert!(client.bytes().is_none());
    let (mut client, _) = served.client();
    assert_eq!(episodes(), 0, "episodes of clients that are gone");
    client.reset(&[None, None, Some(1)]);
    assert_eq!(episodes(), 1);
    served.end();
    assert_eq!(episodes(), 0);
}
