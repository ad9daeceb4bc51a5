"""What if a teacher's labels were right? The F step of a finished run once more, its wrong labels left out.

    weaktal train WORLD --method collab ... --set schedule.rounds=1 --run RUN
    python examples/right_labels.py WORLD RUN OUT --without foreground [--truth WORLD/truth.json]
    weaktal diagnose OUT WORLD --phases

The run goes on from the end of its B step as ``weaktal train`` would, except that labels which the segments of the
training videos contradict become uncertain: wrong foreground, wrong background, or both. No method may do this: it is
a diagnosis, and tells what wrong labels cost. With ``--without nothing`` the run's own F step comes out again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from weaktal.config import load_settings
from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.features import Features
from weaktal.losses.pseudo_labels import UNCERTAIN
from weaktal.methods.collab.labels import label_videos
from weaktal.methods.collab.settings import CollabConfig
from weaktal.runs.folder import RunFolder
from weaktal.runs.train import train
from weaktal.studies.fork import fork
from weaktal.timeline import SnippetGrid

WRONG = {"nothing": (), "foreground": (1,), "background": (0,), "both": (0, 1)}


def leave_out_wrong(
    labels: dict[str, Tensor], truth: Annotations, classes: Sequence[str], grid: SnippetGrid, kinds: tuple[int, ...]
) -> None:
    """Makes wrong labels of these kinds uncertain, in place; ``labels/VIDEO`` are (T, C)."""
    left = dict.fromkeys((1, 0), 0)
    for key, rows in labels.items():
        video = truth.videos[key.removeprefix("labels/")]
        for label in video.labels:
            column = rows[:, classes.index(label)]
            inside = grid.inside([(s.start, s.end) for s in video.segments if s.label == label], len(column))
            action = torch.from_numpy(inside)
            for kind in kinds:
                column[(column == kind) & (action != bool(kind))] = UNCERTAIN
            for kind in left:
                left[kind] += int((column == kind).sum())
    print(f"labels of the classes that videos hold: {left[1]} foreground, {left[0]} background", flush=True)


def main() -> None:
    """Trains the F step again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("run", type=Path, help="a finished run of collab")
    parser.add_argument("out", type=Path, help="the run folder to make")
    parser.add_argument("--without", choices=list(WRONG), required=True, help="which wrong labels are left out")
    parser.add_argument("--truth", type=Path, help="annotations with training segments; DATASET/truth.json by default")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # so that what nothing is taken from ends in the bytes of the run

    info = RunFolder(arguments.run).info()
    truth = read_annotations(arguments.truth or arguments.dataset / "truth.json")
    grid = Features.open(arguments.dataset, info.features, info.seconds_per_snippet).grid

    def corrected(*of_teacher: object) -> dict[str, Tensor]:
        labels: dict[str, Tensor] = label_videos(*of_teacher)  # type: ignore[arg-type]
        leave_out_wrong(labels, truth, info.classes, grid, WRONG[arguments.without])
        return labels

    settings = arguments.run / "settings.yaml"
    fork(arguments.run, "background-1", arguments.out, load_settings(CollabConfig, settings))
    with patch("weaktal.methods.collab.turns.label_videos", corrected):
        train(
            arguments.dataset,
            method="collab",
            features=info.features,
            vlp_features=info.vlp_features,
            seconds_per_snippet=info.seconds_per_snippet,
            run=arguments.out,
            config=settings,
            seed=info.seed,
            resume=True,
        )


if __name__ == "__main__":
    main()
