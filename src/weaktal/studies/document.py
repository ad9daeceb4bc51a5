"""The report of an ablation: all tables, and all that is needed to repeat them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from weaktal.files import write_text
from weaktal.studies.plan import Plan
from weaktal.studies.report import Entry, Found, cells_csv, errors_markdown, filled, markdown, summary_csv
from weaktal.studies.seeded import Data
from weaktal.studies.tables import Table
from weaktal.version import __version__


def write_document(
    plan: Plan,
    data: Data,
    out: Path,
    found: Found,
    seeds: Sequence[int],
    command: Sequence[str],
    heading: str,
) -> str:
    """Writes tables.md, tables.csv and cells.csv; returns the first."""
    entries = [(table, filled(table, found)) for table in plan.tables]
    parts = [
        f"# {heading}",
        "",
        f"Dataset `{data.dataset.name}`, trained on `{data.train_subset}`, scored on `{data.subset}` "
        f"(protocol {data.protocol}); features `{data.features}` and `{data.vlp_features}`; seeds "
        f"{', '.join(map(str, seeds))}; weights as the list of variants below says; weaktal {__version__}.",
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


def _table_parts(table: Table, entries: Sequence[Entry], data: Data, found: Found) -> Iterator[str]:
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
    yield f"```yaml\n{yaml.safe_dump(plan.base.model_dump(mode='json'), sort_keys=False)}```"
    yield ""
