"""What tells features apart from others that were made later under the same name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from weaktal.data.annotations import Video
from weaktal.data.features import FeatureFolder, Features
from weaktal.errors import InputError
from weaktal.files import reason, sha256


class Fingerprint(BaseModel):
    """Of one folder of features.

    Attributes:
        manifest: how they came to be, as JSON has it, without ``complete``; None where the folder has none.
        sha256: of all bytes that are used, class vectors included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    manifest: dict[str, Any] | None
    sha256: str


def fingerprints(features: Iterable[Features], videos: Iterable[str]) -> dict[str, Fingerprint]:
    """By the name of the folder; every file of ``videos`` is read once.

    Raises:
        InputError: for a file that cannot be read.
    """
    names = sorted(set(videos))
    folders = [folder for part in features for folder in part.folders.values()]
    return {folder.folder.name: _fingerprint(folder, names) for folder in folders}


def tags_fingerprint(videos: Iterable[Video]) -> str:
    """A SHA-256 of the names and labels of videos, in any order."""
    tags = sorted((video.name, sorted(video.labels)) for video in videos)
    return hashlib.sha256(json.dumps(tags).encode()).hexdigest()


def _fingerprint(folder: FeatureFolder, videos: list[str]) -> Fingerprint:
    manifest = folder.manifest
    paths = [folder.path(video) for video in videos]
    if manifest is not None and manifest.text is not None:
        paths.append(folder.folder / manifest.text)
    digest = hashlib.sha256()
    for path in paths:
        try:
            digest.update(f"{path.name} {sha256(path)}\n".encode())
        except OSError as error:
            raise InputError(f"cannot be read ({reason(error)})", source=path, expected="features") from None
    return Fingerprint(
        manifest=None if manifest is None else manifest.model_dump(mode="json", exclude={"complete"}),
        sha256=digest.hexdigest(),
    )
