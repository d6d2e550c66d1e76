"""What PyTorch answers to a bundle's golden input, against its golden answer. Arguments: checkpoint, golden file. Prints JSON."""

import json
import sys

import torch
from safetensors.torch import load_file

from lerobot.configs.policies import PreTrainedConfig
from lerobot.policies.factory import get_policy_class, make_pre_post_processors

checkpoint, golden = sys.argv[1], load_file(sys.argv[2])
config = PreTrainedConfig.from_pretrained(checkpoint)
config.device = "cpu"
policy = get_policy_class(config.type).from_pretrained(checkpoint, config=config).eval()
on_cpu = {"device_processor": {"device": "cpu"}}
before, after = make_pre_post_processors(config, pretrained_path=checkpoint, preprocessor_overrides=on_cpu)
wanted = golden.pop("action")
steps = config.n_obs_steps
batch = {}
for key, value in golden.items():
    value = value if steps > 1 else value[None]
    batch[key] = value.permute(0, 3, 1, 2).float() / 255 if value.dtype == torch.uint8 else value
batch = before(batch)
with torch.no_grad():
    if config.type == "diffusion":
        batch = {key: batch[key][None] for key in config.input_features}
        if config.image_features:
            batch["observation.images"] = torch.stack([batch[key] for key in config.image_features], dim=-4)
        condition = policy.diffusion._prepare_global_conditioning(batch)
        torch.manual_seed(0)
        actions = policy.diffusion.conditional_sample(1, global_cond=condition)[:, steps - 1:]
    else:
        actions = policy.predict_action_chunk(batch)
given = after(actions)[0]
print(json.dumps({"difference": float((given - wanted).abs().max()), "torch": torch.__version__}))
