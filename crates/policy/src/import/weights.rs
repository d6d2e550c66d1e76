//! The weights of a checkpoint: a safetensors file, read tensor by tensor, so that its size is not needed twice in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::error::PolicyError;

/// The longest header that is read, bytes: the largest known policies stay below one hundredth of it.
const MAX_HEADER: u64 = 32 << 20;

/// The most numbers in one tensor that is read: 2 GiB of float32, where ONNX ends.
const MAX_ELEMENTS: usize = 1 << 29;

/// An open file of weights.
#[derive(Debug)]
pub(super) struct Weights {
    path: PathBuf,
    file: File,
    /// Where the data begins, bytes.
    start: u64,
    tensors: BTreeMap<String, TensorInfo>,
    used: BTreeSet<String>,
}

impl Weights {
    /// Reads the header of `path`.
    ///
    /// # Errors
    /// [`PolicyError`] if the file cannot be read, is no safetensors file, or is cut short.
    pub(super) fn open(path: &Path) -> Result<Self, PolicyError> {
        let read = |source| PolicyError::Read {
            path: path.to_owned(),
            source,
        };
        let wrong = |reason: String| PolicyError::Tensors {
            path: path.to_owned(),
            reason,
        };
        let mut file = ulna_outside::files::open(path).map_err(read)?;
        let size = file.metadata().map_err(read)?.len();
        let mut length = [0; 8];
        if size < 8 {
            return Err(wrong(format!("the file has {size} bytes only")));
        }
        file.read_exact(&mut length).map_err(read)?;
        if length == *b"version " {
            return Err(wrong(
                "it is a Git LFS pointer, not the file itself: fetch it with `git lfs pull`, or download the checkpoint with `ulna hub pull`"
                    .to_owned(),
            ));
        }
        let header = u64::from_le_bytes(length);
        if header > MAX_HEADER.min(size - 8) {
            return Err(wrong(format!(
                "they are not in the safetensors format, or the file is cut short (its header would have {header} bytes)"
            )));
        }
        let mut bytes = Vec::new();
        let mut head = (&mut file).take(header);
        head.read_to_end(&mut bytes).map_err(read)?;
        let metadata: Metadata = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("they are not in the safetensors format ({error})")))?;
        let start = 8 + header;
        if start + metadata.data_len() as u64 != size {
            return Err(wrong(format!(
                "the file has {size} bytes, and its header needs {}: it is cut short or damaged; download it again",
                start + metadata.data_len() as u64
            )));
        }
        let tensors = metadata.tensors().into_iter();
        let tensors = tensors.map(|(name, info)| (plain(&name), info.clone()));
        Ok(Self {
            path: path.to_owned(),
            file,
            start,
            tensors: tensors.collect(),
            used: BTreeSet::new(),
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The shape of a tensor.
    ///
    /// # Errors
    /// If there is none of this name.
    pub(super) fn shape(&self, name: &str) -> Result<Vec<usize>, String> {
        let info = self.tensors.get(name);
        let info = info.ok_or_else(|| format!("the weight `{name}` is missing in it"))?;
        Ok(info.shape.clone())
    }

    /// The numbers of a tensor that must have this shape.
    ///
    /// # Errors
    /// If it is missing, has another shape, is no tensor of floats, or contains NaN or infinity.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let have = self.shape(name)?;
        if have != shape {
            return Err(format!(
                "the weight `{name}` has the shape {have:?}, and config.json implies {shape:?}"
            ));
        }
        let values = self.read(name)?;
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(format!(
                "the weight `{name}` contains {value}: the training went wrong; take an earlier checkpoint"
            )),
            None => Ok(values),
        }
    }

    /// The numbers of a tensor, whatever they are.
    ///
    /// # Errors
    /// If it is missing, or no tensor of floats.
    pub(super) fn raw(&mut self, name: &str) -> Result<Vec<f32>, String> {
        self.shape(name)?;
        self.read(name)
    }

    fn read(&mut self, name: &str) -> Result<Vec<f32>, String> {
        let info = &self.tensors[name];
        let elements: usize = info.shape.iter().product();
        if elements > MAX_ELEMENTS {
            return Err(format!(
                "the weight `{name}` has {elements} numbers, and at most {MAX_ELEMENTS} can be put into an ONNX file"
            ));
        }
        let (from, to) = info.data_offsets;
        let dtype = info.dtype;
        let mut bytes = vec![0; to - from];
        let read = self.file.seek(SeekFrom::Start(self.start + from as u64));
        let read = read.and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|error| format!("the weight `{name}` cannot be read ({error})"))?;
        self.used.insert(name.to_owned());
        floats(dtype, &bytes).ok_or_else(|| {
            format!("the weight `{name}` is {dtype:?}, and floating-point numbers are needed")
        })
    }

    /// Says that tensors with this beginning are of no use at inference.
    pub(super) fn leave(&mut self, beginning: &str) {
        let names = self.tensors.keys();
        let names = names.filter(|name| name.starts_with(beginning));
        self.used.extend(names.cloned().collect::<Vec<_>>());
    }

    /// Says that one tensor is of no use at inference.
    pub(super) fn leave_one(&mut self, name: &str) {
        if self.has(name) {
            self.used.insert(name.to_owned());
        }
    }

    /// The tensors that were neither taken nor left.
    pub(super) fn strangers(&self) -> Vec<&str> {
        let names = self.tensors.keys().map(String::as_str);
        names.filter(|name| !self.used.contains(*name)).collect()
    }

    /// All names with this beginning.
    pub(super) fn beginning_with(&self, beginning: &str) -> Vec<String> {
        let names = self.tensors.keys();
        let names = names.filter(|name| name.starts_with(beginning));
        names.cloned().collect()
    }
}

/// `torch.compile` puts a word into the names of what it compiled.
fn plain(name: &str) -> String {
    name.replace("_orig_mod.", "")
}

/// Little-endian floats of any width as float32; `None` for other types.
pub(crate) fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    fn each<const N: usize>(bytes: &[u8], map: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|chunk| map(*chunk))
            .collect()
    }
    Some(match dtype {
        Dtype::F32 => each(bytes, f32::from_le_bytes),
        Dtype::F16 => each(bytes, |chunk| f16::from_le_bytes(chunk).to_f32()),
        Dtype::BF16 => each(bytes, |chunk| bf16::from_le_bytes(chunk).to_f32()),
        #[allow(clippy::cast_possible_truncation)] // networks compute in single precision
        Dtype::F64 => each(bytes, |chunk| f64::from_le_bytes(chunk) as f32),
        _ => return None,
    })
}
