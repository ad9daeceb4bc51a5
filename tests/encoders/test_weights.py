from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from weaktal.encoders import weights
from weaktal.encoders.weights import KNOWN, known, locate, weights_folder
from weaktal.errors import InputError


def test_every_file_has_a_place_of_its_own() -> None:
    places = [file.path for known_ in KNOWN.values() for file in known_.files]
    assert len(set(places)) == len(places)
    for known_ in KNOWN.values():
        assert all(file.path == known_.place or file.path.startswith(f"{known_.place}/") for file in known_.files)
        assert all(file.url.startswith("https://") for file in known_.files)


def test_hub_names() -> None:
    weights = known("google/siglip-base-patch16-224")
    assert weights.place == "google--siglip-base-patch16-224"
    assert weights.files[0].url == "https://huggingface.co/google/siglip-base-patch16-224/resolve/main/config.json"


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


class _Hub(BaseHTTPRequestHandler):
    """Gives each file from the commit in its address; by name alone from the newest, which changes all the time."""

    newest = 0
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        _, _, _, _, revision, name = self.path.split("/")
        type(self).asked.append(f"{revision[:4]}/{name}")
        there = name in ("config.json", "model.safetensors")
        type(self).newest += revision == "main"
        commit = f"{type(self).newest:040x}" if revision == "main" else revision
        content = f"{name} of {commit}".encode() if there else b""
        self.send_response(200 if there else 404)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


def test_a_checkpoint_is_of_one_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(weights, "HUB", f"http://127.0.0.1:{server.server_port}")
    folder = weights.fetch_weights("somebody/model", tmp_path)
    first = (folder / "config.json").read_text()
    assert (folder / "model.safetensors").read_text() == first.replace("config.json", "model.safetensors")
    assert _Hub.asked[0] == "main/config.json"
    assert "main/model.safetensors" not in _Hub.asked
    (folder / "config.json").unlink()
    weights.fetch_weights("somebody/model", tmp_path)  # a later call takes the same commit
    assert (folder / "config.json").read_text() == first
    server.shutdown()
    server.server_close()
