"""Rendered worlds that are made once and kept: the demo's dataset."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rich.console import Console

from weaktal.config import Settings
from weaktal.errors import InputError
from weaktal.files import discard_folder, read_model, replacing_folder, sha256, write_json
from weaktal.progress import advancing
from weaktal.version import __version__
from weaktal.worlds.actions import TARGETS

_INVENTORY = "inventory.json"
_DATASET = "dataset"


class WorldPlan(Settings):
    """What world is made; two equal plans give equal worlds."""

    train: int  # videos
    test: int  # videos
    seed: int
    actions: tuple[str, ...] = TARGETS


class _Inventory(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weaktal: str
    plan: WorldPlan
    files: dict[str, str]  # SHA-256 by path


def copy_of_world(plan: WorldPlan, dataset: Path, *, cache: Path, workers: int, console: Console) -> bool:
    """Puts a world into the new folder ``dataset``: the kept one where it is there and whole, else a new one.

    Args:
        plan: which world.
        dataset: the folder to make.
        cache: where worlds are kept.
        workers: processes that render.
        console: where progress goes.

    Returns:
        Whether the world had been kept from an earlier call.

    Raises:
        InputError: if the cache cannot be written.
    """
    kept = cache / _key(plan)
    fault = _fault(kept, plan)
    if kept.exists() and fault is not None:
        console.print(f"{kept} {fault}: making it again", highlight=False, markup=False, soft_wrap=True)
        with contextlib.suppress(OSError):  # another call may be at the same
            discard_folder(kept)
    found = fault is None
    if not found:
        try:
            with replacing_folder(kept) as folder:
                _fill(folder, plan, workers, console)
        except InputError:
            if _fault(kept, plan) is not None:
                raise
            # Another call made the same world meanwhile and was first: that one is taken.
    shutil.copytree(kept / _DATASET, dataset)
    return found


def _fill(folder: Path, plan: WorldPlan, workers: int, console: Console) -> None:
    _render(plan, folder / _DATASET, workers, console)
    files = {name: sha256(folder / _DATASET / name) for name in _files(folder / _DATASET)}
    inventory = _Inventory(weaktal=__version__, plan=plan, files=files)
    write_json(folder / _INVENTORY, inventory.model_dump(mode="json"))


def _key(plan: WorldPlan) -> str:
    """What tells one world from another: the pictures that the renderer draws, and what happens in each video."""
    from weaktal.worlds.dataset import plan_world
    from weaktal.worlds.pretraining.provenance import cache_key

    return cache_key(repr(plan_world(train=plan.train, test=plan.test, seed=plan.seed, actions=plan.actions)))


def _fault(kept: Path, plan: WorldPlan) -> str | None:
    """What is wrong with a kept world; None where it is as it was made."""
    try:
        inventory = read_model(kept / _INVENTORY, _Inventory, "what the cache keeps of a world")
    except InputError:
        return "is not whole"
    if inventory.plan != plan or inventory.weaktal != __version__:
        return "is another world"
    if _files(kept / _DATASET) != sorted(inventory.files):
        return "lacks files or has more"
    changed = [name for name, digest in inventory.files.items() if sha256(kept / _DATASET / name) != digest]
    return f"has a changed {changed[0]}" if changed else None


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _render(plan: WorldPlan, dataset: Path, workers: int, console: Console) -> None:
    from weaktal.worlds.dataset import make_world

    with advancing(console, "rendering") as advance:
        make_world(
            dataset,
            train=plan.train,
            test=plan.test,
            seed=plan.seed,
            actions=plan.actions,
            workers=workers,
            progress=lambda done, total: advance(done / total),
        )
