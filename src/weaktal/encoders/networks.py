"""Networks that turn clips into rows of features, and the encoders that are made of one or two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from weaktal.devices import Precision, habits
from weaktal.encoders.compiling import Compiled
from weaktal.encoders.diet import Diet, Kind, Sight, Spread
from weaktal.encoders.i3d import DIM, I3D
from weaktal.encoders.text_side import TextSide
from weaktal.encoders.vision_language import VisionLanguageEncoder
from weaktal.encoders.world.small3d import DIM as SMALL_DIM
from weaktal.encoders.world.small3d import Small3D, folded

DEFAULT_FLOW = "tvl1"  # what I3D was trained on


class Network(Protocol):
    """Clips of one kind in, features out."""

    @property
    def kind(self) -> Kind:
        """What it eats."""
        ...

    @property
    def dim(self) -> int:
        """Columns that it gives."""
        ...

    def encode(self, clips: Tensor) -> Tensor:
        """A batch of clips as :mod:`weaktal.extraction.feeds` gives them, as (B, dim), float32, on the CPU."""
        ...


@runtime_checkable
class Compilable(Protocol):
    """A network that torch.compile can make faster."""

    def compile(self, backend: str = "inductor") -> None:
        """From the next clips on, computes the same in compiled code, where that works."""
        ...


class _Convolutional:
    """A 3-D convolutional network where it runs, with the layout in memory that its convolutions want there.

    Channels last suits the convolutions of CPU and GPU alike (benchmarks/encoders.py) and changes no result but for the
    order of additions.
    """

    def __init__(self, model: nn.Module, device: torch.device, precision: Precision) -> None:
        self._dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        last = habits(device).channels_last
        self._layout = torch.channels_last_3d if last else torch.contiguous_format
        self._model: Callable[[Tensor], Tensor] = model.to(device, self._dtype, memory_format=self._layout)  # type: ignore[call-overload]
        self._device = device

    def compile(self, backend: str = "inductor") -> None:
        """See :class:`Compilable`."""
        self._model = Compiled(self._model, backend)

    def _features(self, clips: Tensor) -> Tensor:
        """Clips (B, C, T, H, W) on the device, in [-1, 1], as (B, D), float32."""
        return self._model(clips.to(self._dtype, memory_format=self._layout)).float()


class I3DNetwork(_Convolutional):
    """One stream of I3D; the features of several crops are averaged.

    Args:
        model: with the channels of ``kind``.
        kind: "rgb" or "flow".
        device: where to run.
        precision: of weights and activations.
    """

    dim = DIM

    def __init__(self, model: I3D, kind: Kind, *, device: torch.device, precision: Precision = "fp32") -> None:
        super().__init__(model, device, precision)
        self.kind: Kind = kind

    def encode(self, clips: Tensor) -> Tensor:
        """Clips (B, V, C, T, S, S), bytes for RGB or [-1, 1] for flow, as (B, 1024)."""
        batch, crops = clips.shape[:2]
        with torch.inference_mode():
            x = clips.flatten(0, 1).to(self._device)  # (B * V, C, T, S, S)
            features = self._features(unit_range(x))  # (B * V, D)
            return features.view(batch, crops, self.dim).mean(dim=1).cpu()


class Small3DNetwork(_Convolutional):
    """One stream of the rendered world's classification-trained encoder.

    Args:
        model: with the channels of ``kind``; its batch normalization is folded here.
        kind: "rgb" or "flow".
        device: where to run.
        precision: of weights and activations.
    """

    dim = SMALL_DIM

    def __init__(self, model: Small3D, kind: Kind, *, device: torch.device, precision: Precision = "fp32") -> None:
        super().__init__(folded(model), device, precision)
        self.kind: Kind = kind

    def encode(self, clips: Tensor) -> Tensor:
        """Clips (B, 1, C, T, H, W), bytes for RGB or [-1, 1] for flow, as (B, 128)."""
        with torch.inference_mode():
            return self._features(unit_range(clips[:, 0].to(self._device))).cpu()  # of (B, C, T, H, W)


def unit_range(clips: Tensor) -> Tensor:
    """RGB bytes, any shape, as numbers in [-1, 1]; flow is so already."""
    return clips.float() * (2.0 / 255.0) - 1.0 if clips.dtype == torch.uint8 else clips


class ImageNetwork:
    """The image side of a vision-language encoder."""

    kind: Kind = "image"

    def __init__(self, encoder: VisionLanguageEncoder) -> None:
        self.encoder = encoder
        self.dim = encoder.dim

    def encode(self, clips: Tensor) -> Tensor:
        """Images (B, H, W, 3), bytes, as unit vectors (B, D)."""
        return self.encoder.encode_frames(np.ascontiguousarray(clips.numpy())).detach().float().cpu()


@dataclass(frozen=True, slots=True)
class SnippetEncoder:
    """What a feature folder is made with.

    Attributes:
        name: for the manifest.
        networks: side by side in the feature's columns.
        weights_sha256: of the weights; None for random ones.
        provenance: further keys of the manifest.
        text: for class vectors, where the encoder has a text side with a vocabulary.
        sight: what its clip networks see of a frame.
        flow: the optical flow that its flow network was trained on, a name in :data:`weaktal.video.flow.METHODS`.
        batch: clips that its networks take at once at least; small networks waste most of their time on single ones.
    """

    name: str
    networks: tuple[Network, ...]
    weights_sha256: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    text: VisionLanguageEncoder | None = None
    sight: Sight = "crops"
    flow: str = DEFAULT_FLOW
    batch: int = 1

    @property
    def frames(self) -> int:
        """Frames of a window that it was made to look at; 1 if it takes windows of any length."""
        return self.sight.frames if isinstance(self.sight, Spread) else 1

    @property
    def reads_with_words(self) -> bool:
        """Whether its features lie in a space that texts share, be there a tokenizer or not."""
        return any(isinstance(network, TextSide | ImageNetwork) for network in self.networks)

    @property
    def eats_flow(self) -> bool:
        """Whether one of its networks looks at optical flow."""
        return any(network.kind == "flow" for network in self.networks)

    def diet(self, network: Network) -> Diet:
        """What one of its networks eats."""
        return network.kind, ("crops" if network.kind == "image" else self.sight)

    @property
    def dim(self) -> int:
        """Columns of a feature file."""
        return sum(network.dim for network in self.networks)

    @property
    def streams(self) -> dict[str, tuple[int, int]] | None:
        """Column ranges by kind, where there are several."""
        if len(self.networks) == 1:
            return None
        ranges, start = {}, 0
        for network in self.networks:
            ranges[str(network.kind)] = (start, start + network.dim)
            start += network.dim
        return ranges
