#!/usr/bin/env python3
"""Trains a small ACT with LeRobot's own trainer on recordings of ulna's simulated hand, and imports it into datasets/so101-reach-act.

    cargo build --release
    pip install 'lerobot[training]'
    python datasets/train_reach_act.py

Twelve episodes of half a minute in the scene `reach`, state and target alone, and some hundred steps of `lerobot-train`: long enough for a network that
plans as a trained ACT does, with chunks that disagree where they meet, and far too short for a good one. It is here for the tests of chunks under delay.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EPISODES, SECONDS, SEED = 12, 30, 2000
STEPS, BATCH = 800, 64
CHUNK, ACTIONS = 40, 20
# So small that its weights are a file of some hundred kilobytes.
WIDTHS = {"dim_model": 48, "n_heads": 4, "dim_feedforward": 96, "n_encoder_layers": 2, "n_vae_encoder_layers": 2, "latent_dim": 8}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ulna", default=ROOT / "target/release/ulna", help="the program")
    parser.add_argument("--output", default=ROOT / "datasets/so101-reach-act", help="the bundle's folder, which is replaced")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        dataset, trained = folder / "recording", folder / "trained"
        command = [options.ulna, "record", "--sim", "--lockstep", "--scene", "reach", "--seed", str(SEED), "--no-cameras", "--plain"]
        command += ["--episodes", str(EPISODES), "--episode-time", str(SECONDS), "--reset-time", "0"]
        command += ["--task", "Reach the target", "--dataset", str(dataset)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        command = [sys.executable, "-m", "lerobot.scripts.lerobot_train", "--policy.type=act", "--policy.device=cpu", "--policy.push_to_hub=false"]
        command += [f"--policy.{name}={width}" for name, width in WIDTHS.items()]
        command += [f"--policy.chunk_size={CHUNK}", f"--policy.n_action_steps={ACTIONS}", "--policy.optimizer_lr=1e-3"]
        command += ["--dataset.repo_id=ulna/reach", f"--dataset.root={dataset}", "--wandb.enable=false", "--num_workers=0", "--seed=1"]
        command += [f"--steps={STEPS}", f"--batch_size={BATCH}", f"--save_freq={STEPS}", "--log_freq=100", f"--output_dir={trained}"]
        subprocess.run(command, check=True)
        bundle = folder / "bundle"
        command = [options.ulna, "policy", "import", trained / "checkpoints/last", "--dataset", dataset, "--name", "reach, ACT", "--output", bundle]
        subprocess.run(command, check=True)
        shutil.rmtree(options.output, ignore_errors=True)
        shutil.copytree(bundle, options.output)


if __name__ == "__main__":
    main()
