"""Dataset folders of the rendered world.

``annotations.json`` holds durations and tags of all videos and the segments of test videos alone. Three more files are
for diagnosis and read by no training: ``truth.json`` (the same layout, with the segments of all videos),
``phases.json`` (run-up, peak and recovery of each segment) and ``shots.json`` (what each shot shows, and the actions
that are no targets).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from weaktal.data.annotations import DEFAULT_TEST, DEFAULT_TRAIN, Annotations, Video, write_annotations
from weaktal.errors import LARGEST_SEED, InputError, arg, shown, within
from weaktal.files import replacing_folder, write_json
from weaktal.processes import worker_pool
from weaktal.worlds.actions import TARGETS
from weaktal.worlds.render import write_video
from weaktal.worlds.script import VideoPlan, choose_labels, plan_video

MOST_VIDEOS = 10_000  # of a subset: as many as four digits of a name can tell apart

# Called with the number of videos that are done and the number of all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PlannedVideo:
    """A video of the dataset: its name, its subset, and what it shows."""

    name: str
    subset: str
    plan: VideoPlan


def plan_world(
    *, train: int = 80, test: int = 40, seed: int = 0, actions: Sequence[str] = TARGETS
) -> tuple[PlannedVideo, ...]:
    """Plans all videos. A video's plan depends on the seed, its subset, its number and ``actions``, not on how many
    videos there are.

    The actions take turns as a video's first label, so that as many videos as there are actions show all of them.

    Raises:
        InputError: if a number is out of range, or an action is no target or appears twice.
    """
    within(train=(train, 1, MOST_VIDEOS), test=(test, 1, MOST_VIDEOS), seed=(seed, 0, LARGEST_SEED))
    targets = _targets(actions)
    videos = []
    for part, (subset, count) in enumerate(((DEFAULT_TRAIN, train), (DEFAULT_TEST, test))):
        for number in range(count):
            rng = np.random.default_rng([seed, part, number])
            turn, place = divmod(number, len(targets))
            order = np.random.default_rng([seed, part, turn, 7]).permutation(len(targets))
            labels = choose_labels(rng, targets[order[place]], targets)
            plan = plan_video(int(rng.integers(1 << 40)), labels)
            videos.append(PlannedVideo(f"{'train' if part == 0 else 'test'}_{number:04d}", subset, plan))
    return tuple(videos)


def _targets(actions: Sequence[str]) -> tuple[str, ...]:
    """The actions to be found, sorted."""
    for action in actions:
        if action not in TARGETS:
            raise InputError(f"has {shown(action)}", source=arg("actions"), expected="some of " + ", ".join(TARGETS))
    if not 1 <= len(set(actions)) == len(actions):
        raise InputError("names an action twice or none", source=arg("actions"), expected="different actions")
    return tuple(sorted(actions))


def make_world(
    folder: Path,
    *,
    train: int = 80,
    test: int = 40,
    seed: int = 0,
    actions: Sequence[str] = TARGETS,
    size: tuple[int, int] = (320, 180),
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[PlannedVideo, ...]:
    """Renders a dataset folder, whole or not at all.

    Args:
        folder: to make; it must not exist.
        train, test: videos.
        seed: the same seed gives the same frames, whatever the number of workers.
        actions: those to be found, and what the dataset is labelled with.
        size: (width, height), pixels, even.
        workers: processes.
        progress: called after each video.

    Returns:
        What was made.

    Raises:
        InputError: if the folder exists, a number is out of range, an action is no target or appears twice, or the
            video extra is not installed.
    """
    import weaktal.video  # noqa: F401  # says so where PyAV or OpenCV is missing

    _check(size, workers)
    videos = plan_world(train=train, test=test, seed=seed, actions=actions)
    with replacing_folder(folder, "weaktal world") as temporary:
        (temporary / "videos").mkdir()
        for done, _ in enumerate(_rendered(temporary / "videos", videos, size, workers), start=1):
            if progress is not None:
                progress(done, len(videos))
        _write_annotations(temporary, videos, seed)
    return videos


def _check(size: tuple[int, int], workers: int) -> None:
    width, height = size
    if not (64 <= width <= 1920 and 36 <= height <= 1080) or width % 2 or height % 2:
        expected = "even numbers of pixels, from 64x36 to 1920x1080"
        raise InputError(f"is {width}x{height}", source=arg("size"), expected=expected)
    within(workers=(workers, 1, 256))


def _rendered(folder: Path, videos: tuple[PlannedVideo, ...], size: tuple[int, int], workers: int) -> Iterator[None]:
    """Writes the videos, in this process or in several; yields after each."""
    jobs = [(folder / f"{video.name}.mp4", video.plan, size) for video in videos]
    if workers == 1:
        for job in jobs:
            write_video(*job)
            yield
        return
    with worker_pool(min(workers, len(jobs)), _one_thread) as pool:
        for finished in as_completed([pool.submit(write_video, *job) for job in jobs]):
            finished.result()
            yield


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)


def _write_annotations(folder: Path, videos: tuple[PlannedVideo, ...], seed: int) -> None:
    known = {
        video.name: Video(video.name, video.subset, video.plan.duration, video.plan.labels, video.plan.segments)
        for video in videos
    }
    classes = tuple(sorted({label for video in known.values() for label in video.labels}))
    truth = Annotations(classes=classes, videos=known, version=f"rendered world, seed {seed}")
    write_annotations(folder / "truth.json", truth)
    tagged = {
        name: replace(video, segments=()) if video.subset == DEFAULT_TRAIN else video for name, video in known.items()
    }
    write_annotations(folder / "annotations.json", replace(truth, videos=tagged))
    write_json(folder / "phases.json", {video.name: _phases(video.plan) for video in videos})
    write_json(folder / "shots.json", {video.name: _shots(video.plan) for video in videos})


def _phases(plan: VideoPlan) -> list[dict[str, Any]]:
    return [
        {"label": event.label, "phase": name, "segment": [start, end]}
        for event in plan.events
        if event.label in TARGETS
        for name, start, end in event.phases
    ]


def _shots(plan: VideoPlan) -> dict[str, list[dict[str, Any]]]:
    shots = [
        {"kind": shot.kind, "scene": shot.scene, "segment": list(span)}
        for shot, span in zip(plan.shots, plan.spans(), strict=True)
    ]
    others = [
        {"label": event.label, "segment": [event.segment.start, event.segment.end]}
        for event in plan.events
        if event.label not in TARGETS
    ]
    return {"shots": shots, "other_actions": others}
