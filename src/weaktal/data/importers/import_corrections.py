"""``weaktal import corrections``: what a person corrected, as tags and segments of a dataset."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from weaktal.data.annotations import Annotations, annotations_file, read_annotations, write_annotations
from weaktal.data.corrections import DONE, CorrectedVideo, read_corrections
from weaktal.errors import InputError, nearest, shown
from weaktal.files import check_apart
from weaktal.segments import Segment


@dataclass(frozen=True, slots=True)
class ImportedCorrections:
    """What was taken.

    Attributes:
        videos: names of the videos whose tags and segments are new.
        in_progress: names of those that the person had not finished: they stay as they were.
        classes: classes that the dataset did not have before.
    """

    videos: tuple[str, ...]
    in_progress: tuple[str, ...]
    classes: tuple[str, ...]


def import_corrections(corrections: str | PathLike[str], dataset: str | PathLike[str]) -> ImportedCorrections:
    """Gives the corrected videos of a dataset the tags and segments that a person gave them.

    Subsets, lengths and files of the videos stay. Training reads the tags alone, as ever.

    Args:
        corrections: a ``corrections.json`` that a page wrote.
        dataset: folder of the dataset, which changes, whole or not at all.

    Raises:
        InputError: if a file is not as it should be, or a corrected video is not in the dataset.
    """
    source = Path(corrections)
    said = read_corrections(source)
    file = annotations_file(Path(dataset))
    check_apart(file, inputs=[source])
    known = read_annotations(file)
    done = {name: video for name, video in said.database.items() if video.subset == DONE}
    for name in done:
        if name not in known.videos:
            near = nearest(name, known.videos)
            expected = f"a video of {file}" + (f"; nearest is {shown(near)}" if near is not None else "")
            raise InputError(f"no video {shown(name)}", source=source, place=f"database.{name}", expected=expected)
    if not done:
        raise InputError("holds no video that is done", source=source, expected="a video marked as done on the page")
    labels = {span.label for video in done.values() for span in video.annotations}
    new = tuple(sorted(labels - set(known.classes)))
    write_annotations(file, _changed(known, done, new), extra=_others(file))
    unfinished = tuple(name for name in said.database if name not in done)
    return ImportedCorrections(tuple(done), unfinished, new)


def _changed(known: Annotations, done: dict[str, CorrectedVideo], new: tuple[str, ...]) -> Annotations:
    videos = dict(known.videos)
    for name, video in done.items():
        segments = tuple(Segment(*span.segment, span.label) for span in video.annotations)
        tags = tuple(sorted({segment.label for segment in segments}))
        videos[name] = replace(videos[name], labels=tags, segments=segments)
    return replace(known, videos=videos, classes=(*known.classes, *new))


def _others(file: Path) -> dict[str, Any]:
    """What else the file holds at its top, such as how it was composed; it has just been read, so it is JSON."""
    content: dict[str, Any] = json.loads(file.read_bytes())
    ours = {"version", "taxonomy", "classes", "subsets", "database"}
    return {key: value for key, value in content.items() if key not in ours}
