//! The answer to one question, and why there may be none.

use std::io::Read;

use serde::de::DeserializeOwned;
use ureq::Body;
use ureq::http::HeaderMap;
use url::Url;

use crate::endpoint::place;
use crate::error::{HubError, Result};
use crate::repo::Repo;

/// The longest short answer: a page of a listing, or what becomes of hundreds of files.
const LONGEST: u64 = 64 << 20;

/// An answer.
pub(crate) struct Answer<'a> {
    pub(crate) what: &'a str,
    pub(crate) repo: &'a Repo,
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// What is read of it by the receiver.
    pub(crate) body: Body,
    /// What was read of it at once.
    pub(crate) bytes: Vec<u8>,
}

/// Why one attempt came to nothing.
pub(crate) enum Failure {
    /// Another attempt may succeed.
    Network {
        place: String,
        why: String,
    },
    Final(HubError),
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self::Final(error)
    }
}

impl Answer<'_> {
    /// Reads it all.
    pub(crate) fn read(mut self) -> Result<Self, Failure> {
        let body = self.body.with_config().limit(u64::MAX).reader();
        let read = body.take(LONGEST + 1).read_to_end(&mut self.bytes);
        read.map_err(|error| Failure::Network {
            place: place(&self.url),
            why: error.to_string(),
        })?;
        if self.bytes.len() as u64 > LONGEST {
            return Err(Failure::Final(HubError::TooMuch {
                what: format!("the answer of {}", place(&self.url)),
                limit: LONGEST,
                unit: "bytes",
            }));
        }
        Ok(self)
    }

    /// What the server's own word for an error is.
    pub(crate) fn code(&self) -> &str {
        let code = self.headers.get("x-error-code");
        code.and_then(|code| code.to_str().ok()).unwrap_or_default()
    }

    /// A short answer, which is JSON.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_slice(&self.bytes).map_err(|error| self.nonsense(error))
    }

    /// An answer that cannot be.
    pub(crate) fn nonsense(&self, why: impl std::fmt::Display) -> HubError {
        HubError::Answer {
            what: self.what.to_owned(),
            place: place(&self.url),
            why: why.to_string(),
        }
    }
}
