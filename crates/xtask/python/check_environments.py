"""Environments of `ulna sim env`, as gymnasium and LeRobot use them: check_environments.py ULNA PACKAGE FOLDER.

PACKAGE is the folder of the Python client; it is installed into FOLDER, where nothing is yet.
"""

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

ULNA, PACKAGE, FOLDER = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
SITE = FOLDER / "site"
# Episodes as short as this say enough of how episodes end.
LIMIT = 2.0
SMALL = {"cameras": ["front"], "camera_size": (64, 48)}
PICTURE = (3, 48, 64)


def told(good, name, figures):
    print("PASS" if good else "FAIL", name, figures, sep="\t", flush=True)


def run(*words):
    """What a program says; its last words are the error if it fails."""
    result = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise RuntimeError(f"{words[0]} {words[1]}: {result.stderr.strip()[-600:]}")
    return result.stdout


def install():
    """The package as pip installs it, so that LeRobot finds it by its metadata."""
    # What pip builds it leaves next to the sources.
    source = shutil.copytree(PACKAGE, FOLDER / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--no-build-isolation"]
    run(*pip, "--target", SITE, source)
    sys.path.insert(0, str(SITE))
    os.environ["PYTHONPATH"] = str(SITE)
    os.environ["ULNA"] = ULNA
    names = [found.metadata["Name"] for found in importlib.metadata.distributions()]
    told("lerobot_env_ulna" in names, "pip install crates/sim/python", "LeRobot finds it among the distributions")


def every_scene():
    import gymnasium
    import ulna_env
    from gymnasium.utils.env_checker import check_env

    scenes = {scene["name"] for scene in json.loads(run(ULNA, "sim", "scenes", "--json"))["scenes"]}
    told(scenes == set(ulna_env.SCENES), "every scene has a name", ", ".join(ulna_env.SCENES))
    for scene in ulna_env.SCENES:
        for options in ({**SMALL, "render_mode": "rgb_array"}, {"cameras": [], "objects": True}):
            env = gymnasium.make(ulna_env.environment_id(scene), **options)
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                check_env(env.unwrapped)
            env.close()
        # Degrees are no numbers from -1 to 1, and have no end.
        known = ("normalized", "infinity", "render_mode")
        others = [str(it.message) for it in said if not any(word in str(it.message) for word in known)]
        told(not others, f"check_env {ulna_env.environment_id(scene)}", others[0] if others else "passes")


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype == object:
        return all(a is b is None or same(a, b) for a, b in zip(one, other, strict=True))
    return one.shape == other.shape and bool((one == other).all())


def short_scene():
    """`lift`, with less time."""
    text = run(ULNA, "sim", "show", "lift", "--toml")
    path = FOLDER / "short.toml"
    path.write_text(text.replace("time_limit_s = 20.0", f"time_limit_s = {LIMIT}"))
    return str(path)


def several_at_once(scene):
    """Four environments of one process are four processes of one, in each autoreset mode, bit for bit."""
    import gymnasium
    from gymnasium.vector import AutoresetMode

    options = {"scene": scene, "fps": 5, "objects": True, **SMALL}
    for mode in AutoresetMode:
        ours = gymnasium.make_vec("ulna/Scene-v0", num_envs=4, autoreset_mode=mode, **options)
        theirs = gymnasium.make_vec(
            "ulna/Scene-v0", num_envs=4, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode}, **options
        )
        ours.action_space.seed(1)
        good = all(same(one, other) for one, other in zip(ours.reset(seed=11), theirs.reset(seed=11), strict=True))
        ended = 0
        for _ in range(24):
            action = ours.action_space.sample()
            one, other = ours.step(action), theirs.step(action)
            good = good and all(same(a, b) for a, b in zip(one, other, strict=True))
            over = one[2] | one[3]
            ended += int(over.sum())
            if mode == AutoresetMode.DISABLED and over.any():
                again = [envs.reset(options={"reset_mask": over}) for envs in (ours, theirs)]
                good = good and all(same(a, b) for a, b in zip(*again, strict=True))
        ours.close(), theirs.close()
        told(good and ended >= 8, f"4 at once, autoreset {mode.value}", f"as SyncVectorEnv has them, {ended} episodes ended")


def experts_actions():
    """What an expert did when it was recorded does the task step by step, too."""
    import gymnasium
    import pyarrow.parquet
    import ulna_env

    for scene in ("lift", "pick-place"):
        done, seeds = [], range(2)
        for seed in seeds:
            dataset = FOLDER / f"{scene}-{seed}"
            words = ["record", "--sim", "--lockstep", "--expert", "--episodes", 1, "--no-cameras", "--seed", seed]
            run(ULNA, *words, "--scene", scene, "--dataset", dataset)
            (table,) = dataset.glob("data/*/*.parquet")
            actions = np.array(pyarrow.parquet.read_table(table)["action"].to_pylist(), np.float32)
            envs = gymnasium.make_vec(
                ulna_env.environment_id(scene),
                vectorization_mode="sync",
                vector_kwargs={"autoreset_mode": "SameStep"},
                cameras=[],
            )
            envs.reset(seed=[seed])
            rewards, over = 0.0, False
            for action in actions:
                _, reward, terminated, truncated, info = envs.step(action[None])
                rewards += reward[0]
                over = terminated[0] or truncated[0]
                if over:
                    break
            done.append(bool(over and terminated[0] and rewards == 1.0 and info["final_info"]["is_success"][0]))
            envs.close()
        told(all(done), f"an expert's actions in {scene}", f"{sum(done)} of {len(seeds)} succeed")


def wrong(name, call, *parts):
    """The call fails with a ValueError that says all of this."""
    try:
        call()
    except ValueError as error:
        told(all(part in str(error) for part in parts), name, str(error)[:90])
    else:
        told(False, name, "no error")


def bad_input(scene):
    import gymnasium
    import ulna_env

    make = gymnasium.make
    env = make("ulna/Scene-v0", scene=scene, cameras=[], fps=1)
    start = env.reset(seed=1)[0]["agent_pos"]
    wrong("an action with NaN", lambda: env.step(start * np.nan), "shoulder_pan", "finite")
    wrong("an action of another shape", lambda: env.step(start[:5]), "(6,)", "(5,)")
    wrong("an unknown option of reset", lambda: env.reset(options={"speed": 2}), "speed")
    first = env.step(start)
    good = first[4]["time_s"] < 1.1 and not first[3]
    second = env.step(start)
    told(good and second[3], "and then a step", f"{second[4]['time_s']:.0f} s, the time is up")
    wrong("a step after the end", lambda: env.step(start), "over")
    env.reset()
    env.close()
    wrong("a camera that is not there", lambda: make("ulna/Lift-v0", cameras=["rear"]), "rear", "front")
    wrong("a scene that is not there", lambda: make("ulna/Scene-v0", scene="moon"), "moon", "lift")
    # A server that is killed is named, and one whose client is killed ends.
    env = make("ulna/Lift-v0", cameras=[])
    env.reset(seed=1)
    server = env.unwrapped._connection._process
    server.kill()
    try:
        env.step(start)
        told(False, "a server that is killed", "no error")
    except ulna_env.UlnaError as error:
        told("gone" in str(error), "a server that is killed", str(error))
    env.close()
    script = (
        "import gymnasium, ulna_env, time\n"
        "env = gymnasium.make('ulna/Lift-v0', cameras=[])\n"
        "env.reset(seed=1)\n"
        "print(env.unwrapped._connection._process.pid, flush=True)\n"
        "time.sleep(600)"
    )
    client = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid = int(client.stdout.readline())
    client.send_signal(signal.SIGKILL)
    client.wait()
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    told(not Path(f"/proc/{pid}").exists(), "a client that is killed", "its server ends")


def untrained_policy(folder):
    """An ACT that has learned nothing: it has to run, not to succeed."""
    import torch
    from lerobot.configs import FeatureType, PolicyFeature
    from lerobot.policies.act.configuration_act import ACTConfig
    from lerobot.policies.act.modeling_act import ACTPolicy
    from lerobot.policies.factory import make_pre_post_processors

    shapes = {"observation.state": (6,), "action": (6,), "observation.images.front": PICTURE}
    kinds = {"observation.state": FeatureType.STATE, "action": FeatureType.ACTION}
    features = {name: PolicyFeature(kinds.get(name, FeatureType.VISUAL), shape) for name, shape in shapes.items()}
    slim = {"dim_model": 32, "n_heads": 2, "dim_feedforward": 64, "latent_dim": 8}
    slim |= {"n_encoder_layers": 1, "n_decoder_layers": 1, "n_vae_encoder_layers": 1}
    config = ACTConfig(
        device="cpu",
        push_to_hub=False,
        chunk_size=10,
        n_action_steps=10,
        pretrained_backbone_weights=None,
        input_features={name: it for name, it in features.items() if name != "action"},
        output_features={"action": features["action"]},
        **slim,
    )
    ACTPolicy(config).save_pretrained(folder)
    size = {"observation.images.front": (3, 1, 1)}
    stats = {name: size.get(name, shape) for name, shape in shapes.items()}
    stats = {name: {"mean": torch.zeros(shape), "std": torch.ones(shape)} for name, shape in stats.items()}
    for processor in make_pre_post_processors(config, dataset_stats=stats):
        processor.save_pretrained(folder)


def lerobot_eval(scene):
    policy, output = FOLDER / "policy", FOLDER / "eval"
    untrained_policy(policy)
    height, width = PICTURE[1:]
    run(
        Path(sys.executable).parent / "lerobot-eval",
        f"--policy.path={policy}",
        "--policy.device=cpu",
        "--env.type=ulna",
        f"--env.task={scene}",
        "--env.fps=10",
        '--env.cameras=["front"]',
        f"--env.observation_width={width}",
        f"--env.observation_height={height}",
        "--eval.n_episodes=2",
        "--eval.batch_size=1",
        "--seed=0",
        f"--output_dir={output}",
    )
    overall = json.loads((output / "eval_info.json").read_text())["overall"]
    videos = len(list(output.glob("videos/*/*.mp4")))
    good = overall["n_episodes"] == 2 and overall["pc_success"] == 0 and videos == 2
    figures = f"{overall['n_episodes']} episodes, {videos} videos, {overall['eval_s']:.0f} s"
    told(good, "lerobot-eval --env.type=ulna", figures)


def main():
    install()
    scene = short_scene()
    every_scene()
    several_at_once(scene)
    experts_actions()
    bad_input(scene)
    lerobot_eval(scene)


if __name__ == "__main__":
    main()
