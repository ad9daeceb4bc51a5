"""Packages as they lie on disks: roots, links, other names, shapes and formats; nothing is passed over in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weaktal.data.annotations import read_annotations
from weaktal.data.features import Features
from weaktal.data.importers.import_dataset import import_dataset
from weaktal.data.manifest import read_manifest
from weaktal.errors import InputError
from weaktal.segments import Segment

NAMES = [f"video_validation_{i:07d}" for i in range(3)] + [f"video_test_{i:07d}" for i in range(3)]
SECONDS = {name: 60.0 + 20 * i for i, name in enumerate(NAMES)}
DIM = 8


def rows(name: str, fps: float = 25.0) -> np.ndarray:
    """Features of one video: (T, D), each number its own."""
    count = int((SECONDS[name] * fps - 16) // 16) + 1
    return np.random.default_rng(NAMES.index(name)).normal(size=(count, DIM)).astype(np.float32)


def database(**change: Any) -> dict[str, Any]:
    """Annotations as ActionFormer and OpenTAD have them; ``change`` replaces keys of each video, None drops them."""
    entries = {}
    for name in NAMES:
        spans = [{"label": "Diving", "segment": [5.0, 9.0], "segment(frames)": [150, 270], "label_id": 7}]
        subset = "Validation" if "validation" in name else "Test"
        if subset == "Test":
            spans.append({"label": "Ambiguous", "segment": [20.0, 21.0]})
        entry = {"subset": subset, "duration": SECONDS[name], "fps": 30.0, "annotations": spans, **change}
        entries[name] = {key: value for key, value in entry.items() if value is not None}
    return {"version": "Thumos14-30fps", "database": entries}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "thumos14.json").write_text(json.dumps(database()))
    return tmp_path / "annotations"


def stored(dataset: Path, name: str) -> np.ndarray:
    return Features.open(dataset, "i3d").read(name)


def test_annotations_of_actionformer_and_opentad(source: Path, tmp_path: Path) -> None:
    import_dataset("thumos14", source / "thumos14.json", tmp_path / "out")
    annotations = read_annotations(tmp_path / "out")
    assert annotations.protocol == "thumos14"
    assert annotations.classes == ("Diving",)
    assert (annotations.train_subset, annotations.test_subset) == ("validation", "test")
    assert {video.subset for video in annotations.videos.values()} == {"validation", "test"}
    assert annotations.videos[NAMES[3]].ambiguous == ((20.0, 21.0),)
    assert annotations.videos[NAMES[3]].segments == (Segment(5, 9, "Diving"),)


def test_the_root_of_cola(tmp_path: Path) -> None:
    """gt.json with times as text and no durations, splits, and features/{train,test}/{rgb,flow}."""
    root = tmp_path / "THUMOS14"
    spans = [{"label": "Diving", "segment": ["5.0", "9.5"]}]
    for name in NAMES:
        for stream in ("rgb", "flow"):
            folder = root / "features" / ("train" if "validation" in name else "test") / stream
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / f"{name}.npy", rows(name) * (1 if stream == "rgb" else 2))
    (root / "gt.json").write_text(json.dumps(database(subset=None, duration=None, annotations=spans)))
    (root / "split_train.txt").write_text("\n".join(NAMES[:3]))
    (root / "split_test.txt").write_text("\ufeff" + "\r\n".join(NAMES[3:]))
    imported = import_dataset("thumos14", root, tmp_path / "out")
    assert "6 videos without a duration in gt.json; taken from the length of the features" in imported.notes
    annotations = read_annotations(tmp_path / "out")
    assert annotations.videos[NAMES[0]].segments == (Segment(5, 9.5, "Diving"),)
    assert {name: video.subset for name, video in annotations.videos.items()} == {
        name: "validation" if "validation" in name else "test" for name in NAMES
    }
    for name in NAMES:
        assert annotations.videos[name].duration == pytest.approx(SECONDS[name], abs=0.64)
        assert stored(tmp_path / "out", name) == pytest.approx(np.concatenate([rows(name), 2 * rows(name)], axis=1))


def test_the_root_of_co2_net(npy_package: Path, joint: Callable[..., object], tmp_path: Path) -> None:
    root = tmp_path / "CO2-Net"
    root.mkdir()
    joint(npy_package)
    npy_package.rename(root / "Thumos14reduced-Annotations")
    for features in (root / "Thumos14reduced-Annotations").glob("*JOINTFeatures.npy"):
        features.rename(root / features.name)
    imported = import_dataset("thumos14", root, tmp_path / "out")
    assert imported.with_features == 3


FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "float64": lambda x: x.astype(np.float64),
    "big-endian": lambda x: x.astype(">f4"),
    "Fortran order": np.asfortranarray,
    "(D, T)": lambda x: np.tile(x.T, (40, 1)),
    "(10, T, D)": lambda x: np.stack([x + crop - 4.5 for crop in range(10)]),
    "(T, 10, D)": lambda x: np.stack([x + crop - 4.5 for crop in range(10)], axis=1),
    "(1, T, D)": lambda x: x[None],
    "(T, D, 1, 1)": lambda x: x[:, :, None, None],
    "(D, T) of ten crops": lambda x: np.stack([np.tile(x.T, (40, 1)) + crop - 4.5 for crop in range(10)], axis=1),
    "inside an object array": lambda x: np.array([x, None], dtype=object)[:1],
}


@pytest.mark.parametrize("form", FORMS)
def test_shapes_and_kinds_of_numbers(form: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    for name in NAMES:
        np.save(tmp_path / "features" / f"{name}.npy", FORMS[form](rows(name)), allow_pickle=True)
    imported = import_dataset("thumos14", [source, tmp_path / "features"], tmp_path / "out")
    for name in NAMES:
        wanted = np.tile(rows(name), (1, 40)) if "(D, T)" in form else rows(name)
        assert stored(tmp_path / "out", name) == pytest.approx(wanted, abs=1e-5)
    assert ("features were stored (D, T); turned to (T, D)" in imported.notes) == ("(D, T)" in form)


def test_archives(source: Path, tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    for name in NAMES:
        path = tmp_path / "features" / f"{name}.npz"
        np.savez_compressed(path, rgb=rows(name), flow=-rows(name), fps=np.array(25.0), name=np.array(name))
    import_dataset("thumos14", [source, tmp_path / "features"], tmp_path / "out")
    assert stored(tmp_path / "out", NAMES[1]) == pytest.approx(
        np.concatenate([rows(NAMES[1]), -rows(NAMES[1])], axis=1)
    )
    manifest = read_manifest(tmp_path / "out" / "features" / "i3d")
    assert manifest is not None
    assert manifest.streams == {"rgb": (0, DIM), "flow": (DIM, 2 * DIM)}


@pytest.mark.parametrize("layout", ["{}_i3d.npy", "{}-i3d-rgb-25fps.npy", "v_{}.npy", "deep/er/{}.npy", "linked"])
def test_names_and_places(layout: str, source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "features"
    folder.mkdir()
    real = tmp_path / "elsewhere" if layout == "linked" else folder
    for name in NAMES:
        path = real / ("{}.npy" if layout == "linked" else layout).format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rows(name))
    if layout == "linked":
        (folder / "train").symlink_to(real)
        (folder / "round").symlink_to(folder)  # a circle ends
    imported = import_dataset("thumos14", [source, folder], tmp_path / "out")
    assert imported.with_features == len(NAMES)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda folder, name: np.save(folder / f"{NAMES.index(name)}.npy", rows(name)), "its 6 files are numbers"),
        (lambda folder, name: (folder / f"{name}.h5").write_bytes(b"\x89HDF"), r"6 files are \.h5, which is not read"),
        (lambda folder, name: (folder / f"{name}.pt").write_bytes(b"PK"), r"torch\.load\(\.\.\., weights_only=True\)"),
        (lambda folder, name: np.save(folder / f"other{name[-1]}.npy", rows(name)), r"it holds \d other \.npy files"),
        (lambda folder, name: None, r"holds features of none of the videos; expected VIDEO\.npy"),
    ],
    ids=["numbers", "h5", "pt", "others", "empty"],
)
def test_a_source_from_which_nothing_comes_is_named(
    write: Callable[[Path, str], object], message: str, source: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "features"
    folder.mkdir()
    for name in NAMES:
        write(folder, name)
    with pytest.raises(InputError, match=message) as raised:
        import_dataset("thumos14", [source, folder], tmp_path / "out")
    assert raised.value.source == folder
    assert not (tmp_path / "out").exists()


def test_endings_in_capitals_and_names_as_a_mac_spells_them(tmp_path: Path) -> None:
    content = database()
    content["database"] = {f"\u00fc{name}": entry for name, entry in content["database"].items()}
    (tmp_path / "thumos14.json").write_text(json.dumps(content))
    (tmp_path / "features").mkdir()
    for name in NAMES:
        with (tmp_path / "features" / f"u\u0308{name}_i3d.NPY").open("wb") as stream:
            np.save(stream, rows(name))
    sources = [tmp_path / "thumos14.json", tmp_path / "features"]
    assert import_dataset("thumos14", sources, tmp_path / "out").with_features == len(NAMES)
    assert stored(tmp_path / "out", f"\u00fc{NAMES[0]}") == pytest.approx(rows(NAMES[0]))


def test_why_some_videos_have_no_features_is_said(source: Path, tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    for name in NAMES[:4]:
        np.save(tmp_path / "features" / f"{name}.npy", rows(name))
    for name in NAMES[4:]:
        (tmp_path / "features" / f"{name}.h5").write_bytes(b"\x89HDF")
    imported = import_dataset("thumos14", [source, tmp_path / "features"], tmp_path / "out")
    assert any(note.startswith("no features for 2 of 6 videos: 2 files are .h5") for note in imported.notes)


def test_files_of_no_video_are_counted(source: Path, tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    for name in [*NAMES, "stranger"]:
        np.save(tmp_path / "features" / f"{name}.npy", rows(NAMES[0] if name == "stranger" else name))
    imported = import_dataset("thumos14", [source, tmp_path / "features"], tmp_path / "out")
    assert f"1 file of {tmp_path / 'features'} of no video, such as stranger.npy; skipped" in imported.notes


@pytest.mark.parametrize("fps", [30.0, 24.0, 12.5])
def test_features_of_another_rate_are_refused_with_the_rate_that_fits(fps: float, source: Path, tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    for name in NAMES:
        np.save(tmp_path / "features" / f"{name}.npy", rows(name, fps))
    with pytest.raises(InputError, match=f"16 frames at {fps:g} fps"):
        import_dataset("thumos14", [source, tmp_path / "features"], tmp_path / "out")
    assert import_dataset("thumos14", [source, tmp_path / "features"], tmp_path / "out", fps=fps).with_features == 6


def test_a_video_without_duration_and_features(source: Path, tmp_path: Path) -> None:
    (source / "thumos14.json").write_text(json.dumps(database(duration=None)))
    with pytest.raises(InputError, match="has no duration; expected a duration for each video, or features"):
        import_dataset("thumos14", source, tmp_path / "out")


def test_two_packages_are_one_too_many(source: Path, tmp_path: Path) -> None:
    (tmp_path / "gt.json").write_text(json.dumps(database()))
    with pytest.raises(InputError, match="2 packages of annotations found; expected one of them"):
        import_dataset("thumos14", [source, tmp_path / "gt.json"], tmp_path / "out")


@pytest.mark.parametrize(
    ("unit", "factor", "durations_too"),
    [("ms", 1e3, False), ("milliseconds", 1e3, True), ("us", 1e6, False), ("frames@25", 25.0, False),
     ("frames", 30.0, False), ("frames", 30.0, True)],
)  # fmt: skip
def test_times_in_other_units(tmp_path: Path, unit: str, factor: float, durations_too: bool) -> None:
    """``frames`` takes the rate of each video, which the file says is 30."""
    content = database(annotations=[{"label": "Diving", "segment": [5.0 * factor, 9.0 * factor]}])
    for video in content["database"].values():
        video["duration"] *= factor if durations_too else 1
    (tmp_path / "thumos14.json").write_text(json.dumps(content))
    imported = import_dataset("thumos14", tmp_path / "thumos14.json", tmp_path / "out", unit=unit)
    for name, video in read_annotations(tmp_path / "out").videos.items():
        assert video.duration == pytest.approx(SECONDS[name])
        (segment,) = video.segments
        assert (segment.start, segment.end) == pytest.approx((5.0, 9.0))
    of = "times and durations" if durations_too else "times, but not durations,"
    assert imported.notes[0] == f"{of} were {unit}; now seconds"


def test_durations_from_features_are_seconds_whatever_the_unit_of_the_times(tmp_path: Path) -> None:
    content = database(duration=None, annotations=[{"label": "Diving", "segment": [100, 300]}])
    (tmp_path / "thumos14.json").write_text(json.dumps(content))
    (tmp_path / "features").mkdir()
    for name in NAMES:
        np.save(tmp_path / "features" / f"{name}.npy", rows(name))
    sources = [tmp_path / "thumos14.json", tmp_path / "features"]
    imported = import_dataset("thumos14", sources, tmp_path / "out", unit="frames@25")
    for name, video in read_annotations(tmp_path / "out").videos.items():
        assert video.duration == pytest.approx(SECONDS[name], abs=0.64)
        assert video.segments[0].end == 12.0
    assert "times were frames@25; now seconds" in imported.notes


def test_what_looks_like_another_unit_is_said(tmp_path: Path) -> None:
    content = database(fps=None, annotations=[{"label": "Diving", "segment": [5000.0, 9000.0]}])
    (tmp_path / "a.json").write_text(json.dumps(content))
    imported = import_dataset("thumos14", tmp_path / "a.json", tmp_path / "out")
    assert "6 of 6 segments end after their video" in imported.notes[0]
    assert "in milliseconds they would fit" in imported.notes[0]
    assert "unit" in imported.notes[0]
    with pytest.raises(InputError, match=r"says no frame rate of video_.*frames@25"):
        import_dataset("thumos14", tmp_path / "a.json", tmp_path / "other", unit="frames")


@pytest.mark.parametrize("unit", ["minutes", "frames@", "frames@x", "frames@0", "ms@25", ""])
def test_a_unit_that_is_none(source: Path, tmp_path: Path, unit: str) -> None:
    with pytest.raises(InputError, match=r"expected seconds, milliseconds, .*frames@25"):
        import_dataset("thumos14", source, tmp_path / "out", unit=unit)


def test_official_json_with_times_as_text_and_without_annotations(tmp_path: Path) -> None:
    videos = {
        "a": {"subset": "training", "duration": "60.0", "annotations": [{"label": "Diving", "segment": ["5", "9.5"]}]},
        "b": {"subset": "testing", "duration": 30, "annotations": None},
    }
    path = tmp_path / "activity_net.v1-3.min.json"
    path.write_text(json.dumps({"database": videos}))
    imported = import_dataset("activitynet13", path, tmp_path / "out")
    assert "3 times of the annotations given as text; read as numbers" in imported.notes
    assert read_annotations(tmp_path / "out").videos["a"].segments == (Segment(5, 9.5, "Diving"),)
