"""A run's folder: what was trained on what and with which settings, beside what training leaves there.

::

    RUN/run.json         method, seed, dataset, features, classes, all settings
    RUN/settings.yaml    the settings again, to be read and edited by people
    RUN/...              what :mod:`weaktal.engine.folder` lists
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from weaktal.config import Size, flat
from weaktal.data.annotations import Name
from weaktal.data.manifest import Manifest
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.settings import HARMLESS
from weaktal.errors import InputError, arg, shown
from weaktal.files import read_model, write_json
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
    skipped: dict[str, str] = {}
    settings: dict[str, Any]
    preset: str | None = None

    @property
    def inputs(self) -> Inputs:
        """What the trained method is built for, to take in its weights."""
        others = {} if self.vlp_dim is None else {VLP: OtherFeatures(self.vlp_dim)}
        return Inputs(dim=self.dim, classes=self.classes, streams=self.streams, others=others, trained=True)


UNTAGGED = "has no label"  # why a video was left out that has no tag

# What may differ between a run and its resumption, since it cannot change the weights.
_HARMLESS = {"weaktal", "dataset", "preset", *(f"settings.engine.{name}" for name in HARMLESS)}


class RunFolder(TrainingFolder):
    """The folder of a training with what defines it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._info = path / "run.json"

    def start(self, info: RunInfo, settings_yaml: str, *, resume: bool) -> None:
        """Makes the folder for a new run, or checks that a resumed run is the one that stands there.

        Raises:
            InputError: if the folder holds another run, or any run and ``resume`` is off, or something else.
        """
        if self._info.exists():
            if not resume:
                raise InputError("holds a run already", source=self.path, expected=f"a new folder, or {arg('resume')}")
            self._same_as(info)
            return
        if self.path.exists() and (
            not self.path.is_dir() or any(not p.name.startswith(".") for p in self.path.iterdir())
        ):
            raise InputError("exists and holds no run", source=self.path, expected="a new folder")
        # run.json comes last: where it is, the rest is.
        settings = self.path / ".settings.yaml"
        write_json(self.path / ".run.json", info.model_dump(mode="json"))
        settings.write_text(settings_yaml, encoding="utf-8")
        settings.replace(self.path / "settings.yaml")
        (self.path / ".run.json").replace(self._info)

    def _same_as(self, info: RunInfo) -> None:
        before, now = flat(self.info().model_dump(mode="json")), flat(info.model_dump(mode="json"))
        for key in [*before, *(key for key in now if key not in before)]:
            if key not in _HARMLESS and before.get(key) != now.get(key):
                raise InputError(
                    f"was started with {key} {shown(before.get(key))}, not {shown(now.get(key))}",
                    source=self.path,
                    expected="the same settings to resume, or a new folder",
                )

    def info(self) -> RunInfo:
        """What defines the run.

        Raises:
            InputError: if the folder is no run.
        """
        if self.path.is_dir() and not self._info.exists():
            raise InputError(
                "holds no run.json", source=self.path, expected="the folder of a run, as weaktal train makes it"
            )
        if not self.path.is_dir():
            problem = "is no folder" if self.path.exists() else "no such folder"
            raise InputError(problem, source=self.path, expected="the folder of a run, as weaktal train makes it")
        info = read_model(self._info, RunInfo, "what weaktal train wrote there")
        if len(set(info.classes)) != len(info.classes):
            raise InputError("a class appears twice", source=self._info, place="classes", expected="each once")
        return info
