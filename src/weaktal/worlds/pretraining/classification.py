"""Classification pre-training: a stream learns to name trimmed clips, as I3D did on Kinetics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.networks import unit_range
from weaktal.encoders.world.build import CHANNELS
from weaktal.encoders.world.shipped import Stream
from weaktal.encoders.world.small3d import WINDOW, Small3D
from weaktal.worlds.pretraining.clips import Clips
from weaktal.worlds.pretraining.loop import Fit, half, train

SMOOTHING = 0.1  # of the labels
FIT = Fit(updates=1600, batch=32, rate=3e-3, decay=0.02, seed=0)
# RGB learns its clips sooner than flow: more than twice the updates brought 0.4 points (docs/world-encoders.md).
UPDATES: Mapping[Stream, int] = {"rgb": 700, "flow": 1600}


def draw(clips: Clips, stream: Stream, rows: Sequence[int], generator: torch.Generator) -> Tensor:
    """Clips as the network sees them in training, (B, C, T, H, W) in [-1, 1].

    Each begins at a random frame and is mirrored half of the time; RGB changes in brightness and contrast.
    """
    stored = clips.rgb if stream == "rgb" else clips.flow
    longest = stored.shape[1] - WINDOW
    starts = torch.randint(longest + 1, (len(rows),), generator=generator).tolist()
    picked = np.stack([stored[row, start : start + WINDOW] for row, start in zip(rows, starts, strict=True)])
    x = as_input(torch.from_numpy(picked))
    mirrored = torch.rand(len(rows), generator=generator) < 0.5
    x[mirrored] = x[mirrored].flip(-1)
    if stream == "flow":
        x[mirrored, 0] *= -1
        return x
    contrast = torch.empty(len(rows), 3, 1, 1, 1).uniform_(0.8, 1.2, generator=generator)
    brightness = torch.empty(len(rows), 3, 1, 1, 1).uniform_(-0.15, 0.15, generator=generator)
    return x * contrast + brightness


def as_input(stored: Tensor) -> Tensor:
    """Stored clips (B, T, H, W, C), bytes or flow in half precision, as (B, C, T, H, W) in [-1, 1]."""
    x = stored.permute(0, 4, 1, 2, 3)
    return unit_range(x).float().contiguous(memory_format=torch.channels_last_3d)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of clips named right, of all and by class."""

    mean: float
    by_class: dict[str, float]


def accuracy(model: Small3D, clips: Clips, stream: Stream, *, batch: int = 32) -> Accuracy:
    """How the middle window of each clip is named."""
    stored = clips.rgb if stream == "rgb" else clips.flow
    start = (stored.shape[1] - WINDOW) // 2
    model.eval()
    right = []
    with torch.inference_mode():
        for first in range(0, len(clips), batch):
            rows = slice(first, first + batch)
            scores = model.classify(as_input(torch.from_numpy(stored[rows, start : start + WINDOW].copy())))
            right.append(scores.argmax(dim=1) == torch.from_numpy(clips.labels[rows]))
    hits = torch.cat(right).float().numpy()
    by_class = {
        name: float(hits[clips.labels == index].mean())
        for index, name in enumerate(clips.classes)
        if (clips.labels == index).any()
    }
    return Accuracy(float(hits.mean()), by_class)


def train_stream(
    clips: Clips, stream: Stream, fit: Fit = FIT, *, say: Callable[[str], None] = print
) -> tuple[Small3D, list[dict[str, float]]]:
    """A stream trained from scratch, and its log.

    Args:
        clips: to train on.
        stream: which.
        fit: how.
        say: gets the lines of the log.
    """
    torch.manual_seed(fit.seed)
    model = Small3D(channels=CHANNELS[stream], classes=len(clips.classes))
    model.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    labels = torch.from_numpy(clips.labels)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        rows = torch.randint(len(clips), (fit.batch,), generator=generator)
        with half():
            scores = model.classify(draw(clips, stream, rows.tolist(), generator))
        loss = F.cross_entropy(scores.float(), labels[rows], label_smoothing=SMOOTHING)
        return {"loss": loss, "accuracy": (scores.argmax(dim=1) == labels[rows]).float().mean()}

    return model, train(model, loss_of, fit, say=say)
