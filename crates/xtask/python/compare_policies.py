"""Checkpoints made with Python LeRobot, imported by ulna, and compared with PyTorch from robot units to robot units.

Usage: compare_policies.py ULNA FOLDER [OBSERVATIONS [CASE ...]]

Weights are random, statistics of batch norm included; ResNets have their true shapes. Prints one line for each case:
PASS, FAIL or SKIP, the name and figures, between tabs.
"""

import contextlib
import copy
import json
import subprocess
import sys
import zlib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from lerobot.configs.types import FeatureType, NormalizationMode, PolicyFeature
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.factory import make_pre_post_processors

TOLERANCE = 1e-4
MEAN_STD, MIN_MAX = NormalizationMode.MEAN_STD, NormalizationMode.MIN_MAX
QUANTILES, QUANTILE10 = NormalizationMode.QUANTILES, NormalizationMode.QUANTILE10
IDENTITY = NormalizationMode.IDENTITY


def features(state=6, action=6, cameras=(), environment=0):
    """The input and output features of a policy."""
    inputs = {"observation.state": PolicyFeature(FeatureType.STATE, (state,))}
    for name, height, width in cameras:
        inputs[f"observation.images.{name}"] = PolicyFeature(FeatureType.VISUAL, (3, height, width))
    if environment:
        inputs["observation.environment_state"] = PolicyFeature(FeatureType.ENV, (environment,))
    return {"input_features": inputs, "output_features": {"action": PolicyFeature(FeatureType.ACTION, (action,))}}


SMALL = {"dim_model": 64, "n_heads": 4, "dim_feedforward": 96, "n_encoder_layers": 2, "latent_dim": 8, "n_vae_encoder_layers": 1}
ONE = [("front", 96, 128)]
TWO = [("front", 96, 128), ("wrist", 128, 96)]
SLIM = {"down_dims": (32, 64), "spatial_softmax_num_keypoints": 8, "diffusion_step_embed_dim": 32, "horizon": 16, "n_action_steps": 8}


def act_cases():
    def act(**more):
        more = {"chunk_size": 20, "n_action_steps": 10, **SMALL, **more}
        return ACTConfig(device="cpu", push_to_hub=False, pretrained_backbone_weights=None, **more)

    modes = {"VISUAL": MEAN_STD, "STATE": QUANTILES, "ACTION": QUANTILE10}
    return {
        "act, ResNet-18": act(**features(cameras=ONE)),
        "act, full width": ACTConfig(device="cpu", push_to_hub=False, pretrained_backbone_weights=None, **features(cameras=[("front", 120, 160)])),
        "act, two cameras, ResNet-34, no VAE": act(vision_backbone="resnet34", use_vae=False, **features(cameras=TWO)),
        "act, ResNet-50, dilated, pre_norm": act(
            vision_backbone="resnet50", replace_final_stride_with_dilation=True, pre_norm=True, **features(cameras=ONE)),
        "act, seven decoder layers, gelu": act(n_decoder_layers=7, feedforward_activation="gelu", **features(cameras=ONE)),
        "act, environment state alone": act(**features(environment=5)),
        "act, three cameras and environment state, 14 joints": act(
            **features(14, 14, [*TWO, ("top", 64, 192)], environment=3)),
        "act, quantiles, more states than actions": act(normalization_mapping=modes, **features(9, 7, ONE)),
        "act, min and max, pictures as they are": act(
            normalization_mapping={"VISUAL": IDENTITY, "STATE": MIN_MAX, "ACTION": MIN_MAX}, **features(cameras=ONE)),
        "act, temporal ensembling": act(n_action_steps=1, temporal_ensemble_coeff=0.01, **features(cameras=ONE)),
        "act, before version 0.4": act(**features(cameras=ONE)),
    }


def diffusion_cases():
    from lerobot.policies.diffusion.configuration_diffusion import DiffusionConfig

    def diffusion(**more):
        more = {"pretrained_backbone_weights": None, "noise_scheduler_type": "DDIM", "num_inference_steps": 10, **SLIM, **more}
        return DiffusionConfig(device="cpu", push_to_hub=False, **more)

    return {
        "diffusion, DDIM": diffusion(**features(cameras=ONE)),
        "diffusion, DDPM, group norm": diffusion(
            noise_scheduler_type="DDPM", num_inference_steps=None, num_train_timesteps=30, use_group_norm=True, **features(cameras=ONE)),
        "diffusion, DDPM, fewer steps": diffusion(noise_scheduler_type="DDPM", num_inference_steps=9, **features(cameras=ONE)),
        "diffusion, two cameras, one encoder, crop": diffusion(
            use_separate_rgb_encoder_per_camera=False, crop_shape=(84, 91), **features(cameras=[("a", 96, 128), ("b", 96, 128)])),
        "diffusion, two cameras, two encoders, resize and crop": diffusion(
            resize_shape=(80, 101), crop_ratio=0.9, **features(cameras=[("a", 96, 128), ("b", 96, 128)])),
        "diffusion, environment state, one observation": diffusion(n_obs_steps=1, **features(environment=4)),
        "diffusion, three observations, no scale, sample, linear": diffusion(
            n_obs_steps=3, n_action_steps=10, use_film_scale_modulation=False, prediction_type="sample", beta_schedule="linear",
            clip_sample=False, **features(cameras=ONE, environment=2)),
        "diffusion, ResNet-50, three levels": diffusion(
            vision_backbone="resnet50", down_dims=(32, 64, 96), kernel_size=3, n_groups=4, **features(7, 7, ONE)),
    }


def shake(policy):
    """Random numbers where initialisation leaves ones and zeros."""
    with torch.no_grad():
        for name, tensor in [*policy.named_parameters(), *policy.named_buffers()]:
            if name.endswith("running_mean"):
                tensor.normal_(0, 0.2)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.dim() == 1 and tensor.is_floating_point():
                tensor.add_(torch.randn_like(tensor) * 0.1)


def statistics(config):
    stats = {}
    for key, feature in {**config.input_features, **config.output_features}.items():
        shape = (3, 1, 1) if feature.type is FeatureType.VISUAL else feature.shape
        if feature.type is FeatureType.VISUAL:
            low, high = torch.zeros(shape), torch.ones(shape)
        else:
            low = -torch.rand(shape) * 50 - 10
            high = torch.rand(shape) * 50 + 10
        span = high - low
        stats[key] = {
            "min": low, "max": high, "mean": low + span * (0.3 + 0.4 * torch.rand(shape)), "std": span * 0.25,
            "q01": low + span * 0.02, "q99": high - span * 0.02, "q10": low + span * 0.1, "q90": high - span * 0.1,
        }
    return stats


def as_before_0_4(folder, config):
    """Moves the statistics into the weights, by LeRobot's old naming."""
    def load(pattern):
        return load_file(next(folder.glob(pattern)))

    before, after = load("policy_preprocessor*.safetensors"), load("policy_postprocessor*.safetensors")
    weights = load_file(folder / "model.safetensors")
    for layer, stats, keys in [
        ("normalize_inputs", before, config.input_features),
        ("normalize_targets", before, config.output_features),
        ("unnormalize_outputs", after, config.output_features),
    ]:
        for key in keys:
            for stat in ("mean", "std"):
                weights[f"{layer}.buffer_{key.replace('.', '_')}.{stat}"] = stats[f"{key}.{stat}"].contiguous()
    save_file(weights, folder / "model.safetensors")
    for path in folder.glob("policy_*processor*"):
        path.unlink()


def observation(config):
    """Tensors with a history where the policy has one; pictures as bytes."""
    steps = config.n_obs_steps
    tensors = {}
    for key, feature in config.input_features.items():
        if feature.type is FeatureType.VISUAL:
            _, height, width = feature.shape
            coarse = torch.rand(steps, 3, 12, 16)
            picture = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
            tensors[key] = (picture * 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        else:
            tensors[key] = torch.randn(steps, *feature.shape) * 30
    return tensors if steps > 1 else {key: value[0].contiguous() for key, value in tensors.items()}


def prepared(before, config, tensors):
    """The observation as the policy sees it."""
    steps = config.n_obs_steps
    batch = {}
    for key, value in tensors.items():
        value = value if steps > 1 else value[None]
        if config.input_features[key].type is FeatureType.VISUAL:
            value = value.permute(0, 3, 1, 2).float() / 255
        batch[key] = value
    batch = before(batch)
    if config.type == "diffusion":
        batch = {key: batch[key][None] for key in config.input_features}
        if config.image_features:
            batch["observation.images"] = torch.stack([batch[key] for key in config.image_features], dim=-4)
    return batch


def chunk(policy, config, batch, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        if config.type == "diffusion":
            return policy.diffusion.generate_actions(batch)
        return policy.predict_action_chunk(batch)


@contextlib.contextmanager
def made_double(module, name, kept=torch.float32):
    """Numbers that a function makes in single precision (noise, for example) as double ones."""
    original = getattr(module, name)
    setattr(module, name, lambda *words, **more: original(*words, **{**more, "dtype": kept}).double())
    yield
    setattr(module, name, original)


def in_double(policy, config, batch, seed):
    """The same in double precision: how far PyTorch's own answer is from the exact one."""
    double = copy.deepcopy(policy).double()
    batch = {key: value.double() for key, value in batch.items() if torch.is_tensor(value) and value.is_floating_point()}
    with contextlib.ExitStack() as stack:
        if config.type == "diffusion":
            from diffusers.schedulers import scheduling_ddpm
            embedding = double.diffusion.unet.diffusion_step_encoder[0]
            embedding.register_forward_hook(lambda module, given, made: made.double())
            stack.enter_context(made_double(scheduling_ddpm, "randn_tensor"))
            stack.enter_context(made_double(torch, "randn"))
        else:
            stack.enter_context(made_double(torch, "zeros"))
        return chunk(double, config, batch, seed)


def check(ulna, folder, name, config, policy, observations):
    torch.manual_seed(zlib.crc32(name.encode()))
    policy = policy(config)
    shake(policy)
    policy.eval()
    checkpoint = folder / "checkpoint"
    policy.save_pretrained(checkpoint)
    before, after = make_pre_post_processors(config, dataset_stats=statistics(config))
    before.save_pretrained(checkpoint)
    after.save_pretrained(checkpoint)
    if "before version" in name:
        as_before_0_4(checkpoint, config)
    bundle = folder / "bundle"
    done = subprocess.run([ulna, "policy", "import", checkpoint, "--output", bundle, "--json"], capture_output=True, text=True)
    if done.returncode:
        return f"FAIL\t{name}\t{done.stderr.strip()}"
    golden = json.loads(done.stdout)["golden"]
    farthest, span, own = 0.0, 0.0, 0.0
    for seed in range(observations):
        tensors = observation(config)
        save_file(tensors, folder / "observation.safetensors")
        batch = prepared(before, config, tensors)
        wanted = after(chunk(policy, config, dict(batch), seed))[0]
        exact = after(in_double(policy, config, dict(batch), seed).float())[0]
        own = max(own, float((exact - wanted).abs().max()))
        command = [ulna, "policy", "infer", bundle, "--input", folder / "observation.safetensors",
                   "--output", folder / "action.safetensors", "--seed", str(seed)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return f"FAIL\t{name}\t{done.stderr.strip()}"
        given = load_file(folder / "action.safetensors")["action"]
        if given.shape != wanted.shape:
            return f"FAIL\t{name}\tulna gives {tuple(given.shape)}, LeRobot {tuple(wanted.shape)}"
        farthest = max(farthest, float((given - wanted).abs().max()))
        span = max(span, float(wanted.max() - wanted.min()))
    # Where single precision leaves PyTorch itself farther from the exact answer, nobody can be nearer to it than that.
    word = "PASS" if farthest <= max(TOLERANCE, 2 * own) else "FAIL"
    # Likewise two engines, each as far from the exact answer as PyTorch.
    apart = golden["difference"]
    if apart is not None and apart > max(TOLERANCE, 4 * own):
        word = "FAIL"
    engines = f"engines {apart:.1e} apart, {golden['tolerance']:.1e} allowed" if apart is not None else "one engine"
    return f"{word}\t{name}\t{farthest:.1e} apart at most over {observations} observations (actions span {span:.0f}; PyTorch is {own:.1e} from its answer in double precision), {engines}"


def main():
    ulna, folder = sys.argv[1], Path(sys.argv[2])
    observations = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    only = sys.argv[4:]
    torch.set_num_threads(1)
    cases = [(name, config, ACTPolicy) for name, config in act_cases().items()]
    try:
        from lerobot.policies.diffusion.modeling_diffusion import DiffusionPolicy
        cases += [(name, config, DiffusionPolicy) for name, config in diffusion_cases().items()]
    except ImportError as error:
        print(f"SKIP\tdiffusion\t{error}", flush=True)
    for index, (name, config, policy) in enumerate(cases):
        if only and not any(word in name for word in only):
            continue
        work = folder / str(index)
        work.mkdir(parents=True)
        print(check(ulna, work, name, config, policy, observations), flush=True)


main()
