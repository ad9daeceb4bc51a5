"""What `--geometry 340x256` and `--flow-bits 8` change: cosines with the features of the defaults, on real videos.

    python benchmarks/extraction_settings.py VIDEO... [--weights FOLDER] [--snippets 3] [--flow tvl1]

The first snippets of each video go through I3D with each setting. Without its weights, random ones (seed 0) stand in.
An untrained network gives all clips nearly the same features, so the second column, of features less their mean over
all snippets of the defaults, tells more. Beside it the inputs themselves are compared: optical flow in pixels of the
frames that it was computed on, over the center crop.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.diet import Diet
from weaktal.encoders.frames import Frames
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.extraction.pipeline import Job, Pipeline, Sampling
from weaktal.video.decoding import VideoFrames
from weaktal.video.flow import FLOW_BOUND, flow_method

SETTINGS = {
    "defaults": Sampling(),
    "--geometry 340x256": Sampling(geometry=(340, 256)),
    "--flow-bits 8": Sampling(eight_bits=True),
    "both": Sampling(geometry=(340, 256), eight_bits=True),
}
Rows = dict[str, Tensor]  # by kind, (N, D)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--snippets", type=int, default=3, help="of each video")
    parser.add_argument("--flow", default="tvl1")
    options = parser.parse_args()
    torch.set_num_threads(1)
    weights = WeightsChoice.of(options.weights, None if options.weights else 0)
    encoder = build_encoder("i3d", weights)
    said = "published weights" if options.weights else "random weights"
    print(f"I3D, {said}, {options.flow}, {len(options.videos)} videos, {options.snippets} snippets of each")
    features: dict[str, Rows] = {}
    flows: dict[str, Tensor] = {}
    for name, sampling in SETTINGS.items():
        pipeline = Pipeline([encoder], sampling, flow=flow_method(options.flow))
        clips: dict[str, list[Tensor]] = {"rgb": [], "flow": []}
        for video in options.videos:
            for (kind, _), clip in first_clips(pipeline, video, options.snippets):
                clips[str(kind)].append(clip)
        stacked = {kind: torch.stack(each) for kind, each in clips.items()}
        features[name] = {
            str(network.kind): torch.cat([network.encode(clip[None]) for clip in stacked[str(network.kind)]])
            for network in encoder.networks
        }
        flows[name] = stacked["flow"] * FLOW_BOUND
    usual = features["defaults"]
    for name in list(SETTINGS)[1:]:
        for kind, rows in features[name].items():
            mean = usual[kind].mean(dim=0)
            plain = torch.cosine_similarity(rows, usual[kind])
            centred = torch.cosine_similarity(rows - mean, usual[kind] - mean)
            print(f"{name:20} {kind:5} {described(plain)}   less the mean {described(centred)}", end="")
            if kind == "flow":
                distance = (flows[name] - flows["defaults"]).norm(dim=2)
                print(f"   flow differs by {distance.mean():.3f} pixels in the mean", end="")
            print()


def first_clips(pipeline: Pipeline, video: Path, snippets: int) -> Iterator[tuple[Diet, Tensor]]:
    """The clips of a video's first snippets, of each kind."""
    wanted = snippets * pipeline.sampling.stride + 1
    frames: list[Frames] = [f.image for f in itertools.islice(VideoFrames(video, fps=pipeline.sampling.fps), wanted)]
    counts: dict[Diet, int] = {}
    for _, content in pipeline.clips([(Job(video, (0,)), frames)]):
        if isinstance(content, tuple):
            counts[content[0]] = counts.get(content[0], 0) + 1
            if counts[content[0]] <= snippets:
                yield content


def described(cosines: Tensor) -> str:
    """Mean and least."""
    values = cosines.numpy()
    return f"{values.mean():.4f} (least {values.min():.4f})"


if __name__ == "__main__":
    main()
