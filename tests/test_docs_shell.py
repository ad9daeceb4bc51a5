"""The site's Start and How do I: every block of commands runs, in the order of a reader, in one folder.

A comment before a block says what is otherwise: ``run by PATH`` names what runs it instead, as it needs minutes or the
network, and ``fails with N`` the exit code that its last command has.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from weaktal.cli import run
from weaktal.video.encoding import writing_video

ROOT = Path(__file__).parents[1]
SITE = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
_BLOCK = re.compile(r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<kind>bash|python)\n(?P<code>.*?)^```", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """Commands of a page.

    Attributes:
        page: below docs/.
        kind: bash or python.
        code: the lines.
        note: the comment before it.
    """

    page: str
    kind: str
    code: str
    note: str

    @property
    def elsewhere(self) -> str | None:
        """The file that runs it instead."""
        found = re.search(r"run by (\S+)", self.note)
        return found[1] if found else None

    @property
    def expected(self) -> int:
        """The exit code of its commands."""
        found = re.search(r"fails with (\d+)", self.note)
        return int(found[1]) if found else 0


def pages() -> Iterator[str]:
    """The pages of Start and How do I, in the order of the site."""
    for part in yaml.safe_load(SITE[SITE.index("\nnav:") :])["nav"]:
        if isinstance(part, dict) and part.keys() & {"Start", "How do I"}:
            for page in next(iter(part.values())):
                yield page if isinstance(page, str) else next(iter(page.values()))


def blocks() -> Iterator[Block]:
    """All their blocks."""
    for page in pages():
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            yield Block(page, found["kind"], found["code"], found["note"] or "")


def write_footage(folder: Path) -> None:
    """Videos that are gray, and for a while in the colour of their action, and their table of tags."""
    rows = ["video,tags"]
    colours = {"high jump": (200, 60, 40), "pole vault": (40, 60, 220)}
    for number in range(8):
        label = list(colours)[number % 2]
        name = f"IMG_{number + 1:04d}.mp4"
        with writing_video(folder / "videos" / name, fps=10, width=64, height=48) as write:
            random = np.random.default_rng(number)
            for frame in range(60):
                colour = colours[label] if 10 + number <= frame < 35 + number else (60, 60, 60)
                noise = random.integers(-9, 9, (48, 64, 1))
                write((np.array(colour) + noise).clip(0, 255).astype(np.uint8))
        rows.append(f"{name},{label}")
    (folder / "tags.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def reader(tmp_path: Path, clip_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the reader types: videos, a table, examples; and somewhere, the weights of a small CLIP."""
    folder, weights = tmp_path / "reader", tmp_path / "weights"
    (folder / "videos").mkdir(parents=True)
    write_footage(folder)
    (folder / "examples").symlink_to(ROOT / "examples")
    shutil.copytree(clip_folder, weights / "clip-vit-b16")
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(weights))
    monkeypatch.setenv("WEAKTAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    return folder


def people_correct(folder: Path) -> None:
    """What Label Studio exports once somebody has relabelled a prediction and submitted the others as they were."""
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    values = [one["value"] for task in tasks for one in task["predictions"][0]["result"]]
    said = {label for value in values for label in value["timelinelabels"]}
    other = ({"high jump", "pole vault"} - said or {"high jump"}).pop()
    values[0]["timelinelabels"] = [other]
    done = [
        {"id": i, "data": task["data"], "annotations": [{"id": 1, "result": task["predictions"][0]["result"]}]}
        for i, task in enumerate(tasks)
    ]
    (folder / "export.json").write_text(json.dumps(done), encoding="utf-8")


def type_in(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """One command: weaktal's in this process, which saves starting it, others in a shell; the exit code."""
    words = shlex.split(line, comments=True)
    if words[:1] == ["export"]:
        name, _, value = words[1].partition("=")
        assert name == "PYTHONPATH", line
        monkeypatch.syspath_prepend(str((folder / value).resolve()))
        return 0
    if words[0] != "weaktal":
        return subprocess.run(["bash", "-c", line], cwd=folder, check=False).returncode
    if words[1:3] == ["import", "label-studio"]:
        people_correct(folder)
    return run(words[1:])


@pytest.mark.slow
def test_a_reader_gets_through(
    reader: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {}
    for block in blocks():
        if block.elsewhere:
            continue
        if block.kind == "python":
            exec(compile(block.code, block.page, "exec"), names)
            continue
        for line in block.code.replace("\\\n", " ").splitlines():
            code = type_in(line, reader, monkeypatch)
            said = capsys.readouterr()
            assert code == block.expected, f"{block.page}: {line}\n{said.out[-2000:]}{said.err[-2000:]}"
    assert (reader / "found/segments.csv").read_text(encoding="utf-8").startswith("video,start,end,label,score")
    assert list((reader / "clips").rglob("*.mp4"))


def test_what_runs_elsewhere_is_there_and_does_run_it() -> None:
    said_elsewhere = [block for block in blocks() if block.elsewhere]
    assert len(said_elsewhere) == 4
    for block in said_elsewhere:
        assert (ROOT / str(block.elsewhere)).is_file(), block


def test_no_block_is_of_another_kind() -> None:
    """So that none of the pages' commands is missed."""
    for page in pages():
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        kinds = re.findall(r"^```(\w*)\n", text, flags=re.M)
        opening = [kind for number, kind in enumerate(re.findall(r"^```(.*)$", text, flags=re.M)) if number % 2 == 0]
        assert set(opening) <= {"bash", "python"}, (page, kinds)
