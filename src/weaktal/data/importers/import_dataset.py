"""``weaktal import``: from published packages to a whole dataset folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from weaktal.data.annotations import Annotations, check_name, write_annotations
from weaktal.data.importers import activitynet, npy_package
from weaktal.data.importers.package import Package
from weaktal.data.importers.published_features import (
    JOINT,
    PublishedFeatures,
    find_folder,
    find_joint,
    write_features,
)
from weaktal.errors import InputError, arg, shown
from weaktal.files import as_paths, refuse_links, replacing_folder
from weaktal.timeline import SnippetGrid

THUMOS14, ACTIVITYNET12, ACTIVITYNET13 = "thumos14", "activitynet12", "activitynet13"
KINDS = {THUMOS14: "THUMOS14", ACTIVITYNET12: "ActivityNet 1.2", ACTIVITYNET13: "ActivityNet 1.3"}
CLASSES = {THUMOS14: 20, ACTIVITYNET12: 100, ACTIVITYNET13: 200}


@dataclass(frozen=True, slots=True)
class SubsetCount:
    """What a subset holds."""

    videos: int
    segments: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought in.

    Attributes:
        subsets: counts by subset name.
        classes: number of classes.
        with_features: number of videos with features; None where no features were given.
        notes: what was mended or is missing, a line each.
    """

    subsets: dict[str, SubsetCount]
    classes: int
    with_features: int | None
    notes: list[str]


def import_dataset(
    kind: str,
    sources: str | PathLike[str] | Sequence[str | PathLike[str]],
    dataset: str | PathLike[str],
    *,
    encoder: str = "i3d",
    fps: float = 25.0,
    window: int = 16,
    stride: int = 16,
) -> Imported:
    """Makes the dataset folder ``dataset`` out of published packages; it appears whole or not at all.

    The defaults are those of the two-stream I3D features that weakly-supervised work publishes for all three datasets.

    Args:
        kind: one of ``KINDS``.
        sources: folders and files with annotations of one package and, if wanted, features of one package.
        dataset: a new folder, or one without annotations, such as one with videos.
        encoder: name for the features: ``features/NAME``.
        fps: frames a second that the features were computed at.
        window: frames that one row of the features covers.
        stride: frames from one row of the features to the next.

    Raises:
        InputError: if a source is not as it should be, the dataset exists already, or an argument is out of range.
    """
    if kind not in KINDS:
        raise InputError(f"no package {shown(kind)} is known", expected=f"one of {', '.join(KINDS)}")
    given, folder = as_paths(sources), Path(dataset)
    grid = _grid(fps, window, stride)
    try:
        check_name(encoder, None)
    except InputError:
        raise InputError(f"is {shown(encoder)}", source=arg("encoder"), expected="a plain folder name") from None
    if (folder / "annotations.json").exists():
        raise InputError("exists already", source=folder / "annotations.json", expected="a new dataset folder")
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", source=folder, expected="a new dataset folder")
    package, order = _annotations(kind, given)
    features = _features(given, list(package.annotations.videos), order)
    if folder.exists():
        notes = _fill(folder, package.annotations, features, encoder, grid)
    else:
        with replacing_folder(folder) as temporary:
            notes = _fill(temporary, package.annotations, features, encoder, grid)
    return _counted(kind, package, features, notes)


def _grid(fps: float, window: int, stride: int) -> SnippetGrid:
    try:
        return SnippetGrid(fps=fps, window=window, stride=stride)
    except ValueError as error:
        raise InputError(str(error), source=f"{arg('fps')}, {arg('window')}, {arg('stride')}") from None


def _fill(
    folder: Path, annotations: Annotations, features: PublishedFeatures | None, encoder: str, grid: SnippetGrid
) -> list[str]:
    """Features first, annotations last: a folder with annotations.json has everything else."""
    notes: list[str] = []
    for part in ("annotations.json", f"features/{encoder}"):
        refuse_links(folder / part, within=folder)
    if features is not None:
        durations = {name: video.duration for name, video in annotations.videos.items()}
        with replacing_folder(folder / "features" / encoder) as temporary:
            notes = write_features(temporary, features, durations, encoder, grid)
    write_annotations(folder / "annotations.json", annotations)
    return notes


def _annotations(kind: str, sources: Sequence[Path]) -> tuple[Package, list[str] | None]:
    """The package's annotations and, where features are listed by number, the order of its videos."""
    version = KINDS[kind]
    found: list[tuple[Package, list[str] | None]] = []
    for source in sources:
        if not source.exists():
            raise InputError("no such file or folder", source=source, expected=_wanted(kind))
        if kind != ACTIVITYNET13 and npy_package.is_npy_package(source):
            subsets = ("validation", "test") if kind == THUMOS14 else activitynet.SUBSETS
            package = npy_package.read_npy_package(source, version, subsets)
            found.append((package, npy_package.video_names(source)))
        elif kind != THUMOS14 and source.is_file() and source.suffix != ".npy":
            found.append((activitynet.read_official(source, version), None))
        elif kind == ACTIVITYNET13 and activitynet.is_action_package(source):
            found.append((activitynet.read_action_package(source, version), None))
        elif kind != THUMOS14 and (file := activitynet.official_file(source)) is not None:
            found.append((activitynet.read_official(file, version), None))
    if len(found) != 1:
        count = "no annotations" if not found else f"{len(found)} packages of annotations"
        named = ", ".join(str(source) for source in sources)
        raise InputError(f"{count} found", source=named, expected=_wanted(kind))
    if not found[0][0].annotations.videos:
        raise InputError("holds no videos", source=sources[0], expected=_wanted(kind))
    return found[0]


def _wanted(kind: str) -> str:
    if kind == THUMOS14:
        return "a folder with videoname.npy, segments.npy and their like"
    if kind == ACTIVITYNET12:
        return "activity_net.v1-2.min.json, or a folder with it or with videoname.npy and its like"
    return f"activity_net.v1-3.min.json, or a folder with it or with {activitynet.TIMES_FILE}"


def _features(sources: Sequence[Path], names: list[str], order: list[str] | None) -> PublishedFeatures | None:
    found = []
    for source in sources:
        joint = [source] if source.match(JOINT) and source.is_file() else sorted(source.glob(JOINT))
        for path in joint:
            if order is None:
                raise InputError("lists features by number", source=path, expected="annotations with videoname.npy")
            found.append(find_joint(path, order))
        if source.is_dir() and not joint and (features := find_folder(source, names)).videos:
            found.append(features)
    if len(found) > 1:
        named = ", ".join(str(features.source) for features in found)
        raise InputError(f"{len(found)} packages of features", source=named, expected="one at a time")
    return found[0] if found else None


def _counted(kind: str, package: Package, features: PublishedFeatures | None, notes: list[str]) -> Imported:
    videos = package.annotations.videos.values()
    number = Counter(video.subset for video in videos)
    segments: Counter[str] = Counter()
    for video in videos:
        segments[video.subset] += len(video.segments)
    notes = [*package.notes, *notes]
    classes = len(package.annotations.classes)
    if classes != CLASSES[kind]:
        notes.append(f"{classes} classes, while {KINDS[kind]} has {CLASSES[kind]}")
    return Imported(
        subsets={name: SubsetCount(number[name], segments[name]) for name in sorted(number)},
        classes=classes,
        with_features=None if features is None else len(features.videos),
        notes=notes,
    )
