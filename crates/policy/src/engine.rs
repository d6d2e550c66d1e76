//! The engine that runs networks: ONNX Runtime if there is one, else tract, which is part of this program.
//!
//! Both are driven through `ort`, which can use only one of them in a process: the choice is made once, named, and never
//! changed silently.

use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

use crate::error::PolicyError;

#[cfg(feature = "tract")]
mod extent;
mod info;
mod library;
pub(crate) mod network;
mod provider;
#[cfg(feature = "tract")]
pub(crate) mod rehearsal;
mod search;

pub use info::{EngineChoice, EngineInfo, EngineKind};
pub use provider::Provider;
pub use search::{LIBRARY_NAME, Search, data_folder};

/// An engine that runs. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Engine {
    info: EngineInfo,
    environment: Environment,
}

/// The one engine of this process. It stays until the end: ONNX Runtime does not like to be unloaded.
static IN_USE: Mutex<Option<Engine>> = Mutex::new(None);

impl Engine {
    /// The engine of this process, looked for as the environment says.
    ///
    /// # Errors
    /// [`PolicyError`] if the engine asked for is absent or unusable, if `ORT_DYLIB_PATH` names an unusable library, or if another
    /// engine is in use already.
    pub fn open(choice: EngineChoice) -> Result<Self, PolicyError> {
        Self::open_from(choice, &Search::from_environment())
    }

    /// The engine of this process, looked for where `search` says.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_from(choice: EngineChoice, search: &Search) -> Result<Self, PolicyError> {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = &*in_use {
            let fits = match choice {
                EngineChoice::Auto => true,
                EngineChoice::Ort => engine.info.kind == EngineKind::Ort,
                EngineChoice::Tract => engine.info.kind == EngineKind::Tract,
            };
            return if fits {
                Ok(engine.clone())
            } else {
                Err(PolicyError::EngineChosen {
                    in_use: engine.info.to_string(),
                    wanted: choice.name(),
                })
            };
        }
        let found = match choice {
            EngineChoice::Tract => None,
            EngineChoice::Auto | EngineChoice::Ort => Some(search.run()?),
        };
        let (api, info) = match (choice, found) {
            (_, Some(search::Outcome::Found(library, info))) => (library, info),
            (EngineChoice::Ort, Some(search::Outcome::Nothing { mut unusable })) => {
                unusable.insert(0, format!("looked {}", search.places()));
                return Err(PolicyError::NoLibrary {
                    needs: ort::MINOR_VERSION,
                    tried: unusable.join("; "),
                });
            }
            (_, Some(search::Outcome::Nothing { unusable })) => tract(unusable)?,
            (_, None) => tract(Vec::new())?,
        };
        let failed = |reason: String| PolicyError::Engine {
            engine: info.to_string(),
            reason,
        };
        if !ort::set_api(api) {
            return Err(failed("another part of this program uses ort".to_owned()));
        }
        let environment = ort::init()
            .with_name("ulna")
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let engine = Self { info, environment };
        *in_use = Some(engine.clone());
        Ok(engine)
    }

    /// The same engine, computing with `provider`.
    ///
    /// # Errors
    /// [`PolicyError::Provider`] if it does not have it: nothing takes its place.
    pub fn with_provider(mut self, provider: Provider) -> Result<Self, PolicyError> {
        let engine = self.info.to_string();
        let refused = |reason: String| PolicyError::Provider {
            provider: provider.name(),
            reason,
        };
        if self.info.kind == EngineKind::Tract && provider != Provider::Cpu {
            return Err(refused(format!(
                "{engine} computes on the processor alone; `--engine ort` with a library that has it does otherwise"
            )));
        }
        provider.check(&engine).map_err(refused)?;
        self.info.provider = provider;
        Ok(self)
    }

    /// For running networks that are no policies.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Which engine it is.
    pub fn info(&self) -> &EngineInfo {
        &self.info
    }
}

#[cfg(feature = "tract")]
fn tract(passed_over: Vec<String>) -> Result<(ort_sys::OrtApi, EngineInfo), PolicyError> {
    let info = EngineInfo {
        kind: EngineKind::Tract,
        version: "0.23".to_owned(), // of tract-onnx, which ort-tract 0.5 is built on
        provider: Provider::Cpu,
        library: None,
        passed_over,
    };
    Ok((ort_tract::api(), info))
}

#[cfg(not(feature = "tract"))]
fn tract(passed_over: Vec<String>) -> Result<(ort_sys::OrtApi, EngineInfo), PolicyError> {
    let tried = passed_over.into_iter().map(|reason| format!("; {reason}"));
    let why = tried.collect();
    Err(PolicyError::NoTract { why })
}
