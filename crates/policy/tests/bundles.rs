//! Bundles that are wrong are refused in words, before an engine sees them; those that are right say what they are.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::{
    ACTION_RAW, BAKED, CHUNK, GOLDEN, HEAD, IMAGE_RAW, MEAN_STD, STATE_RAW, write_tensors,
};
use proptest::prelude::*;
use ulna_core::Unit;
use ulna_policy::contract::InputKind;
use ulna_policy::{Bundle, PolicyError};

/// The tiny policy's folder with this `policy.toml`.
fn opened(fixtures: &Path, manifest: &str) -> Result<Bundle, PolicyError> {
    let folder = tempfile::tempdir().unwrap();
    common::make_bundle(fixtures, folder.path(), true, 0);
    fs::write(folder.path().join("policy.toml"), manifest).unwrap();
    Bundle::open(folder.path())
}

#[test]
fn a_bundle_says_what_it_is() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let bundle = opened(&fixtures, &common::manifest(false)).unwrap();
    let contract = bundle.contract();
    assert_eq!((bundle.name(), bundle.summary()), ("act tiny", ""));
    assert_eq!(contract.robot_types, ["so_follower", "so101_follower"]);
    assert_eq!(
        (contract.joints.len(), contract.unit, contract.fps),
        (6, Unit::Degrees, 30.0)
    );
    assert_eq!(contract.cameras().collect::<Vec<_>>(), ["front"]);
    assert_eq!(contract.inputs[0].kind, InputKind::State(6));
    assert_eq!(
        (bundle.chunks().chunk_size, bundle.chunks().n_obs_steps),
        (20, 1)
    );
    assert_eq!(bundle.golden().action.len(), 20);
}

#[test]
fn what_is_wrong_is_refused_in_words() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let good = common::manifest(true);
    let cases = [
        ("", "", "missing field"),
        ("schema = 1", "schema = 2", "newer ulna"),
        (
            "schema = 1",
            "schema = 1\nextra = 1",
            "unknown field `extra`",
        ),
        ("name = \"act tiny\"", "name = \" \"", "name is empty"),
        (
            "robot_type = [\"so_follower\", \"so101_follower\"]",
            "robot_type = []",
            "robot_type",
        ),
        ("fps = 30.0", "fps = 0.0", "fps is 0"),
        ("fps = 30.0", "fps = nan", "fps is NaN"),
        ("\"gripper\"", "\"wrist_roll\"", "`wrist_roll` twice"),
        (", \"gripper\"]", "]", "5 joints"),
        (
            "policy = \"act.onnx\"",
            "policy = \"other.onnx\"",
            "other.onnx",
        ),
        (
            "policy = \"act.onnx\"",
            "policy = \"../act.onnx\"",
            "inside its folder",
        ),
        (
            "policy = \"act.onnx\"",
            "policy = \"/etc/hostname\"",
            "inside its folder",
        ),
        (
            "policy = \"act.onnx\"",
            "policy = \"golden.safetensors\"",
            "no ONNX file",
        ),
        (
            "policy = \"act.onnx\"",
            "cond = \"act.onnx\", unet = \"act.onnx\"",
            "diffusion",
        ),
        (
            "key = \"observation.state\"",
            "key = \"observation.velocity\"",
            "observation.velocity",
        ),
        (
            "key = \"observation.state\"",
            "key = \"task\"",
            "`task` is the task's text",
        ),
        (
            "key = \"observation.state\"",
            "key = \"observation.language.tokens\"",
            "tokenizer",
        ),
        (
            "key = \"observation.images.front\"",
            "key = \"observation.images.\"",
            "observation.images.",
        ),
        (
            "key = \"observation.images.front\"",
            "key = \"observation.images.wrist\"",
            "lacks `observation.images.wrist`",
        ),
        (
            "tensor = \"observation_state\"",
            "tensor = \"state\"",
            "no input `state`",
        ),
        (
            "tensor = \"observation_state\"",
            "tensor = \"observation_images_front\"",
            "twice",
        ),
        (
            "shape = [3, 96, 96]",
            "shape = [3, 480, 640]",
            "[1, 3, 96, 96]",
        ),
        (
            "shape = [3, 96, 96]",
            "shape = [1, 96, 96]",
            "[3, height, width]",
        ),
        ("shape = [3, 96, 96]", "shape = [3, 100000, 100000]", "4096"),
        (
            "shape = [6]\nnormalisation",
            "shape = [6]\nresize = \"bilinear\"\nnormalisation",
            "no picture",
        ),
        ("BAKED", "MEAN_STD", "no statistics"),
        ("BAKED", "Z_SCORE", "Z_SCORE"),
        (
            "normalisation = \"BAKED\"",
            "normalisation = \"BAKED\"\nstatistics = \"s.safetensors\"",
            "needs none",
        ),
        (
            "normalisation = \"BAKED\"",
            "normalisation = \"MEAN_STD\"\nstatistics = \"absent.safetensors\"",
            "absent.safetensors",
        ),
        (
            "normalisation = \"BAKED\"",
            "normalisation = \"MEAN_STD\"\nstatistics = \"golden.safetensors\"",
            "observation.state.mean",
        ),
        (
            "normalisation = \"BAKED\"",
            "normalisation = \"MEAN_STD\"\nstatistics = { mean = [0.0], std = [1.0] }",
            "1 numbers",
        ),
        (
            "normalisation = \"BAKED\"",
            "normalisation = \"MEAN_STD\"\nstatistics = { mean = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0] }",
            "lack `std`",
        ),
        (
            "normalisation = \"BAKED\"",
            "normalisation = \"MIN_MAX\"\nstatistics = { min = [nan, 0.0, 0.0, 0.0, 0.0, 0.0], max = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0] }",
            "NaN",
        ),
        ("chunk_size = 20", "chunk_size = 50", "[1, 20, 6]"),
        ("chunk_size = 20", "chunk_size = 0", "chunk_size is 0"),
        ("chunk_size = 20", "chunk_size = 1000000000000", "1024"),
        (
            "n_action_steps = 10",
            "n_action_steps = 21",
            "n_action_steps is 21",
        ),
        (
            "n_action_steps = 10",
            "n_action_steps = 10\nn_obs_steps = 2",
            "[1, 2, 6]",
        ),
        (
            "n_action_steps = 10",
            "n_action_steps = 10\ntemporal_ensemble_coeff = 0.01",
            "n_action_steps = 1",
        ),
        (
            "n_action_steps = 10",
            "n_action_steps = 1\ntemporal_ensemble_coeff = inf",
            "temporal_ensemble_coeff",
        ),
        ("tolerance = 1e-4", "tolerance = 0.0", "tolerance"),
        ("tolerance = 1e-4", "tolerance = nan", "tolerance"),
        (
            "file = \"golden.safetensors\"",
            "file = \"statistics.safetensors\"",
            "lacks `observation.state`",
        ),
        (
            "file = \"golden.safetensors\"",
            "file = \"act.onnx\"",
            "safetensors",
        ),
    ];
    for (from, to, word) in cases {
        let text = if from.is_empty() {
            String::new()
        } else {
            good.replacen(from, to, 1)
        };
        assert_ne!(text, good, "`{from}` is not in the good one");
        let error = opened(&fixtures, &text).unwrap_err().to_string();
        assert!(error.contains(word), "{to}: {error}");
    }
}

#[test]
fn a_missing_folder_and_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none"), folder.path().to_owned()] {
        let error = Bundle::open(&path).unwrap_err().to_string();
        assert!(error.contains("policy.toml"), "{error}");
    }
}

#[test]
fn a_golden_pair_of_other_shapes_or_with_nan_is_refused() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let (state, image, action) = (vec![0.0; 6], vec![0.5; 3 * 96 * 96], vec![0.0; 120]);
    let nan = vec![f32::NAN; 120];
    let front = "observation.images.front";
    let key = "observation.state";
    let good: [(&str, &[usize], &[f32]); 3] = [
        (key, &[6], &state),
        (front, &[3, 96, 96], &image),
        ("action", &[20, 6], &action),
    ];
    let with = |place: usize, tensor: (&'static str, &'static [usize], &[f32])| {
        let folder = tempfile::tempdir().unwrap();
        common::make_bundle(&fixtures, folder.path(), true, 0);
        let mut tensors = good;
        tensors[place] = (tensor.0, tensor.1, tensor.2);
        write_tensors(&folder.path().join("golden.safetensors"), &tensors);
        Bundle::open(folder.path()).map_err(|error| error.to_string())
    };
    assert!(with(0, (key, &[1, 6], &state)).is_ok());
    assert!(
        with(0, (key, &[2, 3], &state))
            .unwrap_err()
            .contains("[2, 3]")
    );
    assert!(
        with(1, (front, &[96, 96, 3], &image))
            .unwrap_err()
            .contains("[96, 96, 3]")
    );
    assert!(
        with(2, ("action", &[6, 20], &action))
            .unwrap_err()
            .contains("[20, 6]")
    );
    assert!(
        with(2, ("action", &[20, 6], &nan))
            .unwrap_err()
            .contains("NaN")
    );
    assert!(
        with(2, ("actions", &[20, 6], &action))
            .unwrap_err()
            .contains("lacks `action`")
    );
}

#[test]
fn a_network_that_is_cut_short_is_refused() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    common::make_bundle(&fixtures, folder.path(), true, 0);
    let path = folder.path().join("act.onnx");
    let bytes = fs::read(&path).unwrap();
    for keep in [0, 1, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..keep]).unwrap();
        let error = Bundle::open(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("act.onnx") && error.contains("cut short"),
            "{keep}: {error}"
        );
    }
}

proptest! {
    /// Without any file next to it: nothing is found that would be opened.
    #[test]
    fn any_text_is_no_panic(text in "[a-z_\\[\\]={}\",.0-9\n ]{0,200}") {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("policy.toml"), text).unwrap();
        prop_assert!(Bundle::open(folder.path()).is_err());
    }

    #[test]
    fn a_changed_letter_is_no_panic(at in any::<prop::sample::Index>(), to in "[a-z\\[\\]={}\",.0-9\n -]") {
        let mut text = [HEAD, STATE_RAW, MEAN_STD, IMAGE_RAW, BAKED, ACTION_RAW, BAKED, CHUNK, GOLDEN].concat();
        let at = at.index(text.len());
        text.replace_range(at..=at, &to);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("policy.toml"), text).unwrap();
        prop_assert!(Bundle::open(folder.path()).is_err());
    }
}
