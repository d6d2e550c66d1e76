//! Which engine is wanted, and which one is in use.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

use super::provider::Provider;
use crate::error::UnknownWord;

/// Which engine is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// ONNX Runtime if a usable one is found, else tract.
    #[default]
    Auto,
    /// ONNX Runtime.
    Ort,
    /// The pure-Rust engine.
    Tract,
}

impl EngineChoice {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ort => "ort",
            Self::Tract => "tract",
        }
    }
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EngineChoice {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Auto, Self::Ort, Self::Tract]
            .into_iter()
            .find(|choice| choice.name() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                what: "engine",
                known: "auto, ort and tract",
            })
    }
}

/// Which engine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// ONNX Runtime.
    Ort,
    /// The pure-Rust engine.
    Tract,
}

/// The engine in use, for reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EngineInfo {
    /// Which one.
    pub kind: EngineKind,
    /// Its version.
    pub version: String,
    /// What it computes with.
    pub provider: Provider,
    /// The library that it was loaded from; a bare name is the system's.
    pub library: Option<PathBuf>,
    /// ONNX Runtimes that were found before it and could not be used, and why.
    pub passed_over: Vec<String>,
}

impl fmt::Display for EngineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.library) {
            (EngineKind::Ort, Some(path)) => {
                write!(f, "ONNX Runtime {} ({})", self.version, path.display())
            }
            (EngineKind::Ort, None) => write!(f, "ONNX Runtime {}", self.version),
            (EngineKind::Tract, _) => write!(f, "tract {} (built in)", self.version),
        }?;
        match self.provider {
            Provider::Cpu => Ok(()),
            other => write!(f, " with the provider {other}"),
        }
    }
}
