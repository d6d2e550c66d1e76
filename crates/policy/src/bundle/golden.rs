//! The golden pair: an input, and what the network is known to answer.

use ulna_core::Joints;

use crate::contract::{Contract, InputKind};
use crate::error::PolicyError;

use super::tensors::{Tensor, TensorFile, Values};
use super::{ChunkSettings, joints_of};

/// An input and the answer that belongs to it, in robot units.
#[derive(Debug, Clone, PartialEq)]
pub struct Golden {
    /// The joint positions; empty if the policy doesn't see them.
    pub state: Joints<f64>,
    /// What is known of the surroundings.
    pub environment_state: Vec<f32>,
    /// The pictures, in the contract's order of cameras.
    pub images: Vec<GoldenImage>,
    /// The chunk that belongs to them.
    pub action: Vec<Joints<f64>>,
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
        let mut golden = Self {
            state: Joints::default(),
            environment_state: Vec::new(),
            images: Vec::new(),
            action: Vec::new(),
        };
        for input in &contract.inputs {
            let tensor = find(file, &input.key)?;
            let shape = input.shape(joints);
            match (input.kind, &tensor.values) {
                (InputKind::State, Values::F32(values)) if fits(tensor, &shape) => {
                    golden.state = joints_of(values);
                }
                (InputKind::EnvironmentState(_), Values::F32(values)) if fits(tensor, &shape) => {
                    golden.environment_state.clone_from(values);
                }
                (InputKind::Image { .. }, Values::F32(values)) if fits(tensor, &shape) => {
                    golden.images.push(GoldenImage::Planes(values.clone()));
                }
                (InputKind::Image { width, height, .. }, Values::U8(values))
                    if fits(tensor, &[height, width, 3]) =>
                {
                    golden.images.push(GoldenImage::Pixels(values.clone()));
                }
                _ => {
                    return Err(file.error(format!(
                        "`{}` has the shape {:?}, and float32 of {shape:?} is needed (or, for a picture, uint8 of height, width, 3)",
                        input.key, tensor.shape
                    )));
                }
            }
        }
        let action = find(file, "action")?;
        match &action.values {
            Values::F32(values) if fits(action, &[chunks.chunk_size, joints]) => {
                golden.action = values.chunks(joints).map(joints_of).collect();
            }
            _ => {
                return Err(file.error(format!(
                    "`action` has the shape {:?}, and float32 of {:?} is needed: the whole chunk in robot units",
                    action.shape,
                    [chunks.chunk_size, joints]
                )));
            }
        }
        golden.check_finite(file)?;
        Ok(golden)
    }

    fn check_finite(&self, file: &TensorFile) -> Result<(), PolicyError> {
        let planes = self.images.iter().map(|image| match image {
            GoldenImage::Planes(values) => values.as_slice(),
            GoldenImage::Pixels(_) => &[],
        });
        let sound = self.state.iter().all(|value| value.is_finite())
            && self.environment_state.iter().all(|value| value.is_finite())
            && planes.flatten().all(|value| value.is_finite())
            && self
                .action
                .iter()
                .all(|knot| knot.iter().all(|value| value.is_finite()));
        if sound {
            Ok(())
        } else {
            Err(file.error("the golden pair contains NaN or infinity".to_owned()))
        }
    }
}

fn find<'a>(file: &'a TensorFile, name: &str) -> Result<&'a Tensor, PolicyError> {
    file.get(name).ok_or_else(|| {
        file.error(format!(
            "the golden pair lacks `{name}` as float32 or uint8 (there are: {})",
            file.names()
        ))
    })
}

/// True if it has this shape, with or without a batch dimension of one.
fn fits(tensor: &Tensor, shape: &[usize]) -> bool {
    tensor.shape == shape || tensor.shape.split_first() == Some((&1, shape))
}
