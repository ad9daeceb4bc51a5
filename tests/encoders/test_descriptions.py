"""Several texts a class, out of a file and as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from weaktal.encoders.clip import load_clip
from weaktal.encoders.descriptions import class_texts, described_vectors
from weaktal.encoders.prompts import class_vectors
from weaktal.errors import InputError

LABELS = ["HighJump", "pole vault", "running"]
FILE = """\
templates: ["a video of {}", "a person {}"]
classes: {high jump: [a long jump], pole_vault: [vault, a pole]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "texts.yaml").write_text(FILE)
    return tmp_path / "texts.yaml"


def test_templates_and_texts_of_ones_own_are_joined(file: Path) -> None:
    assert class_texts(LABELS, "a photo of {}", file) == [
        ["a video of high jump", "a person high jump", "a long jump"],
        ["a video of pole vault", "a person pole vault", "vault", "a pole"],
        ["a video of running", "a person running"],
    ]
    file.write_text("classes: {running: [person running]}")
    assert class_texts(LABELS, "a photo of {}", file)[1:] == [["a photo of pole vault"], ["person running"]]


def test_a_class_that_does_not_exist_is_named(file: Path) -> None:
    file.write_text("classes: {pole vaults: [vault]}")
    with pytest.raises(InputError, match=r"describes 'pole vaults'; expected .*nearest is pole vault"):
        class_texts(LABELS, "{}", file)


def test_a_vector_is_the_mean_of_its_texts_vectors(file: Path, clip_folder: Path) -> None:
    encoder = load_clip(clip_folder)
    texts = class_texts(LABELS, "{}", file)
    ours = described_vectors(encoder, texts)
    for vector, some in zip(ours, texts, strict=True):
        mean = torch.stack([class_vectors(encoder, [text])[0] for text in some]).mean(dim=0)
        assert torch.allclose(vector, mean / mean.norm(), atol=1e-5)


class Counting:
    """A text side that says how many texts it was given."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def embed_texts(self, texts: Sequence[str]) -> Sequence[str]:
        return texts

    def assemble(self, inner: Sequence[str]) -> Counting:
        self.embeddings, self.end = torch.tensor([float(text) for text in inner]), None
        return self

    def encode_text(self, embeddings: Tensor, end: None) -> Tensor:
        self.given.append(len(embeddings))
        return torch.stack([embeddings.cos(), embeddings.sin()], dim=1)


def test_thousands_of_texts_are_encoded_some_at_a_time() -> None:
    encoder = Counting()
    vectors = described_vectors(encoder, [[str(2 * k), str(2 * k + 1)] for k in range(150)])  # type: ignore[arg-type]
    assert encoder.given == [100, 100, 100]
    angles = 2 * torch.arange(150.0) + 0.5
    assert torch.allclose(vectors, torch.stack([angles.cos(), angles.sin()], dim=1), atol=1e-4)
