"""The encoders that come with weaktal: whole, checked, and able to do what their interface promises."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from weaktal.cli import run
from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.prompts import class_vectors, fill, prompted_vectors
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.encoders.world.build import load_stream, load_vlp
from weaktal.encoders.world.shipped import FOLDER, NAMES, Stream, checked, read_index
from weaktal.encoders.world.small3d import HEIGHT, WIDTH, WINDOW
from weaktal.errors import InputError
from weaktal.methods.collab.settings import TextConfig
from weaktal.methods.collab.vlp import text_side
from weaktal.worlds.actions import OTHERS, TARGETS
from weaktal.worlds.clip import render_clip
from weaktal.worlds.pretraining.classification import as_input
from weaktal.worlds.pretraining.clips import small
from weaktal.worlds.still import still_of


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "weights"))


def test_the_package_holds_what_its_index_says_and_little_more() -> None:
    for name in read_index().weights:
        checked(FOLDER, name)
    assert set(read_index().weights) == {"world-rgb", "world-flow", "world-vlp"}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4 * 2**20


@pytest.mark.parametrize("name", NAMES)
def test_every_encoder_is_there_without_a_download(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "nothing"))
    encoder = build_encoder(name, WeightsChoice())
    assert encoder.dim == {"world-cbp": 256}.get(name, 128)
    assert encoder.weights_sha256 is not None
    assert (encoder.streams is not None) == (name == "world-cbp")


@pytest.mark.parametrize(
    ("name", "file"), [("world-cbp", "world_flow.safetensors"), ("world-vlp", "world_vlp.safetensors")]
)
def test_damaged_weights_are_refused(copy: Path, name: str, file: str) -> None:
    content = bytearray((copy / file).read_bytes())
    content[-1] ^= 1
    (copy / file).write_bytes(content)
    with pytest.raises(InputError, match=rf"{file}: is damaged: its SHA-256 is [0-9a-f]+; expected [0-9a-f]+, as in"):
        build_encoder(name, WeightsChoice(paths={name: copy}))


def test_a_changed_vocabulary_is_refused(copy: Path) -> None:
    path = copy / "world_vlp_words.json"
    path.write_text(path.read_text().replace('"high"', '"hihg"'))
    with pytest.raises(InputError, match=r"world_vlp_words\.json: is damaged"):
        build_encoder("world-vlp", WeightsChoice(paths={"world-vlp": copy}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "index.json").unlink(), "no such file"),
        (lambda folder: (folder / "index.json").write_text("{"), "not valid JSON"),
        (lambda folder: (folder / "index.json").write_text('{"weights": {}}'), "has no world-rgb"),
        (lambda folder: (folder / "world_rgb.safetensors").unlink(), "no such file"),
    ],
)
def test_a_folder_that_is_none_is_named(copy: Path, change: object, message: str) -> None:
    change(copy)  # type: ignore[operator]
    with pytest.raises(InputError, match=message):
        build_encoder("world-rgb", WeightsChoice(paths={"world-rgb": copy}))


def test_a_file_cannot_lie_elsewhere(copy: Path) -> None:
    index = json.loads((copy / "index.json").read_text())
    index["weights"]["world-rgb"]["file"] = "../../x.safetensors"
    (copy / "index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"weights\.world-rgb\.file"):
        build_encoder("world-rgb", WeightsChoice(paths={"world-rgb": copy}))


def test_no_prompts_equal_the_class_vectors_and_all_class_names_are_known() -> None:
    encoder, _ = load_vlp()
    names = [*TARGETS, *OTHERS]
    none = torch.zeros(0, encoder.token_dim)
    plain = class_vectors(encoder, names)
    torch.testing.assert_close(
        prompted_vectors(encoder, encoder.embed_texts(names), none, none), plain, rtol=0, atol=1e-5
    )
    alike = plain @ plain.T - torch.eye(len(names))
    assert alike.max() < 0.999  # 36 names, 36 vectors


def test_collab_gets_its_prompts() -> None:
    config = TextConfig(encoder="world-vlp", width=128)
    side = text_side(config, ["high jump", "LongJump"], dim=128)
    before, after = torch.zeros(16, 128, requires_grad=True), torch.zeros(16, 128)
    side.prompted(before, after)[0, 0].backward()
    assert before.grad is not None
    assert before.grad.abs().max() > 0


def test_random_weights_depend_on_the_seed_alone() -> None:
    clips = torch.randint(0, 256, (1, 1, 3, WINDOW, HEIGHT, WIDTH), dtype=torch.uint8)
    torch.manual_seed(1)
    one = build_encoder("world-rgb", WeightsChoice(seed=3)).networks[0].encode(clips)
    torch.manual_seed(2)
    two, other = (build_encoder("world-rgb", WeightsChoice(seed=seed)).networks[0].encode(clips) for seed in (3, 4))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert "random_weights" in build_encoder("world-vlp", WeightsChoice(seed=3)).provenance


def test_an_unknown_word_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["localize", "--zero-shot", "high jump,skateboarding", str(tmp_path), "--encoder", "world-vlp"]
    (tmp_path / "v.mp4").write_bytes(b"none")
    assert run([*words, "--out", str(tmp_path / "o.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_list_of_weights_has_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights"]) == 0
    listed = capsys.readouterr().out
    for name, entry in read_index().weights.items():
        assert f"{name}: " in listed
        assert entry.sha256 in listed


def waves() -> tuple[torch.Tensor, torch.Tensor]:
    """A pattern that moves, as an RGB and as a flow clip."""
    t, y, x = np.ogrid[:WINDOW, :HEIGHT, :WIDTH]
    wave = np.sin((x + 2 * t) / 6.0) + np.cos((y - t) / 5.0)
    rgb = np.stack([128 + 60 * wave, 128 + 40 * wave, 128 - 50 * wave]).astype(np.uint8)
    flow = np.stack([0.1 * wave, -0.05 * wave]).astype(np.float32)
    return torch.from_numpy(rgb)[None, None], torch.from_numpy(flow)[None, None]


def test_golden_features_of_clips() -> None:
    """What the shipped weights made of the same clips when they were trained."""
    rgb, flow = waves()
    for name, clip, golden, norm in (
        ("world-rgb", rgb, [0.0915, 0.0, 1.2551, 0.0013, 0.465, 0.128], 5.8195),
        ("world-flow", flow, [0.0, 0.4937, 0.4346, 0.1019, 0.147, 0.0046], 8.9645),
    ):
        features = build_encoder(name, WeightsChoice()).networks[0].encode(clip)[0]
        assert features[:6].tolist() == pytest.approx(golden, abs=2e-3), name
        assert features.norm().item() == pytest.approx(norm, abs=5e-3), name


def test_golden_cosines_of_rendered_frames() -> None:
    """A high jump and a snatch against three names."""
    encoder, _ = load_vlp()
    frames = np.stack([still_of("high jump", 5).image, still_of("snatch", 5).image])
    vectors = class_vectors(encoder, fill("a photo of a person {}", ["high jump", "snatch", "golf swing"]))
    cosines = encoder.encode_frames(frames) @ vectors.T
    golden = torch.tensor([[0.851, -0.154, 0.015], [0.003, 0.684, -0.189]])
    torch.testing.assert_close(cosines, golden, rtol=0, atol=0.02)


@pytest.mark.parametrize("action", ["high jump", "long jump", "springboard dive"])
@pytest.mark.parametrize("stream", ["rgb", "flow"])
def test_streams_name_a_held_out_clip(stream: Stream, action: str) -> None:
    model, _ = load_stream(FOLDER, stream)
    rgb, flow = small(render_clip(action, 5, WINDOW))
    clip = as_input(torch.from_numpy(rgb if stream == "rgb" else flow)[None])
    with torch.inference_mode():
        assert (*TARGETS, *OTHERS)[int(model.classify(clip).argmax())] == action


def test_extract_and_localize_a_rendered_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three seconds of a high jump through both encoders, with the default settings, and found by words alone."""
    frames = render_clip("high jump", 5, 75, size=(160, 90))
    with av.open(str(tmp_path / "jump.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    words = ["extract", str(tmp_path / "jump.mp4"), "--encoder", "world-cbp", "--encoder", "world-vlp"]
    assert run([*words, "--into", str(tmp_path / "d")]) == 0
    for name, dim in (("world-cbp", 256), ("world-vlp", 128)):
        features = np.load(tmp_path / "d" / "features" / name / "jump.npy")
        assert features.shape == (5, dim)
        assert np.isfinite(features).all()
    manifest = json.loads((tmp_path / "d" / "features" / "world-cbp" / "manifest.json").read_text())
    assert (manifest["flow"], manifest["streams"]) == ("dis", {"rgb": [0, 128], "flow": [128, 256]})
    assert "crop" not in manifest
    assert run([*words, "--into", str(tmp_path / "d"), "--crop", "ten"]) == 2
    assert "world-cbp sees whole frames" in capsys.readouterr().err
    found = ["localize", "--zero-shot", "high jump,golf swing", str(tmp_path / "jump.mp4"), "--encoder", "world-vlp"]
    assert run([*found, "--cache", str(tmp_path / "c"), "--out", str(tmp_path / "r.json")]) == 0
    segments = json.loads((tmp_path / "r.json").read_text())["results"]["jump"]
    assert {segment["label"] for segment in segments} == {"high jump"}


def test_frames_are_told_apart() -> None:
    encoder, _ = load_vlp()
    frames = np.random.default_rng(0).integers(0, 256, (2, 60, 90, 3), dtype=np.uint8)
    frames[1] //= 4
    vectors = encoder.encode_frames(frames)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    assert vectors[0] @ vectors[1] < 0.999
