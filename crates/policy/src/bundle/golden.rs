//! The golden pair: an input, and what the network is known to answer.

use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, serialize};
use ulna_core::Joints;
use ulna_outside::files;

use crate::contract::{ACTION, Contract, Input, InputKind, joints_of};
use crate::error::PolicyError;
use crate::picture;

use super::chunks::ChunkSettings;
use super::tensors::{Tensor, TensorFile, Values};

/// An input and the answer that belongs to it, in robot units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Golden {
    /// What is seen, from the oldest observation on: as many as `n_obs_steps` says.
    pub seen: Vec<Seen>,
    /// The chunk that belongs to them.
    pub action: Vec<Joints<f64>>,
}

/// What is seen at one moment, in robot units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    /// The joint positions; empty if the policy doesn't see them.
    pub state: Vec<f32>,
    /// What is known of the surroundings.
    pub environment_state: Vec<f32>,
    /// The pictures, in the contract's order of cameras.
    pub images: Vec<GoldenImage>,
}

/// A picture of the size that the network takes.
#[derive(Debug, Clone, PartialEq)]
pub enum GoldenImage {
    /// 0..1; channel, row, column.
    Planes(Vec<f32>),
    /// 0..255; row, column, channel, as from a camera.
    Pixels(Vec<u8>),
}

impl Golden {
    pub(super) fn read(
        file: &TensorFile,
        contract: &Contract,
        chunks: &ChunkSettings,
    ) -> Result<Self, PolicyError> {
        let joints = contract.joints.len();
        let golden = Self {
            seen: read_seen(file, contract, chunks)?,
            action: {
                let action = find(file, ACTION)?;
                match &action.values {
                    Values::F32(values) if fits(action, &[chunks.chunk_size, joints]) => {
                        values.chunks(joints).map(joints_of).collect()
                    }
                    _ => {
                        return Err(file.error(format!(
                            "`action` has the shape {:?}, and float32 of {:?} is needed: the whole chunk in robot units",
                            action.shape,
                            [chunks.chunk_size, joints]
                        )));
                    }
                }
            },
        };
        let finite = |knot: &Joints<f64>| knot.iter().all(|value| value.is_finite());
        match golden.action.iter().all(finite) {
            true => Ok(golden),
            false => Err(file.error("the golden pair contains NaN or infinity".to_owned())),
        }
    }

    /// The file that [`read`](Self::read) reads.
    pub(crate) fn write(
        &self,
        path: &Path,
        contract: &Contract,
        chunks: &ChunkSettings,
    ) -> Result<(), PolicyError> {
        let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
        let history = Some(chunks.n_obs_steps).filter(|steps| *steps > 1);
        let mut camera = 0;
        for input in &contract.inputs {
            let (dtype, shape) = match input.kind {
                InputKind::Image { width, height, .. } => (Dtype::U8, vec![height, width, 3]),
                _ => (Dtype::F32, input.shape()),
            };
            let mut bytes = Vec::new();
            for seen in &self.seen {
                match input.kind {
                    InputKind::State(_) => bytes.extend(little_endian(&seen.state)),
                    InputKind::EnvironmentState(_) => {
                        bytes.extend(little_endian(&seen.environment_state));
                    }
                    InputKind::Image { .. } => match seen.images.get(camera) {
                        Some(GoldenImage::Pixels(pixels)) => bytes.extend(pixels),
                        Some(GoldenImage::Planes(_)) | None => {}
                    },
                }
            }
            camera += usize::from(input.camera().is_some());
            let shape = history.into_iter().chain(shape).collect();
            tensors.push((input.key.clone(), dtype, shape, bytes));
        }
        #[allow(clippy::cast_possible_truncation)] // they were single before
        let numbers = self
            .action
            .iter()
            .flat_map(|knot| knot.iter())
            .map(|value| *value as f32);
        let action: Vec<f32> = numbers.collect();
        let shape = vec![self.action.len(), contract.joints.len()];
        tensors.push((ACTION.to_owned(), Dtype::F32, shape, little_endian(&action)));
        write_tensors(path, &tensors)
    }
}

/// The bytes of floats.
pub(crate) fn little_endian(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Writes a file of tensors: name, type, shape, bytes.
pub(crate) fn write_tensors(
    path: &Path,
    tensors: &[(String, Dtype, Vec<usize>, Vec<u8>)],
) -> Result<(), PolicyError> {
    let wrong = |error: safetensors::SafeTensorError| PolicyError::Tensors {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let bytes = serialize(views, None).map_err(wrong)?;
    files::replace(path, |file| file.write_all(&bytes)).map_err(|source| PolicyError::Write {
        path: path.to_owned(),
        source,
    })
}

/// What a file of tensors shows to a policy, by LeRobot's keys. Where a history is needed and one moment is given, that is taken for all of it, as
/// LeRobot does at the start of an episode.
pub(crate) fn read_seen(
    file: &TensorFile,
    contract: &Contract,
    chunks: &ChunkSettings,
) -> Result<Vec<Seen>, PolicyError> {
    let steps = chunks.n_obs_steps;
    let mut seen = vec![Seen::default(); steps];
    for input in &contract.inputs {
        let tensor = find(file, &input.key)?;
        let moments = moments(tensor, input, steps).ok_or_else(|| {
            let shape = input.shape();
            let more = if steps > 1 {
                format!("; a history of {steps} of them comes first")
            } else {
                String::new()
            };
            file.error(format!(
                "`{}` has the shape {:?}, and float32 of {shape:?} is needed (or, for a picture, uint8 of height, width, 3{more})",
                input.key, tensor.shape
            ))
        })?;
        for (seen, moment) in seen.iter_mut().zip(moments) {
            if let Moment::Floats(values) = &moment {
                check_floats(file, input, values)?;
            }
            match (input.kind, moment) {
                (InputKind::State(_), Moment::Floats(values)) => seen.state = values,
                (InputKind::EnvironmentState(_), Moment::Floats(values)) => {
                    seen.environment_state = values;
                }
                (_, Moment::Floats(values)) => seen.images.push(GoldenImage::Planes(values)),
                (_, Moment::Bytes(bytes)) => seen.images.push(GoldenImage::Pixels(bytes)),
            }
        }
    }
    Ok(seen)
}

enum Moment {
    Floats(Vec<f32>),
    Bytes(Vec<u8>),
}

/// The tensor, moment by moment; `None` if it does not fit.
fn moments(tensor: &Tensor, input: &Input, steps: usize) -> Option<Vec<Moment>> {
    let split = |shape: &[usize]| -> Option<bool> {
        let history = [&[steps], shape].concat();
        // A batch dimension of one may be there as well.
        match () {
            () if steps > 1 && fits(tensor, &history) => Some(true),
            () if fits(tensor, shape) => Some(false),
            () => None,
        }
    };
    let parts = |len: usize, whole: bool| if whole { len / steps } else { len };
    match &tensor.values {
        Values::F32(values) => {
            let whole = split(&input.shape())?;
            let chunks = values.chunks(parts(values.len(), whole)).cycle();
            Some(
                chunks
                    .take(steps)
                    .map(|part| Moment::Floats(part.to_vec()))
                    .collect(),
            )
        }
        Values::U8(values) => {
            let InputKind::Image {
                width,
                height,
                resize,
            } = input.kind
            else {
                return None;
            };
            let shape = tensor.shape.as_slice();
            let &[.., rows, columns, 3] = shape else {
                return None;
            };
            let fitting = (rows, columns) == (height, width);
            let whole = split(&[rows, columns, 3]).filter(|_| fitting || resize)?;
            let chunks = values.chunks(parts(values.len(), whole)).cycle();
            let picture = |part: &[u8]| match fitting {
                true => part.to_vec(),
                false => picture::resize_pixels(part, (columns, rows), (width, height)),
            };
            Some(
                chunks
                    .take(steps)
                    .map(|part| Moment::Bytes(picture(part)))
                    .collect(),
            )
        }
    }
}

fn check_floats(file: &TensorFile, input: &Input, values: &[f32]) -> Result<(), PolicyError> {
    if values.iter().any(|value| !value.is_finite()) {
        return Err(file.error(format!("`{}` contains NaN or infinity", input.key)));
    }
    // A picture of bytes that were made floats would be taken for a glaring light.
    let most = values.iter().copied().fold(0.0, f32::max);
    if input.camera().is_some() && most > 2.0 {
        return Err(file.error(format!(
            "`{}` has values up to {most}, and pictures of floats are 0..1; divide them by 255, or give uint8 of height, width, 3",
            input.key
        )));
    }
    Ok(())
}

fn find<'a>(file: &'a TensorFile, name: &str) -> Result<&'a Tensor, PolicyError> {
    file.get(name).ok_or_else(|| {
        file.error(format!(
            "it lacks `{name}` as float32 or uint8 (there are: {})",
            file.names()
        ))
    })
}

/// True if it has this shape, with or without a batch dimension of one.
fn fits(tensor: &Tensor, shape: &[usize]) -> bool {
    tensor.shape == shape || tensor.shape.split_first() == Some((&1, shape))
}
