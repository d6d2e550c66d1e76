//! Bundles made of the fixtures: LeRobot's tiny ACT policy as ONNX, with its processor's statistics.

#![allow(dead_code, clippy::panic, clippy::print_stdout)] // Each test binary uses its own part, and says what it skips.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use ulna_policy::{Engine, EngineChoice};

#[path = "../../../../tests/harness/fixtures.rs"]
mod fixtures;

pub(crate) use fixtures::required;

pub(crate) const STATISTICS: &str =
    "act_tiny/policy_preprocessor_step_3_normalizer_processor.safetensors";

/// The folder of policies, if it is there.
pub(crate) fn fixtures() -> Option<PathBuf> {
    fixtures::fixture("policies")
}

/// Runs a check on ONNX Runtime, or says why not.
pub(crate) fn on_onnx_runtime(check: fn(&Path, &Engine)) {
    let Some(fixtures) = fixtures() else {
        return;
    };
    match Engine::open(EngineChoice::Ort) {
        Ok(engine) => check(&fixtures, &engine),
        Err(error) if required("ULNA_REQUIRE_ORT") => panic!("{error}"),
        Err(error) => println!("SKIPPED: {error}"),
    }
}

/// A file of float32 tensors.
pub(crate) struct Tensors(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Tensors {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file.tensors().into_iter().map(|(name, view)| {
            let data = view.data();
            let values = match view.dtype() {
                Dtype::F32 => data
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| f32::from_le_bytes(*bytes))
                    .collect(),
                Dtype::I64 => data
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| i64::from_le_bytes(*bytes) as f32)
                    .collect(),
                other => panic!("{name} is {other:?}"),
            };
            (name, (view.shape().to_vec(), values))
        });
        Self(tensors.collect())
    }

    /// All elements.
    pub(crate) fn all(&self, name: &str) -> &[f32] {
        &self.0[name].1
    }

    /// The elements of the `index`th of the outermost dimension.
    pub(crate) fn part(&self, name: &str, index: usize) -> &[f32] {
        let (shape, values) = &self.0[name];
        let len: usize = shape[1..].iter().product();
        &values[index * len..(index + 1) * len]
    }
}

/// Writes float32 tensors.
pub(crate) fn write_tensors(path: &Path, tensors: &[(&str, &[usize], &[f32])]) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (
            *name,
            TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap(),
        )
    });
    fs::write(path, serialize(views, None).unwrap()).unwrap();
}

pub(crate) const HEAD: &str = r#"
schema = 1
name = "act tiny"
robot_type = ["so_follower", "so101_follower"]
joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
units = "degrees"
fps = 30.0
graphs = { policy = "act.onnx" }
"#;

pub(crate) const STATE_RAW: &str = r#"
[[inputs]]
key = "observation.state"
tensor = "observation_state"
shape = [6]
"#;

pub(crate) const IMAGE_RAW: &str = r#"
[[inputs]]
key = "observation.images.front"
tensor = "observation_images_front"
shape = [3, 96, 96]
"#;

pub(crate) const MEAN_STD: &str =
    "normalisation = \"MEAN_STD\"\nstatistics = \"statistics.safetensors\"\n";
pub(crate) const BAKED: &str = "normalisation = \"BAKED\"\n";

pub(crate) const ACTION_RAW: &str = "\n[action]\nshape = [6]\n";

pub(crate) const CHUNK: &str = "\n[chunk]\nchunk_size = 20\nn_action_steps = 10\n";

pub(crate) const GOLDEN: &str = "\n[golden]\nfile = \"golden.safetensors\"\ntolerance = 1e-4\n";

/// `policy.toml` of the tiny policy, normalised outside or inside of the network.
pub(crate) fn manifest(baked: bool) -> String {
    let how = if baked { BAKED } else { MEAN_STD };
    [
        HEAD, STATE_RAW, how, IMAGE_RAW, how, ACTION_RAW, how, CHUNK, GOLDEN,
    ]
    .concat()
}

/// The tiny policy as a bundle in `dir`, with one of the two pairs of the reference as the golden one.
pub(crate) fn make_bundle(fixtures: &Path, dir: &Path, baked: bool, pair: usize) {
    let onnx = if baked {
        "act_tiny_norm.legacy.onnx"
    } else {
        "act_tiny.legacy.onnx"
    };
    fs::copy(fixtures.join(onnx), dir.join("act.onnx")).unwrap();
    fs::copy(
        fixtures.join(STATISTICS),
        dir.join("statistics.safetensors"),
    )
    .unwrap();
    let reference = Tensors::read(&fixtures.join("act_tiny.reference.safetensors"));
    write_tensors(
        &dir.join("golden.safetensors"),
        &[
            ("observation.state", &[6], reference.part("raw_state", pair)),
            (
                "observation.images.front",
                &[3, 96, 96],
                reference.part("raw_image", pair),
            ),
            ("action", &[20, 6], reference.part("raw_actions", pair)),
        ],
    );
    fs::write(dir.join("policy.toml"), manifest(baked)).unwrap();
}
