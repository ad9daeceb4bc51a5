"""``weaktal compose``: a dataset out of trimmed clips, which are features or videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

from weaktal.composition.clips import read_clips
from weaktal.composition.features import compose_features
from weaktal.composition.plan import Composed, CompositionSettings
from weaktal.composition.video_clips import holds_videos, read_video_clips
from weaktal.config import Config, parse_settings
from weaktal.errors import InputError, arg
from weaktal.progress import OnProgress

LONGEST = 3600.0  # seconds of an action or a gap
SHORTEST_ACTION = 0.2  # seconds: what boundaries of composed videos are counted in


def compose(
    clips: str | PathLike[str],
    dataset: str | PathLike[str],
    *,
    seed: int = 0,
    train: int = 120,
    test: int = 60,
    background: int | None = None,
    background_classes: Sequence[str] = (),
    classes_per_video: tuple[int, int] = (1, 2),
    instances_per_video: tuple[int, int] = (2, 5),
    instance_snippets: tuple[int, int] | None = None,
    gap_snippets: tuple[int, int] | None = None,
    pool: float | None = None,
    pool_videos: bool | None = None,
    features_name: str | None = None,
    streams: Mapping[str, tuple[int, int]] | None = None,
    instance_seconds: tuple[float, float] | None = None,
    gap_seconds: tuple[float, float] | None = None,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
    on_progress: OnProgress = lambda _: None,
) -> Composed:
    """Composes untrimmed, weakly labelled videos with exact boundaries out of trimmed clips.

    The dataset folder appears whole or not at all. Ranges include both ends.

    Args:
        clips: folder with clips.json and features.npy; or of videos, ``LABEL/CLIP.mp4`` or as clips.json lists them.
        dataset: folder to make; it must not exist.
        seed: the same seed gives the same files.
        train, test: videos of each subset.
        background: how many classes fill the gaps and are never labelled, those with the fewest clips; a third of all
            by default.
        background_classes: which classes fill the gaps, instead of how many.
        classes_per_video: labelled classes of a video.
        instances_per_video: actions of a video.
        instance_snippets: length of an action where clips are features, (1, 8) by default; shorter clips are joined,
            longer ones cut.
        gap_snippets: background before, between and after actions where clips are features, (3, 8) by default.
        pool: share of the clips, 0 to 1, that no video shows and that are written to ``DATASET/pool``; for features.
        pool_videos: whether the pool's clips of labelled classes are training videos too, each by itself with its tag,
            so that what is compared with something fitted on the pool has the same data.
        features_name: folder below ``DATASET/features`` where clips are features; "i3d" by default.
        streams: columns of the modalities where clips are features; what clips.json says by default.
        instance_seconds: length of an action where clips are videos, (1, 6) by default.
        gap_seconds: background before, between and after actions where clips are videos, (2, 5) by default.
        fps: frames a second of composed videos; 25 by default.
        size: (width, height) of composed videos in pixels, even numbers, (320, 240) by default; clips of another shape
            get bars.
        on_progress: called while clips are videos: after each that is read, and after each that is written.

    Raises:
        InputError: if ``dataset`` exists, the clips cannot be used or do not suffice, or an argument is out of range or
            meant for clips of the other kind.
    """
    clips, dataset = Path(clips), Path(dataset)
    common: dict[str, object] = {
        "seed": seed,
        "train": train,
        "test": test,
        "background": background,
        "background_classes": tuple(background_classes),
        "classes_per_video": classes_per_video,
        "instances_per_video": instances_per_video,
    }
    plan_of_features = {"instance_snippets": instance_snippets, "gap_snippets": gap_snippets, "pool": pool}
    plan_of_features["pool_videos"] = pool_videos
    of_features = {**plan_of_features, "features_name": features_name, "streams": streams}
    of_videos = {"instance_seconds": instance_seconds, "gap_seconds": gap_seconds, "fps": fps, "size": size}
    if not holds_videos(clips):
        _refuse(of_videos, clips, "clips that are videos, and these are features")
        settings = _settings(CompositionSettings, common | _given(plan_of_features))
        name = "i3d" if features_name is None else features_name
        return compose_features(read_clips(clips), dataset, settings, features_name=name, streams=streams)
    _refuse(of_features, clips, "clips with features, and these are videos")
    from weaktal.composition.videos import VideoSettings, compose_videos  # late: needs the video extra

    width, height = (None, None) if size is None else size
    video = _settings(VideoSettings, _given({"fps": fps, "width": width, "height": height}))
    action = _seconds("instance_seconds", instance_seconds or (1, 6), SHORTEST_ACTION)
    gap = _seconds("gap_seconds", gap_seconds or (2, 5), 0.0)
    common["instance_snippets"], common["gap_snippets"] = tuple(map(video.ticks, action)), tuple(map(video.ticks, gap))
    settings = _settings(CompositionSettings, common)
    return compose_videos(read_video_clips(clips), dataset, settings, video, on_progress=on_progress)


def _given(values: Mapping[str, object]) -> dict[str, object]:
    """Without those for which the default holds."""
    return {name: value for name, value in values.items() if value is not None}


def _refuse(arguments: Mapping[str, object], clips: Path, meant_for: str) -> None:
    for name in _given(arguments):
        raise InputError(f"{arg(name)} is for {meant_for}", source=clips, expected="clips of that kind")


def _settings(kind: type[Config], values: Mapping[str, object]) -> Config:
    """The settings, whose errors name the argument that holds the problem."""
    try:
        return parse_settings(kind, values, source="")
    except InputError as error:
        name, _, rest = (error.place or "").partition(".")
        side = name if name in ("width", "height") else ""
        source = arg("size" if side else name)
        raise InputError(error.problem, source=source, place=side or rest, expected=error.expected) from None


def _seconds(name: str, span: tuple[float, float], least: float) -> tuple[float, float]:
    low, high = span
    if not least <= low <= high <= LONGEST:
        expected = f"seconds from {least:g} to {LONGEST:g}, the lower number first"
        raise InputError(f"is {low:g} to {high:g}", source=arg(name), expected=expected)
    return low, high
