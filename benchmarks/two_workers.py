"""Two workers against one: how many times the frames a second.

    OMP_NUM_THREADS=1 python benchmarks/two_workers.py VIDEO [--encoder NAME ...] [--flow-encoder i3d-flow] [--rounds 2]

`--device cpu,cpu` against `--device cpu`, on two copies of VIDEO: a pipeline each, one thread in each of their stages.
An encoder is one of weaktal's own, or a family of the transformers library in its base size (benchmarks/base_sizes.py);
weights are random. Then `--workers 2` against `--workers 1` on one VIDEO: threads for optical flow by TV-L1.
The two are timed in turn, ROUNDS times; printed are the best of each, and the ratios of all rounds.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from base_sizes import base_size

from weaktal.extraction.extract import extract


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--encoder", action="append", default=[], help="for two pipelines; repeatable")
    parser.add_argument("--flow-encoder", help="for two threads of flow")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for index in range(2):
            (place / "videos").mkdir(exist_ok=True)
            shutil.copy(options.video, place / "videos" / f"{index}{options.video.suffix}")
        for name in options.encoder:
            one, two = {"device": "cpu", "workers": 1}, {"device": "cpu,cpu", "workers": 2}
            compared(name, place, place / "videos", one, two, options.rounds)
        if options.flow_encoder:
            one, two = {"device": "cpu", "workers": 1}, {"device": "cpu", "workers": 2}
            compared(options.flow_encoder, place, options.video, one, two, options.rounds)


def compared(name: str, place: Path, videos: Path, one: Mapping[str, Any], two: Mapping[str, Any], rounds: int) -> None:
    """Prints the frames a second of both, and their ratio."""
    encoder = base_size(name, place)
    rates: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        for how, found in zip((one, two), rates, strict=True):
            into = place / f"{name}-{how['device']}-{how['workers']}-{turn}"
            seed = None if name.startswith("world-") else 0
            done = extract(videos, encoders=encoder, into=into, random_weights=seed, **how)
            found.append(done.frames / done.seconds)
    ratios = [b / a for a, b in zip(*rates, strict=True)]
    said = "two pipelines" if one["device"] != two["device"] else "two threads of flow"
    print(f"{name}, {said}: {max(rates[0]):.1f} and {max(rates[1]):.1f} frames/s,", end=" ")
    print(
        f"{max(rates[1]) / max(rates[0]):.2f} times; round by round {', '.join(f'{r:.2f}' for r in ratios)}", flush=True
    )


if __name__ == "__main__":
    main()
