"""``weaktal doctor``: what is installed here, which devices and weights there are, and what is missing for what.

Nothing that is missing or broken raises: to say so is what this is for.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from weaktal.errors import WeaktalError, counted, one_line
from weaktal.packages import PACKAGES, Package
from weaktal.version import __version__


@dataclass(frozen=True, slots=True)
class Found:
    """A package as it was found here.

    Attributes:
        name: as pip knows it.
        version: that is installed; None if it is not there.
        enables: what it is for; empty for what nothing goes without.
        get: how to get it.
        broken: why it cannot be imported, where it is there and cannot.
    """

    name: str
    version: str | None
    enables: str
    get: str
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found.

    Attributes:
        weaktal, python, system: versions.
        packages: what weaktal uses, the necessary first.
        devices: that training can use, the best first.
        weights: names of the encoders' weights -> where they are, or how to get them.
        weights_folder: where weights are looked for.
        notes: about this machine: cores, memory, disk.
        test: what the self-test said; None if it was not asked for.
        healthy: nothing necessary is missing and the self-test, if any, went well.
    """

    weaktal: str
    python: str
    system: str
    packages: tuple[Found, ...]
    devices: tuple[str, ...]
    weights: dict[str, str]
    weights_folder: str
    notes: tuple[str, ...]
    test: str | None
    healthy: bool

    def as_json(self) -> dict[str, Any]:
        """The object that ``weaktal doctor --json`` writes."""
        return asdict(self)


def doctor(*, test: bool = False) -> Checkup:
    """Looks at what is installed here, at devices and at weights, and says what each missing thing would enable.

    Args:
        test: also train, localize and score on made-up features, which takes under a minute.
    """
    packages = tuple(_found(package) for package in PACKAGES)
    necessary = all(
        package.version is not None and package.broken is None for package in packages if not package.enables
    )
    tested, well = _self_test() if test else (None, True)
    folder, found = _weights()
    return Checkup(
        weaktal=__version__,
        python=platform.python_version(),
        system=platform.platform(),
        packages=packages,
        devices=_devices(),
        weights=found,
        weights_folder=folder,
        notes=_notes(),
        test=tested,
        healthy=necessary and well,
    )


def _found(package: Package) -> Found:
    """Looked up, and imported only where that is cheap: large packages are taken at their word."""
    enables = package.enables if package.extra else ""
    if not package.present:
        return Found(package.name, None, enables, package.get)
    broken = None
    if package.extra == "video":  # these fail where a system library is missing
        try:
            importlib.import_module(package.module)
        except Exception as error:  # whatever a broken installation does
            broken = one_line(f"{type(error).__name__}: {error}", 200)
    try:
        version = importlib.metadata.version(package.name)
    except importlib.metadata.PackageNotFoundError:  # installed under another name, such as opencv-python
        version = "?"
    return Found(package.name, version, enables, package.get, broken)


def _devices() -> tuple[str, ...]:
    try:
        import torch
    except Exception as error:
        return (f"none: PyTorch cannot be imported ({one_line(str(error), 200)})",)
    found = []
    try:
        for index in range(torch.cuda.device_count()):
            about = torch.cuda.get_device_properties(index)
            found.append(f"cuda:{index} {about.name}, {about.total_memory / 2**30:.0f} GiB")
    except RuntimeError as error:  # a driver that is installed and does not work
        found.append(f"cuda does not work here ({one_line(str(error), 200)})")
    return (*found, f"cpu, {counted(torch.get_num_threads(), 'thread')}")


def _weights() -> tuple[str, dict[str, str]]:
    try:
        from weaktal.encoders.weights import weights, weights_folder

        found = {}
        for known in weights():
            found[known.name] = (
                f"missing: weaktal weights fetch {known.name}, from {known.origin}"
                if known.present == "no"
                else f"{known.place} ({known.present.removeprefix('yes, ')})"
            )
        return str(weights_folder()), found
    except Exception as error:
        return "?", {"?": f"cannot be listed ({one_line(str(error), 200)})"}


def _notes() -> tuple[str, ...]:
    notes = [f"{os.cpu_count()} cores"]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        notes.append(f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB of memory")
    try:
        notes.append(f"{shutil.disk_usage(Path.cwd()).free / 2**30:.0f} GiB free in this folder")
    except OSError as error:
        notes.append(f"this folder cannot be looked at ({error.strerror})")
    return tuple(notes)


def _self_test() -> tuple[str, bool]:
    """Trains on made-up features in which each class shows, localizes and scores."""
    from weaktal.files import scratch_folder  # late: doctor lists what is missing also where that is pydantic

    started = time.monotonic()
    try:
        with scratch_folder() as folder:
            score = _train_and_score(folder)
    except WeaktalError as error:
        return f"failed: {error}", False
    except Exception as error:
        return f"failed: {one_line(f'{type(error).__name__}: {error}', 300)}", False
    said = f"trained, localized and scored in {time.monotonic() - started:.0f} s, average mAP {100 * score:.0f} %"
    return (said, True) if score > 0.5 else (f"failed: {said}, and more than 50 % was expected", False)


def _train_and_score(folder: Path) -> float:
    import numpy as np

    from weaktal.data.annotations import Annotations, Video, write_annotations
    from weaktal.data.manifest import Manifest, write_manifest
    from weaktal.evaluation.evaluate import evaluate
    from weaktal.runs.localize import localize
    from weaktal.runs.train import train
    from weaktal.segments import Segment

    random, classes, dim = np.random.default_rng(0), ("jump", "run", "throw"), 16
    features = folder / "features" / "made-up"
    features.mkdir(parents=True)
    videos = {}
    for number in range(16):
        name, label, start = f"video_{number:02d}", number % 3, int(random.integers(0, 12))
        rows = random.normal(size=(20, dim))
        rows[start : start + 5, label] += 4.0
        np.save(features / f"{name}.npy", rows.astype(np.float32))
        segment = Segment(float(start), start + 5.0, classes[label])
        videos[name] = Video(name, "training" if number < 10 else "validation", 20.0, (segment.label,), (segment,))
    write_manifest(features, Manifest(encoder="made-up", fps=1.0, window=1, stride=1, dim=dim))
    write_annotations(folder / "annotations.json", Annotations(classes=classes, videos=videos))
    settings = {
        "optimizer": {"batch_size": 5, "lr": 0.01},
        "model": {"width": 64},
        "schedule": {"epochs": 1, "updates_per_epoch": 200},
        "engine": {"tensorboard": False},
    }
    run = train(folder, method="mil", features="made-up", run=folder / "run", settings=settings)
    return evaluate(folder, localize(run, folder)).average_map
