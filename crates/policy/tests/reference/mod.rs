//! The same checks for either engine: one process has only one.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::Tensor;
use ulna_core::{ActionSource, Joints, Stamp, State};
use ulna_policy::bundle::{GoldenImage, Seen};
use ulna_policy::runner::runner_with;
use ulna_policy::{
    Bundle, Engine, Observation, Policy, PolicyError, Predict, RunnerOptions, prepare,
};
use ulna_rt::{Machine, Next};

use super::common::{Tensors, make_bundle};

/// Robot units. As either engine is no further from the reference, they are within 1e-4 of each other.
const TOLERANCE: f64 = 5e-5;

fn bundle(fixtures: &Path, baked: bool, pair: usize) -> Bundle {
    let folder = tempfile::tempdir().unwrap();
    make_bundle(fixtures, folder.path(), baked, pair);
    // The network is read again when it is loaded, so the folder stays.
    Bundle::open(&folder.keep()).unwrap()
}

fn drop_folder(bundle: &Bundle) {
    std::fs::remove_dir_all(bundle.dir()).unwrap();
}

/// Golden outputs, normalised outside and inside of the network.
pub(crate) fn golden_outputs(fixtures: &Path, engine: &Engine) {
    for (baked, pair) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        let bundle = bundle(fixtures, baked, pair);
        let (_, report) = prepare(&bundle, engine, NonZeroUsize::MIN, None).unwrap();
        eprintln!("{}: {:e}", report.engine, report.golden_difference);
        assert!(report.golden_difference <= TOLERANCE);
        drop_folder(&bundle);
    }
}

/// The tiny policy, shown the reference's pictures (which are no bytes) in place of a camera's.
#[derive(Debug)]
struct Shown {
    policy: Policy,
    pictures: Vec<Vec<f32>>,
}

impl Predict for Shown {
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        let picture = self.pictures.remove(0);
        self.policy.answer(&[Seen {
            state: history[0].state.iter().map(|value| *value as f32).collect(),
            environment_state: Vec::new(),
            images: vec![GoldenImage::Planes(picture)],
        }])
    }
}

/// LeRobot's `select_action` over 25 steps: the whole runner in lockstep, without latency, read at each step.
pub(crate) fn the_action_queue(fixtures: &Path, engine: &Engine) {
    let reference = Tensors::read(&fixtures.join("act_tiny.reference.safetensors"));
    let bundle = bundle(fixtures, false, 0);
    let (policy, _) = prepare(&bundle, engine, NonZeroUsize::MIN, None).unwrap();
    drop_folder(&bundle);
    let (contract, chunks) = (policy.contract().clone(), *policy.chunks());
    let index = reference.all("queue_image_index").iter();
    let pictures = index.map(|index| reference.part("raw_image", *index as usize).to_vec());
    let shown = Shown {
        policy,
        pictures: pictures.collect(),
    };
    let options = RunnerOptions::default();
    let mut parts = runner_with(Box::new(shown), &contract, chunks, Vec::new(), options);
    let mut worst = 0.0f64;
    for step in 0..25 {
        let now = Duration::from_secs_f64(step as f64 / 30.0);
        let state = reference.part("queue_state", step / 10);
        parts.observations.push(&State {
            stamp: Stamp::new(now),
            position: Joints::from_fn(6, |joint| f64::from(state[joint])),
            measured: Joints::filled(6, Stamp::new(now)),
        });
        while parts.inference.step(now) == Next::At(now) {}
        let action = parts.source.action(Stamp::new(now)).unwrap();
        assert_eq!(action.stamp, Stamp::new(now));
        let wanted = reference.part("queue_actions", step);
        for (given, wanted) in action.target.iter().zip(wanted) {
            worst = worst.max((given - f64::from(*wanted)).abs());
        }
    }
    eprintln!("the queue: {worst:e}");
    assert!(worst <= TOLERANCE);
    assert_eq!(parts.inference.report().inferences, 3);
    assert_eq!(parts.source.report().played, 25);
}

/// What a network answers to nonsense does not reach the arm.
pub(crate) fn nonsense_is_refused(fixtures: &Path, engine: &Engine) {
    let bundle = bundle(fixtures, false, 0);
    let (mut policy, _) = prepare(&bundle, engine, NonZeroUsize::MIN, None).unwrap();
    let mut seen = bundle.golden().seen.clone();
    seen[0].state[2] = f32::NAN;
    let error = policy.answer(&seen).unwrap_err();
    assert!(matches!(error, PolicyError::NotFinite { .. }), "{error}");
    assert!(error.to_string().contains("the arm holds"), "{error}");
    drop_folder(&bundle);
}

/// A batch size that the file leaves open is bound to one.
pub(crate) fn an_open_batch_is_one(fixtures: &Path, engine: &Engine) {
    let bundle = bundle(fixtures, true, 0);
    let path = bundle.dir().join("act.onnx");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() - 400;
    // A dimension of 1, at the head of each shape, becomes one that is known only by a name of no letters.
    let mut opened = 0;
    for at in end..bytes.len() - 4 {
        if bytes[at..].starts_with(&[0x0a, 2, 8, 1, 0x0a, 2, 8]) {
            bytes[at + 2..at + 4].copy_from_slice(&[0x12, 0]);
            opened += 1;
        }
    }
    assert_eq!(opened, 3);
    std::fs::write(&path, bytes).unwrap();
    let reopened = Bundle::open(bundle.dir()).unwrap();
    let (_, report) = prepare(&reopened, engine, NonZeroUsize::MIN, None).unwrap();
    assert!(report.golden_difference <= TOLERANCE);
    drop_folder(&bundle);
}

fn session(engine: &Engine, path: &Path) -> Session {
    Session::builder(engine.environment())
        .unwrap()
        .with_optimization_level(GraphOptimizationLevel::All)
        .unwrap()
        .commit_from_file(path)
        .unwrap()
}

fn floats(shape: &[usize], values: &[f32]) -> SessionInputValue<'static> {
    let tensor = Tensor::from_array((shape.to_vec(), values.to_vec()));
    tensor.unwrap().into()
}

/// Runs a network and compares its one output, in normalised units.
fn compare(session: &mut Session, inputs: Vec<(&str, SessionInputValue<'_>)>, wanted: &[f32]) {
    let outputs = session.run(inputs).unwrap();
    let (_, given) = outputs[0].try_extract_tensor::<f32>().unwrap();
    assert_eq!(given.len(), wanted.len());
    for (given, wanted) in given.iter().zip(wanted) {
        assert!((given - wanted).abs() < 1e-5, "{given} for {wanted}");
    }
}

/// The two networks of the tiny Diffusion policy, at each of its ten steps of denoising.
pub(crate) fn diffusion_networks(fixtures: &Path, engine: &Engine) {
    let reference = Tensors::read(&fixtures.join("diffusion_tiny.reference.safetensors"));
    let mut encoder = session(engine, &fixtures.join("diffusion_tiny_cond.legacy.onnx"));
    let state = floats(&[1, 2, 6], reference.all("norm_state"));
    let images = floats(&[1, 2, 1, 3, 96, 96], reference.all("norm_images"));
    let inputs = vec![("observation_state", state), ("observation_images", images)];
    compare(&mut encoder, inputs, reference.all("cond"));
    let mut denoiser = session(engine, &fixtures.join("diffusion_tiny_unet.legacy.onnx"));
    for (step, timestep) in reference.all("timesteps").iter().enumerate() {
        let timestep = Tensor::from_array((vec![1usize], vec![*timestep as i64])).unwrap();
        let inputs = vec![
            (
                "sample",
                floats(&[1, 16, 6], reference.part("trajectory", step)),
            ),
            ("timestep", timestep.into()),
            ("cond", floats(&[1, 44], reference.all("cond"))),
        ];
        compare(&mut denoiser, inputs, reference.part("eps", step));
    }
}

/// Bundles as the world writes them: each is accepted, or refused with a word about the cause.
pub(crate) fn cases(fixtures: &Path, engine: &Engine) {
    let refused = [
        ("golden-nan", "NaN"),
        ("golden-wrong", "misses its golden output"),
        ("half", "float16"),
        // LeRobot divides by 1e-8 there, so its own answer to this input means nothing.
        ("std-zero", "joint `wrist_roll` of `observation.state`"),
    ];
    let mut seen = 0;
    for entry in std::fs::read_dir(fixtures.join("../cases/policies")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let checked = Bundle::open(&folder)
            .and_then(|bundle| prepare(&bundle, engine, NonZeroUsize::MIN, None));
        let expected = refused.iter().find(|(case, _)| *case == name);
        match (checked.map_err(|error| error.to_string()), expected) {
            (Ok((_, report)), None) => assert!(report.golden_difference < 1e-4, "{name}"),
            (Err(error), Some((_, word))) => assert!(error.contains(word), "{name}: {error}"),
            (Ok(_), Some(_)) => panic!("{name} is accepted"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
        seen += 1;
    }
    assert!(seen >= 15, "{seen} cases");
}
