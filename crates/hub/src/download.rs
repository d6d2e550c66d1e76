//! One file from a server, in as many attempts as it takes. What arrived stays and is gone on with; what is damaged does not.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use ulna_outside::files;
use ureq::http::{Method, header};

use crate::answer::Answer;
use crate::api::RemoteFile;
use crate::call::{Call, Content};
use crate::client::Session;
use crate::endpoint::place;
use crate::error::{HubError, Result};
use crate::hash::Hasher;
use crate::links::refuse_link;
use crate::repo::Repo;
use crate::retry::{ATTEMPTS, backoff};
use crate::watch::Meter;

/// How a body ended.
enum Ended {
    /// All is there.
    Whole,
    /// The connection did, early.
    Broken(String),
    /// More came than the file has.
    TooLong,
}

impl Session<'_> {
    /// Brings `file` into `partial`, which may hold its beginning from an earlier time, and checks it.
    pub(crate) fn fetch(
        &self,
        repo: &Repo,
        commit: &str,
        file: &RemoteFile,
        partial: &Path,
        meter: &Meter<'_>,
    ) -> Result<()> {
        for clean in [false, true] {
            if clean {
                // The beginning may stem from a download that went wrong: once more from the start.
                remove(partial)?;
            }
            let found = self.receive(repo, commit, file, partial, meter)?;
            if found == file.hash {
                return Ok(());
            }
            meter.take_back(file.bytes);
            if clean {
                remove(partial)?;
                return Err(HubError::Damaged {
                    path: file.name.clone(),
                    what: file.hash_kind.name(),
                    expected: file.hash.clone(),
                    found,
                });
            }
            self.watch
                .note(&format!("{} arrived damaged; once more", file.name));
        }
        Ok(())
    }

    /// Receives what is missing; says the hash of the whole.
    fn receive(
        &self,
        repo: &Repo,
        commit: &str,
        file: &RemoteFile,
        partial: &Path,
        meter: &Meter<'_>,
    ) -> Result<String> {
        let what = format!("receive {}", file.name);
        let url = self.own(&repo.file(commit, &file.name), &what)?;
        let mut out = Partial::open(self, file, partial, meter)?;
        let mut failures = 0;
        while out.have < file.bytes {
            let from = out.have;
            let headers = match from {
                0 => Vec::new(),
                from => vec![("range".to_owned(), format!("bytes={from}-"))],
            };
            let mut answer = self.send(&Call {
                what: &what,
                repo,
                method: Method::GET,
                url: url.clone(),
                headers,
                content: Content::Nothing,
                patience: None,
                short: false,
            })?;
            match answer.status {
                206 if from > 0 => expect_range(&answer, from, file.bytes)?,
                // Not what was asked for: from the start.
                416 if from > 0 => {
                    out.restart(file)?;
                    failures += 1;
                    if failures >= ATTEMPTS {
                        return Err(answer.refusal(self));
                    }
                    continue;
                }
                200 => out.restart(file)?,
                _ => return Err(answer.refusal(self)),
            }
            let ended = out.take(self, file, &mut answer)?;
            let why = match ended {
                Ended::Whole => break,
                Ended::TooLong => {
                    out.restart(file)?;
                    "more came than the file has".to_owned()
                }
                Ended::Broken(why) => why,
            };
            failures = if out.have > from { 1 } else { failures + 1 };
            if failures >= ATTEMPTS {
                return Err(HubError::Network {
                    what: what.clone(),
                    place: place(&answer.url),
                    why,
                    attempts: failures,
                });
            }
            self.wait_because(&what, &why, backoff(failures))?;
        }
        out.finish()
    }
}

/// The file as far as it is here.
struct Partial<'a> {
    path: &'a Path,
    file: File,
    have: u64,
    hasher: Hasher,
    meter: &'a Meter<'a>,
}

impl<'a> Partial<'a> {
    fn open(
        session: &Session<'_>,
        wanted: &RemoteFile,
        path: &'a Path,
        meter: &'a Meter<'a>,
    ) -> Result<Self> {
        refuse_link(path)?;
        let file = files::append(path).map_err(HubError::file("write", path))?;
        let mut partial = Self {
            path,
            file,
            have: 0,
            hasher: Hasher::new(wanted.hash_kind, wanted.bytes),
            meter,
        };
        let mut buffer = vec![0; 256 * 1024];
        loop {
            session.alive()?;
            let got = partial.file.read(&mut buffer);
            let got = got.map_err(HubError::file("read", path))?;
            if got == 0 {
                return Ok(partial);
            }
            if partial.have + got as u64 > wanted.bytes {
                partial.restart(wanted)?;
                return Ok(partial);
            }
            partial.count(buffer.get(..got).unwrap_or_default());
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.have += bytes.len() as u64;
        self.hasher.update(bytes);
        self.meter.add(bytes.len() as u64);
    }

    /// Throws away what is there.
    fn restart(&mut self, wanted: &RemoteFile) -> Result<()> {
        self.file
            .set_len(0)
            .map_err(HubError::file("write", self.path))?;
        self.meter.take_back(self.have);
        self.have = 0;
        self.hasher = Hasher::new(wanted.hash_kind, wanted.bytes);
        Ok(())
    }

    fn take(
        &mut self,
        session: &Session<'_>,
        wanted: &RemoteFile,
        answer: &mut Answer<'_>,
    ) -> Result<Ended> {
        let mut body = answer.body.with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            session.alive()?;
            let got = match body.read(&mut buffer) {
                Ok(got) => got,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Ended::Broken(error.to_string())),
            };
            if got == 0 {
                return Ok(match self.have == wanted.bytes {
                    true => Ended::Whole,
                    false => Ended::Broken("the connection ended early".to_owned()),
                });
            }
            let bytes = buffer.get(..got).unwrap_or_default();
            if self.have + got as u64 > wanted.bytes {
                return Ok(Ended::TooLong);
            }
            self.file
                .write_all(bytes)
                .map_err(HubError::file("write", self.path))?;
            self.count(bytes);
        }
    }

    /// Makes it last; says its hash.
    fn finish(self) -> Result<String> {
        self.file
            .sync_all()
            .map_err(HubError::file("write", self.path))?;
        Ok(self.hasher.finish())
    }
}

/// Whether the answer holds the part that was asked for.
fn expect_range(answer: &Answer<'_>, from: u64, bytes: u64) -> Result<()> {
    let range = answer.headers.get(header::CONTENT_RANGE);
    let range = range
        .and_then(|range| range.to_str().ok())
        .unwrap_or_default();
    let expected = format!("bytes {from}-{}/{bytes}", bytes.saturating_sub(1));
    match range == expected {
        true => Ok(()),
        false => Err(answer.nonsense(format!("a part of the file, but not {expected}"))),
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(HubError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}
