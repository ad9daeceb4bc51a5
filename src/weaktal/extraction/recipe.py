"""Everything that an extraction depends on besides its videos, small enough to send to another machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from weaktal.devices import Precision
from weaktal.encoders.catalog import build_encoder, folder_name
from weaktal.encoders.look import Look
from weaktal.encoders.networks import DEFAULT_FLOW, SnippetEncoder
from weaktal.encoders.prompts import TEMPLATE, fill
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError, arg, counted
from weaktal.extraction.folders import Target, make_target
from weaktal.extraction.pipeline import Pipeline, Sampling
from weaktal.video.flow import METHODS, flow_method


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make features.

    Attributes:
        dataset: folder that gets ``features/NAME``.
        encoders: names as ``--encoder`` takes them.
        names: feature folders, as many as encoders; empty names them after the encoders.
        weights: which to take.
        sampling: where snippets lie.
        flow: name of the optical-flow method, one of :data:`weaktal.video.flow.METHODS`; None takes what the encoders
            were trained on.
        template: text of the class vectors.
        device: "cpu", "cuda", ...
        precision: of the networks.
        batch: clips that go through a network at once.
        window: frames that a snippet covers, over that of ``sampling``; None takes what the encoders look at, and 16 at
            least.
        look: which layer and pooling of checkpoints of the transformers library.
    """

    dataset: Path
    encoders: tuple[str, ...]
    names: tuple[str, ...] = ()
    weights: WeightsChoice = field(default_factory=WeightsChoice)
    sampling: Sampling = field(default_factory=Sampling)
    flow: str | None = None
    template: str = TEMPLATE
    device: str = "cpu"
    precision: Precision = "fp32"
    batch: int = 1
    window: int | None = None
    look: Look | None = None

    def folders(self) -> list[Path]:
        """The feature folders, in the order of the encoders.

        Raises:
            InputError: if there are more or fewer names than encoders, or two folders would be the same.
        """
        names = self.names or tuple(folder_name(encoder) for encoder in self.encoders)
        if len(names) != len(self.encoders):
            raise InputError(
                f"{counted(len(names), 'name')} for {counted(len(self.encoders), 'encoder')}",
                source=arg("names", "--features"),
                expected="one for each",
            )
        for name in names:
            if not name or name.startswith(".") or "/" in name or names.count(name) > 1:
                raise InputError(
                    f"cannot name a feature folder {name!r}",
                    source=arg("names", "--features"),
                    expected="distinct names",
                )
        return [self.dataset / "features" / name for name in names]

    def targets(self) -> list[Target]:
        """The feature folders with their encoders, built.

        Raises:
            InputError: for a bad setting, missing or damaged weights, or a folder with features of other settings.
        """
        if self.flow is not None and self.flow not in METHODS:
            raise InputError(f"no optical flow called {self.flow!r}", source=arg("flow"), expected=", ".join(METHODS))
        fill(self.template, [])  # refuses a bad one before any work
        device = torch.device(self.device)
        folders = self.folders()
        encoders = [
            build_encoder(name, self.weights, device=device, precision=self.precision, look=self.look)
            for name in self.encoders
        ]
        flow, sampling = self._flow(encoders), self._sampling(encoders)
        return [
            make_target(folder, encoder, sampling, flow=flow, template=self.template)
            for folder, encoder in zip(folders, encoders, strict=True)
        ]

    def _sampling(self, encoders: Sequence[SnippetEncoder]) -> Sampling:
        wanted = {encoder.name: max(self.sampling.window, encoder.frames) for encoder in encoders}
        if self.window is None and len(set(wanted.values())) > 1:
            windows = ", ".join(f"{window} of {name}" for name, window in wanted.items())
            problem = f"the encoders look at windows of different length ({windows} frames)"
            raise InputError(problem, source=arg("window"), expected="one for all, or a run for each encoder")
        return replace(self.sampling, window=self.window or max(wanted.values()))

    def _flow(self, encoders: Sequence[SnippetEncoder]) -> str:
        eaten = sorted({encoder.flow for encoder in encoders if encoder.eats_flow})
        if self.flow is None and len(eaten) > 1:
            problem = f"the encoders were trained on different optical flow ({', '.join(eaten)})"
            raise InputError(problem, source=arg("flow"), expected="one for all, or a run for each encoder")
        return self.flow or (eaten[0] if eaten else DEFAULT_FLOW)

    def pipeline(self, targets: list[Target], workers: int) -> Pipeline:
        """The stages from video to features; ``workers`` threads compute optical flow."""
        encoders = [target.encoder for target in targets]
        return Pipeline(
            encoders,
            self._sampling(encoders),
            flow=flow_method(self._flow(encoders), self.device),
            workers=workers,
            batch=self.batch,
        )
