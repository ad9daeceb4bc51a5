"""How fast a training update is, beside one video at a time. Run: python benchmarks/training_step.py.

The same 16 videos of I3D width (10 to 100 snippets, seed 0), forward and backward through the Transformer pyramid and
L_cls: padded into one batch, and one by one with their gradients added up, as published code of the field does it. Both
give the same gradients; the largest difference is printed. Then reading and padding such a batch from disk, beside the
update itself. Times are the medians of interleaved rounds, memory is the process's highest.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from weaktal.data.annotations import Video
from weaktal.data.features import FeatureFolder, Features
from weaktal.engine.batch import Batch, VideoSet
from weaktal.methods.base import Inputs
from weaktal.methods.cbp import CONFIG, build

VIDEOS, DIM, CLASSES = 16, 2048, 20


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.manual_seed(0)
    method = build(CONFIG(), Inputs(dim=DIM, classes=tuple(f"class {i}" for i in range(CLASSES))))
    method.module.eval()  # no dropout, so that both ways must agree
    with tempfile.TemporaryDirectory() as folder:
        videos = made_up_videos(Path(folder))
        whole = next(videos.whole(VIDEOS))

        def batched() -> None:
            _backward(method.losses, whole)

        def one_by_one() -> None:
            for batch in whole.split(1):
                _backward(method.losses, batch, 1 / VIDEOS)

        def reading() -> None:
            next(videos.whole(VIDEOS))

        gradients = []
        for work in (batched, one_by_one):
            method.module.zero_grad()
            work()
            gradients.append(torch.cat([p.grad.flatten() for p in method.module.parameters() if p.grad is not None]))
        difference = (gradients[0] - gradients[1]).abs().max() / gradients[0].abs().max()
        times = interleaved([batched, one_by_one, reading], rounds)
    snippets = int(whole.mask.sum())
    print(f"{VIDEOS} videos, {snippets} snippets, padded to {whole.mask.numel()}, {torch.get_num_threads()} threads")
    print(f"update: batched {times[0] * 1e3:.0f} ms, one by one {times[1] * 1e3:.0f} ms: {times[1] / times[0]:.2f} x")
    print(f"largest difference of the gradients, relative to the largest gradient: {difference:.1e}")
    print(f"reading and padding the batch {times[2] * 1e3:.1f} ms: {times[2] / times[0]:.3f} of the update")
    print(f"highest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def made_up_videos(folder: Path) -> VideoSet:
    """Noise of I3D's width on disk, with random tags."""
    random = np.random.default_rng(0)
    classes = tuple(f"class {i}" for i in range(CLASSES))
    videos = []
    for index in range(VIDEOS):
        length = int(random.integers(10, 101))
        np.save(folder / f"{index}.npy", random.normal(size=(length, DIM)).astype(np.float32))
        labels = random.choice(CLASSES, size=2, replace=False)
        videos.append(Video(str(index), "training", length * 0.64, tuple(classes[label] for label in labels)))
    return VideoSet(videos, classes, Features({"": FeatureFolder(folder, seconds_per_snippet=0.64)}))


def _backward(
    losses: Callable[[Batch, dict[str, torch.Tensor]], dict[str, torch.Tensor]], batch: Batch, share: float = 1.0
) -> None:
    (torch.stack(list(losses(batch, {}).values())).sum() * share).backward()


def interleaved(works: list[Callable[[], None]], rounds: int) -> list[float]:
    """Median seconds of each piece of work, all measured in turn, round after round."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, seconds, strict=True):
            begin = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begin)
    return [statistics.median(taken) for taken in seconds]


if __name__ == "__main__":
    main()
