"""The manifest of a feature folder: how its features came to be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from weaktal.files import read_model, write_json
from weaktal.timeline import SnippetGrid

FILE = "manifest.json"
PositiveInt = Annotated[int, Field(gt=0, lt=2**31, strict=True)]


class Manifest(BaseModel):
    """Settings of an extraction. Keys that are not listed here are kept as they are.

    Attributes:
        encoder: name of the network.
        fps: frames a second that the encoder saw.
        window, stride: frames a snippet covers, and frames between snippets.
        dim: D, columns of each feature file.
        streams: half-open column ranges of the modalities.
        weights_sha256: of the encoder's weights.
        text: file name of class vectors (C, D), in class order, for vision-language features.
        text_classes: the classes that they were made for; None if that is unknown.
        complete: whether every video of the dataset has its file.
        computed_on: devices, and how they computed, of the extractions that filled the folder; for people.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    encoder: Annotated[str, Field(strict=True)]
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
    window: PositiveInt
    stride: PositiveInt
    dim: PositiveInt
    streams: dict[str, tuple[int, int]] | None = None
    weights_sha256: str | None = None
    text: str | None = None
    text_classes: tuple[str, ...] | None = None
    complete: bool = True
    computed_on: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _streams_lie_inside(self) -> Manifest:
        for name, (start, stop) in (self.streams or {}).items():
            if not 0 <= start < stop <= self.dim:
                raise ValueError(f"stream {name} to be a column range within 0 to {self.dim}, not {start} to {stop}")
        if self.text is not None and (
            self.text in ("", "..") or "\0" in self.text or Path(self.text).name != self.text
        ):
            raise ValueError("text to be the name of a file in the same folder")
        return self

    @property
    def tells_making(self) -> bool:
        """Whether ``weaktal extract`` made the features, so that the manifest tells everything of how."""
        return "last_window" in (self.model_extra or {})

    @property
    def grid(self) -> SnippetGrid:
        """How the snippets lie on time."""
        return SnippetGrid(fps=self.fps, window=self.window, stride=self.stride)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a feature folder; None where there is none.

    Raises:
        InputError: if it is not as it should be.
    """
    path = folder / FILE
    return read_model(path, Manifest, "a manifest of features") if path.exists() else None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes ``folder/manifest.json``, whole or not at all."""
    write_json(folder / FILE, manifest.model_dump(mode="json", exclude_none=True))
