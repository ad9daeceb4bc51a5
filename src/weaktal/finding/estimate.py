"""How long a find will take, measured on its first video and on the first updates of each phase of training."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from weaktal.config import load_settings
from weaktal.data.annotations import Video
from weaktal.data.features import Features
from weaktal.data.text_vectors import read_text_vectors
from weaktal.engine.batch import VideoSet
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.method import Method, Phase
from weaktal.engine.trainer import Trainer
from weaktal.errors import InputError, RunError
from weaktal.files import scratch_folder
from weaktal.finding.plan import Plan
from weaktal.methods.base import VLP, Inputs, OtherFeatures, method_module
from weaktal.methods.presets import preset_file
from weaktal.progress import Progress

_MEASURED = 2  # updates of each phase; the first one warms up


def training_seconds(
    dataset: Path, plan: Plan, preset: str | None, videos: Sequence[Video], classes: Sequence[str], first: Video
) -> float | None:
    """Seconds that training will take; None where that cannot be said before it begins.

    A network with fresh weights does two updates of each phase on copies of one video, which stand for all.

    Args:
        dataset: its folder, with features of the ``first`` video.
        plan: what is trained on.
        preset: of the method's settings.
        videos: the training videos.
        classes: the class list.
        first: a video whose features are there, be it one of them or not.
    """
    main = _all_alike(Features.open(dataset, plan.features), videos, first.name)
    others = {}
    if plan.vlp_features is not None:
        others[VLP] = _all_alike(Features.open(dataset, plan.vlp_features), videos, first.name)
    module = method_module(plan.method)
    base = load_settings(module.CONFIG, preset_file(plan.method, preset)) if preset else None
    settings = load_settings(module.CONFIG, None, base=base, values=plan.settings)
    picks = getattr(settings, "cbp", None) == "auto"
    if picks:  # no network can be picked by one video
        settings = settings.model_copy(update={"cbp": "pyramid"})
    dim, streams = main.layout(first.name)
    inputs = Inputs(
        dim=dim,
        classes=tuple(classes),
        streams=streams,
        others={
            name: OtherFeatures(other.layout(first.name)[0], read_text_vectors(other, classes))
            for name, other in others.items()
        },
        videos=len(videos),
    )
    method = _Shortened(module.build(settings, inputs))
    engine = settings.engine.model_copy(update={"tensorboard": False})
    clock = _Clock()
    with scratch_folder() as folder, contextlib.suppress(InputError, RunError):
        start = time.perf_counter()
        Trainer(method, VideoSet(videos, classes, main, others), TrainingFolder(folder), engine, 0, clock).train()
        whole = time.perf_counter() - start
        measured = sum(clock.updates.values())
        again = method.whole[:1] if picks else ()  # another network, if it is picked, has a warm-up of its own
        updates = sum(phase.updates * clock.last.get(phase.name, 0.0) for phase in (*method.whole, *again))
        longer = sum(video.duration for video in videos) / len(videos) / first.duration
        return updates * max(longer, 1.0) + max(whole - measured, 0.0)
    return None


def _all_alike(features: Features, videos: Sequence[Video], first: str) -> Features:
    """Features of which those of one video stand for all."""
    for folder in features.folders.values():
        path = folder.path(first)
        for video in videos:
            if video.name != first:
                folder.look(video.name, path)
    return features


class _Shortened:
    """A method whose phases end after a few updates."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self.whole: Sequence[Phase] = method.phases()

    def phases(self) -> list[Phase]:
        """The phases, each cut short."""
        return [replace(phase, updates=min(phase.updates, _MEASURED)) for phase in self.whole]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method, name)


@dataclass(slots=True)
class _Clock:
    """Seconds of updates, as they are told."""

    updates: dict[str, float] = field(default_factory=dict)  # in all, by phase
    last: dict[str, float] = field(default_factory=dict)  # the last one, by phase
    _since: float = 0.0

    def __call__(self, event: Progress) -> None:
        now = time.perf_counter()
        if event.done:
            seconds = now - self._since
            self.updates[event.what] = self.updates.get(event.what, 0.0) + seconds
            self.last[event.what] = seconds
        self._since = now


def in_words(seconds: float) -> str:
    """A length of time as people say it.

    >>> [in_words(seconds) for seconds in (4, 50, 80, 400, 5000, 20000)]
    ['a few seconds', '50 seconds', '1.5 minutes', '7 minutes', '1.5 hours', '6 hours']
    """
    if seconds < 10:
        return "a few seconds"
    if seconds < 58:
        return f"{10 * round(seconds / 10):.0f} seconds"
    for unit, length in (("minute", 60.0), ("hour", 3600.0)):
        count = seconds / length
        count = round(count * 2) / 2 if count < 3 else round(count)
        if unit == "hour" or count < 60:
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    raise AssertionError


def parts_in_words(parts: Mapping[str, float]) -> str:
    """Steps with their time: "features 3 minutes, training 50 seconds"."""
    return ", ".join(f"{name} {in_words(seconds)}" for name, seconds in parts.items() if seconds > 0)
