"""An encoder of another package, really installed and called from other processes, and one named by its function."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.extraction.test_folders import write_video

from weaktal.cli import run
from weaktal.data.manifest import Manifest
from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.networks import SnippetEncoder
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError
from weaktal.extraction.pipeline import Sampling
from weaktal.methods.collab.vlp import TextConfig, text_side
from weaktal.runs.video_features import Extraction, as_in_training, named_encoders

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_encoder"
REFERENCE = "colour_histogram:build"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the example is installed: by pip where its build backend is here, else as pip would leave it."""
    root = tmp_path_factory.mktemp("site")
    source = shutil.copytree(EXAMPLE, root / "source", ignore=shutil.ignore_patterns("__pycache__"))
    site = root / "packages"
    if importlib.util.find_spec("setuptools") and importlib.util.find_spec("pip"):
        words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", site, source]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    else:
        site.mkdir()
        shutil.copy(source / "colour_histogram.py", site)
        info = site / "weaktal_colour_histogram-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weaktal-colour-histogram\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[weaktal.encoders]\ncolour-histogram = {REFERENCE}\n")
    return site


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    for name, frames in (("a", 80), ("b", 64), ("new", 48)):
        write_video(tmp_path / "videos" / f"{name}.mp4", frames)
    return tmp_path / "videos"


def settings() -> list[str]:
    given = ["schedule.epochs=1", "schedule.updates_per_epoch=2", "engine.tensorboard=false", "model.width=8"]
    return [word for setting in given for word in ("--set", setting)]


def prepared(videos: Path, encoder: str, call: Any) -> tuple[Path, Path]:
    """A dataset of two videos with an encoder's features, and a run on them."""
    dataset, folder = videos.parent / "dataset", videos.parent / "run"
    training = [str(videos / f"{name}.mp4") for name in "ab"]
    call("extract", *training, "--encoder", encoder, "--into", dataset)
    database = {name: {"subset": "training", "duration": 2.0, "labels": [name]} for name in "ab"}
    (dataset / "annotations.json").write_text(json.dumps({"database": database}))
    (name,) = (path.name for path in (dataset / "features").iterdir())
    call("train", dataset, "--method", "mil", "--features", name, "--run", folder, *settings())
    return dataset, folder


def test_an_installed_package_works_with_every_verb(site: Path, videos: Path, tmp_path: Path) -> None:
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "WEAKTAL_CACHE": str(tmp_path / "cache")}

    def call(*words: object) -> str:
        command = [sys.executable, "-m", "weaktal", *map(str, words)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    dataset, folder = prepared(videos, "colour-histogram", call)
    manifest = json.loads((dataset / "features" / "colour-histogram" / "manifest.json").read_text())
    assert (manifest["encoder"], manifest["dim"], manifest["version"]) == ("colour-histogram", 72, 1)
    rows = np.load(dataset / "features" / "colour-histogram" / "a.npy")
    assert rows.shape == (5, 72)
    np.testing.assert_allclose((rows**2).sum(axis=1), 2, rtol=1e-5)  # two histograms
    said = call("localize", folder, videos / "new.mp4", "--out", tmp_path / "r.json")
    assert "1 video extracted" in said
    assert list(json.loads((tmp_path / "r.json").read_text())["results"]) == ["new"]


def test_a_function_is_named_by_the_user_never_by_a_file(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.setenv("WEAKTAL_CACHE", str(tmp_path / "cache"))

    def call(*words: object) -> None:
        assert run(list(map(str, words))) == 0, capsys.readouterr().err

    dataset, folder = prepared(videos, REFERENCE, call)
    assert (dataset / "features" / "colour_histogram.build" / "a.npy").is_file()
    words = ["localize", str(folder), str(videos / "new.mp4"), "--out", str(tmp_path / "r.json")]
    capsys.readouterr()
    for more, message in (
        ([], f"no code is run because a file names it; expected --encoder {REFERENCE}, if you trust it"),
        (["--encoder", "x=y:z"], "no features 'x' in this run; expected one of colour_histogram.build"),
        (["--encoder", "world-rgb"], "with dim 72, those of the videos have 128"),
        (["--encoder", "a:b", "--encoder", "c:d"], "--encoder: is given several times"),
    ):
        assert run([*words, *more]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert not (tmp_path / "r.json").exists()
    for more in ([REFERENCE], [f"colour_histogram.build={REFERENCE}"]):
        assert run([*words, "--encoder", *more]) == 0
        assert list(json.loads((tmp_path / "r.json").read_text())["results"]) == ["new"]


GRID = {"fps": 25.0, "window": 16, "stride": 16, "dim": 72, "last_window": "padded"}


@pytest.mark.parametrize("encoder", ["os:getcwd", "os:path.join", "a:b--c", "not there:x"])
def test_no_manifest_decides_which_code_is_run(encoder: str) -> None:
    manifest = Manifest.model_validate({**GRID, "encoder": encoder})
    with pytest.raises(InputError, match="no code is run because a file names it"):
        as_in_training("mine", manifest, WeightsChoice(), Path("run"))
    chosen = as_in_training("mine", manifest, WeightsChoice(), Path("run"), {"mine": REFERENCE})
    assert chosen == Extraction(REFERENCE, WeightsChoice(), Sampling())


def test_a_single_name_is_for_those_features_that_need_one() -> None:
    manifests = {
        name: Manifest.model_validate({**GRID, "encoder": encoder})
        for name, encoder in (("mine", "my.module:build"), ("i3d", "i3d"))
    }
    assert named_encoders(None, manifests) == {}
    assert named_encoders("other:build", manifests) == {"mine": "other:build"}
    assert named_encoders({"i3d": "other:build"}, manifests) == {"i3d": "other:build"}


def test_no_settings_decide_which_code_is_run() -> None:
    with pytest.raises(InputError, match=r"vlp\.text\.encoder: is 'os:getcwd'; expected the name of an encoder"):
        text_side(TextConfig(encoder="os:getcwd"), ["a", "b"], 8)


MODULE = """
from weaktal.encoders.networks import SnippetEncoder
NUMBER = 3
def misnamed(*, name, weights, device, precision): return SnippetEncoder("i3d", ())
def no_encoder(*, name, weights, device, precision): return "done"
def too_few(*, name): ...
def broken(*, name, weights, device, precision): raise KeyError("a bug of its own")
"""


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("absent_module:build", "cannot be imported (ModuleNotFoundError: No module named 'absent_module')"),
        ("fails_at_import:build", "cannot be imported (ZeroDivisionError: division by zero)"),
        ("strange:absent", "there is no absent in strange"),
        ("strange:NUMBER", "is not a function"),
        ("strange:too_few", "cannot be called (got an unexpected keyword argument 'weights')"),
        ("strange:no_encoder", "gave 'done'; expected a weaktal.encoders.networks.SnippetEncoder"),
        ("strange.absent:build", "cannot be imported (ModuleNotFoundError"),
    ],
)
def test_what_is_no_encoder_is_refused_in_one_line(
    encoder: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strange.py").write_text(MODULE)
    (tmp_path / "fails_at_import.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InputError) as caught:
        build_encoder(encoder, WeightsChoice())
    assert f"--encoder {encoder}: {message}" in caught.value.line(shell=True)
    monkeypatch.delitem(sys.modules, "strange", raising=False)


def test_it_is_called_as_it_is_found_and_its_errors_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strange.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert build_encoder("strange:misnamed", WeightsChoice()).name == "strange:misnamed"
    with pytest.raises(KeyError, match="a bug of its own"):
        build_encoder("strange:broken", WeightsChoice())
    monkeypatch.delitem(sys.modules, "strange", raising=False)


def test_the_histogram_tells_colours_and_changes_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    encoder = build_encoder(REFERENCE, WeightsChoice(), precision="bf16")
    assert isinstance(encoder, SnippetEncoder)
    assert (encoder.name, encoder.provenance["precision"]) == (REFERENCE, "bf16")
    clips = torch.zeros(2, 1, 3, 4, 6, 8, dtype=torch.uint8)
    clips[1, 0, 0, 2:] = 255  # turns red half way
    black, reddening = encoder.networks[0].encode(clips) ** 2
    assert black.nonzero().flatten().tolist() == [0, 64]
    assert {i: round(x, 4) for i, x in enumerate(reddening.tolist()) if x} == {0: 0.5, 48: 0.5, 64: 0.6667, 71: 0.3333}
