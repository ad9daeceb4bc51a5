"""Extraction from Python: one call, and what it tells."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.extraction.test_folders import write_video

from weaktal.data.features import Features
from weaktal.data.manifest import read_manifest
from weaktal.devices import habits
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
    on = "CPU, fp32, channels last, 16 at once"
    assert caplog.messages == ["3 videos, 0 of them finished before", f"computes on {on}"]
    assert events[0] == Progress("videos", 0.0, pytest.approx(60 / 25, abs=1e-3), "s of video")  # type: ignore[arg-type]
    assert events[-1].done == pytest.approx(60 / 25)
    assert [event.done for event in events] == sorted(event.done for event in events)

    (videos / "broken.mp4").unlink()
    again = extract([videos / "a.mp4", str(videos / "b.mp4")], encoders=WORLD, into=dataset, device="cpu")
    assert (again.extracted, again.finished_before) == ((), ("a", "b"))
    assert not any(folder.lacking for folder in again.folders)
    assert (again.frames, again.seconds, again.busy) == (0, 0.0, {})
    assert Features.open(dataset, "world-vlp").length("a") == 3


def test_several_devices_give_what_one_gives(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    videos = tmp_path / "videos"
    for index in range(5):
        write_video(videos / f"{index}.mp4", 20 + 16 * index)
    (videos / "broken.mp4").write_bytes(b"no video")
    one = extract(videos, encoders="world-rgb", into=tmp_path / "one", device="cpu")
    events: list[Progress] = []
    caplog.set_level(logging.INFO, "weaktal")
    two = extract(videos, encoders="world-rgb", into=tmp_path / "two", device="cpu,cpu", on_progress=events.append)
    assert two.extracted == one.extracted == tuple("01234")
    assert list(two.failures) == ["broken"]
    assert two.frames == one.frames
    assert events[-1].done == pytest.approx(events[-1].total)
    for name in two.extracted:
        ours, theirs = (np.load(tmp_path / each / f"features/world-rgb/{name}.npy") for each in ("one", "two"))
        np.testing.assert_array_equal(ours, theirs)
    told = [message for message in caplog.messages if message.startswith("computes on")]
    assert told == ["computes on CPU, fp32, channels last, 16 at once"]


def test_the_manifest_says_on_what_it_was_computed_and_goes_on_elsewhere(tmp_path: Path) -> None:
    write_video(tmp_path / "videos/a.mp4", 20)
    words: dict[str, Any] = {"encoders": "world-rgb", "into": tmp_path / "dataset"}
    extract(tmp_path / "videos", batch=20, **words)
    folder = tmp_path / "dataset/features/world-rgb"
    first = "CPU, fp32, channels last, 20 at once"
    write_video(tmp_path / "videos/b.mp4", 20)
    extract(tmp_path / "videos", **words)  # another number at once is no other setting
    extract(tmp_path / "videos", **words)
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.computed_on == ("CPU, fp32, channels last, 16 at once", first)
    with pytest.raises(InputError, match="precision"):
        extract(tmp_path / "videos", precision="bf16", **words)


def test_the_precision_that_a_device_does_well_is_taken_and_kept(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", 20)
    extract(tmp_path / "a.mp4", encoders="world-vlp", into=tmp_path / "dataset", precision="auto", device="cpu")
    manifest = read_manifest(tmp_path / "dataset/features/world-vlp")
    assert manifest is not None
    assert (manifest.model_extra or {})["precision"] == habits("cpu").precision


@pytest.mark.parametrize("device", ["cpu,cpu", "all", "cpu:0"])
def test_ray_takes_no_devices_by_number(device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("weaktal.extraction.extract.habits", lambda _name: habits("cpu"))
    with pytest.raises(InputError, match="engine ray, device: is "):
        extract(tmp_path, encoders="world-vlp", into=tmp_path / "dataset", device=device, engine="ray")


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
        ({"batch": 0}, "batch: is 0; expected 1 to 4096"),
        ({"crop": "nine"}, "crop: is 'nine'; expected center or ten"),
        ({"engine": "slurm"}, "engine: is 'slurm'; expected local or ray"),
        ({"device": "nowhere"}, "device 'nowhere': is not a device"),
        ({"device": "cpu,nowhere"}, "device 'nowhere': is not a device"),
        ({"device": "xla"}, "device xla: cannot be used"),
        ({"names": ["a", "b"]}, "names: 2 names for 1 encoder; expected one for each"),
        ({"encoders": "i4d"}, "no encoder called 'i4d'"),
    ],
)
def test_bad_settings_are_named_as_arguments(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    write_video(tmp_path / "a.mp4", 20)
    with pytest.raises(InputError) as caught:
        extract(tmp_path, **{"encoders": "world-vlp", "into": tmp_path / "dataset", **settings})
    assert message in str(caught.value)
    assert not (tmp_path / "dataset").exists()


def test_one_bad_file_stops_no_other(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    for name in ("a", "z"):
        write_video(videos / f"{name}.mp4", 20)
    (videos / "empty.gif").touch()
    (videos / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (videos / "noise.ts").write_bytes(bytes(range(256)) * 200)
    (videos / "half.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(300))
    done = extract(videos, encoders="world-vlp", into=tmp_path / "dataset", device="cpu")
    assert done.extracted == ("a", "z")
    assert {Path(str(error.source)).name for error in done.failures.values()} == {
        "empty.gif", "gone.mp4", "noise.ts", "half.mkv",
    }  # fmt: skip
    with pytest.raises(InputError, match="gone"):
        extract(videos, encoders="world-vlp", into=tmp_path / "other", device="cpu", strict=True)


def test_a_video_called_text_and_the_class_vectors_have_files_of_their_own(tmp_path: Path) -> None:
    videos, dataset = tmp_path / "videos", tmp_path / "dataset"
    write_video(videos / "a.mp4", 20)
    dataset.mkdir()
    entry = {"subset": "training", "duration": 0.8, "labels": ["dunking"]}
    classes = ["dunking", "high jump"]
    (dataset / "annotations.json").write_text(json.dumps({"classes": classes, "database": {"a": entry}}))
    extract(videos, encoders="world-vlp", into=dataset, device="cpu")
    folder = dataset / "features" / "world-vlp"
    vectors = np.load(folder / "text.npy")
    assert len(vectors) == len(classes)

    write_video(videos / "text.mp4", 40)
    done = extract(videos, encoders="world-vlp", into=dataset, device="cpu")
    assert (done.extracted, done.finished_before) == (("text",), ("a",))
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.complete
    assert manifest.text is not None
    np.testing.assert_array_equal(np.load(folder / manifest.text), vectors)
    assert len(np.load(folder / "text.npy")) == 3  # snippets of its 40 frames
    assert extract(videos, encoders="world-vlp", into=dataset, device="cpu").extracted == ()
