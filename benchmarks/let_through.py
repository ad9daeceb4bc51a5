"""Which classes of a video the branch `both` of `collab` lets through, by several rules, and what each costs.

    python benchmarks/let_through.py DATASET RUN... [--bed DATASET RUN...]... [--other vanilla] [--out FILE.md]

Each run scores the test videos with CBP and with VLP, by the last weights. Every row decodes the mean of both by the
run's own settings; only the scores of whole videos, `theta_cls` and `score_floor` differ. For each bed, a mean over its
runs: how many of the pairs (video, class) let through are right, how many of all that videos hold are let through, how
many of the found segments are of a class that their video holds, and mean mAP. The first row is the default.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import weaktal
from weaktal.arrays import Bools, Floats
from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.scores import StoredScores, VideoScores, read_scores
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scored
from weaktal.decoding.proposals import kept_classes
from weaktal.studies.cells import as_markdown


@dataclass(frozen=True, slots=True)
class Views:
    """One video: what two branches score, and which classes it holds, (C,)."""

    cbp: VideoScores
    vlp: VideoScores
    holds: Bools

    @property
    def products(self) -> Floats:
        """The highest product of both branches in any snippet, (C,)."""
        return np.asarray((self.cbp.snippets.astype(np.float64) * self.vlp.snippets).max(axis=0))


TAGS, MEAN, PRODUCT, PEAKS = "the tags themselves", "highest of the mean", "highest product", "CBP's highest x share"
RULES: Mapping[str, Callable[[Views], npt.NDArray[np.floating]]] = {
    "`cbp`": lambda video: video.cbp.video,
    "`geometric`": lambda video: np.sqrt(video.cbp.video * video.vlp.video),
    "`mean`": lambda video: (video.cbp.video + video.vlp.video) / 2,
    "share of CBP's best": lambda video: video.cbp.video / video.cbp.video.max(),
    "CBP's highest": lambda video: video.cbp.snippets.max(axis=0),
    MEAN: lambda video: ((video.cbp.snippets + video.vlp.snippets) / 2).max(axis=0),
    PRODUCT: lambda video: video.products,
    PEAKS: lambda video: video.cbp.snippets.max(axis=0) * video.products / video.products.max(),
    TAGS: lambda video: video.holds.astype(np.float64),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A rule for the scores of whole videos, above which they pass, and below which segments are dropped."""

    rule: str
    theta: float
    floor: float | None = None

    @property
    def shown(self) -> tuple[str, str]:
        """First cells of the table."""
        return self.rule + (f", `score_floor={self.floor:g}`" if self.floor else ""), f"{self.theta:g}"


ROWS = (
    Row("`cbp`", 0.1), Row("`cbp`", 0.2), Row("`cbp`", 0.3), Row("`geometric`", 0.1), Row("`geometric`", 0.3),
    Row("`mean`", 0.3), Row("share of CBP's best", 0.3), Row("share of CBP's best", 0.5), Row("CBP's highest", 0.3),
    Row("CBP's highest", 0.5), Row(MEAN, 0.3), Row(MEAN, 0.4), Row(PRODUCT, 0.05), Row(PRODUCT, 0.1), Row(PEAKS, 0.05),
    Row(PEAKS, 0.1), Row(PEAKS, 0.2), Row("`cbp`", 0.1, 0.05), Row("`cbp`", 0.1, 0.1), Row("`cbp`", 0.1, 0.2),
    Row(TAGS, 0.5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one row on one run: shares of 1, segments a video, and mean mAP in percent."""

    right: float
    passing: float
    held: float
    segments: float
    map: float


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--bed", type=Path, nargs="+", action="append", default=[], help="another dataset and its runs")
    parser.add_argument("--other", default="vlp", help="the branch beside CBP: vlp, or vanilla as for the branch late")
    parser.add_argument("--out", type=Path, help="also write the table there")
    given = parser.parse_args()
    beds = [(given.dataset, given.runs), *((bed[0], bed[1:]) for bed in given.bed)]
    found = [[_of_run(dataset, run, given.other) for run in runs] for dataset, runs in beds]
    rows = []
    for row in ROWS:
        of_beds = [[of_run[row] for of_run in of_runs] for of_runs in found]
        shares = [_of_beds(of_beds, lambda one: 100 * one.right), _of_beds(of_beds, lambda one: 100 * one.passing)]
        shares.append(_of_beds(of_beds, lambda one: 100 * one.held))
        maps = _of_beds(of_beds, lambda one: one.map)
        usual = _of_beds([[of_run[ROWS[0]] for of_run in of_runs] for of_runs in found], lambda one: one.map)
        segments = float(np.mean(_of_beds(of_beds, lambda one: one.segments)))
        cells = [*(_joined(values, 0) for values in shares), f"{segments:.0f}", _joined(maps, 1)]
        rows.append([*row.shown, *cells, f"{np.mean(maps) - np.mean(usual):+.1f}"])
    head = ["score of the video", "above", "let through: right", "held: let through", "segments right"]
    text = as_markdown([*head, "segments a video", "mAP", "mean change"], rows)
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


def _of_beds(beds: Sequence[Sequence[Outcome]], value: Callable[[Outcome], float]) -> list[float]:
    """A mean for each bed."""
    return [float(np.mean([value(one) for one in runs])) for runs in beds]


def _joined(values: Sequence[float], digits: int) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)


def _of_run(dataset: Path, run: Path, other: str) -> dict[Row, Outcome]:
    """Every row of one run."""
    truth = read_annotations(dataset)
    with tempfile.TemporaryDirectory() as folder:
        cbp, vlp = (Path(folder) / f"{branch}.safetensors" for branch in ("cbp", other))
        made = weaktal.localize(run, dataset, branch="cbp", scores=cbp)
        weaktal.localize(run, dataset, branch=other, scores=vlp)
        first, second = read_scores(cbp), read_scores(vlp)
        config = DecodeConfig.model_validate(made.external["decode"])
        videos = [Views(one, second.read(one.name), _holds(truth, one.name, first.classes)) for one in first]
    return {row: _outcome(truth, first, videos, row, config) for row in ROWS}


def _holds(truth: Annotations, name: str, classes: Sequence[str]) -> Bools:
    return np.array([label in truth.videos[name].labels for label in classes], dtype=np.bool_)


def _outcome(
    truth: Annotations, stored: StoredScores, videos: Sequence[Views], row: Row, config: DecodeConfig
) -> Outcome:
    floor = config.score_floor if row.floor is None else row.floor
    chosen = config.model_copy(update={"theta_cls": row.theta, "score_floor": floor})

    def scored() -> Iterator[tuple[VideoScores, float]]:
        for video in videos:
            snippets = ((video.cbp.snippets + video.vlp.snippets) / 2).astype(np.float32)
            whole = RULES[row.rule](video).astype(np.float32)
            yield VideoScores(video.cbp.name, snippets, whole, video.cbp.changes), stored.durations[video.cbp.name]

    right = through = held = 0
    for video, (both, _) in zip(videos, scored(), strict=True):
        passing = kept_classes(both.video.astype(np.float64), row.theta, chosen.keep_top)
        right += int(video.holds[passing].sum())
        through += len(passing)
        held += int(video.holds.sum())
    scores = weaktal.evaluate(truth, decode_scored(scored(), stored.classes, stored.grid, chosen, origin={}))
    return Outcome(
        right=right / through,
        passing=right / held,
        held=scores.held / max(scores.predictions, 1),
        segments=scores.predictions / len(videos),
        map=100 * scores.average_map,
    )


if __name__ == "__main__":
    main()
