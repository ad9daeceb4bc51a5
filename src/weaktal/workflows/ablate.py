"""An ablation: tables over seeds out of one dataset folder, resumable."""

from __future__ import annotations

import contextlib
import fcntl
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from rich.console import Console

from weaktal import __version__
from weaktal.ablation.cell import METHOD, Data, Job, Measured, ReadingJob
from weaktal.ablation.plan import ACTS_IN, Plan, Training, flat, make_plan
from weaktal.ablation.report import Entry, cells_csv, errors_markdown, filled, markdown, summary_csv
from weaktal.ablation.runner import Failure, available_cores, run_jobs
from weaktal.ablation.tables import Table, chosen_tables, own_table, paper_tables
from weaktal.config import as_yaml, load_settings
from weaktal.data.annotations import annotations_file, read_annotations
from weaktal.data.features import Features
from weaktal.data.text_vectors import read_text_vectors
from weaktal.errors import InputError, shown
from weaktal.evaluation.protocols import protocol_named
from weaktal.files import read_model, reason, sha256, write_json, write_text
from weaktal.methods.base import Inputs, method_module
from weaktal.methods.collab_config import CollabConfig
from weaktal.workflows.dataset import usable

_HARMLESS = {"weaktal", "data.dataset", *(f"settings.{key}" for key in ACTS_IN if key.startswith("engine."))}


class _Request(BaseModel):
    """What an ablation's folder was made with; calls that differ in this are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weaktal: str
    annotations_sha256: str
    data: Data
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ablated:
    """What an ablation came to.

    Attributes:
        markdown: file of the tables.
        text: what it holds.
        failures: cells that went wrong.
        pictures: whether there are any; without matplotlib there are none.
    """

    markdown: Path
    text: str
    failures: tuple[Failure, ...]
    pictures: bool


def long_warm_up(config: CollabConfig) -> int:
    """Epochs that train CBP for as many updates as all steps of the whole method do together."""
    schedule = config.schedule
    return schedule.warm_up + schedule.rounds * schedule.steps.count("foreground") * schedule.foreground


def ablate(
    dataset: Path,
    *,
    features: str,
    vlp_features: str,
    out: Path,
    config: Path | None = None,
    overrides: Sequence[str] = (),
    tables: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
    without: Sequence[str] = (),
    own: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    workers: int | None = None,
    subset: str | None = None,
    train_subset: str | None = None,
    protocol: str = "plain",
    seconds_per_snippet: float | None = None,
    command: Sequence[str] = (),
    console: Console | None = None,
) -> Ablated:
    """Fills the paper's tables on a dataset and writes them, and pictures of them, to ``out``.

    Finished readings are kept; a call with other seeds, tables or variants adds to them.

    Args:
        dataset: folder with annotations.json and features.
        features, vlp_features: names under ``dataset/features``.
        out: folder to make or to go on with.
        config, overrides: settings of ``collab`` that every variant starts from.
        tables: keys of tables; all where it is None.
        variants: names of readings; all of the tables where it is None.
        without: names of readings to leave out.
        own: further variants, ``"NAME: KEY=VALUE ..."``.
        seeds: of the trainings.
        workers: trainings at once; as many as cores where it is None.
        subset, train_subset: to score and to train on; the protocol's and the dataset's own where they are None.
        protocol: of scoring.
        seconds_per_snippet: for features without a manifest.
        command: the words of the command line, for the report.
        console: where progress goes; standard error where it is None.

    Raises:
        InputError: for bad input, before anything is trained.
    """
    base = load_settings(CollabConfig, config, overrides)
    catalog = paper_tables(long_warm_up(base))
    mine = own_table(own)
    picked = [*chosen_tables(catalog, tables, variants, without), *([mine] if mine else [])]
    if not picked:
        raise InputError("leave nothing to do", source="--tables, --variants", expected="variants of these tables")
    plan = make_plan(picked, base, catalog=catalog)
    data = _data(dataset, features, vlp_features, subset, train_subset, protocol, seconds_per_snippet)
    return run_plan(
        plan, data, out=out, seeds=seeds, workers=workers, command=command, console=console or Console(stderr=True)
    )


def _data(
    dataset: Path,
    features: str,
    vlp_features: str,
    subset: str | None,
    train_subset: str | None,
    protocol: str,
    seconds_per_snippet: float | None,
) -> Data:
    chosen = protocol_named(protocol)
    annotations = read_annotations(dataset)
    there = {video.subset for video in annotations.videos.values()}
    prescribed = chosen.subset if chosen.subset in there else None
    test = subset or prescribed or annotations.test_subset
    return Data(
        dataset=dataset,
        features=features,
        vlp_features=vlp_features,
        seconds_per_snippet=seconds_per_snippet,
        train_subset=train_subset or annotations.train_subset,
        subset=test,
        protocol=protocol,
        tiou=chosen.tious,
    )


def run_plan(
    plan: Plan,
    data: Data,
    *,
    out: Path,
    seeds: Sequence[int],
    workers: int | None,
    command: Sequence[str],
    console: Console,
    heading: str = "Ablation",
) -> Ablated:
    """Trains and reads what is missing in ``out``, then writes the tables.

    Raises:
        InputError: for features or settings that cannot work, or if ``out`` holds an ablation with others.
    """
    _check_inputs(plan, data)
    with _alone_in(out):
        _same_request(out, plan.base, data)
        jobs = _jobs(plan, data, out, seeds)
        count = workers or min(available_cores(), max(1, len(jobs)))
        console.print(
            f"{len(plan.readings)} readings of {len(plan.trainings)} trainings, {len(seeds)} seeds: "
            f"{len(jobs)} to run, {count} at once",
            highlight=False,
        )
        failures = run_jobs(jobs, workers=count, console=console)
        found = _found(plan, out, seeds)
        text = _report(plan, data, out, found, seeds, command, heading)
        pictures = _pictures(plan.tables, found, out)
    return Ablated(out / "tables.md", text, tuple(failures), pictures)


def _check_inputs(plan: Plan, data: Data) -> None:
    """Opens the features and builds each network, so that what cannot work fails here and not in every cell."""
    annotations = read_annotations(data.dataset)
    cbp = Features.open(data.dataset, data.features, data.seconds_per_snippet)
    vlp = Features.open(data.dataset, data.vlp_features)
    for subset in (data.train_subset, data.subset):
        videos, _ = usable(annotations.subset(subset), [cbp, vlp], skip_broken=False)
    dim, streams = cbp.layout(videos[0].name)
    inputs = Inputs(
        dim=dim,
        classes=annotations.classes,
        streams=streams,
        vlp_dim=vlp.layout(videos[0].name)[0],
        text=read_text_vectors(vlp, len(annotations.classes)),
    )
    built: list[dict[str, Any]] = []
    for training in plan.trainings:
        networks = training.config.model_dump(include={"cbp", "pyramid", "convolution", "mmsd", "vlp"})
        if networks not in built:
            try:
                method_module(METHOD).build(training.config, inputs)
            except InputError as error:
                raise InputError(
                    error.problem,
                    source=error.source,
                    expected=f"{error.expected}; this is variant {training.name}, which --without leaves out",
                ) from None
            built.append(networks)


@contextlib.contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Two at once would train the same runs."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made ({reason(error)})", source=out, expected="a new folder") from None
    if not (out / "ablation.json").exists() and any(path.name != ".lock" for path in out.iterdir()):
        raise InputError("exists and holds no ablation", source=out, expected="a new folder")
    with (out / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("another weaktal is at work there", source=out, expected="one at a time") from None
        yield


def _same_request(out: Path, base: CollabConfig, data: Data) -> None:
    file = out / "ablation.json"
    request = _Request(
        weaktal=__version__,
        annotations_sha256=sha256(annotations_file(data.dataset)),
        data=data,
        settings=base.model_dump(mode="json"),
    )
    if not file.exists():
        write_json(file, request.model_dump(mode="json"))
        return
    before = flat(read_model(file, _Request, "what weaktal ablate wrote there").model_dump(mode="json"))
    now = flat(request.model_dump(mode="json"))
    for key in [*before, *(key for key in now if key not in before)]:
        if key not in _HARMLESS and before.get(key) != now.get(key):
            raise InputError(
                f"was started with {key} {shown(before.get(key))}, not {shown(now.get(key))}",
                source=out,
                expected="the same settings to go on, or a new folder",
            )


def _cell_file(out: Path, reading: str, seed: int) -> Path:
    return out / "readings" / reading / f"seed-{seed}.json"


def _run_folder(out: Path, training: str, seed: int) -> Path:
    return out / "runs" / training / f"seed-{seed}"


def _jobs(plan: Plan, data: Data, out: Path, seeds: Sequence[int]) -> list[tuple[str, Job]]:
    """What is still to be done, seed by seed, so that an early look has whole rows for the first seeds."""
    jobs = []
    for seed in seeds:
        for training in plan.trainings:
            readings = [r for r in _reading_jobs(training, out, seed) if not _finished(r, seed)]
            if not readings:
                continue
            source = training.source and (_run_folder(out, training.source[0], seed), training.source[1])
            jobs.append(
                (
                    f"{training.name} seed {seed}",
                    Job(
                        data=data,
                        settings=training.config.model_dump(mode="json"),
                        seed=seed,
                        run=_run_folder(out, training.name, seed),
                        source=source,
                        readings=tuple(readings),
                    ),
                )
            )
    return jobs


def _reading_jobs(training: Training, out: Path, seed: int) -> Iterator[ReadingJob]:
    for reading, config in training.readings:
        yield ReadingJob(
            name=reading.name,
            after=reading.after,
            branch=reading.branch,
            settings=config.model_dump(mode="json"),
            out=_cell_file(out, reading.name, seed),
        )


def _finished(reading: ReadingJob, seed: int) -> bool:
    """Whether the reading is there, made with these very settings.

    Raises:
        InputError: if one is there that was made with others.
    """
    if not reading.out.exists():
        return False
    stored = read_model(reading.out, Measured, "what weaktal ablate wrote there")
    now = {"after": reading.after, "branch": reading.branch, "settings": reading.settings}
    before, after = flat(stored.model_dump(mode="json", include=set(now))), flat(now)
    for key in before.keys() | after.keys():
        if key not in _HARMLESS and before.get(key) != after.get(key):
            raise InputError(
                f"seed {seed} was read with {key} {shown(before.get(key))}, not {shown(after.get(key))}",
                source=reading.out,
                expected="another name for this variant, or a new folder",
            )
    return True


def _found(plan: Plan, out: Path, seeds: Sequence[int]) -> dict[str, dict[int, Measured]]:
    found: dict[str, dict[int, Measured]] = {}
    for name in plan.readings:
        files = {seed: _cell_file(out, name, seed) for seed in seeds}
        found[name] = {
            seed: read_model(file, Measured, "what weaktal ablate wrote there")
            for seed, file in files.items()
            if file.exists()
        }
    return found


def _report(
    plan: Plan,
    data: Data,
    out: Path,
    found: Mapping[str, Mapping[int, Measured]],
    seeds: Sequence[int],
    command: Sequence[str],
    heading: str,
) -> str:
    entries = [(table, filled(table, found)) for table in plan.tables]
    parts = [
        f"# {heading}",
        "",
        f"Dataset `{data.dataset.name}`, trained on `{data.train_subset}`, scored on `{data.subset}` "
        f"(protocol {data.protocol}); features `{data.features}` and `{data.vlp_features}`; seeds "
        f"{', '.join(map(str, seeds))}; last weights of each training; weaktal {__version__}.",
        "",
        "mAP in percent at each tIoU, mean over seeds; beside their mean the standard deviation over seeds. "
        "Differences are of the mean mAP, paired by seed, with 95 % intervals (Student's t), not corrected for their "
        "number. Misses and false alarms: shares of action and of background snippets on the wrong side of "
        f"{data.threshold:g} of the class's maximum in the video. The last column holds the sign against the paper's; "
        "uncertain where the interval holds 0 or there is one seed.",
        "",
        *(part for table, rows in entries for part in _table_parts(table, rows, data, found)),
        *_recipe(plan, command),
    ]
    text = "\n".join(parts)
    write_text(out / "tables.md", text)
    write_text(out / "tables.csv", summary_csv(entries))
    write_text(out / "cells.csv", cells_csv(found))
    return text


def _table_parts(
    table: Table, entries: Sequence[Entry], data: Data, found: Mapping[str, Mapping[int, Measured]]
) -> Iterator[str]:
    yield markdown(table, entries, data.tiou)
    if table.key == "3":
        yield errors_markdown(found)


def _recipe(plan: Plan, command: Sequence[str]) -> Iterator[str]:
    yield "## To repeat"
    yield ""
    if command:
        yield f"```\n{shlex.join(command)}\n```"
        yield ""
    yield "| variant | settings over the base | weights | branch | run folder |"
    yield "| --- | --- | --- | --- | --- |"
    for training in plan.trainings:
        for reading, _ in training.readings:
            settings = " ".join(f"`{override}`" for override in reading.overrides) or "none"
            folder = f"`runs/{training.name}/seed-N`"
            yield f"| `{reading.name}` | {settings} | after {reading.after} | {reading.branch} | {folder} |"
    yield ""
    yield "Base settings, defaults included:"
    yield ""
    yield f"```yaml\n{as_yaml(plan.base)}```"
    yield ""


def _pictures(tables: Sequence[Table], found: Mapping[str, Mapping[int, Measured]], out: Path) -> bool:
    try:
        import matplotlib  # noqa: F401

        from weaktal.ablation.plots import errors_figure, save, table_figure
    except ImportError:
        return False
    for table in tables:
        save(table_figure(table, filled(table, found), found), out / f"table-{table.key}")
    errors = errors_figure(found)
    if errors is not None:
        save(errors, out / "errors")
    return True
