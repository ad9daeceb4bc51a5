from __future__ import annotations

import json
from pathlib import Path

import pytest

from weaktal.data.manifest import Manifest, read_manifest, write_manifest
from weaktal.errors import InputError
from weaktal.timeline import SnippetGrid

GOOD = {"encoder": "i3d", "fps": 25.0, "window": 16, "stride": 8, "dim": 2048}


def test_round_trip_keeps_unknown_keys(tmp_path: Path) -> None:
    fields = {**GOOD, "streams": {"rgb": [0, 1024], "flow": [1024, 2048]}, "text": "text.npy", "crop": 224}
    (tmp_path / "manifest.json").write_text(json.dumps(fields))
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert manifest.grid == SnippetGrid(25.0, 16, 8)
    assert manifest.streams == {"rgb": (0, 1024), "flow": (1024, 2048)}
    assert manifest.complete
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
    assert json.loads((tmp_path / "manifest.json").read_text())["crop"] == 224


def test_none_where_there_is_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": 0}, "fps: is 0"),
        ({"fps": "25"}, "fps: is '25'"),
        ({"fps": 1e400}, "fps|not valid JSON"),
        ({"window": 16.5}, "window: is 16.5"),
        ({"stride": 0}, "stride: is 0"),
        ({"stride": True}, "stride: is True"),
        ({"dim": None}, "dim: is None"),
        ({"dim": 10**30}, "dim: is"),
        ({"encoder": 3}, "encoder: is 3"),
        ({"streams": {"rgb": [0, 4096]}}, "stream rgb .* within 0 to 2048"),
        ({"streams": {"rgb": [8, 8]}}, "stream rgb"),
        ({"streams": {"rgb": [-1, 8]}}, "stream rgb"),
        ({"streams": {"rgb": [0]}}, "streams.rgb"),
        ({"streams": [[0, 1]]}, "streams: is"),
        ({"text": "../text.npy"}, "text to be the name of a file"),
        ({"text": ""}, "text"),
        ({"text": ".."}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"complete": "maybe"}, "complete: is 'maybe'"),
    ],
)
def test_bad_manifests(change: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(InputError, match=message) as raised:
        read_manifest(tmp_path)
    assert raised.value.line().startswith(str(tmp_path / "manifest.json"))


@pytest.mark.parametrize("key", GOOD)
def test_every_key_is_needed(key: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({k: v for k, v in GOOD.items() if k != key}))
    with pytest.raises(InputError, match=f"{key}: is missing"):
        read_manifest(tmp_path)


def test_a_manifest_may_be_made_in_code() -> None:
    assert Manifest(encoder="x", fps=1.0, window=1, stride=1, dim=2).complete
