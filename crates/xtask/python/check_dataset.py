"""Opens a dataset with Python LeRobot and compares what it gives with what ulna's reader gives.

check_dataset.py DATASET DUMP SCRATCH, where DUMP is what `conformance dump` of crate ulna-dataset wrote. Prints one
line per check: outcome, name and figures between tabs.
"""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas
import torch
from lerobot.datasets import LeRobotDataset, delete_episodes, merge_datasets
from lerobot.datasets.compute_stats import compute_episode_stats
from lerobot.datasets.io_utils import load_episodes
from lerobot.datasets.video_utils import get_video_info
from lerobot.utils.feature_utils import dataset_to_policy_features

# Both decode the same video; they differ in how they enlarge the colour planes and round.
PICTURE_TOLERANCE = 2.0
# What LeRobot loses where it encodes pictures anew, with its own crf of 30.
REENCODED_TOLERANCE = 4.0
# Statistics of pictures are taken before encoding, on every second pixel or so of larger ones.
PICTURE_STATS_TOLERANCE = 0.02
# Of a feature's range; LeRobot computes in single precision.
STATS_TOLERANCE = 1e-4
# Quantiles come from a histogram of 5000 bins; a value on the edge of two falls into either, as the last bit is rounded.
QUANTILE_TOLERANCE = 2.1e-4
MOMENTS = ["min", "max", "mean", "std"]
QUANTILES = ["q01", "q10", "q50", "q90", "q99"]


class Check:
    """The dataset as both sides see it, and the checks, in the order of their definition."""

    def __init__(self, root, dump, scratch):
        self.root, self.scratch = Path(root), Path(scratch)
        self.ours = json.loads((Path(dump) / "dataset.json").read_text())
        self.pictures = {
            key: np.fromfile(Path(dump) / f"{key}.rgb", np.uint8).reshape(-1, *shape)
            for key, shape in self.ours["cameras"].items()
        }
        self.theirs = self.open()
        self.starts = np.cumsum([0] + [e["length"] for e in self.ours["episodes"]])

    def open(self, **options):
        options = {"video_backend": "pyav", "return_uint8": True} | options
        return LeRobotDataset("ulna/conformance", root=self.root, **options)

    def column(self, key):
        """All rows of one of our columns, in the type that info.json declares."""
        dtype = self.theirs.features[key]["dtype"]
        return np.array([row for e in self.ours["episodes"] for row in e["columns"][key]], dtype)

    def columns(self):
        return self.ours["episodes"][0]["columns"].keys()

    def flat(self, key):
        return [value for episode in self.ours["episodes"] for value in episode[key]]

    def check_counts(self):
        meta, episodes = self.theirs.meta, self.ours["episodes"]
        same(len(self.theirs), self.starts[-1], "frames")
        same(meta.total_episodes, len(episodes), "episodes")
        same(meta.fps, self.ours["fps"], "fps")
        same(meta.robot_type, self.ours["robot_type"], "robot_type")
        same(list(meta.tasks.index), self.ours["tasks"], "tasks")
        for number, (row, episode) in enumerate(zip(meta.episodes, episodes, strict=True)):
            same(row["episode_index"], number, "episode_index")
            same(row["length"], episode["length"], f"length of episode {number}")
            same(row["tasks"], episode["tasks"], f"tasks of episode {number}")
            same(row["dataset_from_index"], self.starts[number], f"start of episode {number}")
            same(row["dataset_to_index"], self.starts[number + 1], f"end of episode {number}")
        return f"{len(episodes)} episodes, {len(self.theirs)} frames, {len(self.ours['tasks'])} tasks"

    def check_policy_features(self):
        found = set(dataset_to_policy_features(self.theirs.features))
        same(found, {"action", "observation.state", *self.pictures}, "features that a policy would take")
        return ", ".join(sorted(found))

    def check_frames(self):
        """Every number, text and time stamp of every frame, through LeRobot's `__getitem__`."""
        data = {key: self.column(key) for key in self.columns()}
        stamps, tasks = np.array(self.flat("timestamp"), np.float32), self.flat("task")
        index, frame_index = self.flat("index"), self.flat("frame_index")
        self.worst = {key: [0.0, 0.0, 0, 0] for key in self.pictures}
        for at in range(len(self.theirs)):
            item = self.theirs[at]
            episode = int(np.searchsorted(self.starts, at, "right")) - 1
            frame = at - self.starts[episode]
            for name, found, expected in [
                ("index", item["index"], at),
                ("our index", index[at], at),
                ("episode_index", item["episode_index"], episode),
                ("frame_index", item["frame_index"], frame),
                ("our frame_index", frame_index[at], frame),
                ("timestamp", item["timestamp"].numpy(), stamps[at]),
                ("timestamp on the grid", stamps[at], np.float32(frame / self.ours["fps"])),
            ]:
                same(found, expected, f"{name} of frame {at}")
            same(item["task"], tasks[at], f"task of frame {at}")
            same(list(self.theirs.meta.tasks.index)[item["task_index"]], tasks[at], "task_index")
            for key, rows in data.items():
                found = item[key].numpy()
                ok = np.array_equal(found.reshape(-1), rows[at], equal_nan=rows.dtype.kind == "f")
                assert ok and str(found.dtype) == str(rows.dtype), f"{key} of frame {at}: {found}, ours {rows[at]}"
            for key in self.pictures:
                self.compare_picture(key, at, item[key])
        return f"{len(self.theirs)} frames x {len(data) + 6} values equal ({', '.join(data)})"

    def compare_picture(self, key, at, picture):
        """Notes how far LeRobot's picture is from ours, and whether a neighbour of ours is nearer."""
        found = picture.permute(1, 2, 0).numpy().astype(np.int16)
        distance = [
            float(np.abs(found - self.pictures[key][other]).mean())
            for other in (at, max(at - 1, 0), min(at + 1, len(self.pictures[key]) - 1))
        ]
        worst = self.worst[key]
        worst[0] = max(worst[0], distance[0])
        worst[1] = max(worst[1], float(np.abs(found - self.pictures[key][at]).max()))
        worst[2] += distance[0] > min(distance)
        worst[3] += 1

    def picture_figures(self):
        figures = []
        for key, (mean, greatest, confused, compared) in self.worst.items():
            figures.append(f"{key}: {len(self.pictures[key])} pictures, worst mean difference {mean:.2f}/255, pixel {greatest:.0f}")
            same(compared, len(self.pictures[key]), f"pictures of {key} that were compared")
            assert mean <= PICTURE_TOLERANCE, figures[-1]
            assert not confused, f"{key}: {confused} pictures resemble a neighbour's more than their own"
        return "; ".join(figures)

    def check_pictures_pyav(self):
        return self.picture_figures()

    def check_pictures_torchcodec(self):
        try:
            importlib.import_module("torchcodec")
        except (ImportError, OSError, RuntimeError) as error:
            raise Skip(f"torchcodec does not load here: {str(error).strip().splitlines()[0]}") from None
        theirs = self.open(video_backend="torchcodec")
        self.worst = {key: [0.0, 0.0, 0, 0] for key in self.pictures}
        for at in range(len(theirs)):
            item = theirs[at]
            for key in self.pictures:
                self.compare_picture(key, at, item[key])
        return self.picture_figures()

    def rows(self):
        """The rows of every feature that is not a picture, shaped as LeRobot's statistics want them."""
        rows = {key: self.column(key) for key in self.columns()}
        rows |= {key: np.array(self.flat(key)) for key in ("frame_index", "index")}
        rows["timestamp"] = np.array(self.flat("timestamp"), np.float32)
        rows["episode_index"] = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        rows["task_index"] = np.array([self.ours["tasks"].index(task) for task in self.flat("task")])
        scalar = {key for key in rows if self.theirs.features[key]["shape"] == (1,)}
        return {key: values.reshape(-1) if key in scalar else values for key, values in rows.items()}

    def table(self):
        files = sorted(self.root.glob("meta/episodes/*/*.parquet"))
        return pandas.concat(pandas.read_parquet(path) for path in files)

    def check_episode_statistics(self):
        """The episode table's statistics, which LeRobot's tools for editing read, against LeRobot's own computation."""
        table, rows, worst = self.table(), self.rows(), 0.0
        same(len(table), len(load_episodes(self.root)), "rows of the table")
        for key in self.theirs.features:
            for name in (*MOMENTS, "count", *QUANTILES):
                assert f"stats/{key}/{name}" in table, f"no column stats/{key}/{name}"
        for number, found in enumerate(table.to_dict("records")):
            part = {key: values[self.starts[number] : self.starts[number + 1]] for key, values in rows.items()}
            for key, stats in compute_episode_stats(part, self.theirs.features).items():
                for name in (*MOMENTS, *QUANTILES):
                    slack = std_rounding(part[key]) if name == "std" else 0.0
                    off = distance(found[f"stats/{key}/{name}"], stats[name], part[key], slack)
                    allowed = QUANTILE_TOLERANCE if name in QUANTILES else STATS_TOLERANCE
                    assert off < allowed, f"{key} {name} of episode {number}: off by {off} of the range"
                    worst = max(worst, off)
        return f"{len(table)} rows x {len(table.columns)} columns, {len(rows)} features within {worst:.0e} of their range"

    def check_statistics(self):
        """meta/stats.json. LeRobot 0.6.1 averages the episodes' quantiles, 0.6.2 takes the outermost, as ulna does:
        neither leaves what the episodes span."""
        stats, table, rows, worst = self.theirs.meta.stats, self.table(), self.rows(), 0.0
        same(set(stats), set(self.theirs.features), "features with statistics")
        for key, values in rows.items():
            for name in MOMENTS:
                off = distance(stats[key][name], getattr(values.astype(np.float64), name)(axis=0), values)
                assert off < STATS_TOLERANCE, f"{key} {name}: {stats[key][name]}, off by {off} of the range"
                worst = max(worst, off)
            for name in QUANTILES:
                parts = np.stack([np.ravel(part) for part in table[f"stats/{key}/{name}"]])
                found, slack = stats[key][name], STATS_TOLERANCE * span(values)
                assert (found >= parts.min(axis=0) - slack).all(), f"{key} {name} is below the episodes'"
                assert (found <= parts.max(axis=0) + slack).all(), f"{key} {name} is above the episodes'"
            same(int(stats[key]["count"][0]), len(values), f"count of {key}")
        for key, found in stats.items():
            numbers = np.concatenate([np.ravel(found[name]) for name in (*MOMENTS, *QUANTILES)])
            assert np.isfinite(numbers).all(), f"{key} has values that are not finite"
            ladder = np.array([np.ravel(found[name]) for name in QUANTILES])
            assert (np.diff(ladder, axis=0) >= 0).all(), f"the quantiles of {key} are not in order: {ladder}"
        return f"{len(rows)} features within {worst:.0e} of their range; all {len(stats)} finite, quantiles in order"

    def check_picture_statistics(self):
        worst = 0.0
        for key, pictures in self.pictures.items():
            found = self.theirs.meta.stats[key]
            for name in ("mean", "std"):
                expected = getattr(pictures.reshape(-1, 3) / 255.0, name)(axis=0)
                assert found[name].shape == (3, 1, 1), f"{key} {name} has shape {found[name].shape}"
                worst = max(worst, float(np.abs(found[name].reshape(3) - expected).max()))
            assert 0 <= found["min"].min() and found["max"].max() <= 1, f"{key} is not within 0..1"
        assert worst < PICTURE_STATS_TOLERANCE, f"mean or std off by {worst:.3f}"
        return f"worst mean or std {worst:.4f} of 1"

    def check_windows(self):
        """`delta_timestamps`: values inside an episode, the nearest frame and a mark beyond its ends."""
        step = 1 / self.ours["fps"]
        steps = {"observation.state": [-2, -1, 0], "action": [0, 1, 2, 3, 4]} | {key: [-1, 0] for key in self.pictures}
        theirs = self.open(delta_timestamps={key: [n * step for n in ns] for key, ns in steps.items()})
        padded = 0
        for start, end in zip(self.starts, self.starts[1:]):
            for at in sorted({start, start + 1, (start + end) // 2, end - 2, end - 1} & set(range(start, end))):
                item = theirs[int(at)]
                for key, ns in steps.items():
                    pad = [not start <= at + n < end for n in ns]
                    rows = [min(max(at + n, start), end - 1) for n in ns]
                    same(item[f"{key}_is_pad"].tolist(), pad, f"{key}_is_pad at {at}")
                    padded += sum(pad)
                    if key in self.pictures:
                        found = item[key].permute(0, 2, 3, 1).numpy().astype(np.int16)
                        assert np.abs(found - self.pictures[key][rows]).mean() <= PICTURE_TOLERANCE, f"{key} around {at}"
                    else:
                        assert np.array_equal(item[key].numpy(), self.column(key)[rows]), f"{key} around {at}"
        return f"{', '.join(f'{key} {ns}' for key, ns in steps.items())}; {padded} padded"

    def check_loader(self):
        theirs = self.open(return_uint8=False)
        loader = torch.utils.data.DataLoader(theirs, batch_size=8, shuffle=True, generator=torch.Generator().manual_seed(1))
        batch = next(iter(loader))
        rows = self.column("action")[batch["index"].numpy()]
        assert np.array_equal(batch["action"].numpy(), rows), "the batch's actions are not those of its indexes"
        for key, shape in self.ours["cameras"].items():
            same(tuple(batch[key].shape), (len(rows), shape[2], shape[0], shape[1]), key)
            assert 0 <= batch[key].min() and batch[key].max() <= 1
        return f"batch of {len(rows)}: " + ", ".join(f"{key} {list(batch[key].shape)}" for key in ("action", *self.pictures))

    def check_editing(self):
        """LeRobot's own tools take the dataset apart and together again, and read the result."""
        fewer = self.theirs
        if len(self.starts) > 2:
            fewer = delete_episodes(self.theirs, [0], self.scratch / "fewer", "ulna/fewer")
            same(len(fewer), self.starts[-1] - self.starts[1], "frames after deleting episode 0")
        # LeRobot joins videos by copying their streams. That takes files of one codec, and none of its own encoding: where an episode
        # shares its file with others it has encoded the rest anew, and its time stamps do not follow on ours.
        files = list(self.root.glob("videos/*/*/*.mp4"))
        codecs = sorted({get_video_info(path)["video.codec"] for path in files})
        alone = len(files) == (len(self.starts) - 1) * len(self.pictures)
        double = merge_datasets(
            [self.theirs, fewer], "ulna/double", self.scratch / "double", concatenate_videos=alone and len(codecs) == 1
        )
        same(len(double), len(self.theirs) + len(fewer), "frames after merging")
        item = double[len(double) - 1]
        assert np.array_equal(item["action"].numpy(), self.column("action")[-1]), "the merged dataset's last action"
        for key in self.pictures:
            found = (item[key] * 255).permute(1, 2, 0).numpy()
            off = np.abs(found - self.pictures[key][-1]).mean()
            allowed = PICTURE_TOLERANCE if alone else REENCODED_TOLERANCE
            assert off <= allowed, f"the last picture of {key} is off by {off:.2f}"
        videos = len(list((self.scratch / "double").glob("videos/*/*/*.mp4")))
        return f"{len(self.theirs)} + {len(fewer)} frames, {videos} videos {' and '.join(codecs)}"


def span(values):
    """What an error in a feature's statistics is measured by: its range, or its size where it is constant."""
    values = values.astype(np.float64)
    return np.maximum(np.maximum(np.ptp(values, axis=0), 1e-2 * np.abs(values).max(axis=0)), 1e-6)


def distance(found, expected, values, slack=0.0):
    off = np.abs(np.ravel(found) - np.ravel(expected)) - slack
    return float(np.max(np.maximum(off, 0.0) / span(values)))


def std_rounding(values):
    """LeRobot takes a standard deviation as the root of a small difference of two squares, in 32 bits for 32-bit values: where a
    column hardly varies, nothing but the root of that rounding is left of it."""
    if values.dtype != np.float32:
        return 0.0
    return 2.0 * np.sqrt(np.finfo(np.float32).eps) * np.abs(values.reshape(len(values), -1)).max(axis=0)


class Skip(Exception):
    """A check that cannot be made here, and why."""


def same(found, expected, what):
    assert found == expected, f"{what}: found {found}, expected {expected}"


def attempt(name, function):
    try:
        line = ("PASS", name, function())
    except Skip as skip:
        line = ("SKIP", name, str(skip))
    except Exception as error:  # whatever LeRobot raises is the finding
        line = ("FAIL", name, f"{type(error).__name__}: {error}".replace("\n", " ")[:600])
    print(*line, sep="\t", flush=True)
    return line[0] == "PASS"


def main(root, dump, scratch):
    made = []
    if attempt("opens", lambda: made.append(Check(root, dump, scratch)) or "LeRobotDataset"):
        for name in (name for name in vars(Check) if name.startswith("check_")):
            if made[0].pictures or not name.startswith("check_picture"):
                attempt(name.removeprefix("check_").replace("_", " "), getattr(made[0], name))


if __name__ == "__main__":
    main(*sys.argv[1:])
