"""Damaged files of every kind, through the command line and the readers: good, or one line that names the file."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaktal.cli import run
from weaktal.config import Settings, load_settings
from weaktal.data.annotations import read_annotations, read_tags
from weaktal.data.features import Features
from weaktal.data.manifest import read_manifest
from weaktal.data.results import read_results
from weaktal.errors import InputError

ANNOTATIONS = {
    "version": "1", "taxonomy": [], "classes": ["a", "b"], "subsets": {"train": "training", "test": "validation"},
    "database": {
        "v1": {"subset": "training", "duration": 20.0, "labels": ["a"], "annotations": []},
        "v2": {
            "subset": "validation", "duration": 30.5, "ambiguous": [[20, 21.5]],
            "annotations": [{"label": "a", "segment": [1.0, 4.5]}, {"label": "b", "segment": [7, 9]}],
        },
    },
}  # fmt: skip
RESULTS = {
    "version": "1", "external_data": {},
    "results": {"v2": [{"label": "a", "segment": [1, 4], "score": 0.9}, {"label": "b", "segment": [2, 3], "score": 0}]},
}  # fmt: skip
MANIFEST = {"encoder": "i3d", "fps": 25.0, "window": 16, "stride": 16, "dim": 4, "streams": {"rgb": [0, 2]}}
YAML = "seed: 3\nmodel:\n  levels: 2\n  widths: [1, 2]\n  rate: 1.0e-3\n"

# Values that have crashed one reader of JSON or another. Infinity, NaN and huge numbers are not JSON, but written so.
ODD: list[object] = [
    None, True, 0, -1, -0.0, 1e308, -1e308, float("nan"), float("inf"), 10**30, 10**5000, "", "x" * 5000, "\ud800",
    "\0", "a\nb", "\u202e\x1b[31m", "../../x", [], {}, [[]], [None], {"": None}, [1, 2], [2, 1], ["a", "b"], {"a": {}},
]  # fmt: skip


class Model(Settings):
    levels: int = 1
    widths: tuple[int, ...] = ()
    rate: float = 0.1


class Config(Settings):
    seed: int = 0
    model: Model = Model()


def to_json(value: object) -> bytes:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**100:
        return b"9" * 5000
    if isinstance(value, dict):
        return b"{" + b", ".join(json.dumps(k).encode() + b": " + to_json(v) for k, v in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b", ".join(to_json(item) for item in value) + b"]"
    return json.dumps(value).encode()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: object) -> Any:
    """A copy with ``new`` at ``path``."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@st.composite
def damaged_bytes(draw: st.DrawFn, good: bytes) -> bytes:
    kind = draw(st.sampled_from(["cut", "flip", "flips", "insert", "repeat", "bom", "utf-16", "other"]))
    position = draw(st.integers(0, len(good)))
    match kind:
        case "cut":
            return good[:position]
        case "flip" | "flips":
            content = bytearray(good)
            for _ in range(1 if kind == "flip" else 8):
                content[draw(st.integers(0, len(good) - 1))] = draw(st.integers(0, 255))
            return bytes(content)
        case "insert":
            return good[:position] + draw(st.binary(min_size=1, max_size=8)) + good[position:]
        case "repeat":
            return good + good
        case "bom":
            return b"\xef\xbb\xbf" + good
        case "utf-16":
            return good.decode("latin1").encode("utf-16")
        case _:
            others = [
                b"",
                b"\0" * 64,
                b"[" * 60_000,
                b'{"a":' * 60_000,
                b"null",
                b"\xff\xfe",
                b"PK\x03\x04",
                b"9" * 5000,
            ]
            return draw(
                st.sampled_from([*others, *(to_json(x) for x in (ANNOTATIONS, RESULTS, MANIFEST)), YAML.encode()])
            )


@st.composite
def damaged_json(draw: st.DrawFn, good: Any) -> bytes:
    if draw(st.booleans()):
        return draw(damaged_bytes(to_json(good)))
    for _ in range(draw(st.integers(1, 2))):
        good = changed(good, draw(st.sampled_from(places(good))), draw(st.sampled_from(ODD)))
    content = to_json(good)
    if draw(st.booleans()) and content.startswith(b"{") and len(content) > 2:
        key = draw(st.sampled_from([b'"version"', b'"database"', b'"results"', b'"dim"']))
        content = b"{" + key + b": {}, " + content[1:]  # the same key twice
    return content


def outcome(arguments: list[str], capsys: pytest.CaptureFixture[str], *named: Path) -> int:
    """Runs the command line and checks what every command owes its user."""
    code = run(arguments)
    captured = capsys.readouterr()
    assert code in (0, 2)
    if code == 2:
        assert captured.err.endswith("\n")
        assert captured.err.count("\n") == 1
        assert captured.err[:-1].isprintable()
        assert any(str(path) in captured.err for path in named)
        assert captured.out == ""
    return code


def check_read(read: Callable[[], object], path: Path) -> bool:
    """Whether a reader accepts the file; if not, its message is one line that names the file."""
    try:
        read()
    except InputError as error:
        line = error.line()
    else:
        return True
    assert str(path) in line
    assert line.isprintable()
    return False


many = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(data=st.data())
def test_annotations_and_results(data: st.DataObject, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    annotations, results, scores = tmp_path / "annotations.json", tmp_path / "results.json", tmp_path / "scores.json"
    scores.unlink(missing_ok=True)
    first = data.draw(st.booleans())
    annotations.write_bytes(data.draw(damaged_json(ANNOTATIONS)) if first else to_json(ANNOTATIONS))
    results.write_bytes(to_json(RESULTS) if first else data.draw(damaged_json(RESULTS)))
    arguments = ["evaluate", str(annotations), str(results), "--json", str(scores)]
    code = outcome(arguments, capsys, annotations, results)
    if code == 0:
        assert json.loads(scores.read_bytes())["subset"]
    else:
        assert not scores.exists()
    assert {path.name for path in tmp_path.iterdir()} <= {annotations.name, results.name, scores.name}
    check_read(lambda: read_annotations(annotations), annotations)
    check_read(lambda: read_tags(annotations), annotations)
    check_read(lambda: read_results(results), results)


@many
@given(data=st.data())
def test_manifests_and_features(data: st.DataObject, tmp_path: Path) -> None:
    folder = tmp_path / "features" / "i3d"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "v.npy"
    np.save(path, np.arange(48, dtype=data.draw(st.sampled_from(["<f4", "<f2", "<f8", "<i4"]))).reshape(12, 4))
    path.write_bytes(data.draw(damaged_bytes(path.read_bytes())))
    (folder / "manifest.json").write_bytes(to_json(MANIFEST))
    features = Features.open(tmp_path, "i3d")
    if check_read(lambda: features.read("v"), path):
        assert features.read("v").shape[1] == 4
        for problem in features.problems({"v": 12 * 0.64}):
            assert str(path) in problem.error.line()
    (folder / "manifest.json").write_bytes(data.draw(damaged_json(MANIFEST)))
    check_read(lambda: read_manifest(folder), folder / "manifest.json")


@many
@given(data=st.data())
def test_settings(data: st.DataObject, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(data.draw(damaged_bytes(YAML.encode()) | damaged_json({"seed": 1, "model": {"levels": 2}})))
    check_read(lambda: load_settings(Config, file), file)


@many
@given(data=st.data())
def test_numpy_packages(
    data: st.DataObject, npy_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged, out = tmp_path / "damaged", tmp_path / "out"
    for folder in (damaged, out):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(npy_package, damaged)
    features = np.empty(3, dtype=object)
    features[:] = [np.ones((99, 70), np.float32), np.ones((50, 70), np.float32), np.ones((25, 70), np.float32)]
    np.save(damaged / "X-I3D-JOINTFeatures.npy", features)
    files = sorted(damaged.iterdir())
    path = data.draw(st.sampled_from(files))
    if data.draw(st.integers(0, 4)):
        path.write_bytes(data.draw(damaged_bytes(path.read_bytes())))
    else:
        shutil.copy(data.draw(st.sampled_from(files)), tmp_path / "other")
        (tmp_path / "other").replace(path)  # a good file of another kind
    code = outcome(["import", "thumos14", str(damaged), str(out)], capsys, damaged)
    assert out.exists() == (code == 0)
    if code == 0:
        assert read_annotations(out).videos
    assert {p.name for p in tmp_path.iterdir()} <= {"damaged", "out", "package"}


OFFICIAL = {"version": "1", "taxonomy": [], "database": {"v": ANNOTATIONS["database"]["v2"]}}  # type: ignore[index]
TIMES = {"v_a": {"duration_second": 9.5, "annotations": [{"segment": [1, 2.5], "label": "Sumo"}], "duration_frame": 1}}
INFO = b"video,numFrame,seconds,fps,rfps,subset,featureFrame\nv_a,250,9.5,25.0,25.0,training,240\n"


@many
@given(data=st.data())
def test_activitynet_packages(data: st.DataObject, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
    source.mkdir()
    if data.draw(st.booleans()):
        (source / "activity_net.v1-3.min.json").write_bytes(data.draw(damaged_json(OFFICIAL)))
    else:
        which = data.draw(st.sampled_from(["times", "info", "classes"]))
        times = data.draw(damaged_json(TIMES)) if which == "times" else to_json(TIMES)
        info = data.draw(damaged_bytes(INFO)) if which == "info" else INFO
        classes = data.draw(damaged_bytes(b"action\nSumo\n")) if which == "classes" else b"action\nSumo\n"
        (source / "anet_anno_action.json").write_bytes(times)
        (source / "video_info_new.csv").write_bytes(info)
        (source / "action_name.csv").write_bytes(classes)
    code = outcome(["import", "activitynet13", str(source), str(out)], capsys, source)
    assert out.exists() == (code == 0)
    if code == 0:
        assert read_annotations(out).videos


@pytest.mark.parametrize(
    "name", ["a\0b", "x" * 300, "sur\ud800rogate", "a\nb", "\N{SNOWMAN}", "", "/dev/null", "/proc/sys"]
)
def test_paths_that_are_no_good(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "annotations.json"
    good.write_bytes(to_json(ANNOTATIONS))
    for arguments in (
        ["evaluate", name, name],
        ["evaluate", str(good), name],
        ["import", "thumos14", name, str(tmp_path / "out")],
        ["import", "activitynet13", name, str(tmp_path / "out")],
    ):
        assert run(arguments) == 2
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1
        assert captured.err[:-1].isprintable()
    assert [path.name for path in tmp_path.iterdir()] == [good.name]


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "sur\ud800rogate", "file/below"])
def test_destinations_that_are_no_good(
    name: str, npy_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert run(["import", "thumos14", str(npy_package), f"{tmp_path}/{name}"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_header_that_lies_about_its_length_is_no_way_to_fill_the_memory(tmp_path: Path) -> None:
    (tmp_path / "features" / "i3d").mkdir(parents=True)
    (tmp_path / "features/i3d/manifest.json").write_bytes(to_json(MANIFEST))
    path = tmp_path / "features" / "i3d" / "v.npy"
    path.write_bytes(b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"{" * 100)
    with pytest.raises(InputError, match="header too long"):
        Features.open(tmp_path, "i3d").read("v")
