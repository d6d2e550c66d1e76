//! The server: where it is, and which addresses are its own.

use url::{Host, Url};

use crate::error::{HubError, Result};
use ulna_outside::text::brief;

/// The public Hub.
pub const PUBLIC_HUB: &str = "https://huggingface.co";

/// The address of a server with the Hub's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    /// As people write it, without a final slash.
    text: String,
}

impl Endpoint {
    /// The server at `address`, such as `https://huggingface.co`.
    ///
    /// # Errors
    /// [`HubError::Endpoint`] if that is no address of a server.
    pub fn new(address: &str) -> Result<Self> {
        let wrong = |why| HubError::Endpoint {
            // What might be a password is not repeated.
            endpoint: match address.rsplit_once('@') {
                Some((_, host)) => brief(host),
                None => brief(address),
            },
            why,
        };
        let text = address.trim().trim_end_matches('/');
        let url = Url::parse(text).map_err(|_| wrong("it is written as https://SERVER"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong("it is written as https://SERVER"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("names and passwords do not belong in it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it ends with the server or a path"));
        }
        Ok(Self {
            url,
            text: text.to_owned(),
        })
    }

    /// What the variable `HF_ENDPOINT` names, else the public Hub.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_env() -> Result<Self> {
        match std::env::var("HF_ENDPOINT") {
            Ok(address) if !address.trim().is_empty() => Self::new(&address),
            _ => Self::new(PUBLIC_HUB),
        }
    }

    /// The address of a path of the server's, which begins with a slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Whether an address is this server's own.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }

    /// Whether a token may go to an address: this server's own alone, and in the clear only within this machine.
    pub(crate) fn may_see_token(&self, url: &Url) -> bool {
        self.owns(url) && (url.scheme() == "https" || is_loopback(url))
    }

    /// An address from an answer. Stand-ins for the public Hub pass on answers that name the public Hub; these are meant for the
    /// stand-in.
    pub(crate) fn resolve(&self, link: &str) -> Option<Url> {
        let url = self.url.join(link).ok()?;
        let public = Url::parse(PUBLIC_HUB).ok()?;
        if self.url.origin() != public.origin() && url.origin() == public.origin() {
            let rest = url.as_str().strip_prefix(PUBLIC_HUB)?;
            return Url::parse(&self.at(rest)).ok();
        }
        Some(url)
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Server and path of an address: what follows them may be a signature, which is secret.
pub(crate) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    brief(&format!("{}://{host}{port}{}", url.scheme(), url.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn tokens_go_to_the_endpoint_alone() {
        let hub = Endpoint::new("https://hub.example/").unwrap();
        assert_eq!(hub.at("/api"), "https://hub.example/api");
        assert!(hub.may_see_token(&url("https://hub.example/api/x")));
        for other in [
            "http://hub.example/api",
            "https://hub.example:8443/api",
            "https://cdn.hub.example/x",
            "https://hub.example.evil/x",
            "https://evil/hub.example",
        ] {
            assert!(!hub.may_see_token(&url(other)), "{other}");
        }
    }

    #[test]
    fn plain_http_carries_tokens_within_this_machine_only() {
        for (address, may) in [
            ("http://127.0.0.1:8000", true),
            ("http://localhost:8000", true),
            ("http://[::1]:8000", true),
            ("http://192.168.1.4:8000", false),
            ("http://hub.example", false),
        ] {
            let hub = Endpoint::new(address).unwrap();
            assert_eq!(hub.may_see_token(&url(&hub.at("/api"))), may, "{address}");
        }
    }

    #[test]
    fn addresses_that_cannot_be() {
        for bad in [
            "",
            "hub.example",
            "ftp://hub.example",
            "file:///etc",
            "https://me:secret@hub.example",
            "https://hub.example?x=1",
        ] {
            let error = Endpoint::new(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_a_stand_in_passes_on_is_asked_of_the_stand_in() {
        let stand_in = Endpoint::new("http://127.0.0.1:9/hub").unwrap();
        let of = |link: &str| stand_in.resolve(link).unwrap().to_string();
        assert_eq!(
            of("https://huggingface.co/a/b?c=1"),
            "http://127.0.0.1:9/hub/a/b?c=1"
        );
        assert_eq!(of("https://cdn.example/a"), "https://cdn.example/a");
        assert_eq!(of("/a"), "http://127.0.0.1:9/a");
    }

    #[test]
    fn signatures_are_not_shown() {
        assert_eq!(
            place(&url(
                "https://me:pw@cdn.example:8443/a/b?X-Amz-Signature=secret#f"
            )),
            "https://cdn.example:8443/a/b"
        );
    }
}
