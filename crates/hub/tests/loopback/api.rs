//! The API, as huggingface_hub 1.33 uses it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Reply, Request};
use super::store::content_of;
use super::{Blob, Commit, Repository, SIGNATURE, State, TOKEN, git_oid, sha1, sha256};

const LFS: &str = "application/vnd.git-lfs+json";

pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let signed_in = match request.header("authorization") {
        Some(header) if header == format!("Bearer {TOKEN}") => true,
        Some(_) => {
            return Reply::refusal(401, "", "Invalid credentials in Authorization header");
        }
        None => false,
    };
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let writes = !matches!(request.method.as_str(), "GET" | "HEAD");
    if writes && !signed_in && !state.manner.open && parts.first() != Some(&"complete") {
        return Reply::refusal(401, "", "");
    }
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["api", "whoami-v2"]) if signed_in => {
            Reply::json(&json!({ "type": "user", "name": "me", "orgs": [] }))
        }
        ("POST", ["api", "repos", "create"]) => create(state, request),
        ("POST", ["api", "validate-yaml"]) => Reply::json(&json!({ "errors": [], "warnings": [] })),
        ("POST", ["complete", oid]) => complete(state, request, oid),
        (
            _,
            [
                "api",
                kind @ ("datasets" | "models"),
                user,
                name,
                action @ ..,
            ],
        ) => {
            let repo = format!("{kind}/{user}/{name}");
            match known(state, &repo, signed_in) {
                Err(refusal) => refusal,
                Ok(()) => repository(state, request, &repo, action),
            }
        }
        (_, ["datasets", user, name, rest @ ..]) => page(
            state,
            request,
            &format!("datasets/{user}/{name}"),
            rest,
            signed_in,
        ),
        (_, [user, name, rest @ ..]) => page(
            state,
            request,
            &format!("models/{user}/{name}"),
            rest,
            signed_in,
        ),
        _ => {
            state.violation(request, "no such address");
            Reply::new(404)
        }
    }
}

/// What is private doesn't exist for others.
fn known(state: &State, repo: &str, signed_in: bool) -> Result<(), Reply> {
    match state.repositories.get(repo) {
        Some(repository) if signed_in || !repository.private || state.manner.open => Ok(()),
        _ if signed_in => Err(Reply::refusal(404, "RepoNotFound", "Repository not found")),
        _ => Err(Reply::refusal(401, "RepoNotFound", "Repository not found")),
    }
}

fn body(state: &mut State, request: &Request, mime: &str) -> Value {
    let given = request.header("content-type").unwrap_or_default();
    if given != mime {
        let what = format!("content type `{given}`, not {mime}");
        state.violation(request, &what);
    }
    serde_json::from_slice(&request.body).unwrap_or_else(|error| {
        state.violation(request, &format!("no JSON: {error}"));
        Value::Null
    })
}

fn create(state: &mut State, request: &Request) -> Reply {
    let new = body(state, request, "application/json");
    // Python leaves a model's type out.
    let kind = match &new["type"] {
        Value::Null => Some("model"),
        kind => kind.as_str(),
    };
    let name = new["name"].as_str();
    let user = new["organization"].as_str().unwrap_or("me");
    let (Some(kind @ ("dataset" | "model")), Some(name)) = (kind, name) else {
        state.violation(request, "neither type nor name");
        return Reply::new(400);
    };
    if !matches!(user, "me" | "lab") {
        let message = format!("You don't have the rights to create a {kind} under the namespace");
        return Reply::refusal(403, "", &message);
    }
    let repo = format!("{kind}s/{user}/{name}");
    if state.repositories.contains_key(&repo) {
        return Reply::refusal(409, "", "You already created this repo");
    }
    let first = Commit {
        sha: state.next_sha(),
        summary: "initial commit".to_owned(),
        files: [(
            ".gitattributes".to_owned(),
            Blob::Regular(b"*.mp4 filter=lfs\n".to_vec()),
        )]
        .into(),
    };
    let repository = Repository {
        private: new["visibility"] == "private",
        branches: [("main".to_owned(), vec![first])].into(),
        ..Repository::default()
    };
    state.repositories.insert(repo.clone(), repository);
    let page = repo.strip_prefix("models/").unwrap_or(&repo);
    let url = format!("http://127.0.0.1:{}/{page}", state.api_port);
    Reply::json(
        &json!({ "url": url, "name": format!("{user}/{name}"), "id": format!("{user}/{name}") }),
    )
}

/// The commit that a branch, tag or hash means.
fn commit<'a>(repository: &'a Repository, revision: &str) -> Option<&'a Commit> {
    let revision = repository
        .tags
        .get(revision)
        .map_or(revision, String::as_str);
    if let Some(commits) = repository.branches.get(revision) {
        return commits.last();
    }
    let mut all = repository.branches.values().flatten();
    all.find(|commit| commit.sha == revision)
}

fn no_revision(revision: &str) -> Reply {
    Reply::refusal(
        404,
        "RevisionNotFound",
        &format!("Invalid rev id: {revision}"),
    )
}

fn repository(state: &mut State, request: &Request, repo: &str, action: &[&str]) -> Reply {
    // A revision may hold slashes, which are escaped: decoded they are parts of their own.
    let rest = |from: usize| action.get(from..).unwrap_or_default().join("/");
    match (request.method.as_str(), action) {
        ("GET", []) => info(state, repo, "main"),
        ("GET", ["revision", ..]) => info(state, repo, &rest(1)),
        ("GET", ["refs"]) => refs(&state.repositories[repo]),
        ("GET", ["tree", revision]) => tree(state, request, repo, revision),
        ("POST", ["preupload", ..]) => preupload(state, request, repo, &rest(1)),
        ("POST", ["commit", ..]) => make_commit(state, request, repo, &rest(1)),
        ("POST", ["branch", ..]) => branch(state, request, repo, &rest(1)),
        ("POST", ["tag", ..]) => tag(state, request, repo, &rest(1)),
        ("DELETE", ["tag", ..]) => {
            let repository = state.repositories.get_mut(repo).unwrap();
            match repository.tags.remove(&rest(1)) {
                Some(_) => Reply::new(200),
                None => no_revision(&rest(1)),
            }
        }
        _ => {
            state.violation(request, "no such action");
            Reply::new(404)
        }
    }
}

fn info(state: &State, repo: &str, revision: &str) -> Reply {
    let repository = &state.repositories[repo];
    let Some(commit) = commit(repository, revision) else {
        return no_revision(revision);
    };
    let files: Vec<Value> = commit
        .files
        .keys()
        .map(|name| json!({ "rfilename": name }))
        .collect();
    let id = repo.split_once('/').unwrap().1;
    Reply::json(&json!({
        "_id": "1", "id": id, "sha": commit.sha, "private": repository.private,
        "siblings": files, "tags": [], "downloads": 0, "likes": 0,
    }))
}

fn refs(repository: &Repository) -> Reply {
    let branches = repository.branches.iter().map(|(name, commits)| {
        json!({ "name": name, "ref": format!("refs/heads/{name}"), "targetCommit": commits.last().unwrap().sha })
    });
    let tags = repository.tags.iter().map(
        |(name, sha)| json!({ "name": name, "ref": format!("refs/tags/{name}"), "targetCommit": sha }),
    );
    Reply::json(&json!({
        "branches": branches.collect::<Vec<_>>(), "tags": tags.collect::<Vec<_>>(), "converts": [],
    }))
}

fn tree(state: &mut State, request: &Request, repo: &str, revision: &str) -> Reply {
    let from: usize = request
        .parameter("cursor")
        .map_or(0, |it| it.parse().unwrap());
    let page = state.manner.page;
    let next = format!(
        "<http://127.0.0.1:{}/api/{repo}/tree/{revision}?recursive=true&cursor={}>; rel=\"next\"",
        state.api_port,
        from + page
    );
    if state.manner.endless {
        let names = (from..from + page).map(|n| {
            json!({ "type": "file", "path": format!("data/{n}.parquet"), "size": 1, "oid": git_oid(b"x") })
        });
        return Reply::json(&names.collect()).with("Link", &next);
    }
    if !matches!(request.parameter("recursive"), Some("true" | "True")) {
        state.violation(request, "not asked for what is in folders");
    }
    let repository = &state.repositories[repo];
    let Some(commit) = commit(repository, revision) else {
        return no_revision(revision);
    };
    let mut entries = Vec::new();
    let mut folder = "";
    for (name, blob) in &commit.files {
        if let Some((parent, _)) = name.rsplit_once('/')
            && parent != folder
        {
            folder = parent;
            entries.push(json!({ "type": "directory", "oid": sha1(parent.as_bytes()), "size": 0, "path": parent }));
        }
        entries.push(match blob {
            Blob::Regular(content) => {
                json!({ "type": "file", "oid": git_oid(content), "size": content.len(), "path": name })
            }
            Blob::Large { oid, size } => {
                let pointer = format!(
                    "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"
                );
                json!({
                    "type": "file", "oid": git_oid(pointer.as_bytes()), "size": size, "path": name,
                    "lfs": { "oid": oid, "size": size, "pointerSize": pointer.len() },
                })
            }
        });
    }
    let more = entries.len() > from + page;
    let shown: Vec<Value> = entries.into_iter().skip(from).take(page).collect();
    let reply = Reply::json(&Value::from(shown));
    if more {
        reply.with("Link", &next)
    } else {
        reply
    }
}

/// What is stored outside git: large files and those that git is bad at.
fn is_large(state: &State, name: &str, size: u64) -> bool {
    let kinds = ["parquet", "mp4", "onnx", "safetensors", "bin"];
    let kind = name.rsplit('.').next().unwrap_or_default();
    size > state.manner.large as u64 || kinds.contains(&kind)
}

fn preupload(state: &mut State, request: &Request, repo: &str, revision: &str) -> Reply {
    if commit(&state.repositories[repo], revision).is_none() {
        return no_revision(revision);
    }
    let asked = body(state, request, "application/json");
    let files = asked["files"].as_array().cloned().unwrap_or_default();
    if files.is_empty() || files.len() > 256 {
        state.violation(request, "announces none or more than 256 files");
    }
    let mut wanted = Vec::new();
    for file in files {
        let (path, size) = (
            file["path"].as_str().unwrap(),
            file["size"].as_u64().unwrap(),
        );
        let sample = STANDARD.decode(file["sample"].as_str().unwrap()).unwrap();
        if sample.len() as u64 != size.min(512) {
            state.violation(
                request,
                &format!("{path}: a sample of {} bytes", sample.len()),
            );
        }
        let large = is_large(state, path, size);
        let repository = state.repositories.get_mut(repo).unwrap();
        repository
            .announced
            .insert(path.to_owned(), large && size > 0);
        wanted.push(json!({
            "path": path, "uploadMode": if large { "lfs" } else { "regular" },
            "shouldIgnore": path.ends_with(".ignored"),
        }));
    }
    Reply::json(&json!({ "files": wanted }))
}

fn make_commit(state: &mut State, request: &Request, repo: &str, revision: &str) -> Reply {
    let mime = request.header("content-type").unwrap_or_default();
    if mime != "application/x-ndjson" {
        state.violation(request, "no ndjson");
    }
    let lines: Vec<Value> = (request.body.split(|&byte| byte == b'\n'))
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let Some((first, lines)) = lines
        .split_first()
        .filter(|(first, _)| first["key"] == "header")
    else {
        state.violation(request, "no header in front");
        return Reply::new(400);
    };
    let mut repository = state.repositories[repo].clone();
    let Some(commits) = repository.branches.get(revision) else {
        return no_revision(revision);
    };
    let head = commits.last().unwrap();
    if let Some(parent) = first["value"]["parentCommit"].as_str()
        && parent != head.sha
    {
        return Reply::refusal(
            412,
            "",
            "A commit has happened since. Please refresh and try again.",
        );
    }
    let mut files = head.files.clone();
    for line in lines {
        let value = &line["value"];
        let path = value["path"].as_str().unwrap().to_owned();
        let announced = repository.announced.remove(&path);
        match line["key"].as_str() {
            Some("file") => {
                if announced != Some(false) || value["encoding"] != "base64" {
                    state.violation(request, &format!("{path} comes inside the commit"));
                }
                let content = STANDARD.decode(value["content"].as_str().unwrap()).unwrap();
                files.insert(path, Blob::Regular(content));
            }
            Some("lfsFile") => {
                let oid = value["oid"].as_str().unwrap().to_owned();
                let size = state.large.get(&oid).map(|content| content.len() as u64);
                if announced != Some(true) || value["algo"] != "sha256" {
                    state.violation(request, &format!("{path} was not announced as large"));
                }
                if size.is_none() || value["size"].as_u64() != size {
                    state.violation(request, &format!("{path} is committed before it was sent"));
                    return Reply::refusal(400, "", "LFS object not found");
                }
                files.insert(
                    path,
                    Blob::Large {
                        oid,
                        size: size.unwrap(),
                    },
                );
            }
            Some("deletedFile") => {
                if files.remove(&path).is_none() {
                    state.violation(request, &format!("{path} isn't there to be deleted"));
                    return Reply::refusal(400, "", "no such file");
                }
            }
            _ => state.violation(request, "an operation that isn't known"),
        }
    }
    let commit = Commit {
        sha: state.next_sha(),
        summary: first["value"]["summary"].as_str().unwrap().to_owned(),
        files,
    };
    let sha = commit.sha.clone();
    repository.branches.get_mut(revision).unwrap().push(commit);
    state.repositories.insert(repo.to_owned(), repository);
    let url = format!("http://127.0.0.1:{}/{repo}/commit/{sha}", state.api_port);
    Reply::json(&json!({ "success": true, "commitUrl": url, "commitOid": sha, "hookOutput": "" }))
}

fn branch(state: &mut State, request: &Request, repo: &str, name: &str) -> Reply {
    let asked = body(state, request, "application/json");
    let start = asked["startingPoint"].as_str().unwrap_or("main").to_owned();
    let repository = state.repositories.get_mut(repo).unwrap();
    let Some(commit) = commit(repository, &start).cloned() else {
        return no_revision(&start);
    };
    if repository.branches.contains_key(name) {
        return Reply::refusal(409, "", "Reference already exists");
    }
    repository.branches.insert(name.to_owned(), vec![commit]);
    Reply::new(200)
}

fn tag(state: &mut State, request: &Request, repo: &str, revision: &str) -> Reply {
    let asked = body(state, request, "application/json");
    let name = asked["tag"].as_str().unwrap().to_owned();
    let repository = state.repositories.get_mut(repo).unwrap();
    let Some(sha) = commit(repository, revision).map(|commit| commit.sha.clone()) else {
        return no_revision(revision);
    };
    if repository.tags.contains_key(&name) {
        return Reply::refusal(409, "", "Tag reference exists already");
    }
    repository.tags.insert(name, sha);
    Reply::new(200)
}

/// What is served outside the API: files, and git's large ones.
fn page(state: &mut State, request: &Request, repo: &str, rest: &[&str], signed_in: bool) -> Reply {
    let repo_of_git = repo.strip_suffix(".git").unwrap_or(repo);
    if let Err(refusal) = known(state, repo_of_git, signed_in) {
        return refusal;
    }
    match (request.method.as_str(), rest) {
        ("POST", ["info", "lfs", "objects", "batch"]) => batch(state, request, repo_of_git),
        ("POST", ["info", "lfs", "objects", "verify"]) => verify(state, request),
        ("GET" | "HEAD", ["resolve", revision, path @ ..]) => {
            resolve(state, request, repo, revision, &path.join("/"))
        }
        _ => {
            state.violation(request, "no such page");
            Reply::new(404)
        }
    }
}

fn batch(state: &mut State, request: &Request, repo: &str) -> Reply {
    let asked = body(state, request, LFS);
    let basic = asked["transfers"]
        .as_array()
        .is_some_and(|it| it.contains(&json!("basic")));
    if request.header("accept") != Some(LFS)
        || asked["operation"] != "upload"
        || asked["hash_algo"] != "sha256"
        || !basic
    {
        state.violation(request, "no proper batch of Git LFS");
    }
    if state.manner.only_xet {
        return Reply::json(&json!({ "transfer": "xet", "objects": [] }));
    }
    let (api, store) = (state.api_port, state.store_port);
    let page = repo.strip_prefix("models/").unwrap_or(repo);
    let mut objects = Vec::new();
    for object in asked["objects"].as_array().cloned().unwrap_or_default() {
        let (oid, size) = (
            object["oid"].as_str().unwrap(),
            object["size"].as_u64().unwrap(),
        );
        if state.large.contains_key(oid) {
            objects.push(json!({ "oid": oid, "size": size }));
            continue;
        }
        let verify = format!("http://127.0.0.1:{api}/{page}.git/info/lfs/objects/verify");
        let upload = match state.manner.part {
            Some(part) if size > part => {
                let mut header = json!({ "chunk_size": part.to_string() });
                for number in 1..=size.div_ceil(part) {
                    header[format!("{number:05}")] =
                        format!("http://localhost:{store}/part/{oid}/{number}?{SIGNATURE}").into();
                }
                let href = format!("http://127.0.0.1:{api}/complete/{oid}?size={size}");
                json!({ "href": href, "header": header })
            }
            _ => json!({ "href": format!("http://localhost:{store}/upload/{oid}?{SIGNATURE}") }),
        };
        objects.push(json!({
            "oid": oid, "size": size, "authenticated": true,
            "actions": { "upload": upload, "verify": { "href": verify } },
        }));
    }
    let transfer = if state.manner.part.is_some() {
        "multipart"
    } else {
        "basic"
    };
    let mut reply = Reply::json(&json!({ "transfer": transfer, "objects": objects }));
    reply.headers[0].1 = LFS.to_owned();
    reply
}

fn complete(state: &mut State, request: &Request, oid: &str) -> Reply {
    let asked = body(state, request, LFS);
    let size: u64 = request.parameter("size").unwrap().parse().unwrap();
    let part = state.manner.part.unwrap_or(1);
    let mut content = Vec::new();
    let parts = asked["parts"].as_array().cloned().unwrap_or_default();
    for (number, given) in (1..).zip(&parts) {
        let stored = state
            .parts
            .get(&(oid.to_owned(), number))
            .cloned()
            .unwrap_or_default();
        let etag = format!("\"{}\"", sha1(&stored));
        if given["partNumber"] != number || given["etag"] != etag.as_str() {
            state.violation(
                request,
                &format!("part {number} is not the one that was sent"),
            );
        }
        if number < size.div_ceil(part) && stored.len() as u64 != part {
            state.violation(
                request,
                &format!("part {number} has {} bytes", stored.len()),
            );
        }
        content.extend(stored);
    }
    if asked["oid"] != oid || sha256(&content) != oid {
        state.violation(request, "the parts are not the file");
        return Reply::new(400);
    }
    state.large.insert(oid.to_owned(), content);
    Reply::json(&json!({ "success": true }))
}

fn verify(state: &mut State, request: &Request) -> Reply {
    let given = request
        .header("content-type")
        .unwrap_or_default()
        .to_owned();
    // The Hub takes either.
    let mime = if given == LFS {
        LFS
    } else {
        "application/json"
    };
    let asked = body(state, request, mime);
    let stored = state.large.get(asked["oid"].as_str().unwrap_or_default());
    match stored.map(|content| content.len() as u64) {
        Some(size) if asked["size"].as_u64() == Some(size) => Reply::json(&json!({})),
        _ => {
            state.violation(request, "verified before it was sent");
            Reply::new(404)
        }
    }
}

fn resolve(state: &mut State, request: &Request, repo: &str, revision: &str, path: &str) -> Reply {
    let repository = &state.repositories[repo];
    let Some(commit) = commit(repository, revision) else {
        return no_revision(revision);
    };
    let sha = commit.sha.clone();
    let Some(blob) = commit.files.get(path).cloned() else {
        return Reply::refusal(404, "EntryNotFound", "Entry not found");
    };
    match blob {
        Blob::Regular(content) => content_of(state, request, &content)
            .with("ETag", &format!("\"{}\"", git_oid(&content)))
            .with("X-Repo-Commit", &sha),
        Blob::Large { oid, size } => Reply::new(302)
            .with(
                "Location",
                &format!(
                    "http://localhost:{}/blob/{oid}?{SIGNATURE}",
                    state.store_port
                ),
            )
            .with("X-Repo-Commit", &sha)
            .with("X-Linked-Size", &size.to_string())
            .with("X-Linked-Etag", &format!("\"{oid}\"")),
    }
}
