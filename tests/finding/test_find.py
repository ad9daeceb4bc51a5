"""The whole way from a folder and a spreadsheet; again, with more videos, with other tags, and after SIGKILL."""

from __future__ import annotations

import csv
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.finding.conftest import COLOURS, ENCODER, EXAMPLE, Footage

from weaktal.data.results import read_results
from weaktal.errors import InputError
from weaktal.finding.find import Found, find
from weaktal.locks import alone_in
from weaktal.processes import identity
from weaktal.progress import Progress
from weaktal.segments import Segment

Make = Callable[[int], Footage]
SETTINGS = {"schedule": {"updates_per_epoch": 3}, "model": {"width": 16, "levels": 1, "heads": 2}}


def run(made: Footage, out: Path, **options: object) -> Found:
    """A find that learns for a moment."""
    words: dict[str, Any] = {"tags": made.tags, "encoder": ENCODER, "device": "cpu", "settings": SETTINGS, **options}
    return find(made.videos, out, **words)


def corrections(said: dict[str, tuple[Segment, str]]) -> dict[str, object]:
    """The file that a page saves, with a judgement of each segment."""
    judgements = []
    for video, (segment, verdict) in said.items():
        span = {"label": segment.label, "segment": [round(segment.start, 4), round(segment.end, 4)]}
        judgements.append(
            {"video": video, "verdict": verdict, "row": "found", "score": 0.5, "predicted": span, "segment": span}
        )
    return {
        "version": "weaktal corrections 1",
        "classes": list(COLOURS),
        "subsets": {"train": "corrected", "test": "corrected"},
        "page": "0123456789abcdef",
        "database": {},
        "judgements": judgements,
    }


def test_a_folder_and_a_spreadsheet_are_enough(footage: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made, out = footage(12), tmp_path / "found"
    with caplog.at_level(logging.INFO, "weaktal"):
        first = run(made, out)
    said = caplog.text
    assert "12 videos, 1.0 minutes; 2 actions" in said
    assert "runs on cpu" in said
    assert "from now: features" in said or "takes seconds" in said
    assert len(first.extracted) == 12
    assert first.trust.unseen >= 2
    kept = read_results(out / "results.json")
    assert kept.final is not None
    assert kept.final == first.results.final
    assert 0 < kept.final.count < kept.count
    tags = dict(made.rows)
    for video, segments in kept.videos.items():
        folder, _, stem = video.partition("_")
        assert {s.label for s in segments} <= {tags[f"{folder}/{stem}.mp4"]}
        assert kept.files[video].file == str(made.videos / folder / f"{stem}.mp4")
    with (out / "segments.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == kept.final.count
    assert list(rows[0]) == ["video", "start", "end", "label", "score", "sure"]
    page = (out / "page.html").read_text(encoding="utf-8")
    assert "Müller_IMG_0001" in page
    account = (out / "account.txt").read_text(encoding="utf-8")
    assert account == first.account
    assert "recognised in" in account
    assert set(kept.external["held_out"]["classes"]) == set(COLOURS)

    # What a person said of two of the segments is in the account of the next call, which does nothing else.
    (video, (right, *_)), (other_video, (wrong, *_)) = [
        (name, segments) for name, segments in kept.final.videos.items() if segments
    ][:2]
    (out / "corrections.json").write_text(
        json.dumps(corrections({video: (right, "right"), other_video: (wrong, "wrong")}))
    )

    # One more: nothing is extracted twice, nothing is learned again.
    weights = (out / "run" / "weights.safetensors").stat().st_mtime_ns
    features = {path: path.stat().st_mtime_ns for path in (out / "dataset" / "features").rglob("*.npy")}
    made.add(1)
    second = run(made, out, resume=True)
    assert len(second.extracted) == 1
    assert second.judged is not None
    assert (second.judged.right, second.judged.judged) == (1, 2)
    assert "1 right (50%)" in " ".join(second.account.split())
    assert second.results.videos.keys() == {*first.results.videos, *second.extracted}
    assert (out / "run" / "weights.safetensors").stat().st_mtime_ns == weights
    assert {path: path.stat().st_mtime_ns for path in features} == features
    before, after = first.results.videos, second.results.videos
    assert all(list(after[name]) == list(before[name]) for name in before)

    # Another file of the same name, and another tag of a video that it learned from.
    learned = next(name for name in second.run.info.videos if name.startswith("Halle"))
    old = next(row for row in made.rows if learned == row[0].replace("/", "_")[:-4])
    other = next(label for label in COLOURS if label != old[1])
    made.write([(name, other) if name == old[0] else (name, label) for name, label in made.rows])
    third = run(made, out)
    assert third.run.path == out / "run-2"
    assert third.extracted == ()
    assert {s.label for s in third.results.videos[learned]} <= {other}


def test_a_replaced_video_is_extracted_again(footage: Make, tmp_path: Path) -> None:
    made, out = footage(6), tmp_path / "found"
    run(made, out)
    path = made.videos / made.rows[0][0]
    path.write_bytes((made.videos / made.rows[4][0]).read_bytes())
    dead = identity(2**22)  # a process that is no more
    left = [out / "run" / "checkpoints", out / "run" / ".lock", out / "scores" / f".scores.{dead}.00000000.tmp"]
    for leftover in left:  # of finds that were killed
        leftover.mkdir() if leftover == left[0] else leftover.touch()
    assert run(made, out).extracted == (made.rows[0][0].replace("/", "_")[:-4],)
    assert not any(leftover.exists() for leftover in left)


def test_stopped_at_several_moments_it_goes_on_to_the_same_end(footage: Make, tmp_path: Path) -> None:
    made = footage(6)
    whole = run(made, tmp_path / "whole")

    class StopHereError(Exception):
        pass

    for moment in (1, 12, 25):  # of each call: while it looks at the files, makes features, learns
        told: list[Progress] = []

        def stop(event: Progress, told: list[Progress] = told, moment: int = moment) -> None:
            told.append(event)
            if len(told) == moment:
                raise StopHereError

        with pytest.raises(StopHereError):
            run(made, tmp_path / "parts", on_progress=stop)
    parts = run(made, tmp_path / "parts")
    assert parts.results.final == whole.results.final
    assert {name: list(found) for name, found in parts.results.videos.items()} == {
        name: list(found) for name, found in whole.results.videos.items()
    }


KILLED = """
import os, signal, sys
from tests.finding.conftest import ENCODER
from weaktal.finding.find import find

def kill(event):
    if "loss" in event.values:
        os.kill(os.getpid(), signal.SIGKILL)

videos, tags, out = sys.argv[1:]
find(videos, out, tags=tags, encoder=ENCODER, device="cpu", settings=SETTINGS, on_progress=kill)
"""


@pytest.mark.slow
def test_killed_while_it_learns(footage: Make, tmp_path: Path) -> None:
    made, out = footage(6), tmp_path / "found"
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (root, root / "src", EXAMPLE)))}
    program = KILLED.replace("SETTINGS", repr(SETTINGS))
    killed = subprocess.run(
        [sys.executable, "-c", program, str(made.videos), str(made.tags), str(out)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (out / "segments.csv").exists()
    done = run(made, out)
    assert not done.extracted
    assert "What to type next" in done.account
    assert json.loads((out / "results.json").read_text(encoding="utf-8"))["external_data"]["final"]["how"]


def test_what_is_refused(footage: Make, tmp_path: Path) -> None:
    made = footage(2)
    with pytest.raises(InputError, match="names only 'Kür'; expected two actions or more"):
        run(made, tmp_path / "found")
    with pytest.raises(InputError, match="no weights of I3D or CLIP are here"):
        find(made.videos, tmp_path / "other", tags=made.tags, weights=made.videos)
    assert not (tmp_path / "other").exists()
    tags = tmp_path / "again" / "segments.csv"
    tags.parent.mkdir()
    tags.write_bytes(made.tags.read_bytes())
    with pytest.raises(InputError, match="replaces an input of this command"):
        find(made.videos, tags.parent, tags=tags)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").touch()
    with pytest.raises(InputError, match="exists, and is not a folder of weaktal find"):
        run(made, tmp_path / "full")


@pytest.mark.parametrize("named", ["../victim", "/victim", "run-0", "run-x", "", "run/.."])
def test_a_found_folder_names_no_run_elsewhere(footage: Make, tmp_path: Path, named: str) -> None:
    """It may come from anybody, and that folder is written to."""
    out = tmp_path / "found"
    out.mkdir()
    (out / "find.json").write_text(json.dumps({"run": named}))
    with pytest.raises(InputError, match=r"find.json: run: is "):
        run(footage(4), out)


def test_two_at_once_in_one_folder(footage: Make, tmp_path: Path) -> None:
    made, out = footage(4), tmp_path / "found"
    with alone_in(out, "weaktal find"), pytest.raises(InputError, match="weaktal find"):
        run(made, out)


def test_folders_are_tags_where_there_is_no_spreadsheet(footage: Make, tmp_path: Path) -> None:
    made = footage(4)
    for name, label in made.rows:
        (made.videos / label).mkdir(exist_ok=True)
        (made.videos / name).rename(made.videos / label / Path(name.replace("/", "_")).name)
    made.tags = None  # type: ignore[assignment]
    found = run(made, tmp_path / "found")
    assert {each.label for each in found.trust.classes} == set(COLOURS)
