"""Videos composed out of video clips: what a decoder shows is what the annotations say, to the frame."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from weaktal.composition.plan import Composed, CompositionSettings
from weaktal.composition.video_clips import holds_videos, read_video_clips
from weaktal.composition.videos import VideoSettings, compose_videos, fitted
from weaktal.data.annotations import read_annotations
from weaktal.errors import InputError
from weaktal.progress import Progress
from weaktal.video.container import probe
from weaktal.video.decoding import VideoFrames

# Each class has a color of its own; the brightness of a clip tells which of its class it is.
COLORS = {"dive": (1, 0, 0), "jump": (0, 1, 0), "sit": (0, 0, 1), "stand": (1, 1, 0)}
PER_CLASS = 6
SETTINGS = CompositionSettings(
    seed=3, train=3, test=2, background_classes=("sit", "stand"), instance_snippets=(4, 9), gap_snippets=(2, 6)
)
FORMAT = VideoSettings(fps=10, width=64, height=48)


def level(number: int) -> int:
    return 90 + 30 * number


def write_clip(
    path: Path,
    color: Sequence[int],
    number: int,
    *,
    seconds: float,
    rate: int,
    size: tuple[int, int],
    rotation: int = 0,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    picture = np.broadcast_to(np.array(color, np.uint8) * level(number), (height, width, 3))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "4", "preset": "ultrafast"}
        if rotation:
            stream.set_display_rotation(rotation)
        for pts in range(round(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = pts, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of several rates, sizes and turns, 0.5 to 2 s long, in a folder a class."""
    folder = tmp_path_factory.mktemp("video-clips")
    shapes: list[tuple[int, tuple[int, int], int]] = [
        (25, (64, 48), 0),
        (30, (96, 48), 0),
        (10, (48, 64), 90),
        (12, (32, 32), 0),
    ]
    for label, color in COLORS.items():
        for number in range(PER_CLASS):
            rate, size, rotation = shapes[number % len(shapes)]
            path = folder / label / f"{number}.mp4"
            write_clip(path, color, number, seconds=0.5 + 0.3 * number, rate=rate, size=size, rotation=rotation)
    return folder


@pytest.fixture(scope="module")
def composed(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Composed]:
    dataset = tmp_path_factory.mktemp("composed") / "set"
    return dataset, compose_videos(read_video_clips(clips), dataset, SETTINGS, FORMAT)


def seen(image: np.ndarray) -> tuple[str, int]:
    """Class and number of the clip that a frame shows, by the color in its middle."""
    middle = image[18:30, 26:38].reshape(-1, 3).mean(axis=0)
    brightness = middle.max()
    label = next(name for name, color in COLORS.items() if tuple(np.rint(middle / brightness).astype(int)) == color)
    return label, round((brightness - level(0)) / 30)


def test_every_frame_shows_what_the_annotations_and_the_plan_say(composed: tuple[Path, Composed]) -> None:
    dataset, _ = composed
    annotations = read_annotations(dataset)
    plan = json.loads((dataset / "composition.json").read_text())["videos"]
    assert annotations.classes == ("dive", "jump")
    assert len(annotations.videos) == 5
    for name, video in annotations.videos.items():
        frames = [frame.image for frame in VideoFrames(dataset / "videos" / f"{name}.mp4")]
        assert len(frames) == pytest.approx(video.duration * FORMAT.fps)
        shown = [seen(image) for image in frames]
        for number, (label, _) in enumerate(shown):
            moment = (number + 0.5) / FORMAT.fps
            covering = [s.label for s in video.segments if s.start < moment < s.end]
            assert covering == ([label] if label in annotations.classes else [])
        assert len(video.segments) >= 2
        for segment in video.segments:
            for edge in (segment.start, segment.end):
                assert edge * FORMAT.fps == pytest.approx(round(edge * FORMAT.fps), abs=1e-9)
        expected = [(p["label"], int(p["clip"].split("/")[1][0])) for p in plan[name] for _ in range(p["length"])]
        assert shown == expected
        assert video.labels == tuple(sorted({s.label for s in video.segments}))


def test_videos_have_one_size_and_rate_and_clips_keep_their_shape(composed: tuple[Path, Composed]) -> None:
    dataset, _ = composed
    plan = json.loads((dataset / "composition.json").read_text())["videos"]
    bars = {0: (0, 0), 1: (8, 0), 2: (0, 0), 3: (0, 8)}  # rows above, columns at the left, by the clip's shape
    checked = set()
    for name, pieces in plan.items():
        info = probe(dataset / "videos" / f"{name}.mp4")
        assert (info.width, info.height, info.fps, info.codec) == (64, 48, 10, "h264")
        frames = [frame.image for frame in VideoFrames(dataset / "videos" / f"{name}.mp4")]
        for piece in pieces:
            shape = int(piece["clip"].split("/")[1][0]) % 4
            above, left = bars[shape]
            bright = frames[piece["start"] + piece["length"] // 2].max(axis=2) > 40
            assert bright[above + 2 : 48 - above - 2, left + 2 : 64 - left - 2].all()
            assert not bright[: max(0, above - 2)].any()
            assert not bright[:, : max(0, left - 2)].any()
            checked.add(shape)
    assert checked == {0, 1, 2, 3}


def test_no_clip_is_in_both_subsets(composed: tuple[Path, Composed]) -> None:
    dataset, _ = composed
    content = json.loads((dataset / "composition.json").read_text())
    used = {split: {p["clip"] for n, ps in content["videos"].items() if n.startswith(split) for p in ps}
            for split in ("train", "test")}  # fmt: skip
    assert used["train"]
    assert used["test"]
    assert not used["train"] & used["test"]
    assert used["train"] <= set(content["clips"]["train"])
    assert set(content["files"]) == {f"{label}/{n}.mp4" for label in COLORS for n in range(PER_CLASS)}


def test_a_seed_gives_the_same_bytes_and_another_seed_does_not(clips: Path, tmp_path: Path) -> None:
    small = SETTINGS.model_copy(update={"train": 1, "test": 1})
    folder = read_video_clips(clips)
    for name, settings in (("a", small), ("b", small), ("c", small.model_copy(update={"seed": 4}))):
        compose_videos(folder, tmp_path / name, settings, FORMAT)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert [str(f) for f in files] == [
        "annotations.json",
        "composition.json",
        "videos/test_000.mp4",
        "videos/train_000.mp4",
    ]
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    assert (tmp_path / "a" / "annotations.json").read_bytes() != (tmp_path / "c" / "annotations.json").read_bytes()


def test_listed_clips(clips: Path, tmp_path: Path) -> None:
    listed = [
        {"id": f"{label}-{n}", "label": label, "file": f"all/{label}_{n}.mp4"} for label in COLORS for n in range(2)
    ]
    (tmp_path / "all").mkdir()
    for entry in listed:
        label, number = entry["id"].split("-")
        (tmp_path / entry["file"]).symlink_to(clips / label / f"{number}.mp4")
    (tmp_path / "clips.json").write_text(json.dumps({"source": "made up", "clips": listed}))
    assert holds_videos(tmp_path)
    folder = read_video_clips(tmp_path)
    assert folder.source == "made up"
    assert [(clip.id, clip.label) for clip in folder.clips] == [(e["id"], e["label"]) for e in listed]


@pytest.mark.parametrize(
    ("listed", "match"),
    [
        ([{"label": "sit", "file": "a.mp4"}, {"label": "sit", "file": "./a.mp4"}], r"'\./a\.mp4' appears twice"),
        ([{"id": "x", "label": "sit", "file": "a.mp4"}, {"id": "x", "label": "sit", "file": "b.mp4"}], "'x' appears"),
        ([{"label": "sit", "file": "gone.mp4"}], r"clips\.0\.file: .*no such file"),
        ([{"label": "sit", "file": "a.mp4"}, {"label": "sit"}], r"clips\.1\.file: is missing"),
        ([{"label": "sit", "file": "a\0.mp4"}], r"clips\.0\.file"),
    ],
)
def test_a_bad_list_is_said(clips: Path, tmp_path: Path, listed: list[dict[str, str]], match: str) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).symlink_to(clips / "sit" / f"{ord(name[0]) - ord('a')}.mp4")
    (tmp_path / "clips.json").write_text(json.dumps({"clips": listed}))
    assert holds_videos(tmp_path)
    with pytest.raises(InputError, match=match):
        read_video_clips(tmp_path)


def copied(clips: Path, folder: Path) -> Path:
    for path in clips.rglob("*.mp4"):
        target = folder / path.relative_to(clips)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path)
    return folder


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\x00" * 5000, None])
def test_a_broken_clip_is_named_and_stops_no_other(clips: Path, tmp_path: Path, content: bytes | None) -> None:
    folder = copied(clips, tmp_path / "clips")
    bad = folder / "sit" / "9.mp4"
    if content is None:
        bad.symlink_to(tmp_path / "gone.mp4")
    else:
        bad.write_bytes(content)
    made = compose_videos(read_video_clips(folder), tmp_path / "set", SETTINGS, FORMAT)
    assert [error.source for error in made.skipped.values()] == [bad]
    whole = compose_videos(read_video_clips(clips), tmp_path / "whole", SETTINGS, FORMAT)
    assert made.composition == whole.composition
    assert not whole.skipped


def test_a_clip_shorter_than_a_tick_is_named(clips: Path, tmp_path: Path) -> None:
    folder = copied(clips, tmp_path / "clips")
    write_clip(folder / "sit" / "9.mp4", (0, 0, 1), 0, seconds=0.1, rate=20, size=(64, 48))
    made = compose_videos(read_video_clips(folder), tmp_path / "set", SETTINGS, FORMAT)
    (error,) = made.skipped.values()
    assert str(error).endswith("sit/9.mp4: has 1 frame at 10 frames a second; expected 2 or more")


def test_where_no_clip_can_be_used_nothing_is_left(tmp_path: Path) -> None:
    for label in ("sit", "run"):
        (tmp_path / "clips" / label).mkdir(parents=True)
        (tmp_path / "clips" / label / "1.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match=r"none of 2 videos can be used; the first: .*run/1\.mp4: cannot be opened"):
        compose_videos(read_video_clips(tmp_path / "clips"), tmp_path / "set", SETTINGS, FORMAT)
    assert [p.name for p in tmp_path.iterdir()] == ["clips"]


def test_writing_that_fails_midway_leaves_nothing(clips: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.what == "writing videos" and progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose_videos(read_video_clips(clips), tmp_path / "set", SETTINGS, FORMAT, on_progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused_before_clips_are_read(clips: Path, tmp_path: Path) -> None:
    def no_step(progress: Progress) -> None:
        raise AssertionError(progress)

    with pytest.raises(InputError, match="exists already"):
        compose_videos(read_video_clips(clips), tmp_path, SETTINGS, FORMAT, on_progress=no_step)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 480), (320, 240)), ((1920, 1080), (320, 180)), ((480, 640), (180, 240)), ((2, 2000), (1, 240))],
)
def test_clips_are_fitted(size: tuple[int, int], expected: tuple[int, int]) -> None:
    fit = fitted(size, VideoSettings())
    assert (fit.width, fit.height) == expected


@pytest.mark.parametrize(("fps", "frames"), [(25.0, 5), (10.0, 2), (30.0, 6), (1.0, 1), (29.97, 6)])
def test_ticks_are_whole_frames(fps: float, frames: int) -> None:
    settings = VideoSettings(fps=fps)
    assert settings.frames_per_tick == frames
    assert (settings.ticks(0), settings.ticks(0.01), settings.ticks(frames / fps * 7)) == (0, 1, 7)
