"""A finished run as a Python caller sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from weaktal.config import Settings
from weaktal.data.known_tags import TagsUse
from weaktal.errors import InputError, arg, counted
from weaktal.progress import OnProgress
from weaktal.runs.folder import RunFolder, RunInfo

if TYPE_CHECKING:
    from weaktal.data.results import Results
    from weaktal.encoders.weights_choice import WeightsLike
    from weaktal.runs.localize import Paths
    from weaktal.runs.video_features import EncodersLike


class LocalizeOptions(TypedDict, total=False):
    """What :meth:`Run.localize` takes besides, as :func:`weaktal.runs.localize.localize` has it."""

    branch: str | None
    settings: Mapping[str, Any] | Settings | None
    overrides: Sequence[str]
    scores: str | PathLike[str] | None
    batch_size: int
    subset: str | None
    features: str | None
    vlp_features: str | None
    seconds_per_snippet: float | None
    seconds_per_window: float | None
    skip_broken: bool
    tags: TagsUse | None
    encoder: EncodersLike | None
    weights: WeightsLike | None
    cache: str | PathLike[str] | None
    method: str | None
    device: str
    on_progress: OnProgress | None


class Run:
    """What training left behind, ready to localize. Whatever takes a run takes its path as well, and vice versa.

    Args:
        path: the folder.

    Attributes:
        path: the folder.
        info: what defines the run: method, dataset, features, classes, seed, all settings.

    Raises:
        InputError: if the folder is not a run, or the run is not finished.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        folder = RunFolder(Path(path))
        self.path = folder.path
        self.info: RunInfo = folder.info()
        if not folder.finished():
            expected = f"a run that came to its end; continue it with {arg('resume')}"
            raise InputError("is not finished", source=folder.path, expected=expected)

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that it finds, in the order of its scores."""
        return self.info.classes

    def localize(
        self, where: Paths, out: str | PathLike[str] | None = None, **options: Unpack[LocalizeOptions]
    ) -> Results:
        """The segments of a dataset's videos, or of video files: :func:`weaktal.localize` with this run."""
        from weaktal.runs.localize import localize  # late: training makes runs as well, and needs none of it

        return localize(self, where, out, **options)

    def __repr__(self) -> str:
        features = " and ".join(filter(None, (self.info.features, self.info.vlp_features)))
        return (
            f"<Run {str(self.path)!r}: {self.info.method} on {features} of {counted(len(self.info.videos), 'video')}, "
            f"{counted(len(self.classes), 'class', 'classes')}, seed {self.info.seed}>"
        )


def load(run: str | PathLike[str]) -> Run:
    """A finished run, by its folder.

    Raises:
        InputError: if the folder is not a run, or the run is not finished.
    """
    return Run(run)
