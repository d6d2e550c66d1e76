//! Publishing: which files the server wants as large ones, and the commit that makes everything visible at once.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use ureq::http::Method;

use crate::api::json;
use crate::call::{Call, Content};
use crate::client::Session;
use crate::endpoint::place;
use crate::error::{HubError, Result};
use crate::local::LocalFile;
use crate::repo::Repo;
use ulna_outside::text::brief;

/// Files asked about at a time, which the Hub limits.
const BATCH: usize = 256;
/// Bytes of each file by which the server decides.
const SAMPLE: usize = 512;
/// Bytes of files that go inside one commit; the Hub wants those over some megabytes as large files anyway.
pub(crate) const MOST_INSIDE: u64 = 256 << 20;
/// How long the server may take over a commit.
const PATIENCE: Duration = Duration::from_secs(300);

/// How a file is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UploadMode {
    /// Inside git.
    Regular,
    /// Outside git, as a large file.
    Lfs,
}

/// One change of a commit.
#[derive(Debug, Clone)]
pub(crate) enum Change<'a> {
    Regular(&'a LocalFile),
    Large { file: &'a LocalFile, sha256: String },
    Delete(String),
}

/// What is said of a commit.
pub(crate) struct CommitText<'a> {
    pub(crate) summary: &'a str,
    pub(crate) parent: Option<&'a str>,
}

#[derive(Serialize)]
struct Announced<'a> {
    files: Vec<AnnouncedFile<'a>>,
}

#[derive(Serialize)]
struct AnnouncedFile<'a> {
    path: &'a str,
    sample: String,
    size: u64,
}

#[derive(Deserialize)]
struct Wanted {
    files: Vec<WantedFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WantedFile {
    path: String,
    upload_mode: UploadMode,
    #[serde(default)]
    should_ignore: bool,
}

#[derive(Serialize)]
#[serde(tag = "key", content = "value", rename_all = "camelCase")]
enum Line<'a> {
    #[serde(rename_all = "camelCase")]
    Header {
        summary: &'a str,
        description: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_commit: Option<&'a str>,
    },
    File {
        content: String,
        path: &'a str,
        encoding: &'static str,
    },
    LfsFile {
        path: &'a str,
        algo: &'static str,
        oid: &'a str,
        size: u64,
    },
    DeletedFile {
        path: &'a str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Committed {
    commit_oid: String,
}

impl Session<'_> {
    /// How the server wants these files, in their order.
    pub(crate) fn modes(&self, repo: &Repo, files: &[&LocalFile]) -> Result<Vec<UploadMode>> {
        let what = "announce the files";
        let mut modes = Vec::with_capacity(files.len());
        for batch in files.chunks(BATCH) {
            let mut announced = Vec::with_capacity(batch.len());
            for file in batch {
                announced.push(AnnouncedFile {
                    path: &file.name,
                    sample: STANDARD.encode(sample(file)?),
                    size: file.bytes,
                });
            }
            let body = json(&Announced { files: announced }, what)?;
            let path = repo.api_at("preupload");
            let answer = self.ask(what, repo, Method::POST, &path, &body)?.ok(self)?;
            let at = answer.url.clone();
            let wanted: Wanted = answer.json()?;
            let wanted: BTreeMap<String, WantedFile> = (wanted.files.into_iter())
                .map(|file| (file.path.clone(), file))
                .collect();
            for file in batch {
                let wanted = wanted.get(&file.name).ok_or_else(|| HubError::Answer {
                    what: what.to_owned(),
                    place: place(&at),
                    why: format!("it says nothing of {}", file.name),
                })?;
                if wanted.should_ignore {
                    return Err(HubError::FileRefused {
                        endpoint: self.client.endpoint().to_string(),
                        path: file.name.clone(),
                        said: "the repository's .gitignore leaves it out, and what is published would lack it; \
                               correct .gitignore first"
                            .to_owned(),
                    });
                }
                // Stores of large files take no empty ones.
                modes.push(match file.bytes {
                    0 => UploadMode::Regular,
                    _ => wanted.upload_mode,
                });
            }
        }
        Ok(modes)
    }

    /// Makes all these changes in one commit; says which it is. None if another commit came first.
    pub(crate) fn commit(
        &self,
        repo: &Repo,
        text: &CommitText<'_>,
        changes: &[Change<'_>],
    ) -> Result<Option<String>> {
        let what = "publish";
        let mut body = Vec::new();
        let mut line = |line: &Line<'_>| -> Result<()> {
            body.extend(json(line, what)?);
            body.push(b'\n');
            Ok(())
        };
        line(&Line::Header {
            summary: text.summary,
            description: "",
            parent_commit: text.parent,
        })?;
        for change in changes {
            self.alive()?;
            match change {
                Change::Regular(file) => {
                    let content =
                        fs::read(&file.path).map_err(HubError::file("read", &file.path))?;
                    file.refuse_change()?;
                    line(&Line::File {
                        content: STANDARD.encode(content),
                        path: &file.name,
                        encoding: "base64",
                    })?;
                }
                Change::Large { file, sha256 } => {
                    file.refuse_change()?;
                    line(&Line::LfsFile {
                        path: &file.name,
                        algo: "sha256",
                        oid: sha256,
                        size: file.bytes,
                    })?;
                }
                Change::Delete(path) => line(&Line::DeletedFile { path })?,
            }
        }
        let answer = self.send(&Call {
            what,
            repo,
            method: Method::POST,
            url: self.own(&repo.api_at("commit"), what)?,
            headers: Vec::new(),
            content: Content::Bytes(&body, "application/x-ndjson"),
            patience: Some(PATIENCE),
            short: true,
        })?;
        if answer.status == 412 {
            return Ok(None);
        }
        let answer = answer.ok(self)?;
        let at = answer.url.clone();
        let committed: Committed = answer.json()?;
        let sha = committed.commit_oid;
        if sha.is_empty() || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(HubError::Answer {
                what: what.to_owned(),
                place: place(&at),
                why: format!("`{}` is no commit", brief(&sha)),
            });
        }
        Ok(Some(sha))
    }
}

/// The beginning of a file.
fn sample(file: &LocalFile) -> Result<Vec<u8>> {
    use std::io::Read;
    let mut sample = Vec::with_capacity(SAMPLE);
    fs::File::open(&file.path)
        .and_then(|opened| opened.take(SAMPLE as u64).read_to_end(&mut sample))
        .map_err(HubError::file("read", &file.path))?;
    Ok(sample)
}
