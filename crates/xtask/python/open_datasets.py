"""Opens datasets with Python LeRobot and iterates them: open_datasets.py LIST.

Each line of LIST has a dataset's folder and the frames of each of its episodes, between tabs. Every row is read, and the
first and last picture of every episode. Prints one line for all of them, and one more for each that fails: outcome, name and
figures between tabs.
"""

import sys
from pathlib import Path

import numpy as np
from lerobot.datasets import LeRobotDataset


def iterate(root, lengths):
    dataset = LeRobotDataset("ulna/conformance", root=root, video_backend="pyav", return_uint8=True)
    found = [row["length"] for row in dataset.meta.episodes]
    assert found == lengths, f"episodes of {found} frames, not {lengths}"
    assert len(dataset) == sum(lengths), f"{len(dataset)} frames, not {sum(lengths)}"
    rows = dataset.hf_dataset.with_format("numpy")[:]
    expected = np.repeat(np.arange(len(lengths)), lengths)
    assert np.array_equal(rows["episode_index"], expected), "episode_index"
    assert np.array_equal(rows["index"], np.arange(sum(lengths))), "index"
    pictures = 0
    ends = np.cumsum(lengths)
    for at in sorted({*(ends - lengths), *(ends - 1)}):
        item = dataset[int(at)]
        for key in dataset.meta.video_keys:
            assert item[key].shape[0] == 3, f"{key} of frame {at} has the shape {tuple(item[key].shape)}"
            pictures += 1
    return sum(lengths), pictures


def main(listed):
    opened, frames, pictures, failed = 0, 0, 0, 0
    for line in Path(listed).read_text().splitlines():
        root, lengths = line.split("\t")
        try:
            read = iterate(root, [int(length) for length in lengths.split()])
            opened, frames, pictures = opened + 1, frames + read[0], pictures + read[1]
        except Exception as error:  # whatever LeRobot raises, the next dataset is looked at too
            failed += 1
            print("FAIL", Path(root).parent.name, " ".join(str(error).split()) or repr(error), sep="\t", flush=True)
    figures = f"{opened} datasets, {frames} rows and {pictures} pictures read"
    print("FAIL" if failed else "PASS", "every dataset opens", figures, sep="\t", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
