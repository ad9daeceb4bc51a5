"""How fast training goes, and how long the rest of it will take."""

from __future__ import annotations

import logging
import sys
import time

import torch

log = logging.getLogger("weaktal")

FIRST = 20  # updates after which the rest can be estimated; the first few are slow
WORTH_SAYING = 60.0  # seconds that the rest has to take to be worth a line


class Pace:
    """Counts updates of this process.

    Args:
        total: updates of the whole training.
        done: those that were done before this process.
        device: that trains.
    """

    def __init__(self, total: int, done: int, device: torch.device) -> None:
        self.total = total
        self.done = done
        self._device = device
        self._here = 0
        self._started = self._last = time.monotonic()
        self.seconds = 0.0  # of the last update, with whatever came between it and the one before

    def tick(self) -> None:
        """An update is done. After the first few, says once how long the rest will take."""
        now = time.monotonic()
        self.seconds, self._last = now - self._last, now
        self.done += 1
        self._here += 1
        if self._here == FIRST:
            left = (self.total - self.done) / self.rate
            if left >= WORTH_SAYING:
                log.info(
                    "%s updates to go, about %s here: %.1f updates a second on %s",
                    f"{self.total - self.done:,}", duration(left), self.rate, self.device,
                )  # fmt: skip

    def finish(self) -> None:
        """Training is over: says how long it took, where it took long."""
        took = time.monotonic() - self._started
        if self._here and took >= WORTH_SAYING:
            log.info(
                "%s updates in %s: %.1f updates a second on %s",
                f"{self._here:,}", duration(took), self.rate, self.device,
            )  # fmt: skip

    @property
    def rate(self) -> float:
        """Updates a second, so far."""
        return self._here / max(time.monotonic() - self._started, 1e-9)

    @property
    def device(self) -> str:
        """The device, and the memory that training took at most: the GPU's, or else this process's."""
        name = torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else str(self._device)
        return f"{name}, {self.memory:.1f} GiB" if self.memory else name

    @property
    def memory(self) -> float:
        """GiB that training took at most, of the GPU or else of this process; 0 where the system does not say."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) / 2**30
        try:
            import resource
        except ImportError:  # Windows
            return 0.0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 2 ** (30 if sys.platform == "darwin" else 20)  # bytes there, KiB elsewhere


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(40), duration(200), duration(11_000)
    ('40 s', '3 min', '3.1 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
