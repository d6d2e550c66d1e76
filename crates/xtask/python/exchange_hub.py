"""huggingface_hub on a server of this machine: exchange_hub.py push|pull FOLDER USER/NAME. What is pulled must be what FOLDER holds."""

import filecmp
import os
import sys
import tempfile

from huggingface_hub import HfApi, snapshot_download


def told(good, name, figures):
    print("PASS" if good else "FAIL", name, figures, sep="\t", flush=True)


def names(folder):
    found = (os.path.join(at, name) for at, _, files in os.walk(folder) for name in files)
    found = (os.path.relpath(path, folder) for path in found)
    return sorted(name for name in found if not name.startswith("."))


def push(api, folder, name, kind):
    api.create_repo(name, repo_type=kind, exist_ok=True, private=True)
    commit = api.upload_folder(repo_id=name, folder_path=folder, repo_type=kind)
    told(bool(commit.oid), f"Python pushes a {kind}", f"{len(names(folder))} files")


def pull(folder, name, kind):
    with tempfile.TemporaryDirectory() as scratch:
        snapshot_download(name, repo_type=kind, local_dir=scratch)
        got, expected = names(scratch), names(folder)
        _, different, missing = filecmp.cmpfiles(folder, scratch, expected, shallow=False)
        good = got == expected and not different and not missing
        told(good, f"Python pulls the {kind} that ulna pushed", f"{len(got)} files")
    if kind == "dataset":
        load(name)


def load(name):
    """As a user does: by name alone, which takes the tag of the format's version."""
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    with tempfile.TemporaryDirectory() as scratch:
        dataset = LeRobotDataset(name, root=os.path.join(scratch, "data"))
        figures = f"{dataset.num_episodes} episodes, {len(dataset)} frames at revision {dataset.revision}"
        told(len(dataset) > 0 and dataset[0] is not None, "LeRobot loads it by name", figures)


def main(action, folder, name):
    kind = "dataset" if os.path.exists(os.path.join(folder, "meta/info.json")) else "model"
    if action == "push":
        push(HfApi(), folder, name, kind)
    else:
        pull(folder, name, kind)


main(*sys.argv[1:])
