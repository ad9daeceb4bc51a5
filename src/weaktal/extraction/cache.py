"""Features of videos that belong to no dataset, kept from one call to the next.

A video is known by its content (SHA-256), so a copy under another name is not extracted again and a changed file is.
Each setting of an encoder has a folder of its own::

    CACHE/ENCODER-DIGEST/manifest.json     the setting; DIGEST is a hash of it
    CACHE/ENCODER-DIGEST/CONTENT.npy       features of the video with that SHA-256
    CACHE/videos/CONTENT.json              its length as decoded, and what was wrong with it
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from weaktal.data.manifest import FILE, write_manifest
from weaktal.encoders.catalog import folder_name
from weaktal.encoders.networks import SnippetEncoder
from weaktal.errors import InputError
from weaktal.extraction.folders import Target, extraction_settings, planned_manifest
from weaktal.extraction.pipeline import Failed, Job, Pipeline, Sampling
from weaktal.files import read_model, reason, sha256, write_json


def cache_folder() -> Path:
    """``$WEAKTAL_CACHE``, else ``~/.cache/weaktal/features``."""
    configured = os.environ.get("WEAKTAL_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "weaktal" / "features"


class Decoded(BaseModel):
    """What decoding told of a video.

    Attributes:
        seconds: its length as decoded.
        notes: what was wrong with the file although it could be decoded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extracted:
    """A video whose features were made just now, or the reason why there are none."""

    path: Path
    error: InputError | None = None


class FeatureCache:
    """The cache in a folder, which is made when something goes into it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def target(self, encoder: SnippetEncoder, sampling: Sampling, *, flow: str | None = None) -> Target:
        """The folder for features of this setting."""
        manifest = planned_manifest(encoder, sampling, flow=flow)
        setting = json.dumps(extraction_settings(manifest), sort_keys=True).encode()
        folder = f"{folder_name(encoder.name)}-{hashlib.sha256(setting).hexdigest()[:16]}"
        return Target(self.root / folder, encoder, manifest)

    def decoded(self, key: str) -> Decoded:
        """What decoding told of the video with that content.

        Raises:
            InputError: if its file is damaged.
        """
        return read_model(self._decoded(key), Decoded, "what the cache keeps of a video; delete it to decode again")

    def _decoded(self, key: str) -> Path:
        return self.root / "videos" / f"{key}.json"

    def lacking(self, target: Target, keys: Mapping[Path, str]) -> dict[Path, str]:
        """Of videos with their contents those that have no features yet, one for each content.

        Raises:
            InputError: if a file of features is damaged.
        """
        wanted = {
            key: path for path, key in keys.items() if not (self._decoded(key).exists() and target.has(key))
        }  # fmt: skip
        return {path: key for key, path in wanted.items()}

    def fill(self, target: Target, keys: Mapping[Path, str], pipeline: Pipeline) -> Iterator[Extracted]:
        """Extracts the videos of :meth:`lacking`; each is in the cache, whole, before it comes out here."""
        if not (target.folder / FILE).exists():
            write_manifest(target.folder, target.manifest)
        for result in pipeline.run([Job(path, (0,)) for path in keys]):
            path = result.job.path
            if isinstance(result, Failed):
                yield Extracted(path, result.error)
                continue
            (features,) = result.features
            decoded = Decoded(seconds=result.seconds, notes=result.notes)
            write_json(self._decoded(keys[path]), decoded.model_dump(mode="json"))
            target.write(keys[path], features)
            yield Extracted(path)


def content_key(path: Path) -> str:
    """What a video is known by: the SHA-256 of its file.

    Raises:
        InputError: if the file cannot be read.
    """
    try:
        return sha256(path)
    except OSError as error:
        raise InputError(f"cannot be read ({reason(error)})", source=path, expected="a video") from None
