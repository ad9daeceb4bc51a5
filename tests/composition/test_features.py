"""Composed datasets: the plan's rules, and that what is written says exactly what was planned."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktal.composition.clips import Clip, read_clips, streams_in_words
from weaktal.composition.features import compose_features
from weaktal.composition.plan import Composition, CompositionSettings, plan
from weaktal.data.annotations import read_annotations
from weaktal.data.features import Features
from weaktal.errors import InputError

DIM = 4
SETTINGS = CompositionSettings(train=10, test=5)


def make_clips(per_class: int = 6, classes: int = 6, seconds: float = 2.0) -> list[Clip]:
    """Clips of 1 to 5 snippets; class k has one clip more than class k - 1."""
    clips, offset = [], 0
    for label in range(classes):
        for number in range(per_class + label):
            snippets = 1 + (number * 3 + label) % 5
            clips.append(
                Clip(id=f"c{label}_{number}", label=f"class {label}", seconds=seconds * snippets, snippets=snippets,
                     offset=offset)
            )  # fmt: skip
            offset += snippets
    return clips


def write_folder(folder: Path, clips: list[Clip], **extra: Any) -> np.ndarray:
    """Row r of the features is r, r + 0.25, ...: each number tells which clip and snippet it comes from."""
    folder.mkdir(parents=True)
    rows = sum(clip.snippets for clip in clips)
    features = (np.arange(rows)[:, None] + np.arange(DIM) / 4).astype(np.float32)
    np.save(folder / "features.npy", features)
    content = {"source": "made up", "clips": [clip.model_dump() for clip in clips], **extra}
    (folder / "clips.json").write_text(json.dumps(content))
    return features


def test_what_is_written_is_what_was_planned(tmp_path: Path) -> None:
    clips = make_clips()
    rows = write_folder(tmp_path / "clips", clips)
    composed = compose_features(read_clips(tmp_path / "clips"), tmp_path / "set", SETTINGS)
    annotations = read_annotations(tmp_path / "set")
    features = Features.open(tmp_path / "set", "i3d")
    owner = {row: clip for clip in clips for row in range(clip.offset, clip.offset + clip.snippets)}
    assert annotations.classes == tuple(f"class {k}" for k in (2, 3, 4, 5))
    assert composed.seconds_per_step == features.grid.seconds_per_snippet
    assert features.grid.seconds_per_snippet == pytest.approx(2.0, abs=1e-12)
    assert list(features.problems({name: v.duration for name, v in annotations.videos.items()})) == []
    for name, video in annotations.videos.items():
        array = features.read(name)
        # From the features alone: which class each snippet really shows.
        shown = [owner[int(row[0])].label for row in array]
        np.testing.assert_array_equal(array, rows[array[:, 0].astype(int)])
        cells = features.grid.cells(len(array), video.duration)
        edges = {*cells[:, 0].tolist(), *cells[:, 1].tolist()}
        for segment in video.segments:
            assert {segment.start, segment.end} <= edges
        for (start, end), label in zip(cells, shown, strict=True):
            covering = [s.label for s in video.segments if s.start <= start and end <= s.end]
            assert covering == ([label] if label in annotations.classes else [])
        assert video.labels == tuple(sorted({s.label for s in video.segments}))
    assert len(annotations.subset("training")) == 10
    assert len(annotations.subset("validation")) == 5


def rules_hold(composition: Composition, settings_: CompositionSettings) -> None:
    splits = {name: {clip.id for clip in chosen} for name, chosen in composition.splits.items()}
    assert not splits["train"] & splits["test"]
    assert not (splits["train"] | splits["test"]) & splits["pool"]
    for video in composition.videos:
        assert {piece.clip.id for piece in video.pieces} <= splits[video.split]
        end = 0
        for piece in video.pieces:
            assert piece.start == end
            assert 0 <= piece.skip <= piece.clip.snippets - piece.length
            assert piece.length >= 1
            end += piece.length
        assert settings_.classes_per_video[0] <= len(video.labels) <= settings_.classes_per_video[1]
        low, high = settings_.instances_per_video
        assert min(low, high) <= len(video.instances) <= high
        low, high = settings_.instance_snippets
        assert all(low <= i.stop - i.start <= high for i in video.instances)
        for one, other in pairwise(video.instances):
            gap = other.start - one.stop
            assert gap >= settings_.gap_snippets[0]
            assert gap > 0 or one.label != other.label
            assert gap <= max(settings_.gap_snippets[1], 1)


ranges = st.tuples(st.integers(1, 3), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(
    st.builds(
        CompositionSettings,
        seed=st.integers(0, 1000),
        train=st.integers(1, 8),
        test=st.integers(1, 8),
        classes_per_video=st.sampled_from([(1, 1), (1, 2), (2, 3)]),
        instances_per_video=ranges.map(lambda span: (span[0], span[1] + 2)),
        instance_snippets=ranges,
        gap_snippets=st.sampled_from([(0, 0), (0, 3), (1, 1), (2, 6)]),
        pool=st.sampled_from([0.0, 0.3]),
    )
)
@settings(max_examples=60, deadline=None)
def test_rules_hold_for_any_settings(settings_: CompositionSettings) -> None:
    rules_hold(plan(make_clips(), settings_), settings_)


def test_every_class_and_every_target_clip_is_used(tmp_path: Path) -> None:
    composition = plan(make_clips(), CompositionSettings(train=60, test=30, pool=0.2))
    for split in ("train", "test"):
        videos = [video for video in composition.videos if video.split == split]
        assert {label for video in videos for label in video.labels} == set(composition.targets)
        used = {piece.clip.id for video in videos for piece in video.pieces}
        assert used == {clip.id for clip in composition.splits[split]}
    assert {clip.label for clip in composition.splits["pool"]} == {f"class {k}" for k in range(6)}


def _content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    write_folder(tmp_path / "clips", make_clips())
    clips = read_clips(tmp_path / "clips")
    for name, seed in (("one", 3), ("same", 3), ("other", 4)):
        compose_features(clips, tmp_path / name, CompositionSettings(train=10, test=5, seed=seed, pool=0.3))
    assert _content(tmp_path / "one") == _content(tmp_path / "same")
    assert _content(tmp_path / "one") != _content(tmp_path / "other")


def test_order_of_clips_in_the_file_does_not_matter() -> None:
    assert plan(make_clips()[::-1], SETTINGS) == plan(make_clips(), SETTINGS)


def test_pool_is_a_clip_folder_of_its_own(tmp_path: Path) -> None:
    rows = write_folder(tmp_path / "clips", make_clips(), streams={"rgb": [0, 2], "flow": [2, 4]})
    composed = compose_features(
        read_clips(tmp_path / "clips"), tmp_path / "set", CompositionSettings(train=10, test=5, pool=0.3)
    )
    pool = read_clips(tmp_path / "set" / "pool")
    assert pool.streams == {"rgb": (0, 2), "flow": (2, 4)}
    features = pool.features()
    originals = composed.composition.splits["pool"]
    assert [clip.id for clip in pool.clips] == [clip.id for clip in originals]
    for clip, original in zip(pool.clips, originals, strict=True):
        np.testing.assert_array_equal(
            features[clip.offset : clip.offset + clip.snippets],
            rows[original.offset : original.offset + original.snippets],
        )


def test_clips_of_another_frame_rate_are_skipped(tmp_path: Path) -> None:
    clips = make_clips()
    fast = clips[3].model_copy(update={"seconds": clips[3].seconds / 2})
    write_folder(tmp_path / "clips", [*clips[:3], fast, *clips[4:]])
    composed = compose_features(read_clips(tmp_path / "clips"), tmp_path / "set", SETTINGS)
    assert composed.notes[0].startswith("skipped: 1 clip ")
    plan_text = json.loads((tmp_path / "set" / "composition.json").read_text())
    assert plan_text["left_out"] == [fast.id]
    assert fast.id not in {piece["clip"] for pieces in plan_text["videos"].values() for piece in pieces}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"background": 6}, "0 of 6 classes are left to be found"),
        ({"background": 1, "background_classes": ("class 1",)}, "background: cannot be used with background_classes"),
        ({"background_classes": ("walking",)}, "no clip has class 'walking'; expected some of class 0"),
        ({"classes_per_video": (1, 3), "instances_per_video": (1, 2)}, "at most 2 instances a video"),
        ({"classes_per_video": (1, 5), "instances_per_video": (1, 5)}, "4 of 6 classes are left"),
    ],
)
def test_what_cannot_be_planned_is_said(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        plan(make_clips(), CompositionSettings(**changes))


def test_too_few_clips_are_named() -> None:
    with pytest.raises(InputError, match=r"class 'class 0' has 1 clip; expected 2 or more"):
        plan(make_clips(per_class=1), SETTINGS)
    with pytest.raises(InputError, match=r"class 'class 0' has 2 clips; expected 3 or more"):
        plan(make_clips(per_class=2), CompositionSettings(pool=0.1))


def _first(change: dict[str, Any]) -> list[Clip]:
    clips = make_clips()
    return [clips[0].model_copy(update=change), *clips[1:]]


@pytest.mark.parametrize(
    ("clips", "match"),
    [
        (_first({"id": "c0_1"}), r"clips\.1\.id: 'c0_1' appears twice"),
        (_first({"offset": 1}), r"clip c0_0: starts at row 1.*expected offset 0"),
        (_first({"snippets": 2}), r"clip c0_1: starts at row 1, the clip before it \(c0_0\) ends at row 2"),
        (make_clips()[:-1], r"the clips have \d+ snippets; expected \d+, the rows of"),
        (_first({"snippets": 0}), r"clips\.0\.snippets: is 0"),
        (_first({"label": ""}), r"clips\.0\.label: is ''"),
        (_first({"seconds": float("inf")}), r"seconds"),
        ([], "clips"),
    ],
)
def test_bad_clip_lists_are_named(tmp_path: Path, clips: list[Clip], match: str) -> None:
    write_folder(tmp_path / "clips", make_clips())
    content = {"source": "", "clips": [clip.model_dump() for clip in clips]}
    (tmp_path / "clips" / "clips.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=match):
        read_clips(tmp_path / "clips")


def test_bad_features_leave_nothing_behind(tmp_path: Path) -> None:
    rows = write_folder(tmp_path / "clips", make_clips())
    rows[7, 1] = np.nan
    np.save(tmp_path / "clips" / "features.npy", rows)
    with pytest.raises(InputError, match=r"features\.npy: row 7: holds NaN"):
        compose_features(read_clips(tmp_path / "clips"), tmp_path / "set", SETTINGS)
    np.save(tmp_path / "clips" / "features.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(InputError, match=r"features\.npy"):
        read_clips(tmp_path / "clips")
    assert [path.name for path in tmp_path.iterdir()] == ["clips"]


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    write_folder(tmp_path / "clips", make_clips())
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine").touch()
    with pytest.raises(InputError, match="exists already"):
        compose_features(read_clips(tmp_path / "clips"), tmp_path / "set", SETTINGS)
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("words", "dim", "expected"),
    [
        ("I3D (RGB 0:1024, flow 1024:2048)", 2048, {"rgb": (0, 1024), "flow": (1024, 2048)}),
        ("I3D (RGB 0:1024, flow 1024:2048)", 1024, None),
        ("made 12:30 and 30:45", 45, None),
        ("a 0:2, b 3:4", 4, None),
        ("no ranges", 4, None),
    ],
)
def test_streams_are_read_from_words_only_if_they_cover_all(words: str, dim: int, expected: object) -> None:
    assert streams_in_words(words, dim) == expected


def test_real_clips_compose_to_the_size_that_figures_speak_of(shared_data: Path, tmp_path: Path) -> None:
    clips = read_clips(shared_data / "workout-i3d")
    composed = compose_features(clips, tmp_path / "set", CompositionSettings(pool=0.2))
    rules_hold(composed.composition, CompositionSettings(pool=0.2))
    assert len(composed.composition.videos) == 180
    assert (len(composed.composition.targets), len(composed.composition.backgrounds)) == (14, 7)
    features = Features.open(tmp_path / "set", "i3d")
    assert features.layout("train_000") == (2048, {"rgb": (0, 1024), "flow": (1024, 2048)})
    action = sum(i.stop - i.start for video in composed.composition.videos for i in video.instances)
    assert 0.2 < action / sum(video.length for video in composed.composition.videos) < 0.4
