"""Features of a video that the dataset of a run holds already, so that they need not be made again.

Where the dataset lay is said by run.json, which may come from anywhere. So nothing is written there, only regular files
of its ``features`` and ``videos`` folders are looked at, and whatever is not as expected means that there are none.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from weaktal.data.features import FeatureFolder, Features
from weaktal.data.manifest import FILE, Manifest, read_manifest
from weaktal.data.video_files import dataset_videos, is_video
from weaktal.errors import InputError
from weaktal.extraction.folders import extraction_settings
from weaktal.files import sha256
from weaktal.video.container import probe


class RunDataset:
    """The dataset that a run was trained on, where it is still there; features of its videos by what these hold."""

    def __init__(self, dataset: Path) -> None:
        self._dataset = dataset
        self._videos: dict[int, list[tuple[str, Path]]] = defaultdict(list)  # names and files by size
        try:
            for name, video in dataset_videos(dataset).items() if dataset.is_absolute() else ():
                if is_video(video):
                    self._videos[video.stat().st_size].append((name, video))
        except (InputError, OSError, ValueError, RuntimeError):
            self._videos.clear()

    def find(self, features: str, manifest: Manifest, video: Path, content: str) -> tuple[Path, float] | None:
        """The file with a video's features, and the video's length in seconds; None where there is none to rely on.

        The dataset must have the very video: the same file, or one of the same content. Its features must be no older
        than that, made with equal settings, and exactly as many as the video is long.

        Args:
            features: name of their folder.
            manifest: the settings that are wanted.
            video: its file.
            content: the SHA-256 of it.
        """
        try:
            for name, own in self._videos.get(video.stat().st_size, ()):
                path = self._dataset / "features" / features / f"{name}.npy"
                if not path.is_file() or own.stat().st_mtime > path.stat().st_mtime:
                    continue
                if (own.samefile(video) or sha256(own) == content) and _same_settings(path.parent, manifest):
                    seconds = probe(video).duration
                    if seconds is not None and _fits(path, manifest, seconds):
                        return path, seconds
        except (InputError, OSError, ValueError, RuntimeError):
            pass
        return None


def _same_settings(folder: Path, manifest: Manifest) -> bool:
    made = read_manifest(folder) if (folder / FILE).is_file() else None
    return made is not None and extraction_settings(made) == extraction_settings(manifest)


def _fits(path: Path, manifest: Manifest, seconds: float) -> bool:
    """Whether the file is a whole one in its very folder, finite, and exactly as long as the video."""
    folder = FeatureFolder(path.parent, manifest=manifest)
    return (
        path.resolve().parent == path.parent.resolve()
        and folder.header(path.stem).rows == folder.grid.count(seconds)
        and not list(Features({"": folder}).problems({path.stem: seconds}))
    )
