"""Holds the pseudo-labels of a finished ``collab`` run against the true segments of its training videos.

For diagnosis only: training never sees a segment. Prints, for each step, which share of the foreground and background
labels is right and which share of the action and the background they cover.

    python examples/pseudo_label_quality.py DATASET RUN
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from weaktal.data.annotations import read_annotations
from weaktal.data.features import Features
from weaktal.engine.checkpoint import load_tensors
from weaktal.engine.run import RunFolder
from weaktal.errors import InputError
from weaktal.evaluation.diagnosis import PseudoLabelQuality, pseudo_label_quality


def main() -> None:
    """Prints a line a step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("run", type=Path)
    options = parser.parse_args()
    run = RunFolder(options.run)
    info = run.info()
    annotations = read_annotations(options.dataset)
    grid = Features.open(options.dataset, info.features, info.seconds_per_snippet).grid
    print("step              foreground right, of action   background right, of background")
    for path in sorted(options.run.glob("phases/*/state.safetensors")):
        quality = PseudoLabelQuality()
        for key, labels in load_tensors(path).items():
            video = annotations.videos[key.removeprefix("labels/")]
            truth = np.zeros(labels.shape, dtype=bool)
            for column, label in enumerate(info.classes):
                spans = [(s.start, s.end) for s in video.segments if s.label == label]
                truth[:, column] = grid.inside(spans, len(labels))
            held = [info.classes.index(label) for label in video.labels]
            quality += pseudo_label_quality(labels.numpy()[:, held], truth[:, held])
        print(
            f"{path.parent.name:17} {quality.foreground_precision:16.3f} {quality.foreground_recall:10.3f}"
            f" {quality.background_precision:18.3f} {quality.background_recall:14.3f}"
        )


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"pseudo_label_quality: {error.line()}") from None
