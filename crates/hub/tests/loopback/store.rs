//! The store of large files: knows signed addresses, and no people.

use super::http::{Reply, Request};
use super::{SIGNATURE, State, sha1, sha256};

pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    if request.header("authorization").is_some() {
        state.violation(request, "a token at the store");
    }
    if !request.query.contains(SIGNATURE) {
        state.violation(request, "not signed");
        return Reply::new(403);
    }
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET" | "HEAD", ["blob", oid]) => match state.large.get(*oid).cloned() {
            Some(content) => content_of(state, request, &content),
            None => Reply::new(404),
        },
        ("PUT", ["upload", oid]) => {
            plain_put(state, request);
            if sha256(&request.body) != *oid {
                state.violation(request, "another content than announced");
                return Reply::new(400);
            }
            state.large.insert((*oid).to_owned(), request.body.clone());
            Reply::new(200).with("ETag", "\"whole\"")
        }
        ("PUT", ["part", oid, number]) => {
            plain_put(state, request);
            let key = ((*oid).to_owned(), number.parse().unwrap_or(0));
            state.parts.insert(key, request.body.clone());
            Reply::new(200).with("ETag", &format!("\"{}\"", sha1(&request.body)))
        }
        _ => {
            state.violation(request, "no such address at the store");
            Reply::new(404)
        }
    }
}

/// Stores take no chunked bodies.
fn plain_put(state: &mut State, request: &Request) {
    let length = request.header("content-length");
    if length != Some(&request.body.len().to_string()) {
        state.violation(request, "no length given");
    }
}

/// A file, or the part of it that is asked for.
pub(super) fn content_of(state: &mut State, request: &Request, content: &[u8]) -> Reply {
    let mut reply = Reply::new(200).with("Accept-Ranges", "bytes");
    reply.body = content.to_vec();
    let range = request.header("range");
    let Some(range) = range.filter(|_| !state.manner.no_ranges) else {
        return reply;
    };
    let from = range
        .strip_prefix("bytes=")
        .and_then(|it| it.strip_suffix('-'));
    let Some(from) = from.and_then(|from| from.parse::<usize>().ok()) else {
        state.violation(request, "a range that is none");
        return Reply::new(400);
    };
    if from >= content.len() {
        return Reply::new(416).with("Content-Range", &format!("bytes */{}", content.len()));
    }
    let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
    let mut reply = Reply::new(206).with("Content-Range", &range);
    reply.body = content[from..].to_vec();
    reply
}
