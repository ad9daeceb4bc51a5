"""Transfers against servers on this machine that break off, lie, and change while they are asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from tests.fake_hub import Hub, git_blob, standing_in

from weaktal.encoders import weights
from weaktal.encoders.fetching import _short
from weaktal.encoders.weights import KNOWN, fetch_weights, known, locate
from weaktal.errors import InputError

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "weights"))
    with standing_in(monkeypatch, tmp_path) as hub:
        hub.files = {"config.json": b"{}", "model.safetensors": CONTENT, "README.md": b"x", "evil.py": b"x"}
        yield hub


def test_a_checkpoint_goes_into_the_cache_that_all_programs_share(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are missing"):
        locate(known("org/model"))
    arrived: list[str] = []
    folder = fetch_weights("org/model", on_file=lambda file: arrived.append(f"{file.path.name}: {file.checked}"))
    assert (tmp_path / "hub") in folder.parents
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert arrived[1] == "model.safetensors: the git object id that the hub states"
    hub.asked.clear()
    assert locate(known("org/model")) == folder
    assert hub.asked == []  # what is there is found without a network


def test_a_folder_of_ones_own(hub: Hub, tmp_path: Path) -> None:
    seen: list[float] = []
    folder = fetch_weights("org/model", tmp_path / "own", on_progress=lambda event: seen.append(event.done))
    assert folder == tmp_path / "own" / "org--model"
    assert (folder / "model.safetensors").read_bytes() == CONTENT
    assert seen
    assert max(seen) >= len(CONTENT)
    assert locate(known("org/model"), tmp_path / "own") == folder


def test_pickled_weights_are_taken_only_where_there_are_no_others(hub: Hub) -> None:
    hub.files["pytorch_model.bin"] = b"pickled"
    assert not (fetch_weights("org/model") / "pytorch_model.bin").exists()
    del hub.files["model.safetensors"]
    assert (fetch_weights("org/other") / "pytorch_model.bin").read_bytes() == b"pickled"


def test_what_breaks_off_is_gone_on_with_and_half_of_it_is_not_there(hub: Hub) -> None:
    hub.breaks = 2
    folder = fetch_weights("org/model")
    assert (folder / "model.safetensors").read_bytes() == CONTENT
    hub.breaks = 10**6
    with pytest.raises(InputError, match="cannot be fetched"):
        fetch_weights("org/second")
    with pytest.raises(InputError, match="are missing"):  # although its config.json has arrived
        locate(known("org/second"))
    hub.breaks = 0
    assert (fetch_weights("org/second") / "model.safetensors").read_bytes() == CONTENT


@pytest.mark.parametrize("own", [False, True])
def test_lies_are_found_out(hub: Hub, tmp_path: Path, own: bool) -> None:
    hub.sent["model.safetensors"] = bytes(len(CONTENT))
    into = tmp_path / "own" if own else None
    with pytest.raises(InputError, match="as the hub states; it was removed"):
        fetch_weights("org/model", into)
    with pytest.raises(InputError, match=r"are missing|no weights"):
        weights_of("org/model", into)
    hub.sent.clear()
    assert (fetch_weights("org/model", into) / "model.safetensors").read_bytes() == CONTENT


def weights_of(name: str, into: Path | None) -> Path:
    from weaktal.encoders.pretrained import weights_file

    return weights_file(locate(known(name), into))


@pytest.mark.parametrize("own", [False, True])
def test_large_files_are_compared_by_their_sha256(hub: Hub, tmp_path: Path, own: bool) -> None:
    hub.large = ("model.safetensors",)
    into = tmp_path / "own" if own else None
    hub.sent["model.safetensors"] = bytes(len(CONTENT))
    with pytest.raises(InputError, match=r"the fetched file has the SHA-256 [0-9a-f]{64}; expected"):
        fetch_weights("org/model", into)
    hub.sent.clear()
    arrived: list[str] = []
    fetch_weights("org/model", into, on_file=lambda file: arrived.append(file.checked))
    assert "the SHA-256 that the hub states" in arrived


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_all_files_are_of_one_commit(hub: Hub, tmp_path: Path, weights: str, own: bool) -> None:
    hub.files = {"config.json": b"{}", weights: CONTENT}
    hub.moving = True
    assert (fetch_weights("org/model", tmp_path / "own" if own else None) / weights).read_bytes() == CONTENT
    commits = {line.split("/")[4] for line in hub.asked if "/resolve/" in line}
    assert len(commits) == 1


def test_a_folder_of_ones_own_keeps_nothing_of_an_earlier_commit(hub: Hub, tmp_path: Path) -> None:
    hub.files["tokenizer.json"] = b"[]"
    folder = fetch_weights("org/model", tmp_path)
    (folder / "special_tokens_map.json").write_text("copied by hand")
    del hub.files["tokenizer.json"]
    hub.newest += 1
    fetch_weights("org/model", tmp_path)
    kept = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert kept == ["config.json", "model.safetensors", "special_tokens_map.json"]


def test_what_the_hub_lacks_and_offline_mode(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as constants

    hub.files = {"README.md": b"x"}
    with pytest.raises(InputError, match="has no such files"):
        fetch_weights("org/model")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        InputError, match="is not here, and HF_HUB_OFFLINE forbids asking; expected HF_HUB_OFFLINE unset"
    ):
        fetch_weights("org/elsewhere")


class _Files(BaseHTTPRequestHandler):
    """Gives ``content`` under every name; breaks off or lies as told."""

    content: ClassVar[bytes] = CONTENT
    length: ClassVar[int] = len(CONTENT)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(self.length))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def i3d(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[_Files]]:
    from dataclasses import replace

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(weights, "I3D_FROM", f"http://127.0.0.1:{server.server_port}")
    streams = {name: replace(KNOWN[name], git_blob=git_blob(CONTENT)) for name in ("i3d-rgb", "i3d-flow")}
    monkeypatch.setattr(weights, "KNOWN", streams)
    _Files.content, _Files.length = CONTENT, len(CONTENT)
    yield _Files
    server.shutdown()
    server.server_close()


def test_i3d_means_both_streams(i3d: type[_Files], tmp_path: Path) -> None:
    assert fetch_weights("i3d", tmp_path) == tmp_path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flow_imagenet.pt", "rgb_imagenet.pt"]


@pytest.mark.parametrize(
    ("content", "message"), [(CONTENT[:500], "cannot be fetched"), (bytes(len(CONTENT)), "as its repository states")]
)
def test_half_a_file_or_another_one_never_appears(
    i3d: type[_Files], tmp_path: Path, content: bytes, message: str
) -> None:
    i3d.content = content
    with pytest.raises(InputError, match=message):
        fetch_weights("i3d-rgb", tmp_path)
    assert list(tmp_path.iterdir()) == []
    i3d.content = CONTENT
    assert fetch_weights("i3d-rgb", tmp_path).read_bytes() == CONTENT


def test_what_the_network_says_is_cut_short() -> None:
    requests = pytest.importorskip("requests")
    with pytest.raises(requests.ConnectionError) as caught:
        requests.get("http://127.0.0.1:1/rgb.pt", timeout=5, proxies={"http": ""})
    said = _short(caught.value)
    assert "refused" in said
    assert "host=" not in said
    assert "Max retries" not in said
