from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.data.annotations import Annotations, Video, read_annotations, read_tags, write_annotations
from weaktal.errors import InputError
from weaktal.segments import Segment

VIDEO = {"subset": "training", "duration": 10.0, "annotations": [{"label": "a", "segment": [1.0, 2.0]}]}


def written(tmp_path: Path, database: object, **more: object) -> Path:
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"version": "1", "taxonomy": [], "database": database, **more}))
    return path


def test_tags_and_whole(tmp_path: Path) -> None:
    database = {
        "v1": {**VIDEO, "annotations": [*VIDEO["annotations"], {"label": "b", "segment": [3, 3]}]},  # type: ignore[misc]
        "v2": {"subset": "training", "duration": 5, "labels": ["c", "a", "c"]},
        "v3": {"subset": "testing", "duration": 5.5},
    }
    written(tmp_path, database)
    whole, tags = read_annotations(tmp_path), read_tags(tmp_path / "annotations.json")
    for found in (whole, tags):
        assert found.classes == ("a", "b", "c")
        assert [video.labels for video in found.videos.values()] == [("a", "b"), ("a", "c"), ()]
        assert (found.train_subset, found.test_subset) == ("training", "validation")
        assert list(found.subset("training")) == ["v1", "v2"]
    assert whole.videos["v1"].segments == (Segment(1, 2, "a"), Segment(3, 3, "b"))
    assert tags.videos["v1"].segments == ()


GARBAGE: list[Any] = [
    "garbage", None, [], [1], [2, 1], [-2, -1], ["a", "b"], {"start": 1}, [1, None], [True, False], [1, 2, 3], [[1], 2],
]  # fmt: skip


@pytest.mark.parametrize("segment", GARBAGE)
def test_tags_are_read_without_a_look_at_segments(segment: object, tmp_path: Path) -> None:
    path = written(tmp_path, {"v": {**VIDEO, "annotations": [{"label": "a", "segment": segment}], "ambiguous": []}})
    assert read_tags(path).videos["v"].labels == ("a",)
    with pytest.raises(InputError, match=r"database\.v\.annotations\.0"):
        read_annotations(path)
    path = written(tmp_path, {"v": {**VIDEO, "annotations": [{"label": "a"}]}})
    assert read_tags(path).videos["v"].labels == ("a",)
    with pytest.raises(InputError, match=r"database\.v\.annotations\.0\.segment: is missing"):
        read_annotations(path)


def test_the_same_tags_whatever_the_segments(tmp_path: Path) -> None:
    """Two files that differ in the segments alone are the same to whoever reads tags."""
    first = read_tags(written(tmp_path, {"v": VIDEO}))
    moved = {**VIDEO, "annotations": [{"label": "a", "segment": [7.0, 9.0]}]}
    assert read_tags(written(tmp_path, {"v": moved})) == first


def test_classes_and_subsets_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, {"v": VIDEO}, classes=["z", "a"], subsets={"train": "x", "test": "training"})
    annotations = read_annotations(path)
    assert annotations.classes == ("z", "a")
    assert (annotations.train_subset, annotations.test_subset) == ("x", "training")
    with pytest.raises(InputError, match=r"no video belongs to subset 'x'; expected one of training"):
        annotations.subset(annotations.train_subset)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": 0}, r"database\.v\.duration: is 0"),
        ({"duration": -1.5}, r"database\.v\.duration: is -1.5"),
        ({"duration": "ten"}, r"database\.v\.duration: is 'ten'"),
        ({"duration": None}, r"database\.v\.duration: is None"),
        ({"duration": True}, r"database\.v\.duration: is True"),
        ({"duration": float("nan")}, r"database\.v\.duration|not valid JSON"),
        ({"duration": float("inf")}, r"database\.v\.duration|not valid JSON"),
        ({"duration": 10**400}, r"database\.v\.duration"),
        ({"subset": 3}, r"database\.v\.subset: is 3"),
        ({"annotations": {}}, r"database\.v\.annotations: is \{\}"),
        ({"annotations": [None]}, r"database\.v\.annotations\.0: is None"),
        ({"annotations": [{"segment": [1, 2]}]}, r"database\.v\.annotations\.0\.label: is missing"),
        ({"annotations": [{"label": "", "segment": [1, 2]}]}, r"annotations\.0\.label: is ''"),
        ({"annotations": [{"label": 7, "segment": [1, 2]}]}, r"annotations\.0\.label: is 7"),
        ({"annotations": [{"label": "a", "segment": [2, 1]}]}, r"annotations\.0: end 1.0 lies before start 2.0"),
        ({"annotations": [{"label": "a", "segment": [-1, 1]}]}, r"annotations\.0\.segment\.0: is -1"),
        ({"annotations": [{"label": "a", "segment": [1, 1e400]}]}, r"annotations\.0\.segment|not valid JSON"),
        ({"labels": ["a", ""]}, r"database\.v\.labels\.1: is ''"),
        ({"labels": "a"}, r"database\.v\.labels: is 'a'"),
        ({"ambiguous": [[1]]}, r"database\.v\.ambiguous\.0"),
        ({"ambiguous": [[3, 1]]}, r"database\.v\.ambiguous\.0"),
    ],
)
def test_bad_videos(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = written(tmp_path, {"v": {**VIDEO, **change}})
    with pytest.raises(InputError, match=message) as raised:
        read_annotations(path)
    assert raised.value.line().startswith(str(path))


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../../etc/passwd", "a\\b", "a\0b", " a", "a\n", ".a", "x" * 201]
)
def test_names_that_are_no_file_names(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, {name: VIDEO})
    for read in (read_tags, read_annotations):
        with pytest.raises(InputError, match="video name"):
            read(path)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"classes": ["b"]}, r"database\.v: label 'a' is not in the class list; expected one of b"),
        ({"classes": ["a", "a"]}, "classes: 'a' appears twice"),
        ({"classes": []}, "label 'a' is not in the class list"),
        ({"classes": [1]}, r"classes\.0: is 1"),
        ({"subsets": {"train": ""}}, r"subsets\.train: is ''"),
        ({"subsets": []}, r"subsets: is \[\]"),
        ({"database": []}, r"database: is \[\]"),
        ({"version": 3}, r"version: is 3"),
    ],
)
def test_bad_files(more: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"database": {"v": VIDEO}, **more}))
    with pytest.raises(InputError, match=message):
        read_tags(path)


labels = st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable())
names = st.text("abc-_.019 \N{SNOWMAN}", min_size=1, max_size=20).filter(lambda n: n == n.strip() and n[0] != ".")
spans = st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)).map(lambda pair: (min(pair), max(pair)))


@st.composite
def datasets(draw: st.DrawFn) -> Annotations:
    classes = draw(st.lists(labels, min_size=1, max_size=5, unique=True))
    videos = {}
    for name in draw(st.lists(names, max_size=4, unique=True)):
        chosen = draw(st.lists(st.tuples(st.sampled_from(classes), spans), max_size=4))
        videos[name] = Video(
            name=name,
            subset=draw(st.sampled_from(["training", "test"])),
            duration=draw(st.floats(0.001, 1e6)),
            labels=tuple(sorted(set(draw(st.lists(st.sampled_from(classes), max_size=3))))),
            segments=tuple(Segment(start, end, label) for label, (start, end) in chosen),
            ambiguous=tuple(draw(st.lists(spans, max_size=2))),
        )
    return Annotations(tuple(classes), videos, draw(st.text(max_size=5).filter(str.isprintable)), "training", "test")


@given(annotations=datasets())
def test_round_trip(annotations: Annotations, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("round") / "annotations.json"
    write_annotations(path, annotations)
    assert read_annotations(path) == annotations
    write_annotations(path, annotations, extra={"made_by": {"seed": 3}})
    assert read_annotations(path) == annotations
    assert json.loads(path.read_text(encoding="utf-8"))["made_by"] == {"seed": 3}


@pytest.mark.parametrize(
    ("subsets", "given", "expected"),
    [
        (("all", "all"), None, ("all", "all")),
        (("training", "validation"), None, ("training", "validation")),
        (("a", "b"), None, ("training", "validation")),
        (("all", "all"), {"train": "x", "test": "all"}, ("x", "all")),
    ],
)
def test_the_only_subset_is_taken_by_default(
    subsets: tuple[str, str], given: dict[str, str] | None, expected: tuple[str, str], tmp_path: Path
) -> None:
    videos = {f"v{i}": {"subset": name, "duration": 9.0, "labels": ["a"]} for i, name in enumerate(subsets)}
    content = {"database": videos} | ({} if given is None else {"subsets": given})
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    found = read_tags(tmp_path)
    assert (found.train_subset, found.test_subset) == expected


def test_segments_as_other_tools_write_them(tmp_path: Path) -> None:
    """Times as text, a start a hair before 0, an end a hair after the video, and null for no annotations."""
    spans = [{"label": "a", "segment": ["0.2", " 1.1 "]}, {"label": "a", "segment": [-0.02, 10.01]}]
    path = written(tmp_path, {"v": {**VIDEO, "annotations": spans}, "w": {**VIDEO, "annotations": None}})
    read = read_annotations(path)
    assert read.videos["v"].segments == (Segment(0.2, 1.1, "a"), Segment(0, 10.01, "a"))
    assert read.videos["w"].segments == read.videos["w"].labels == ()
    assert [note.partition(" of the ")[0] for note in read.notes] == ["2 times", "1 segment"]
    assert read_tags(path).videos["v"].labels == ("a",)


@pytest.mark.parametrize("segment", [["1e3", "2"], ["nan", "2"], ["", "2"], ["0x1", "2"], ["3", "2"], [-0.7, 2]])
def test_what_is_not_plain_is_not_mended(segment: list[Any], tmp_path: Path) -> None:
    path = written(tmp_path, {"v": {**VIDEO, "annotations": [{"label": "a", "segment": segment}]}})
    with pytest.raises(InputError, match=r"database\.v\.annotations\.0"):
        read_annotations(path)


@pytest.mark.parametrize("other", ["HighJump ", "highjump", "High Jump", "high_jump", "HIGH-JUMP"])
def test_labels_that_differ_by_case_or_blanks_are_no_two_classes(other: str, tmp_path: Path) -> None:
    database = {"v": {**VIDEO, "labels": ["HighJump"]}, "w": {**VIDEO, "labels": [other]}}
    with pytest.raises(InputError, match=r"database\.w: labels 'HighJump' and '.*' differ by case or blanks only"):
        read_tags(written(tmp_path, database))
    with pytest.raises(InputError, match="expected 'HighJump', from which it differs by case or blanks only"):
        read_tags(written(tmp_path, database, classes=["Diving", "HighJump"]))
    assert read_tags(written(tmp_path, database, classes=["HighJump", other])).classes == ("HighJump", other)


def test_the_protocol_comes_back(tmp_path: Path) -> None:
    read = read_annotations(written(tmp_path, {"v": VIDEO}, protocol="thumos14"))
    assert read.protocol == "thumos14"
    write_annotations(tmp_path / "annotations.json", read)
    assert read_tags(tmp_path).protocol == "thumos14"
    assert read_tags(written(tmp_path, {"v": VIDEO})).protocol == ""


def test_durations_as_text_are_read_by_both_readers(tmp_path: Path) -> None:
    video = {"subset": "training", "duration": "12.5", "labels": ["a"]}
    (tmp_path / "annotations.json").write_text(json.dumps({"database": {"v": video}}))
    for read in (read_annotations, read_tags):
        annotations = read(tmp_path)
        assert annotations.videos["v"].duration == 12.5
        assert annotations.notes == ("1 time of the annotations given as text; read as numbers",)
