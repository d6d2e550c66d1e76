//! Sending large files: Git LFS's batch API, with its basic transfer and the Hub's own one in parts.
//! See git-lfs, docs/api/batch.md; the parts as huggingface_hub 1.33 sends them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ureq::http::Method;
use url::Url;

use crate::api::json;
use crate::call::{Call, Content};
use crate::client::Session;
use crate::endpoint::place;
use crate::error::{HubError, Result};
use crate::local::LocalFile;
use crate::repo::Repo;
use crate::slice::Slice;
use crate::watch::{Meter, Step};
use ulna_outside::text::brief;

const MIME: &str = "application/vnd.git-lfs+json";
/// Files asked about at a time, which the Hub limits.
const BATCH: usize = 256;
/// More parts than any store takes.
const MOST_PARTS: u64 = 10_000;
/// Headers that an upload may be asked to have.
const MOST_HEADERS: usize = 64;

/// A large file of known content.
#[derive(Debug, Clone)]
pub(crate) struct LargeFile<'a> {
    pub(crate) file: &'a LocalFile,
    pub(crate) sha256: String,
}

#[derive(Serialize)]
struct BatchRequest<'a> {
    operation: &'static str,
    transfers: [&'static str; 2],
    objects: Vec<Object<'a>>,
    hash_algo: &'static str,
    #[serde(rename = "ref")]
    reference: Reference<'a>,
}

#[derive(Serialize)]
struct Reference<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    oid: &'a str,
    size: u64,
}

#[derive(Deserialize)]
struct BatchAnswer {
    transfer: Option<String>,
    objects: Vec<Planned>,
}

#[derive(Deserialize)]
struct Planned {
    oid: String,
    actions: Option<Actions>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Actions {
    upload: Option<Action>,
    verify: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: Option<BTreeMap<String, Value>>,
}

#[derive(Serialize)]
struct Completion<'a> {
    oid: &'a str,
    parts: Vec<Part>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    part_number: u64,
    etag: String,
}

/// How a file gets there.
struct Upload<'a> {
    large: &'a LargeFile<'a>,
    send: Action,
    verify: Option<Action>,
}

impl Session<'_> {
    /// Sends those files whose content the server lacks; says how many these were, and how many bytes.
    pub(crate) fn send_large(&self, repo: &Repo, files: &[LargeFile<'_>]) -> Result<(u64, u64)> {
        // The same content is stored once.
        let mut distinct: BTreeMap<&str, &LargeFile<'_>> = BTreeMap::new();
        for large in files {
            distinct.entry(&large.sha256).or_insert(large);
        }
        let distinct: Vec<&LargeFile<'_>> = distinct.into_values().collect();
        let mut uploads = Vec::new();
        for batch in distinct.chunks(BATCH) {
            uploads.extend(self.plan(repo, batch)?);
        }
        let bytes = uploads.iter().map(|it| it.large.file.bytes).sum();
        let meter = Meter::new(self.watch, Step::Sending, bytes);
        self.each(&uploads, |upload| self.send_one(repo, upload, &meter))?;
        Ok((uploads.len() as u64, bytes))
    }

    /// Asks where the files go. What the server has already is left out.
    fn plan<'f>(&self, repo: &Repo, files: &[&'f LargeFile<'f>]) -> Result<Vec<Upload<'f>>> {
        let what = "announce the large files";
        let request = BatchRequest {
            operation: "upload",
            transfers: ["basic", "multipart"],
            objects: (files.iter())
                .map(|it| Object {
                    oid: &it.sha256,
                    size: it.file.bytes,
                })
                .collect(),
            hash_algo: "sha256",
            reference: Reference {
                name: repo.revision(),
            },
        };
        let body = json(&request, what)?;
        let answer = self.send(&Call {
            what,
            repo,
            method: Method::POST,
            url: self.own(&format!("{}.git/info/lfs/objects/batch", repo.page()), what)?,
            headers: vec![("accept".to_owned(), MIME.to_owned())],
            content: Content::Bytes(&body, MIME),
            patience: None,
            short: true,
        })?;
        let answer = answer.ok(self)?;
        let at = answer.url.clone();
        let nonsense = |why: String| HubError::Answer {
            what: what.to_owned(),
            place: place(&at),
            why,
        };
        let batch: BatchAnswer = answer.json()?;
        match batch.transfer.as_deref() {
            None | Some("basic" | "multipart") => {}
            Some("xet") => {
                return Err(HubError::XetOnly {
                    endpoint: self.client.endpoint().to_string(),
                    repo: repo.to_string(),
                });
            }
            Some(other) => {
                let other = brief(other);
                return Err(nonsense(format!("it wants the transfer `{other}`")));
            }
        }
        let mut planned: BTreeMap<String, Planned> = BTreeMap::new();
        for object in batch.objects {
            planned.insert(object.oid.clone(), object);
        }
        let mut uploads = Vec::new();
        for &large in files {
            let Some(object) = planned.remove(&large.sha256) else {
                return Err(nonsense(format!("it says nothing of {}", large.file.name)));
            };
            if let Some(error) = object.error {
                return Err(HubError::FileRefused {
                    endpoint: self.client.endpoint().to_string(),
                    path: large.file.name.clone(),
                    said: format!("{} ({})", brief(&error.message), error.code),
                });
            }
            if let Some(actions) = object.actions
                && let Some(send) = actions.upload
            {
                let verify = actions.verify;
                uploads.push(Upload {
                    large,
                    send,
                    verify,
                });
            }
        }
        Ok(uploads)
    }

    fn send_one(&self, repo: &Repo, upload: &Upload<'_>, meter: &Meter<'_>) -> Result<()> {
        let what = format!("send {}", upload.large.file.name);
        let to = self.link(&what, &upload.send.href)?;
        let header = upload.send.header.as_ref();
        match header.and_then(|header| header.get("chunk_size")) {
            Some(size) => self.send_parts(repo, upload, &what, to, size, meter)?,
            None => self.send_whole(repo, upload, &what, to, meter)?,
        }
        upload.large.file.refuse_change()?;
        let Some(verify) = &upload.verify else {
            return Ok(());
        };
        let object = Object {
            oid: &upload.large.sha256,
            size: upload.large.file.bytes,
        };
        let what = format!("have the server verify {}", upload.large.file.name);
        let object = json(&object, &what)?;
        let answer = self.send(&Call {
            what: &what,
            repo,
            method: Method::POST,
            url: self.link(&what, &verify.href)?,
            headers: extra_headers(verify),
            content: Content::Bytes(&object, MIME),
            patience: None,
            short: true,
        })?;
        answer.ok(self).map(drop)
    }

    fn send_whole(
        &self,
        repo: &Repo,
        upload: &Upload<'_>,
        what: &str,
        to: Url,
        meter: &Meter<'_>,
    ) -> Result<()> {
        let file = upload.large.file;
        let answer = self.send(&Call {
            what,
            repo,
            method: Method::PUT,
            url: to,
            headers: extra_headers(&upload.send),
            content: Content::File(Slice {
                path: &file.path,
                from: 0,
                bytes: file.bytes,
                meter,
            }),
            patience: None,
            short: true,
        })?;
        answer.ok(self).map(drop)
    }

    /// The Hub's transfer for files that its store takes in parts only.
    fn send_parts(
        &self,
        repo: &Repo,
        upload: &Upload<'_>,
        what: &str,
        to: Url,
        size: &Value,
        meter: &Meter<'_>,
    ) -> Result<()> {
        let nonsense = |why: &str| HubError::Answer {
            what: what.to_owned(),
            place: place(&to),
            why: why.to_owned(),
        };
        let file = upload.large.file;
        let size = match size {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        let size: u64 = size.filter(|&size| size > 0).ok_or_else(|| {
            nonsense("it wants the file in parts, but says not how large they are")
        })?;
        let count = file.bytes.div_ceil(size);
        let mut addresses: BTreeMap<u64, &str> = BTreeMap::new();
        for (key, value) in upload.send.header.iter().flatten() {
            if let (Ok(number), Some(address)) = (key.parse(), value.as_str()) {
                addresses.insert(number, address);
            }
        }
        if count > MOST_PARTS || addresses.len() as u64 != count {
            return Err(nonsense("it names another number of parts than there are"));
        }
        let mut parts = Vec::new();
        for (part_number, (_, address)) in (1..).zip(addresses) {
            let from = (part_number - 1) * size;
            let answer = self.send(&Call {
                what,
                repo,
                method: Method::PUT,
                url: self.link(what, address)?,
                headers: Vec::new(),
                content: Content::File(Slice {
                    path: &file.path,
                    from,
                    bytes: size.min(file.bytes - from),
                    meter,
                }),
                patience: None,
                short: true,
            })?;
            let answer = answer.ok(self)?;
            let etag = answer.headers.get("etag");
            let etag = etag.and_then(|etag| etag.to_str().ok());
            let etag = etag.filter(|etag| !etag.is_empty()).map(str::to_owned);
            let etag = etag.ok_or_else(|| nonsense("its store gave a part no ETag"))?;
            parts.push(Part { part_number, etag });
        }
        let completion = Completion {
            oid: &upload.large.sha256,
            parts,
        };
        let completion = json(&completion, what)?;
        let answer = self.send(&Call {
            what,
            repo,
            method: Method::POST,
            url: to,
            headers: vec![("accept".to_owned(), MIME.to_owned())],
            content: Content::Bytes(&completion, MIME),
            patience: None,
            short: true,
        })?;
        answer.ok(self).map(drop)
    }

    /// An address from an answer, if we go there.
    fn link(&self, what: &str, href: &str) -> Result<Url> {
        let url = Url::parse(href).ok();
        let url = url.and_then(|url| self.client.endpoint().resolve(url.as_str()));
        let url = url.ok_or_else(|| HubError::Elsewhere {
            what: what.to_owned(),
            place: "nowhere".to_owned(),
            why: "which is no address",
        })?;
        self.may_go(what, &url)?;
        Ok(url)
    }
}

/// The headers that the server asks for, but for those that say how the message is framed.
fn extra_headers(action: &Action) -> Vec<(String, String)> {
    let ours = |name: &str| {
        let name = name.to_ascii_lowercase();
        matches!(
            name.as_str(),
            "content-length" | "transfer-encoding" | "host" | "connection" | "expect"
        )
    };
    let headers = action.header.iter().flatten();
    let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?)));
    headers
        .filter(|(name, _)| !ours(name))
        .map(|(name, value)| (name, value.to_owned()))
        .take(MOST_HEADERS)
        .collect()
}
