"""Opens a copy of every dataset below a folder with Python LeRobot and compares what it gives with what ulna's reader gives.

open_cases.py CASES DUMPS OUT: DUMPS/NAME is what `conformance dump` of crate ulna-dataset wrote, if it could. Datasets of
v2.1 go through LeRobot's own converter first. OUT gets a JSON object: for each case how LeRobot fared, and where the two
differ.
"""

import contextlib
import io
import json
import logging
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from lerobot.scripts.convert_dataset_v21_to_v30 import convert_dataset

# Both decode the same video; they differ in how they enlarge the colour planes and round.
PICTURE_TOLERANCE = 2.0
# A dataset that claims to be huge must not take the machine down.
MEMORY = 24 << 30


def opened(root):
    """The dataset as LeRobot opens it, converted if it is an old one."""
    try:
        version = json.loads((root / "meta/info.json").read_bytes().decode("utf-8-sig"))["codebase_version"]
    except Exception:  # what is wrong with it is LeRobot's to say
        version = "v3.0"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if version.startswith("v2"):
            convert_dataset("ulna/" + root.name, root=str(root), push_to_hub=False)
        return LeRobotDataset("ulna/" + root.name, root=root, video_backend="pyav", return_uint8=True)


def picture_of(dump, ours, key, at):
    shape = ours["cameras"][key]
    size = int(np.prod(shape))
    with open(dump / f"{key}.rgb", "rb") as file:
        file.seek(at * size)
        data = file.read(size)
    return np.frombuffer(data, np.uint8).reshape(shape) if len(data) == size else None


def differences(dataset, dump):
    """Frames that LeRobot cannot give, and in what ulna's differ."""
    bad, differ = [], []
    ours = json.loads((dump / "dataset.json").read_text()) if (dump / "dataset.json").exists() else None
    rows = []
    if ours is not None:
        for number, episode in enumerate(ours["episodes"]):
            for frame in range(episode["length"]):
                rows.append((number, frame, episode))
    numbers = {}
    for at in range(len(dataset)):
        try:
            item = dataset[at]
        except Exception as error:
            bad.append(f"frame {at}: {type(error).__name__}: {str(error).splitlines()[0][:80]}")
            continue
        if ours is None:
            continue
        if at >= len(rows):
            differ.append(f"ulna has {len(rows)} frames")
            break
        number, frame, episode = rows[at]
        for name, theirs, mine in [
            ("episode_index", int(item["episode_index"]), number),
            ("timestamp", float(item["timestamp"]), np.float32(episode["timestamp"][frame])),
            ("task", item["task"], episode["task"][frame]),
        ]:
            if theirs != mine:
                differ.append(f"{name} of frame {at}: {theirs!r}, ulna {mine!r}")
        for key, values in episode["columns"].items():
            theirs = item.get(key)
            mine = np.array([np.nan if v is None else v for v in values[frame]], np.float64)
            if theirs is None:
                same = np.isnan(mine).all()
            else:
                theirs = np.asarray(theirs).reshape(-1)
                same = np.array_equal(theirs, mine.astype(theirs.dtype), equal_nan=theirs.dtype.kind == "f")
            if not same:
                differ.append(f"{key} of frame {at}")
        for key in ours["cameras"]:
            mine = picture_of(dump, ours, key, at)
            if mine is None:
                differ.append(f"{key} of frame {at} is missing")
                continue
            theirs = item[key].permute(1, 2, 0).numpy().astype(np.int16)
            if theirs.shape != mine.shape or np.abs(theirs - mine).mean() > PICTURE_TOLERANCE:
                differ.append(f"{key} of frame {at}")
        numbers[at] = True
    return bad, differ


def main(cases, dumps, out):
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    found = {}
    for case in sorted(path for path in Path(cases).iterdir() if (path / "meta/info.json").exists()):
        scratch = Path(tempfile.mkdtemp())
        root = scratch / case.name
        shutil.copytree(case, root)
        try:
            dataset = opened(root)
            bad, differ = differences(dataset, Path(dumps) / case.name)
            found[case.name] = {"opens": True, "frames": len(dataset), "bad": bad, "differ": differ}
        except BaseException as error:  # MemoryError, SystemExit: whatever ends it, it did not open
            if isinstance(error, KeyboardInterrupt):
                raise
            reason = (str(error).splitlines() or [""])[0][:100]
            found[case.name] = {"opens": False, "why": f"{type(error).__name__}: {reason}"}
        shutil.rmtree(scratch, ignore_errors=True)
    Path(out).write_text(json.dumps(found))


main(*sys.argv[1:])
