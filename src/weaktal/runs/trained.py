"""A finished run in use: features in, scores and segments out."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from weaktal.config import Settings, load_settings, parse_settings
from weaktal.data.annotations import Video
from weaktal.data.features import Features
from weaktal.data.results import Results
from weaktal.data.scores import VideoScores
from weaktal.decoding.change_points import feature_changes
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scored
from weaktal.devices import choose_device
from weaktal.engine.batch import VideoSet
from weaktal.engine.checkpoint import load_weights
from weaktal.engine.checksums import FILE, read_sums
from weaktal.engine.method import Choosing, Method
from weaktal.engine.predict import predict
from weaktal.errors import InputError, arg
from weaktal.files import read_model
from weaktal.methods.base import VLP, MethodConfig, stored_method
from weaktal.progress import OnProgress, Progress
from weaktal.runs.folder import RunFolder, RunInfo
from weaktal.runs.settings import check_branch

_LIST = f"sha256sum weights.safetensors phases/*/*.safetensors > {FILE}"


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished run, ready to score, and how to decode its scores.

    Attributes:
        run: its folder.
        method: with the run's weights.
        settings: of the method.
        info: what defines the run.
        branch: which branch scores; None for the method's default.
        decode: settings of decoding.
        phase: name of the phase whose weights these are; None for the last.
        asked: whether somebody named the branch.
        device: where to score.
    """

    run: Path
    method: Method
    settings: MethodConfig
    info: RunInfo
    branch: str | None
    decode: DecodeConfig
    phase: str | None = None
    asked: bool = False
    device: str = "auto"

    @classmethod
    def load(
        cls,
        run: Path,
        branch: str | None,
        overrides: Sequence[str] = (),
        *,
        settings: Mapping[str, Any] | Settings | None = None,
        method: str | None = None,
        device: str = "auto",
    ) -> Trained:
        """A run with its weights, and its settings of decoding with ``settings`` and ``overrides`` over them.

        Where no branch is named and the method can choose, the branch and the phase that the weights come from are its
        choice. ``method`` is as of :func:`load_method`. ``device`` is where it scores, wherever it was trained.

        Raises:
            InputError: if the folder holds no finished run or its files are damaged, or there is no such branch,
                setting or device.
        """
        device = choose_device(device)
        folder = RunFolder(run)
        built, config, info = _build_method(folder, method)
        check_branch(branch, built.branches, info.method)
        decode = load_settings(type(config.decode), None, overrides, base=config.decode, values=settings)
        weights, phase, asked = folder.weights, None, branch is not None
        if branch is None and isinstance(built, Choosing):
            folders = [folder.phase(index, phase.name) for index, phase in enumerate(built.phases())]
            try:
                chosen, branch = built.choose(lambda index: phase_statistics(folders[index], built).model_dump())
            except ValueError as error:
                raise InputError(str(error), source=run / "phases") from None
            if chosen is not None:
                weights, phase = folders[chosen] / "weights.safetensors", folders[chosen].name
        load_weights(built.module, weights)
        return cls(run, built, config, info, branch, decode, phase, asked, device)

    @contextlib.contextmanager
    def opening_vlp(self) -> Iterator[None]:
        """What is wrong with vision-language features names the branch that does without, if nobody chose another."""
        try:
            yield
        except InputError as error:
            alone = [branch for branch in self.method.branches if not self.method.needs(branch)]
            if self.asked or not alone:
                raise
            expected = "; or ".join(filter(None, [error.expected, f"{arg('branch')} {alone[0]}, which does without"]))
            raise InputError(error.problem, source=error.source, place=error.place, expected=expected) from None

    @property
    def needs_vlp(self) -> bool:
        """Whether the branch looks at vision-language features."""
        return VLP in self.method.needs(self.branch)

    def segments(
        self,
        videos: Sequence[Video],
        features: Features,
        vlp: Features | None,
        *,
        names: Sequence[str] | None = None,
        scores: Path | None = None,
        batch_size: int = 8,
        known: Mapping[str, Collection[str]] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Results, list[np.ndarray]]:
        """Scores and decodes, one video after the other.

        Args:
            videos: as the features call them; their labels are not looked at.
            features, vlp: of the videos.
            names: what scores and results call the videos; as the features do by default.
            scores: also keep the scores there.
            batch_size: videos scored at once.
            known: the only classes that may be found, by what the results call the video.
            on_progress: is told how many videos are done.

        Returns:
            The segments, and the scores of each whole video, (C,) each.

        Raises:
            InputError: if the features are of another width than the run's.
        """
        info = self.info
        _check_width(features, info.dim, videos)
        if vlp is not None and info.vlp_dim is not None:
            _check_width(vlp, info.vlp_dim, videos)
        origin: dict[str, Any] = {"run": str(self.run), "method": info.method, "branch": self.branch, "seed": info.seed}
        if self.phase is not None:
            origin["phase"] = self.phase
        # The run's classes may differ from the dataset's; scoring needs no labels.
        untagged = [Video(video.name, video.subset, video.duration, ()) for video in videos]
        predicted = predict(
            self.method,
            VideoSet(untagged, info.classes, features, {VLP: vlp} if vlp else {}),
            branch=self.branch,
            batch_size=batch_size,
            device=self.device,
        )
        called = [video.name for video in videos] if names is None else names
        by_video: list[np.ndarray] = []

        changing = scores is not None or self.decode.snap > 0

        def scored() -> Iterator[tuple[VideoScores, float]]:
            for (_, snippets, whole), video, name in zip(predicted, videos, called, strict=True):
                by_video.append(whole)
                changes = feature_changes(features.read(video.name)) if changing else None
                yield VideoScores(name, snippets, whole, changes), video.duration
                if on_progress is not None:
                    on_progress(Progress("scoring", len(by_video), len(videos), "videos"))

        found = decode_scored(
            scored(), info.classes, features.grid, self.decode, origin=origin, keep=scores, known=known
        )
        return found, by_video


def load_method(run: RunFolder, method: str | None = None) -> tuple[Method, MethodConfig, RunInfo]:
    """The method of a finished run, with its last weights.

    Args:
        run: its folder.
        method: the run's method, which the user has to name where it is a module that is not installed as a method.

    Raises:
        InputError: if the folder is not a run, the run is not finished, or its files are damaged.
    """
    built, settings, info = _build_method(run, method)
    load_weights(built.module, run.weights)
    return built, settings, info


def _build_method(run: RunFolder, method: str | None) -> tuple[Method, MethodConfig, RunInfo]:
    """The method of a finished run, before any weights are loaded into it."""
    info = run.info()
    if not run.finished():
        raise InputError(
            "is not finished",
            source=run.path,
            expected=f"a run that came to its end; weaktal train {arg('resume')}",
        )
    # Without the list nothing would tell whether the weights are damaged.
    folder = shlex.quote(str(run.path))
    read_sums(run.path, f"if the run is older than these lists and to be trusted: (cd {folder} && {_LIST})")
    module = stored_method(info.method, method, run.path / "run.json")
    settings = parse_settings(module.CONFIG, info.settings, run.path / "run.json")
    return module.build(settings, info.inputs), settings, info


class _Noted(BaseModel):
    """Statistics of a method that nothing is known of."""

    model_config = ConfigDict(extra="allow", frozen=True)


def phase_statistics(folder: Path, method: Method) -> BaseModel:
    """What the method noted at the end of a phase.

    Raises:
        InputError: if the file is missing or not as it should be.
    """
    kind = method.statistics if isinstance(method, Choosing) else _Noted
    return read_model(folder / "statistics.json", kind, "the statistics that weaktal train wrote there")


def _check_width(features: Features, dim: int, videos: Sequence[Video]) -> None:
    width, _ = features.layout(videos[0].name)
    if width != dim:
        folder = next(iter(features.folders.values())).folder
        raise InputError(f"features have {width} columns", source=folder, expected=f"{dim}, as the run was trained on")
