"""``weaktal import``: from published packages to a whole dataset folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from weaktal.data.annotations import Annotations, check_name, write_annotations
from weaktal.data.folder_contents import advice_for, instead_of
from weaktal.data.importers import activitynet, npy_package
from weaktal.data.importers.database_json import is_database, read_database
from weaktal.data.importers.package import Package
from weaktal.data.importers.published_features import (
    JOINT,
    PublishedFeatures,
    feature_lengths,
    find_folder,
    find_joint,
    write_features,
)
from weaktal.data.units import Unit
from weaktal.errors import InputError, arg, counted, shown, within
from weaktal.files import as_paths, discard_folder, refuse_links, replacing_folder
from weaktal.locks import alone_in, remove_stale
from weaktal.timeline import SnippetGrid

THUMOS14, ACTIVITYNET12, ACTIVITYNET13 = "thumos14", "activitynet12", "activitynet13"
KINDS = {THUMOS14: "THUMOS14", ACTIVITYNET12: "ActivityNet 1.2", ACTIVITYNET13: "ActivityNet 1.3"}
_UNFINISHED = ".unfinished-import"  # among features until the annotations are there too
SUBSETS = {THUMOS14: ("validation", "test"), ACTIVITYNET12: activitynet.SUBSETS, ACTIVITYNET13: activitynet.SUBSETS}
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
    unit: str = "seconds",
) -> Imported:
    """Makes the dataset folder ``dataset`` out of published packages; it appears whole or not at all.

    The defaults are those of the two-stream I3D features that weakly-supervised work publishes for all three datasets.

    Args:
        kind: one of ``KINDS``.
        sources: folders and files with annotations of one package and, if wanted, features of one package; also the
            root of a package that holds both.
        dataset: a new folder, or one without annotations, such as one with videos.
        encoder: name for the features: ``features/NAME``.
        fps: frames a second that the features were computed at.
        window: frames that one row of the features covers.
        stride: frames from one row of the features to the next.
        unit: of the times in the annotations: "seconds", "milliseconds", "microseconds", "nanoseconds", "frames@25", or
            "frames" of the rate that the annotations give each video.

    Raises:
        InputError: if a source is not as it should be, the dataset exists already, or an argument is out of range.
    """
    if kind not in KINDS:
        raise InputError(f"no package {shown(kind)} is known", expected=f"one of {', '.join(KINDS)}")
    given, folder = as_paths(sources), Path(dataset)
    grid = _grid(fps, window, stride)
    times = Unit.parse(unit)
    try:
        check_name(encoder, None)
    except InputError:
        raise InputError(
            f"is {shown(encoder)}", source=arg("encoder", "--features"), expected="a plain folder name"
        ) from None
    if (folder / "annotations.json").exists():
        remove_stale(folder)
        raise InputError("exists already", source=folder / "annotations.json", expected="a new dataset folder")
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", source=folder, expected="a new dataset folder")
    found = _annotations(kind, given)
    features = _features(given, found, list(found.names))
    package = found.package(_durations(features, found, grid)).in_seconds(times, found.path)
    if not package.annotations.videos:
        raise InputError("holds no videos", source=found.source, expected=_wanted(kind))
    annotations = replace(package.annotations, protocol=kind)
    if folder.exists():
        with alone_in(folder, "weaktal import"):
            notes = _fill(folder, annotations, features, encoder, grid)
    else:
        with replacing_folder(folder, "weaktal import") as temporary:
            notes = _fill(temporary, annotations, features, encoder, grid)
    unread = instead_of(found.source, found.names, others=False) if found.source.is_dir() else None
    unread_notes = [f"{found.source} holds no features that are read: {unread}"] if unread else []
    return _counted(kind, package, features, notes, unread_notes)


def _grid(fps: float, window: int, stride: int) -> SnippetGrid:
    within(fps=(fps, 0.01, 1000), window=(window, 1, 2**31 - 1), stride=(stride, 1, 2**31 - 1))
    return SnippetGrid(fps=fps, window=window, stride=stride)


def _fill(
    folder: Path, annotations: Annotations, features: PublishedFeatures | None, encoder: str, grid: SnippetGrid
) -> list[str]:
    """Features first, annotations last: a folder with annotations.json has everything else."""
    notes: list[str] = []
    target = folder / "features" / encoder
    for part in (folder / "annotations.json", target):
        refuse_links(part, within=folder)
    unfinished = target / _UNFINISHED
    if unfinished.is_file():  # of an import that was killed before it wrote the annotations
        discard_folder(target)
    if features is not None:
        durations = {name: video.duration for name, video in annotations.videos.items()}
        with replacing_folder(target) as temporary:
            notes = write_features(temporary, features, durations, encoder, grid)
            (temporary / _UNFINISHED).touch()
    write_annotations(folder / "annotations.json", annotations)
    unfinished.unlink(missing_ok=True)
    return notes


@dataclass(frozen=True, slots=True)
class _Found:
    """Annotations that were found.

    Attributes:
        source: what the user named.
        path: the folder or file in it.
        names: the videos.
        order: the same in the order in which features are listed by number, where that is known.
        package: the annotations, given durations for the videos that have none.
    """

    source: Path
    path: Path
    names: Sequence[str]
    order: list[str] | None
    package: Callable[[Mapping[str, float]], Package]


def _annotations(kind: str, sources: Sequence[Path]) -> _Found:
    """The one package of annotations among the sources: what they are themselves, or else what lies in them.

    Raises:
        InputError: if there is none, or more than one.
    """
    for source in sources:
        if not source.exists():
            raise InputError("no such file or folder", source=source, expected=_wanted(kind))
    found = [read for source in sources if (read := _read(kind, source, source)) is not None]
    if not found:
        inside = [(source, path) for source in sources if source.is_dir() for path in _below(source)]
        candidates = [(source, path) for source, path in inside if path.is_dir()] or inside
        found = [read for source, path in candidates if (read := _read(kind, source, path)) is not None]
    if len(found) != 1:
        count = "no annotations" if not found else f"{len(found)} packages of annotations"
        named = ", ".join(str(one.path) for one in found) or ", ".join(str(source) for source in sources)
        raise InputError(f"{count} found", source=named, expected=_wanted(kind) if not found else "one of them")
    return found[0]


def _below(root: Path) -> list[Path]:
    """Folders and files below a root, to a few levels, that may be annotations."""
    found: list[Path] = []
    for pattern in ("*/", "*/*/", "*/*/*/"):
        found += [path for path in sorted(root.glob(pattern)) if npy_package.is_npy_package(path)]
        found += [path for path in sorted(root.glob(pattern)) if activitynet.is_action_package(path)]
    for pattern in ("*.json", "*/*.json", "*/*/*.json"):
        found += [path for path in sorted(root.glob(pattern)) if path.is_file()]
    return found


def _read(kind: str, source: Path, path: Path) -> _Found | None:
    """The annotations that a folder or a file is; None where it is none of this kind."""
    version, subsets = KINDS[kind], SUBSETS[kind]
    if kind != ACTIVITYNET13 and npy_package.is_npy_package(path):
        package = npy_package.read_npy_package(path, version, subsets)
        return _known(source, path, package, npy_package.video_names(path))
    if kind == ACTIVITYNET13 and activitynet.is_action_package(path):
        return _known(source, path, activitynet.read_action_package(path, version))
    file: Path | None = path
    if path.is_dir():
        listed = sorted(one for one in path.glob("*.json") if is_database(one))
        file = activitynet.official_file(path) if kind != THUMOS14 else None
        file = file or (listed[0] if len(listed) == 1 else None)
    elif path == source and kind != THUMOS14 and path.suffix == ".json" and not is_database(path):
        return _known(source, path, activitynet.read_official(path, version))  # says what is wrong with it
    if file is None or not is_database(file):
        return None
    if file.name.startswith("activity_net"):
        return _known(source, file, activitynet.read_official(file, version))
    database = read_database(file, subsets)
    return _Found(
        source, file, list(database.spans), None, lambda durations: database.package(version, subsets, durations)
    )


def _known(source: Path, path: Path, package: Package, order: list[str] | None = None) -> _Found:
    return _Found(source, path, list(package.annotations.videos), order, lambda _: package)


def _wanted(kind: str) -> str:
    if kind == THUMOS14:
        return "a folder with videoname.npy, segments.npy and their like, or JSON such as gt.json or thumos14.json"
    if kind == ACTIVITYNET12:
        return "activity_net.v1-2.min.json or JSON like it, or a folder with it or with videoname.npy and its like"
    return f"activity_net.v1-3.min.json or JSON like it, or a folder with it or with {activitynet.TIMES_FILE}"


def _features(sources: Sequence[Path], annotations: _Found, names: list[str]) -> PublishedFeatures | None:
    """The one package of features among the sources.

    Raises:
        InputError: if there are several, or nothing is taken from a source.
    """
    found: list[PublishedFeatures] = []
    for source in sources:
        joint = [source] if source.match(JOINT) and source.is_file() else sorted(source.rglob(JOINT))
        before = len(found)
        for path in joint:
            if annotations.order is None:
                raise InputError("lists features by number", source=path, expected="annotations with videoname.npy")
            found.append(find_joint(path, annotations.order))
        if source.is_dir() and not joint and (features := find_folder(source, names)).videos:
            found.append(features)
        if len(found) == before and source != annotations.source:
            raise _nothing(source, names)
    if len(found) > 1:
        named = ", ".join(str(features.source) for features in found)
        raise InputError(f"{len(found)} packages of features", source=named, expected="one at a time")
    return found[0] if found else None


def _nothing(source: Path, names: list[str]) -> InputError:
    """What to say of a source from which nothing is taken."""
    there = instead_of(source, names) if source.is_dir() else advice_for(source)
    problem = "holds features of none of the videos" + (f": {there}" if there else "")
    return InputError(
        problem, source=source, expected=f"VIDEO.npy or VIDEO.npz, such as {names[0]}.npy" if names else None
    )


def _durations(features: PublishedFeatures | None, annotations: _Found, grid: SnippetGrid) -> dict[str, float]:
    """How long videos are by their features, for annotations that do not say."""
    if features is None:
        return {}
    lengths = feature_lengths(features, [name for name in annotations.names if name in features.videos])
    return {name: ((length - 1) * grid.stride + grid.window) / grid.fps for name, length in lengths.items()}


def _counted(
    kind: str, package: Package, features: PublishedFeatures | None, notes: list[str], unread: list[str]
) -> Imported:
    videos = package.annotations.videos.values()
    number = Counter(video.subset for video in videos)
    segments: Counter[str] = Counter()
    for video in videos:
        segments[video.subset] += len(video.segments)
    notes = [*package.late(), *package.notes, *notes]
    if features is None:
        notes += unread
    classes = len(package.annotations.classes)
    if classes != CLASSES[kind]:
        notes.append(f"{counted(classes, 'class', 'classes')}, while {KINDS[kind]} has {CLASSES[kind]}")
    return Imported(
        subsets={name: SubsetCount(number[name], segments[name]) for name in sorted(number)},
        classes=classes,
        with_features=None if features is None else len(features.videos),
        notes=notes,
    )
