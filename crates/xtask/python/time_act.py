"""ACT at LeRobot's full size, two cameras: ulna's imported network, torch's own export and PyTorch itself, in turns on one thread.

Usage: time_act.py ULNA FOLDER [RUNS]. Needs lerobot, onnx and onnxruntime. Prints CPU and wall times in ms.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.factory import make_pre_post_processors

ulna, folder = sys.argv[1], Path(sys.argv[2])
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
torch.set_num_threads(1)
torch.manual_seed(0)
cameras = ["front", "wrist"]
inputs = {"observation.state": PolicyFeature(FeatureType.STATE, (6,))}
inputs |= {f"observation.images.{name}": PolicyFeature(FeatureType.VISUAL, (3, 480, 640)) for name in cameras}
outputs = {"action": PolicyFeature(FeatureType.ACTION, (6,))}
config = ACTConfig(device="cpu", push_to_hub=False, pretrained_backbone_weights=None, input_features=inputs, output_features=outputs)
policy = ACTPolicy(config).eval()


def constant(feature, value):
    shape = (3, 1, 1) if len(feature.shape) == 3 else feature.shape
    return torch.full(shape, value)


stats = {key: {"mean": constant(feature, 0.5), "std": constant(feature, 0.25)} for key, feature in {**inputs, **outputs}.items()}
checkpoint, bundle, export = folder / "checkpoint", folder / "bundle", folder / "export.onnx"
policy.save_pretrained(checkpoint)
for processor in make_pre_post_processors(config, dataset_stats=stats):
    processor.save_pretrained(checkpoint)
subprocess.run([ulna, "policy", "import", checkpoint, "--output", bundle], check=True)


class Exported(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, state, front, wrist):
        return self.model({"observation.state": state, "observation.images": [front, wrist]})[0]


tensors = [torch.randn(1, *feature.shape) for feature in inputs.values()]
names = ["state", *cameras]
torch.onnx.export(Exported(policy.model).eval(), tuple(tensors), export, opset_version=17, input_names=names, output_names=["action"], dynamo=False)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1


def session(path):
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


ours, theirs = session(bundle / "policy.onnx"), session(export)
arrays = [tensor.numpy() for tensor in tensors]
batch = dict(zip(inputs, tensors, strict=True))
ways = {
    "imported by ulna": lambda: ours.run(None, dict(zip(inputs, arrays, strict=True)))[0],
    "torch's export": lambda: theirs.run(None, dict(zip(names, arrays, strict=True)))[0],
    "PyTorch": lambda: policy.predict_action_chunk(dict(batch)).numpy(),
}
answers = {name: way() for name, way in ways.items()}
apart = max(float(np.abs(answer - answers["PyTorch"]).max()) for answer in answers.values())
times = {name: [] for name in ways}
for _ in range(runs):
    for name, way in ways.items():
        cpu, wall = time.process_time(), time.perf_counter()
        way()
        times[name].append((time.process_time() - cpu, time.perf_counter() - wall))
print(f"answers {apart:.1e} apart at most, normalised")
for name, pairs in times.items():
    cpu, wall = 1e3 * np.array(pairs).T
    print(f"{name:18} CPU min {cpu.min():.0f} p50 {np.median(cpu):.0f}, wall p50 {np.median(wall):.0f} ms")
