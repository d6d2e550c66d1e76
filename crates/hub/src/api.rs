//! The part of the Hub's HTTP API that pushing and pulling take (as of huggingface_hub 1.33): repositories, branches, tags, listings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ureq::http::{Method, header};
use url::Url;

use crate::answer::Answer;
use crate::call::{Call, Content};
use crate::client::Session;
use crate::error::{HubError, Result};
use crate::hash::HashKind;
use crate::repo::{MAIN, Repo, segment};
use ulna_outside::text::brief;

/// What the server says of a repository at a revision.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RepoInfo {
    /// The commit; none in a repository without any.
    #[serde(default)]
    pub(crate) sha: Option<String>,
    #[serde(default)]
    pub(crate) private: bool,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteFile {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) hash_kind: HashKind,
    pub(crate) hash: String,
}

#[derive(Deserialize)]
struct TreeEntry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    oid: String,
    lfs: Option<TreeLfs>,
}

#[derive(Deserialize)]
struct TreeLfs {
    oid: String,
    size: u64,
}

#[derive(Deserialize)]
struct Refs {
    #[serde(default)]
    tags: Vec<Ref>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ref {
    name: String,
    target_commit: String,
}

#[derive(Serialize)]
struct NewRepo<'a> {
    name: &'a str,
    organization: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility: Option<&'a str>,
}

impl Session<'_> {
    /// The repository at its main branch; None if the server knows no such repository, or none that we may see.
    pub(crate) fn find(&self, repo: &Repo) -> Result<Option<RepoInfo>> {
        let answer = self.ask_info(repo, &repo.api())?;
        let anonymous = self.client.token().is_none();
        match (answer.status, answer.code()) {
            (404, _) | (401, "RepoNotFound") => Ok(None),
            // Without a token the public Hub says so of what it doesn't know.
            (401, _) if anonymous => Ok(None),
            _ => answer.ok(self)?.json().map(Some),
        }
    }

    /// The repository at its revision.
    pub(crate) fn info(&self, repo: &Repo) -> Result<RepoInfo> {
        let path = repo.api_at("revision");
        self.ask_info(repo, &path)?.ok(self)?.json()
    }

    /// As [`info`](Self::info); None if the repository has no such branch.
    pub(crate) fn branch(&self, repo: &Repo) -> Result<Option<RepoInfo>> {
        let answer = self.ask_info(repo, &repo.api_at("revision"))?;
        match (answer.status, answer.code()) {
            (404, "RevisionNotFound") => Ok(None),
            _ => answer.ok(self)?.json().map(Some),
        }
    }

    fn ask_info<'c>(&self, repo: &'c Repo, path: &str) -> Result<Answer<'c>> {
        // Without these the answer lists all files.
        let path = format!("{path}?expand=sha&expand=private");
        self.ask("look the repository up", repo, Method::GET, &path, &[])
    }

    /// Makes the repository. It is no error if another client just did so.
    pub(crate) fn create(&self, repo: &Repo, private: bool) -> Result<()> {
        let new = NewRepo {
            name: repo.name(),
            organization: repo.owner(),
            kind: repo.kind().name(),
            visibility: private.then_some("private"),
        };
        let what = "make the repository";
        let new = json(&new, what)?;
        let answer = self.ask(what, repo, Method::POST, "/api/repos/create", &new)?;
        match answer.status {
            409 => Ok(()),
            _ => answer.ok(self).map(drop),
        }
    }

    /// Makes the branch, from the newest commit of the main one.
    pub(crate) fn create_branch(&self, repo: &Repo) -> Result<()> {
        let path = format!("{}/branch/{}", repo.api(), segment(repo.revision()));
        let start = format!("{{\"startingPoint\":\"{MAIN}\"}}");
        let answer = self.ask(
            "make the branch",
            repo,
            Method::POST,
            &path,
            start.as_bytes(),
        )?;
        match answer.status {
            409 => Ok(()),
            _ => answer.ok(self).map(drop),
        }
    }

    /// Has the tag point to `commit`. Tags do not move: LeRobot, too, removes the old one and makes it again. Says whether it had to.
    pub(crate) fn tag(&self, repo: &Repo, tag: &str, commit: &str) -> Result<bool> {
        let refs = format!("{}/refs", repo.api());
        let what = "look the tags up";
        let refs = self
            .ask(what, repo, Method::GET, &refs, &[])?
            .ok(self)?
            .json::<Refs>()?;
        let old = refs.tags.iter().find(|it| it.name == tag);
        if old.is_some_and(|old| old.target_commit == commit) {
            return Ok(false);
        }
        let at = |name: &str| format!("{}/tag/{}", repo.api(), segment(name));
        if old.is_some() {
            let answer = self.ask("move the tag", repo, Method::DELETE, &at(tag), &[])?;
            if answer.status != 404 {
                answer.ok(self)?;
            }
        }
        let new = format!("{{\"tag\":\"{tag}\"}}");
        let what = "set the tag";
        let answer = self.ask(what, repo, Method::POST, &at(commit), new.as_bytes())?;
        match answer.status {
            // A repeated attempt finds what the first one made.
            409 => Ok(true),
            _ => answer.ok(self).map(|_| true),
        }
    }

    /// All files at a commit, page by page, in the server's order.
    pub(crate) fn list(&self, repo: &Repo, commit: &str) -> Result<Vec<RemoteFile>> {
        let what = "list the files";
        let path = format!("{}/tree/{}?recursive=true", repo.api(), segment(commit));
        let mut next = Some(self.own(&path, what)?);
        let most = self.client.most_files;
        let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(url) = next {
            let answer = self.send(&Call {
                what,
                repo,
                method: Method::GET,
                url: url.clone(),
                headers: Vec::new(),
                content: Content::Nothing,
                patience: None,
                short: true,
            })?;
            let answer = answer.ok(self)?;
            next = self.next_page(&answer)?;
            if next.as_ref() == Some(&url) {
                return Err(answer.nonsense("its next page is itself"));
            }
            let place = answer.url.clone();
            let entries = answer.json::<Vec<TreeEntry>>()?;
            if entries.is_empty() {
                next = None; // a listing may go on for ever, but not without listing something
            }
            for entry in entries.into_iter().filter(|entry| entry.kind == "file") {
                if !seen.insert(entry.path.clone()) {
                    return Err(HubError::HostileName {
                        name: brief(&entry.path),
                        why: "the listing has it twice",
                    });
                }
                files.push(remote_file(entry).map_err(|why| HubError::Answer {
                    what: what.to_owned(),
                    place: crate::endpoint::place(&place),
                    why,
                })?);
            }
            if files.len() > most {
                return Err(HubError::TooMuch {
                    what: format!("the listing of {repo}"),
                    limit: most as u64,
                    unit: "files",
                });
            }
        }
        Ok(files)
    }

    fn next_page(&self, answer: &Answer<'_>) -> Result<Option<Url>> {
        let links = answer.headers.get_all(header::LINK).iter();
        let links = links.filter_map(|links| links.to_str().ok());
        let Some(link) = links.flat_map(|links| links.split(',')).find_map(next_link) else {
            return Ok(None);
        };
        let endpoint = self.client.endpoint();
        match endpoint.resolve(link).filter(|url| endpoint.owns(url)) {
            Some(url) => Ok(Some(url)),
            None => Err(answer.nonsense("its next page is on another server")),
        }
    }
}

/// The address of one part of a `Link` header, as in `<https://…>; rel="next"`, if it is the next page.
fn next_link(part: &str) -> Option<&str> {
    let (address, parameters) = part.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = |parameter: &str| matches!(parameter.trim(), "rel=\"next\"" | "rel=next");
    parameters.split(';').any(is_next).then_some(address)
}

fn remote_file(entry: TreeEntry) -> Result<RemoteFile, String> {
    let (bytes, hash_kind, hash) = match entry.lfs {
        Some(lfs) => (lfs.size, HashKind::Sha256, lfs.oid),
        None => (entry.size, HashKind::GitSha1, entry.oid),
    };
    // Older servers write the algorithm in front.
    let hash = hash.strip_prefix("sha256:").unwrap_or(&hash).to_owned();
    if !hash_kind.fits(&hash) {
        return Err(format!("`{}` has no proper hash", brief(&entry.path)));
    }
    Ok(RemoteFile {
        name: entry.path,
        bytes,
        hash_kind,
        hash,
    })
}

/// What is sent, as JSON.
pub(crate) fn json(value: &impl Serialize, what: &str) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| HubError::Answer {
        what: what.to_owned(),
        place: "this program".to_owned(),
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_headers() {
        let next = next_link("<https://hub/api?cursor=a;b>; rel=\"next\"");
        assert_eq!(next, Some("https://hub/api?cursor=a;b"));
        for other in [
            "<https://hub/>; rel=\"last\"",
            "https://hub/; rel=next",
            "",
            "<x",
        ] {
            assert_eq!(next_link(other), None, "{other}");
        }
    }

    #[test]
    fn files_have_the_hash_of_their_content() {
        let entry = |text: &str| remote_file(serde_json::from_str(text).unwrap());
        let plain = entry(
            r#"{"type":"file","path":"a","size":3,"oid":"f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"}"#,
        );
        assert_eq!(plain.unwrap().hash_kind, HashKind::GitSha1);
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let large = entry(&format!(
            r#"{{"type":"file","path":"a","size":130,"oid":"f2","lfs":{{"oid":"{sha}","size":3,"pointerSize":130}}}}"#
        ));
        let large = large.unwrap();
        assert_eq!((large.bytes, large.hash.as_str()), (3, sha));
        assert!(entry(r#"{"type":"file","path":"a","size":3,"oid":"../../etc"}"#).is_err());
    }
}
