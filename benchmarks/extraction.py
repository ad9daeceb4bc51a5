"""How well decoding, the work on frames (resizing, optical flow) and the networks overlap.

    python benchmarks/extraction.py VIDEO... [--encoder i3d ...] [--flow dis] [--threads N] [--workers N] [--rounds N]

An encoder is one of weaktal's own, or a family of the transformers library in its base size
(benchmarks/base_sizes.py), such as `clip`, `videomae` or `clap`. Each stage is run alone on what the stage before it
made, kept in memory, then the whole pipeline from file to features. The baseline is doing one stage after the other.
``share`` is the rate of the whole as a share of the slowest stage's alone; 1 would be a perfect overlap on a machine
where the stages do not compete. Where they compete for the same cores nothing can be faster than all the work spread
over all cores, so processor seconds are printed too, and the share that they allow: the slowest stage alone, over the
processor seconds of all stages spread evenly over all cores. Cores also slow each other down by what they share, so
that the same work takes more processor seconds in the whole than alone.
``--beside`` measures that without any pipeline: the networks alone, while another process works on frames all the time.

With one thread a stage, the networks' thread tells on Linux where its time goes in the whole: on a core, waiting for a
core (which other programs or the other stages have), or waiting for clips. Only the last is the pipeline's fault.
Weights are random (seed 0).

On a machine whose cores are taken by other programs no overlap can show. ``--waiting`` then measures the pipeline
itself: the networks and the flow do not compute but wait, as long as they took alone, as if for a GPU.
Decoding and resizing stay what they are.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from base_sizes import base_size

from weaktal.devices import Precision
from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.networks import Network, SnippetEncoder
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.extraction.pipeline import Busy, Done, Job, Pipeline, Sampling, decoded
from weaktal.video.flow import Flow, Gray, flow_method

STAGES = ("decoding", "frames", "networks")
Spent = tuple[float, float]  # seconds by the clock and of processor time, all threads together


def measure(pipeline: Pipeline, jobs: list[Job]) -> dict[str, Spent]:
    """What each stage alone and the whole take."""
    spent: dict[str, Spent] = {}
    with spending(spent, "decoding"):
        chunks = list(decoded(jobs, pipeline.sampling.fps, Busy()))
    with spending(spent, "frames"):
        clips = list(pipeline.clips(chunks))
    with spending(spent, "networks"):
        list(pipeline.encoded(iter(clips)))
    del chunks, clips
    before = core_time()
    with spending(spent, "whole"):
        list(pipeline.run(jobs))
    spent["networks' thread"] = core_time()[0] - before[0], core_time()[1] - before[1]
    return spent


def core_time() -> Spent:
    """Seconds that this thread has had a core, and that it has waited for one while it had work (Linux only)."""
    return time.thread_time(), int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


@contextlib.contextmanager
def spending(spent: dict[str, Spent], name: str) -> Iterator[None]:
    start, processor = time.perf_counter(), time.process_time()
    yield
    spent[name] = time.perf_counter() - start, time.process_time() - processor


def beside_frames(pipeline: Pipeline, jobs: list[Job]) -> float:
    """Seconds of the networks alone while another process does nothing but the work on frames, over and over.

    The two share nothing but the processor: what the networks lose is what the cores take from each other.
    """
    clips = list(pipeline.clips(decoded(jobs, pipeline.sampling.fps, Busy())))
    command = [sys.executable, *sys.argv, "--frames-forever"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        start = time.perf_counter()
        list(pipeline.encoded(iter(clips)))
        seconds = time.perf_counter() - start
        other.kill()
    return seconds


def frames_forever(pipeline: Pipeline, jobs: list[Job]) -> NoReturn:
    """The other process: says when it has begun, and goes on until it is killed."""
    chunks = list(decoded(jobs, pipeline.sampling.fps, Busy()))
    list(pipeline.clips(chunks))
    print("ready", flush=True)
    while True:
        list(pipeline.clips(chunks))


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


def waiting(pipeline: Pipeline, spent: dict[str, Spent], clips: int, frames: int, workers: int) -> Pipeline:
    """A pipeline whose networks and flow wait as long as they took alone."""

    def flow(first: Gray, second: Gray) -> Flow:  # noqa: ARG001  # the names of the interface
        time.sleep(spent["frames"][0] / frames * len(first) * workers)
        return np.zeros((*first.shape, 2), dtype=np.float32)

    encoders = [
        SnippetEncoder(e.name, tuple(WaitingNetwork(n, spent["networks"][0] / clips) for n in e.networks))
        for e in pipeline.encoders
    ]
    return Pipeline(encoders, pipeline.sampling, flow=flow, workers=workers)


def print_waiting(rounds: list[dict[str, Spent]]) -> None:
    """What the thread of the networks did in the whole: it runs in the main thread."""
    for r in rounds:
        (whole, _), (core, queue), (_, alone) = r["whole"], r["networks' thread"], r["networks"]
        share = alone / (whole - queue)
        print(
            f"  networks in the whole: {core:.2f} s on a core (alone {alone:.2f}), {queue:.2f} s waiting for one, "
            f"{whole - core - queue:.2f} s waiting for clips; share without the wait for a core {share:.2f}"
        )


def random_encoder(name: str, precision: Precision) -> SnippetEncoder:
    """The encoder with random weights, where it can have them."""
    seed = None if name == "imagenet-words" else 0
    with tempfile.TemporaryDirectory() as place:
        return build_encoder(base_size(name, Path(place)), WeightsChoice(seed=seed), precision=precision)


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
    parser.add_argument("--beside", action="store_true", help="the networks while another process works on frames")
    parser.add_argument("--frames-forever", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    precision: Precision = options.precision
    encoders = [random_encoder(name, precision) for name in options.encoder or ["i3d"]]
    sampling = Sampling(window=max(16, *(encoder.frames for encoder in encoders)))
    pipeline = Pipeline(encoders, sampling, flow=flow_method(options.flow), workers=options.workers)
    jobs = [Job(video, tuple(range(len(encoders)))) for video in options.videos]
    if options.frames_forever:
        frames_forever(pipeline, jobs)
    results = [result for result in pipeline.run(jobs) if isinstance(result, Done)]  # warm
    frames = sum(result.frames for result in results)
    if options.waiting:
        clips = sum(len(rows) * len(e.networks) for r in results for rows, e in zip(r.features, encoders, strict=True))
        pipeline = waiting(pipeline, measure(pipeline, jobs), clips, frames, options.workers)
    rounds = [measure(pipeline, jobs) for _ in range(options.rounds)]
    # Other work on the machine only ever adds time, so the shortest round tells most.
    spent = {stage: min(r[stage] for r in rounds) for stage in rounds[0]}
    beside = min(beside_frames(pipeline, jobs) for _ in range(options.rounds)) if options.beside else None
    slowest = max(STAGES, key=lambda stage: spent[stage])
    cores = len(os.sched_getaffinity(0))
    print(f"{len(jobs)} videos, {frames} frames at 25 fps, {', '.join(e.name for e in encoders)}, flow {options.flow},")
    print("networks and flow wait instead of computing," if options.waiting else "everything computes,")
    print(f"{precision}, {options.threads} threads a stage, {options.workers} for flow, {cores} cores")
    for stage in STAGES:
        seconds, processor = spent[stage]
        print(f"  {stage:10} alone      {frames / seconds:9.1f} frames/s, {processor:7.2f} processor seconds")
    total = sum(spent[stage][0] for stage in STAGES)
    print(f"  one after the other   {frames / total:9.1f} frames/s (baseline)")
    whole, processor = spent["whole"]
    alone = sum(spent[stage][1] for stage in STAGES)
    print(f"  whole                 {frames / whole:9.1f} frames/s, {processor:7.2f} processor seconds, ", end="")
    print(f"{processor / alone:.2f} x those of the stages alone, {total / whole:.2f} x baseline")
    shares = sorted(r[slowest][0] / r["whole"][0] for r in rounds)
    print(f"  share of the slowest stage ({slowest}) {spent[slowest][0] / whole:.2f}, round by round ", end="")
    print(", ".join(f"{share:.2f}" for share in shares), end="; ")
    print(f"at most {min(1.0, spent[slowest][0] / (alone / cores)):.2f} by the processor seconds of the stages alone")
    if options.threads == 1:
        print_waiting(rounds)
    if beside is not None:
        print(
            f"  networks while another process works on frames: {spent['networks'][0] / beside:.2f} of their rate alone"
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory {memory:.0f} MiB, of which the stages alone keep all frames")


if __name__ == "__main__":
    main()
