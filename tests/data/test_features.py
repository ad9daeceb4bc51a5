from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktal.data.features import FeatureFolder, Features, parse_names, read_header
from weaktal.data.importers.feature_arrays import read_arrays
from weaktal.data.importers.packed import read_items
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.errors import InputError
from weaktal.timeline import SnippetGrid


def folder(dataset: Path, name: str, arrays: dict[str, np.ndarray], manifest: bool = True, **fields: object) -> Path:
    path = dataset / "features" / name
    path.mkdir(parents=True)
    for video, array in arrays.items():
        np.save(path / f"{video}.npy", array)
    if manifest:
        dim = next(iter(arrays.values())).shape[-1]
        values = {"encoder": "i3d", "fps": 25.0, "window": 16, "stride": 16, "dim": dim, **fields}
        write_manifest(path, Manifest.model_validate(values))
    return path


def rows(count: int, width: int = 4, dtype: str = "<f4") -> np.ndarray:
    return np.random.default_rng(count).standard_normal((count, width)).astype(dtype)


@pytest.mark.parametrize("dtype", ["<f4", "<f2"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_reads_what_numpy_wrote(dtype: str, version: tuple[int, int], tmp_path: Path) -> None:
    array = rows(20, 5, dtype)
    path = folder(tmp_path, "i3d", {"v": array})
    with (path / "v.npy").open("wb") as stream:
        np.lib.format.write_array(stream, array, version=version)
    features = Features.open(tmp_path, "i3d")
    assert features.length("v") == 20
    whole = features.read("v")
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole, array.astype(np.float32))
    assert whole.flags.owndata
    assert whole.flags.writeable


@settings(deadline=None)
@given(start=st.integers(0, 30), stop=st.none() | st.integers(0, 40))
def test_slices_are_numpys(start: int, stop: int | None, tmp_path_factory: pytest.TempPathFactory) -> None:
    dataset = tmp_path_factory.mktemp("d")
    array = rows(20)
    folder(dataset, "i3d", {"v": array})
    np.testing.assert_array_equal(Features.open(dataset, "i3d").read("v", start, stop), array[start:stop])


def test_streams_lie_side_by_side(tmp_path: Path) -> None:
    rgb, flow = rows(20, 3), rows(20, 5, "<f2")
    folder(tmp_path, "a", {"v": rgb})
    folder(tmp_path, "b", {"v": flow})
    features = Features.open(tmp_path, "rgb=a, flow=b")
    np.testing.assert_array_equal(features.read("v", 2, 7), np.concatenate([rgb, flow.astype("f4")], axis=1)[2:7])
    assert features.layout("v") == (8, {"rgb": (0, 3), "flow": (3, 8)})


def test_streams_of_unequal_length_or_grid(tmp_path: Path) -> None:
    folder(tmp_path, "a", {"v": rows(20)})
    folder(tmp_path, "b", {"v": rows(21)})
    with pytest.raises(InputError, match=r"b/v\.npy: has 21 snippets; expected 20 as in the other stream"):
        Features.open(tmp_path, "rgb=a,flow=b").length("v")
    folder(tmp_path, "c", {"v": rows(20)}, stride=8)
    with pytest.raises(InputError, match="stride=8"):
        Features.open(tmp_path, "rgb=a,flow=c")


def test_streams_of_one_folder(tmp_path: Path) -> None:
    folder(tmp_path, "i3d", {"v": rows(9, 6)}, streams={"rgb": (0, 2), "flow": (2, 6)})
    assert Features.open(tmp_path, "i3d").layout("v") == (6, {"rgb": (0, 2), "flow": (2, 6)})


def raw(descr: str = "'<f4'", order: str = "False", shape: str = "(3, 4)", data: bytes = bytes(48)) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a feature file"),
    "text": (b"hello world, this is no array", "not a feature file"),
    "zip": (b"PK\x03\x04" + bytes(60), "not a feature file"),
    "signature alone": (b"\x93NUMPY", "not a feature file"),
    "header cut": (raw()[:40], "not a feature file"),
    "data cut": (raw()[:-1], r"is truncated \(\d+ bytes\); expected \d+ bytes"),
    "more data": (raw() + b"x", "has extra bytes at its end"),
    "objects": (raw("'|O'"), "has dtype |O"),
    "doubles": (raw("'<f8'", data=bytes(96)), "has dtype <f8"),
    "integers": (raw("'<i4'"), "has dtype <i4"),
    "big-endian": (raw("'>f4'"), "has dtype >f4"),
    "structured": (raw("[('x', '<f4')]"), "has dtype"),
    "one axis": (raw(shape="(12,)"), r"has shape \(12,\)"),
    "three axes": (raw(shape="(3, 2, 2)"), r"has shape \(3, 2, 2\)"),
    "no axes": (raw(shape="()"), r"has shape \(\)"),
    "no rows": (raw(shape="(0, 4)", data=b""), r"has shape \(0, 4\)"),
    "negative": (raw(shape="(-3, 4)"), "not a feature file"),
    "overflowing": (raw(shape=f"({2**63}, {2**63})"), "not a feature file"),
    "huge": (raw(shape=f"({2**47}, {2**47})"), "is truncated"),
    "thousands of digits": (raw(shape="(" + "9" * 5000 + ", 1)"), "not a feature file"),
    "booleans": (raw(shape="(True, 4)"), "not a feature file"),
    "columns first": (raw(order="True"), "Fortran order"),
    "code": (raw(shape="__import__('os')"), "not a feature file"),
    "deep": (raw(shape="(" * 3000), "not a feature file"),
    "deep minus": (raw(shape="-" * 9000 + "1"), "not a feature file"),
    "nul": (raw(shape="\0"), "not a feature file"),
    "set": (b"\x93NUMPY\x01\x00\x05\x00{[1]}" + bytes(9), "not a feature file"),
    "list in place of a mapping": (b"\x93NUMPY\x01\x00\x02\x00[]", "not a feature file"),
    "columns first, as a number": (raw(order="1"), "fortran_order 1"),
    "version 1.7": (b"\x93NUMPY\x01\x07" + raw()[8:], "version 1.7"),
    "version 0": (b"\x93NUMPY\x00\x00" + raw()[8:], "version 0.0"),
    "version 9": (b"\x93NUMPY\x09\x00" + raw()[8:], "not a feature file"),
    "header of 4 GB": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "header too long"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files(case: str, tmp_path: Path) -> None:
    content, message = DAMAGED[case]
    path = tmp_path / "v.npy"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        read_header(path)
    assert raised.value.line().startswith(str(path))


def test_missing_files_and_folders(tmp_path: Path) -> None:
    folder(tmp_path, "i3d", {"v": rows(9)})
    with pytest.raises(InputError, match=r"absent\.npy: no such file"):
        Features.open(tmp_path, "i3d").length("absent")
    with pytest.raises(InputError, match="no such folder of features; expected one of i3d"):
        Features.open(tmp_path, "clip")
    (tmp_path / "features/i3d/folder.npy").mkdir()
    with pytest.raises(InputError, match=r"folder\.npy: "):
        Features.open(tmp_path, "i3d").length("folder")


def test_without_a_manifest_the_spacing_must_be_said(tmp_path: Path) -> None:
    folder(tmp_path, "bare", {"v": rows(9)}, manifest=False)
    with pytest.raises(InputError, match=r"no manifest.json.*seconds_per_snippet"):
        Features.open(tmp_path, "bare")
    features = Features.open(tmp_path, "bare", 0.5)
    assert features.grid == SnippetGrid.from_seconds(0.5)
    assert features.layout("v") == (4, {})
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="seconds_per_snippet: "):
            Features.open(tmp_path, "bare", seconds)


def test_a_spacing_that_contradicts_the_manifest(tmp_path: Path) -> None:
    folder(tmp_path, "i3d", {"v": rows(9)})
    assert Features.open(tmp_path, "i3d", 0.64).grid.stride == 16
    with pytest.raises(InputError, match=r"manifest.json: says 0.64 s per snippet"):
        Features.open(tmp_path, "i3d", 0.5)


def test_widths(tmp_path: Path) -> None:
    path = folder(tmp_path, "i3d", {"a": rows(9, 4), "b": rows(9, 5)})
    features = Features.open(tmp_path, "i3d")
    with pytest.raises(InputError, match=r"b\.npy: has 5 columns; expected 4 columns as in manifest.json"):
        features.length("b")
    (path / "manifest.json").unlink()
    features = Features.open(tmp_path, "i3d", 0.64)
    assert features.length("a") == 9
    with pytest.raises(InputError, match=r"b\.npy: has 5 columns; expected 4 columns as in the other files"):
        features.length("b")


def test_problems_names_video_and_place(tmp_path: Path) -> None:
    good, nan, infinite = rows(100), rows(100), rows(5000)
    nan[63, 2], infinite[4999, 0] = np.nan, -np.inf
    folder(tmp_path, "i3d", {"good": good, "nan": nan, "inf": infinite, "short": rows(50), "long": rows(200)})
    features = Features.open(tmp_path, "i3d")
    durations = {"good": 64.0, "nan": 64.0, "inf": 3200.0, "short": 64.0, "long": 64.0, "absent": 64.0}
    problems = {problem.video: problem.error.line() for problem in features.problems(durations)}
    patterns = {
        "nan": r"nan\.npy: snippet 63: holds NaN or infinity",
        "inf": r"inf\.npy: snippet 4999: holds NaN or infinity",
        "short": r"short\.npy: has 50 snippets; expected about 100 for 64.00 s at 0.64 s per snippet",
        "long": r"long\.npy: has 200 snippets",
        "absent": r"absent\.npy: no such file",
    }
    assert set(problems) == set(patterns)
    for video, pattern in patterns.items():
        assert re.search(pattern, problems[video])
    assert {problem.video for problem in features.problems(durations, values=False)} == {"short", "long", "absent"}


def test_lengths_may_be_a_few_snippets_off(tmp_path: Path) -> None:
    folder(tmp_path, "i3d", {"a": rows(97), "b": rows(103), "c": rows(2)})
    assert list(Features.open(tmp_path, "i3d").problems({"a": 64.0, "b": 64.0, "c": 3.0})) == []


def test_large_halves_are_not_taken_for_infinity(tmp_path: Path) -> None:
    folder(tmp_path, "i3d", {"v": np.full((4096, 64), 65504, np.float16)})
    assert list(Features.open(tmp_path, "i3d").problems({"v": 4096 * 0.64})) == []


def test_a_file_that_shrinks_after_its_header_was_read(tmp_path: Path) -> None:
    path = folder(tmp_path, "i3d", {"v": rows(2000)})
    features = FeatureFolder(path)
    features.header("v")
    (path / "v.npy").write_bytes((path / "v.npy").read_bytes()[:1000])
    with pytest.raises(InputError, match=r"v\.npy: "):
        features.read("v")


@pytest.mark.parametrize("names", ["", " ", "a,b", "rgb=", "=a", "rgb=a,rgb=b", "rgb=a,", "rgb=a,b"])
def test_bad_names(names: str) -> None:
    with pytest.raises(InputError, match="features"):
        parse_names(names)


@pytest.mark.parametrize("name", ["../i3d", "/etc", "a/../../b", "rgb=../x,flow=b", "a\0b", "x" * 300])
def test_names_stay_inside_the_dataset(name: str, tmp_path: Path) -> None:
    folder(tmp_path, "i3d", {"v": rows(3)})
    with pytest.raises(InputError):
        Features.open(tmp_path / "features", name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "v.npy")
    with pytest.raises(InputError, match="is not a file"):
        read_header(tmp_path / "v.npy")
    for read in (read_items, read_arrays):
        with pytest.raises(InputError, match="is not a file"):
            read(tmp_path / "v.npy")


def test_another_file_is_looked_at_from_then_on(tmp_path: Path) -> None:
    path = folder(tmp_path, "i3d", {"v": rows(20)})
    features = FeatureFolder(path)
    assert (features.read_header("v").rows, features.header("v").rows) == (20, 20)
    np.save(tmp_path / "other.npy", rows(7))
    features.look("v", tmp_path / "other.npy")
    assert (features.read_header("v").rows, features.header("v").rows) == (7, 7)
