//! Files of tensors: LeRobot's statistics and golden pairs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use crate::error::PolicyError;
use crate::import::weights::floats;

use super::folder;

/// One tensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Values,
}

/// Its elements, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    F32(Vec<f32>),
    U8(Vec<u8>),
}

/// The tensors of one file. Floats of any width become float32; other types than floats and uint8 are left out.
#[derive(Debug)]
pub(crate) struct TensorFile {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
}

impl TensorFile {
    pub(crate) fn read(path: &Path) -> Result<Self, PolicyError> {
        Self::parse(path, &folder::read(path, folder::MAX_TENSORS)?)
    }

    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, PolicyError> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| PolicyError::Tensors {
            path: path.to_owned(),
            reason: format!(
                "they are not in the safetensors format, or the file is cut short ({error})"
            ),
        })?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            let values = match view.dtype() {
                Dtype::U8 => Values::U8(view.data().to_vec()),
                other => match floats(other, view.data()) {
                    Some(values) => Values::F32(values),
                    None => continue,
                },
            };
            let shape = view.shape().to_vec();
            tensors.insert(name, Tensor { shape, values });
        }
        Ok(Self {
            path: path.to_owned(),
            tensors,
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// All names.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The elements of a float32 tensor.
    pub(crate) fn floats(&self, name: &str) -> Option<&[f32]> {
        match &self.get(name)?.values {
            Values::F32(values) => Some(values),
            Values::U8(_) => None,
        }
    }

    /// The names, for messages.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        match names.as_slice() {
            [] => "none".to_owned(),
            names => names.join(", "),
        }
    }

    /// An error about this file.
    pub(crate) fn error(&self, reason: String) -> PolicyError {
        PolicyError::Tensors {
            path: self.path.clone(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Result<TensorFile, PolicyError> {
        TensorFile::parse(Path::new("x.safetensors"), bytes)
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    const HEADER: &str = r#"{"a.mean":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"n":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}"#;

    #[test]
    fn floats_are_read_and_other_types_are_left_out() {
        let mut data = [1.5f32.to_le_bytes(), (-2.0f32).to_le_bytes()].concat();
        data.extend(7i64.to_le_bytes());
        let file = parse(&file(HEADER, &data)).unwrap();
        assert_eq!(file.floats("a.mean"), Some(&[1.5, -2.0][..]));
        assert_eq!(
            (file.floats("n"), file.names()),
            (None, "a.mean".to_owned())
        );
    }

    #[test]
    fn sizes_that_the_file_does_not_have_are_refused() {
        for header in [
            r#"{"a":{"dtype":"F32","shape":[1073741824,1073741824],"data_offsets":[0,4]}}"#,
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1099511627776]}}"#,
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,0]}}"#,
        ] {
            let error = parse(&file(header, &[0; 4])).unwrap_err().to_string();
            assert!(error.contains("safetensors"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_header_is_no_panic(header in "[\\[\\]{}\":,a-z0-9F_]{0,80}", data in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&file(&header, &data));
        }

        #[test]
        fn a_changed_byte_is_no_panic(at in 0usize..130, to in any::<u8>()) {
            let mut bytes = file(HEADER, &[0; 16]);
            let at = at.min(bytes.len() - 1);
            bytes[at] = to;
            let _ = parse(&bytes);
        }
    }
}
