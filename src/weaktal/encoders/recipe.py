"""Everything that an extraction depends on besides its videos, small enough to send to another machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from weaktal.encoders.catalog import WeightsChoice, build_encoder, folder_name
from weaktal.encoders.extraction import Target, make_target
from weaktal.encoders.networks import Precision
from weaktal.encoders.pipeline import Pipeline, Sampling
from weaktal.encoders.prompts import TEMPLATE, fill
from weaktal.errors import InputError
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
        flow: name of the optical-flow method, one of :data:`weaktal.video.flow.METHODS`.
        template: text of the class vectors.
        device: "cpu", "cuda", ...
        precision: of the networks.
        batch: clips that go through a network at once.
    """

    dataset: Path
    encoders: tuple[str, ...]
    names: tuple[str, ...] = ()
    weights: WeightsChoice = field(default_factory=WeightsChoice)
    sampling: Sampling = field(default_factory=Sampling)
    flow: str = "tvl1"
    template: str = TEMPLATE
    device: str = "cpu"
    precision: Precision = "fp32"
    batch: int = 1

    def folders(self) -> list[Path]:
        """The feature folders, in the order of the encoders.

        Raises:
            InputError: if there are more or fewer names than encoders, or two folders would be the same.
        """
        names = self.names or tuple(folder_name(encoder) for encoder in self.encoders)
        if len(names) != len(self.encoders):
            raise InputError(
                f"{len(names)} names for {len(self.encoders)} encoders", source="--name", expected="one for each"
            )
        for name in names:
            if not name or name.startswith(".") or "/" in name or names.count(name) > 1:
                raise InputError(f"cannot name a feature folder {name!r}", source="--name", expected="distinct names")
        return [self.dataset / "features" / name for name in names]

    def targets(self) -> list[Target]:
        """The feature folders with their encoders, built.

        Raises:
            InputError: for a bad setting, missing or damaged weights, or a folder with features of other settings.
        """
        if self.flow not in METHODS:
            raise InputError(f"no optical flow called {self.flow!r}", source="--flow", expected=", ".join(METHODS))
        fill(self.template, [])  # refuses a bad one before any work
        device = torch.device(self.device)
        return [
            make_target(
                folder,
                build_encoder(name, self.weights, device=device, precision=self.precision),
                self.sampling,
                flow=self.flow,
                template=self.template,
            )
            for folder, name in zip(self.folders(), self.encoders, strict=True)
        ]

    def pipeline(self, targets: list[Target], workers: int) -> Pipeline:
        """The stages from video to features; ``workers`` threads compute optical flow."""
        return Pipeline(
            [target.encoder for target in targets],
            self.sampling,
            flow=flow_method(self.flow, self.device),
            workers=workers,
            batch=self.batch,
        )
