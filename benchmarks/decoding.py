"""How fast decoding is, beside plain Python loops that give the same segments. Run: python benchmarks/decoding.py.

Two measurements, on made-up scores (seed 0):
- soft-NMS of 5,000 proposals of one class in a 1,000 s video;
- all of decoding for scores the size of THUMOS14's test set (212 videos, 20 classes, 0.64 s snippets). The plain loop
  decodes every 20th of them.

Each line gives the processor time of the fastest run and its ratio to the plain loop. Memory is the highest that the
allocator reached in one more run (tracemalloc), without the scores themselves.
"""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_video
from weaktal.decoding.suppression import suppress
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid

Result = TypeVar("Result")
Span = tuple[float, float, float]  # start, end, score

PROPOSALS = 5000
VIDEOS, CLASSES, LONGEST = 212, 20, 2500
GRID = SnippetGrid(fps=25.0, window=16, stride=16)
CONFIG = DecodeConfig()


def timed(work: Callable[[], Result], repeats: int = 1) -> tuple[Result, float]:
    """Result and processor seconds of the fastest run."""
    seconds = math.inf
    for _ in range(repeats):
        begin = time.process_time()
        result = work()
        seconds = min(seconds, time.process_time() - begin)
    return result, seconds


def peak_memory(work: Callable[[], object]) -> float:
    """Highest allocation during the work, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def plain_soft_nms(spans: Sequence[Span], sigma: float, floor: float) -> list[Span]:
    left = [span for span in spans if span[2] > floor]
    taken = []
    while left:
        best = max(left, key=lambda span: (span[2], -span[0], -span[1]))
        left.remove(best)
        taken.append(best)
        lowered = []
        for start, end, score in left:
            shared = min(end, best[1]) - max(start, best[0])
            if shared > 0:
                overlap = shared / (end - start + best[1] - best[0] - shared)
                score *= math.exp(-overlap * overlap / sigma)
            if score > floor:
                lowered.append((start, end, score))
        left = lowered
    return taken


def plain_decode(snippets: np.ndarray, video: np.ndarray, duration: float) -> list[Segment]:
    """Default settings, snippet by snippet."""
    top = max(range(len(video)), key=lambda label: video[label])
    found = []
    for label, whole in enumerate(video.tolist()):
        if whole <= CONFIG.theta_cls and label != top:
            continue
        row = snippets[:, label].tolist()
        highest = max(row)
        proposals = {}
        for theta in CONFIG.theta_loc:
            start = None
            for t in range(len(row) + 1):
                if t < len(row) and row[t] > theta * highest:
                    start = t if start is None else start
                elif start is not None:
                    reach = math.ceil((t - start) * CONFIG.outer_share)
                    outer = row[max(start - reach, 0) : start] + row[t : t + reach]
                    proposals[start, t] = sum(row[start:t]) / (t - start) - sum(outer) / max(len(outer), 1)
                    start = None
        spans = [(*GRID.span(a, b - 1, duration), score) for (a, b), score in sorted(proposals.items())]
        kept = plain_soft_nms(spans, CONFIG.sigma, CONFIG.score_floor)
        found += [Segment(start, end, str(label), score) for start, end, score in kept]
    return sorted(found, key=lambda s: (-s.score, s.start, s.end, s.label))[: CONFIG.max_per_video]


def made_up_videos() -> list[tuple[np.ndarray, np.ndarray]]:
    """Smooth snippet scores with peaks, and video scores of which one to three are high."""
    random = np.random.default_rng(0)
    videos = []
    for _ in range(VIDEOS):
        count = int(random.integers(50, LONGEST))
        noise = random.normal(size=(count + 8, CLASSES)).cumsum(axis=0)
        smooth = (noise[8:] - noise[:-8]) / math.sqrt(8)
        video = random.random(CLASSES) * 0.09
        video[random.choice(CLASSES, random.integers(1, 4), replace=False)] = 0.9
        videos.append(((1 / (1 + np.exp(-smooth))).astype(np.float32), video.astype(np.float32)))
    return videos


def compare_soft_nms() -> None:
    random = np.random.default_rng(0)
    starts = random.random(PROPOSALS) * 1000
    spans = np.stack([starts, starts + 1 + random.random(PROPOSALS) * 39], axis=1)
    scores = random.random(PROPOSALS)
    rows = [(float(start), float(end), float(score)) for (start, end), score in zip(spans, scores, strict=True)]
    for floor in (CONFIG.score_floor, 0.0):
        fast_way = partial(suppress, spans, scores, sigma=CONFIG.sigma, floor=floor)
        (_, got), fast = timed(fast_way, 5)
        expected, slow = timed(partial(plain_soft_nms, rows, CONFIG.sigma, floor))
        np.testing.assert_allclose(got, [score for _, _, score in expected], rtol=1e-9)
        print(
            f"soft-NMS of {PROPOSALS} proposals, floor {floor:g}, {len(got)} left: {fast * 1e3:.0f} ms, "
            f"peak {peak_memory(fast_way):.1f} MB; plain loop {slow * 1e3:.0f} ms: {slow / fast:.0f} times as fast"
        )


def compare_decoding() -> None:
    videos = made_up_videos()
    classes = [str(label) for label in range(CLASSES)]
    durations = [len(snippets) * GRID.seconds_per_snippet for snippets, _ in videos]

    def decode(step: int) -> list[list[Segment]]:
        chosen = list(zip(videos, durations, strict=True))[::step]
        return [decode_video(s, v, classes, GRID, duration, CONFIG) for (s, v), duration in chosen]

    def plain(step: int) -> list[list[Segment]]:
        chosen = list(zip(videos, durations, strict=True))[::step]
        return [plain_decode(s, v, duration) for (s, v), duration in chosen]

    everything, whole = timed(partial(decode, 1), 3)
    got, fast = timed(partial(decode, 20), 3)
    expected, slow = timed(partial(plain, 20))
    for one, other in zip(expected, got, strict=True):
        np.testing.assert_allclose([s.score for s in one], [s.score for s in other], rtol=1e-6)
    print(
        f"decoding {VIDEOS} videos: {whole:.2f} s, {sum(map(len, everything))} segments, "
        f"peak {peak_memory(partial(decode, 1)):.1f} MB; "
        f"every 20th: {fast * 1e3:.0f} ms, plain loop {slow * 1e3:.0f} ms: {slow / fast:.0f} times as fast"
    )


if __name__ == "__main__":
    compare_soft_nms()
    compare_decoding()
