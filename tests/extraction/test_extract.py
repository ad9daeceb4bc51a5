"""Extraction from Python: one call, and what it tells."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from tests.extraction.test_folders import write_video

from weaktal.data.features import Features
from weaktal.errors import InputError
from weaktal.extraction.extract import extract
from weaktal.progress import Progress

WORLD = ["world-rgb", "world-vlp"]


def test_one_call_and_what_it_tells(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    videos, dataset = tmp_path / "videos", tmp_path / "dataset"
    for name, frames in (("a", 40), ("b", 20)):
        write_video(videos / f"{name}.mp4", frames)
    (videos / "broken.mp4").write_bytes(b"no video")
    caplog.set_level(logging.INFO, "weaktal")
    events: list[Progress] = []
    done = extract(str(videos), encoders=WORLD, into=str(dataset), device="cpu", on_progress=events.append)
    assert done.extracted == ("a", "b")
    assert done.finished_before == ()
    assert list(done.failures) == ["broken"]
    assert [(folder.path, folder.dim, folder.lacking) for folder in done.folders] == [
        (dataset / "features" / name, 128, ("broken",)) for name in WORLD
    ]
    assert done.no_class_vectors == ("world-vlp has no class vectors: the dataset has no annotations.json yet",)
    assert (done.annotated, done.frames) == (False, 60)
    assert list(done.busy) == ["decoding", "frames", "networks"]
    assert 0 < max(done.busy.values()) <= done.seconds
    assert caplog.messages == ["3 videos, 0 of them finished before"]
    assert events[0] == Progress("videos", 0.0, pytest.approx(60 / 25, abs=1e-3), "s of video")  # type: ignore[arg-type]
    assert events[-1].done == pytest.approx(60 / 25)
    assert [event.done for event in events] == sorted(event.done for event in events)

    (videos / "broken.mp4").unlink()
    again = extract([videos / "a.mp4", str(videos / "b.mp4")], encoders=WORLD, into=dataset, device="cpu")
    assert (again.extracted, again.finished_before) == ((), ("a", "b"))
    assert not any(folder.lacking for folder in again.folders)
    assert (again.frames, again.seconds, again.busy) == (0, 0.0, {})
    assert Features.open(dataset, "world-vlp").length("a") == 3


def test_the_first_broken_video_ends_it_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match=r"a\.mp4: cannot be opened"):
        extract(tmp_path, encoders="world-vlp", names="mine", into=tmp_path / "dataset", strict=True)


def test_whoever_listens_may_stop_it(tmp_path: Path) -> None:
    def stop(event: Progress) -> None:
        if event.done:
            raise KeyError("enough")

    write_video(tmp_path / "a.mp4", 40)
    with pytest.raises(KeyError, match="enough"):
        extract(tmp_path / "a.mp4", encoders="world-vlp", into=tmp_path / "dataset", on_progress=stop)
    assert not list((tmp_path / "dataset").rglob("*.npy"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fps": 0.0}, "fps: is 0.0; expected 0.01 to 1000"),
        ({"fps": float("nan")}, "fps: is nan; expected 0.01 to 1000"),
        ({"stride": 0}, "stride: is 0; expected 1 to 2147483647"),
        ({"batch": 0}, "batch: is 0; expected 1 or more"),
        ({"crop": "nine"}, "crop: is 'nine'; expected center or ten"),
        ({"engine": "slurm"}, "engine: is 'slurm'; expected local or ray"),
        ({"device": "nowhere"}, "device nowhere: cannot be used"),
        ({"names": ["a", "b"]}, "names: 2 names for 1 encoders; expected one for each"),
        ({"encoders": "i4d"}, "no encoder called 'i4d'"),
    ],
)
def test_bad_settings_are_named_as_arguments(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    write_video(tmp_path / "a.mp4", 20)
    with pytest.raises(InputError) as caught:
        extract(tmp_path, **{"encoders": "world-vlp", "into": tmp_path / "dataset", **settings})
    assert message in str(caught.value)
    assert not (tmp_path / "dataset").exists()
