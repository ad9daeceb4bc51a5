"""What lies in a folder of features where a video's file should be and is not: for messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from weaktal.data.spelling import systematic
from weaktal.errors import counted, shown

MOST = 20_000  # files that are looked at
# Formats that features come in and that are not read here, each with what makes the right one of it.
_OTHERS = {
    ".npz": "np.save of each array that np.load gives",
    ".h5": "np.save of each dataset that h5py gives",
    ".hdf5": "np.save of each dataset that h5py gives",
    ".pt": "np.save of the tensor that torch.load(..., weights_only=True) gives",
    ".pth": "np.save of the tensor that torch.load(..., weights_only=True) gives",
    ".pkl": "np.save of the array",
    ".mat": "np.save of the array that scipy.io.loadmat gives",
    ".csv": "np.save of the array that np.loadtxt gives",
    ".txt": "np.save of the array that np.loadtxt gives",
    ".json": "np.save of np.array(json.load(...))",
    ".safetensors": "np.save of the tensor that safetensors.numpy.load_file gives",
    ".parquet": "np.save of the array that pandas.read_parquet(...).to_numpy() gives",
}
_MAY_BE_ANNOTATIONS = (".txt", ".json")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_OURS = {"manifest.json", "videos.jsonl", "text.npy", "classes.json"}


def advice_for(file: Path) -> str | None:
    """What makes features that can be read of a file in another format; None where that is not known."""
    ending = file.suffix.lower()
    if ending in _ARCHIVES:
        return f"{ending} is not read: unpack it first"
    return f"{ending} is not read; {_OTHERS[ending]} makes VIDEO.npy of it" if ending in _OTHERS else None


def holds_features(folder: Path) -> bool:
    """Whether there are features anywhere below a folder, in whatever format, read here or not."""
    files = (path for path, _ in zip(folder.rglob("*"), range(MOST), strict=False) if path.name not in _OURS)
    formats = {".npy", *_OTHERS}.difference(_MAY_BE_ANNOTATIONS)
    return any(path.suffix.lower() in formats and path.is_file() for path in files)


def instead_of(folder: Path, videos: Collection[str], *, others: bool = True) -> str | None:
    """What is there in place of ``VIDEO.npy`` for ``videos``, as a clause; None where there is nothing to say.

    Names that differ by ``v_``, an ending or case; names with something behind them, such as ``VIDEO_i3d.npy``;
    numbers; other formats; subfolders, or one a video; and, with ``others``, whatever else there is, which beside
    annotations may be nothing of features.
    """
    files = [path for path, _ in zip(folder.rglob("*"), range(MOST), strict=False) if path.is_file()]
    arrays = [path for path in files if path.suffix.lower() == ".npy"]
    stems = {path.stem for path in arrays if path.parent == folder}
    if (how := systematic(videos, stems)) is not None:
        return how
    for path in arrays:
        owner = next((name for name in videos if path.stem.startswith((f"{name}_", f"{name}-", f"{name}."))), None)
        if owner is not None:
            return f"{shown(path.name)} is there, and {shown(owner + '.npy')} is expected"
        if path.stem in videos and path.parent != folder:
            return f"it lies in the subfolder {shown(str(path.parent.relative_to(folder)))}"
        inside = path.parent.relative_to(folder).parts
        if (path.stem in videos and path.suffix != ".npy") or not set(inside).isdisjoint(videos):
            owner = path.stem if path.stem in videos else next(part for part in inside if part in videos)
            there = path.relative_to(folder).as_posix()
            return f"{shown(there)} is there, and {shown(owner + '.npy')} is expected"
    if stems and all(stem.isdecimal() for stem in stems):
        number = shown(f"{min(stems)}.npy")
        return f"its {len(stems):,} files are numbers, such as {number}, and names of videos are expected"
    rest = [path for path in files if path.name not in _OURS and not path.name.startswith(".")]
    formats = [ending for ending in _OTHERS if others or ending not in _MAY_BE_ANNOTATIONS]
    endings = Counter(path.suffix.lower() for path in rest if path.suffix.lower() in formats)
    if endings:
        ending, count = endings.most_common(1)[0]
        return f"{count:,} files are {ending}, which is not read; {_OTHERS[ending]} makes VIDEO.npy of each"
    if not others:
        return None
    packed = [path for path in rest if path.suffix.lower() in _ARCHIVES]
    if packed:
        return f"{shown(packed[0].name)} is there: unpack it first"
    if stems:
        return f"it holds {len(stems):,} other .npy files, such as {shown(min(stems) + '.npy')}"
    return f"it holds {counted(len(rest), 'other file')}, such as {shown(rest[0].name)}" if rest else None
