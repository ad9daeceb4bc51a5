"""Segments with their videos into files of other programs: what a format needs of a video, and where its files go."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from weaktal.data.same_video import VideoFile, file_to_show
from weaktal.data.video_names import clean_name, file_names
from weaktal.errors import InputError, arg, shown
from weaktal.files import check_writable, replacing_folder, write_text
from weaktal.formats import FORMATS, Format, rendered
from weaktal.formats.film import Film, exact_rate
from weaktal.formats.table import harmless
from weaktal.progress import OnProgress, Progress
from weaktal.segments import Segment

Cut = Literal["exact", "copy"]
CLIPS = "clips"  # the one format that is no text
NAMES = (*FORMATS, CLIPS)
log = logging.getLogger("weaktal")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        path: the file or folder.
        videos: with segments, each of which is in it.
        segments: of all videos.
        without: videos that have no segment, so that there is no file for them where each has its own.
        notes: what a reader should know of it.
        skipped: videos that could not be cut, and why.
    """

    path: Path
    videos: int
    segments: int
    without: tuple[str, ...]
    notes: tuple[str, ...] = ()
    skipped: Mapping[str, InputError] | None = None


def format_of(path: Path, to: str | None) -> str:
    """The format that is meant: the named one, else that of the file's ending.

    Raises:
        InputError: if there is no such format, or several have that ending.
    """
    if to is not None:
        if to not in NAMES:
            raise InputError(f"no format {shown(to)}", source=arg("to"), expected=f"one of {', '.join(NAMES)}")
        return to
    ending = path.suffix.removeprefix(".").lower()
    fitting = [name for name, form in FORMATS.items() if form.ending == ending]
    if not fitting:
        raise InputError(f"no format {shown(ending)}", source=path, expected=f"{arg('to')}, one of {', '.join(NAMES)}")
    if ending == "json":
        raise InputError("several formats are .json", source=path, expected=f"{arg('to')}, one of {', '.join(fitting)}")
    return fitting[0]


def write_export(
    path: Path,
    videos: Mapping[str, Sequence[Segment]],
    files: Mapping[str, VideoFile],
    *,
    to: str | None = None,
    min_score: float | None = None,
    given: Mapping[str, Path] | None = None,
    cut: Cut = "exact",
    on_progress: OnProgress | None = None,
) -> Exported:
    """Writes segments for another program, whole or not at all.

    Args:
        path: the file to write; a new folder where each of several videos has a file of its own, and for clips.
        videos: segments by video.
        files: which file each video is, as results know it.
        to: the format, one of :data:`NAMES`; that of the path's ending by default.
        min_score: leave out segments of lower score.
        given: video files by name, in place of where they were when they were localized.
        cut: how clips are cut: exactly, by encoding, or by copying packets, which begins at a key picture before.
        on_progress: is told how many videos are done.

    Raises:
        InputError: if there is no such format, a video that it needs is missing or is another than the one that was
            localized, or the path cannot be written.
    """
    name = format_of(path, to)
    if cut not in get_args(Cut):
        raise InputError(f"is {shown(cut)}", source=arg("cut"), expected=" or ".join(get_args(Cut)))
    kept = {
        video: [segment for segment in segments if min_score is None or segment.score >= min_score]
        for video, segments in videos.items()
    }
    without = tuple(video for video, segments in kept.items() if not segments)
    filled = {video: segments for video, segments in kept.items() if segments}
    count = sum(map(len, filled.values()))
    if name == CLIPS:
        notes, skipped = _clips(path, filled, files, given or {}, cut, on_progress)
        return Exported(path, len(filled), count, without, notes, skipped)
    form = FORMATS[name]
    if form.together:
        films = [_film(video, segments, form, files, given or {}) for video, segments in kept.items()]
        write_text(path, rendered(films, name))
    else:
        _one_each(path, [_film(video, segments, form, files, given or {}) for video, segments in filled.items()], name)
    return Exported(path, len(filled), count, without)


def _one_each(path: Path, films: Sequence[Film], name: str) -> None:
    """A file for each video: the named one where there is but one video, else files in a new folder."""
    ending = f".{FORMATS[name].ending}"
    if path.suffix.lower() == ending and len(films) < 2:
        write_text(path, rendered(films, name) if films else _empty(name))
    elif path.suffix.lower() == ending:
        problem = f"{len(films)} videos have segments, and each has a file of its own"
        raise InputError(problem, source=path, expected="a new folder")
    else:
        called = file_names(film.name for film in films)
        with replacing_folder(path) as folder:
            for film in films:
                write_text(folder / f"{called[film.name]}{ending}", rendered([film], name))


def _empty(name: str) -> str:
    return rendered([Film("", ())], name)


def _film(
    video: str,
    segments: Sequence[Segment],
    form: Format,
    files: Mapping[str, VideoFile],
    given: Mapping[str, Path],
) -> Film:
    """A video with what the format needs to know of it.

    Raises:
        InputError: if that cannot be known.
    """
    if form.needs == "nothing":
        return Film(video, segments)
    known = files.get(video)
    file = file_to_show(video, given.get(video), [known] if known is not None else [])
    duration = known.duration if known is not None else None
    fps = known.fps if known is not None else None
    times = None
    if file is not None:
        from weaktal.video.container import probe  # late: needs the extra "video"
        from weaktal.video.times import picture_times

        info = probe(file)
        fps, duration = info.fps or fps, duration or info.duration
        times = picture_times(file).tolist() if form.needs == "all pictures" else None
    if fps is None and form.needs == "a rate" and segments:
        raise _missing(video, known, "frames a second")
    path = file or (Path(known.file) if known is not None and known.file is not None else None)
    return Film(video, segments, path, duration, None if fps is None else exact_rate(fps), times)


def _missing(video: str, known: VideoFile | None, what: str) -> InputError:
    place = f"{known.file} is not there" if known is not None and known.file else "the results name no file"
    expected = f"{arg('videos')} FOLDER with the video"
    return InputError(f"this format needs {what} of the video, and {place}", source=video, expected=expected)


def _clips(
    path: Path,
    videos: Mapping[str, Sequence[Segment]],
    files: Mapping[str, VideoFile],
    given: Mapping[str, Path],
    cut: Cut,
    on_progress: OnProgress | None,
) -> tuple[tuple[str, ...], dict[str, InputError]]:
    """A folder of clips, and a table of them."""
    check_writable(path / "clips.csv")
    sources = {}
    for video in videos:
        known = files.get(video)
        file = file_to_show(video, given.get(video), [known] if known is not None else [])
        if file is None:
            raise _missing(video, known, "the pictures")
        sources[video] = file
    skipped: dict[str, InputError] = {}
    called = file_names(videos)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("clip", "video", "start", "end", "label", "score"))
    with replacing_folder(path) as folder:
        for number, (video, segments) in enumerate(videos.items(), start=1):
            try:
                for clip, start, end, segment in _cut(folder / called[video], sources[video], segments, cut):
                    named = f"{called[video]}/{clip}"
                    label = harmless(segment.label)
                    rows.writerow(
                        (harmless(named), harmless(video), f"{start:.3f}", f"{end:.3f}", label, f"{segment.score:.6g}")
                    )
            except InputError as error:
                skipped[video] = error
                log.warning("skipped: %s", error)
            if on_progress is not None:
                on_progress(Progress("cutting", number, len(videos), "videos"))
        if skipped and len(skipped) == len(videos):
            first = next(iter(skipped.values()))
            raise InputError(f"no video can be cut; the first: {first.text}")
        write_text(folder / "clips.csv", table.getvalue())
    said = (
        "clips are exact: they were encoded again"
        if cut == "exact"
        else "clips were copied: each begins at the key picture before its segment; clips.csv has their real times"
    )
    return (said,), skipped


def _cut(
    folder: Path, source: Path, segments: Sequence[Segment], cut: Cut
) -> Iterator[tuple[str, float, float, Segment]]:
    from weaktal.video.cutting import EXACT_ENDING, cut_by_copying, cut_exactly  # late: needs the extra "video"

    ending = EXACT_ENDING if cut == "exact" else source.suffix
    how: Callable[[Path, float, float, Path], tuple[float, float]] = cut_exactly if cut == "exact" else cut_by_copying
    for number, segment in enumerate(sorted(segments, key=lambda s: (s.start, s.end, s.label)), start=1):
        name = f"{number:03d} {clean_name(segment.label)[:60].strip()}{ending}"
        start, end = how(source, segment.start, max(segment.end, segment.start + 0.001), folder / name)
        yield name, start, end, segment
