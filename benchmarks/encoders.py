"""Rates of the networks by precision and memory layout, against plain float32 as the baseline of the same run.

    python benchmarks/encoders.py [--threads N] [--rounds N]

Weights are random (seed 0): the time does not depend on them. The rounds of all variants take turns, so that other work
on the machine falls on all of them; the median round counts. ``difference`` is the largest distance between a feature
and the baseline's, as a share of the baseline's standard deviation.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from weaktal.encoders.clip import random_clip
from weaktal.encoders.i3d import random_i3d


def i3d_variant(dtype: torch.dtype, layout: torch.memory_format) -> Callable[[], torch.Tensor]:
    model = random_i3d(0, channels=3).to(dtype=dtype, memory_format=layout)
    clip = (torch.rand(1, 3, 16, 224, 224, generator=torch.Generator().manual_seed(0)) * 2 - 1).to(
        dtype=dtype, memory_format=layout
    )

    def once() -> torch.Tensor:
        with torch.inference_mode():
            return model(clip).float()

    return once


def clip_variant(dtype: torch.dtype) -> Callable[[], torch.Tensor]:
    encoder = random_clip(0).to(torch.device("cpu"), dtype)
    frames = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    return lambda: encoder.encode_frames(frames)


def compare(title: str, variants: dict[str, Callable[[], torch.Tensor]], rounds: int) -> None:
    outputs = {name: once() for name, once in variants.items()}  # warm
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, once in variants.items():
            start = time.perf_counter()
            once()
            times[name].append(time.perf_counter() - start)
    baseline = next(iter(variants))
    reference = outputs[baseline]
    print(f"{title:34} per second   times baseline   difference")
    for name in variants:
        seconds = statistics.median(times[name])
        ratio = statistics.median(times[baseline]) / seconds
        difference = ((outputs[name] - reference).abs().max() / reference.std()).item()
        print(f"  {name:32} {1 / seconds:10.2f} {ratio:16.2f} {difference:12.5f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.threads} threads, torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    plain, last = torch.contiguous_format, torch.channels_last_3d
    compare(
        "I3D, one clip of 16 x 224 x 224",
        {
            "fp32 (baseline)": i3d_variant(torch.float32, plain),
            "fp32, channels_last_3d": i3d_variant(torch.float32, last),
            "bf16": i3d_variant(torch.bfloat16, plain),
            "bf16, channels_last_3d": i3d_variant(torch.bfloat16, last),
        },
        options.rounds,
    )
    compare(
        "CLIP ViT-B/16, one frame",
        {"fp32 (baseline)": clip_variant(torch.float32), "bf16": clip_variant(torch.bfloat16)},
        options.rounds,
    )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, all variants loaded")


if __name__ == "__main__":
    main()
