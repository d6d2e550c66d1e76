//! Where an ONNX Runtime may lie.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ort_sys::OrtApi;

use crate::error::PolicyError;

use super::info::{EngineInfo, EngineKind};
use super::library;
use super::provider::Provider;

/// What the library's file is called, next to the program or in ulna's data folder.
pub const LIBRARY_NAME: &str = if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else if cfg!(target_os = "windows") {
    "onnxruntime.dll"
} else {
    "libonnxruntime.so"
};

/// What the system's own loader is asked for; the one with the version is there without development files.
const SYSTEM_NAMES: &[&str] = if cfg!(target_os = "linux") {
    &["libonnxruntime.so.1", LIBRARY_NAME]
} else {
    &[LIBRARY_NAME]
};

/// ulna's data folder: `$XDG_DATA_HOME/ulna`, else `~/.local/share/ulna`.
pub fn data_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let path = env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    Some(data?.join("ulna"))
}

/// Where to look, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// A library that must be usable (`ORT_DYLIB_PATH`).
    pub explicit: Option<PathBuf>,
    /// Folders that may hold a [`LIBRARY_NAME`].
    pub folders: Vec<PathBuf>,
    /// Whether to ask the system's loader.
    pub system: bool,
}

impl Search {
    /// `ORT_DYLIB_PATH`, the program's folder, ulna's data folder, the system.
    pub fn from_environment() -> Self {
        let explicit = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        let program = env::current_exe().ok();
        let parent = program
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_owned);
        Self {
            explicit: explicit.map(PathBuf::from),
            folders: parent.into_iter().chain(data_folder()).collect(),
            system: true,
        }
    }

    pub(super) fn run(&self) -> Result<Outcome, PolicyError> {
        if let Some(path) = &self.explicit {
            return match library::load(path.as_os_str()) {
                Ok((api, version)) => Ok(found(api, version, path, Vec::new())),
                Err(reason) => Err(PolicyError::ExplicitLibrary {
                    path: path.clone(),
                    reason,
                }),
            };
        }
        let mut unusable = Vec::new();
        let files = self.folders.iter().map(|folder| folder.join(LIBRARY_NAME));
        for file in files.filter(|file| file.exists()) {
            match library::load(file.as_os_str()) {
                Ok((api, version)) => return Ok(found(api, version, &file, unusable)),
                Err(reason) => unusable.push(format!("`{}`: {reason}", file.display())),
            }
        }
        for name in SYSTEM_NAMES.iter().filter(|_| self.system) {
            match library::load(&OsString::from(name)) {
                Ok((api, version)) => return Ok(found(api, version, Path::new(name), unusable)),
                // The loader's words for what is simply not installed.
                Err(reason) if reason.contains("No such file") => {}
                Err(reason) => unusable.push(format!("the system's `{name}`: {reason}")),
            }
        }
        Ok(Outcome::Nothing { unusable })
    }

    /// Where it looks, in words.
    pub(super) fn places(&self) -> String {
        let folders = self.folders.iter();
        let mut places: Vec<String> = folders
            .map(|folder| format!("in `{}`", folder.display()))
            .collect();
        if self.system {
            places.push("in the system's library paths".to_owned());
        }
        if places.is_empty() {
            places.push("nowhere".to_owned());
        }
        places.join(", ")
    }
}

pub(super) enum Outcome {
    Found(OrtApi, EngineInfo),
    Nothing {
        /// Those that were there, and why they would not do.
        unusable: Vec<String>,
    },
}

fn found(api: OrtApi, version: String, path: &Path, passed_over: Vec<String>) -> Outcome {
    let info = EngineInfo {
        kind: EngineKind::Ort,
        version,
        provider: Provider::Cpu,
        library: Some(path.to_owned()),
        passed_over,
    };
    Outcome::Found(api, info)
}
