"""A run's folder: what was trained on what and with which settings, beside what training leaves there.

::

    RUN/run.json         method, seed, dataset, features, classes, all settings
    RUN/settings.yaml    the settings again, to be read and edited by people
    RUN/...              what :mod:`weaktal.engine.folder` lists
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from weaktal.config import Size, flat
from weaktal.data.annotations import Name
from weaktal.data.manifest import Manifest
from weaktal.data.video_files import files_of
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.settings import RESUMABLE
from weaktal.errors import InputError, arg, shown
from weaktal.files import read_model, refuse_links, write_json, write_text
from weaktal.methods.base import VLP, Inputs, OtherFeatures
from weaktal.timeline import SnippetGrid


class RunInfo(BaseModel):
    """What defines a run: two runs with equal infos give equal weights.

    Attributes:
        weaktal: version that trained it.
        method: name of the method.
        seed: of everything random.
        dataset: where the folder lay, absolute; as given in runs of earlier versions.
        train_subset: the subset that it was trained on.
        features, vlp_features: names of the feature folders, as given.
        seconds_per_snippet, seconds_per_window: as given for features without a manifest.
        manifests: how the features came to be, by the name of their folder, where it says so; without ``complete`` and
            ``text``, which are not about the features themselves.
        grid: how the snippets of the features lie on time.
        classes: in the order of the scores.
        dim, vlp_dim: columns of the features.
        streams: column ranges of the modalities.
        videos: the training videos.
        tags_sha256, features_sha256: what tells the videos' tags, and by folder their features, from others that were
            put in their place later; None and empty in runs of earlier versions.
        skipped: training videos that were left out for their features, with the reason.
        settings: all of the method's.
        preset: the name of the settings that it started from, where it was given one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weaktal: str
    method: str
    seed: int
    dataset: str
    train_subset: str
    features: str
    vlp_features: str | None = None
    seconds_per_snippet: float | None = None
    seconds_per_window: float | None = None
    manifests: dict[str, Manifest] = {}
    grid: SnippetGrid
    classes: Annotated[tuple[Name, ...], Field(min_length=1)]
    dim: Size
    vlp_dim: Size | None = None
    streams: dict[str, tuple[int, int]] = {}
    videos: tuple[str, ...]
    tags_sha256: str | None = None
    features_sha256: dict[str, str] = {}
    skipped: dict[str, str] = {}
    settings: dict[str, Any]
    preset: str | None = None

    @property
    def inputs(self) -> Inputs:
        """What the trained method is built for, to take in its weights."""
        others = {} if self.vlp_dim is None else {VLP: OtherFeatures(self.vlp_dim)}
        return Inputs(dim=self.dim, classes=self.classes, streams=self.streams, others=others, trained=True)


UNTAGGED = "has no label"  # why a video was left out that has no tag

# What may differ between a run and its resumption, since it cannot change the weights, or is where it runs.
_HARMLESS = {"weaktal", "dataset", "preset", *(f"settings.engine.{name}" for name in RESUMABLE)}


def files_read(paths: Iterable[Path]) -> list[Path]:
    """What a command reads of runs, datasets, videos and other files, so that no output of its may replace that."""
    found: list[Path] = []
    for path in paths:
        run = RunFolder(path)
        found += run.parts if run.is_run() else files_of([path])
    return found


def _defines(key: str) -> bool:
    return key not in _HARMLESS


class RunFolder(TrainingFolder):
    """The folder of a training with what defines it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._info = path / "run.json"

    def start(self, info: RunInfo, settings_yaml: str, *, resume: bool) -> None:
        """Makes the folder for a new run, or checks that a resumed run is the one in it.

        Raises:
            InputError: if the folder holds another run, or any run and ``resume`` is off, or something else.
        """
        refuse_links(self.path, within=self.path)
        settings = self.path / "settings.yaml"
        if self._info.exists():
            if not resume:
                raise InputError("holds a run already", source=self.path, expected=f"a new folder, or {arg('resume')}")
            self._same_as(info)
            if not settings.exists():
                write_text(settings, settings_yaml)
            return
        if self.path.exists() and (
            not self.path.is_dir() or any(not p.name.startswith(".") for p in self.path.iterdir())
        ):
            raise InputError("exists and holds no run", source=self.path, expected="a new folder")
        # run.json comes first: a start that was killed before it left nothing but hidden files.
        write_json(self._info, info.model_dump(mode="json"))
        write_text(settings, settings_yaml)

    def is_run(self) -> bool:
        """Whether the folder says that it is a run."""
        return self._info.is_file()

    @property
    def identity(self) -> str:
        """A hash of what defines the run."""
        defining = {key: value for key, value in flat(self.info().model_dump(mode="json")).items() if _defines(key)}
        return hashlib.sha256(json.dumps(defining, sort_keys=True).encode()).hexdigest()

    @property
    def parts(self) -> list[Path]:
        """All that a run consists of."""
        return [*super().parts, self._info, self.path / "settings.yaml"]

    def _same_as(self, info: RunInfo) -> None:
        stored = self.info()
        left_out = {"tags_sha256", "features_sha256"}
        before, now = (flat(of.model_dump(mode="json", exclude=left_out)) for of in (stored, info))
        for key in [*before, *(key for key in now if key not in before)]:
            if _defines(key) and before.get(key) != now.get(key):
                raise InputError(
                    f"was started with {key} {shown(before.get(key))}, not {shown(now.get(key))}",
                    source=self.path,
                    expected="the same settings to resume, or a new folder",
                )
        changed = [
            f"features {shown(name)}"
            for name, was in stored.features_sha256.items()
            if was != info.features_sha256.get(name, was)
        ]
        if stored.tags_sha256 not in (None, info.tags_sha256):
            changed.insert(0, "tags")
        if changed:
            raise InputError(
                f"was started with other {' and '.join(changed)}, which were changed since",
                source=self.path,
                expected="those of the start to resume, or a new folder",
            )

    def info(self) -> RunInfo:
        """What defines the run.

        Raises:
            InputError: if the folder is not a run.
        """
        if self.path.is_dir() and not self._info.exists():
            raise InputError(
                "holds no run.json", source=self.path, expected="the folder of a run, as weaktal train makes it"
            )
        if not self.path.is_dir():
            problem = "is not a folder" if self.path.exists() else "no such folder"
            raise InputError(problem, source=self.path, expected="the folder of a run, as weaktal train makes it")
        info = read_model(self._info, RunInfo, "what weaktal train wrote there")
        if len(set(info.classes)) != len(info.classes):
            raise InputError("a class appears twice", source=self._info, place="classes", expected="each once")
        return info
