"""Contact sheets: what the world looks like, at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from weaktal.arrays import Pixels
from weaktal.files import replacing
from weaktal.worlds.action import perform
from weaktal.worlds.actions import ACTIONS, OTHERS, TARGETS
from weaktal.worlds.casting import action_shot
from weaktal.worlds.people import beat_of
from weaktal.worlds.scenes import ELSEWHERE, SCENES
from weaktal.worlds.stage import Stage
from weaktal.worlds.still import still_of_scene

_COLUMNS = 6


def action_row(action: str, seed: int, size: tuple[int, int]) -> Pixels:
    """An action over time, left to right: one frame of the run-up, four of the peak, one of the recovery."""
    shot = replace(action_shot(action, seed, (beat_of(action, seed),)), passers=0)  # nobody in the way
    stage = Stage(shot, size)
    run_up, peak, recovery = perform(ACTIONS[action], seed).frames
    chosen = [run_up * 0.35, *(run_up + peak * np.linspace(0.06, 0.94, _COLUMNS - 2)), run_up + peak + recovery * 0.5]
    return np.hstack([stage.frame(int(index)) for index in chosen])


def scene_row(scene: str, seed: int, size: tuple[int, int]) -> Pixels:
    """Stills of a place without an action."""
    return np.hstack([still_of_scene(scene, seed + index, size).image for index in range(_COLUMNS)])


def write_sheets(folder: Path, *, seed: int = 0, size: tuple[int, int] = (108, 60)) -> list[Path]:
    """Writes targets.jpg, others.jpg and scenes.jpg.

    Args:
        folder: where to; made if need be.
        seed: which performances.
        size: (width, height) of each picture.

    Returns:
        The files.
    """
    sheets = {
        "targets": (TARGETS, [action_row(name, seed + i, size) for i, name in enumerate(TARGETS)]),
        "others": (OTHERS, [action_row(name, seed + i, size) for i, name in enumerate(OTHERS)]),
        "scenes": (
            (*SCENES, *ELSEWHERE),
            [scene_row(name, seed + 10 * i, size) for i, name in enumerate((*SCENES, *ELSEWHERE))],
        ),
    }
    written = []
    for name, (titles, rows) in sheets.items():
        path = folder / f"{name}.jpg"
        _write(path, _named(titles, rows))
        written.append(path)
    return written


def _named(titles: Sequence[str], rows: Sequence[Pixels]) -> Pixels:
    """Rows below each other, each with its name on it."""
    import cv2

    for title, row in zip(titles, rows, strict=True):
        for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(row, title, (3, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.34, color, width, cv2.LINE_AA)
    return np.vstack(rows)


def _write(path: Path, image: Pixels) -> None:
    import cv2

    done, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 45])
    assert done
    with replacing(path) as temporary:
        temporary.write_bytes(data.tobytes())
