"""LeRobot's own command lines on simulated servos: lerobot_commands.py KIND FOLLOWER_PORT LEADER_PORT ID FOLDER. KIND is so101 or koch.

What is recorded lies in FOLDER afterwards.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

EPISODES = 2
# A busy computer is enough for one late answer, at which LeRobot's commands give up.
TRIES = 4


def told(good, name, figures):
    print("PASS" if good else "FAIL", name, figures, sep="\t", flush=True)


def run(name, *options):
    """What a command says, and whether it ended well."""
    program = Path(sys.executable).parent / name
    result = subprocess.run([program, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    return result.stdout + result.stderr, result.returncode


def patiently(name, options, before=lambda: None):
    for number in range(1, TRIES + 1):
        before()
        said, code = run(name, *options)
        if code == 0 or "ConnectionError" not in said:
            break
    return said, code, number


def last_words(said):
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "without a word"


def teleoperate(arms):
    said, code, tries = patiently("lerobot-teleoperate", [*arms, "--teleop_time_s=6", "--fps=30"])
    loops = sorted(float(ms) for ms in re.findall(r"loop time: ([0-9.]+)ms", said))
    if code != 0 or not loops:
        told(False, "lerobot-teleoperate", f"exit code {code}, {len(loops)} loops: {last_words(said)}")
        return
    figures = f"{len(loops)} loops in 6 s at 30 Hz, half of them within {loops[len(loops) // 2]:.0f} ms, try {tries}"
    told(len(loops) > 60, "lerobot-teleoperate", figures)


def record(arms, folder):
    options = [
        "--dataset.repo_id=conformance/recorded",
        f"--dataset.root={folder}",
        "--dataset.single_task=Move the arm about",
        f"--dataset.num_episodes={EPISODES}",
        "--dataset.episode_time_s=5",
        "--dataset.reset_time_s=1",
        "--dataset.push_to_hub=false",
        "--play_sounds=false",
    ]
    clean = lambda: shutil.rmtree(folder, ignore_errors=True)
    said, code, tries = patiently("lerobot-record", [*arms, *options], clean)
    if code != 0:
        told(False, "lerobot-record", last_words(said))
        return
    import numpy
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    rows = LeRobotDataset("conformance/recorded", root=folder).hf_dataset.with_format("numpy")
    action, state = (numpy.stack(rows[name]) for name in ("action", "observation.state"))
    # An episode may begin while the follower is still on its way from the end of its range, where a goal of 0 has taken it.
    error = float(numpy.median(numpy.abs(action - state).max(axis=1)))
    span = float(numpy.ptp(action[:, 0]))
    good = len(action) > 100 and error < 12 and span > 5
    figures = f"{len(action)} rows, median error {error:.1f}, the leader's pan moved by {span:.0f}, try {tries}"
    told(good, "lerobot-record", figures)


def main(kind, follower_port, leader_port, name, folder):
    arms = [
        f"--robot.type={kind}_follower",
        f"--robot.port={follower_port}",
        f"--robot.id={name}",
        f"--teleop.type={kind}_leader",
        f"--teleop.port={leader_port}",
        f"--teleop.id={name}",
    ]
    teleoperate(arms)
    record(arms, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
