"""``weaktal compare``: runs and results beside each other and beside published figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from weaktal.arrays import Floats
from weaktal.data.annotations import read_annotations
from weaktal.data.results import Results, read_results
from weaktal.errors import InputError, arg
from weaktal.evaluation.protocols import protocol_of, tiou_grid
from weaktal.evaluation.ranking import Ranking
from weaktal.evaluation.scoring import subset_of, tables_of
from weaktal.files import as_paths
from weaktal.progress import OnProgress, Progress
from weaktal.runs.folder import files_read
from weaktal.studies.bootstrap import over_seeds, resampled_maps, video_weights
from weaktal.studies.comparison import Comparison, Row, ranges_of
from weaktal.studies.published import published

RESAMPLES = 500
USUAL = tiou_grid("0.1:0.7:0.1")


@dataclass(frozen=True, slots=True)
class _Source:
    """What becomes a row: runs or results files, by seed."""

    name: str
    parts: dict[int, Path]


def compare(
    sources: str | PathLike[str] | Sequence[str | PathLike[str]],
    dataset: str | PathLike[str],
    *,
    names: Sequence[str] = (),
    protocol: str | None = None,
    subset: str | None = None,
    tiou: str | Sequence[float] | None = None,
    resamples: int = RESAMPLES,
    beside: bool = True,
    method: str | None = None,
    device: str = "auto",
    on_progress: OnProgress | None = None,
) -> Comparison:
    """Scores runs and results, with spread over seeds, intervals, and differences to the first of them.

    Args:
        sources: one or more, each a row: a results file; a run, which localizes first; a folder of several seeds, as
            ``weaktal train --seeds`` makes it; or a folder of results files, which count as seeds of one method.
        dataset: a dataset, its folder, or, for results, an annotations file; with segments.
        names: of the rows, in their order; those of the files and folders by default.
        protocol: how to score, as of :func:`weaktal.evaluate`.
        subset: score this subset instead of the protocol's.
        tiou: thresholds in place of the protocol's.
        resamples: of the videos, and of several seeds, for the intervals; 0 for none.
        beside: take along the rows that others published on this benchmark.
        method: of runs whose method is a module that is not installed as one: that name again.
        device: where runs score; "auto" takes a GPU if there is one.
        on_progress: is told how many results were scored.

    Raises:
        InputError: if a file is bad or a folder holds nothing to score.
    """
    found = [_source(path) for path in as_paths(sources)]
    if not found:
        raise InputError("nothing to compare", expected="runs, folders of seeds or results files")
    if len(names) > len(found):
        raise InputError(f"names {len(names)} rows", source=arg("names"), expected=f"at most {len(found)}")
    titles = _apart([*names, *(source.name for source in found[len(names) :])])
    truth = read_annotations(Path(dataset))
    chosen = protocol_of(truth, protocol)
    thresholds = chosen.tious if tiou is None else tiou_grid(tiou)
    grid = tuple(sorted({*thresholds, *USUAL}))
    scored = subset if subset is not None else subset_of(truth, chosen)
    tell = on_progress or (lambda _event: None)
    total, done = sum(len(source.parts) for source in found), 0
    classes: tuple[str, ...] = ()
    weights = np.zeros((0, 0), dtype=np.int64)
    rows: list[Row] = []
    sizes: tuple[int, int] = (0, 0)
    warnings: list[str] = []
    for title, source in zip(titles, found, strict=True):
        ap: list[Floats] = []
        resampled: list[Floats] = []
        for seed, path in source.parts.items():
            tell(Progress("scoring", done, total, "results"))
            tables = tables_of(truth, _results(path, Path(dataset), scored, method, device), chosen, subset=scored)
            ranking = Ranking.of(tables.truth, tables.predictions, grid, len(tables.classes))
            classes, sizes = tables.classes, (len(tables.videos), len(tables.truth))
            if resamples and not weights.size:
                weights = video_weights(len(tables.videos), resamples)
            ap.append(ranking.average_precision())
            resampled.append(resampled_maps(ranking, weights) if resamples else np.zeros((0, len(grid))))
            warnings += [f"{title}, seed {seed}: {warning}" for warning in tables.remarks(ap[-1], grid)]
            done += 1
        drawn = over_seeds(resampled, list(source.parts)) if resamples else np.zeros((0, len(grid)))
        rows.append(Row(title, tuple(source.parts), np.stack(ap), drawn))
    tell(Progress("scoring", done, total, "results"))
    return Comparison(
        protocol=chosen.name,
        subset=scored,
        tious=thresholds,
        grid=grid,
        ranges=ranges_of(thresholds),
        classes=classes,
        videos=sizes[0],
        ground_truth=sizes[1],
        resamples=resamples,
        rows=tuple(rows),
        published=published(chosen.name) if beside else (),
        warnings=tuple(warnings),
    )


def inputs_of(sources: str | PathLike[str] | Sequence[str | PathLike[str]], dataset: str | PathLike[str]) -> list[Path]:
    """The files that :func:`compare` reads, none of which a table of it may replace.

    Raises:
        InputError: if a folder holds nothing to score.
    """
    parts = [part for path in as_paths(sources) for part in _source(path).parts.values()]
    return files_read([Path(dataset), *parts])


def _source(path: Path) -> _Source:
    """What a path holds that can be scored.

    Raises:
        InputError: if it is a folder of nothing such.
    """
    name = path.stem if path.suffix == ".json" else path.absolute().name
    if not path.is_dir() or (path / "run.json").is_file():
        return _Source(name, {0: path})
    runs = [folder for folder in path.iterdir() if (folder / "run.json").is_file()]
    parts = runs or [file for file in path.glob("*.json") if file.is_file()]
    if not parts:
        expected = "a run, a folder of runs of several seeds, or a folder of results files"
        raise InputError("holds nothing to score", source=path, expected=expected)
    seeds = [_seed(part) for part in parts]
    numbered = len(set(seeds) - {None}) == len(parts)
    ordered = sorted(zip(seeds, parts, strict=True), key=lambda pair: (pair[0] or 0, pair[1].name))
    return _Source(name, {seed if numbered and seed is not None else n: p for n, (seed, p) in enumerate(ordered)})


def _seed(part: Path) -> int | None:
    """The number at the end of a name such as ``seed-3``."""
    number = part.stem.rpartition("-")[2]
    return int(number) if number.isdecimal() and number.isascii() else None


def _results(path: Path, dataset: Path, subset: str, method: str | None, device: str) -> Results:
    if not path.is_dir():
        return read_results(path)
    from weaktal.runs.localize import localize  # late: needs torch, and results do not

    return localize(path, dataset, subset=subset, method=method, device=device)


def _apart(names: Sequence[str]) -> list[str]:
    """The names, each once: the second of a kind is numbered."""
    count: dict[str, int] = {}
    apart = []
    for name in names:
        count[name] = count.get(name, 0) + 1
        apart.append(name if count[name] == 1 else f"{name} ({count[name]})")
    return apart
