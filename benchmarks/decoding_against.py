"""Reading video files by this checkout against an earlier one: processor time, as a ratio.

    python benchmarks/decoding_against.py EARLIER . FILE... [--rounds 5]

Each file is read at 25 frames a second and at its own rate, scaled to 224 x 224, by one thread. The two checkouts take
turns in processes of their own; each gives the shortest of three readings after one that does not count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

READ = r"""
import sys, time
from pathlib import Path
try:
    from weaktal.video.decoding import ExactSize, VideoFrames
except ImportError:
    from weaktal.video.frames import ExactSize, VideoFrames

def read():
    begun, count = time.process_time(), 0
    for _ in VideoFrames(Path(sys.argv[1]), fps=float(sys.argv[2]) or None, size=ExactSize(224, 224), threads=1):
        count += 1
    return time.process_time() - begun, count

read()
print(*min(read() for _ in range(3)))
"""


def seconds(tree: Path, file: Path, fps: float) -> tuple[float, int]:
    """Processor seconds and frames of one reading."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-c", READ, str(file), str(fps)]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=True)
    taken, frames = done.stdout.split()
    return float(taken), int(frames)


def main() -> None:
    """Prints a line a file and rate, and the ratio of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("now", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    trees = [asked.earlier.resolve(), asked.now.resolve()]
    everything = []
    print("| file | rate | frames before / now | ms before / now | now / before a frame, median (lowest to highest) |")
    print("|---|---|---|---|---|")
    for file in asked.files:
        for fps in (25.0, 0.0):
            before, now = [], []
            for number in range(asked.rounds):
                pair = [seconds(tree, file.resolve(), fps) for tree in (trees if number % 2 else trees[::-1])]
                first, second = pair if number % 2 else pair[::-1]
                before.append(first)
                now.append(second)
            # By frame: an earlier checkout may drop frames, which are then not scaled.
            ratios = [(b[0] / b[1]) / (a[0] / a[1]) for a, b in zip(before, now, strict=True)]
            everything += ratios
            milliseconds = " / ".join(f"{1000 * statistics.median(t for t, _ in side):.0f}" for side in (before, now))
            spread = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
            print(
                f"| {file.name} | {fps or 'own'} | {before[0][1]} / {now[0][1]} | {milliseconds} | {spread} |",
                flush=True,
            )
    print(f"all: {statistics.median(everything):.3f}")


if __name__ == "__main__":
    main()
