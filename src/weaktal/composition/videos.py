"""Untrimmed, weakly labelled videos with boundaries exact to the frame, put together out of trimmed video clips.

The plan is that of :mod:`weaktal.composition.plan`, counted in *ticks* of about a fifth of a second: whole frames, so
every boundary is one, and long enough that no clip flashes up for a frame or two. Clips of any size and rate are
brought to one rate by their time stamps and fitted into one picture size, with black bars where the shapes differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field

from weaktal.composition.clips import Clip
from weaktal.composition.plan import POOL, SUBSETS, Composed, Composition, CompositionSettings, VideoPlan, plan
from weaktal.composition.video_clips import VideoClipFolder
from weaktal.config import Settings
from weaktal.data.annotations import Annotations, Video, check_name, write_annotations
from weaktal.data.video_files import none_usable
from weaktal.errors import InputError, arg, counted
from weaktal.files import replacing_folder, write_json
from weaktal.progress import OnProgress, Progress
from weaktal.segments import Segment
from weaktal.video.container import probe
from weaktal.video.decoding import ExactSize, VideoFrames
from weaktal.video.encoding import writing_video
from weaktal.video.orientation import Image

TICK = 0.2  # seconds that a tick lasts, about


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("an even number, as H.264 wants it")
    return value


Side = Annotated[int, Field(ge=16, le=4096), AfterValidator(_even)]


class VideoSettings(Settings):
    """The format of composed videos."""

    fps: Annotated[float, Field(ge=1, le=240)] = 25.0
    width: Side = 320
    height: Side = 240
    quality: Annotated[int, Field(ge=0, le=51)] = 18  # x264's constant rate factor; lower is better and larger

    @property
    def frames_per_tick(self) -> int:
        """Frames of a tick, 1 or more."""
        return max(1, round(TICK * self.fps))

    def ticks(self, seconds: float) -> int:
        """The whole ticks nearest to a time, 0 only for 0."""
        exact = seconds * self.fps / self.frames_per_tick
        return max(1, round(exact)) if seconds else 0


def compose_videos(
    clips: VideoClipFolder,
    dataset: Path,
    settings: CompositionSettings,
    video: VideoSettings,
    *,
    on_progress: OnProgress = lambda _: None,
) -> Composed:
    """Plans and writes a dataset folder with videos, whole or not at all; one frame is in memory at a time.

    Args:
        clips: what to compose from; each is decoded once to count its frames, and once for each of its uses.
        dataset: the folder to make; it must not exist.
        settings: of the plan, lengths in ticks.
        video: format of the videos.
        on_progress: called after each clip that is read, and each video that is written.

    Raises:
        InputError: if ``dataset`` exists, or the clips that can be read, and are a tick long or longer, do not suffice.
    """
    if settings.pool:
        raise InputError("is for clips with features", source=arg("pool"), expected="0")
    if dataset.exists():
        raise InputError("exists already", source=dataset, expected="a new folder")
    measured, notes, skipped = _measured(clips, video, on_progress)
    composition = plan(measured, settings)
    paths = {clip.id: clip.path for clip in clips.clips}
    with replacing_folder(dataset, "weaktal compose") as folder:
        for index, planned in enumerate(composition.videos):
            check_name(planned.name, None)
            _write_video(folder / "videos" / f"{planned.name}.mp4", planned, paths, video)
            on_progress(Progress("writing videos", index + 1, len(composition.videos), "videos"))
        write_annotations(folder / "annotations.json", planned_annotations(composition, video))
        write_json(folder / "composition.json", _as_json(composition, settings, video, clips))
    return Composed(dataset, composition, video.frames_per_tick / video.fps, tuple(notes), skipped)


def planned_annotations(composition: Composition, video: VideoSettings) -> Annotations:
    """Labels and segments of a planned dataset in seconds; every boundary is the time of a frame."""
    per_tick = video.frames_per_tick
    videos = {}
    for planned in composition.videos:
        segments = [
            Segment(i.start * per_tick / video.fps, i.stop * per_tick / video.fps, i.label) for i in planned.instances
        ]
        videos[planned.name] = Video(
            name=planned.name,
            subset=SUBSETS[planned.split],
            duration=planned.length * per_tick / video.fps,
            labels=planned.labels,
            segments=tuple(segments),
        )
    return Annotations(classes=composition.targets, videos=videos, version="composed")


def fitted(image_size: tuple[int, int], video: VideoSettings) -> ExactSize:
    """The largest size of the same shape as ``image_size`` (width, height) that fits into the videos."""
    width, height = image_size
    scale = min(video.width / width, video.height / height)
    return ExactSize(min(video.width, max(1, round(width * scale))), min(video.height, max(1, round(height * scale))))


def _measured(
    clips: VideoClipFolder, video: VideoSettings, on_progress: OnProgress
) -> tuple[list[Clip], list[str], dict[str, InputError]]:
    """The clips as the plan wants them, lengths in whole ticks. What a file says of its length is not believed.

    Returns:
        Those that can be used, notes on them, and why others cannot, by their ids.
    """
    found: list[Clip] = []
    notes: list[str] = []
    skipped = dict(clips.skipped)
    for index, clip in enumerate(clips.clips):
        try:
            count, said = _frames(clip.path, video)
        except InputError as error:
            skipped[clip.id] = error
        else:
            notes += [f"{clip.id}: {note}" for note in said]
            ticks = count // video.frames_per_tick
            found.append(Clip(id=clip.id, label=clip.label, seconds=count / video.fps, snippets=ticks, offset=0))
        on_progress(Progress("reading clips", index + 1, len(clips.clips), "clips"))
    if not found:
        raise none_usable(skipped, len(skipped))
    return found, notes, skipped


def _frames(path: Path, video: VideoSettings) -> tuple[int, list[str]]:
    """How many frames a clip has, and what is wrong with it.

    Raises:
        InputError: if it cannot be read, or is shorter than a tick.
    """
    frames = VideoFrames(path, fps=video.fps, size=ExactSize(2, 2))
    count = sum(1 for _ in frames)
    if count < video.frames_per_tick:
        raise InputError(
            f"has {counted(count, 'frame')} at {video.fps:g} frames a second",
            source=path,
            expected=f"{video.frames_per_tick} or more",
        )
    return count, frames.notes


def _write_video(path: Path, planned: VideoPlan, paths: Mapping[str, Path], video: VideoSettings) -> None:
    with writing_video(path, fps=video.fps, width=video.width, height=video.height, quality=video.quality) as add:
        for piece in planned.pieces:
            skip, length = piece.skip * video.frames_per_tick, piece.length * video.frames_per_tick
            shown = 0
            for image in _letterboxed(paths[piece.clip.id], skip, length, video):
                add(image)
                shown += 1
            if shown != length:
                raise InputError("changed while it was read", source=paths[piece.clip.id])


def _letterboxed(path: Path, skip: int, length: int, video: VideoSettings) -> Iterator[Image]:
    """Frames ``skip`` to ``skip + length`` of a clip, each in the middle of a black picture; always the same array."""
    info = probe(path)
    size = fitted((info.width, info.height), video)
    canvas = np.zeros((video.height, video.width, 3), dtype=np.uint8)
    top, left = (video.height - size.height) // 2, (video.width - size.width) // 2
    for frame in islice(VideoFrames(path, fps=video.fps, size=size), skip, skip + length):
        canvas[top : top + size.height, left : left + size.width] = frame.image
        yield canvas


def _as_json(
    composition: Composition, settings: CompositionSettings, video: VideoSettings, clips: VideoClipFolder
) -> dict[str, Any]:
    per_tick = video.frames_per_tick
    chosen: dict[str, Sequence[Clip]] = {s: c for s, c in composition.splits.items() if s != POOL}
    return {
        "source": clips.source,
        "settings": settings.model_dump(mode="json"),
        "format": video.model_dump(mode="json"),
        "frames_per_tick": per_tick,
        "targets": list(composition.targets),
        "backgrounds": list(composition.backgrounds),
        "clips": {split: [clip.id for clip in part] for split, part in chosen.items()},
        "files": {clip.id: _named(clip.path, clips.folder) for clip in clips.clips},
        "videos": {
            planned.name: [
                {
                    "clip": p.clip.id,
                    "label": p.clip.label,
                    "skip": p.skip * per_tick,
                    "length": p.length * per_tick,
                    "start": p.start * per_tick,
                }
                for p in planned.pieces
            ]
            for planned in composition.videos
        },
    }


def _named(path: Path, folder: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
