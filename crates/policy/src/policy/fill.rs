//! From an observation to the numbers that a network takes.

use ulna_core::Frame;

use crate::contract::{Input, InputKind};
use crate::observation::Observation;
use crate::picture;

/// Adds what `observation` has for this input to `values`.
pub(super) fn fill(
    input: &Input,
    values: &mut Vec<f32>,
    observation: &Observation,
    camera: usize,
) -> Result<(), String> {
    let short = |wanted: usize, have: usize| {
        format!(
            "`{}` has {have} numbers, and {wanted} are needed",
            input.key
        )
    };
    match input.kind {
        InputKind::State(len) => {
            if observation.state.len() != len {
                return Err(short(len, observation.state.len()));
            }
            values.extend(observation.state.iter().map(|value| single(*value)));
        }
        InputKind::EnvironmentState(len) => {
            if observation.environment_state.len() != len {
                return Err(short(len, observation.environment_state.len()));
            }
            values.extend(&observation.environment_state);
        }
        InputKind::Image {
            width,
            height,
            resize,
        } => {
            let frame = observation.images.get(camera);
            let frame = frame.ok_or_else(|| format!("there is no picture for `{}`", input.key))?;
            fill_picture(&input.key, frame, (width, height), resize, values)?;
        }
    }
    Ok(())
}

fn fill_picture(
    key: &str,
    frame: &Frame,
    (width, height): (usize, usize),
    resize: bool,
    values: &mut Vec<f32>,
) -> Result<(), String> {
    let size = (frame.width as usize, frame.height as usize);
    if size.0 == 0 || size.1 == 0 || frame.pixels.len() != size.0 * size.1 * 3 {
        return Err(format!("the picture for `{key}` is not whole"));
    }
    if size == (width, height) {
        picture::planes(&frame.pixels, values);
    } else if resize {
        picture::planes(&picture::resize(frame, width, height), values);
    } else {
        return Err(format!(
            "the picture for `{key}` has {}x{} pixels, and {width}x{height} are needed",
            size.0, size.1
        ));
    }
    Ok(())
}

/// Networks compute in single precision.
#[allow(clippy::cast_possible_truncation)]
fn single(value: f64) -> f32 {
    value as f32
}
