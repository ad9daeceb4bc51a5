"""Curves of zero-shot scores over time, a row for each video, with the truth where it is known.

    weaktal localize --zero-shot "high jump,tennis swing,..." VIDEO... --out words.json --scores words.safetensors
    python examples/zero_shot_curves.py words.safetensors OUT.svg [--truth truth.json ...]

Drawn are the class that the video is of, where the truth says so, and the class with the highest score of the video. A
truth file has ActivityNet's layout; its labels may be written as in ``HighJump``.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

from weaktal.data.scores import read_scores

Truth = dict[str, list[tuple[str, float, float]]]  # by video: label, start, end


def words(label: str) -> str:
    """``CleanAndJerk`` as ``clean and jerk``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower()


def read_truth(files: list[Path]) -> Truth:
    """The segments that files know, by video."""
    found: Truth = {}
    for file in files:
        for name, video in json.loads(file.read_text(encoding="utf-8"))["database"].items():
            found[name] = [(words(one["label"]), *one["segment"]) for one in video["annotations"]]
    return found


def main() -> None:
    """Draws the picture and prints each video's three likeliest classes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--truth", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    stored, truth = read_scores(options.scores), read_truth(options.truth)
    plt.rcParams.update({"svg.hashsalt": "weaktal", "svg.fonttype": "none"})  # the same picture each time, and text
    figure, axes = plt.subplots(len(stored), 1, figsize=(9, 1.5 * len(stored)), squeeze=False, layout="constrained")
    for video, (axis,) in zip(stored, axes, strict=True):
        times = stored.grid.centers(len(video.snippets))
        best = int(np.argmax(video.video))
        segments = truth.get(video.name, [])
        actual = [stored.classes.index(label) for label, *_ in segments[:1] if label in stored.classes]
        for label, start, end in segments:
            axis.axvspan(start, end, color="tab:green", alpha=0.2, label=label if start == segments[0][1] else None)
        for index in dict.fromkeys([*actual, best]):
            style = "tab:green" if index in actual else "tab:red"
            axis.plot(times, video.snippets[:, index], color=style, label=f"{stored.classes[index]} (score)")
        axis.set(ylim=(0, 1), xlim=(0, stored.durations[video.name]), ylabel="score")
        axis.set_title(f"{video.name}: {stored.classes[best]} {video.video[best]:.2f}", loc="left", fontsize=9)
        axis.legend(loc="upper right", fontsize=7)
    axes[-1, 0].set_xlabel("seconds")
    figure.savefig(options.out, metadata={"Date": None})
    for video in stored:
        order = np.argsort(-video.video)[:3]
        print(video.name, ", ".join(f"{stored.classes[i]} {video.video[i]:.2f}" for i in order))


if __name__ == "__main__":
    main()
