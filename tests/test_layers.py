"""The floor plan: no import runs up, not even a late one, and no module imports itself by way of others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import weaktal

SOURCE = Path(weaktal.__file__).parent
# From the ground up: a room may import from itself and from those below it. Rooms on one floor know nothing of each
# other. ``weaktal`` itself is the front door: nothing inside takes anything from it.
FLOORS = (
    {"arrays", "errors", "formerly", "version"},
    {"devices", "packages", "processes", "locks"},
    {"files", "segments", "timeline", "progress"},
    {"config"},
    {"formats", "video", "losses", "models"},
    {"data"},
    {"decoding", "evaluation", "encoders", "composition"},
    {"extraction", "engine"},
    {"methods", "worlds", "dataset"},
    {"runs"},
    {"report"},
    {"finding", "studies", "demonstration", "checkup"},
    {"cli"},
    {"__main__"},
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def modules() -> dict[str, Path]:
    """Every module by its name below ``weaktal``, such as ``data.features``; a package by the name of its folder."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of what a module imports from weaktal, wherever in the file and for whatever reason."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "weaktal":
                    yield node.lineno, alias.name.removeprefix("weaktal").removeprefix("."), ""
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}:{node.lineno}: a relative import"
            if node.module and node.module.split(".")[0] == "weaktal":
                module = node.module.removeprefix("weaktal").removeprefix(".")
                for alias in node.names:
                    inner = f"{module}.{alias.name}".removeprefix(".")
                    yield node.lineno, *((inner, "") if inner in MODULES else (module, alias.name))


INSIDE = [name for name in MODULES if name]


def test_every_room_has_a_floor() -> None:
    assert {name.split(".")[0] for name in INSIDE} == set(FLOOR_OF)


@pytest.mark.parametrize("name", INSIDE)
def test_no_import_runs_up(name: str) -> None:
    room = name.split(".")[0]
    for line, target, what in imports(name):
        assert target, f"{name}:{line}: takes {what} from the front door"
        other = target.split(".")[0]
        assert other == room or FLOOR_OF[other] < FLOOR_OF[room], f"{name}:{line}: {room} imports from {other}"


def test_no_circle() -> None:
    graph = {name: {target for _, target, _ in imports(name) if target and target != name} for name in INSIDE}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"modules that import each other: {' -> '.join(error.args[1])}")
