"""A published experiment over seeds, beside the published figures."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from rich.console import Console

from weaktal.config import flat, load_settings
from weaktal.data.annotations import Annotations
from weaktal.errors import InputError, shown, within
from weaktal.files import write_text
from weaktal.methods.collab.phases import WARM_UP
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.progress import console_on
from weaktal.runs.train import on_device
from weaktal.studies.ablate import Ablated, common_data, run_plan
from weaktal.studies.benchmarks import BENCHMARKS, SOURCE, Benchmark
from weaktal.studies.cells import line, spread
from weaktal.studies.folder import read_found
from weaktal.studies.needs import refuse_missing
from weaktal.studies.plan import Plan, make_plan
from weaktal.studies.seeded import Measured
from weaktal.studies.seeds import check_seeds
from weaktal.studies.statistics import Estimate, estimate
from weaktal.studies.tables import AS_SHIPPED, WHOLE, WHOLE_BOTH, WHOLE_VLP, Line, Reading, Table
from weaktal.version import __version__

TABLE = Table(
    "reproduction",
    "All readings",
    (
        Line(WHOLE),
        Line(WHOLE_BOTH, WHOLE.name, "above"),
        Line(AS_SHIPPED, WHOLE.name),
        Line(WHOLE_VLP),
        Line(Reading("cbp-warm-up", "CBP on tags alone (warm-up)", after=WARM_UP), WHOLE.name, "below"),
        Line(Reading("vlp-vanilla", "vanilla VLP", after=WARM_UP, branch="vanilla"), WHOLE_VLP.name, "below"),
    ),
)


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What a reproduction came to.

    Attributes:
        file: the report.
        text: what it holds.
        ablated: the trainings and readings behind it.
    """

    file: Path
    text: str
    ablated: Ablated


def reproduce(
    experiment: str,
    dataset: str | PathLike[str],
    *,
    out: str | PathLike[str],
    features: str = "i3d",
    vlp_features: str = "clip-vit-b16",
    overrides: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    workers: int | None = None,
    device: str | None = None,
    command: Sequence[str] = (),
    console: Console | None = None,
) -> Reproduced:
    """Trains both presets for each seed, scores them under the benchmark's protocol, and writes reproduction.md.

    Args:
        experiment: what to reproduce, one of :data:`~weaktal.studies.benchmarks.BENCHMARKS`.
        dataset: folder with its annotations and features.
        out: folder to make or to go on with.
        features, vlp_features: names under ``dataset/features``.
        overrides: settings over the recipe's.
        seeds: of the trainings.
        workers: trainings at once; as many as cores by default.
        device: where to train and to score, over ``engine.device`` of the settings.
        command: the words of the command line, for the report.
        console: where progress goes; standard error by default.

    Raises:
        InputError: for bad input or something missing, before anything is trained.
    """
    if experiment not in BENCHMARKS:
        raise InputError(f"no experiment {shown(experiment)}", expected=f"one of {', '.join(BENCHMARKS)}")
    check_seeds(seeds)
    within(workers=(workers, 1, 1000))
    on_it = on_device(overrides, device)
    benchmark, dataset, out = BENCHMARKS[experiment], Path(dataset), Path(out)
    plan = plan_of(benchmark, on_it)
    annotations = refuse_missing(benchmark, dataset, features, vlp_features, plan.base)
    data = common_data(dataset, features, vlp_features, protocol=benchmark.protocol)
    heading = f"{benchmark.title}: readings of the reproduction"
    ablated = run_plan(
        plan,
        data,
        out=out,
        seeds=seeds,
        workers=workers,
        command=command,
        console=console or console_on("stderr"),
        heading=heading,
    )
    found = read_found(plan, out, seeds)
    notes = [*_other_videos(benchmark, annotations, data.train_subset, data.subset)]
    text = report(benchmark, found, seeds, overrides, notes)
    file = out / "reproduction.md"
    write_text(file, text)
    return Reproduced(file, text, ablated)


def plan_of(benchmark: Benchmark, overrides: Sequence[str] = ()) -> Plan:
    """What is trained for each seed: preset ``default``, which is the base, and preset ``paper``, both by the recipe.

    Args:
        benchmark: whose recipe.
        overrides: settings over the recipe's.

    Raises:
        InputError: for settings that are none.
    """
    base, paper = (
        load_settings(
            CollabConfig, benchmark.recipe, overrides, base=load_settings(CollabConfig, preset_file("collab", preset))
        )
        for preset in ("default", benchmark.paper_preset)
    )
    return make_plan([table_of(base, paper)], base)


def table_of(base: CollabConfig, paper: CollabConfig) -> Table:
    """All readings: those of preset ``default``, which is the base, and of preset ``paper``."""
    usual, written = (flat(config.model_dump(mode="json")) for config in (base, paper))
    different = tuple(f"{key}={json.dumps(value)}" for key, value in written.items() if value != usual[key])
    as_written = Reading("paper", "preset paper: CBP", different)
    with_both = Reading("paper-both", "preset paper: both branches", different, branch="both")
    return replace(TABLE, lines=(*TABLE.lines, Line(as_written, WHOLE.name), Line(with_both, as_written.name)))


def _other_videos(benchmark: Benchmark, annotations: Annotations, train: str, test: str) -> Iterator[str]:
    for subset, published, what in ((train, benchmark.train, "trained on"), (test, benchmark.test, "scored on")):
        count = len(annotations.subset(subset))
        if count != published:
            yield f"{what} {count:,} videos of {subset!r}; the published experiment has {published:,}"


def report(
    benchmark: Benchmark,
    found: Mapping[str, Mapping[int, Measured]],
    seeds: Sequence[int],
    overrides: Sequence[str],
    notes: Sequence[str],
) -> str:
    """The row beside the published one, and all settings."""
    tious = list(benchmark.figures)
    published = [f"{value:.1f}" for value in (*benchmark.figures.values(), benchmark.mean)]
    parts = [
        f"# {benchmark.title}, beside the published figures",
        "",
        "mAP in percent at each tIoU, and the mean over all of the protocol's thresholds; protocol "
        f"{benchmark.protocol}; seeds {', '.join(map(str, seeds))}: mean ± standard deviation over seeds; last weights "
        f"of each training; weaktal {__version__}.",
        "",
        line(["", *(f"{tiou:g}" for tiou in tious), "mean"]),
        line(["---", *(["---:"] * (len(tious) + 1))]),
        line([f"{SOURCE}, published", *published]),
        *(
            _row(title, found.get(name, {}), benchmark)
            for title, name in (
                ("preset paper, CBP", "paper"),
                ("preset paper, both branches", "paper-both"),
                ("preset default, CBP", "whole"),
                ("preset default, both branches", "whole-both"),
                ("preset default, as it localizes", AS_SHIPPED.name),
            )
        ),
        "",
        f"Preset paper: {_gap(found.get('paper', {}), benchmark)}",
        "",
        f"Preset default: {_gap(found.get('whole', {}), benchmark)}",
        "",
        *(f"**Not the published set: {note}.**\n" for note in notes),
        "## Settings",
        "",
        "What the paper states is marked [paper], what it leaves open and we chose [open].",
        "",
        *(
            f"{title}:\n\n```yaml\n{file.read_text(encoding='utf-8')}```\n"
            for title, file in (
                (f"Preset {benchmark.paper_preset}", preset_file("collab", benchmark.paper_preset)),
                ("Preset default", preset_file("collab", "default")),
                ("Over both", benchmark.recipe),
            )
        ),
    ]
    if overrides:
        parts += ["Changed for this run:", "", *(f"- `{override}`" for override in overrides), ""]
    return "\n".join(parts)


def _row(title: str, cells: Mapping[int, Measured], benchmark: Benchmark) -> str:
    at = [estimate([100 * cell.map[cell.tiou.index(tiou)] for cell in cells.values()]) for tiou in benchmark.figures]
    return line([f"weaktal, {title}, n = {len(cells)}", *map(spread, [*at, _mean(cells)])])


def _mean(cells: Mapping[int, Measured]) -> Estimate:
    return estimate([100 * cell.average_map for cell in cells.values()])


def _gap(cells: Mapping[int, Measured], benchmark: Benchmark) -> str:
    mean = _mean(cells)
    if not mean.n:
        return "No seed came to its end."
    gap = f"CBP is at {mean.mean - benchmark.mean:+.1f} of the published mean"
    if math.isnan(mean.low):
        return f"{gap}; one seed gives no interval."
    return (
        f"{gap}; 95 % interval over seeds [{mean.low - benchmark.mean:+.1f}, {mean.high - benchmark.mean:+.1f}]. "
        "The published figure is one number: its own spread is not known."
    )
