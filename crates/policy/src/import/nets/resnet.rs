//! The convolutional part of torchvision's ResNets up to `layer4`, with batch norm (folded into the convolutions) or group norm.
//!
//! How many blocks and channels there are follows from the weights: `vision_backbone` in `config.json` is held against them.

use super::super::graph::{Convolution, Step, Value};
use super::{Affine, Building, EPS};

/// What the parts are called: ACT keeps torchvision's names, Diffusion has them in an `nn.Sequential`.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) enum Naming {
    Torchvision,
    Sequential,
}

impl Naming {
    fn stem(self) -> (&'static str, &'static str) {
        match self {
            Self::Torchvision => ("conv1", "bn1"),
            Self::Sequential => ("0", "1"),
        }
    }

    fn layer(self, layer: usize) -> String {
        match self {
            Self::Torchvision => format!("layer{}", layer + 1),
            Self::Sequential => (layer + 4).to_string(),
        }
    }
}

/// How the checkpoint's config describes it.
#[derive(Debug, Clone)]
pub(in crate::import) struct Wanted<'a> {
    /// `vision_backbone`.
    pub(in crate::import) name: &'a str,
    /// Group norm takes the place of batch norm.
    pub(in crate::import) group_norm: bool,
    /// `replace_final_stride_with_dilation`.
    pub(in crate::import) dilated: bool,
}

/// A convolution with what follows it.
#[derive(Debug)]
struct Layer {
    weight: Value,
    bias: Option<Value>,
    groups: Option<Affine>,
    how: Convolution,
}

#[derive(Debug)]
struct Block {
    layers: Vec<Layer>,
    shortcut: Option<Layer>,
}

/// A backbone's weights, to be applied to any number of pictures.
#[derive(Debug)]
pub(in crate::import) struct Backbone {
    stem: Layer,
    blocks: Vec<Block>,
}

/// Blocks in each of the four layers, by torchvision's names.
fn blocks_of(name: &str) -> Option<[usize; 4]> {
    Some(match name {
        "resnet18" => [2, 2, 2, 2],
        "resnet34" | "resnet50" => [3, 4, 6, 3],
        "resnet101" => [3, 4, 23, 3],
        "resnet152" => [3, 8, 36, 3],
        _ => return None,
    })
}

impl Building<'_> {
    /// Takes the weights of the backbone whose names begin with `prefix`.
    pub(in crate::import) fn backbone(
        &mut self,
        prefix: &str,
        naming: Naming,
        wanted: &Wanted<'_>,
    ) -> Result<Backbone, String> {
        let (convolution, norm) = naming.stem();
        let names = [prefix, convolution, norm];
        let how = Convolution::new(2, 3);
        let (stem, mut channels) = self.layer(names, 3, how, wanted)?;
        let mut blocks = Vec::new();
        for layer in 0..4 {
            let layer_name = format!("{prefix}{}.", naming.layer(layer));
            let mut count = 0;
            while self
                .weights
                .has(&format!("{layer_name}{count}.conv1.weight"))
            {
                let place = (layer, count);
                let name = format!("{layer_name}{count}.");
                let (block, out) = self.block(&name, channels, place, wanted)?;
                blocks.push(block);
                channels = out;
                count += 1;
            }
            let expected = blocks_of(wanted.name).map_or(count.max(1), |blocks| blocks[layer]);
            if count != expected {
                return Err(format!(
                    "config.json says vision_backbone {}, which has {expected} blocks in layer{}, and the weights `{layer_name}…` have {count}",
                    wanted.name,
                    layer + 1
                ));
            }
        }
        Ok(Backbone { stem, blocks })
    }

    fn block(
        &mut self,
        name: &str,
        channels: usize,
        (layer, index): (usize, usize),
        wanted: &Wanted<'_>,
    ) -> Result<(Block, usize), String> {
        let deep = self.weights.has(&format!("{name}conv3.weight"));
        let dilated = wanted.dilated && layer == 3;
        if dilated && !deep {
            return Err(format!(
                "config.json says replace_final_stride_with_dilation, which torchvision has for ResNet-50 and deeper ones only, not for {}",
                wanted.name
            ));
        }
        let stride = if layer > 0 && index == 0 && !dilated {
            2
        } else {
            1
        };
        let wide = Convolution {
            stride,
            padding: 1,
            dilation: 1,
        };
        let wide = match dilated && index > 0 {
            true => Convolution {
                padding: 2,
                dilation: 2,
                ..wide
            },
            false => wide,
        };
        let narrow = Convolution::new(1, 0);
        let plan: &[(&str, &str, Convolution)] = match deep {
            true => &[
                ("conv1", "bn1", narrow),
                ("conv2", "bn2", wide),
                ("conv3", "bn3", narrow),
            ],
            false => &[
                ("conv1", "bn1", wide),
                ("conv2", "bn2", Convolution::new(1, 1)),
            ],
        };
        let mut layers = Vec::new();
        let mut out = channels;
        for (convolution, norm, how) in plan {
            let (layer, after) = self.layer([name, convolution, norm], out, *how, wanted)?;
            layers.push(layer);
            out = after;
        }
        let names = [name, "downsample.0", "downsample.1"];
        let has_shortcut = self.weights.has(&format!("{name}downsample.0.weight"));
        let shortcut = match has_shortcut {
            true => Some(self.layer(names, channels, Convolution::new(stride, 0), wanted)?),
            false => None,
        };
        let through = shortcut.as_ref().map_or(channels, |(_, after)| *after);
        if through != out {
            return Err(format!(
                "the weights `{name}…` turn {channels} channels into {out}, and their shortcut into {through}"
            ));
        }
        let shortcut = shortcut.map(|(layer, _)| layer);
        Ok((Block { layers, shortcut }, out))
    }

    /// A convolution and its norm, `[prefix, convolution, norm]` by name; returns the channels after it, too.
    fn layer(
        &mut self,
        [prefix, convolution, norm]: [&str; 3],
        channels: usize,
        how: Convolution,
        wanted: &Wanted<'_>,
    ) -> Result<(Layer, usize), String> {
        let name = format!("{prefix}{convolution}.weight");
        let shape = self.weights.shape(&name)?;
        let &[out, part, height, width] = shape.as_slice() else {
            return Err(format!("the weight `{name}` has the shape {shape:?}"));
        };
        let whole = part > 0 && channels.is_multiple_of(part) && out > 0;
        if !whole || height != width || height == 0 {
            return Err(format!(
                "the weight `{name}` has the shape {shape:?}, and {channels} channels come in"
            ));
        }
        let mut values = self.weights.take(&name, &shape)?;
        let norm = format!("{prefix}{norm}");
        let scale = self.weights.take(&format!("{norm}.weight"), &[out])?;
        let shift = self.weights.take(&format!("{norm}.bias"), &[out])?;
        if wanted.group_norm {
            let weight = self.graph.stored(&name, &shape, values)?;
            let affine = Affine {
                weight: self.graph.stored(&norm, &[out], scale)?,
                bias: self.graph.stored(&norm, &[out], shift)?,
            };
            let layer = Layer {
                weight,
                bias: None,
                groups: Some(affine),
                how,
            };
            return Ok((layer, out));
        }
        let mean = self.weights.take(&format!("{norm}.running_mean"), &[out])?;
        let variance = self.weights.take(&format!("{norm}.running_var"), &[out])?;
        self.weights
            .leave_one(&format!("{norm}.num_batches_tracked"));
        let mut bias = Vec::with_capacity(out);
        let kernels = values.chunks_mut(part * height * width);
        for (channel, kernel) in kernels.enumerate() {
            let factor =
                f64::from(scale[channel]) / (f64::from(variance[channel]) + f64::from(EPS)).sqrt();
            for value in kernel {
                *value = single(f64::from(*value) * factor);
            }
            bias.push(single(
                f64::from(shift[channel]) - f64::from(mean[channel]) * factor,
            ));
        }
        if bias.iter().chain(&values).any(|value| !value.is_finite()) {
            return Err(format!("the batch norm `{norm}` has a variance below zero"));
        }
        let layer = Layer {
            weight: self.graph.stored(&name, &shape, values)?,
            bias: Some(self.graph.stored(&norm, &[out], bias)?),
            groups: None,
            how,
        };
        Ok((layer, out))
    }

    /// The feature map of pictures `x` [batch, 3, height, width].
    pub(in crate::import) fn features(&mut self, backbone: &Backbone, x: &Value) -> Step {
        let x = self.run(&backbone.stem, x)?;
        let x = self.graph.relu(&x)?;
        let mut x = self.graph.max_pool(&x, 3, Convolution::new(2, 1))?;
        for block in &backbone.blocks {
            let mut through = x.clone();
            for (index, layer) in block.layers.iter().enumerate() {
                if index > 0 {
                    through = self.graph.relu(&through)?;
                }
                through = self.run(layer, &through)?;
            }
            let shortcut = match &block.shortcut {
                Some(layer) => self.run(layer, &x)?,
                None => x,
            };
            let sum = self.graph.add(&through, &shortcut)?;
            x = self.graph.relu(&sum)?;
        }
        Ok(x)
    }

    fn run(&mut self, layer: &Layer, x: &Value) -> Step {
        let bias = layer.bias.as_ref();
        let x = self.graph.convolve(x, &layer.weight, bias, layer.how)?;
        match &layer.groups {
            // LeRobot: num_groups = num_features // 16.
            Some(Affine { weight, bias }) => {
                let groups = weight.shape[0] / 16;
                self.graph.group_norm(&x, groups, weight, bias, EPS)
            }
            None => Ok(x),
        }
    }
}

#[allow(clippy::cast_possible_truncation)]
fn single(value: f64) -> f32 {
    value as f32
}
