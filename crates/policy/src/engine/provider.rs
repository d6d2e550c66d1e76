//! What ONNX Runtime computes with: its execution providers, by name.
//!
//! A provider is used if it was asked for, this build knows it, and the library has it; else that is an error. Nothing falls back to another one.

use std::fmt;
use std::str::FromStr;

use ort::ep::ExecutionProviderDispatch;
use serde::Serialize;

use crate::error::UnknownWord;

/// An execution provider of ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The processor; all engines have it.
    #[default]
    Cpu,
    /// NVIDIA's GPUs.
    Cuda,
    /// NVIDIA's GPUs, with networks compiled for them.
    TensorRt,
    /// Intel's processors, GPUs and accelerators.
    OpenVino,
    /// Apple's processors.
    CoreMl,
    /// GPUs on Windows.
    DirectMl,
    /// The processor with XNNPACK's kernels, for small ARM computers.
    Xnnpack,
}

impl Provider {
    const ALL: [Self; 7] = [
        Self::Cpu,
        Self::Cuda,
        Self::TensorRt,
        Self::OpenVino,
        Self::CoreMl,
        Self::DirectMl,
        Self::Xnnpack,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::OpenVino => "openvino",
            Self::CoreMl => "coreml",
            Self::DirectMl => "directml",
            Self::Xnnpack => "xnnpack",
        }
    }

    /// Where libraries that have it come from.
    fn source(self) -> &'static str {
        match self {
            Self::Cpu => "every ONNX Runtime has it",
            Self::Cuda | Self::TensorRt => {
                "the wheel `onnxruntime-gpu` has it, and needs NVIDIA's driver, CUDA and cuDNN (and TensorRT)"
            }
            Self::OpenVino => "the wheel `onnxruntime-openvino` has it",
            Self::CoreMl => "the wheel `onnxruntime` for macOS has it",
            Self::DirectMl => "the wheel `onnxruntime-directml` for Windows has it",
            Self::Xnnpack => "an ONNX Runtime built with `--use_xnnpack` has it",
        }
    }

    /// Whether the library in use was built with it; the reason and what to do if not.
    pub(super) fn check(self, engine: &str) -> Result<(), String> {
        if self == Self::Cpu {
            return Ok(());
        }
        match self.available() {
            Some(true) => Ok(()),
            Some(false) => Err(format!(
                "{engine} was built without the provider `{}`; {}, and ORT_DYLIB_PATH names its library",
                self.name(),
                self.source()
            )),
            None => Err(format!(
                "the provider `{}` is not part of this build; build with the feature `providers`",
                self.name()
            )),
        }
    }

    /// Whether the library has it; `None` if this build does not know.
    #[cfg(feature = "providers")]
    fn available(self) -> Option<bool> {
        use ort::ep::{self, ExecutionProvider};

        let asked = match self {
            Self::Cpu => return Some(true),
            Self::Cuda => ep::CUDA::is_available(),
            Self::TensorRt => ep::TensorRT::is_available(),
            Self::OpenVino => ep::OpenVINO::is_available(),
            Self::CoreMl => ep::CoreML::is_available(),
            Self::DirectMl => ep::DirectML::is_available(),
            Self::Xnnpack => ep::XNNPACK::is_available(),
        };
        Some(asked.unwrap_or(false))
    }

    #[cfg(not(feature = "providers"))]
    fn available(self) -> Option<bool> {
        None
    }

    /// For a session; empty for the processor, which is there in any case.
    #[cfg(feature = "providers")]
    pub(super) fn dispatch(self) -> Vec<ExecutionProviderDispatch> {
        use ort::ep;

        let dispatch = match self {
            Self::Cpu => return Vec::new(),
            Self::Cuda => ep::CUDA::default().build(),
            Self::TensorRt => ep::TensorRT::default().build(),
            Self::OpenVino => ep::OpenVINO::default().build(),
            Self::CoreMl => ep::CoreML::default().build(),
            Self::DirectMl => ep::DirectML::default().build(),
            Self::Xnnpack => ep::XNNPACK::default().build(),
        };
        vec![dispatch.error_on_failure()]
    }

    #[cfg(not(feature = "providers"))]
    pub(super) fn dispatch(self) -> Vec<ExecutionProviderDispatch> {
        Vec::new()
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL
            .into_iter()
            .find(|provider| provider.name() == word);
        found.ok_or_else(|| UnknownWord {
            word: word.to_owned(),
            what: "provider",
            known: "cpu, cuda, tensorrt, openvino, coreml, directml, xnnpack",
        })
    }
}
