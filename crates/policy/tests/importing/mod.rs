//! The same checks of imported policies for either engine: one process has only one.

use std::num::NonZeroUsize;
use std::path::Path;

use ulna_core::{Joints, Unit};
use ulna_policy::bundle::{GoldenImage, Seen};
use ulna_policy::import::{Checkpoint, Identity, ImportReport};
use ulna_policy::{Bundle, Engine, PolicyError, prepare};

use super::common::Tensors;

/// Robot units.
const TOLERANCE: f64 = 1e-4;

pub(crate) fn identity() -> Identity {
    let joints = [
        "shoulder_pan",
        "shoulder_lift",
        "elbow_flex",
        "wrist_flex",
        "wrist_roll",
        "gripper",
    ];
    Identity {
        name: "imported".to_owned(),
        robot_types: vec!["so_follower".to_owned()],
        joints: joints.map(str::to_owned).to_vec(),
        unit: Unit::Degrees,
        fps: 30.0,
    }
}

pub(crate) fn import(
    checkpoint: &Path,
    output: &Path,
    engine: &Engine,
) -> Result<ImportReport, PolicyError> {
    let checkpoint = Checkpoint::open(checkpoint, &[])?;
    checkpoint.import(output, &identity(), engine, NonZeroUsize::MIN)
}

fn farthest(given: &[Joints<f64>], wanted: &[f32]) -> f64 {
    let given = given.iter().flat_map(|knot| knot.iter());
    let pairs = given.zip(wanted);
    pairs
        .map(|(given, wanted)| (given - f64::from(*wanted)).abs())
        .fold(0.0, f64::max)
}

/// The tiny ACT policy: from robot units to robot units as in LeRobot.
pub(crate) fn act(fixtures: &Path, engine: &Engine) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("bundle");
    let report = import(&fixtures.join("act_tiny"), &output, engine).unwrap();
    assert_eq!(report.policy, "act");
    let bundle = Bundle::open(&output).unwrap();
    let (mut policy, checked) = prepare(&bundle, engine, NonZeroUsize::MIN, None).unwrap();
    assert!(checked.golden_difference < 1e-9, "made by the same engine");
    let reference = Tensors::read(&fixtures.join("act_tiny.reference.safetensors"));
    for pair in 0..2 {
        let seen = Seen {
            state: reference.part("raw_state", pair).to_vec(),
            environment_state: Vec::new(),
            images: vec![GoldenImage::Planes(
                reference.part("raw_image", pair).to_vec(),
            )],
        };
        let answer = policy.answer(&[seen]).unwrap();
        let farthest = farthest(&answer, reference.part("raw_actions", pair));
        eprintln!("{}: ACT {farthest:e} from PyTorch", engine.info());
        assert!(answer.len() == 20 && farthest <= TOLERANCE, "{farthest:e}");
    }
}

/// The tiny Diffusion policy: two observations, ten steps of DDIM from noise that is given.
pub(crate) fn diffusion(fixtures: &Path, engine: &Engine) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("bundle");
    import(&fixtures.join("diffusion_tiny"), &output, engine).unwrap();
    let bundle = Bundle::open(&output).unwrap();
    let (mut policy, _) = prepare(&bundle, engine, NonZeroUsize::MIN, None).unwrap();
    let reference = Tensors::read(&fixtures.join("diffusion_tiny.reference.safetensors"));
    let seen = (0..2).map(|moment| Seen {
        state: reference.part("raw_state", moment).to_vec(),
        environment_state: Vec::new(),
        images: vec![GoldenImage::Planes(
            reference.part("raw_image", moment).to_vec(),
        )],
    });
    let seen: Vec<Seen> = seen.collect();
    let noise = reference.all("noise").to_vec();
    let answer = policy.answer_from(&seen, noise).unwrap();
    let wanted = reference.all("raw_actions");
    let farthest = farthest(&answer[..8], wanted);
    eprintln!("{}: Diffusion {farthest:e} from PyTorch", engine.info());
    assert!(farthest <= TOLERANCE, "{farthest:e}");
    assert_eq!(answer.len(), 15, "all steps from now on");
}
