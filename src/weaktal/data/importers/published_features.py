"""Packages of published snippet features, brought into a dataset's one file a video without holding them in memory.

Two forms are common: one ``*JOINTFeatures.npy``, an object array with one (T, D) array a video in the order of
``videoname.npy``; and folders of one ``.npy`` or ``.npz`` a video, RGB and flow side by side in one file, or apart in
folders whose names say ``rgb`` and ``flow`` (training and test videos may lie in folders of their own).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weaktal.data.features import LENGTH_SLACK, LENGTH_TOLERANCE
from weaktal.data.folder_contents import instead_of
from weaktal.data.grid_fit import fit
from weaktal.data.importers.feature_arrays import FeatureArray, read_arrays
from weaktal.data.importers.npy_package import is_npy_package
from weaktal.data.importers.packed import StoredArray, read_items
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.data.usable import is_turned
from weaktal.data.video_names import composed
from weaktal.errors import InputError, arg, counted
from weaktal.timeline import SnippetGrid

JOINT = "*JOINTFeatures.npy"
STREAMS = ("rgb", "flow")  # in the field's order of columns

_ROWS = 512  # rows copied at once


@dataclass(frozen=True, slots=True)
class PublishedFeatures:
    """Where the features of each video lie: one array, or one a stream.

    Attributes:
        source: the file or folder they were found in, for messages.
        videos: by video name; each array is (T, D) or (T, D of a stream).
        notes: what a user should know of how they were found.
    """

    source: Path
    videos: Mapping[str, Sequence[FeatureArray]]
    notes: tuple[str, ...] = ()


def find_joint(path: Path, names: Sequence[str]) -> PublishedFeatures:
    """The arrays of a ``*JOINTFeatures.npy``, one a video of ``names``.

    Raises:
        InputError: if it is damaged or holds anything else.
    """
    items = read_items(path)
    if len(items) != len(names):
        raise InputError(f"has {len(items)} entries", source=path, expected=f"{len(names)} as in videoname.npy")
    videos: dict[str, list[FeatureArray]] = {}
    for index, (name, item) in enumerate(zip(names, items, strict=True)):
        if not isinstance(item, StoredArray) or len(item.shape) != 2 or item.dtype.kind != "f":
            raise InputError("is not a (T, D) array of numbers", source=path, place=f"entry {index} ({name})")
        if item.shape[0]:  # some packages leave an empty array where a video could not be had
            videos[name] = [FeatureArray(item)]
    return PublishedFeatures(path, videos)


def find_folder(folder: Path, names: Sequence[str]) -> PublishedFeatures:
    """The feature files of the videos ``names`` anywhere below a folder.

    A file may be called after its video with or without ``v_``, and with something behind it, such as ``_i3d``.

    Raises:
        InputError: if a file is damaged, or a video has two.
    """
    spelled = {composed(spelling): name for name in names for spelling in (f"v_{name}", name.removeprefix("v_"), name)}
    found: dict[str, dict[str, Path]] = {}
    strangers = []
    for path in array_files(folder):
        name, stream = _video_and_stream(path, folder, spelled)
        if name is None:
            if not is_npy_package(path.parent):  # whose arrays are the annotations
                strangers.append(path)
            continue
        first = found.setdefault(name, {}).setdefault(stream, path)
        if first != path:
            raise InputError(f"holds features of {name} too", source=path, expected=f"only those of {first}")
    videos = {}
    for name, paths in found.items():
        arrays = {
            stream or inner: array for stream, path in paths.items() for inner, array in read_arrays(path).items()
        }
        if set(arrays) not in ({""}, set(STREAMS)):
            raise InputError(
                f"features of {name} are of streams {', '.join(s or '(none)' for s in arrays)}",
                source=folder,
                expected="rgb and flow, or one file",
            )
        videos[name] = [arrays[stream] for stream in (STREAMS if "rgb" in arrays else ("",))]
    notes = []
    if strangers and videos:
        first = strangers[0].relative_to(folder)
        notes.append(f"{counted(len(strangers), 'file')} of {folder} of no video, such as {first}; skipped")
    return PublishedFeatures(folder, videos, tuple(notes))


def array_files(folder: Path) -> list[Path]:
    """All ``.npy`` and ``.npz`` files below a folder, linked folders included, each folder once."""
    found: list[Path] = []
    seen: set[str] = set()
    for above, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(above)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        found += [
            Path(above, name) for name in files if name.lower().endswith((".npy", ".npz")) and not name.startswith(".")
        ]
    return sorted(found)


def _video_and_stream(path: Path, folder: Path, spelled: Mapping[str, str]) -> tuple[str | None, str]:
    """The video that a file belongs to, if any, and the stream that its name or its folders say."""
    for stream in STREAMS:
        for ending in (f"-{stream}", f"_{stream}"):
            if path.stem.endswith(ending) and composed(path.stem) not in spelled:
                return _owner(path.stem.removesuffix(ending), spelled), stream
    above = [part.lower() for part in path.relative_to(folder).parts[:-1]]
    streams = [stream for stream in STREAMS if any(stream in part for part in above)]
    return _owner(path.stem, spelled), streams[0] if len(streams) == 1 else ""


def _owner(stem: str, spelled: Mapping[str, str]) -> str | None:
    """The video that a file is called after: by its whole name, or by what comes before its last words."""
    stem = composed(stem)
    while stem not in spelled:
        shorter = max(stem.rfind(mark) for mark in "-_.")
        if shorter <= 0:
            return None
        stem = stem[:shorter]
    return spelled[stem]


def right_way_round(features: PublishedFeatures, expected: Mapping[str, int]) -> PublishedFeatures:
    """The features with (D, T) arrays turned to (T, D), where all of them are such by their shapes.

    Args:
        features: as they were found.
        expected: snippets by video.
    """
    names = [name for name in features.videos if name in expected]
    shapes = {name: features.videos[name][0].shape for name in names}
    if not names or len({rows for rows, _ in shapes.values()}) > 1:
        return features
    if not all(is_turned(shapes[name], expected[name]) for name in names):
        return features
    videos = {name: [array.transposed() for array in arrays] for name, arrays in features.videos.items()}
    return PublishedFeatures(
        features.source, videos, (*features.notes, "features were stored (D, T); turned to (T, D)")
    )


def write_features(
    folder: Path, features: PublishedFeatures, durations: Mapping[str, float], encoder: str, grid: SnippetGrid
) -> list[str]:
    """Fills an empty folder with one file a video and a manifest; returns what a user should know.

    Memory stays at a few hundred rows, whatever the size of the package.

    Raises:
        InputError: if the arrays differ in width, hold NaN or infinity, or do not fit ``grid``.
    """
    names = [name for name in durations if name in features.videos]
    if not names:
        raise InputError("holds features of none of the videos", source=features.source, expected="VIDEO.npy files")
    features = right_way_round(features, {name: grid.count(durations[name]) for name in names})
    lengths = feature_lengths(features, names)
    notes = [*features.notes, *_check_grid(features.source, lengths, durations, grid)]
    widths = _widths(features, names)
    for name in names:
        _write(folder / f"{name}.npy", features.source, name, features.videos[name], lengths[name])
    streams = None
    if len(widths) == 2:
        streams = {"rgb": (0, widths[0]), "flow": (widths[0], sum(widths))}
    elif widths == [2048]:  # two-stream I3D, the only features of this width that are published
        streams = {"rgb": (0, 1024), "flow": (1024, 2048)}
    missing = [name for name in durations if name not in features.videos]
    if missing:
        there = instead_of(features.source, missing, others=False) if features.source.is_dir() else None
        lack = f"no features for {len(missing)} of {counted(len(durations), 'video')}"
        notes.append(f"{lack}: {there}" if there else lack)
    manifest = Manifest(
        encoder=encoder,
        fps=float(grid.fps),
        window=grid.window,
        stride=grid.stride,
        dim=sum(widths),
        streams=streams,
        complete=not missing,
    )
    write_manifest(folder, manifest)
    return notes


def feature_lengths(features: PublishedFeatures, names: Sequence[str]) -> dict[str, int]:
    """Snippets of each of these videos.

    Raises:
        InputError: if the streams of one differ.
    """
    return {name: _length(features.source, name, features.videos[name]) for name in names}


def _length(source: Path, name: str, arrays: Sequence[FeatureArray]) -> int:
    """Snippets of a video. Published RGB and flow may differ by one; the longer is cut."""
    lengths = [array.shape[0] for array in arrays]
    if max(lengths) - min(lengths) > 1:
        raise InputError(f"rgb and flow of {name} have {lengths} snippets", source=source, expected="equal lengths")
    return min(lengths)


def _widths(features: PublishedFeatures, names: Sequence[str]) -> list[int]:
    first = [array.shape[1] for array in features.videos[names[0]]]
    for name in names:
        widths = [array.shape[1] for array in features.videos[name]]
        if widths != first:
            raise InputError(
                f"features of {name} are {widths} wide", source=features.source, expected=f"{first} as of {names[0]}"
            )
    return first


def _check_grid(
    source: Path, lengths: Mapping[str, int], durations: Mapping[str, float], grid: SnippetGrid
) -> list[str]:
    expected = {name: grid.count(durations[name]) for name in lengths}
    found = fit(lengths, durations, grid)
    if found is not None and (found.wrong or abs(found.ratio - 1) > LENGTH_TOLERANCE):
        options = f"the {arg('fps')}, {arg('window')} and {arg('stride')} that these features were made with"
        raise InputError(
            f"{found.problem} at {grid.fps:g} fps and stride {grid.stride}",
            source=source,
            expected=f"{options}: {found.advice}",
        )
    mixed = [found.groups] if found is not None and found.groups else []
    odd = [
        name
        for name, length in lengths.items()
        if abs(length - expected[name]) > max(LENGTH_SLACK, LENGTH_TOLERANCE * expected[name])
    ]
    if not odd:
        return mixed
    first = odd[0]
    return [
        *mixed,
        f"features shorter or longer than their video: {counted(len(odd), 'video')}, such as {first}: {lengths[first]} "
        f"snippets, and {durations[first]:g} s make {expected[first]}",
    ]


def _write(path: Path, source: Path, name: str, arrays: Sequence[FeatureArray], length: int) -> None:
    half = all(array.dtype.itemsize == 2 for array in arrays)
    dtype = np.dtype("<f2" if half else "<f4")
    width = sum(array.shape[1] for array in arrays)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": dtype.str, "fortran_order": False, "shape": (length, width)}
        )
        start = 0
        for blocks in zip(*(array.blocks(_ROWS) for array in arrays), strict=False):
            rows = np.concatenate([block[: length - start] for block in blocks], axis=1).astype(dtype)
            if not np.isfinite(rows).all():
                raise InputError(f"features of {name} hold NaN or infinity", source=source, expected="finite numbers")
            stream.write(rows.tobytes())
            start += len(rows)
