//! The network that denoises: a U-Net over the steps of a chunk. Each of its blocks is given the condition and the step of denoising (FiLM).

use super::super::graph::{Convolution, Graph, Step, Value};
use super::super::weights::Weights;
use super::{Affine, Building, EPS};

/// Its dimensions, by LeRobot's names.
#[derive(Debug, Clone)]
pub(in crate::import) struct UNet {
    pub(in crate::import) horizon: usize,
    pub(in crate::import) down_dims: Vec<usize>,
    pub(in crate::import) kernel_size: usize,
    pub(in crate::import) n_groups: usize,
    pub(in crate::import) step_embed_dim: usize,
    pub(in crate::import) film_scale: bool,
}

/// The network from a noisy chunk to what the scheduler needs of it: the inputs `sample` [1, horizon, joints], `timestep` [1, 1] and
/// `condition` [1, length], the output `prediction` [1, horizon, joints]. All weights' names begin with `prefix`.
///
/// # Errors
/// If the weights are not those that the config implies.
pub(in crate::import) fn build(
    config: &UNet,
    prefix: &str,
    joints: usize,
    condition: usize,
    weights: &mut Weights,
) -> Result<Graph, String> {
    let mut building = Building::new("diffusion_denoiser", weights);
    let sample = building.graph.input("sample", &[1, config.horizon, joints]);
    let timestep = building.graph.input("timestep", &[1, 1]);
    let observed = building.graph.input("condition", &[1, condition]);
    let unet = format!("{prefix}unet.");
    let step = building.timestep(&unet, config, &timestep)?;
    let context = building.graph.concat(&[step, observed], 1)?;
    // Each block begins with this.
    let context = building.graph.mish(&context)?;
    let mut x = building.graph.transpose(&sample, &[0, 2, 1])?;
    let mut kept = Vec::new();
    let mut channels = joints;
    for (level, out) in config.down_dims.iter().enumerate() {
        let name = format!("{unet}down_modules.{level}.");
        x = building.blocks(&name, config, &x, [channels, *out], &context)?;
        channels = *out;
        kept.push(x.clone());
        if level + 1 < config.down_dims.len() {
            x = building.shrink(&name, &x)?;
        }
    }
    for block in 0..2 {
        let name = format!("{unet}mid_modules.{block}.");
        x = building.film_block(&name, config, &x, [channels, channels], &context)?;
    }
    let narrower = config.down_dims.iter().rev().skip(1);
    for (level, out) in narrower.enumerate() {
        let skipped = kept.pop().ok_or("the U-Net has no levels")?;
        x = building.graph.concat(&[x, skipped], 1)?;
        let name = format!("{unet}up_modules.{level}.");
        x = building.blocks(&name, config, &x, [2 * channels, *out], &context)?;
        channels = *out;
        x = building.stretch(&name, &x)?;
    }
    // LeRobot gives this block the default number of groups.
    let name = format!("{unet}final_conv.0.");
    x = building.convolution_block(&name, &x, channels, config.kernel_size, 8)?;
    let name = format!("{unet}final_conv.1.");
    x = building.convolution(&name, &x, joints, 1, Convolution::new(1, 0))?;
    let prediction = building.graph.transpose(&x, &[0, 2, 1])?;
    if prediction.shape != sample.shape {
        return Err(format!(
            "the U-Net makes {:?} of a chunk of {:?}: a horizon of {} is no multiple of {}",
            prediction.shape,
            sample.shape,
            config.horizon,
            1 << config.down_dims.len()
        ));
    }
    building.graph.output("prediction", &prediction);
    Ok(building.graph)
}

impl Building<'_> {
    /// The step of denoising as sines and cosines, through two layers.
    fn timestep(&mut self, unet: &str, config: &UNet, timestep: &Value) -> Step {
        let dim = config.step_embed_dim;
        let half = dim / 2;
        // In single precision, as LeRobot's `DiffusionSinusoidalPosEmb`.
        #[allow(clippy::cast_possible_truncation)]
        let rate = (10000f64.ln() / (half as f64 - 1.0)) as f32;
        let frequencies = (0..half).map(|index| (index as f32 * -rate).exp());
        let frequencies = self
            .graph
            .stored("frequencies", &[1, half], frequencies.collect())?;
        let angles = self.graph.both("Mul", timestep, &frequencies)?;
        let parts = [
            self.graph.map("Sin", &angles)?,
            self.graph.map("Cos", &angles)?,
        ];
        let x = self.graph.concat(&parts, 1)?;
        let name = format!("{unet}diffusion_step_encoder");
        let first = self.linear(&format!("{name}.1"), 4 * dim, dim)?;
        let second = self.linear(&format!("{name}.3"), dim, 4 * dim)?;
        let x = self.apply(&first, &x)?;
        let x = self.graph.mish(&x)?;
        self.apply(&second, &x)
    }

    /// The two blocks of a level.
    fn blocks(
        &mut self,
        name: &str,
        config: &UNet,
        x: &Value,
        [channels, out]: [usize; 2],
        context: &Value,
    ) -> Step {
        let x = self.film_block(&format!("{name}0."), config, x, [channels, out], context)?;
        self.film_block(&format!("{name}1."), config, &x, [out, out], context)
    }

    fn film_block(
        &mut self,
        name: &str,
        config: &UNet,
        x: &Value,
        [channels, out]: [usize; 2],
        context: &Value,
    ) -> Step {
        let (kernel, groups) = (config.kernel_size, config.n_groups);
        let first = self.convolution_block(&format!("{name}conv1."), x, out, kernel, groups)?;
        let length = if config.film_scale { 2 * out } else { out };
        let film = self.linear(&format!("{name}cond_encoder.1"), length, context.shape[1])?;
        let film = self.apply(&film, context)?;
        let film = self.graph.reshape(&film, &[1, length, 1])?;
        let changed = match config.film_scale {
            true => {
                let scale = self.graph.slice(&film, 1, 0, out)?;
                let shift = self.graph.slice(&film, 1, out, 2 * out)?;
                let scaled = self.graph.both("Mul", &scale, &first)?;
                self.graph.add(&scaled, &shift)?
            }
            false => self.graph.add(&first, &film)?,
        };
        let second =
            self.convolution_block(&format!("{name}conv2."), &changed, out, kernel, groups)?;
        let shortcut = match channels == out {
            true => x.clone(),
            false => {
                let name = format!("{name}residual_conv.");
                self.convolution(&name, x, out, 1, Convolution::new(1, 0))?
            }
        };
        self.graph.add(&second, &shortcut)
    }

    /// Convolution, group norm, mish.
    fn convolution_block(
        &mut self,
        name: &str,
        x: &Value,
        out: usize,
        kernel: usize,
        groups: usize,
    ) -> Step {
        let how = Convolution::new(1, kernel / 2);
        let x = self.convolution(&format!("{name}block.0."), x, out, kernel, how)?;
        let Affine { weight, bias } = self.affine(&format!("{name}block.1"), out)?;
        let x = self.graph.group_norm(&x, groups, &weight, &bias, EPS)?;
        self.graph.mish(&x)
    }

    fn convolution(
        &mut self,
        name: &str,
        x: &Value,
        out: usize,
        kernel: usize,
        how: Convolution,
    ) -> Step {
        let weight = self.weight(&format!("{name}weight"), &[out, x.shape[1], kernel])?;
        let bias = self.weight(&format!("{name}bias"), &[out])?;
        self.graph.convolve(x, &weight, Some(&bias), how)
    }

    /// Half as many steps.
    fn shrink(&mut self, name: &str, x: &Value) -> Step {
        let channels = x.shape[1];
        let how = Convolution::new(2, 1);
        self.convolution(&format!("{name}2."), x, channels, 3, how)
    }

    /// Twice as many steps.
    fn stretch(&mut self, name: &str, x: &Value) -> Step {
        let channels = x.shape[1];
        let weight = self.weight(&format!("{name}2.weight"), &[channels, channels, 4])?;
        let bias = self.weight(&format!("{name}2.bias"), &[channels])?;
        self.graph.widen(x, &weight, &bias, Convolution::new(2, 1))
    }
}
