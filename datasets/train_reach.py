#!/usr/bin/env python3
"""Trains the policy in datasets/so101-reach from recordings of ulna's simulated hand, and writes its bundle.

    cargo build --release
    pip install numpy pyarrow onnx onnxruntime safetensors
    python datasets/train_reach.py

Forty recordings of two minutes: the hand brings the tool of a simulated SO-101 to one target after another. A network of two hidden
layers learns from them which actions follow the present state and target, and, from states drawn anew, how to come back from where the hand
never was. Seeds are 1000 and up; what the policy is judged by uses others. With the same versions of the packages the result is the same; it
takes some minutes on two cores.
"""

import argparse
import glob
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime
import pyarrow.parquet as parquet
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOINTS, TARGET = 6, 3
CHUNK = 20
HIDDEN = 256
SESSIONS, SECONDS = 40, 120
EPOCHS, BATCH, RATE = 100, 1024, 2e-3
# Part of the samples whose state is drawn anew, how fast the arm then goes to where the hand would bring it (degrees/s), and what the others'
# states are shaken by (degrees).
LOST, SPEED, SHAKE = 0.2, 80.0, 1.0
FPS = 30.0


def record(ulna, folder, seed):
    """One session of the scripted hand, on the virtual clock."""
    dataset = folder / str(seed)
    command = [ulna, "record", "--sim", "--lockstep", "--scene", "reach", "--seed", str(seed), "--no-cameras", "--plain"]
    command += ["--episodes", "1", "--episode-time", str(SECONDS), "--reset-time", "0", "--json"]
    command += ["--task", "Reach the target", "--dataset", str(dataset)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    table = parquet.read_table(glob.glob(f"{dataset}/data/*/*.parquet")[0])
    columns = ["observation.state", "observation.environment_state", "action"]
    return [np.array(table[name].to_pylist(), dtype=np.float32) for name in columns]


def samples(state, target, action):
    """States, targets, the chunk of actions from each row on, which of them count (none after the target has gone, for nobody knows the
    next), and the action with which the hand ends up at the target."""
    rows = len(state)
    index = np.minimum(np.arange(rows)[:, None] + np.arange(CHUNK), rows - 1)
    counts = (target[index] == target[:, None]).all(axis=2) & (np.arange(rows)[:, None] + np.arange(CHUNK) < rows)
    changes = np.flatnonzero((target[1:] != target[:-1]).any(axis=1))
    last = changes[np.minimum(np.searchsorted(changes, np.arange(rows)), len(changes) - 1)]
    known = np.arange(rows) <= changes[-1]
    return [part[known] for part in (state, target, action[index], counts, action[last])]


def lost(state, chunk, counts, aim, low, high, random):
    """Some samples with the arm somewhere else, on its way to where the hand would bring it; the others with a shaken state."""
    somewhere = random.uniform(low, high, state.shape).astype(np.float32)
    steps = (np.arange(CHUNK, dtype=np.float32)[None, :, None] + 3) * (SPEED / FPS)
    back = somewhere[:, None] + np.clip((aim - somewhere)[:, None], -steps, steps)
    which = random.random(len(state)) < LOST
    shaken = state + random.normal(0, SHAKE, state.shape).astype(np.float32)
    state = np.where(which[:, None], somewhere, shaken)
    return state, np.where(which[:, None, None], back, chunk), counts | which[:, None]


def silu(x):
    gate = 1 / (1 + np.exp(-x))
    return x * gate, gate * (1 + x * (1 - gate))


def train(data, normal, random):
    """Weights and biases of three layers, by Adam on the mean squared error of normalised actions."""
    state, target, chunks, counts, aim = data
    mean, std, action_mean, action_std = normal
    low, high = state.min(0) - 5, state.max(0) + 5
    sizes = [JOINTS + TARGET, HIDDEN, HIDDEN, CHUNK * JOINTS]
    values = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        values += [random.normal(0, np.sqrt(1.5 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]
    values = [value.astype(np.float32) for value in values]
    first, second = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values]
    steps, step = EPOCHS * (len(state) // BATCH), 0
    for epoch in range(EPOCHS):
        order, total = random.permutation(len(state)), 0.0
        for begin in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[begin : begin + BATCH]
            seen, wanted, counting = lost(state[rows], chunks[rows], counts[rows], aim[rows], low, high, random)
            x = (np.concatenate([seen, target[rows]], axis=1) - mean) / (std + np.float32(1e-8))
            wanted = ((wanted - action_mean) / (action_std + np.float32(1e-8))).reshape(BATCH, -1)
            mask = np.repeat(counting, JOINTS, axis=1).astype(np.float32)
            w1, b1, w2, b2, w3, b3 = values
            h1, d1 = silu(x @ w1 + b1)
            h2, d2 = silu(h1 @ w2 + b2)
            error = (h2 @ w3 + b3 - wanted) * mask
            total += float((error**2).sum() / mask.sum())
            g3 = error * (2 / mask.sum())
            g2 = (g3 @ w3.T) * d2
            g1 = (g2 @ w2.T) * d1
            slopes = [x.T @ g1, g1.sum(0), h1.T @ g2, g2.sum(0), h2.T @ g3, g3.sum(0)]
            step += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            for i, slope in enumerate(slopes):
                first[i] = 0.9 * first[i] + 0.1 * slope
                second[i] = 0.999 * second[i] + 0.001 * slope**2
                values[i] -= rate * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: mean squared error {total / (len(order) // BATCH):.5f} (normalised)")
    return values


def graph(values):
    """The network as ONNX: normalised state and target in, normalised chunk out."""
    names = ["w1", "b1", "w2", "b2", "w3", "b3"]
    node = helper.make_node
    nodes = [
        node("Concat", ["observation.state", "observation.environment_state"], ["x0"], axis=1),
        node("Gemm", ["x0", "w1", "b1"], ["y1"]),
        node("Sigmoid", ["y1"], ["s1"]),
        node("Mul", ["y1", "s1"], ["x1"]),
        node("Gemm", ["x1", "w2", "b2"], ["y2"]),
        node("Sigmoid", ["y2"], ["s2"]),
        node("Mul", ["y2", "s2"], ["x2"]),
        node("Gemm", ["x2", "w3", "b3"], ["y3"]),
        node("Reshape", ["y3", "shape"], ["action"]),
    ]
    weights = [numpy_helper.from_array(value, name) for name, value in zip(names, values)]
    weights.append(numpy_helper.from_array(np.array([1, CHUNK, JOINTS], dtype=np.int64), "shape"))
    port = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    inputs = [port("observation.state", [1, JOINTS]), port("observation.environment_state", [1, TARGET])]
    made = helper.make_graph(nodes, "reach", inputs, [port("action", [1, CHUNK, JOINTS])], weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="ulna")
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ulna", default=str(ROOT / "target/release/ulna"), help="the ulna command")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "datasets/so101-reach", help="folder of the bundle")
    options = parser.parse_args()
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        sessions = []
        for number in range(SESSIONS):
            sessions.append(samples(*record(options.ulna, pathlib.Path(folder), 1000 + number)))
            print(f"\rrecorded {number + 1} of {SESSIONS}", end="", flush=True)
    print()
    data = [np.concatenate(parts) for parts in zip(*sessions)]
    inputs, actions = np.concatenate(data[:2], axis=1), data[2][:, 0]
    # The normalisation is the bundle's (see its policy.toml), in float32 as there.
    mean, std, action_mean, action_std = inputs.mean(0), inputs.std(0), actions.mean(0), actions.std(0)
    values = train(data, (mean, std, action_mean, action_std), random)
    model = graph(values)
    options.output.mkdir(parents=True, exist_ok=True)
    onnx.save(model, options.output / "policy.onnx")
    write_bundle(options.output, mean, std, action_mean, action_std, inputs[4321])


def write_bundle(folder, mean, std, action_mean, action_std, example):
    """Normalisation, and an example with the answer that ONNX Runtime gives: what `ulna policy check` compares."""
    stats = {}
    for key, values in {"mean": mean, "std": std}.items():
        stats[f"observation.state.{key}"] = values[:JOINTS]
        stats[f"observation.environment_state.{key}"] = values[JOINTS:]
    stats |= {"action.mean": action_mean, "action.std": action_std}
    save_file({key: np.ascontiguousarray(value, dtype=np.float32) for key, value in stats.items()}, folder / "stats.safetensors")
    session = onnxruntime.InferenceSession(str(folder / "policy.onnx"))
    normal = ((example - mean) / (std + np.float32(1e-8)))[None]
    feed = {"observation.state": normal[:, :JOINTS], "observation.environment_state": normal[:, JOINTS:]}
    (answer,) = session.run(["action"], feed)
    golden = {
        "observation.state": example[:JOINTS],
        "observation.environment_state": example[JOINTS:],
        "action": answer[0] * action_std + action_mean,
    }
    save_file({key: np.ascontiguousarray(value, dtype=np.float32) for key, value in golden.items()}, folder / "golden.safetensors")


if __name__ == "__main__":
    main()
