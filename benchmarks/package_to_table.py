"""From a package to a table: the five commands of docs/evaluation.md, each with its time and memory.

    python benchmarks/look_alike.py PACKAGE --annotations THUMOS14_ANNOTATIONS
    python benchmarks/package_to_table.py PACKAGE --folder OUT [--quick] [--seeds 0-2] [--workers 1]

`--quick` trains a few updates only, so that what is measured is what the size costs: import, reading features,
localizing the test videos, scoring and resampling. Memory is the largest of the processes of a command.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

MANUAL = Path(__file__).resolve().parents[1] / "docs" / "evaluation.md"
FEW = {
    "mil": ("schedule.epochs=1", "schedule.updates_per_epoch=3"),
    "cbp": ("schedule.epochs=1", "schedule.updates_per_epoch=3"),
    "mmsd": ("schedule.epochs=2", "schedule.vote_every=1"),
}


def main() -> None:
    """Runs the commands and prints a row of a table each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="where dataset, runs and tables go; a new one")
    parser.add_argument("--quick", action="store_true", help="a few updates instead of the preset's")
    parser.add_argument("--seeds", default="0-2")
    parser.add_argument("--workers", type=int, default=1, help="trainings at once")
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    (given.folder / "PACKAGE").symlink_to(given.package.absolute())
    print("| command | on the clock | processor | memory |\n|---|---|---|---|", flush=True)
    for words in commands():
        extra: list[str] = []
        if words[0] == "train":
            extra = ["--workers", str(given.workers), "--set", "engine.tensorboard=false"]
            few = FEW[words[words.index("--method") + 1]] if given.quick else ()
            extra += [word for setting in few for word in ("--set", setting)]
        measure([given.seeds if word == "0-2" else word for word in words] + extra, given.folder)


def commands() -> list[list[str]]:
    """The lines of the manual, without the program's name."""
    text = MANUAL.read_text(encoding="utf-8").partition("### From a package to a table")[2]
    return [shlex.split(line)[1:] for line in text.split("```")[1].splitlines() if line]


def measure(words: list[str], folder: Path) -> None:
    """Runs a command there, in a process of its own, and prints its row; what it says goes to standard error."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "weaktal", *words], cwd=folder, stdout=sys.stderr.fileno())
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"weaktal {shlex.join(words)} failed")
    print(
        f"| `{shlex.join(words)}` | {seconds:.0f} s | {used.ru_utime + used.ru_stime:.0f} s "
        f"| {used.ru_maxrss / 2**20:.2f} GiB |",
        flush=True,
    )


if __name__ == "__main__":
    main()
