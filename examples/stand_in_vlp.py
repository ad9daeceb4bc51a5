"""Makes a STAND-IN for vision-language features of a composed dataset, for machines without CLIP and without videos.

It is no vision-language model: no image and no word is seen. A linear map of the RGB half of the clip features is
trained, on the pool of clips that the composition left out, to point at one vector for each class, by a softmax of
cosines over tau as CLIP is. Background actions are not in its vocabulary, so it names them after the classes that look
most alike, which is one way of being over-complete.

    weaktal compose CLIPS DATASET --pool 0.2
    python examples/stand_in_vlp.py DATASET [--seed N] [--noise]
    weaktal train DATASET --method collab --features i3d --vlp-features vlp-stand-in --run RUN

Writes DATASET/features/vlp-stand-in with text.npy, the class vectors, drawn at random. With --noise it writes
DATASET/features/vlp-noise, random vectors in place of the features: a model that knows nothing, to see what a useless
teacher does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from weaktal.composition.clips import read_clips
from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.data.manifest import Manifest, read_manifest, write_manifest
from weaktal.errors import InputError

DIM = 64  # channels of the space that snippets and class vectors share
TAU = 0.07
UPDATES = 300
NAME, NOISE = "vlp-stand-in", "vlp-noise"


def main() -> None:
    """Trains the map on the pool and writes what it makes of every video."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--features", default="i3d", help="the folder under DATASET/features to start from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noise", action="store_true", help="random features, of a model that knows nothing")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)

    annotations = read_tags(options.dataset)
    features = Features.open(options.dataset, options.features)
    origin = read_manifest(options.dataset / "features" / options.features)
    streams = (origin.streams if origin else None) or {}
    if origin is None or "rgb" not in streams:
        raise InputError("name no stream rgb", source=options.features, expected="two-stream features with a manifest")
    start, stop = streams["rgb"]

    pool = read_clips(options.dataset / "pool")
    known = [clip for clip in pool.clips if clip.label in annotations.classes]
    rows = pool.features()
    index = np.concatenate([np.arange(clip.offset, clip.offset + clip.snippets) for clip in known])
    inputs = torch.from_numpy(rows[index, start:stop])  # (N, D)
    targets = torch.tensor([annotations.classes.index(clip.label) for clip in known for _ in range(clip.snippets)])

    vectors = functional.normalize(torch.randn(len(annotations.classes), DIM), dim=-1)  # (C, 64)
    aligned, accuracy = train_map(inputs, targets, vectors)

    folder = options.dataset / "features" / (NOISE if options.noise else NAME)
    folder.mkdir(parents=True)
    for name in annotations.videos:
        video = torch.from_numpy(features.read(name)[:, start:stop])
        seen = functional.normalize(torch.randn(len(video), DIM), dim=-1) if options.noise else aligned(video)
        np.save(folder / f"{name}.npy", seen.numpy())
    np.save(folder / "text.npy", vectors.numpy())
    what = "random vectors" if options.noise else f"a linear map of the RGB half of {options.features}"
    manifest = Manifest(
        encoder=f"STAND-IN for a vision-language model: {what}, seed {options.seed}; its class vectors are random",
        fps=origin.fps, window=origin.window, stride=origin.stride, dim=DIM, text="text.npy",
    )  # fmt: skip
    write_manifest(folder, manifest)
    print(
        f"{len(known)} pool clips, {len(index)} snippets, {100 * accuracy:.1f} % of these on their own class: {folder}"
    )


def train_map(inputs: torch.Tensor, targets: torch.Tensor, vectors: torch.Tensor) -> tuple[torch.nn.Module, float]:
    """A map (N, D) to unit vectors (N, 64) whose nearest class vector is the label, and the share where it is."""

    class Aligned(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("center", inputs.mean(dim=0))
            self.linear = torch.nn.Linear(inputs.shape[1], DIM, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.normalize(self.linear(functional.normalize(x - self.center, dim=-1)), dim=-1)

    aligned = Aligned()
    optimizer = torch.optim.Adam(aligned.parameters(), lr=1e-3, weight_decay=1e-4)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        functional.cross_entropy(aligned(inputs) @ vectors.T / TAU, targets).backward()
        optimizer.step()
    aligned.requires_grad_(False).eval()
    found = (aligned(inputs) @ vectors.T).argmax(dim=-1)
    return aligned, float((found == targets).float().mean())


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"stand_in_vlp: {error.line()}") from None
