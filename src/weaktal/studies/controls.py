"""The controls of a claim, over several datasets and seeds, in one go.

    python -m weaktal.studies.controls DATASET-1 DATASET-2 ... --features i3d --vlp-features clip-vit-b16 --out OUT

fills the table ``controls`` of :mod:`weaktal.studies.tables` on each dataset, as ``weaktal ablate`` would into
``OUT/DATASET``, adds a fully supervised upper bound with the same network, and writes ``OUT/controls.md`` and
``OUT/controls.csv``: means over datasets, each with the mean of its seeds, and differences paired by dataset. Seeds
change weights and batches; only other datasets tell whether something holds for other data. Stopped half way, the same
command goes on.
"""

from __future__ import annotations

import shlex
import statistics
import sys
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

from rich.console import Console

from weaktal.files import read_model, write_json, write_text
from weaktal.methods.collab.either import NETWORKS
from weaktal.methods.collab.settings import CollabConfig
from weaktal.progress import showing
from weaktal.studies.ablate import common_data
from weaktal.studies.cells import as_csv, exact, interval, spread
from weaktal.studies.command_line import finish, parser_of, seeds_in, words_of
from weaktal.studies.plan import make_plan
from weaktal.studies.runner import Failure
from weaktal.studies.seeded import Data, Measured
from weaktal.studies.seeds import check_seeds
from weaktal.studies.several import compared, failed, named_apart, on_each
from weaktal.studies.statistics import estimate, paired_difference
from weaktal.studies.tables import WHOLE, Table
from weaktal.studies.upper_bound import NAME, training_segments, upper_bound
from weaktal.version import __version__

NUMBERS = ("mAP", "misses", "false alarms")
Values = Mapping[int, Mapping[str, float]]  # by place of the dataset: mAP in percent, misses, false alarms


def controls(
    datasets: Sequence[str | PathLike[str]],
    *,
    features: str,
    vlp_features: str,
    out: str | PathLike[str],
    preset: str | None = None,
    overrides: Sequence[str] = (),
    without: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    workers: int | None = None,
    bound: bool = True,
    truth_file: str | None = None,
    command: Sequence[str] = (),
    console: Console | None = None,
) -> Path:
    """Trains and reads what is missing, and writes ``controls.md`` and ``controls.csv``.

    Args:
        datasets: folders, each with a name of its own.
        features, vlp_features: names under ``DATASET/features``.
        out: folder to make or to go on with.
        preset, overrides: settings of ``collab`` that all share.
        without: names of readings to leave out.
        seeds: of the trainings.
        workers: trainings at once; as many as cores by default.
        bound: whether the upper bound is trained.
        truth_file: see :func:`weaktal.studies.upper_bound.upper_bound`; read for the bound alone.
        command: the words of the command line, for the report.
        console: where progress goes; standard error by default.

    Returns:
        The table.

    Raises:
        InputError: for bad input, before anything is trained.
        RunError: if training the upper bound diverges, or, with the tables written, if another training failed.
    """
    check_seeds(seeds)
    folders = named_apart(datasets)
    console = console or Console(stderr=True)
    base, catalog, table = compared(preset, overrides, without)
    plan = make_plan([table], base, catalog=catalog)
    out = Path(out)
    found: dict[str, dict[int, Mapping[str, float]]] = {}
    told = [common_data(folder, features, vlp_features) for folder in folders]
    for data in told if bound else []:
        training_segments(data, truth_file)  # now, and not after hours of training
    each = on_each(
        plan, told, out=out, seeds=seeds, workers=workers, command=command, console=console, title="Controls on"
    )
    failures: list[Failure] = []
    for place, (data, cells, wrong) in enumerate(each):
        failures += wrong
        for name, config in _bounded(base).items() if bound else ():
            cells[name] = _bounds(name, data, config, out / f"{data.dataset.name}-{name}", seeds, truth_file, console)
        for name, by_seed in cells.items():
            if len(by_seed) == len(seeds):  # else a training failed, and the mean would be of other seeds
                found.setdefault(name, {})[place] = _mean(list(by_seed.values()))
    text = report(table, found, [folder.name for folder in folders], seeds, command)
    write_text(out / "controls.md", text)
    write_text(out / "controls.csv", _csv(found, [folder.name for folder in folders]))
    if failures:
        raise failed(failures, f"{out / 'controls.md'} lacks them, and the same command tries again")
    return out / "controls.md"


def _bounded(base: CollabConfig) -> dict[str, CollabConfig]:
    """The settings of each upper bound by its name: of both networks where either may be the one of a training."""
    if base.cbp != "auto":
        return {NAME: base}
    return {f"{NAME}-{network}": base.model_copy(update={"cbp": network}) for network in NETWORKS}


def _bounds(
    name: str,
    data: Data,
    config: CollabConfig,
    out: Path,
    seeds: Sequence[int],
    truth_file: str | None,
    console: Console,
) -> dict[int, Measured]:
    found = {}
    for seed in seeds:
        file = out / f"seed-{seed}.json"
        if not file.exists():
            console.print(f"{name} seed {seed}", highlight=False)
            with showing(console, lines=True) as show:
                measured = upper_bound(
                    data, config, seed=seed, folder=out / f"seed-{seed}", truth_file=truth_file, on_progress=show
                )
            write_json(file, measured.model_dump(mode="json"))
        found[seed] = read_model(file, Measured, "what this study wrote there")
    return found


def _mean(cells: Sequence[Measured]) -> dict[str, float]:
    return {
        "mAP": statistics.fmean(100 * cell.average_map for cell in cells),
        "misses": statistics.fmean(cell.misses or 0.0 for cell in cells),
        "false alarms": statistics.fmean(cell.false_alarms or 0.0 for cell in cells),
    }


def report(
    table: Table, found: Mapping[str, Values], datasets: Sequence[str], seeds: Sequence[int], command: Sequence[str]
) -> str:
    """The table as Markdown; rows that lack a dataset are marked by their number."""
    lines = [
        "# Controls",
        "",
        f"Datasets {', '.join(datasets)}; seeds {', '.join(map(str, seeds))}; weights as each row says; weaktal "
        f"{__version__}. Each dataset counts once, with the mean of its seeds. ± is the standard deviation over "
        "datasets, [ ] the 95 % interval of the difference, paired by dataset (Student's t). mAP in percent.",
        "",
        "| | mAP | misses | false alarms | difference | datasets |",
        "|---|---|---|---|---|---|",
    ]
    rows = [(line.reading.name, line.reading.title, line.versus) for line in table.lines]
    rows += [(name, bound_title(name), WHOLE.name) for name in found if name.startswith(NAME)]
    for name, title, versus in rows:
        values = found.get(name, {})
        numbers = {
            kind: estimate([value[kind] for value in values.values()]) for kind in ("mAP", "misses", "false alarms")
        }
        against = found.get(versus, {}) if versus else {}
        difference = paired_difference(*({place: v["mAP"] for place, v in of.items()} for of in (values, against)))
        cells = [
            f"{title} (`{name}`)",
            spread(numbers["mAP"], 1),
            spread(numbers["misses"], 3),
            spread(numbers["false alarms"], 3),
            f"{interval(difference)} to `{versus}`" if versus and difference.n else "",
            str(len(values)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    bounded = any(name.startswith(NAME) for name in found)
    lines += ["", "The upper bound is trained on segments; nothing else is." if bounded else "", ""]
    if command:
        lines += [f"```\n{shlex.join(command)}\n```", ""]
    return "\n".join(lines)


def bound_title(name: str) -> str:
    """The title of an upper bound, whose name says which network it has where there are two."""
    network = name.removeprefix(NAME).removeprefix("-")
    return f"upper bound: {f'the {network}' if network else 'the same network'} told all segments"


def _csv(found: Mapping[str, Values], datasets: Sequence[str]) -> str:
    rows = [
        [name, datasets[place], *(exact(value[kind]) for kind in NUMBERS)]
        for name, values in found.items()
        for place, value in values.items()
    ]
    return as_csv(["reading", "dataset", "mean_map", "misses", "false_alarms"], rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module."""
    module = "weaktal.studies.controls"
    parser = parser_of(module, __doc__, "; rows that are held against them are left out too")
    parser.add_argument("datasets", nargs="+", type=Path)
    parser.add_argument("--seeds", default="0,1,2,3,4", help="with commas")
    parser.add_argument("--no-bound", action="store_true", help="without the fully supervised upper bound")
    parser.add_argument(
        "--truth",
        metavar="FILE",
        help="in each DATASET: annotations with the training segments, for the upper bound alone",
    )
    given = parser.parse_args(arguments)
    return finish(
        lambda: controls(
            given.datasets,
            features=given.features,
            vlp_features=given.vlp_features,
            out=given.out,
            preset=given.preset,
            overrides=given.overrides,
            without=given.without,
            seeds=seeds_in(given.seeds, "--seeds"),
            workers=given.workers,
            bound=not given.no_bound,
            truth_file=given.truth,
            command=words_of(module, arguments),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
