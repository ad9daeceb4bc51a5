from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fake_hub import Hub, standing_in

from weaktal.cli import run
from weaktal.encoders.clip import load_clip
from weaktal.encoders.golden import GOLDEN, Golden
from weaktal.encoders.prompts import class_vectors


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with standing_in(monkeypatch, tmp_path) as hub:
        yield hub


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
    assert "size and hash unknown until the hub states them" in listed


def test_fetch_says_what_arrived(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.files = {"config.json": b"{}", "tokenizer.json": b"{}", "pytorch_model.bin": b"weights"}
    assert run(["weights", "fetch", "someone/some-clip", "--weights", str(tmp_path / "own")]) == 0
    folder = tmp_path / "own" / "someone--some-clip"
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert names == ["config.json", "pytorch_model.bin", "tokenizer.json"]
    assert "checked against the git object id that the hub states" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch"], "fetch needs a NAME"),
        (["fetch", "i3e"], "no weights called 'i3e' are known; expected one of"),
        (["check"], "check needs a NAME"),
        (["check", "i3d-rgb"], "no golden figures of 'i3d-rgb' are known"),
        (["list", "i3d-rgb"], "list takes no names"),
        (["drop"], "unknown action 'drop'; expected list, fetch or check"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_without_a_network_it_says_where_to_put_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert run(["weights", "fetch", "someone/some-clip", "--weights", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert "cannot be fetched" in message
    assert f"copied by hand to {tmp_path}/someone--some-clip" in message
    assert message.count("\n") == 1


def test_check_compares_with_golden_figures(
    tmp_path: Path, clip_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No real weights are at hand: a tiny model's own figures pass, those of the published one do not."""
    name = "openai/clip-vit-base-patch32"
    shutil.copytree(clip_folder, tmp_path / name.replace("/", "--"))
    assert run(["weights", "check", name, "--weights", str(tmp_path)]) == 2
    assert "differ by up to" in capsys.readouterr().err
    vectors = class_vectors(load_clip(clip_folder), ["a person", "high jump"])
    monkeypatch.setitem(GOLDEN, name, Golden(("a person", "high jump"), (float(vectors[0] @ vectors[1]),)))  # type: ignore[index]
    assert run(["weights", "check", name, "--weights", str(tmp_path)]) == 0
    assert "1 cosine between texts as published" in capsys.readouterr().out
