"""What weaktal is built on: the list of packages is pyproject's, and whatever is missing is said in one line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from weaktal.engine.logs import NAMED
from weaktal.packages import PACKAGES, Package, missing, package, require
from weaktal.version import __version__

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Extras that only those need who work on weaktal itself, and the one that is all the others.
OURS = {"dev", "docs", "all"}


def names(requirements: list[str]) -> set[str]:
    """Distributions, without versions."""
    return {re.split(r"[>=<;\s\[]", requirement)[0].lower() for requirement in requirements}


def test_the_list_is_that_of_pyproject() -> None:
    found = defaultdict(set)
    for one in PACKAGES:
        found[one.extra].add(one.name)
    extras = {name: names(members) for name, members in PROJECT["optional-dependencies"].items() if name not in OURS}
    assert {extra: members for extra, members in found.items() if extra} == extras
    assert found[None] == names(PROJECT["dependencies"])


def test_all_is_every_extra_but_other_peoples_loggers_and_stand_ins() -> None:
    (every,) = PROJECT["optional-dependencies"]["all"]
    assert set(re.findall(r"\w+", every)) - {"weaktal"} == {one.extra for one in PACKAGES if one.extra} - {
        *NAMED,
        "pretrained",
    }


@pytest.mark.parametrize("one", PACKAGES, ids=lambda one: one.name)
def test_what_is_missing_is_said_with_its_remedy(one: Package) -> None:
    expected = f"'weaktal[{one.extra}]'" if one.extra else one.name
    line = missing(f"{one.module}.inner", source="export").line()
    assert line == f"export: needs {one.title}, which is not installed; expected pip install {expected}"


def test_what_is_installed_is_found() -> None:
    assert package("numpy").present
    require("numpy")


# In a process that lacks a module, however it is asked for: what it says of each command line, and its exit code.
PROGRAM = """
import contextlib, io, json, sys
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in LACKING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
LACKING = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Lacking())
from weaktal.cli import run
said = []
for words in json.loads(sys.argv[2]):
    with contextlib.redirect_stderr(io.StringIO()) as stderr, contextlib.redirect_stdout(io.StringIO()):
        code = run(words)
    said.append([code, stderr.getvalue()])
print(json.dumps(said))
"""


def said_without(modules: str, *commands: list[str]) -> list[tuple[int, str]]:
    """Exit code and standard error of each command, where ``modules`` cannot be imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, modules, json.dumps(commands)], capture_output=True, text=True, check=True
    )
    return [(code, text) for code, text in json.loads(done.stdout)]


@pytest.fixture
def commands(tiny_dataset: Path, tmp_path: Path) -> dict[str, list[str]]:
    """For each verb that computes, a command line that is right."""
    data, out = str(tiny_dataset), str(tmp_path / "out")
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    tags = tmp_path / "tags.csv"
    tags.write_text("video,tags\nclip,jump\n", encoding="utf-8")
    results = tmp_path / "results.json"
    file = {"file": str(clip), "duration": 2.0, "fps": 25.0}
    segment = {"label": "jump", "segment": [0.0, 1.0], "score": 0.5}
    layout = {"version": "", "external_data": {"videos": {"clip": file}}, "results": {"clip": [segment]}}
    results.write_text(json.dumps(layout), encoding="utf-8")
    return {
        "find": ["find", str(clip), "--tags", str(tags), "--out", out],
        "demo": ["demo", "--out", out],
        "world": ["world", out],
        "extract": ["extract", str(clip), "--encoder", "i3d-rgb", "--into", out],
        "train": ["train", data, "--method", "mil", "--features", "i3d", "--run", out],
        "localize": ["localize", "--zero-shot", "jump", str(clip), "--out", out],
        "ablate": ["ablate", data, "--features", "i3d", "--vlp-features", "i3d", "--out", out],
        "serve": ["view", str(results), "--dataset", data, "--serve"],
    }


def test_without_torch_each_verb_says_so(commands: dict[str, list[str]]) -> None:
    verbs = ("find", "demo", "extract", "train", "localize", "ablate")
    for verb, (code, said) in zip(verbs, said_without("torch", *(commands[verb] for verb in verbs)), strict=True):
        assert code == 2, (verb, said)
        assert said.count("\n") == 1, (verb, said)
        assert "needs PyTorch, which is not installed; expected pip install torch" in said, (verb, said)


def test_without_extras_each_verb_says_which(commands: dict[str, list[str]]) -> None:
    wanted = {
        "find": "video", "demo": "video", "world": "video", "extract": "video", "localize": "video", "serve": "view",
    }  # fmt: skip
    lacking = ",".join(one.module for one in PACKAGES if one.extra)
    answers = said_without(lacking, *(commands[verb] for verb in wanted))
    for (verb, extra), (code, said) in zip(wanted.items(), answers, strict=True):
        assert (code, said.count("\n")) == (2, 1), (verb, said)
        assert f"pip install 'weaktal[{extra}]'" in said, (verb, said)


def test_training_without_tensorboard_goes_on(tiny_dataset: Path, tmp_path: Path) -> None:
    quick = ["--set", "schedule.epochs=1", "--set", "schedule.updates_per_epoch=1"]
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", str(tmp_path / "run")]
    ((code, said),) = said_without("tensorboard", [*words, *quick])
    assert code == 0, said
    assert (tmp_path / "run/losses.csv").exists()
    assert not (tmp_path / "run/tensorboard").exists()


def test_the_version_is_the_same_everywhere() -> None:
    folder = Path(__file__).parents[1]
    assert f"\nversion: {__version__}\n" in (folder / "CITATION.cff").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+?),", (folder / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert newest
    assert newest[1] == __version__
