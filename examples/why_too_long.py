#!/usr/bin/env python
"""Why the segments of a find are longer than the events: where in its videos the scores are high. For looking only.

    python examples/phone_footage.py FOLDER --videos 20 --seed 0
    weaktal find FOLDER/videos --tags FOLDER/tags.csv --out FOUND --encoder world-cbp --encoder world-vlp
    python examples/why_too_long.py FOUND --videos 20 --seed 0

The program that drew the videos knows what each moment shows. Printed is, for each branch, the mean score of a tag's
class, as a share of its highest in the video: while the event occurs, in shots of the same scene and athlete without
it, and elsewhere; and how well the scores tell the first from the second within a video (AUC, the area under the ROC
curve; 0.5 is chance). Below it the AUC of a linear classifier on the features that is shown the truth of every other
video, in the others: what could be known.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from phone_footage import FOLDERS, planned

from weaktal.data.features import Features
from weaktal.data.scores import read_scores
from weaktal.timeline import SnippetGrid
from weaktal.worlds.script import VideoPlan

Floats = npt.NDArray[np.float64]
KINDS = ("the event", "same scene and athlete", "elsewhere")


def shows(plan: VideoPlan, label: str, moments: Floats) -> npt.NDArray[np.int64]:
    """What each moment shows: a place in KINDS; -1 for other events and close-ups, shape (T,)."""
    kinds = np.full(len(moments), -1)
    for (start, end), shot in zip(plan.spans(), plan.shots, strict=True):
        inside = (start <= moments) & (moments < end)
        if shot.kind == "elsewhere":
            kinds[inside] = 2
        elif shot.subject == label and shot.kind != "close-up":
            kinds[inside] = 1
    for event in plan.events:
        inside = (event.segment.start <= moments) & (moments < event.segment.end)
        kinds[inside] = 0 if event.label == label else -1
    return kinds


def auc(higher: Floats, lower: Floats) -> float:
    """How often one of the first is above one of the second; ties count half."""
    apart = higher[:, None] - lower[None]
    return float((apart > 0).mean() + 0.5 * (apart == 0).mean())


def moments_of(
    plans: Sequence[VideoPlan], grid: SnippetGrid, counts: dict[str, int]
) -> Iterator[tuple[int, str, str, npt.NDArray[np.int64]]]:
    """Number, name, label and kinds of each video and tag."""
    for number, plan in enumerate(plans):
        name = f"{FOLDERS[number % len(FOLDERS)]}_IMG_{number // len(FOLDERS) + 1:04d}"
        if name in counts:
            for label in plan.labels:
                yield number, name, label, shows(plan, label, grid.centers(counts[name]))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("found", type=Path)
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    plans = planned(given.videos, given.seed)
    for file in sorted((given.found / "scores").glob("*.safetensors")):
        stored = read_scores(file)
        scores = {name: stored.read(name).snippets for name in stored.durations}
        means: list[list[float]] = [[] for _ in KINDS]
        aucs = []
        for _, name, label, kinds in moments_of(plans, stored.grid, {n: len(s) for n, s in scores.items()}):
            column = scores[name][:, stored.classes.index(label)].astype(np.float64)
            for kind, values in enumerate(means):
                values.extend((column[kinds == kind] / column.max()).tolist())
            if (kinds == 0).any() and (kinds == 1).any():
                aucs.append(auc(column[kinds == 0], column[kinds == 1]))
        said = ", ".join(f"{name} {np.mean(values):.2f}" for name, values in zip(KINDS, means, strict=True))
        print(f"{file.stem}: {said}; AUC of the event against the same scene {np.mean(aucs):.2f}")
    for folder in sorted((given.found / "dataset" / "features").iterdir()):
        features = Features.open(given.found / "dataset", folder.name)
        rows = {path.stem: np.load(path).astype(np.float64) for path in folder.glob("*.npy") if path.stem != "text"}
        grid = features.folders[next(iter(features.folders))].grid
        parts: list[tuple[Floats, Floats]] = [(np.empty((0, 1)), np.empty(0))] * 2
        for number, name, _, kinds in moments_of(plans, grid, {n: len(r) for n, r in rows.items()}):
            use = (kinds == 0) | (kinds == 1)
            x, y = parts[number % 2]
            x = np.concatenate([x, rows[name][use]]) if x.size else rows[name][use]
            parts[number % 2] = x, np.concatenate([y, (kinds[use] == 0).astype(np.float64)])
        (x, y), (unseen, truth) = parts
        mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
        design = np.column_stack([(x - mean) / spread, np.ones(len(x))])
        weights = np.linalg.solve(design.T @ design + 10 * np.eye(design.shape[1]), design.T @ (2 * y - 1))
        values = np.column_stack([(unseen - mean) / spread, np.ones(len(unseen))]) @ weights
        print(f"features {folder.name}, linear, shown the truth: AUC {auc(values[truth == 1], values[truth == 0]):.2f}")


if __name__ == "__main__":
    main()
