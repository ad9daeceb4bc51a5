"""How well decoding, the work on frames (resizing, optical flow) and the networks overlap.

    python benchmarks/extraction.py VIDEO... [--encoder i3d ...] [--flow dis] [--threads N] [--workers N] [--rounds N]

Each stage is run alone on what the stage before it made, kept in memory, then the whole pipeline from file to features.
The baseline is doing one stage after the other. ``share`` is the rate of the whole as a share of the slowest stage's
alone; 1 would be a perfect overlap on a machine where the stages do not compete. Where they compete for the same cores
nothing can be faster than all the work spread over all cores, so that bound is printed too: ``cpu`` is the processor
time of the whole run over the time that its cores offered. Weights are random (seed 0).

On a machine whose cores are taken by other programs no overlap can show. ``--waiting`` then measures the pipeline
itself: the networks and the flow do not compute but wait, as long as they took alone, as if for a GPU.
Decoding and resizing stay what they are.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path

import numpy as np
import torch

from weaktal.encoders.catalog import WeightsChoice, build_encoder
from weaktal.encoders.networks import Network, Precision, SnippetEncoder
from weaktal.encoders.pipeline import Busy, Done, Job, Pipeline, Sampling, decoded
from weaktal.video.flow import Flow, Gray, flow_method


def measure(pipeline: Pipeline, jobs: list[Job]) -> dict[str, float]:
    """Seconds of each stage alone and of the whole, and the processor seconds of the whole."""
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    chunks = list(decoded(jobs, pipeline.sampling.fps, Busy()))
    seconds["decoding"] = time.perf_counter() - start
    start = time.perf_counter()
    clips = list(pipeline.clips(chunks))
    seconds["frames"] = time.perf_counter() - start
    del chunks
    start = time.perf_counter()
    list(pipeline.encoded(iter(clips)))
    seconds["networks"] = time.perf_counter() - start
    del clips
    start, processor = time.perf_counter(), time.process_time()
    list(pipeline.run(jobs))
    seconds["whole"] = time.perf_counter() - start
    seconds["processor"] = time.process_time() - processor
    return seconds


class WaitingNetwork:
    """Takes its time and gives zeros."""

    def __init__(self, network: Network, seconds: float) -> None:
        self.kind = network.kind
        self.dim = network.dim
        self._seconds = seconds

    def encode(self, clips: torch.Tensor) -> torch.Tensor:
        """Zeros (B, dim) after the time that B clips take."""
        time.sleep(self._seconds * len(clips))
        return torch.zeros(len(clips), self.dim)


def waiting(pipeline: Pipeline, seconds: dict[str, float], clips: int, frames: int, workers: int) -> Pipeline:
    """A pipeline whose networks and flow wait as long as they took alone."""

    def flow(first: Gray, _second: Gray) -> Flow:
        time.sleep(seconds["frames"] / frames * len(first) * workers)
        return np.zeros((*first.shape, 2), dtype=np.float32)

    encoders = [
        SnippetEncoder(e.name, tuple(WaitingNetwork(n, seconds["networks"] / clips) for n in e.networks))
        for e in pipeline.encoders
    ]
    return Pipeline(encoders, pipeline.sampling, flow=flow, workers=workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--encoder", action="append")
    parser.add_argument("--flow", default="dis")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of PyTorch in each stage")
    parser.add_argument("--workers", type=int, default=1, help="threads for optical flow")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--waiting", action="store_true", help="networks and flow wait instead of computing")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    precision: Precision = options.precision
    encoders = [build_encoder(name, WeightsChoice(seed=0), precision=precision) for name in options.encoder or ["i3d"]]
    pipeline = Pipeline(encoders, Sampling(), flow=flow_method(options.flow), workers=options.workers)
    jobs = [Job(video, tuple(range(len(encoders)))) for video in options.videos]
    results = [result for result in pipeline.run(jobs) if isinstance(result, Done)]  # warm
    frames = sum(result.frames for result in results)
    if options.waiting:
        clips = sum(len(rows) * len(e.networks) for r in results for rows, e in zip(r.features, encoders, strict=True))
        pipeline = waiting(pipeline, measure(pipeline, jobs), clips, frames, options.workers)
    rounds = [measure(pipeline, jobs) for _ in range(options.rounds)]
    # Other work on the machine only ever adds time, so the shortest round tells most.
    seconds = {stage: min(r[stage] for r in rounds) for stage in rounds[0]}
    stages = {stage: seconds[stage] for stage in ("decoding", "frames", "networks")}
    slowest = max(stages, key=lambda stage: stages[stage])
    share = seconds[slowest] / seconds["whole"]
    cores = len(os.sched_getaffinity(0))
    print(f"{len(jobs)} videos, {frames} frames at 25 fps, {', '.join(e.name for e in encoders)}, flow {options.flow},")
    print("networks and flow wait instead of computing," if options.waiting else "everything computes,")
    print(f"{precision}, {options.threads} threads a stage, {options.workers} for flow, {cores} cores")
    for stage, spent in stages.items():
        print(f"  {stage:10} alone      {frames / spent:9.1f} frames/s")
    total = sum(stages.values())
    print(f"  one after the other   {frames / total:9.1f} frames/s (baseline)")
    print(
        f"  whole                 {frames / seconds['whole']:9.1f} frames/s, {total / seconds['whole']:.2f} x baseline"
    )
    used = max(r["processor"] / r["whole"] for r in rounds) / cores
    print(f"  share of the slowest stage ({slowest}) {share:.2f}; cpu {used:.2f}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory {memory:.0f} MiB, of which the stages alone keep all frames")


if __name__ == "__main__":
    main()
