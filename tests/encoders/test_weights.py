from __future__ import annotations

from pathlib import Path

import pytest

from weaktal.encoders.weights import KNOWN, known, locate, weights_folder
from weaktal.errors import InputError


def test_everything_has_a_place_of_its_own() -> None:
    places = [known_.place for known_ in KNOWN.values()]
    assert len(set(places)) == len(places)
    assert all((known_.git_blob is None) != (known_.repository is None) for known_ in KNOWN.values())


def test_hub_names() -> None:
    weights = known("google/siglip-base-patch16-224")
    assert weights.place == "google--siglip-base-patch16-224"
    assert weights.repository == "google/siglip-base-patch16-224"


@pytest.mark.parametrize("name", ["", "i3d-both", "../x", "a/../b", "a/b/c", "a/", "/b", "a b/c"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(InputError, match="one of i3d-rgb, i3d-flow, clip-vit-b16"):
        known(name)


def test_folder_of_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path))
    assert weights_folder() == tmp_path
    monkeypatch.delenv("WEAKTAL_WEIGHTS")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert weights_folder() == tmp_path / ".cache" / "weaktal" / "weights"


def test_locate(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        locate(KNOWN["i3d-rgb"], tmp_path)
    assert f"{tmp_path}/rgb_imagenet.pt: the weights of i3d-rgb are missing" in caught.value.line()
    assert "`weaktal weights fetch i3d-rgb` puts it there" in caught.value.line()
    file = tmp_path / "rgb_imagenet.pt"
    file.touch()
    assert locate(KNOWN["i3d-rgb"], tmp_path) == locate(KNOWN["i3d-rgb"], file) == file
    folder = tmp_path / "clip-vit-b16"
    folder.mkdir()
    (folder / "config.json").touch()
    assert locate(KNOWN["clip-vit-b16"], tmp_path) == locate(KNOWN["clip-vit-b16"], folder) == folder
