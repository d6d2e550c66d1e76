"""Edits a dataset with LeRobot's own tools, and compares the results with those of ulna's: compare_tools.py DATASET OURS THEIRS.

OURS holds what `conformance edit` of crate ulna-dataset made of DATASET, a folder for each tool. Prints one line per check: outcome,
name and figures between tabs.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas
from lerobot.datasets import LeRobotDataset, delete_episodes, merge_datasets, modify_features, modify_tasks, split_dataset
from lerobot.datasets.dataset_tools import recompute_stats

# LeRobot encodes pictures anew where ulna moves packets, here from quantiser 26 to SVT-AV1's crf 30.
PICTURE_TOLERANCE = 6.0
STATS_TOLERANCE = 1e-5
MOMENTS = ["min", "max", "mean", "std"]
# After deleting, LeRobot's statistics of these still count as before; ulna's are those of the result.
RENUMBERED = {"index", "episode_index", "task_index"}


def dataset(root, name="ulna/compared"):
    return LeRobotDataset(name, root=root, video_backend="pyav", return_uint8=True)


def same(found, expected, what):
    assert found == expected, f"{what}: ulna {found}, LeRobot {expected}"


def table(data):
    files = sorted(Path(data.root).glob("meta/episodes/*/*.parquet"))
    return pandas.concat(pandas.read_parquet(path) for path in files).to_dict("records")


def compare(ours, theirs, ordered_tasks=True, skip_stats=RENUMBERED):
    """Every value of every frame, the tables of episodes and tasks, and the statistics."""
    same(len(ours), len(theirs), "frames")
    same(set(ours.features), set(theirs.features), "features")
    tasks = list(ours.meta.tasks.index), list(theirs.meta.tasks.index)
    same(*(tasks if ordered_tasks else map(sorted, tasks)), "tasks")
    for number, (a, b) in enumerate(zip(table(ours), table(theirs), strict=True)):
        for key in ("episode_index", "length", "dataset_from_index", "dataset_to_index"):
            same(a[key], b[key], f"{key} of episode {number}")
        same(sorted(a["tasks"]), sorted(b["tasks"]), f"tasks of episode {number}")
    cameras, worst = list(ours.meta.video_keys), 0.0
    for at in range(len(ours)):
        a, b = ours[at], theirs[at]
        same(a["task"], b["task"], f"task of frame {at}")
        for key in ours.features:
            if key in cameras:
                off = float((a[key].float() - b[key].float()).abs().mean())
                worst = max(worst, off)
                assert off <= PICTURE_TOLERANCE, f"{key} of frame {at}: off by {off:.1f}"
            elif key != "task_index" or ordered_tasks:
                assert np.array_equal(a[key].numpy(), b[key].numpy()), f"{key} of frame {at}: {a[key]}, LeRobot {b[key]}"
    compared = 0
    for key, stats in theirs.meta.stats.items():
        for name in MOMENTS if key not in skip_stats else []:
            found, expected = np.ravel(ours.meta.stats[key][name]), np.ravel(stats[name])
            off = np.abs(found - expected).max() / max(1.0, np.abs(expected).max())
            assert off <= STATS_TOLERANCE, f"{name} of {key}: {found}, LeRobot {expected}"
            compared += 1
    return f"{len(ours)} frames, {len(tasks[0])} tasks, {compared} statistics; pictures within {worst:.2f}/255"


class Tools:
    def __init__(self, original, ours, theirs):
        self.original, self.ours, self.theirs = Path(original), Path(ours), Path(theirs)
        self.source = dataset(self.original, "ulna/original")

    def mine(self, name):
        return dataset(self.ours / name)

    def copy(self, name):
        shutil.copytree(self.original, self.theirs / name)
        return dataset(self.theirs / name)

    def check_delete(self):
        theirs = delete_episodes(self.source, [1], self.theirs / "delete", "ulna/delete")
        return compare(self.mine("delete"), dataset(theirs.root), ordered_tasks=False)

    def check_delete_from_one_file(self):
        """LeRobot encodes the pictures that stay anew, ulna moves them."""
        compacted = self.mine("compact")
        theirs = delete_episodes(compacted, [0], self.theirs / "delete from one file", "ulna/delete-one")
        return compare(self.mine("delete from one file"), dataset(theirs.root), ordered_tasks=False)

    def check_split(self):
        split_dataset(self.source, {"train": 0.66, "val": 0.34}, self.theirs)
        lines = [compare(self.mine(n), dataset(self.theirs / n), ordered_tasks=False) for n in ("train", "val")]
        return "; ".join(lines)

    def check_merge(self):
        theirs = merge_datasets([self.source, self.mine("delete")], "ulna/merge", self.theirs / "merge")
        # LeRobot takes the statistics of task_index over the episode's list of tasks, not over its frames.
        return compare(self.mine("merge"), dataset(theirs.root), skip_stats={"task_index", "index", "episode_index"})

    def check_tasks(self):
        theirs = modify_tasks(self.copy("tasks"), new_task="the only other task", episode_tasks={0: "a third task"})
        return compare(self.mine("tasks"), dataset(theirs.root), skip_stats={"task_index"})

    def check_features(self):
        own = [key for key in self.source.features if key.startswith("ulna.")]
        weight = (np.full((len(self.source), 1), 0.5, np.float32), {"dtype": "float32", "shape": (1,), "names": None})
        theirs = modify_features(self.source, {"weight": weight}, own, self.theirs / "features", "ulna/features")
        return compare(self.mine("features"), dataset(theirs.root), skip_stats=set())

    def check_stats(self):
        theirs = recompute_stats(self.copy("stats"))
        mine = self.mine("stats")
        for key in theirs.features:
            for name in MOMENTS if key not in theirs.meta.video_keys else []:
                found, expected = np.ravel(mine.meta.stats[key][name]), np.ravel(theirs.meta.stats[key][name])
                off = np.abs(found - expected).max() / max(1.0, np.abs(expected).max())
                assert off <= STATS_TOLERANCE, f"{name} of {key}: {found}, LeRobot {expected}"
        return f"{len(theirs.features)} features"


def main(original, ours, theirs):
    tools = Tools(original, ours, theirs)
    for name in (name for name in vars(Tools) if name.startswith("check_")):
        try:
            line = ("PASS", name.removeprefix("check_").replace("_", " "), getattr(tools, name)())
        except Exception as error:  # whatever LeRobot raises is the finding
            text = f"{type(error).__name__}: {error}".replace("\n", " ").replace("\t", " ")[:600]
            line = ("FAIL", name.removeprefix("check_").replace("_", " "), text)
        print(*line, sep="\t", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
