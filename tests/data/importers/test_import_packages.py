from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from weaktal.data.annotations import read_annotations, read_tags
from weaktal.data.features import Features
from weaktal.data.importers.import_dataset import import_dataset
from weaktal.data.manifest import read_manifest
from weaktal.errors import InputError
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid

NAMES = ["video_validation_0000001", "video_validation_0000002", "video_test_0000001"]  # of the npy_package fixture
Joint = Callable[..., list[np.ndarray]]


def objects(values: list[object]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_thumos14_package(npy_package: Path, tmp_path: Path) -> None:
    imported = import_dataset("thumos14", [npy_package], tmp_path / "out")
    annotations = read_annotations(tmp_path / "out")
    assert annotations.classes == ("Diving", "HighJump")
    assert (annotations.train_subset, annotations.test_subset) == ("validation", "test")
    second = annotations.videos["video_validation_0000002"]
    assert second.labels == ("Diving", "HighJump")
    assert second.segments == (Segment(0, 4, "HighJump"), Segment(5, 5, "Diving"))
    assert annotations.videos["video_test_0000001"].ambiguous == ((0.5, 2.0),)
    assert read_tags(tmp_path / "out").videos["video_validation_0000001"].labels == ("Diving",)
    counts = {name: (count.videos, count.segments) for name, count in imported.subsets.items()}
    assert counts == {"validation": (2, 4), "test": (1, 1)}
    assert imported.notes == [
        "1 segment beyond the annotated duration of the video; kept as published",
        "2 classes, while THUMOS14 has 20",
    ]


def test_published_thumos14(shared_data: Path, tmp_path: Path) -> None:
    imported = import_dataset("thumos14", [shared_data / "thumos14"], tmp_path / "out")
    counts = {name: (count.videos, count.segments) for name, count in imported.subsets.items()}
    assert counts == {"validation": (200, 3007), "test": (212, 3358)}
    assert imported.classes == 20
    annotations = read_annotations(tmp_path / "out")
    assert annotations.videos["video_validation_0000051"].segments[0] == Segment(67.5, 75.9, "Billiards")
    assert annotations.videos["video_test_0000278"].ambiguous[0] == (0.0, 1.4)


def test_published_activitynet13(shared_data: Path, tmp_path: Path) -> None:
    imported = import_dataset("activitynet13", [shared_data / "activitynet"], tmp_path / "out")
    counts = {name: (count.videos, count.segments) for name, count in imported.subsets.items()}
    assert counts == {"training": (9649, 14859), "validation": (4728, 7293), "testing": (4851, 0)}
    assert imported.classes == 200


OFFICIAL = {
    "version": "VERSION 1.3",
    "taxonomy": [{"parentName": "Playing sports", "nodeName": "Surfing", "nodeId": 1, "parentId": 2}],
    "database": {
        "sJFgo9H6zNo": {
            "subset": "training",
            "duration": 139.23,
            "resolution": "320x240",
            "url": "https://www.youtube.com/watch?v=sJFgo9H6zNo",
            "annotations": [
                {"segment": [0, 139.5], "label": "Fun sliding down"},
                {"segment": [9.0, 3.0], "label": "Surfing"},
                {"segment": [-0.2, 3.0], "label": "Surfing"},
            ],
        },
        "-gvh4DHs_9c": {"subset": "testing", "duration": 20, "resolution": "", "url": "", "annotations": []},
        "V1zhqaGFY2": {"subset": "validation", "duration": 5, "annotations": [{"segment": [1, 2], "label": "Rafting"}]},
    },
}  # fmt: skip


@pytest.mark.parametrize(("kind", "version"), [("activitynet12", "1-2"), ("activitynet13", "1-3")])
def test_official_activitynet(kind: str, version: str, tmp_path: Path) -> None:
    source = tmp_path / f"activity_net.v{version}.min.json"
    source.write_text(json.dumps(OFFICIAL))
    imported = import_dataset(kind, [source], tmp_path / "out")
    assert import_dataset(kind, str(tmp_path), str(tmp_path / "again")).subsets == imported.subsets
    annotations = read_annotations(tmp_path / "out")
    assert annotations.classes == ("Fun sliding down", "Rafting", "Surfing")
    first = annotations.videos["sJFgo9H6zNo"]
    assert first.segments == (Segment(0, 139.5, "Fun sliding down"), Segment(0, 3, "Surfing"))
    assert first.labels == ("Fun sliding down", "Surfing")
    assert annotations.videos["-gvh4DHs_9c"].segments == ()
    assert [note.split(" ", 1)[0] for note in imported.notes] == ["1", "1", "1", "3"]
    assert (annotations.train_subset, annotations.test_subset) == ("training", "validation")


def test_activitynet_json_and_csv(tmp_path: Path) -> None:
    source = tmp_path / "package"
    source.mkdir()
    times = {
        "v_a": {
            "duration_second": 10.0,
            "annotations": [{"segment": [1.0, 4.0], "label": "Sumo"}],
            "feature_frame": 240,
        },
        "v_b": {"duration_second": 20.0, "annotations": []},
    }
    (source / "anet_anno_action.json").write_text(json.dumps(times))
    (source / "video_info_new.csv").write_text(
        "video,numFrame,seconds,fps,rfps,subset,featureFrame\nv_a,250,10.0,25.0,25.0,training,240\n"
        "v_b,500,20.0,25.0,25.0,testing,480\nv_c,500,20.0,25.0,25.0,testing,480\n"
    )
    (source / "action_name.csv").write_text("action\nSumo\nSurfing\n")
    imported = import_dataset("activitynet13", [source], tmp_path / "out")
    annotations = read_annotations(tmp_path / "out")
    assert annotations.classes == ("Sumo", "Surfing")
    assert annotations.videos["v_b"].subset == "testing"
    assert "1 video of video_info_new.csv without times in anet_anno_action.json; skipped" in imported.notes
    (source / "action_name.csv").write_text("action\nSurfing\n")
    with pytest.raises(InputError, match=r"anet_anno_action.json: v_a: label 'Sumo'"):
        import_dataset("activitynet13", [source], tmp_path / "two")
    (source / "video_info_new.csv").write_text("video,subset\nv_a,training\n")
    with pytest.raises(InputError, match="has no video 'v_b'"):
        import_dataset("activitynet13", [source], tmp_path / "two")


def test_joint_features(npy_package: Path, joint: Joint, tmp_path: Path) -> None:
    arrays = joint(npy_package)
    imported = import_dataset("thumos14", [npy_package], tmp_path / "out")
    assert imported.with_features == 3
    features = Features.open(tmp_path / "out", "i3d")
    assert features.layout(NAMES[0]) == (2048, {"rgb": (0, 1024), "flow": (1024, 2048)})
    for name, array in zip(NAMES, arrays, strict=True):
        np.testing.assert_array_equal(features.read(name), array)
    manifest = read_manifest(tmp_path / "out" / "features" / "i3d")
    assert manifest is not None
    assert (manifest.fps, manifest.window, manifest.stride, manifest.complete) == (25.0, 16, 16, True)
    durations = {name: video.duration for name, video in read_tags(tmp_path / "out").videos.items()}
    assert list(features.problems(durations)) == []


def test_features_beside_the_annotations_and_a_video_without(npy_package: Path, joint: Joint, tmp_path: Path) -> None:
    apart = tmp_path / "apart"
    apart.mkdir()
    joint(apart, 8)
    path = next(apart.glob("*.npy"))
    items = np.load(path, allow_pickle=True)
    items[1] = np.zeros((0, 8), np.float32)
    np.save(path, items)
    imported = import_dataset("thumos14", [npy_package, path], tmp_path / "out", encoder="mine")
    assert imported.with_features == 2
    assert "no features for 1 of 3 videos" in imported.notes
    manifest = read_manifest(tmp_path / "out" / "features" / "mine")
    assert manifest is not None
    assert (manifest.complete, manifest.streams, manifest.dim) == (False, None, 8)


LAYOUTS = {
    "one file a video": "{video}.npy",
    "folders by subset": "{subset}/{video}.npy",
    "folders by stream": "{stream}/{video}.npy",
    "subset, then stream": "features/{subset}/{stream}/{video}.npy",
    "long folder names": "thumos14-i3d-{stream}/{video}.npy",
    "names with an ending": "{video}-{stream}.npy",
    "folders with a prefix": "i3d/v_{video}.npy",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["<f4", "<f2"])
def test_folders_of_features(layout: str, dtype: str, npy_package: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pattern = LAYOUTS[layout]
    wanted = {}
    for name, rows in zip(NAMES, (99, 50, 25), strict=True):
        parts = [rng.standard_normal((rows, 4)).astype(dtype), rng.standard_normal((rows, 6)).astype(dtype)]
        wanted[name] = np.concatenate(parts, axis=1)
        streams = {"rgb": parts[0], "flow": parts[1]} if "{stream}" in pattern else {"": wanted[name]}
        for stream, part in streams.items():
            path = tmp_path / "features" / pattern.format(video=name, stream=stream, subset=name.split("_")[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, part)
    imported = import_dataset("thumos14", [npy_package, tmp_path / "features"], tmp_path / "out")
    assert imported.with_features == 3
    features = Features.open(tmp_path / "out", "i3d")
    for name, array in wanted.items():
        np.testing.assert_array_equal(features.read(name), array.astype(np.float32))
    assert np.load(tmp_path / "out/features/i3d" / f"{NAMES[0]}.npy").dtype == np.dtype(dtype)
    assert features.layout(NAMES[0])[1] == ({"rgb": (0, 4), "flow": (4, 10)} if "{stream}" in pattern else {})


def broken(package: Path, array: str, change: Callable[[list[object]], object]) -> None:
    values = np.load(package / f"{array}.npy", allow_pickle=True)
    changed = change(list(values.tolist()))
    np.save(package / f"{array}.npy", objects(changed) if values.dtype == object else np.array(changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("array", "change", "message"),
    [
        ("segments", lambda v: v[:2], r"segments.npy: has 2 entries; expected 3 as in videoname.npy"),
        ("segments", lambda v: [v[0][:1], *v[1:]], r"labels.npy: entry 0 \(video_validation_0000001\): has 2 labels"),
        ("segments", lambda v: [[[1.0], [2.0, 3.0]], *v[1:]], r"segments.npy: entry 0 .*: holds something else"),
        ("segments", lambda v: [[["a", 2.0], [2.0, 3.0]], *v[1:]], r"segments.npy: entry 0 .*: holds something else"),
        ("segments", lambda v: [[[1.0, float("nan")], [2.0, 3.0]], *v[1:]], r"segments.npy: entry 0 .*: end is nan"),
        ("segments", lambda v: [7, *v[1:]], r"segments.npy: entry 0 .*: is of type int; expected a list"),
        ("labels", lambda v: [["Diving", "Running"], *v[1:]], r"labels.npy: entry 0 .*: label 'Running'"),
        ("labels_all", lambda v: [["Running"], *v[1:]], r"labels_all.npy: entry 0 .*: label 'Running'"),
        ("labels_all", lambda v: [[3.5], *v[1:]], r"labels_all.npy: entry 0 .*: holds 3.5"),
        ("duration", lambda v: [[0.0], *v[1:]], r"duration.npy: entry 0 .*: is 0.0"),
        ("duration", lambda v: [[float("inf")], *v[1:]], r"duration.npy: entry 0 .*: is inf"),
        ("videoname", lambda v: [v[0], v[0], v[2]], r"videoname.npy: holds a name twice"),
        ("videoname", lambda v: [b"../../x", *v[1:]], r"videoname.npy: video name"),
        ("subset", lambda v: [b"", *v[1:]], r"subset.npy: entry 0 .*: is ''; expected text"),
        ("classlist", lambda v: [v[0], v[0]], r"classlist.npy: holds a class twice"),
    ],
)
def test_inconsistent_packages_are_refused(
    array: str, change: Callable[[list[object]], object], message: str, npy_package: Path, tmp_path: Path
) -> None:
    broken(npy_package, array, change)
    with pytest.raises(InputError, match=message):
        import_dataset("thumos14", [npy_package], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "line", ["video_test_0000001 1.0", "video_test_0000001 3 2", "x 1 2 3", "x nan 3", "x 1 inf", "\N{SNOWMAN} one two"]
)
def test_bad_ambiguous_lines(line: str, npy_package: Path, tmp_path: Path) -> None:
    (npy_package / "Ambiguous_test.txt").write_text(f"video_test_0000001 1 2\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Ambiguous_test\.txt: line 2: is"):
        import_dataset("thumos14", [npy_package], tmp_path / "out")


def test_bad_features_leave_nothing_behind(npy_package: Path, joint: Joint, tmp_path: Path) -> None:
    arrays = joint(npy_package, 8)
    path = next(npy_package.glob("*JOINT*"))
    arrays[1][30, 3] = np.nan
    np.save(path, objects(list(arrays)))
    before = tree(tmp_path)
    with pytest.raises(InputError, match="features of video_validation_0000002 hold NaN or infinity"):
        import_dataset("thumos14", [npy_package], tmp_path / "out")
    assert tree(tmp_path) == before
    np.save(path, objects([arrays[0], arrays[1][:, :7], arrays[2]]))
    with pytest.raises(InputError, match=r"\[7\] wide; expected \[8\]"):
        import_dataset("thumos14", [npy_package], tmp_path / "out")
    np.save(path, objects(list(arrays[:2])))
    with pytest.raises(InputError, match="has 2 entries; expected 3"):
        import_dataset("thumos14", [npy_package], tmp_path / "out")
    assert tree(tmp_path) == before


def test_features_of_another_grid_are_refused_and_the_right_grid_accepted(
    npy_package: Path, joint: Joint, tmp_path: Path
) -> None:
    joint(npy_package, 8)
    with pytest.raises(InputError, match=r"times the snippets .* expected the fps"):
        import_dataset("thumos14", [npy_package], tmp_path / "out", fps=30.0, window=16, stride=4)
    import_dataset("thumos14", [npy_package], tmp_path / "out", fps=12.5, window=8, stride=8)
    assert Features.open(tmp_path / "out", "i3d").grid == SnippetGrid(fps=12.5, window=8, stride=8)


def test_a_dataset_that_exists_is_left_alone(npy_package: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    import_dataset("thumos14", [npy_package], out)
    before = (out / "annotations.json").read_bytes()
    with pytest.raises(InputError, match=r"annotations.json: exists already"):
        import_dataset("thumos14", [npy_package], out)
    assert (out / "annotations.json").read_bytes() == before


def test_a_folder_with_videos_is_filled(npy_package: Path, joint: Joint, tmp_path: Path) -> None:
    joint(npy_package, 8)
    (tmp_path / "out" / "videos").mkdir(parents=True)
    import_dataset("thumos14", [npy_package], tmp_path / "out")
    assert {"annotations.json", "features", "videos"} == {path.name for path in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize("kind", ["thumos14", "activitynet12", "activitynet13"])
def test_sources_without_annotations(kind: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no annotations found"):
        import_dataset(kind, [tmp_path / "empty"], tmp_path / "out")
    with pytest.raises(InputError, match="no such file or folder"):
        import_dataset(kind, [tmp_path / "absent"], tmp_path / "out")


def test_activitynet12_from_arrays(npy_package: Path, tmp_path: Path) -> None:
    np.save(npy_package / "subset.npy", np.array(["training", "training", "validation"], dtype="S"))
    import_dataset("activitynet12", [npy_package], tmp_path / "out")
    annotations = read_annotations(tmp_path / "out")
    assert (annotations.train_subset, annotations.test_subset) == ("training", "validation")


def test_memory_does_not_grow_with_the_package(npy_package: Path, tmp_path: Path) -> None:
    """A package of 384 MB comes in with less than 200 MB of memory of the process's own."""
    rows = 16_000
    path = npy_package / "Big-I3D-JOINTFeatures.npy"
    np.save(path, objects([np.ones((rows, 2048), np.float32) for _ in NAMES]))
    np.save(npy_package / "duration.npy", np.full((3, 1), rows * 16 / 25))
    np.save(npy_package / "segments.npy", objects([[[1.0, 2.5], [60.0, 65.0]], [[0, 4], [5.0, 5.0]], [[3.25, 9.5]]]))
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_DATA, ({200 * 2**20}, {200 * 2**20}))\n"
        "from weaktal.cli import run\n"
        f"sys.exit(run(['import', 'thumos14', {str(npy_package)!r}, {str(tmp_path / 'out')!r}]))\n"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert Features.open(tmp_path / "out", "i3d").length(NAMES[2]) == rows
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] != 200 * 2**20  # this process keeps its own limit
