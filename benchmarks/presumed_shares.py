"""How much of the tagged training videos is action: what a branch's scores suggest, beside the truth. For looking only.

    weaktal localize RUN DATASET --subset training --branch cbp --scores SCORES --out RESULTS
    python benchmarks/presumed_shares.py DATASET SCORES [SCORES ...] [--truth FILE]

Labels of scale ``share`` rank within these two parts (``weaktal.losses.pseudo_labels.presumed_share``). The truth is
the share of the snippets of a video that lie in a segment of the tag, over all tags of all videos.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from weaktal.data.annotations import read_annotations
from weaktal.data.scores import read_scores
from weaktal.losses.pseudo_labels import presumed_share


def shares(file: Path, truth: Path) -> tuple[float, float]:
    """The presumed and the true share of action in a file of scores."""
    annotations, scores = read_annotations(truth), read_scores(file)
    curves, inside = [], []
    for video in scores:
        known = annotations.videos[video.name]
        for label in known.labels:
            column = torch.from_numpy(video.snippets[:, scores.classes.index(label)]).double()
            curves.append(torch.logit(column, eps=1e-12))  # branches rank logits, and store their sigmoids
            segments = [(segment.start, segment.end) for segment in known.segments if segment.label == label]
            inside.append(scores.grid.inside(segments, len(column)))
    return presumed_share(curves), float(np.concatenate(inside).mean())


def main() -> None:
    """Prints both shares of each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("scores", type=Path, nargs="+")
    parser.add_argument("--truth", type=Path, help="annotations with the segments of the training videos")
    given = parser.parse_args()
    for file in given.scores:
        presumed, true = shares(file, given.truth or given.dataset)
        print(f"{file}: presumed {presumed:.2f}, true {true:.2f}")


if __name__ == "__main__":
    main()
