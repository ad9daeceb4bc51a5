"""Still pictures of the rendered world with what is true of them, at the size that the image tower sees, on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from weaktal.encoders.world.small_clip import PREPARATION
from weaktal.files import replacing_folder, write_json
from weaktal.processes import worker_pool
from weaktal.worlds.pretraining.provenance import cache_key
from weaktal.worlds.still import Facts, render_still


@dataclass(frozen=True, slots=True)
class Stills:
    """Pictures (N, 3, S, S), bytes, and the facts of each."""

    pictures: npt.NDArray[np.uint8]
    facts: tuple[Facts, ...]

    def __len__(self) -> int:
        return len(self.facts)


def _render(seed: int) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    still = render_still(seed)
    return PREPARATION.pixels(still.image[None])[0].numpy(), asdict(still.facts)


def rendered_stills(
    count: int, first_seed: int, scratch: Path, *, workers: int = 2, say: Callable[[str], None] = print
) -> Stills:
    """Stills of seeds ``first_seed``, ``first_seed`` + 1, ..., rendered now or taken from ``scratch``.

    Args:
        count: how many.
        first_seed: of the first.
        scratch: folder to keep them in, as ``.npy`` and JSON; a changed renderer makes new ones.
        workers: processes that render.
        say: gets lines of progress.
    """
    settings = json.dumps([count, first_seed, PREPARATION.size])
    folder = scratch / f"stills-{first_seed}-{cache_key(settings)}"
    if not folder.exists():
        facts: list[dict[str, Any]] = []
        with replacing_folder(folder) as temporary, worker_pool(workers) as pool:
            shape = (count, 3, PREPARATION.size, PREPARATION.size)
            pictures = np.lib.format.open_memmap(temporary / "pictures.npy", "w+", np.uint8, shape)
            for index, (picture, fact) in enumerate(
                pool.map(_render, range(first_seed, first_seed + count), chunksize=32)
            ):
                pictures[index] = picture
                facts.append(fact)
                if (index + 1) % 2000 == 0:
                    say(f"{index + 1} of {count} stills rendered")
            pictures.flush()
            write_json(temporary / "facts.json", facts)
    stored = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    facts_of = tuple(Facts(**{**fact, "objects": tuple(fact["objects"])}) for fact in stored)
    return Stills(np.load(folder / "pictures.npy"), facts_of)
