"""Every verb that takes a seed, in one process: prints the SHA-256 of each file that it made, as JSON.

``python -m tests.faults.seeded FOLDER`` works in FOLDER, a copy of the world of :mod:`tests.faults.world`. The files
hold its path, so two processes are compared in the same folder, one after the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.faults import world

from weaktal.arrays import Pixels
from weaktal.cli import run
from weaktal.worlds.script import VideoPlan

BRIEF = ["schedule.epochs=1", "optimizer.batch_size=4", "engine.tensorboard=false"]
SCENE = ["--vlp-features", "scene", "--config", "collab.yaml"]
ONE = ["--tables", "", "--own", "twice: schedule.rounds=2", "--seeds", "0", "--workers", "1"]
TRAININGS = {
    "mil": ["--set", "model.width=16", "--set", "schedule.updates_per_epoch=2"],
    "cbp": ["--set", "model.width=16", "--set", "model.heads=2", "--set", "schedule.updates_per_epoch=2"],
    "mmsd": ["--set", "model.channels=8"],
}
VERBS: dict[str, list[str]] = {
    "compose": ["compose", "clips", "composed", "--train", "4", "--test", "3", "--pool", "0.2"],
    "world": ["world", "rendered", "--train", "1", "--test", "1", "--size", "64x36", "--workers", "1"],
    "extract": ["extract", "films", "--encoder", "world-rgb", "--into", "extracted"],
    "import": ["import", "table", "all.csv", "videos", "imported", "--test-share", "0.4", "--seed", "3"],
    **{
        f"train {method}": ["train", "data", "--method", method, "--features", "i3d", "--run", f"runs/{method}", *more]
        + [word for setting in BRIEF for word in ("--set", setting)]
        for method, more in TRAININGS.items()
    },
    "train collab": ["train", "data", "--method", "collab", "--features", "i3d", "--run", "runs/collab", *SCENE],
    **{
        f"localize {method}": f"localize runs/{method} data --out {method}.json --scores {method}.safetensors".split()
        for method in (*TRAININGS, "collab")
    },
    "compare": ["compare", "mil.json", "cbp.json", "--dataset", "data", "--json", "compared.json"],
    "ablate": ["ablate", "data", "--features", "i3d", *SCENE, "--out", "ablation", *ONE],
}
# What tells when or how long: files by the end of their names.
VARIES = (
    "account.txt",
    "events.jsonl",
    ".log",
    ".lock",
    ".png",
    ".svg",
    "videos.jsonl",
    "ablation/tables.md",
    "ablation/run.json",
)


def plans() -> str:
    """The worlds that the demo would render, as hex digits: rendering them takes minutes."""
    from weaktal.demonstration.demo import FULL, QUICK
    from weaktal.worlds.dataset import plan_world

    worlds = [plan_world(train=size.train, test=size.test, seed=0, actions=size.actions) for size in (QUICK, FULL)]
    return hashlib.sha256(repr(worlds).encode()).hexdigest()


def made() -> dict[str, str]:
    """SHA-256 by file, of all below this folder that does not tell the time."""
    paths = sorted(path for path in Path().rglob("*") if path.is_file() and not path.as_posix().endswith(VARIES))
    return {path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def spare_time() -> None:
    """A world of every tenth frame, since each is drawn for itself, and trainings of the ablation in this process."""
    from tests.in_process import Finished

    from weaktal.studies import runner
    from weaktal.worlds import render
    from weaktal.worlds.stage import Stage

    def some(plan: VideoPlan, size: tuple[int, int] = (320, 180)) -> Iterator[Pixels]:
        for shot in plan.shots:
            stage = Stage(shot, size)
            yield from (stage.frame(index) for index in range(0, shot.frames, 10))

    render.frames = some
    runner._Process = Finished  # type: ignore[misc, assignment]


def main() -> None:
    """Runs all verbs."""
    os.chdir(sys.argv[1])
    spare_time()
    with contextlib.redirect_stdout(sys.stderr):
        for name, words in VERBS.items():
            if (code := run(words)) != 0:
                sys.exit(f"{name}: exit {code}")
        if world.find() != 0:
            sys.exit("find")
    print(json.dumps({"plans": plans(), **made()}))


if __name__ == "__main__":
    main()
