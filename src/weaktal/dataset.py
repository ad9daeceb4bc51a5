"""A dataset folder as a Python caller sees it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypedDict, Unpack

from weaktal.data.annotations import Annotations, Video, annotations_file, read_annotations
from weaktal.data.importers.tags.import_table import Paths, import_folders, import_table
from weaktal.errors import InputError, counted

if TYPE_CHECKING:
    from weaktal.devices import Precision
    from weaktal.encoders.frames import Crop
    from weaktal.encoders.look import Look
    from weaktal.encoders.weights_choice import WeightsLike
    from weaktal.extraction.extract import Engine, Extracted
    from weaktal.progress import OnProgress

MOST_NAMES = 6  # classes that a repr names


class ExtractOptions(TypedDict, total=False):
    """What :meth:`Dataset.extract` takes besides, as :func:`weaktal.extraction.extract.extract` has it."""

    names: str | Sequence[str] | None
    fps: float
    stride: int
    crop: Crop
    flow: str | None
    geometry: str | tuple[int, int] | None
    flow_bits: int | None
    weights: WeightsLike | None
    random_weights: int | None
    template: str
    texts: str | os.PathLike[str] | None
    take: Look | Mapping[str, object] | None
    window: int | None
    device: str
    precision: Precision | Literal["auto"]
    batch: int | None
    workers: int | None
    engine: Engine
    skip_broken: bool
    on_progress: OnProgress | None


class ImportOptions(TypedDict, total=False):
    """What :meth:`Dataset.from_folders` takes besides, as :func:`weaktal.import_folders` has it."""

    test_share: float
    seed: int
    on_progress: OnProgress | None


class TableOptions(ImportOptions, total=False):
    """What :meth:`Dataset.from_table` takes besides, as :func:`weaktal.import_table` has it."""

    video_column: str | None
    tag_columns: Sequence[str]
    separator: str | None
    encoding: str | None
    sheet: str | None


class Dataset:
    """A folder with ``annotations.json``, and features and videos if it has them. Whatever takes a dataset takes
    its path as well, and this object wherever a path is taken.

    Args:
        path: the folder.

    Attributes:
        path: the folder.

    Raises:
        InputError: if there is no such folder, or it has no annotations.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            problem = "is not a folder" if self.path.exists() else "no such folder"
            raise InputError(problem, source=self.path, expected=f"a dataset folder: {annotations_file(Path()).name}")
        if not annotations_file(self.path).is_file():
            raise InputError("no such file", source=annotations_file(self.path), expected="the tags of each video")

    @classmethod
    def from_table(
        cls,
        table: str | os.PathLike[str],
        *,
        videos: Paths,
        into: str | os.PathLike[str],
        **options: Unpack[TableOptions],
    ) -> Self:
        """A dataset of videos and a spreadsheet that says what occurs in each; how that was read is logged.

        Args:
            table: .csv, .tsv or .xlsx.
            videos: files and folders; they stay where they are.
            into: the dataset folder; one that was made this way is brought up to date.
            options: as of :func:`weaktal.import_table`, which also returns what did not fit.

        Raises:
            InputError: as of :func:`weaktal.import_table`.
        """
        import_table(table, videos, into, **options)
        return cls(into)

    @classmethod
    def from_folders(cls, videos: Paths, *, into: str | os.PathLike[str], **options: Unpack[ImportOptions]) -> Self:
        """A dataset of videos whose folders are called after what occurs in them.

        Args:
            videos: folders that hold a folder for each tag.
            into: the dataset folder; one that was made this way is brought up to date.
            options: as of :func:`weaktal.import_folders`.

        Raises:
            InputError: as of :func:`weaktal.import_folders`.
        """
        import_folders(videos, into, **options)
        return cls(into)

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    @cached_property
    def annotations(self) -> Annotations:
        """Everything that is known of the videos, segments included, as it was when it was first asked for.

        Raises:
            InputError: if the file is not as it should be.
        """
        return read_annotations(self.path)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class list."""
        return self.annotations.classes

    @property
    def videos(self) -> Mapping[str, Video]:
        """Videos by name: subset, duration in seconds, tags, and segments where they are known."""
        return self.annotations.videos

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the feature folders, as ``features=`` takes them."""
        folder = self.path / "features"
        return tuple(sorted(inner.name for inner in folder.iterdir() if inner.is_dir())) if folder.is_dir() else ()

    def extract(
        self,
        encoders: str | Sequence[str],
        *,
        videos: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
        **options: Unpack[ExtractOptions],
    ) -> Extracted:
        """Turns the dataset's videos into features: :func:`weaktal.extract` into this folder.

        Args:
            encoders: one or more names, such as ``"i3d"``; several in one go decode each video once.
            videos: files and folders; the dataset's own by default, wherever its annotations say that they lie.
            options: as of :func:`weaktal.extract`.

        Raises:
            InputError: as of :func:`weaktal.extract`.
        """
        from weaktal.extraction.extract import extract  # late: needs torch and the extra "video"

        return extract(videos, encoders=encoders, into=self, **options)

    def __repr__(self) -> str:
        subsets = Counter(video.subset for video in self.videos.values())
        counts = ", ".join(f"{count} {subset}" for subset, count in subsets.items())
        names = ", ".join(self.classes[:MOST_NAMES]) + (", ..." if len(self.classes) > MOST_NAMES else "")
        features = ", ".join(self.features) or "none yet"
        return (
            f"<Dataset {str(self.path)!r}: {counted(len(self.videos), 'video')} ({counts}), "
            f"{counted(len(self.classes), 'class', 'classes')} ({names}), features: {features}>"
        )
