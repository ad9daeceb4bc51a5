"""``weaktal import table`` and ``import folders``: videos and what is known to occur in them, as a dataset."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from weaktal.data.annotations import WHAT, Annotations, Video, annotations_file, read_annotations, write_annotations
from weaktal.data.importers.tags.cells import Row, read_cells
from weaktal.data.importers.tags.holding_out import hold_out
from weaktal.data.importers.tags.joining import Videos, folder_columns
from weaktal.data.importers.tags.labels import MOST_CHARACTERS, Splitter, fault, merged, tidy
from weaktal.data.importers.tags.layout import YES, Layout, guess_layout
from weaktal.data.video_files import dataset_videos, find_usable
from weaktal.data.video_names import clean_name
from weaktal.errors import LARGEST_SEED, InputError, arg, counted, shown, within
from weaktal.files import check_apart, check_writable, read_model
from weaktal.progress import OnProgress, Progress

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]
TRAINING, HELD_OUT = "training", "validation"  # names of the subsets, ActivityNet's
FEW = 5  # videos of a class below which little can be learned
MADE_HERE = "weaktal: tags of own videos"  # version of annotations that may be added to
MOST_LISTED = 10  # rows or videos in one message
log = logging.getLogger("weaktal")


@dataclass(frozen=True, slots=True)
class ImportedTags:
    """What an import of tags brought in.

    Attributes:
        dataset: its folder.
        videos: number of videos by subset, those that were there before included.
        classes: number of videos by class, in class order.
        added: names of the videos that were not there before.
        said: how the table was read and what was mended, a line each.
        rows_without_video: rows of the table that name no video, or several, a line each.
        videos_without_row: files that no row names.
        skipped: videos that cannot be used, by name, and why.
    """

    dataset: Path
    videos: Mapping[str, int]
    classes: Mapping[str, int]
    added: tuple[str, ...]
    said: tuple[str, ...]
    rows_without_video: tuple[str, ...]
    videos_without_row: tuple[Path, ...]
    skipped: Mapping[str, InputError]


def import_table(
    table: str | PathLike[str],
    videos: Paths,
    dataset: str | PathLike[str],
    *,
    video_column: str | None = None,
    tag_columns: Sequence[str] = (),
    separator: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    test_share: float = 0.0,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> ImportedTags:
    """Makes a dataset of videos and a spreadsheet that says what occurs in each; the videos stay where they are.

    Rows are joined with videos by path, name or stem. What joins nothing, and what cannot be used, is named and left
    out; it stops nothing else. Into a dataset that was made this way, new videos are added and tags are brought up to
    date, while names, subsets, segments and features stay.

    Args:
        table: .csv, .tsv or .xlsx: a row a video with its tags in one cell or several, or with a column for each tag;
            or a row for each tag of a video.
        videos: files, and folders with all their subfolders.
        dataset: a new folder, one without annotations, or one that was made this way.
        video_column: title or letter of the column that names videos; guessed by default, as are all of these.
        tag_columns: titles or letters of the columns of tags.
        separator: what separates the tags in a cell; "" where a cell is one tag.
        encoding: of a .csv, such as "mac-roman".
        sheet: of a workbook.
        test_share: share of each class's videos that are held out of training, as the subset "validation".
        seed: of which videos those are.
        on_progress: is told how many videos were looked at.

    Raises:
        InputError: if the table cannot be read, no row joins a video, or the dataset was made otherwise.
    """
    import_ = _Import(Path(dataset), videos, test_share, seed)
    check_apart(Path(dataset) / "annotations.json", inputs=[Path(table)])
    found = Videos(import_.files)
    cells = read_cells(Path(table), found.has, encoding=encoding, sheet=sheet)
    layout = guess_layout(cells, found.has, video_column=video_column, tag_columns=tag_columns)
    import_.say(f"{cells.source}: {cells.said}")
    import_.say(f"{cells.source}: {layout.said}")
    import_.take_rows(cells.source, layout, found, separator)
    return import_.finish(on_progress)


def import_folders(
    videos: Paths,
    dataset: str | PathLike[str],
    *,
    test_share: float = 0.0,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> ImportedTags:
    """Makes a dataset of videos that lie in folders called after what occurs in them: ``jump/IMG_0001.mp4``.

    All else is as of :func:`import_table`.

    Args:
        videos: folders that hold a folder for each tag, at any depth; the innermost folder of a video is its tag.
        dataset, test_share, seed, on_progress: as of :func:`import_table`.

    Raises:
        InputError: if there are no such videos, or the dataset was made otherwise.
    """
    import_ = _Import(Path(dataset), videos, test_share, seed)
    import_.say("the name of a video's folder is its tag")
    for name, path in import_.files.items():
        label = tidy(path.absolute().parent.name)
        problem = fault(label) if label else "no folder"
        if problem:
            import_.skip(name, InputError(problem, source=path, expected="a folder that is called after a tag"))
        else:
            import_.tags[name] = [label]
    return import_.finish(on_progress)


class _Import:
    """An import on its way.

    Args:
        dataset: the folder.
        videos: files and folders.
        share: of the videos that are held out.
        seed: of the choice.

    Attributes:
        files: all videos that were named, by name.
        tags: of the videos that some row names, as they are spelled.
    """

    def __init__(self, dataset: Path, videos: Paths, share: float, seed: int) -> None:
        if not 0 <= share < 1:
            raise InputError(f"is {shown(share)}", source=arg("test_share"), expected="a share from 0 to below 1")
        within(seed=(seed, 0, LARGEST_SEED))
        self._dataset, self._share, self._seed = dataset, share, seed
        self._before, self._extra = _before(dataset)
        known = dataset_videos(dataset) if self._before is not None else {}
        self.tags: dict[str, list[str]] = {}
        self._said: list[str] = []
        self._rows: list[str] = []
        self._skipped: dict[str, InputError] = {}
        found, skipped = find_usable(videos, known)
        self.files = self._moved(found, known)
        for place, error in skipped.items():
            self.skip(place, error)

    def _moved(self, files: Mapping[str, Path], known: Mapping[str, Path]) -> dict[str, Path]:
        """The files by name; one that lies elsewhere now keeps the name that it had."""
        gone = {name for name, path in known.items() if not path.is_file()}
        names = {}
        for name, path in files.items():
            before = clean_name(path.stem)
            names[before if name not in known and before in gone and before not in files else name] = path
        return names

    def say(self, line: str) -> None:
        """Notes how something was done."""
        self._said.append(line)
        log.info("%s", line)

    def skip(self, name: str, error: InputError) -> None:
        """Leaves a video out."""
        self._skipped.setdefault(name, error)
        self.tags.pop(name, None)
        log.warning("skipped: %s", error)

    def take_rows(self, source: Path, layout: Layout, found: Videos, separator: str | None) -> None:
        """Tags out of the rows of a table."""
        splitters: dict[int, Splitter] = {}
        if not layout.yes_no:
            cells = (row[column] for row in layout.rows for column in layout.tags)
            splitter = Splitter(cells, separator)
            splitters = dict.fromkeys(layout.tags, splitter)
            self.say(f"{source}: {splitter.said}")
        for row, name in self._joined(source, layout, found):
            tags = self.tags.setdefault(name, [])
            for column in layout.tags:
                if layout.yes_no:
                    labels = [tidy(layout.titles[column])] if row[column].casefold() in YES else []
                else:
                    labels = splitters[column](row[column])
                problem = next(filter(None, map(fault, labels)), None)
                if problem is not None:
                    expected = f"a label of at most {MOST_CHARACTERS} printable characters"
                    self.skip(
                        name, InputError(problem, source=source, place=layout.place(row, column), expected=expected)
                    )
                tags += labels
        for name in self._skipped:
            self.tags.pop(name, None)
        self._list(f"{source}: ", self._rows)
        if not self.tags:
            raise InputError("no row joins a video that can be used", source=source, expected="names of the videos")

    def _joined(self, source: Path, layout: Layout, found: Videos) -> Iterator[tuple[Row, str]]:
        """Rows with the names of their videos; notes the others.

        Where no row has the folder that its video lies in, all files have moved, and names alone count.
        """
        folders = folder_columns(layout.rows, layout.others, layout.video, found)
        for what, columns in (
            ("folders of the videos in column", folders),
            ("not used: column", [column for column in layout.others if column not in folders]),
        ):
            if columns:
                self.say(f"{source}: {what} {', '.join(shown(layout.titles[column]) for column in columns)}")
        cells = ["/".join(filter(None, (*(row[c] for c in folders), row[layout.video]))) for row in layout.rows]
        joined = [(row, cell, found.find(cell)) for row, cell in zip(layout.rows, cells, strict=True)]
        placed = any("/" in cell and not found.misplaced(cell, name) for _, cell, names in joined for name in names)
        for row, cell, names in joined:
            if placed:
                names = tuple(name for name in names if not found.misplaced(cell, name))
            if len(names) == 1:
                yield row, names[0]
            else:
                self._note_row(layout, row.number, cell, names)

    def _note_row(self, layout: Layout, number: int, cell: str, names: Sequence[str]) -> None:
        place = f"row {number}, column {shown(layout.titles[layout.video])}"
        if not names:
            self._rows.append(f"{place}: no video is called {shown(cell)}")
            return
        several = " or ".join(str(self.files[name]) for name in names[:3])
        self._rows.append(f"{place}: {shown(cell)} may be {several}; write its folder as well")

    def _list(self, head: str, lines: Sequence[str]) -> None:
        for line in lines[:MOST_LISTED]:
            log.warning("%s%s", head, line)
        if len(lines) > MOST_LISTED:
            log.warning("%sand %d more such rows", head, len(lines) - MOST_LISTED)

    def finish(self, on_progress: OnProgress | None) -> ImportedTags:
        """Looks at the videos and writes the annotations."""
        without_row = tuple(path for name, path in self.files.items() if name not in {*self.tags, *self._skipped})
        if without_row:
            named = ", ".join(str(path) for path in without_row[:MOST_LISTED])
            more = f" and {len(without_row) - MOST_LISTED} more" if len(without_row) > MOST_LISTED else ""
            log.warning("no row for %s: %s%s", counted(len(without_row), "video"), named, more)
        check_writable(self._dataset / "annotations.json", inputs=self.files.values())
        lengths = self._lengths(on_progress)
        if not lengths:
            first = next(iter(self._skipped.values()))
            raise InputError(f"no video can be used; the first: {first.text}")
        before = dict(self._before.videos) if self._before is not None else {}
        old_classes = self._before.classes if self._before is not None else ()
        spelling, lines = merged((tag for name in lengths for tag in self.tags[name]), old_classes)
        for line in lines:
            self.say(line)
        tags = {name: sorted({spelling[tag] for tag in self.tags[name]}) for name in lengths}
        annotations = self._annotations(tags, lengths, before, old_classes)
        self._dataset.mkdir(parents=True, exist_ok=True)
        write_annotations(self._dataset / "annotations.json", annotations, extra=self._extra)
        return self._imported(annotations, tuple(name for name in lengths if name not in before), without_row)

    def _lengths(self, on_progress: OnProgress | None) -> dict[str, float]:
        """Seconds of each tagged video; those that cannot be read are skipped."""
        lengths = {}
        for number, name in enumerate(sorted(self.tags), start=1):
            try:
                lengths[name] = _seconds(self.files[name])
            except InputError as error:
                self.skip(name, error)
            if on_progress is not None:
                on_progress(Progress("videos", number, len(self.tags) + len(self._skipped), "videos"))
        return lengths

    def _annotations(
        self,
        tags: Mapping[str, Sequence[str]],
        lengths: Mapping[str, float],
        before: Mapping[str, Video],
        old_classes: Sequence[str],
    ) -> Annotations:
        held = {name: video.subset == HELD_OUT for name, video in before.items()}
        every = {name: video.labels for name, video in before.items()} | dict(tags)
        out = hold_out(every, self._share, seed=self._seed, before=held)
        videos = dict(before)
        for name, labels in tags.items():
            old = before.get(name)
            fresh = Video(
                name, HELD_OUT if name in out else TRAINING, lengths[name], tuple(labels), file=self.files[name]
            )
            videos[name] = fresh if old is None else replace(
                old, duration=fresh.duration, labels=fresh.labels, file=fresh.file
            )  # fmt: skip
        used = {label for video in videos.values() for label in video.labels}
        used |= {segment.label for video in videos.values() for segment in video.segments}
        classes = (*(each for each in old_classes if each in used), *sorted(used - set(old_classes)))
        subsets = {video.subset for video in videos.values()}
        return Annotations(
            classes=classes,
            videos=dict(sorted(videos.items())),
            version=MADE_HERE,
            train_subset=TRAINING,
            test_subset=HELD_OUT if HELD_OUT in subsets else TRAINING,
        )

    def _imported(
        self, annotations: Annotations, added: tuple[str, ...], without_row: tuple[Path, ...]
    ) -> ImportedTags:
        count = Counter(label for video in annotations.videos.values() for label in video.labels)
        if self._before is not None:
            self._say_changes(annotations, added)
        plain = sum(not video.labels for video in annotations.videos.values())
        if plain:
            self.say(f"{counted(plain, 'video')} without any tag: no action occurs there")
        few = [
            f"{shown(label)} has {counted(count[label], 'video')}"
            for label in annotations.classes
            if count[label] < FEW
        ]
        if few:
            self.say(f"few videos to learn from: {', '.join(few)}; {FEW} or more are better")
        return ImportedTags(
            dataset=self._dataset,
            videos=dict(sorted(Counter(video.subset for video in annotations.videos.values()).items())),
            classes={label: count[label] for label in annotations.classes},
            added=added,
            said=tuple(self._said),
            rows_without_video=tuple(self._rows),
            videos_without_row=without_row,
            skipped=dict(self._skipped),
        )

    def _say_changes(self, annotations: Annotations, added: Sequence[str]) -> None:
        assert self._before is not None
        before = self._before.videos
        changed = [
            name for name, video in annotations.videos.items() if name in before and before[name].labels != video.labels
        ]
        left = [name for name in before if name not in self.tags]
        self.say(f"{counted(len(added), 'video')} added to {len(before)}, tags changed of {len(changed)}")
        if left:
            self.say(f"not in this import, and kept as they are: {counted(len(left), 'video')} of the dataset")
        if self._before.classes != annotations.classes:
            self.say("the classes changed: extract again, which only renews the class vectors, and train again")


class _Extra(BaseModel):
    """Keys of annotations that are kept as they are."""

    model_config = ConfigDict(extra="allow")

    version: Any = ""


_WRITTEN = {"version", "taxonomy", "classes", "subsets", "database"}


def _before(dataset: Path) -> tuple[Annotations | None, Mapping[str, Any]]:
    """What the dataset holds already, and the keys of its annotations that are none of ours; None where it is new.

    Raises:
        InputError: if it was made in another way.
    """
    if dataset.exists() and not dataset.is_dir():
        raise InputError("is a file", source=dataset, expected="a dataset folder")
    path = dataset / "annotations.json"
    if not path.exists():
        return None, {}
    annotations = read_annotations(dataset)
    if annotations.version != MADE_HERE:
        raise InputError(
            "exists already, and was not made by this import", source=path, expected="a new dataset folder"
        )
    extra = read_model(annotations_file(dataset), _Extra, WHAT).model_extra or {}
    return annotations, {key: value for key, value in extra.items() if key not in _WRITTEN}


def _seconds(path: Path) -> float:
    """Length of a video: what its file says, else as many seconds as can be decoded.

    Raises:
        InputError: if it cannot be read.
    """
    from weaktal.video.container import probe  # late: needs the extra "video"

    seconds = probe(path).duration
    if seconds is None:
        from weaktal.video.decoding import VideoFrames

        frames = VideoFrames(path)
        for _ in frames:
            pass
        seconds = frames.seconds
    if not seconds > 0:
        raise InputError("has no length", source=path, expected="a video of more than one picture")
    return seconds
