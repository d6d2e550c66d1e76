//! One question to a server: tokens, redirects, repetition, and what a refusal means.

use std::time::Duration;

use ureq::SendBody;
use ureq::http::request::Builder;
use ureq::http::{Method, Request, header};
use url::Url;

use crate::answer::{Answer, Failure};
use crate::client::Session;
use crate::endpoint::{is_loopback, place};
use crate::error::{HubError, Result};
use crate::repo::Repo;
use crate::retry::{ATTEMPTS, asked_for, backoff, is_passing};
use crate::slice::{Slice, SliceReader};

/// Redirects that are followed for one question.
const REDIRECTS: usize = 5;

/// A question.
pub(crate) struct Call<'a> {
    /// What it is for, as in "cannot …".
    pub(crate) what: &'a str,
    pub(crate) repo: &'a Repo,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content: Content<'a>,
    /// How long the server may think, if longer than usual.
    pub(crate) patience: Option<Duration>,
    /// Whether the answer is short, and read at once: half an answer is then no answer.
    pub(crate) short: bool,
}

/// What goes with a question.
pub(crate) enum Content<'a> {
    Nothing,
    Bytes(&'a [u8], &'static str),
    File(Slice<'a>),
}

impl Session<'_> {
    /// Asks the server's API.
    pub(crate) fn ask<'c>(
        &self,
        what: &'c str,
        repo: &'c Repo,
        method: Method,
        path: &str,
        json: &'c [u8],
    ) -> Result<Answer<'c>> {
        let content = match json {
            [] => Content::Nothing,
            json => Content::Bytes(json, "application/json"),
        };
        self.send(&Call {
            what,
            repo,
            method,
            url: self.own(path, what)?,
            headers: Vec::new(),
            content,
            patience: None,
            short: true,
        })
    }

    /// The address of a path at the endpoint.
    pub(crate) fn own(&self, path: &str, what: &str) -> Result<Url> {
        let address = self.client.endpoint().at(path);
        Url::parse(&address).map_err(|error| HubError::Answer {
            what: what.to_owned(),
            place: address,
            why: error.to_string(),
        })
    }

    /// Asks until there is an answer that will not change, good or bad.
    pub(crate) fn send<'c>(&self, call: &Call<'c>) -> Result<Answer<'c>> {
        let mut attempt = 1;
        loop {
            self.alive()?;
            let (wait, why) = match self.once(call) {
                Ok(answer) if !is_passing(answer.status) || attempt >= ATTEMPTS => {
                    return Ok(answer);
                }
                Ok(answer) => match asked_for(&answer.headers) {
                    Ok(wait) => (wait, format!("answered {}", answer.status)),
                    Err(_) => return Ok(answer),
                },
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Network { place, why }) if attempt >= ATTEMPTS => {
                    return Err(HubError::Network {
                        what: call.what.to_owned(),
                        place,
                        why,
                        attempts: attempt,
                    });
                }
                Err(Failure::Network { why, .. }) => (None, why),
            };
            let wait = wait.unwrap_or_else(|| backoff(attempt));
            self.wait_because(call.what, &why, wait)?;
            attempt += 1;
        }
    }

    /// Notes why it waits, and waits.
    pub(crate) fn wait_because(&self, what: &str, why: &str, wait: Duration) -> Result<()> {
        self.alive()?;
        let seconds = wait.as_secs();
        self.watch
            .note(&format!("to {what}: {why}; again in {seconds} s"));
        self.wait(wait)
    }

    /// One attempt, through redirects.
    fn once<'c>(&self, call: &Call<'c>) -> Result<Answer<'c>, Failure> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.exchange(call, &url)?;
            let moved = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            let link = answer.headers.get(header::LOCATION);
            let Some(link) = link.filter(|_| moved) else {
                return match call.short {
                    true => answer.read(),
                    false => Ok(answer),
                };
            };
            let link = link.to_str().unwrap_or_default();
            url = self.redirected(call, &url, answer.status, link)?;
        }
        Err(Failure::Final(HubError::Elsewhere {
            what: call.what.to_owned(),
            place: place(&url),
            why: "and from there on and on",
        }))
    }

    /// Where a redirect leads, if we go there.
    fn redirected(&self, call: &Call<'_>, from: &Url, status: u16, link: &str) -> Result<Url> {
        let endpoint = self.client.endpoint();
        let to = from.join(link).ok();
        let to = to.and_then(|url| endpoint.resolve(url.as_str()));
        let refused = |url: Option<&Url>, why| HubError::Elsewhere {
            what: call.what.to_owned(),
            place: url.map_or_else(|| "nowhere".to_owned(), place),
            why,
        };
        let Some(to) = to else {
            return Err(refused(None, "which is no address"));
        };
        self.may_go(call.what, &to)?;
        if call.method != Method::GET && (!matches!(status, 307 | 308) || !endpoint.owns(&to)) {
            return Err(refused(
                Some(&to),
                "and what is sent goes only where it was sent to",
            ));
        }
        Ok(to)
    }

    /// Refuses addresses that are no web addresses, or less safe than the endpoint is.
    pub(crate) fn may_go(&self, what: &str, to: &Url) -> Result<()> {
        let why = match to.scheme() {
            "https" => return Ok(()),
            "http" if self.client.endpoint().is_loopback() && is_loopback(to) => return Ok(()),
            "http" if self.client.endpoint().owns(to) => return Ok(()),
            "http" => "which is not encrypted",
            _ => "which is no web address",
        };
        Err(HubError::Elsewhere {
            what: what.to_owned(),
            place: place(to),
            why,
        })
    }

    fn exchange<'c>(&self, call: &Call<'c>, url: &Url) -> Result<Answer<'c>, Failure> {
        // Neither headers nor the query: tokens and signatures stand there.
        tracing::debug!(method = %call.method, host = url.host_str(), path = url.path(), "asking the server");
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(url.as_str());
        let token = self.client.token();
        if let Some(token) = token.filter(|_| self.client.endpoint().may_see_token(url)) {
            request = request.header(header::AUTHORIZATION, token.header());
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let run = |request: Builder, body: SendBody<'_>| {
            let request = self.agent.configure_request(request.body(body)?);
            let request = match call.patience {
                Some(patience) => request.timeout_per_read(Some(patience)),
                None => request,
            };
            self.agent.run(request.build())
        };
        let length = header::CONTENT_LENGTH;
        let answered = match &call.content {
            Content::Bytes(bytes, mime) => {
                let mut rest: &[u8] = bytes;
                let request = request.header(header::CONTENT_TYPE, *mime);
                let request = request.header(length, bytes.len());
                run(request, SendBody::from_reader(&mut rest))
            }
            Content::File(slice) => {
                let mut reader = SliceReader::open(self, *slice)?;
                let request = request.header(length, slice.bytes);
                let answered = run(request, SendBody::from_reader(&mut reader));
                reader.settle(answered.as_ref().is_ok_and(|it| it.status().is_success()))?;
                answered
            }
            Content::Nothing if matches!(call.method, Method::POST | Method::PUT) => {
                let mut nothing: &[u8] = &[];
                let request = request.header(length, 0);
                run(request, SendBody::from_reader(&mut nothing))
            }
            Content::Nothing => run(request, SendBody::none()),
        };
        let response = answered.map_err(|error| match error {
            // Another attempt would say the same.
            ureq::Error::Http(_) | ureq::Error::BadUri(_) | ureq::Error::Rustls(_) => {
                Failure::Final(HubError::Answer {
                    what: call.what.to_owned(),
                    place: place(url),
                    why: error.to_string(),
                })
            }
            error => Failure::Network {
                place: place(url),
                why: error.to_string(),
            },
        })?;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            what: call.what,
            repo: call.repo,
            url: url.clone(),
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            bytes: Vec::new(),
        })
    }
}
