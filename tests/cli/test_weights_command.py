from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file
from tests.fake_hub import Hub, standing_in
from tests.tiny_videos import write_talking_video

from weaktal.cli import run
from weaktal.encoders.clip import load_clip
from weaktal.encoders.prompts import class_vectors
from weaktal.extraction import golden
from weaktal.extraction.golden import TEXTS, VIDEOS, GoldenTexts
from weaktal.files import sha256
from weaktal.video.decoding import VideoFrames


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
        (["check", "i3d-flow"], "no golden figures of 'i3d-flow' are known"),
        (["check", "i3d-rgb"], "--video: is needed to compare what is seen; expected v_GGSY1Qvo990.mp4 of https://"),
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
    shutil.copytree(clip_folder, tmp_path / "weights" / name.replace("/", "--"))
    check = ["weights", "check", name, "--weights", str(tmp_path / "weights")]
    assert run(check) == 2
    assert "differ by up to" in capsys.readouterr().err
    vectors = class_vectors(load_clip(clip_folder), ["a person", "high jump"])
    monkeypatch.setitem(TEXTS, name, GoldenTexts(("a person", "high jump"), (float(vectors[0] @ vectors[1]),)))  # type: ignore[index]
    assert run(check) == 0
    printed = capsys.readouterr().out
    assert "1 cosine between texts as published" in printed
    assert "what is seen was not compared; that needs --video v_GGSY1Qvo990.mp4 of https://" in printed


def test_check_compares_features_of_a_video(
    tmp_path: Path, clip_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "openai/clip-vit-base-patch32"
    shutil.copytree(clip_folder, tmp_path / "weights" / name.replace("/", "--"))
    video = write_talking_video(tmp_path / "a.mp4", [False, True], frames=8)
    check = ["weights", "check", name, "--weights", str(tmp_path / "weights"), "--video"]
    monkeypatch.delitem(TEXTS, name)  # type: ignore[misc]
    assert run([*check, str(tmp_path / "no.mp4")]) == 2
    assert "no such file; expected v_GGSY1Qvo990.mp4 of" in capsys.readouterr().err
    assert run([*check, str(video)]) == 2
    assert "is another file" in capsys.readouterr().err
    known = replace(VIDEOS[name], sha256=sha256(video), fps=25.0, window=4, stride=4, rows=(0, 2))
    monkeypatch.setitem(VIDEOS, name, known)  # type: ignore[index]
    assert run([*check, str(video)]) == 2
    assert "gives features of 24 columns; expected 512: other weights" in capsys.readouterr().err
    encoder = load_clip(clip_folder)
    frames = [frame.image for frame in VideoFrames(video, fps=25.0)]
    rows = encoder.encode_frames(np.stack([frames[2], frames[10]]))
    monkeypatch.setattr(golden, "VECTORS", tmp_path / "own.safetensors")
    save_file({name: 3 * rows}, golden.VECTORS)
    assert run([*check, str(video)]) == 0
    assert "features of 2 snippets as published, cosines from 1.0000 on" in capsys.readouterr().out
    save_file({name: -rows}, golden.VECTORS)
    assert run([*check, str(video)]) == 2
    assert (
        "cosines down to -1.000 with those of the published weights; expected at least 0.9" in capsys.readouterr().err
    )
