//! Imported checkpoints on tract give what they gave in PyTorch, and what is no sound checkpoint is refused in words.
#![cfg(feature = "tract")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
mod importing;

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{TensorView, serialize_to_file};
use ulna_policy::{Bundle, Engine, EngineChoice, Provider, prepare};

fn engine() -> Engine {
    Engine::open(EngineChoice::Tract).unwrap()
}

#[test]
fn act() {
    if let Some(fixtures) = common::fixtures() {
        importing::act(&fixtures, &engine());
    }
}

#[test]
fn diffusion() {
    if let Some(fixtures) = common::fixtures() {
        importing::diffusion(&fixtures, &engine());
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Replaces the first occurrence of some text in a file.
fn edit(dir: &Path, file: &str, from: &str, to: &str) {
    let path = dir.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} lacks {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Changes some bytes of a file into as many others.
fn patch(dir: &Path, file: &str, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let path = dir.join(file);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes());
    let at = at.unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    fs::write(path, bytes).unwrap();
}

type Spoil = fn(&Path);

/// What is wrong, and words of the answer.
const CASES: &[(&str, Spoil, &[&str])] = &[
    (
        "chunk",
        |d| edit(d, "config.json", "\"chunk_size\": 20", "\"chunk_size\": 21"),
        &["decoder_pos_embed", "[20, 64]", "[21, 64]"],
    ),
    (
        "width",
        |d| edit(d, "config.json", "\"dim_model\": 64", "\"dim_model\": 32"),
        &["[32"],
    ),
    (
        "heads",
        |d| edit(d, "config.json", "\"n_heads\": 4", "\"n_heads\": 5"),
        &["n_heads"],
    ),
    (
        "more layers",
        |d| {
            edit(
                d,
                "config.json",
                "\"n_decoder_layers\": 2",
                "\"n_decoder_layers\": 3",
            );
        },
        &["decoder.layers.2", "missing"],
    ),
    (
        "fewer layers",
        |d| {
            edit(
                d,
                "config.json",
                "\"n_encoder_layers\": 2",
                "\"n_encoder_layers\": 1",
            );
        },
        &["encoder.layers.1", "config.json"],
    ),
    (
        "no vae",
        |d| edit(d, "config.json", "\"use_vae\": true", "\"use_vae\": false"),
        &["vae_encoder"],
    ),
    (
        "joints",
        |d| {
            edit(
                d,
                "config.json",
                "\"type\": \"ACTION\",\n            \"shape\": [\n                6",
                "\"type\": \"ACTION\",\n            \"shape\": [\n                7",
            );
        },
        &["7"],
    ),
    (
        "blocks",
        |d| edit(d, "config.json", "resnet_tiny", "resnet34"),
        &["resnet34", "blocks"],
    ),
    (
        "policy",
        |d| {
            edit(
                d,
                "config.json",
                "\"type\": \"act\"",
                "\"type\": \"smolvla\"",
            );
        },
        &["SmolVLA", "tokenizer"],
    ),
    (
        "unknown policy",
        |d| edit(d, "config.json", "\"type\": \"act\"", "\"type\": \"magic\""),
        &["`magic`", "ACT"],
    ),
    (
        "unknown field",
        |d| edit(d, "config.json", "\"use_vae\"", "\"swish\": 3, \"use_vae\""),
        &["swish", "--ignore swish"],
    ),
    (
        "no json",
        |d| fs::write(d.join("config.json"), "{").unwrap(),
        &["config.json", "no JSON"],
    ),
    (
        "no config",
        |d| fs::remove_file(d.join("config.json")).unwrap(),
        &["config.json", "pretrained_model"],
    ),
    (
        "no weights",
        |d| fs::remove_file(d.join("model.safetensors")).unwrap(),
        &["model.safetensors", "copy"],
    ),
    (
        "pickle",
        |d| fs::rename(d.join("model.safetensors"), d.join("pytorch_model.bin")).unwrap(),
        &["pytorch_model.bin", "pickle", "save_pretrained"],
    ),
    (
        "pointer",
        |d| {
            fs::write(
                d.join("model.safetensors"),
                "version https://git-lfs.github.com/spec/v1\n",
            )
            .unwrap();
        },
        &["Git LFS", "git lfs pull"],
    ),
    (
        "empty",
        |d| fs::write(d.join("model.safetensors"), "").unwrap(),
        &["0 bytes"],
    ),
    (
        "cut short",
        |d| {
            let path = d.join("model.safetensors");
            let bytes = fs::read(&path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        },
        &["cut short"],
    ),
    (
        "huge tensor",
        |d| {
            patch(
                d,
                "model.safetensors",
                "\"shape\":[64,6]",
                "\"shape\":[9e99]",
            );
        },
        &["model.safetensors"],
    ),
    (
        "not a number",
        |d| {
            let path = d.join("model.safetensors");
            let mut bytes = fs::read(&path).unwrap();
            let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            bytes[8 + header..8 + header + 4].copy_from_slice(&f32::NAN.to_le_bytes());
            fs::write(path, bytes).unwrap();
        },
        &["NaN"],
    ),
    (
        "no processors",
        |d| {
            fs::remove_file(d.join("policy_preprocessor.json")).unwrap();
            fs::remove_file(d.join("policy_postprocessor.json")).unwrap();
        },
        &[
            "policy_preprocessor.json",
            "policy_postprocessor.json",
            "statistics",
        ],
    ),
    (
        "no postprocessor",
        |d| fs::remove_file(d.join("policy_postprocessor.json")).unwrap(),
        &["policy_postprocessor.json"],
    ),
    (
        "no statistics",
        |d| {
            fs::remove_file(d.join("policy_preprocessor_step_3_normalizer_processor.safetensors"))
                .unwrap();
        },
        &["policy_preprocessor.json", "step_3"],
    ),
    (
        "statistics elsewhere",
        |d| {
            edit(
                d,
                "policy_preprocessor.json",
                "\"policy_preprocessor_step_3",
                "\"../policy_preprocessor_step_3",
            );
        },
        &["inside its folder"],
    ),
    (
        "unknown step",
        |d| {
            edit(
                d,
                "policy_preprocessor.json",
                "to_batch_processor",
                "tokenizer_processor",
            );
        },
        &["tokenizer_processor", "tokenizer"],
    ),
    (
        "code",
        |d| {
            edit(
                d,
                "policy_preprocessor.json",
                "\"registry_name\": \"to_batch_processor\"",
                "\"class\": \"my.Step\"",
            );
        },
        &["my.Step"],
    ),
    (
        "unknown mode",
        |d| {
            edit(
                d,
                "policy_preprocessor.json",
                "\"STATE\": \"MEAN_STD\"",
                "\"STATE\": \"Z_SCORE\"",
            );
        },
        &["Z_SCORE", "MEAN_STD"],
    ),
    (
        "negative deviation",
        |d| {
            let file = "policy_preprocessor_step_3_normalizer_processor.safetensors";
            let path = d.join(file);
            let bytes = fs::read(&path).unwrap();
            let file = SafeTensors::deserialize(&bytes).unwrap();
            let tensors = file.tensors().into_iter().map(|(name, tensor)| {
                let mut data = tensor.data().to_vec();
                if name == "observation.state.std" {
                    data[..4].copy_from_slice(&(-1f32).to_le_bytes());
                }
                (name, tensor.dtype(), tensor.shape().to_vec(), data)
            });
            let tensors: Vec<_> = tensors.collect();
            let views = tensors.iter().map(|(name, dtype, shape, data)| {
                (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
            });
            serialize_to_file(views, None, &path).unwrap();
        },
        &[
            "checkpoint` cannot be imported",
            "observation.state.std",
            "not negative",
        ],
    ),
    (
        "absent statistic",
        |d| {
            patch(
                d,
                "policy_preprocessor_step_3_normalizer_processor.safetensors",
                "observation.state.std",
                "observation.state.sxd",
            );
        },
        &["observation.state.std"],
    ),
];

#[test]
fn what_is_no_sound_checkpoint_is_refused_in_words_and_leaves_nothing() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let engine = engine();
    for (what, spoil, words) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = folder.path().join("checkpoint");
        copy(&fixtures.join("act_tiny"), &checkpoint);
        spoil(&checkpoint);
        let output = folder.path().join("bundle");
        let outcome = importing::import(&checkpoint, &output, &engine);
        let Err(error) = outcome else {
            panic!("{what}: it was imported");
        };
        let error = error.to_string();
        for word in *words {
            assert!(error.contains(word), "{what}: {error}");
        }
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "{what}: something is left beside the checkpoint");
    }
}

#[test]
fn nothing_is_replaced_and_training_folders_are_understood() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let engine = engine();
    let folder = tempfile::tempdir().unwrap();
    let step = folder.path().join("run/checkpoints/last");
    fs::create_dir_all(&step).unwrap();
    copy(&fixtures.join("act_tiny"), &step.join("pretrained_model"));
    let output = folder.path().join("bundle");
    importing::import(&folder.path().join("run"), &output, &engine).unwrap();
    let before = fs::read(output.join("policy.toml")).unwrap();
    let error = importing::import(&step, &output, &engine).unwrap_err();
    assert!(error.to_string().contains("replaces nothing"), "{error}");
    assert_eq!(fs::read(output.join("policy.toml")).unwrap(), before);
    let again = folder.path().join("again");
    importing::import(&step, &again, &engine).unwrap();
    for file in [
        "policy.toml",
        "policy.onnx",
        "golden.safetensors",
        "statistics.safetensors",
    ] {
        assert_eq!(
            fs::read(output.join(file)).unwrap(),
            fs::read(again.join(file)).unwrap(),
            "{file} depends on the checkpoint alone"
        );
    }
}

#[test]
fn a_provider_that_is_not_there_is_an_error_and_no_silent_change() {
    let error = engine()
        .with_provider(Provider::Cuda)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`cuda`") && error.contains("--provider cpu"),
        "{error}"
    );
    let same = engine().with_provider(Provider::Cpu).unwrap();
    assert_eq!(same.info().provider, Provider::Cpu);
}

/// An engine that is farther from the golden pair than 1e-4 is not the one that the bundle was made for.
#[test]
fn a_golden_answer_that_is_missed_by_more_than_the_tolerance_is_refused() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let engine = engine();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("bundle");
    importing::import(&fixtures.join("act_tiny"), &output, &engine).unwrap();
    let path = output.join("golden.safetensors");
    let check = |off: f32| {
        let bytes = fs::read(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file.tensors().into_iter().map(|(name, tensor)| {
            let mut data = tensor.data().to_vec();
            if name == "action" {
                let last = data.len() - 4;
                let value = f32::from_le_bytes(data[last..].try_into().unwrap()) + off;
                data[last..].copy_from_slice(&value.to_le_bytes());
            }
            (name, tensor.dtype(), tensor.shape().to_vec(), data)
        });
        let tensors: Vec<_> = tensors.collect();
        let views = tensors.iter().map(|(name, dtype, shape, data)| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        serialize_to_file(views, None, &path).unwrap();
        let bundle = Bundle::open(&output).unwrap();
        prepare(&bundle, &engine, NonZeroUsize::MIN, None).map(|(_, report)| report)
    };
    let report = check(6e-5).unwrap();
    assert_eq!(report.golden_tolerance, 1e-4);
    assert!(report.golden_difference > 3e-5, "{report:?}");
    let error = check(1.5e-4).unwrap_err().to_string();
    assert!(error.contains("misses its golden output"), "{error}");
}
