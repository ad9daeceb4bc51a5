"""A dataset's videos with their features, checked before anything is computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from weaktal.data.annotations import Video
from weaktal.data.features import Features, Problem
from weaktal.errors import InputError, arg


def usable(
    videos: Mapping[str, Video], features: Sequence[Features], *, skip_broken: bool
) -> tuple[list[Video], dict[str, InputError]]:
    """The videos whose features can be used, and those that cannot, with the reason.

    Raises:
        InputError: naming every video that cannot be used, unless they are to be skipped; also if none is left.
    """
    durations = {name: video.duration for name, video in videos.items()}
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


def _unusable(problems: list[Problem], count: int) -> InputError:
    first = problems[0].error
    if len(problems) == 1:
        expected = f"{first.expected}, or {arg('skip_broken')} to go on without it" if first.expected else None
        return InputError(first.problem, source=first.source, place=first.place, expected=expected)
    folder = Path(first.source).parent if first.source else None
    reasons = ", ".join(f"{problem.video} {problem.error.problem}" for problem in problems)
    return InputError(
        f"{len(problems)} of {count} videos cannot be used: {reasons}",
        source=folder,
        expected=f"a good file for each video, or {arg('skip_broken')} to go on without them",
    )
