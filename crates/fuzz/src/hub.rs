//! Whatever a server answers, a pull ends, with an error or with files inside its folder.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ulna_hub::{Endpoint, HubClient, PullOptions, Repo, RepoKind, Unwatched, pull};

/// Between two answers of an input.
const BETWEEN: u8 = 0xff;

/// What is answered next; nothing is a file that is not there.
static ANSWERS: Mutex<VecDeque<Vec<u8>>> = Mutex::new(VecDeque::new());

static CLIENT: LazyLock<HubClient> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    let endpoint = Endpoint::new(&format!("http://{address}")).expect("an endpoint");
    HubClient::new(endpoint, None)
        .patience(Duration::from_secs(2))
        .at_most(1000)
        .pausing(|_| ())
});

fn answers() -> MutexGuard<'static, VecDeque<Vec<u8>>> {
    ANSWERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One answer to a connection. Its first byte says how it is given: as a body with some status, or with headers of its own.
fn answer(mut stream: TcpStream) {
    let Ok(reading) = stream.try_clone() else {
        return;
    };
    let request = BufReader::new(reading).lines().map_while(Result::ok);
    if request.take_while(|line| !line.is_empty()).count() == 0 {
        return;
    }
    let answer = answers().pop_front().unwrap_or_else(|| vec![1]);
    let (how, body) = answer.split_first().unwrap_or((&1, &[]));
    let status = [200, 404, 206, 302, 500, 429][usize::from(how % 128) % 6];
    let head = match how / 128 {
        0 => format!(
            "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        ),
        _ => format!("HTTP/1.1 {status} x\r\nconnection: close\r\n"),
    };
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

pub(crate) fn run(input: &[u8]) {
    *answers() = input
        .split(|byte| *byte == BETWEEN)
        .map(<[u8]>::to_vec)
        .collect();
    let outer = tempfile::tempdir().expect("a folder");
    let folder = outer.path().join("pulled");
    let kind = match input.len() % 2 {
        0 => RepoKind::Model,
        _ => RepoKind::Dataset,
    };
    let repo = Repo::new(kind, "me/fuzz").expect("a repository");
    let _ = pull(&CLIENT, &repo, &folder, &PullOptions::default(), &Unwatched);
    answers().clear();
    let inside = std::fs::read_dir(outer.path())
        .expect("the folder")
        .flatten();
    for entry in inside {
        assert_eq!(entry.file_name(), "pulled", "something outside the folder");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let hash = "ab".repeat(20);
    let info = format!(r#"{{"sha": "{hash}", "siblings": []}}"#);
    let file =
        |name: &str| format!(r#"{{"type": "file", "path": "{name}", "size": 1, "oid": "{hash}"}}"#);
    let lfs = r#"{"type": "file", "path": "policy.onnx", "size": 1, "oid": "x", "lfs": {"oid": "x", "size": 1, "pointerSize": 100}}"#;
    let listings = [
        format!("[{}]", file("policy.toml")),
        format!("[{}, {}]", file("../../escape"), file("meta/info.json")),
        format!("[{lfs}]"),
    ];
    let seed = |listing: &String| {
        let parts: [&[u8]; 4] = [b"\0", info.as_bytes(), b"\xff\0", listing.as_bytes()];
        [&parts.concat(), &b"\xff\0x"[..]].concat()
    };
    let mut seeds: Vec<Vec<u8>> = listings.iter().map(seed).collect();
    seeds.push(b"\x83location: http://127.0.0.1:1/x\r\n\r\n\xff\x80x-error-code: RepoNotFound\r\nlink: <https://x/>; rel=\"next\"\r\n\r\n{}".to_vec());
    seeds
}
