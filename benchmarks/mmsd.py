"""How fast MMSD trains on padded batches, beside one video at a time. Run: python benchmarks/mmsd.py.

An update is what the released code makes of ten videos: forward, all losses with voting, backward, Adam. The plain loop
sums the gradients of ten single passes, the batch does all ten at once; both give the same gradients (the tests hold
them to 1e-10 in double precision). Both run on one thread and on the same made-up features of 2 x 1024 channels and 20
to 60 snippets (seed 0), in turn, in float32 and in bfloat16 (``engine.precision=bf16-mixed``).

Each line gives videos per processor second of the fastest of three rounds, the ratio to the plain loop in float32, and
the highest memory of a process that does nothing else.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Sequence

import torch
from torch import Tensor

from weaktal.engine.batch import Batch
from weaktal.methods.base import Inputs
from weaktal.methods.mmsd import CONFIG, MutualDistillation, build

CHANNELS, CLASSES, SHORTEST, LONGEST = 1024, 14, 20, 60
UPDATES, ROUNDS = 6, 3
WAYS = [
    ("one video at a time", 1, False),
    ("batched", None, False),
    ("one at a time, bf16", 1, True),
    ("batched, bf16", None, True),
]


def made_up_batches() -> tuple[list[Batch], dict[str, Tensor]]:
    """The batches of all updates, and stored pseudo-labels of their videos."""
    generator = torch.Generator().manual_seed(0)
    size = CONFIG().optimizer.batch_size
    batches, stored = [], {}
    for update in range(UPDATES):
        lengths = torch.randint(SHORTEST, LONGEST + 1, (size,), generator=generator)
        mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)
        names = tuple(f"{update}-{row}" for row in range(size))
        features = torch.randn(*mask.shape, 2 * CHANNELS, generator=generator).relu() * mask.unsqueeze(-1)
        labels = torch.eye(CLASSES)[torch.randint(CLASSES, (size,), generator=generator)]
        batches.append(Batch(names, features, mask, labels, torch.zeros(size, dtype=torch.int64)))
        for name, length in zip(names, lengths.tolist(), strict=True):
            stored[f"labels/{name}"] = (torch.rand(3, length, generator=generator) > 0.5).float()
    return batches, stored


class Training:
    """MMSD with fresh weights and its optimizer."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        streams = {"rgb": (0, CHANNELS), "flow": (CHANNELS, 2 * CHANNELS)}
        inputs = Inputs(dim=2 * CHANNELS, classes=tuple(map(str, range(CLASSES))), streams=streams)
        self.method: MutualDistillation = build(CONFIG(), inputs)
        self.optimizer = CONFIG().optimizer.build(self.method.module.parameters())
        self.batches, self.stored = made_up_batches()

    def seconds(self, piece: int | None, bf16: bool) -> float:
        """Processor time of all updates, with so many videos a pass."""
        begin = time.process_time()
        for batch in self.batches:
            self.optimizer.zero_grad()
            for part in batch.split(piece):
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                    losses = self.method.losses(part, self.stored)
                (torch.stack(list(losses.values())).sum() * len(part) / len(batch)).backward()
            self.optimizer.step()
        return time.process_time() - begin


def peak_memory(piece: int | None, bf16: bool) -> float:
    """Highest resident memory of a process that trains this way, in MB."""
    torch.set_num_threads(1)
    Training().seconds(piece, bf16)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(ways: Sequence[tuple[str, int | None, bool]]) -> None:
    # Memory comes first: a new process starts with the high-water mark of the one that made it.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        memory = pool.starmap(peak_memory, [(piece, bf16) for _, piece, bf16 in ways], chunksize=1)
    torch.set_num_threads(1)
    training = Training()
    rounds = [[training.seconds(piece, bf16) for _, piece, bf16 in ways] for _ in range(ROUNDS + 1)]
    fastest = [min(column) for column in zip(*rounds[1:], strict=True)]  # the first round warms up
    videos = sum(len(batch) for batch in training.batches)
    for (name, _, _), best, peak in zip(ways, fastest, memory, strict=True):
        print(f"{name:22s} {videos / best:6.1f} videos/s  {fastest[0] / best:4.2f} times  peak {peak:.0f} MB")


if __name__ == "__main__":
    measure(WAYS)
