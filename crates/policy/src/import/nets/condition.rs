//! What Diffusion Policy makes of observations: one vector for all of them, which conditions every step of denoising.

use super::super::config::Features;
use super::super::graph::{Convolution, Graph, Step, Value};
use super::super::weights::Weights;
use super::resize;
use super::resnet::{Backbone, Naming, Wanted};
use super::{Building, Linear};

/// How Diffusion looks at observations, by LeRobot's names.
#[derive(Debug, Clone)]
pub(in crate::import) struct Looking {
    pub(in crate::import) n_obs_steps: usize,
    pub(in crate::import) vision_backbone: String,
    pub(in crate::import) resize_shape: Option<[usize; 2]>,
    pub(in crate::import) crop_shape: Option<[usize; 2]>,
    pub(in crate::import) use_group_norm: bool,
    pub(in crate::import) keypoints: usize,
    pub(in crate::import) separate_encoders: bool,
}

/// The network from normalised observations to the condition: an input for each feature by its key, with `n_obs_steps` as its first
/// dimension after the batch where it is more than one; the output `condition` [1, length]. All weights' names begin with `prefix`. Returns the length, too.
///
/// # Errors
/// If the weights are not those that the config implies.
pub(in crate::import) fn build(
    config: &Looking,
    prefix: &str,
    features: &Features,
    weights: &mut Weights,
) -> Result<(Graph, usize), String> {
    let mut building = Building::new("diffusion_encoder", weights);
    let steps = config.n_obs_steps;
    let mut parts = Vec::new();
    if let Some(state) = &features.state {
        parts.push(building.observed(&state.key, steps, &[state.len])?);
    }
    let mut shared = None;
    for (camera, image) in features.images.iter().enumerate() {
        let x = building.observed(&image.key, steps, &[3, image.height, image.width])?;
        let encoder = match config.separate_encoders {
            true => format!("{prefix}rgb_encoder.{camera}."),
            false => format!("{prefix}rgb_encoder."),
        };
        let x = building.fit(config, &x)?;
        let mut encoder = match shared.take() {
            Some(encoder) if !config.separate_encoders => encoder,
            _ => building.encoder(&encoder, config)?,
        };
        parts.push(building.encode(&mut encoder, config, &x)?);
        shared = Some(encoder);
    }
    if let Some(environment) = &features.environment {
        parts.push(building.observed(&environment.key, steps, &[environment.len])?);
    }
    let condition = building.graph.concat(&parts, 1)?;
    let length = condition.shape.iter().product();
    let condition = building.graph.reshape(&condition, &[1, length])?;
    building.graph.output("condition", &condition);
    Ok((building.graph, length))
}

/// What turns a picture into key points.
#[derive(Debug)]
struct Encoder {
    prefix: String,
    backbone: Backbone,
    out: Linear,
    points: Option<Points>,
}

/// The part that depends on the size of the feature map.
#[derive(Debug)]
struct Points {
    weight: Value,
    bias: Value,
    grid: Value,
}

impl Building<'_> {
    /// An input with all steps of observation as its batch.
    fn observed(&mut self, key: &str, steps: usize, shape: &[usize]) -> Step {
        let history: &[usize] = if steps > 1 { &[1, steps] } else { &[1] };
        let x = self.graph.input(key, &[history, shape].concat());
        match steps {
            1 => Ok(x),
            _ => self.graph.reshape(&x, &[&[steps], shape].concat()),
        }
    }

    /// Resizes and crops the pictures as the config says.
    fn fit(&mut self, config: &Looking, x: &Value) -> Step {
        let mut x = x.clone();
        let &[_, _, height, width] = x.shape.as_slice() else {
            return Err("a picture has three dimensions".to_owned());
        };
        if let Some([to_height, to_width]) = config.resize_shape
            && (to_height, to_width) != (height, width)
        {
            let across = resize::matrix(width, to_width);
            // Columns first: x [.., height, width] times [width, to_width].
            let mut turned = vec![0.0; across.len()];
            for (index, value) in across.iter().enumerate() {
                turned[index % width * to_width + index / width] = *value;
            }
            let across = self.graph.stored("across", &[width, to_width], turned)?;
            let down = resize::matrix(height, to_height);
            let down = self.graph.stored("down", &[to_height, height], down)?;
            x = self.graph.matmul(&x, &across)?;
            x = self.graph.matmul(&down, &x)?;
        }
        if let Some([to_height, to_width]) = config.crop_shape {
            let (height, width) = (x.shape[2], x.shape[3]);
            if to_height > height || to_width > width {
                return Err(format!(
                    "config.json says crop_shape [{to_height}, {to_width}], and the pictures have {width}x{height} pixels"
                ));
            }
            for (axis, (from, to)) in [(2, (height, to_height)), (3, (width, to_width))] {
                if from > to {
                    let start = half_to_even(from - to);
                    x = self.graph.slice(&x, axis, start, start + to)?;
                }
            }
        }
        Ok(x)
    }

    fn encoder(&mut self, prefix: &str, config: &Looking) -> Result<Encoder, String> {
        let wanted = Wanted {
            name: &config.vision_backbone,
            group_norm: config.use_group_norm,
            dilated: false,
        };
        let backbone = self.backbone(&format!("{prefix}backbone."), Naming::Sequential, &wanted)?;
        let length = 2 * config.keypoints;
        Ok(Encoder {
            prefix: prefix.to_owned(),
            backbone,
            out: self.linear(&format!("{prefix}out"), length, length)?,
            points: None,
        })
    }

    /// Pictures [steps, 3, height, width] become [steps, 2 key points].
    fn encode(&mut self, encoder: &mut Encoder, config: &Looking, x: &Value) -> Step {
        let map = self.features(&encoder.backbone, x)?;
        let &[steps, channels, height, width] = map.shape.as_slice() else {
            return Err("a feature map has four dimensions".to_owned());
        };
        let points = match encoder.points.take() {
            Some(points) => points,
            None => {
                let name = format!("{}pool", encoder.prefix);
                let nets = format!("{name}.nets");
                let shape = [config.keypoints, channels, 1, 1];
                Points {
                    weight: self.weight(&format!("{nets}.weight"), &shape)?,
                    bias: self.weight(&format!("{nets}.bias"), &[config.keypoints])?,
                    grid: self.weight(&format!("{name}.pos_grid"), &[height * width, 2])?,
                }
            }
        };
        let how = Convolution::new(1, 0);
        let x = self
            .graph
            .convolve(&map, &points.weight, Some(&points.bias), how)?;
        let rows = steps * config.keypoints;
        let x = self.graph.reshape(&x, &[rows, height * width])?;
        let attention = self.graph.softmax(&x)?;
        let points_xy = self.graph.matmul(&attention, &points.grid)?;
        encoder.points = Some(points);
        let flat = self
            .graph
            .reshape(&points_xy, &[steps, 2 * config.keypoints])?;
        let x = self.apply(&encoder.out, &flat)?;
        self.graph.relu(&x)
    }
}

/// Half of it, as Python's `round` has it: a half goes to the even number.
fn half_to_even(value: usize) -> usize {
    let half = value / 2;
    half + value % 2 * (half % 2)
}

#[cfg(test)]
mod tests {
    use super::half_to_even;

    #[test]
    fn halves_are_rounded_as_python_does() {
        let halves: Vec<usize> = (0..8).map(half_to_even).collect();
        assert_eq!(halves, [0, 0, 1, 2, 2, 2, 3, 4]);
    }
}
