"""Methods of other packages: found as entry points or by the name of a module, and never on a run folder's word."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.runs.test_localize_videos import BRIGHT, DARK, write_video

from weaktal.cli import run
from weaktal.errors import InputError
from weaktal.methods.base import installed_methods, method_module
from weaktal.runs.folder import RunFolder
from weaktal.runs.trained import load_method

EXAMPLE = Path(__file__).parents[2] / "examples/own_method"
PACKAGE, MODULE = "attention_pooling", "attention_pooling.method"
SMALL = ["updates=3", "model.width=8", "optimizer.batch_size=4", "engine.tensorboard=false"]


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's code in a folder that Python may search; nothing is installed."""
    folder = tmp_path_factory.mktemp("modules")
    shutil.copytree(EXAMPLE / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def installed_folder(tmp_path_factory: pytest.TempPathFactory, module_folder: Path) -> Path:
    """The example as an installer leaves it: code, and beside it what its pyproject.toml says, as metadata."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(module_folder / PACKAGE, folder / PACKAGE)
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = folder / f"{PACKAGE}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder


def weaktal(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with a folder that Python searches besides."""
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "weaktal", *words],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def training(dataset: Path, method: str, features: str, folder: Path) -> list[str]:
    words = ["train", str(dataset), "--method", method, "--features", features, "--run", str(folder)]
    return [*words, *(word for setting in SMALL for word in ("--set", setting))]


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch, module_folder: Path) -> Path:
    """This process finds the example's module; what it imports is forgotten afterwards."""
    search(module_folder, monkeypatch)
    return module_folder


def search(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    for name in (PACKAGE, MODULE):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()


@pytest.fixture(scope="module")
def video_dataset(tmp_path_factory: pytest.TempPathFactory, clip_folder: Path) -> Path:
    root = tmp_path_factory.mktemp("videos")
    for name in ("a", "b"):
        write_video(root / "videos" / f"{name}.mp4", [DARK, BRIGHT, DARK])
    words = ["extract", str(root / "videos"), "--encoder", str(clip_folder), "--features", "clip"]
    assert run([*words, "--into", str(root / "dataset")]) == 0
    database = {name: {"subset": "training", "duration": 1.92, "labels": ["glow"]} for name in ("a", "b")}
    (root / "dataset/annotations.json").write_text(json.dumps({"database": database}))
    return root / "dataset"


def test_an_installed_method_trains_and_localizes_as_any_other(
    installed_folder: Path,
    video_dataset: Path,
    clip_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(clip_folder, tmp_path / "weights" / clip_folder.name)
    trained = weaktal(training(video_dataset, "attention", "clip", folder), installed_folder)
    assert trained.returncode == 0, trained.stderr
    gone = ["localize", str(folder), str(video_dataset), "--out", str(tmp_path / "x.json")]
    assert run(gone) == 2  # this process does not search the folder yet
    said = capsys.readouterr().err
    assert "names the method 'attention', which is neither weaktal's nor installed" in said
    assert "weaktal.methods" in said
    search(installed_folder, monkeypatch)
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("WEAKTAL_CACHE", str(tmp_path / "cache"))
    assert json.loads((folder / "run.json").read_text())["method"] == "attention"
    for what in (video_dataset, video_dataset.parent / "videos"):
        out = tmp_path / f"{what.name}.json"
        words = ["localize", str(folder), str(what), "--out", str(out)]
        words += ["--subset", "training"] if what == video_dataset else []
        assert run(words) == 0
        assert json.loads(out.read_text())["results"].keys() == {"a", "b"}


def test_a_module_trains_by_its_name_and_localizes_where_it_is_named_again(
    searched: Path, tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "run", tmp_path / "results.json"
    trained = weaktal(training(tiny_dataset, MODULE, "i3d", folder), searched)
    assert trained.returncode == 0, trained.stderr
    words = ["localize", str(folder), str(tiny_dataset), "--out", str(out)]
    assert run(words) == 2
    refused = capsys.readouterr().err
    assert refused.count("\n") == 1
    assert f"run.json: names the method '{MODULE}'" in refused
    assert f"--method {MODULE}" in refused
    assert not out.exists()
    assert run([*words, "--method", MODULE]) == 0
    assert len(json.loads(out.read_text())["results"]) == 6


def test_a_run_folder_alone_has_no_module_imported(searched: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    """Whatever looks at a run: none of them imports what its run.json names."""
    folder = tmp_path / "run"
    assert run(training(tiny_dataset, MODULE, "i3d", folder)) == 0
    trap = searched / "trap"
    trap.mkdir()
    (trap / "__init__.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w').close()\n")
    shutil.copy(searched / PACKAGE / "method.py", trap / "method.py")
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**info, "method": "trap.method"}))
    out, page = tmp_path / "results.json", tmp_path / "page.html"
    looks = (
        ["localize", str(folder), str(tiny_dataset), "--out", str(out)],
        ["diagnose", str(folder), str(tiny_dataset), "--phases"],
        ["view", str(folder), "--dataset", str(tiny_dataset), "--no-browser", "--out", str(page)],
    )
    for words in looks:
        assert run(words) == 2, words
        assert run([*words, "--method", MODULE]) == 2, words  # another name than the folder's does not help
    assert not (tmp_path / "sprung").exists()
    for words in looks:
        assert run([*words, "--method", "trap.method"]) == 0, words
    assert (tmp_path / "sprung").exists()


def test_the_method_of_a_run_is_not_another(tiny_dataset: Path, tmp_path: Path) -> None:
    settings = ["schedule.epochs=1", "schedule.updates_per_epoch=1", "model.width=8", "engine.tensorboard=false"]
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", str(tmp_path / "run")]
    assert run([*words, *(word for setting in settings for word in ("--set", setting))]) == 0
    load_method(RunFolder(tmp_path / "run"), "mil")
    with pytest.raises(InputError, match=r"^method: names 'a\.b', and the run was trained with 'mil'"):
        load_method(RunFolder(tmp_path / "run"), "a.b")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("colab", None, r"no method 'colab'; expected one of mil, cbp, .*, or package\.module; nearest is collab$"),
        ("xyzzy", None, r"no method 'xyzzy'; expected one of mil, cbp, .*, or package\.module$"),
        ("../x", None, r"no method '\.\./x'"),
        ("", None, r"no method ''"),
        ("own.absent", None, r"own\.absent: cannot be imported \(ModuleNotFoundError: No module named 'own\.absent'\)"),
        ("own.broken", "1 +", r"own\.broken: cannot be imported \(SyntaxError: "),
        ("own.fails", "raise OSError('two\\nlines')", r"cannot be imported \(OSError: two\\nlines\)"),
        ("own.bare", "", r"own\.bare: has no CONFIG; expected a class of settings"),
        ("own.odd", "CONFIG = {}", r"own\.odd: has a CONFIG of another kind"),
        ("own.half", "from weaktal.methods.mil import CONFIG", r"own\.half: has no build; expected a function build"),
    ],
)
def test_what_is_no_method_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str | None, message: str
) -> None:
    (tmp_path / "own").mkdir()
    if content is not None:
        (tmp_path / f"{name.replace('.', '/')}.py").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("own", name):
        monkeypatch.delitem(sys.modules, module, raising=False)
    importlib.invalidate_caches()
    with pytest.raises(InputError, match=message) as caught:
        method_module(name)
    assert "\n" not in caught.value.line()


def test_an_installed_name_stands_for_its_module_and_never_for_one_of_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, searched: Path
) -> None:
    info = tmp_path / "other-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[weaktal.methods]\nother = {MODULE}\nmil = {MODULE}\ngone = no.such\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert {"other", "gone"} <= installed_methods().keys()
    assert method_module("other").__name__ == MODULE  # type: ignore[attr-defined]
    assert method_module("mil").__name__ == "weaktal.methods.mil"  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="gone: cannot be imported"):
        method_module("gone")
    with pytest.raises(InputError, match="nearest is other"):
        method_module("otter")
