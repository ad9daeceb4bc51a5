"""A dataset's videos with their features, checked before anything is computed from them."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from weaktal.data.annotations import Video
from weaktal.data.features import LENGTH_SLACK, LENGTH_TOLERANCE, Features, Problem
from weaktal.data.folder_contents import instead_of
from weaktal.data.grid_fit import FEWEST, OFF, fit
from weaktal.data.manifest import FILE
from weaktal.errors import InputError, arg, counted

MOST_KINDS = 3  # of problems that a message names, each with an example

log = logging.getLogger("weaktal")


def usable(
    videos: Mapping[str, Video], features: Sequence[Features], *, skip_broken: bool
) -> tuple[list[Video], dict[str, InputError]]:
    """The videos whose features can be used, and those that cannot, with the reason.

    Raises:
        InputError: naming the videos that cannot be used, unless they are to be skipped; also if none is left, or if
            the lengths of all features together say that they lie otherwise on time than they are said to.
    """
    durations = {name: video.duration for name, video in videos.items()}
    for part in features:
        check_orientation(part, durations)
        check_grid(part, durations)
    broken: dict[str, Problem] = {}
    for part in features:
        for problem in part.problems(durations):
            broken.setdefault(problem.video, problem)
    if broken and not skip_broken:
        raise _unusable(list(broken.values()), len(videos))
    good = [video for name, video in videos.items() if name not in broken]
    if not good:
        raise _unusable(list(broken.values()), len(videos))
    return good, {name: problem.error for name, problem in broken.items()}


def check_orientation(features: Features, durations: Mapping[str, float]) -> None:
    """Refuses arrays (D, T): all have as many rows, and as many columns as their videos have snippets.

    Raises:
        InputError: naming the first.
    """
    for folder in features.folders.values():
        shapes = {}
        for video in durations:
            with contextlib.suppress(InputError):
                header = folder.read_header(video)
                shapes[video] = (header.rows, header.columns)
        turned = [name for name, shape in shapes.items() if is_turned(shape, folder.grid.count(durations[name]))]
        if turned and len(turned) == len(shapes) and len({rows for rows, _ in shapes.values()}) == 1:
            name = turned[0]
            raise InputError(
                f"has shape {shapes[name]}, (D, T) by the looks of it, as all {len(shapes):,} have",
                source=folder.path(name),
                expected=f"(T, D), the transposed array: {durations[name]:g} s make "
                f"{folder.grid.count(durations[name])} snippets",
            )


def is_turned(shape: tuple[int, int], expected: int) -> bool:
    """Whether an array has about as many columns as snippets are expected, and by no means as many rows."""
    return _near(shape[1], expected) and not _near(shape[0], expected)


def _near(count: int, expected: int) -> bool:
    return abs(count - expected) <= max(LENGTH_SLACK, LENGTH_TOLERANCE * expected)


def check_grid(features: Features, durations: Mapping[str, float]) -> None:
    """Looks at the lengths of all features together; what is not certain is logged.

    Raises:
        InputError: if all are off by the same ratio.
    """
    for folder in features.folders.values():
        folder.settle_width(durations)  # else that of the first file would be taken for the right one
    lengths = {}
    for video in durations:
        with contextlib.suppress(InputError):
            lengths[video] = features.length(video)
    found = fit(lengths, durations, features.grid)
    if found is None:
        return
    folder = next(iter(features.folders.values()))
    if found.wrong:
        how = f"{FILE} there" if folder.manifest is not None else arg("seconds_per_snippet")
        expected = f"{found.advice}, in {how}; or is `duration` wrong?"
        raise InputError(found.problem, source=folder.folder, expected=expected)
    if found.groups:
        log.warning("%s: %s", folder.folder, found.groups)
    elif abs(found.ratio - 1) > OFF and found.videos < FEWEST:
        log.warning("%s: %s; expected %s", folder.folder, found.problem, found.advice)
    elif folder.manifest is None and found.overlap:
        log.warning("%s: %s (seconds per window)", folder.folder, found.overlap)


def _unusable(problems: list[Problem], count: int) -> InputError:
    first = problems[0].error
    folder = Path(first.source).parent if first.source else None
    missing = [problem.video for problem in problems if problem.error.problem == "no such file"]
    there = instead_of(folder, missing) if folder is not None and missing and folder.is_dir() else None
    more = f" ({there})" if there else ""
    if len(problems) == 1:
        expected = f"{first.expected}, or {arg('skip_broken')} to go on without it" if first.expected else None
        return InputError(first.problem + more, source=first.source, place=first.place, expected=expected)
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(re.sub(r"\d+", "0", problem.error.problem), []).append(problem)
    said = [_kind(alike) for alike in sorted(kinds.values(), key=len, reverse=True)[:MOST_KINDS]]
    if len(kinds) > MOST_KINDS:
        said.append("and more")
    return InputError(
        f"{len(problems):,} of {counted(count, 'video')} cannot be used: {'; '.join(said)}{more}",
        source=folder,
        expected=f"a good file for each video, or {arg('skip_broken')} to go on without them",
    )


def _kind(alike: Sequence[Problem]) -> str:
    """Problems of one kind: the first, what was expected, and how many more there are."""
    first, *rest = alike
    told = f"{first.video} {first.error.problem}" + (
        f" (expected {first.error.expected})" if first.error.expected else ""
    )
    if not rest:
        return told
    return f"{told}, and likewise {rest[0].video}" + (f" and {len(rest) - 1:,} more" if len(rest) > 1 else "")
