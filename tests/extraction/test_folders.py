from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from weaktal.data.annotations import read_tags
from weaktal.data.features import Features, read_header
from weaktal.data.manifest import read_manifest
from weaktal.data.video_files import find_videos
from weaktal.encoders.clip import load_clip
from weaktal.encoders.prompts import class_vectors
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError
from weaktal.extraction import folders
from weaktal.extraction.extract import Extracted
from weaktal.extraction.extract import extract as verb
from weaktal.extraction.folders import plan
from weaktal.extraction.pipeline import Sampling
from weaktal.extraction.recipe import Recipe


def write_video(path: Path, frames: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(frames):
            image = np.full((48, 64, 3), (20 + 4 * i) % 236, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    for name, frames in (("a", 40), ("b", 5), ("c", 33)):
        write_video(tmp_path / "videos" / f"{name}.mp4", frames)
    return tmp_path / "videos"


def extract(recipe: Recipe, videos: Path) -> Extracted:
    return verb(
        videos,
        encoders=recipe.encoders,
        into=recipe.dataset,
        names=recipe.names,
        flow=recipe.flow,
        weights=recipe.weights,
        template=recipe.template,
        device=recipe.device,
        workers=1,
    )


@pytest.fixture
def recipe(tmp_path: Path, clip_folder: Path) -> Recipe:
    return Recipe(dataset=tmp_path / "dataset", encoders=(str(clip_folder),), names=("clip",), flow="dis")


LABELS = ["Running", "HighJump"]


def annotate(dataset: Path, *names: str) -> None:
    dataset.mkdir(exist_ok=True)
    database = {name: {"subset": "training", "duration": 1.0, "labels": ["Running"]} for name in names}
    (dataset / "annotations.json").write_text(json.dumps({"classes": LABELS, "database": database}))


def test_features_manifest_and_class_vectors(recipe: Recipe, videos: Path, clip_folder: Path) -> None:
    annotate(recipe.dataset, "a", "b", "c")
    done = extract(recipe, videos)
    assert (done.extracted, done.frames, done.failures) == (("a", "b", "c"), 40 + 5 + 33, {})
    folder = recipe.dataset / "features" / "clip"
    manifest = read_manifest(folder)
    assert manifest is not None
    assert (manifest.encoder, manifest.fps, manifest.window, manifest.stride, manifest.dim) == (
        "tiny-clip",
        25,
        16,
        16,
        24,
    )
    assert manifest.complete
    assert manifest.text == "text.npy"
    assert manifest.weights_sha256 is not None
    assert len(manifest.weights_sha256) == 64
    extra = manifest.model_extra or {}
    assert extra["last_window"] == "padded by repeating the last frame"
    assert extra["snippet"] == "the middle frame of the window"
    features = Features.open(recipe.dataset, "clip")
    annotations = read_tags(recipe.dataset)
    durations = {"a": 40 / 25, "b": 5 / 25, "c": 33 / 25}
    assert list(features.problems(durations)) == []
    for name, seconds in durations.items():
        assert features.length(name) == manifest.grid.count(seconds)
    expected = class_vectors(load_clip(clip_folder), ["a video of a person running", "a video of a person high jump"])
    stored = np.load(folder / "text.npy", allow_pickle=False)
    assert annotations.classes == tuple(LABELS)
    assert stored == pytest.approx(expected.numpy(), abs=1e-6)


def test_without_annotations_there_are_features_and_a_reason(recipe: Recipe, videos: Path) -> None:
    extract(recipe, videos)
    manifest = read_manifest(recipe.dataset / "features" / "clip")
    assert manifest is not None
    assert manifest.complete
    assert manifest.text is None
    (reason,) = folders.write_class_vectors(recipe.targets(), None, recipe.template)
    assert "clip has no class vectors: the dataset has no annotations.json yet" in reason


def test_finished_videos_are_skipped_and_new_ones_added(recipe: Recipe, videos: Path) -> None:
    extract(recipe, videos)
    before = {path: path.stat().st_mtime_ns for path in (recipe.dataset / "features" / "clip").glob("*.npy")}
    assert extract(recipe, videos).extracted == ()
    write_video(videos / "d.mp4", 20)
    assert extract(recipe, videos).extracted == ("d",)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())


def test_only_the_encoder_that_lacks_a_video_works_on_it(recipe: Recipe, videos: Path, siglip_folder: Path) -> None:
    extract(recipe, videos)
    both = Recipe(
        dataset=recipe.dataset, encoders=(*recipe.encoders, str(siglip_folder)), names=("clip", "siglip"), flow="dis"
    )
    targets = both.targets()
    assert [job.wanted for job in plan(find_videos([videos]), targets)] == [(1,)] * 3
    extract(both, videos)
    assert plan(find_videos([videos]), targets) == []
    features = Features.open(recipe.dataset, "clip=clip,siglip=siglip")  # the same snippets, so they go side by side
    assert features.length("a") == 3


def test_incomplete_until_every_annotated_video_has_its_file(recipe: Recipe, videos: Path) -> None:
    annotate(recipe.dataset, "a", "b", "c", "absent")
    extract(recipe, videos)
    manifest = read_manifest(recipe.dataset / "features" / "clip")
    assert manifest is not None
    assert not manifest.complete
    assert folders.finish(recipe.targets(), [], read_tags(recipe.dataset)) == {"clip": ["absent"]}


CHANGES = {
    "fps": ({"sampling": Sampling(fps=10.0)}, "these features have fps 25.0, this run 10.0"),
    "stride": ({"sampling": Sampling(stride=8)}, "these features have stride 16, this run 8"),
    "precision": ({"precision": "bf16"}, "these features have precision 'fp32', this run 'bf16'"),
    "random weights": ({"weights": WeightsChoice(seed=1)}, "these features have random_weights None, this run 1"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_other_settings_are_refused_by_name(recipe: Recipe, videos: Path, case: str) -> None:
    from dataclasses import replace

    extract(recipe, videos)
    change, message = CHANGES[case]
    with pytest.raises(InputError) as caught:
        replace(recipe, **change).targets()
    assert message in caught.value.line(shell=True)
    assert "manifest.json" in caught.value.line(shell=True)
    assert "expected the same settings, or another --features" in caught.value.line(shell=True)


def test_other_weights_are_refused(recipe: Recipe, videos: Path, legacy_clip_folder: Path) -> None:
    from dataclasses import replace

    extract(recipe, videos)
    with pytest.raises(InputError, match=r"these features have (encoder|weights_sha256)"):
        replace(recipe, encoders=(str(legacy_clip_folder),)).targets()


def test_another_template_is_no_other_setting(recipe: Recipe, videos: Path) -> None:
    from dataclasses import replace

    annotate(recipe.dataset, "a", "b", "c")
    extract(recipe, videos)
    before = np.load(recipe.dataset / "features" / "clip" / "text.npy")
    assert extract(replace(recipe, template="{} video"), videos).extracted == ()
    assert not np.allclose(before, np.load(recipe.dataset / "features" / "clip" / "text.npy"))


@pytest.mark.parametrize("file", ["a.npy", "a_i3d.NPY", "rgb/a.npy", "a.npz", "a.h5", "a.pt"])
def test_features_of_unknown_origin_are_left_alone(recipe: Recipe, file: str) -> None:
    path = recipe.dataset / "features" / "clip" / file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"whatever it holds")
    with pytest.raises(InputError, match="holds features but no manifest"):
        recipe.targets()


def test_half_a_file_is_named_not_believed(recipe: Recipe, videos: Path) -> None:
    extract(recipe, videos)
    path = recipe.dataset / "features" / "clip" / "a.npy"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="is truncated"):
        plan(find_videos([videos]), recipe.targets())


def test_two_encoders_may_not_share_a_folder(recipe: Recipe) -> None:
    from dataclasses import replace

    for names in (("x", "x"), ("x",), ("x", "../y"), ("x", "")):
        with pytest.raises(InputError, match="names"):
            replace(recipe, encoders=("i3d", "i3d-rgb"), names=names).folders()


def test_videos_are_found_by_name(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.mkv", "sub/c.webm", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list(find_videos([tmp_path])) == ["a", "b", "c"]
    assert list(find_videos([tmp_path, tmp_path / "a.mkv"])) == ["a", "b", "c"]
    (tmp_path / "sub" / "a.avi").touch()
    assert set(find_videos([tmp_path])) == {"b", "c", f"{tmp_path.name}_a", "sub_a"}
    assert list(find_videos([tmp_path], known={"a": tmp_path / "a.mkv"})) == ["a", "b", "c", "sub_a"]
    with pytest.raises(InputError, match="no such file or folder"):
        find_videos([tmp_path / "absent.mp4"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no video"):
        find_videos([tmp_path / "empty"])


SLOW_RUN = """
import sys, time
from pathlib import Path
from weaktal.data.video_files import find_videos
from weaktal.extraction import folders
from weaktal.extraction.recipe import Recipe
recipe = Recipe(dataset=Path(sys.argv[1]), encoders=(sys.argv[2],), names=("clip",), flow="dis")
found = find_videos([Path(sys.argv[3])])
targets = recipe.targets()
folders.begin(targets)
for report in folders.run_here(recipe.pipeline(targets, 1), folders.plan(found, targets), targets):
    print(report.name, flush=True)
    time.sleep(0.05)
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(recipe: Recipe, videos: Path, clip_folder: Path) -> None:
    for i in range(40):
        write_video(videos / f"more{i:02}.mp4", 20)
    arguments = [sys.executable, "-c", SLOW_RUN, str(recipe.dataset), str(clip_folder), str(videos)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(5):
        assert process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    folder = recipe.dataset / "features" / "clip"
    written = {path.stem for path in folder.glob("*.npy")}
    assert 5 <= len(written) < 43
    for name in written:
        assert read_header(folder / f"{name}.npy").columns == 24
    manifest = read_manifest(folder)
    assert manifest is not None
    assert not manifest.complete
    assert set(extract(recipe, videos).extracted) == {path.stem for path in videos.iterdir()} - written
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.complete


@pytest.mark.slow
def test_a_ray_worker_that_is_killed_costs_nothing_but_time(recipe: Recipe, videos: Path) -> None:
    ray = pytest.importorskip("ray")
    from weaktal.extraction.cluster import run_on_ray

    for i in range(9):
        write_video(videos / f"more{i}.mp4", 400)
    (videos / "broken.mp4").write_bytes(b"no video")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        found = find_videos([videos])
        targets = recipe.targets()
        folders.begin(targets)
        reports = []
        for report in run_on_ray(recipe, plan(found, targets), workers=2):
            if not reports:
                os.kill(report.process, signal.SIGKILL)  # it works on its second video by now
                killed = report.process
            reports.append(report)
    finally:
        ray.shutdown()
    assert sorted(report.name for report in reports) == sorted(found)
    assert [report.name for report in reports if report.error] == ["broken"]
    assert killed != os.getpid()
    assert len({report.process for report in reports if report.process}) == 3  # two, and the one that took over
    assert folders.finish(targets, found, None) == {"clip": ["broken"]}
    folder = recipe.dataset / "features" / "clip"
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    assert names == sorted([*(f"{name}.npy" for name in found if name != "broken"), "manifest.json"])
    lengths = {name: read_header(folder / f"{name}.npy").rows for name in found if name != "broken"}
    assert lengths == {"a": 3, "b": 1, "c": 3, **{f"more{i}": 25 for i in range(9)}}
