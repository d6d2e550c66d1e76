//! ACT: its config, and its network as it is at inference: backbones, transformer encoder and decoder, action head. The VAE's encoder is used in
//! training only; its latent is zero here, so that what becomes of the latent is a constant.

use crate::bundle::ChunkSettings;
use crate::chunk::MAX_KNOTS;
use crate::import::config::{Features, Fields, MAX_LAYERS, MAX_WIDTH};
use crate::import::graph::{Graph, Value};
use crate::import::nets::Building;
use crate::import::nets::attention::{Dims, Places};
use crate::import::nets::resnet::{Naming, Wanted};
use crate::import::weights::Weights;

use super::architecture::{Architecture, Built, PolicyType};

/// Its entry in the registry.
pub(super) static TYPE: PolicyType = PolicyType {
    name: "act",
    title: "ACT",
    fields: FIELDS,
    read,
};

const FIELDS: &[&str] = &[
    "chunk_size",
    "replace_final_stride_with_dilation",
    "pre_norm",
    "dim_model",
    "n_heads",
    "dim_feedforward",
    "feedforward_activation",
    "n_encoder_layers",
    "n_decoder_layers",
    "use_vae",
    "latent_dim",
    "n_vae_encoder_layers",
    "temporal_ensemble_coeff",
    "dropout",
    "kl_weight",
    "optimizer_lr_backbone",
];

/// LeRobot's prefix of all weights of ACT.
const PREFIX: &str = "model.";

/// ACT, by LeRobot's names.
#[derive(Debug, Clone)]
struct Act {
    chunk_size: usize,
    n_action_steps: usize,
    temporal_ensemble_coeff: Option<f64>,
    vision_backbone: String,
    dilated: bool,
    pre_norm: bool,
    dim_model: usize,
    n_heads: usize,
    dim_feedforward: usize,
    gelu: bool,
    n_encoder_layers: usize,
    n_decoder_layers: usize,
    use_vae: bool,
    latent_dim: usize,
}

fn read(fields: &Fields<'_>, _: &Features) -> Result<Box<dyn Architecture>, String> {
    let steps = fields.count("n_obs_steps", 1, MAX_LAYERS)?;
    if steps != 1 {
        return Err(format!(
            "n_obs_steps is {steps}, and LeRobot's ACT sees one observation"
        ));
    }
    let config = Act {
        chunk_size: fields.count("chunk_size", 100, MAX_KNOTS)?,
        n_action_steps: fields.count("n_action_steps", 100, MAX_KNOTS)?,
        temporal_ensemble_coeff: fields.maybe_number("temporal_ensemble_coeff")?,
        vision_backbone: fields.backbone()?,
        dilated: fields.flag("replace_final_stride_with_dilation", false)?,
        pre_norm: fields.flag("pre_norm", false)?,
        dim_model: fields.count("dim_model", 512, MAX_WIDTH)?,
        n_heads: fields.count("n_heads", 8, MAX_WIDTH)?,
        dim_feedforward: fields.count("dim_feedforward", 3200, MAX_WIDTH)?,
        gelu: match fields.word("feedforward_activation", "relu")? {
            "relu" => false,
            "gelu" => true,
            other => {
                return Err(format!(
                    "feedforward_activation is {other}, and relu and gelu are imported (glu halves the width, which LeRobot's own layers do not take)"
                ));
            }
        },
        n_encoder_layers: fields.count("n_encoder_layers", 4, MAX_LAYERS)?,
        n_decoder_layers: fields.count("n_decoder_layers", 1, MAX_LAYERS)?,
        use_vae: fields.flag("use_vae", true)?,
        latent_dim: fields.count("latent_dim", 32, MAX_WIDTH)?,
    };
    if !config.dim_model.is_multiple_of(config.n_heads) || !config.dim_model.is_multiple_of(4) {
        return Err(format!(
            "dim_model is {} and n_heads {}: the first must be a multiple of the second and of 4",
            config.dim_model, config.n_heads
        ));
    }
    if config.n_action_steps > config.chunk_size {
        return Err(format!(
            "n_action_steps is {} and chunk_size {}: no more steps can be carried out than there are",
            config.n_action_steps, config.chunk_size
        ));
    }
    if config.temporal_ensemble_coeff.is_some() && config.n_action_steps != 1 {
        return Err(format!(
            "temporal_ensemble_coeff needs n_action_steps = 1, as in LeRobot; it is {}",
            config.n_action_steps
        ));
    }
    Ok(Box::new(config))
}

impl Architecture for Act {
    fn summary(&self, features: &Features) -> String {
        format!("ACT, {}", features.eyes(&self.vision_backbone))
    }

    fn chunks(&self) -> ChunkSettings {
        ChunkSettings {
            chunk_size: self.chunk_size,
            n_action_steps: self.n_action_steps,
            n_obs_steps: 1,
            temporal_ensemble_coeff: self.temporal_ensemble_coeff,
        }
    }

    fn build(&self, features: &Features, weights: &mut Weights) -> Result<Built, String> {
        Ok(Built {
            networks: vec![("policy", network(self, features, weights)?)],
            sections: String::new(),
        })
    }
}

/// The network from normalised observation to normalised chunk: an input for each feature by its key, the output `action`
/// [1, chunk_size, joints].
///
/// # Errors
/// If the weights are not those that the config implies.
fn network(config: &Act, features: &Features, weights: &mut Weights) -> Result<Graph, String> {
    let mut building = Building::new("act", weights);
    let dims = Dims {
        model: config.dim_model,
        heads: config.n_heads,
        feedforward: config.dim_feedforward,
        gelu: config.gelu,
        pre_norm: config.pre_norm,
    };
    let (tokens, places) = building.tokens(config, features)?;
    let mut x = tokens;
    for layer in 0..config.n_encoder_layers {
        let name = format!("{PREFIX}encoder.layers.{layer}.");
        x = building.encoder_layer(&name, dims, &x, &places)?;
    }
    if config.pre_norm {
        let norm = building.affine(&format!("{PREFIX}encoder.norm"), dims.model)?;
        x = building.norm(&norm, &x)?;
    }
    let chunk = config.chunk_size;
    let queries = format!("{PREFIX}decoder_pos_embed.weight");
    let queries = building.weight(&queries, &[chunk, dims.model])?;
    let zeros = vec![0.0; chunk * dims.model];
    let mut steps = building
        .graph
        .stored("zeros", &[chunk, dims.model], zeros)?;
    for layer in 0..config.n_decoder_layers {
        let name = format!("{PREFIX}decoder.layers.{layer}.");
        let places = Places {
            queries: &queries,
            keys: &places,
        };
        steps = building.decoder_layer(&name, dims, &steps, &x, places)?;
    }
    let norm = building.affine(&format!("{PREFIX}decoder.norm"), dims.model)?;
    let steps = building.norm(&norm, &steps)?;
    let joints = features.action;
    let head = building.linear(&format!("{PREFIX}action_head"), joints, dims.model)?;
    let actions = building.apply(&head, &steps)?;
    let actions = building.graph.reshape(&actions, &[1, chunk, joints])?;
    building.graph.output("action", &actions);
    if config.use_vae {
        building.weights.leave(&format!("{PREFIX}vae_encoder"));
    }
    Ok(building.graph)
}

impl Building<'_> {
    /// The encoder's tokens [tokens, dim], and where each of them is.
    fn tokens(&mut self, config: &Act, features: &Features) -> Result<(Value, Value), String> {
        let dim = config.dim_model;
        // The projection of a latent of zeros is its bias.
        let latent = format!("{PREFIX}encoder_latent_input_proj");
        self.weights
            .take(&format!("{latent}.weight"), &[dim, config.latent_dim])?;
        let bias = self.weights.take(&format!("{latent}.bias"), &[dim])?;
        let mut tokens = vec![self.graph.stored("latent", &[1, dim], bias)?];
        let vectors = [
            (&features.state, "encoder_robot_state_input_proj"),
            (&features.environment, "encoder_env_state_input_proj"),
        ];
        for (feature, projection) in vectors {
            if let Some(vector) = feature {
                let x = self.graph.input(&vector.key, &[1, vector.len]);
                let name = format!("{PREFIX}{projection}");
                let projection = self.linear(&name, dim, vector.len)?;
                tokens.push(self.apply(&projection, &x)?);
            }
        }
        let vectors = tokens.len();
        let embedding = format!("{PREFIX}encoder_1d_feature_pos_embed.weight");
        let mut places = self.weights.take(&embedding, &[vectors, dim])?;
        if !features.images.is_empty() {
            let wanted = Wanted {
                name: &config.vision_backbone,
                group_norm: false,
                dilated: config.dilated,
            };
            let prefix = format!("{PREFIX}backbone.");
            let backbone = self.backbone(&prefix, Naming::Torchvision, &wanted)?;
            let projection = format!("{PREFIX}encoder_img_feat_input_proj");
            let mut weights = None;
            for image in &features.images {
                let shape = [1, 3, image.height, image.width];
                let x = self.graph.input(&image.key, &shape);
                let map = self.features(&backbone, &x)?;
                let &[_, channels, height, width] = map.shape.as_slice() else {
                    return Err("a feature map has four dimensions".to_owned());
                };
                // Pixel by pixel, a convolution with a kernel of one is a linear layer.
                let pixels = self.graph.reshape(&map, &[channels, height * width])?;
                let pixels = self.graph.transpose(&pixels, &[1, 0])?;
                if weights.is_none() {
                    let shape = [dim, channels, 1, 1];
                    let values = self.weights.take(&format!("{projection}.weight"), &shape)?;
                    let weight = self.graph.stored(&projection, &[dim, channels], values)?;
                    let bias = self.weight(&format!("{projection}.bias"), &[dim])?;
                    weights = Some((weight, bias));
                }
                if let Some((weight, bias)) = &weights {
                    tokens.push(self.graph.linear(&pixels, weight, bias)?);
                }
                places.extend(positions(dim, height, width));
            }
        }
        let tokens = self.graph.concat(&tokens, 0)?;
        let places = self.graph.stored("places", &tokens.shape, places)?;
        Ok((tokens, places))
    }
}

/// Where each pixel of a feature map is, row by row: LeRobot's `ACTSinusoidalPositionEmbedding2d`, in single precision as there.
fn positions(dim: usize, height: usize, width: usize) -> Vec<f32> {
    const TURN: f32 = std::f32::consts::TAU;
    let half = dim / 2;
    let frequency = |index: usize| 10000f32.powf(2.0 * (index / 2) as f32 / half as f32);
    let part = |place: usize, of: usize, index: usize| {
        let angle = (place + 1) as f32 / (of as f32 + 1e-6) * TURN / frequency(index);
        if index.is_multiple_of(2) {
            angle.sin()
        } else {
            angle.cos()
        }
    };
    let mut values = Vec::with_capacity(dim * height * width);
    for row in 0..height {
        for column in 0..width {
            values.extend((0..half).map(|index| part(row, height, index)));
            values.extend((0..half).map(|index| part(column, width, index)));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_run_from_a_little_above_zero_to_a_whole_turn() {
        let values = positions(8, 2, 4);
        assert_eq!(values.len(), 8 * 8);
        // The last pixel: sine and cosine of a whole turn, for rows and columns.
        let last = &values[7 * 8..];
        assert!(last[0].abs() < 1e-5 && (last[1] - 1.0).abs() < 1e-5);
        // The first pixel of two rows: half a turn.
        assert!(values[0].abs() < 1e-5 && (values[1] + 1.0).abs() < 1e-5);
    }
}
