"""``weaktal world``: a dataset of rendered videos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from weaktal.files import check_writable
from weaktal.progress import OnProgress, Progress
from weaktal.worlds.actions import TARGETS
from weaktal.worlds.dataset import PlannedVideo, make_world


@dataclass(frozen=True, slots=True)
class World:
    """What was rendered.

    Attributes:
        dataset: the folder.
        videos: training videos, then test videos.
        sheets: contact sheets that were written.
    """

    dataset: Path
    videos: tuple[PlannedVideo, ...]
    sheets: tuple[Path, ...]


def world(
    dataset: str | PathLike[str],
    *,
    train: int = 80,
    test: int = 40,
    seed: int = 0,
    actions: Sequence[str] = TARGETS,
    size: tuple[int, int] = (320, 180),
    workers: int | None = None,
    sheets: str | PathLike[str] | None = None,
    on_progress: OnProgress = lambda _: None,
) -> World:
    """Renders untrimmed videos of a made-up world of sports, with tags to train on and exact segments to test on.

    Args:
        dataset: folder to make; it must not exist.
        train, test: videos of each subset.
        seed: the same seed gives the same frames, whatever the number of workers.
        actions: those to be found, and what the dataset is labelled with.
        size: (width, height) of a frame in pixels, even numbers.
        workers: processes that render; as many as cores by default.
        sheets: folder for contact sheets of all actions and scenes; none are written by default.
        on_progress: called after each video.

    Raises:
        InputError: if ``dataset`` exists, something cannot be written, a number is out of range, an action is no target
            or appears twice, or the video extra is not installed.
    """
    folder = None if sheets is None else Path(sheets)
    if folder is not None:
        check_writable(folder / "actions.jpg")
    videos = make_world(
        Path(dataset),
        train=train,
        test=test,
        seed=seed,
        actions=actions,
        size=size,
        workers=workers if workers is not None else os.cpu_count() or 1,
        progress=lambda done, total: on_progress(Progress("rendering", done, total, "videos")),
    )
    written: tuple[Path, ...] = ()
    if folder is not None:
        from weaktal.worlds.contact_sheet import write_sheets  # late: needs the video extra

        written = tuple(write_sheets(folder, seed=seed))
    return World(Path(dataset), videos, written)
