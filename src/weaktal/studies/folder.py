"""The folder of an ablation: what it was made with, what is finished, what is still to be run.

::

    OUT/ablation.json             dataset, features, base settings; other ones are refused
    OUT/runs/TRAINING/seed-N/     a run folder, as weaktal train makes it; beside it its settings, job and log
    OUT/readings/READING/seed-N.json   what was measured
    OUT/tables.md, tables.csv, cells.csv, table-KEY.png, table-KEY.svg, errors.png, errors.svg
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from weaktal import locks
from weaktal.config import flat
from weaktal.data.annotations import annotations_file
from weaktal.data.fingerprint import Fingerprint
from weaktal.engine.settings import RESUMABLE
from weaktal.errors import InputError, shown
from weaktal.files import read_model, refuse_links, sha256, write_json
from weaktal.methods.collab.settings import CollabConfig
from weaktal.studies.plan import Plan, Training
from weaktal.studies.seeded import Data, Measured, PendingReading, SeededTraining
from weaktal.version import __version__

# Keys of a request that cannot change a number.
HARMLESS = {"weaktal", "data.dataset", *(f"settings.engine.{name}" for name in RESUMABLE)}

# Rises when the same settings come to mean other numbers: then folders from before cannot be gone on with.
# 2: online training restarts CBP; the rule "agreement" takes both branches.
# 3: labels.teacher=agreed takes the thresholds of F for both teachers.
# 4: the rule "agreement" leaves B out where VLP finds less than CBP.
# 5: the rule "agreement" asks whether B has made VLP find less, and else takes CBP alone; CBP's network is picked.
# 6: a pyramid that is no surer than vanilla VLP gives way too.
# 7: the pyramid stays only where its contrast is 4/3 of vanilla VLP's; nested classes do not compete (vlp.rivals).
REVISION = 7


class Request(BaseModel):
    """What an ablation's folder was made with; calls that differ in this are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weaktal: str
    revision: int = 1
    annotations_sha256: str
    data: Data
    feature_files: dict[str, Fingerprint] = {}  # by folder; revision 1 noted none
    settings: dict[str, Any]


@contextlib.contextmanager
def alone_in(out: Path, marker: str = "ablation.json", what: str = "ablation") -> Iterator[None]:
    """Makes the folder and keeps others out of it: two at once would train the same runs.

    Args:
        out: the folder.
        marker: the file that tells it from a folder of something else.
        what: it holds then, for messages.

    Raises:
        InputError: if another process works there, or the folder holds something else.
    """
    # Hidden are locks, and what a process that was killed was about to move into place.
    if out.is_dir() and not (out / marker).exists() and any(not path.name.startswith(".") for path in out.iterdir()):
        raise InputError(f"exists and holds no {what}", source=out, expected="a new folder")
    refuse_links(out, within=out)
    with locks.alone_in(out, f"weaktal {what}"):
        yield


def same_request(out: Path, base: CollabConfig, data: Data, feature_files: Mapping[str, Fingerprint]) -> None:
    """Notes what the folder is made with, or compares with what it was made with.

    Args:
        out: the folder.
        base, data: what all trainings have in common.
        feature_files: what tells the features from others of the same name.

    Raises:
        InputError: naming the first difference that could change a number.
    """
    if not check_request(out, base, data, feature_files):
        request = _request(base, data, feature_files)
        write_json(out / "ablation.json", request.model_dump(mode="json"))


def check_request(out: Path, base: CollabConfig, data: Data, feature_files: Mapping[str, Fingerprint]) -> bool:
    """Compares with what a folder was made with, if it was.

    Args:
        out, base, data, feature_files: see :func:`same_request`.

    Returns:
        Whether it was.

    Raises:
        InputError: naming the first difference that could change a number.
    """
    if not (out / "ablation.json").exists():
        return False
    stored, request = read_request(out), _request(base, data, feature_files)
    before, now = flat(stored.model_dump(mode="json")), flat(request.model_dump(mode="json"))
    for key in [*before, *(key for key in now if key not in before)]:
        if key not in HARMLESS and before.get(key) != now.get(key):
            raise InputError(
                f"was started with {key} {shown(before.get(key))}, not {shown(now.get(key))}",
                source=out,
                expected="the same settings to go on, or a new folder",
            )
    return True


def _request(base: CollabConfig, data: Data, feature_files: Mapping[str, Fingerprint]) -> Request:
    return Request(
        weaktal=__version__,
        revision=REVISION,
        annotations_sha256=sha256(annotations_file(data.dataset)),
        data=data,
        feature_files=dict(feature_files),
        settings=base.model_dump(mode="json"),
    )


def read_request(out: Path) -> Request:
    """What a folder was made with.

    Raises:
        InputError: if it holds no ablation, or its note cannot be read.
    """
    return read_model(out / "ablation.json", Request, "what weaktal ablate wrote there")


def _cell_file(out: Path, reading: str, seed: int) -> Path:
    return out / "readings" / reading / f"seed-{seed}.json"


def _run_folder(out: Path, training: str, seed: int) -> Path:
    return out / "runs" / training / f"seed-{seed}"


def missing_jobs(plan: Plan, data: Data, out: Path, seeds: Sequence[int]) -> list[tuple[str, SeededTraining]]:
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
                    SeededTraining(
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


def _reading_jobs(training: Training, out: Path, seed: int) -> Iterator[PendingReading]:
    for reading, config in training.readings:
        yield PendingReading(
            name=reading.name,
            after=reading.after,
            branch=reading.branch,
            settings=config.model_dump(mode="json"),
            out=_cell_file(out, reading.name, seed),
        )


def _finished(reading: PendingReading, seed: int) -> bool:
    """Whether the reading is there, made with these very settings.

    Raises:
        InputError: if one is there that was made with others.
    """
    if not reading.out.exists():
        return False
    stored = read_model(reading.out, Measured, "what weaktal ablate wrote there")
    now = {"after": reading.after, "branch": reading.branch, "settings": reading.settings}
    before, after = flat(stored.model_dump(mode="json", include=set(now))), flat(now)
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in HARMLESS and before.get(key) != after.get(key):
            raise InputError(
                f"seed {seed} was read with {key} {shown(before.get(key))}, not {shown(after.get(key))}",
                source=reading.out,
                expected="another name for this variant, or a new folder",
            )
    return True


def read_found(plan: Plan, out: Path, seeds: Sequence[int]) -> dict[str, dict[int, Measured]]:
    """What was measured, by reading and seed."""
    found: dict[str, dict[int, Measured]] = {}
    for name in plan.readings:
        files = {seed: _cell_file(out, name, seed) for seed in seeds}
        found[name] = {
            seed: read_model(file, Measured, "what weaktal ablate wrote there")
            for seed, file in files.items()
            if file.exists()
        }
    return found
