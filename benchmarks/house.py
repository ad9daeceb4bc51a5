"""The house as data: rooms, files, lines, imports both ways, circles, and how far some walks lead.

    python benchmarks/house.py TREE [TREE ...]

Each TREE is a checkout, the earlier one first. Rooms are the folders and modules right below ``src/weaktal``. Two rooms
that import from each other are an arrow up, whichever is called the upper one. The walks: what one call of
``weaktal localize RUN my.mp4`` passes through, counted by a profiler (distinct functions and modules of weaktal; files
below the working folder that it writes and reads again); the way of a setting from ``--set`` to the first loss
(functions of weaktal entered before it, and on the stack); and the modules that name a phase of ``collab``.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import combinations
from pathlib import Path
from typing import Any

PHASES = ('"warm-up"', "schedule.warm_up", "schedule.foreground", "schedule.background")
VIDEO = ["world", "made", "--train", "4", "--test", "1", "--size", "64x36", "--workers", "1"]
EXTRACT = ["extract", "made", "--encoder", "world-cbp", "--encoder", "world-vlp", "--into", "made"]
BRIEF = ("schedule.epochs=1", "schedule.updates_per_epoch=2", "optimizer.batch_size=2", "engine.tensorboard=false")
TRAIN = ["train", "made", "--method", "cbp", "--features", "world-cbp", "--run", "run",
         *(word for setting in BRIEF for word in ("--set", setting))]  # fmt: skip
WALKED = r"""
import json, os, sys
from pathlib import Path
source, here = sys.argv[1], os.getcwd()
functions, written, again, loss = set(), set(), set(), None

def enter(frame, event, argument):
    global loss
    if event == "call" and frame.f_code.co_filename.startswith(source):
        functions.add((frame.f_code.co_filename, frame.f_code.co_qualname))
        if loss is None and "/losses/" in frame.f_code.co_filename and frame.f_code.co_name[0] not in "_<":
            loss = {"entered": len(functions), "deep": 0}
            while frame is not None:
                loss["deep"] += frame.f_code.co_filename.startswith(source)
                frame = frame.f_back

def opened(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and isinstance(arguments[2], int):
        path = os.path.abspath(arguments[0])
        if path.startswith(here):
            if arguments[2] & (os.O_WRONLY | os.O_RDWR): written.add(path)
            elif path in written: again.add(path)
    elif event == "os.rename":
        written.add(os.path.abspath(arguments[1]))

from weaktal.cli import main
sys.addaudithook(opened)
sys.setprofile(enter)
try:
    main(sys.argv[2:])
except SystemExit as ended:
    assert not ended.code, ended.code
finally:
    sys.setprofile(None)
    found = {"functions": len(functions), "modules": len({f for f, _ in functions}), "again": len(again), "loss": loss}
    print("WALKED", json.dumps(found))
"""


def modules(source: Path) -> dict[str, Path]:
    """Every module below ``weaktal`` by its name; a package by the name of its folder."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules that a module imports from weaktal."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "weaktal":
            module = node.module.removeprefix("weaktal").removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".removeprefix(".")
                yield inner if inner in known else module
        elif isinstance(node, ast.Import):
            yield from (a.name.removeprefix("weaktal.") for a in node.names if a.name.startswith("weaktal."))


def circles(graph: dict[str, set[str]]) -> int:
    """How many circles have to be broken until none is left."""
    found = 0
    while True:
        try:
            tuple(TopologicalSorter(graph).static_order())
        except CycleError as circle:
            found += 1
            first, second = circle.args[1][:2]
            graph[second].discard(first)
        else:
            return found


def facts(tree: Path) -> dict[str, object]:
    """What can be read off a checkout."""
    source = tree / "src" / "weaktal"
    known = modules(source)
    graph = {name: set(imports(path, known)) - {name, ""} for name, path in known.items()}
    rooms: dict[str, set[str]] = {}
    for name, targets in graph.items():
        room = name.split(".")[0]
        rooms.setdefault(room, set()).update(target.split(".")[0] for target in targets)
        rooms[room].discard(room)
    both = [(a, b) for a, b in combinations(sorted(rooms), 2) if b in rooms[a] and a in rooms[b]]
    texts = {name: path.read_text(encoding="utf-8") for name, path in known.items()}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    functions = [f for t in trees.values() for f in ast.walk(t) if isinstance(f, kinds)]
    sizes = sorted(len(text.splitlines()) for text in texts.values())
    outside = {name: text for name, text in texts.items() if name.split(".")[0] != "methods"}
    naming = sorted(name for name, text in outside.items() if any(phase in text for phase in PHASES))
    return {
        "rooms": len([room for room in rooms if room]),
        "files": len(known),
        "lines": sum(sizes),
        "lines of the largest file": sizes[-1],
        "files over 300 lines": sum(size > 300 for size in sizes),
        "lines of the median function": statistics.median((f.end_lineno or 0) - f.lineno + 1 for f in functions),
        "pairs of rooms that import from each other": len(both),
        "circles of modules": circles({name: set(targets) for name, targets in graph.items()}),
        "modules outside methods that name a phase of collab": ", ".join(naming),
    }


def walked(tree: Path) -> dict[str, object]:
    """What a call of ``localize RUN my.mp4`` passes through."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "WEAKTAL_CACHE": "cache"}
    with tempfile.TemporaryDirectory() as folder:

        def called(*words: str) -> str:
            done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{tree}: {' '.join(words[-8:])}: {done.stderr[-2000:]}")
            return done.stdout

        def profiled(*words: str) -> dict[str, Any]:
            said = called("-c", WALKED, str(tree / "src" / "weaktal"), *words)
            return json.loads(said.rpartition("WALKED ")[2])  # type: ignore[no-any-return]

        for words in (VIDEO, EXTRACT):
            called("-m", "weaktal", *words)
        loss = profiled(*TRAIN)["loss"]
        video = min(Path(folder, "made").rglob("*.mp4"))
        Path(folder, "my.mp4").write_bytes(video.read_bytes())
        localize = profiled("localize", "run", "my.mp4", "--out", "results.json")
    return {
        "localize RUN my.mp4: functions": localize["functions"],
        "localize RUN my.mp4: modules": localize["modules"],
        "localize RUN my.mp4: files written and read again": localize["again"],
        "--set to the loss: functions entered": loss["entered"],
        "--set to the loss: functions on the stack": loss["deep"],
    }


def main() -> None:
    """Prints a table, a column a tree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--no-walks", action="store_true")
    asked = parser.parse_args()
    columns = []
    for tree in asked.trees:
        tree = tree.resolve()
        columns.append(facts(tree) | ({} if asked.no_walks else walked(tree)))
    for row in columns[0]:
        print(f"| {row} | " + " | ".join(str(column[row]) for column in columns) + " |")


if __name__ == "__main__":
    main()
