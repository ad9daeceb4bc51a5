"""An ablation: tables over seeds out of one dataset folder, resumable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from rich.console import Console

from weaktal.config import load_settings
from weaktal.data.annotations import read_annotations
from weaktal.data.features import Features
from weaktal.data.fingerprint import Fingerprint, fingerprints
from weaktal.data.text_vectors import read_text_vectors
from weaktal.data.usable import usable
from weaktal.errors import InputError, arg, counted, within
from weaktal.evaluation.protocols import protocol_of
from weaktal.methods.base import VLP, Inputs, OtherFeatures, method_module
from weaktal.methods.collab.phases import long_warm_up
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.packages import package
from weaktal.progress import console_on
from weaktal.runs.train import on_device
from weaktal.studies.choosing import chosen_tables, own_table
from weaktal.studies.document import write_document
from weaktal.studies.folder import alone_in, missing_jobs, read_found, same_request
from weaktal.studies.plan import Plan, make_plan
from weaktal.studies.report import Found, filled
from weaktal.studies.runner import Failure, available_cores, run_jobs
from weaktal.studies.seeded import Data
from weaktal.studies.seeds import check_seeds
from weaktal.studies.tables import METHOD, Table, paper_tables


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


def ablate(
    dataset: str | PathLike[str],
    *,
    features: str,
    vlp_features: str,
    out: str | PathLike[str],
    preset: str | None = None,
    config: str | PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    tables: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
    without: Sequence[str] = (),
    own: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    workers: int | None = None,
    subset: str | None = None,
    train_subset: str | None = None,
    protocol: str | None = None,
    seconds_per_snippet: float | None = None,
    device: str | None = None,
    command: Sequence[str] = (),
    console: Console | None = None,
) -> Ablated:
    """Fills the paper's tables on a dataset and writes them, and pictures of them, to ``out``.

    Finished readings are kept; a call with other seeds, tables or variants adds to them.

    Args:
        dataset: folder with annotations.json and features.
        features, vlp_features: names under ``dataset/features``.
        out: folder to make or to go on with.
        preset, config, overrides: settings of ``collab`` that every variant starts from, each over the one before.
        tables: keys of tables; all by default.
        variants: names of readings; all of the tables by default.
        without: names of readings to leave out.
        own: further variants, ``"NAME: KEY=VALUE ..."``.
        seeds: of the trainings.
        workers: trainings at once; as many as cores by default.
        subset, train_subset: to score and to train on; the protocol's and the dataset's own by default.
        protocol: of scoring; the dataset's own, or ``plain``, by default.
        seconds_per_snippet: for features without a manifest.
        device: where to train and to score, over ``engine.device`` of the settings.
        command: the words of the command line, for the report.
        console: where progress goes; standard error by default.

    Raises:
        InputError: for bad input, before anything is trained.
    """
    check_seeds(seeds)
    overrides = on_device(overrides, device)
    named = load_settings(CollabConfig, preset_file("collab", preset)) if preset else None
    within(workers=(workers, 1, 1000))
    base = load_settings(CollabConfig, None if config is None else Path(config), overrides, base=named)
    catalog = paper_tables(long_warm_up(base))
    mine = own_table(own)
    picked = [*chosen_tables(catalog, tables, variants, without), *([mine] if mine else [])]
    if not picked:
        raise InputError(
            "leave nothing to do",
            source=f"{arg('tables')}, {arg('variants')}",
            expected="variants of these tables",
        )
    plan = make_plan(picked, base, catalog=catalog)
    data = common_data(
        Path(dataset),
        features,
        vlp_features,
        subset=subset,
        train_subset=train_subset,
        protocol=protocol,
        seconds_per_snippet=seconds_per_snippet,
    )
    return run_plan(
        plan,
        data,
        out=Path(out),
        seeds=seeds,
        workers=workers,
        command=command,
        console=console or console_on("stderr"),
    )


def common_data(
    dataset: Path,
    features: str,
    vlp_features: str,
    *,
    subset: str | None = None,
    train_subset: str | None = None,
    protocol: str | None = None,
    seconds_per_snippet: float | None = None,
) -> Data:
    """What all trainings have in common; see :func:`ablate`.

    Raises:
        InputError: for an unknown protocol or bad annotations.
    """
    annotations = read_annotations(dataset)
    chosen = protocol_of(annotations, protocol)
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
        protocol=chosen.name,
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
    within(workers=(workers, 1, 1000))
    feature_files = check_inputs(plan, data)
    with alone_in(out):
        same_request(out, plan.base, data, feature_files)
        jobs = missing_jobs(plan, data, out, seeds)
        count = workers or min(available_cores(), max(1, len(jobs)))
        console.print(
            f"{counted(len(plan.readings), 'reading')} of {counted(len(plan.trainings), 'training')}, "
            f"{counted(len(seeds), 'seed')}: "
            f"{len(jobs)} to run, {count} at once",
            highlight=False,
        )
        failures = run_jobs(jobs, workers=count, console=console)
        found = read_found(plan, out, seeds)
        text = write_document(plan, data, out, found, seeds, command, heading)
        pictures = _pictures(plan.tables, found, out)
    return Ablated(out / "tables.md", text, tuple(failures), pictures)


def check_inputs(plan: Plan, data: Data) -> dict[str, Fingerprint]:
    """Opens the features and builds each network, so that what cannot work fails here and not in every cell.

    Returns:
        What tells the features from others of the same name.

    Raises:
        InputError: for features or settings that cannot work.
    """
    annotations = read_annotations(data.dataset)
    cbp = Features.open(data.dataset, data.features, data.seconds_per_snippet)
    vlp = Features.open(data.dataset, data.vlp_features)
    names: set[str] = set()
    for subset in (data.train_subset, data.subset):
        videos, _ = usable(annotations.subset(subset), [cbp, vlp], skip_broken=False)
        names.update(video.name for video in videos)
    dim, streams = cbp.layout(videos[0].name)
    inputs = Inputs(
        dim=dim,
        classes=annotations.classes,
        streams=streams,
        others={
            VLP: OtherFeatures(vlp.layout(videos[0].name)[0], read_text_vectors(vlp, annotations.classes)),
        },
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
                    expected=f"{error.expected}; this is variant {training.name}, which {arg('without')} leaves out",
                ) from None
            built.append(networks)
    return fingerprints([cbp, vlp], names)


def _pictures(tables: Sequence[Table], found: Found, out: Path) -> bool:
    if not package("matplotlib").present:
        return False
    from weaktal.studies.pictures import save
    from weaktal.studies.plots import errors_figure, table_figure

    for table in tables:
        save(table_figure(table, filled(table, found), found), out / f"table-{table.key}")
    errors = errors_figure(found)
    if errors is not None:
        save(errors, out / "errors")
    return True
