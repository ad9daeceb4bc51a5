"""``weaktal diagnose``: how results err, how scores err snippet by snippet, and how a run went phase by phase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.cli.devices import Device
from weaktal.cli.tables import console, percent, put_json, share, table, warn

if TYPE_CHECKING:
    from rich.table import Table

    from weaktal.evaluation.detections import Detections
    from weaktal.runs.phases import PhaseTable

RUNS = "Runs"


def diagnose(
    annotations: Annotated[Path, typer.Argument(help="Dataset folder or annotations file.", show_default=False)],
    results: Annotated[
        Path,
        typer.Argument(
            help="Results in ActivityNet's JSON layout; a run, which first localizes; or scores that localize kept "
            "(.safetensors).",
            show_default=False,
        ),
    ],
    protocol: Annotated[
        str | None,
        typer.Option(
            help="For results: thumos14, activitynet12 or activitynet13, as for evaluate.", show_default=False
        ),
    ] = None,
    subset: Annotated[
        str | None, typer.Option(help="Score this subset.", show_default="the dataset's test subset")
    ] = None,
    tiou: Annotated[
        str | None, typer.Option(help="Thresholds.", metavar="A:B:STEP", show_default="the protocol's")
    ] = None,
    per_class: Annotated[
        bool,
        typer.Option("--per-class", help="Show which classes are found too short or too long, and in which videos."),
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=0.99,
            help="For scores: the threshold, as a share of a class's maximum in the video.",
            show_default="0.5",
        ),
    ] = None,
    json_out: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE|-", help="Write JSON; '-' prints it alone.", show_default=False),
    ] = None,
    phases: Annotated[
        bool,
        typer.Option(
            "--phases", help="Score the weights after each of a run's phases, with every branch.", rich_help_panel=RUNS
        ),
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting of decoding; repeatable.", metavar="KEY=VALUE", rich_help_panel=RUNS),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="For a run of a method that is not installed: its package.module again.",
            show_default=False,
            rich_help_panel=RUNS,
        ),
    ] = None,
    device: Device = "auto",
) -> None:
    """Show what is wrong with results, after Alwassel et al. (ECCV 2018): kinds of false positives among the
    predictions with the highest scores, what each kind costs, and what is missed by length, coverage and number of
    instances; also which classes are found too short or too long.

    For scores: the share of action snippets that are missed, and of background snippets that raise a false alarm. With
    --phases: these for every phase of a run and every branch, with mAP, with how many pseudo-labels were right, and
    with the statistics that a run stores without looking at any segment.

    Use it to look at a method, never to choose one: it compares with the truth.

    Example: weaktal diagnose DATASET results.json
    """
    from weaktal.evaluation.detections import Detections
    from weaktal.evaluation.diagnosis import SnippetErrors
    from weaktal.files import check_writable
    from weaktal.runs.diagnose import diagnose as diagnose_all
    from weaktal.runs.folder import files_read

    target = None if json_out in (None, "-") else Path(str(json_out))
    check_writable(target, inputs=files_read([annotations, results]))
    found = diagnose_all(
        annotations,
        results,
        phases=phases,
        threshold=threshold,
        protocol=protocol,
        subset=subset,
        tiou=tiou,
        overrides=set_ or (),
        method=method,
        device=device,
    )
    if put_json(found.as_json(), json_out):
        return
    if isinstance(found, SnippetErrors):
        print(f"misses        {found.miss_rate:.3f} of {found.action} action snippets")
        print(f"false alarms  {found.false_alarm_rate:.3f} of {found.background} background snippets")
    elif isinstance(found, Detections):
        _print_detections(found, per_class)
    else:
        _print(found)


def _print_detections(found: Detections, per_class: bool) -> None:
    warn(found.warnings)
    out = console()
    tious = ", ".join(f"{tiou:g}" for tiou in found.tious)
    out.print(
        f"{found.protocol}, subset {found.subset}, mean over tIoU {tious}: average mAP {percent(found.average_map)} %, "
        f"normalized {percent(found.normalized_map)} %; G is the number of ground truths of a class",
        soft_wrap=True,
    )
    depths = [f"{k}G" for k in range(1, len(next(iter(found.shares.values()))) + 1)]
    rows = [
        [kind.replace("_", " "), *map(percent, shares), percent(found.gain.get(kind))]
        for kind, shares in found.shares.items()
    ]
    out.print(table(["% of the top", *depths, "gain"], rows))
    rows = [
        [
            trait,
            name,
            _range(found.bounds[trait], place),
            percent(bucket.map),
            percent(bucket.missed),
            f"{bucket.count:,}",
        ]
        for trait, buckets in found.sensitivity.items()
        for place, (name, bucket) in enumerate(buckets.items())
    ]
    out.print(table(["ground truth of", "", "", "mAP_N %", "missed %", "count"], rows, named=3))
    whole = found.completeness
    out.print(
        f"incomplete {percent(whole.incomplete)} %, over-complete {percent(whole.over_complete)} %: shares of the "
        "action's time that is missed and of the predicted time outside, top G of each class",
        soft_wrap=True,
    )
    if per_class:
        rows = [
            [
                label,
                percent(one.incomplete),
                percent(one.over_complete),
                *map(", ".join, (one.most_missed, one.most_added)),
            ]
            for label, one in whole.classes.items()
        ]
        out.print(table(["class", "incomplete %", "over-complete %", "most missed in", "most added in"], rows))


def _range(bounds: tuple[float, ...], place: int) -> str:
    if place == len(bounds):
        return f"> {bounds[-1]:g}"
    return f"<= {bounds[place]:g}"


def _print(found: PhaseTable) -> None:
    out = console()
    out.print(f"{found.run}, subset {found.subset}; a branch that a phase left as it was is not listed again")
    for part in (_scores(found), _labels(found), _statistics(found), _agreement(found)):
        if part is not None:
            out.print(part)
    if (network := _network(found)) is not None:
        out.print(f"network of CBP that the warm-up picked: {network}")
    out.print(f"localizes by default: {found.chosen[1]} after {found.chosen[0]}")


def _scores(run: PhaseTable) -> Table:
    rows = [
        (
            phase.name,
            name,
            *map(percent, (*found.map, found.average_map)),
            *_shares(found.errors.miss_rate, found.errors.false_alarm_rate),
        )
        for phase in run.phases
        for name, found in phase.branches.items()
        if found.changed
    ]
    return table(["", "mAP %", *(f"{tiou:g}" for tiou in run.tious), "mean", "misses", "false alarms"], rows, named=2)


def _labels(run: PhaseTable) -> Table | None:
    rows = [
        (phase.name, *_shares(q.foreground_precision, q.foreground_recall, q.background_precision, q.background_recall))
        for phase in run.phases
        if (q := phase.labels) is not None
    ]
    head = ["pseudo-labels", "foreground right", "of the action", "background right", "of the background"]
    return table(head, rows, named=2) if rows else None


def _statistics(run: PhaseTable) -> Table | None:
    from weaktal.methods.collab.statistics import StoredStatistics

    rows, head = [], []
    for phase in run.phases:
        if not isinstance(phase.statistics, StoredStatistics):
            continue
        for name, values in phase.statistics.branches.items():
            if name in phase.branches and phase.branches[name].changed:
                head = ["without segments", "", *(key.replace("_", " ") for key in values)]
                rows.append((phase.name, name, *_shares(*values.values())))
    return table(head, rows, named=2) if rows else None


def _network(run: PhaseTable) -> str | None:
    """The network that CBP has in the last phase; None where none is picked in training."""
    from weaktal.methods.collab.statistics import StoredStatistics

    last = run.phases[-1].statistics
    return last.network if isinstance(last, StoredStatistics) else None


def _agreement(run: PhaseTable) -> Table | None:
    from weaktal.methods.collab.statistics import StoredStatistics

    rows, head = [], []
    for phase in run.phases:
        if not isinstance(phase.statistics, StoredStatistics):
            continue
        pairs = phase.statistics.agreement
        labels = phase.statistics.labels or {"foreground": None, "background": None, "covered": None}
        head = ["agreement (correlation, IoU)", *pairs, *(f"labels: {key}" for key in labels)]
        both = (" ".join(_shares(pair.get("correlation"), pair.get("iou"))) for pair in pairs.values())
        rows.append((phase.name, *both, *_shares(*labels.values())))
    return table(head, rows, named=2) if rows else None


def _shares(*values: float | None) -> list[str]:
    return [share(value) for value in values]
