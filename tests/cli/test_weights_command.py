from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from weaktal.cli import run
from weaktal.encoders import weights


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """A server that stands in for the hub: the files of every checkpoint, by name."""
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if name not in files:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(files[name])))
            self.end_headers()
            self.wfile.write(files[name])

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(weights, "HUB", f"http://127.0.0.1:{server.server_port}")
    yield files
    server.shutdown()
    server.server_close()


def test_the_list_names_source_place_and_what_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path))
    (tmp_path / "rgb_imagenet.pt").write_bytes(b"abc")
    assert run(["weights"]) == 0
    listed = capsys.readouterr().out
    assert f"place    {tmp_path}/flow_imagenet.pt" in listed
    assert "present  yes, 3 bytes, SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in listed
    assert "https://huggingface.co/openai/clip-vit-base-patch16" in listed
    assert "size and hash unknown until the server states them" in listed


def test_fetch_takes_what_the_checkpoint_has(
    tmp_path: Path, hub: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    hub.update({"config.json": b"{}", "tokenizer.json": b"{}", "pytorch_model.bin": b"weights"})
    assert run(["weights", "fetch", "someone/some-clip", "--weights", str(tmp_path)]) == 0
    folder = tmp_path / "someone--some-clip"
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "pytorch_model.bin", "tokenizer.json"]
    assert "checked against nothing: no hash is stated anywhere" in capsys.readouterr().out
    hub.clear()  # what is there is not fetched again
    assert run(["weights", "fetch", "someone/some-clip", "--weights", str(tmp_path)]) == 0


def test_safetensors_are_taken_alone(tmp_path: Path, hub: dict[str, bytes]) -> None:
    hub.update({"config.json": b"{}", "model.safetensors": b"weights", "pytorch_model.bin": b"weights"})
    assert run(["weights", "fetch", "someone/some-clip", "--weights", str(tmp_path)]) == 0
    names = sorted(path.name for path in (tmp_path / "someone--some-clip").iterdir())
    assert names == ["config.json", "model.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch"], "fetch needs a NAME"),
        (["fetch", "i3e"], "no weights called 'i3e' are known; expected one of"),
        (["list", "i3d-rgb"], "list takes no names"),
        (["drop"], "unknown action 'drop'; expected list or fetch"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_without_a_network_it_says_where_to_put_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "HUB", "http://127.0.0.1:9")
    assert run(["weights", "fetch", "someone/some-clip", "--weights", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert "cannot be reached" in message
    assert f"copied by hand to {tmp_path}/someone--some-clip" in message
    assert message.count("\n") == 1
