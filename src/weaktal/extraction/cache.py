"""Features of videos that belong to no dataset, kept from one call to the next.

A video is known by its content (SHA-256), so a copy under another name is not extracted again and a changed file is.
Each setting of an encoder has a folder of its own::

    CACHE/ENCODER-DIGEST/manifest.json     the setting; DIGEST is a hash of it
    CACHE/ENCODER-DIGEST/CONTENT.npy       features of the video with that SHA-256
    CACHE/videos/CONTENT.json              its length as decoded, and what was wrong with it
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from weaktal.data.annotations import Length
from weaktal.data.manifest import FILE, write_manifest
from weaktal.encoders.catalog import folder_name
from weaktal.encoders.networks import SnippetEncoder
from weaktal.errors import InputError
from weaktal.extraction.folders import Target, extraction_settings, planned_manifest
from weaktal.extraction.pipeline import Failed, Job, Pipeline, Rows, Sampling
from weaktal.files import read_model, reason, refuse_links, sha256, write_json
from weaktal.locks import alone_in


class Decoded(BaseModel):
    """What decoding told of a video.

    Attributes:
        seconds: its length as decoded.
        notes: what was wrong with the file although it could be decoded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: Length
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lacking:
    """A video some of whose features the cache lacks.

    Attributes:
        path: its file.
        key: its content.
        wanted: which of the targets lack it, by their places.
    """

    path: Path
    key: str
    wanted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A video whose features were made just now, or the reason why there are none.

    Attributes:
        video: which, and for which targets.
        features: (T, D) for each of these.
        decoded: what decoding told.
        error: why there are none.
    """

    video: Lacking
    features: tuple[Rows, ...] = ()
    decoded: Decoded | None = None
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

    def decoded(self, key: str) -> Decoded | None:
        """What decoding told of the video with that content, if it was decoded.

        Raises:
            InputError: if its file is damaged.
        """
        path = self._decoded(key)
        what = "what the cache keeps of a video; delete it to decode again"
        return read_model(path, Decoded, what) if path.exists() else None

    def _decoded(self, key: str) -> Path:
        return self.root / "videos" / f"{key}.json"

    def fill(self, targets: Sequence[Target], videos: Sequence[Lacking], pipeline: Pipeline) -> Iterator[Made]:
        """Extracts what is lacking; each video is in the cache, whole, before it comes out here.

        Args:
            targets: folders of this cache, in the order of the pipeline's encoders.
            videos: of which features to make; their files are different.
            pipeline: makes them.

        Raises:
            InputError: if another process is filling one of these folders.
        """
        refuse_links(self.root / "videos", within=self.root)
        with contextlib.ExitStack() as alone:
            for target in targets:
                refuse_links(target.folder, within=self.root)
                alone.enter_context(alone_in(target.folder, "weaktal localize or find"))
                if not (target.folder / FILE).exists():
                    write_manifest(target.folder, target.manifest)
            yield from self._filled(targets, videos, pipeline)

    def _filled(self, targets: Sequence[Target], videos: Sequence[Lacking], pipeline: Pipeline) -> Iterator[Made]:
        by_path = {video.path: video for video in videos}
        for result in pipeline.run([Job(video.path, video.wanted) for video in videos]):
            video = by_path[result.job.path]
            if isinstance(result, Failed):
                yield Made(video, error=result.error)
                continue
            decoded = Decoded(seconds=result.seconds, notes=result.notes)
            write_json(self._decoded(video.key), decoded.model_dump(mode="json"))
            for index, features in zip(video.wanted, result.features, strict=True):
                targets[index].write(video.key, features)
            yield Made(video, result.features, decoded)


def content_key(path: Path) -> str:
    """What a video is known by: the SHA-256 of its file.

    Raises:
        InputError: if the file cannot be read.
    """
    try:
        return sha256(path)
    except OSError as error:
        raise InputError(f"cannot be read ({reason(error)})", source=path, expected="a video") from None
