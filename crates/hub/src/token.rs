//! The user's token, from where the Hub's own tools keep it. It is never shown.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use ulna_outside::files;

use crate::error::{HubError, Result};

/// More than any token has.
const LONGEST: u64 = 16 * 1024;

/// A token, and where it was found.
#[derive(Clone)]
pub struct Token {
    secret: String,
    place: String,
}

impl Token {
    /// A token that was found at `place`, which is shown to people; the token never is.
    ///
    /// # Errors
    /// [`HubError::Token`] if it is none.
    pub fn new(secret: &str, place: &str) -> Result<Self> {
        let secret = secret.trim();
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HubError::Token {
                place: place.to_owned(),
            });
        }
        Ok(Self {
            secret: secret.to_owned(),
            place: place.to_owned(),
        })
    }

    /// The token of the user who is signed in: `HF_TOKEN`, else the file that `HF_TOKEN_PATH` names, else `token` in `HF_HOME`, which is
    /// `huggingface` in the user's cache unless set. None with `HF_HUB_DISABLE_IMPLICIT_TOKEN`.
    ///
    /// # Errors
    /// [`HubError::Token`] if there is something else at that place, [`HubError::File`] if the file cannot be read.
    pub fn find() -> Result<Option<Self>> {
        Self::find_in(&|name| std::env::var_os(name))
    }

    fn find_in(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Self>> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if set("HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some_and(|value| is_true(&value)) {
            return Ok(None);
        }
        // The second is what older tools of the Hub read.
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            let value = set(name).map(|value| value.to_string_lossy().into_owned());
            if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
                return Self::new(&value, name).map(Some);
            }
        }
        let Some(path) = path(&set) else {
            return Ok(None);
        };
        let text = match fs::metadata(&path) {
            Ok(meta) if meta.len() > LONGEST => {
                return Err(HubError::Token {
                    place: path.display().to_string(),
                });
            }
            Ok(_) => files::read_text(&path, LONGEST).map_err(HubError::file("read", &path))?,
            Err(_) => return Ok(None),
        };
        if text.trim().is_empty() {
            return Ok(None);
        }
        Self::new(&text, &path.display().to_string()).map(Some)
    }

    /// Where it was found.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is sent.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.secret)
    }

    /// A server's words without the token, should it repeat it.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        text.replace(&self.secret, "…")
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token(from {})", self.place)
    }
}

/// Whether the user wants no network: `HF_HUB_OFFLINE`.
pub(crate) fn is_offline() -> bool {
    std::env::var_os("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value))
}

/// As the Hub's tools read their switches.
fn is_true(value: &std::ffi::OsStr) -> bool {
    let value = value.to_string_lossy().to_uppercase();
    matches!(value.as_str(), "1" | "ON" | "YES" | "TRUE")
}

fn path(set: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = set("HOME")
        .or_else(|| set("USERPROFILE"))
        .map(PathBuf::from);
    let expand = |value: OsString| {
        let path = PathBuf::from(value);
        match (path.strip_prefix("~"), &home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path,
        }
    };
    if let Some(path) = set("HF_TOKEN_PATH") {
        return Some(expand(path));
    }
    let cache = || match set("XDG_CACHE_HOME") {
        Some(cache) => Some(PathBuf::from(cache)),
        None => home.as_deref().map(|home: &Path| home.join(".cache")),
    };
    let folder = match set("HF_HOME") {
        Some(folder) => expand(folder),
        None => cache()?.join("huggingface"),
    };
    Some(folder.join("token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)]) -> Result<Option<Token>> {
        Token::find_in(&|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    fn secret(variables: &[(&str, &str)]) -> Option<String> {
        find(variables).unwrap().map(|token| token.secret)
    }

    #[test]
    fn it_is_found_where_the_hubs_tools_keep_it() {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path).display().to_string();
        for (path, text) in [
            (".cache/huggingface/token", "hf_cache\n"),
            ("xdg/huggingface/token", "hf_xdg"),
            ("hf/token", " hf_home "),
            ("mine", "hf_mine"),
        ] {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let h = at("");
        let (xdg, hf, mine) = (at("xdg"), at("hf"), at("mine"));
        let is = |variables: &[(&str, &str)], expected: &str| {
            assert_eq!(secret(variables).as_deref(), Some(expected));
        };
        is(&[("HOME", &h)], "hf_cache");
        is(&[("HOME", &h), ("XDG_CACHE_HOME", &xdg)], "hf_xdg");
        is(&[("HOME", &h), ("HF_HOME", &hf)], "hf_home");
        is(&[("HOME", &h), ("HF_HOME", "~/hf")], "hf_home");
        is(&[("HF_HOME", &hf), ("HF_TOKEN_PATH", &mine)], "hf_mine");
        is(
            &[("HF_TOKEN_PATH", &mine), ("HF_TOKEN", "hf_env\n")],
            "hf_env",
        );
        assert_eq!(secret(&[("HF_HOME", &at("nowhere"))]), None);
        let off = [
            ("HF_TOKEN", "hf_env"),
            ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"),
        ];
        assert_eq!(secret(&off), None);
    }

    #[test]
    fn it_is_never_shown() {
        let token = Token::new("hf_secret", "HF_TOKEN").unwrap();
        assert_eq!(format!("{token:?}"), "Token(from HF_TOKEN)");
        assert_eq!(token.hide_in("bad token hf_secret!"), "bad token …!");
        let error = find(&[("HF_TOKEN", "two words")]).unwrap_err().to_string();
        assert!(
            error.contains("HF_TOKEN") && !error.contains("two words"),
            "{error}"
        );
    }
}
