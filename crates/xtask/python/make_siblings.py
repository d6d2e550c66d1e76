"""Makes datasets of the kinds that people report from the fixtures' cases, each with one thing changed.

make_siblings.py CASES OUT
"""

import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

DATA = "data/chunk-000/file-000.parquet"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
CAMERA = "observation.images.front"
VIDEO = f"videos/{CAMERA}/chunk-000/file-000.mp4"
OLD_VIDEO = f"videos/chunk-000/{CAMERA}/episode_000001.mp4"
VECTOR = pa.list_(pa.float32())
CASES, OUT = map(Path, sys.argv[1:])


def new(name, base="base3"):
    """A copy of a case that can be written to."""
    root = OUT / name
    shutil.copytree(CASES / base, root, copy_function=shutil.copyfile)
    for folder in [root, *root.rglob("*/")]:
        folder.chmod(0o755)
    return root


def info(root, **changes):
    """Changes keys of info.json; `...` removes one."""
    path = root / "meta/info.json"
    value = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: entry for key, entry in value.items() if entry is not ...}))


def feature(root, key, **changes):
    features = json.loads((root / "meta/info.json").read_text())["features"]
    features[key] = {k: v for k, v in (features[key] | changes).items() if v is not ...}
    info(root, features=features)


def table(path, change):
    pq.write_table(change(pq.read_table(path)), path)


def column(root, file, name, change, kind=None):
    """Changes the values of one column; `change` takes their number and the value."""

    def changed(rows):
        values = [change(at, value) for at, value in enumerate(rows[name].to_pylist())]
        return rows.set_column(rows.column_names.index(name), name, pa.array(values, kind))

    table(root / file, changed)


def without(root, file, *names):
    table(root / file, lambda rows: rows.drop_columns([n for n in rows.column_names if n.startswith(names)]))


def stats(root, change):
    path = root / "meta/stats.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def placeholders():
    (new("video-empty") / VIDEO).write_bytes(b"")
    (new("video-html") / VIDEO).write_text("<!DOCTYPE html><html>404</html>")
    (new("data-zip") / DATA).write_bytes(b"PK\x03\x04" + b"x" * 500)
    (new("meta-html") / EPISODES).write_text("<html><body>login</body></html>")


def statistics():
    stats(new("stats-null"), lambda s: s["action"]["mean"].__setitem__(2, None))
    stats(new("stats-nan"), lambda s: s["action"]["mean"].__setitem__(2, float("nan")))
    stats(new("stats-count-int"), lambda s: [f.update(count=f["count"][0]) for f in s.values()])
    (new("stats-missing") / "meta/stats.json").unlink()
    (new("stats-garbage") / "meta/stats.json").write_text("{")


def metadata():
    info(new("episodes-null"), total_episodes=None)
    info(new("frames-null"), total_frames=None)
    info(new("no-total-tasks"), total_tasks=...)
    info(new("fps-float"), fps=10.0)
    info(new("fps-list"), fps=[10])
    info(new("splits-null"), splits=None)
    info(new("robot-null"), robot_type=None)
    info(new("robot-list"), robot_type=["so101"])
    info(new("unknown-keys"), my_key={"a": 1}, license="mit")
    info(new("video-path-null"), video_path=None)
    info(new("version-3.1"), codebase_version="v3.1")
    info(new("version-missing"), codebase_version=...)
    info(new("storage-key-alone"), storage_format="lance")
    info(new("counted-too-few"), total_episodes=2, total_frames=55, splits={"train": "0:2"})
    feature(new("chw"), CAMERA, shape=[3, 48, 64], names=["channels", "height", "width"])
    feature(new("video-names-null"), CAMERA, names=None)
    feature(new("wrong-video-shape"), CAMERA, shape=[480, 640, 3])
    feature(new("names-null"), "action", names=None)
    feature(new("names-dict"), "action", names={"motors": list("abcdef")})
    feature(new("names-missing"), "action", names=...)
    feature(new("shape-int"), "action", shape=6)
    (new("other-files") / ".gitattributes").write_text("*")


def episode_tables():
    table(new("ep-shuffled") / EPISODES, lambda t: t.take([2, 0, 1]))
    table(new("ep-twice") / EPISODES, lambda t: t.take([0, 1, 1, 2]))
    table(new("ep-table-shorter") / EPISODES, lambda t: t.slice(0, 2))
    root = new("ep-gap")
    column(root, EPISODES, "episode_index", lambda _, value: value * 2)
    column(root, DATA, "episode_index", lambda _, value: value * 2)
    column(new("ep-length-null"), EPISODES, "length", lambda at, value: None if at == 1 else value, pa.int64())
    end = f"videos/{CAMERA}/to_timestamp"
    column(new("ep-to-null"), EPISODES, end, lambda at, value: None if at == 1 else value, pa.float64())
    column(new("ep-float-index"), EPISODES, "data/file_index", lambda _, value: value, pa.float64())
    column(new("ep-tasks-string"), EPISODES, "tasks", lambda _, value: value[0])
    shutil.rmtree(new("ep-missing") / "meta/episodes")
    path = new("ep-broken") / EPISODES
    path.write_bytes(path.read_bytes()[:5000])
    without(new("ep-no-data-place"), EPISODES, "data/")
    without(new("ep-no-video"), EPISODES, "videos/")


def tasks():
    (new("tasks-missing") / "meta/tasks.parquet").unlink()
    texts = pd.Index(["Pick the cube"], name="description")
    pd.DataFrame({"task_index": [0]}, index=texts).to_parquet(new("tasks-other-index") / "meta/tasks.parquet")
    pq.write_table(pa.table({"task_index": [0]}), new("tasks-no-text") / "meta/tasks.parquet")
    plain = pa.table({"task_index": [0], "task": ["Pick the cube"]})
    pq.write_table(plain, new("tasks-plain") / "meta/tasks.parquet")
    column(new("task-unknown"), DATA, "task_index", lambda at, value: 5 if at > 60 else value)


def rows():
    root = new("ep-over-two-files")
    whole = pq.read_table(root / DATA)
    pq.write_table(whole.slice(0, 40), root / DATA)
    pq.write_table(whole.slice(40), root / "data/chunk-000/file-001.parquet")
    root = new("data-renamed")
    (root / DATA).rename(root / "data/chunk-000/train-00000-of-00001.parquet")
    root = new("data-chunk-other")
    (root / "data/chunk-003").mkdir()
    (root / DATA).rename(root / "data/chunk-003/file-007.parquet")
    table(new("rows-interleaved") / DATA, lambda t: t.take([*range(55, 75), *range(55)]))
    table(new("extra-column") / DATA, lambda t: t.append_column("extra", pa.array([1.0] * 75)))
    column(new("large-list"), DATA, "action", lambda _, value: value, pa.large_list(pa.float64()))
    without(new("no-index-columns"), DATA, "index", "frame_index")
    without(new("no-timestamp"), DATA, "timestamp")
    without(new("no-episode-index"), DATA, "episode_index")
    without(new("no-task-index"), DATA, "task_index")
    column(new("index-off"), DATA, "index", lambda _, value: value + 100)
    column(new("wall-clock"), DATA, "timestamp", lambda _, value: 1.7e9 + value, pa.float64())
    jitter = new("jitter-no-video", "length-wrong-v3")
    column(jitter, DATA, "timestamp", lambda at, value: value + 0.01 * (at % 3), pa.float32())
    root = new("stray-valid")
    shutil.copyfile(root / DATA, root / "data/chunk-000/file-009.parquet")


def values():
    state = "observation.state"
    column(new("state-null"), DATA, state, lambda at, value: None if at == 40 else value, VECTOR)
    column(new("state-ragged"), DATA, state, lambda at, value: value[:5] if at == 40 else value, VECTOR)
    column(new("state-wider"), DATA, state, lambda _, value: [*value, 0.0], VECTOR)
    nan = [float("nan")] * 6
    column(new("nan-tail"), DATA, "action", lambda at, value: nan if 25 <= at < 30 else value, VECTOR)
    column(new("nan-column"), DATA, "action", lambda at, value: nan, VECTOR)
    root = new("degrees-in-m100")
    for key in ["action", state]:
        column(root, DATA, key, lambda _, value: [v * 8 for v in value], VECTOR)


def old_formats():
    root = new("v20", "no-episodes-jsonl")
    shutil.copyfile(CASES / "nan-in-stats-v21/meta/episodes.jsonl", root / "meta/episodes.jsonl")
    info(root, codebase_version="v2.0")
    (root / "meta/episodes_stats.jsonl").unlink()
    for path in (new("v21-crlf", "nan-in-stats-v21") / "meta").glob("*.jsonl"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    path = new("v21-bad-line", "nan-in-stats-v21") / "meta/episodes.jsonl"
    path.write_text(path.read_text() + '{"episode_index": 3, "tas\n')
    there = {"total_episodes": 3, "total_frames": 53}
    root = new("v21-no-stats", "subset-v21")
    info(root, **there)
    (root / "meta/episodes_stats.jsonl").unlink()
    root = new("v21-all-index-zero", "subset-v21")
    info(root, **there)
    for path in (root / "data/chunk-000").glob("*.parquet"):
        column(root, path.relative_to(root), "episode_index", lambda *_: 0)
    root = new("v21-gap", "subset-v21")
    info(root, total_episodes=2, total_frames=38)
    (root / "data/chunk-000/episode_000001.parquet").unlink()
    (root / OLD_VIDEO).unlink()
    for name in ["episodes", "episodes_stats"]:
        path = root / f"meta/{name}.jsonl"
        lines = path.read_text().splitlines()
        path.write_text(f"{lines[0]}\n{lines[2]}\n")
    (new("v21-file-missing", "groot-modality") / "data/chunk-000/episode_000001.parquet").unlink()
    (new("v21-video-missing", "groot-modality") / OLD_VIDEO).unlink()


def pictures():
    shutil.rmtree(new("camera-all-missing") / "videos")

    def in_rows(name, of):
        root = new(name)
        shutil.rmtree(root / "videos")
        feature(root, CAMERA, dtype="image")
        cells = [{"bytes": of(at), "path": None} for at in range(75)]
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        table(root / DATA, lambda t: t.append_column(CAMERA, pa.array(cells, kind)))

    def encoded(at, kind):
        out = io.BytesIO()
        pixels = (np.arange(48 * 64 * 3) * (at + 1) // 7 % 251).astype(np.uint8)
        Image.fromarray(pixels.reshape(48, 64, 3)).save(out, kind)
        return out.getvalue()

    in_rows("image-png", lambda at: encoded(at, "PNG"))
    in_rows("image-jpeg", lambda at: encoded(at, "JPEG"))


for make in [placeholders, statistics, metadata, episode_tables, tasks, rows, values, old_formats, pictures]:
    make()
