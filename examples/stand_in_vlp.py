"""Makes a STAND-IN for vision-language features of a composed dataset, for machines without CLIP and without videos.

It is no vision-language model: no image and no word is seen. A linear map of the RGB half of the clip features is
trained, on the pool of clips that the composition left out, to point at one vector for each class, by a softmax of
cosines over tau as CLIP is. Background actions are not in its vocabulary, so it names them after the classes that look
most alike, which is one way of being over-complete.

    weaktal compose CLIPS DATASET --pool 0.2
    python examples/stand_in_vlp.py DATASET [--seed N] [--geometry clip] [--noise]
    weaktal train DATASET --method collab --features i3d --vlp-features vlp-stand-in --run RUN

The map is FITTED WITH CLASS LABELS of clips of the target classes. So whatever is compared with a collaboration that it
takes part in should have these clips too, as tagged training videos: `weaktal compose ... --pool-videos`.

Writes DATASET/features/vlp-stand-in with text.npy, the class vectors, drawn at random. With --geometry clip it writes
DATASET/features/vlp-cone: the same features in CLIP's geometry, where all images lie in one narrow cone and all texts
in another. Cosines of images with texts are .20 +- .02, those of texts with each other .90, so a softmax at tau = .07
is nearly flat, as CLIP's is. With --noise it writes DATASET/features/vlp-noise, random vectors in place of the
features: a model that knows nothing, to see what a useless teacher does.
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
NAME, CONE, NOISE = "vlp-stand-in", "vlp-cone", "vlp-noise"
# CLIP's geometry: mean and spread of the cosines of images with texts, and the cosine of two texts.
AXES = 8  # channels that the two axes take
CROSS_MEAN, CROSS_STD, TEXT_TEXT = 0.20, 0.02, 0.90


def main() -> None:
    """Trains the map on the pool and writes what it makes of every video."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--features", default="i3d", help="the folder under DATASET/features to start from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--geometry", choices=["spread", "clip"], default="spread", help="clip: two narrow cones")
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

    cones = options.geometry == "clip"
    folder = options.dataset / "features" / (NOISE if options.noise else CONE if cones else NAME)
    folder.mkdir(parents=True)
    videos = {name: torch.from_numpy(features.read(name)[:, start:stop]) for name in annotations.videos}
    seen = {
        name: functional.normalize(torch.randn(len(video), DIM), dim=-1) if options.noise else aligned(video)
        for name, video in videos.items()
    }
    if cones:
        seen, vectors = in_two_cones(seen, vectors)
    for name, rows in seen.items():
        np.save(folder / f"{name}.npy", rows.numpy())
    np.save(folder / "text.npy", vectors.numpy())
    what = "random vectors" if options.noise else f"a linear map of the RGB half of {options.features}"
    what += ", fitted with class labels of the pool's clips" if not options.noise else ""
    what += ", in CLIP's geometry" if cones else ""
    manifest = Manifest(
        encoder=f"STAND-IN for a vision-language model: {what}, seed {options.seed}; its class vectors are random",
        fps=origin.fps, window=origin.window, stride=origin.stride, dim=vectors.shape[1], text="text.npy",
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


def in_two_cones(images: dict[str, torch.Tensor], texts: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Unit vectors in CLIP's geometry that keep the order of the cosines between each image and the texts.

    A vector is a large share of its cone's axis and a small one of what it was; the two axes lie askew to each other
    and to everything else. The shares are those that give the constants above.

    Args:
        images: (T, D) unit vectors of each video.
        texts: (C, D) unit vectors.

    Returns:
        (T, D + 8) of each video, and (C, D + 8).
    """
    cosines = torch.cat(list(images.values())) @ texts.T  # (N, C)
    between = texts @ texts.T
    mean_between = (between.sum() - len(texts)) / (len(texts) * (len(texts) - 1))
    text_axis = float(((TEXT_TEXT - mean_between) / (1 - mean_between)) ** 0.5)
    text_own = (1 - text_axis**2) ** 0.5
    image_own = CROSS_STD / (text_own * float(cosines.std()))
    image_axis = (1 - image_own**2) ** 0.5
    askew = (CROSS_MEAN - image_own * text_own * float(cosines.mean())) / (image_axis * text_axis)

    def placed(rows: torch.Tensor, own: float, axis: tuple[float, float]) -> torch.Tensor:
        both_axes = torch.tensor([*axis, *[0.0] * 6]).expand(len(rows), AXES)  # six of them empty, so that 8 heads fit
        return torch.cat([both_axes, own * rows], dim=1)

    text_axes = (text_axis * askew, text_axis * (1 - askew**2) ** 0.5)
    return {name: placed(rows, image_own, (image_axis, 0.0)) for name, rows in images.items()}, placed(
        texts, text_own, text_axes
    )


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"stand_in_vlp: {error.line()}") from None
