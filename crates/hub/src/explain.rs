//! What a server's refusal means, and what to do about it.

use std::io::Read;

use serde::Deserialize;

use crate::answer::Answer;
use crate::client::Session;
use crate::endpoint::place;
use crate::error::{HubError, Result};
use ulna_outside::text::brief;

/// Bytes of an answer that are read to learn why it was refused.
const REASON: u64 = 64 * 1024;

const SIGN_IN: &str =
    "; if it is private, sign in with `hf auth login`, or set HF_TOKEN to a token that may see it";
const OTHER_TOKEN: &str =
    "; if it is private, the token in use may lack access: see `hf auth whoami`";
const GET_TOKEN: &str = ": sign in with `hf auth login`, or set HF_TOKEN";
const WRITE_TOKEN: &str = "; publishing needs a token with write access to that user or organisation (settings, Access Tokens)";

impl Answer<'_> {
    /// The answer if it is a yes.
    pub(crate) fn ok(self, session: &Session<'_>) -> Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(self.refusal(session))
    }

    /// What a no means.
    pub(crate) fn refusal(mut self, session: &Session<'_>) -> HubError {
        let mut text = std::mem::take(&mut self.bytes);
        if text.is_empty() {
            let reader = self.body.with_config().limit(REASON).reader();
            // What can be read of the reason is shown; without it, the status says enough.
            let _ = reader.take(REASON).read_to_end(&mut text);
        }
        explain(session, &self, &text)
    }
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Reason {
    error: String,
}

fn explain(session: &Session<'_>, answer: &Answer<'_>, text: &[u8]) -> HubError {
    let (what, endpoint) = (
        answer.what.to_owned(),
        session.client.endpoint().to_string(),
    );
    let token = session.client.token();
    let header = answer.headers.get("x-error-message");
    let said = match header.and_then(|said| said.to_str().ok()) {
        Some(said) => said.to_owned(),
        None => serde_json::from_slice::<Reason>(text).map_or(String::new(), |reason| reason.error),
    };
    let said = match token {
        Some(token) => token.hide_in(&said),
        None => said,
    };
    let said = brief(&said);
    if !session.client.endpoint().owns(&answer.url) {
        // A store's refusal is about its signed address, not about people and repositories.
        return status(answer, &said);
    }
    let repo = answer.repo;
    let not_found = |missing: String, hint| HubError::NotFound {
        what: what.clone(),
        endpoint: endpoint.clone(),
        missing,
        hint,
    };
    let refused = |said: String, hint| HubError::Refused {
        what: what.clone(),
        endpoint: endpoint.clone(),
        said,
        hint,
    };
    match (answer.status, answer.code()) {
        (_, "RevisionNotFound") => not_found(
            format!("revision `{}` of {repo}", repo.revision()),
            "; see its branches and tags on its page",
        ),
        (_, "EntryNotFound") => not_found(format!("such file in {repo}"), ""),
        (_, "GatedRepo") => refused(
            format!("wants you to accept the conditions of {repo}"),
            ": do so on its page, signed in as whose token is used",
        ),
        (401 | 403 | 404, "RepoNotFound") | (404, _) => {
            not_found(repo.to_string(), repository_hint(session))
        }
        (401, _) => match token {
            Some(_) if !may_see_any(session) => refused(
                "wants to know who asks".to_owned(),
                ", and tokens are sent over https alone: use its https address",
            ),
            Some(token) => refused(
                format!("does not accept the token from {}", token.place()),
                "; it may have expired: sign in again with `hf auth login`",
            ),
            None => refused("wants to know who asks".to_owned(), GET_TOKEN),
        },
        (403, _) if said.is_empty() => refused("does not allow it".to_owned(), WRITE_TOKEN),
        (403, _) => refused(format!("does not allow it ({said})"), WRITE_TOKEN),
        _ => status(answer, &said),
    }
}

/// What to do about a repository that isn't there.
pub(crate) fn repository_hint(session: &Session<'_>) -> &'static str {
    match session.client.token() {
        Some(_) => OTHER_TOKEN,
        None => SIGN_IN,
    }
}

/// Whether the endpoint is one that tokens are sent to.
fn may_see_any(session: &Session<'_>) -> bool {
    let endpoint = session.client.endpoint();
    let own = session.own("/", "ask");
    own.is_ok_and(|url| endpoint.may_see_token(&url))
}

fn status(answer: &Answer<'_>, said: &str) -> HubError {
    HubError::Status {
        what: answer.what.to_owned(),
        place: place(&answer.url),
        status: answer.status,
        said: match said {
            "" => String::new(),
            said => format!(": {said}"),
        },
    }
}
