"""``weaktal reproduce``: the recipes, what is missing, and the row beside the published one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from weaktal.cli import run
from weaktal.config import flat, load_settings
from weaktal.data.annotations import read_annotations
from weaktal.data.manifest import Manifest, read_manifest, write_manifest
from weaktal.encoders.weights import weights_folder
from weaktal.errors import InputError
from weaktal.evaluation.protocols import PROTOCOLS
from weaktal.files import read_model
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.studies.benchmarks import BENCHMARKS
from weaktal.studies.needs import refuse_missing
from weaktal.studies.reproduce import plan_of, report
from weaktal.studies.seeded import Measured


@pytest.mark.parametrize(("name", "snippets"), [("thumos14", 1000), ("activitynet12", 400)])
def test_recipes_hold_what_the_paper_states_over_either_preset(name: str, snippets: int) -> None:
    benchmark = BENCHMARKS[name]
    for preset in (benchmark.paper_preset, "default"):
        base = load_settings(CollabConfig, preset_file("collab", preset))
        config = load_settings(CollabConfig, benchmark.recipe, base=base)
        assert config.optimizer.max_snippets == snippets
        assert (config.vlp.text.encoder, config.vlp.text.width) == ("clip-vit-b16", 512)
        changed = {"vlp.text.encoder", "optimizer.max_snippets", "optimizer.micro_batch"}
        found, usual = (flat(settings.model_dump(mode="json")) for settings in (config, base))
        assert {key for key in usual if found[key] != usual[key]} <= changed


@pytest.mark.parametrize("name", list(BENCHMARKS))
def test_each_seed_trains_preset_default_and_preset_paper(name: str) -> None:
    benchmark = BENCHMARKS[name]
    trainings = {training.name: training for training in plan_of(benchmark, ["optimizer.lr=0.5"]).trainings}
    assert list(trainings) == ["whole", "paper"]
    for training, preset in zip(trainings.values(), ("default", benchmark.paper_preset), strict=True):
        written = load_settings(CollabConfig, preset_file("collab", preset))
        assert training.source is None
        assert training.config.schedule == written.schedule
        assert (training.config.cbp, training.config.optimizer.batch_size) == (
            written.cbp,
            written.optimizer.batch_size,
        )
        assert (training.config.vlp.text.encoder, training.config.optimizer.lr) == ("clip-vit-b16", 0.5)
    assert trainings["whole"].config.schedule != trainings["paper"].config.schedule


def test_every_line_of_a_recipe_says_where_it_comes_from() -> None:
    for benchmark in BENCHMARKS.values():
        for line in benchmark.recipe.read_text().splitlines():
            is_value = line.rstrip()[-1:] != ":" and not line.startswith("#") and line.strip()
            assert not is_value or any(tag in line for tag in ("[paper]", "[ours]")), line


@pytest.mark.parametrize("name", list(BENCHMARKS))
def test_published_figures_belong_to_the_protocol(name: str) -> None:
    benchmark = BENCHMARKS[name]
    assert set(benchmark.figures) <= set(PROTOCOLS[name].tious)
    if set(benchmark.figures) == set(PROTOCOLS[name].tious):
        assert sum(benchmark.figures.values()) / len(benchmark.figures) == pytest.approx(benchmark.mean, abs=0.06)


def test_what_is_missing_is_listed_at_once(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "no weights"))
    dataset, out = tmp_path / "data", tmp_path / "out"
    words = ["reproduce", "thumos14", "--dataset", str(dataset), "--out", str(out)]

    def missing() -> str:
        assert run(words) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert not out.exists()
        return lines[0]

    line = missing()
    assert "4 things are missing" in line
    for part in ("weaktal import thumos14", "features/i3d", "--encoder i3d", "features/clip-vit-b16"):
        assert part in line
    assert str(weights_folder() / "clip-vit-b16") in line
    assert "weaktal weights fetch clip-vit-b16" in line

    shutil.copytree(tiny_dataset, dataset)
    line = missing()
    assert "3 things are missing" in line
    assert (
        f"{dataset}/features/i3d/manifest.json, 16 columns in place of 2048, 1 frames a second in place of 25" in line
    )
    assert "1 frames a snippet in place of 16, 1 frames from one snippet to the next in place of 16; 2048" in line
    make_as_published(dataset)
    (weights_folder() / "clip-vit-b16").mkdir(parents=True)  # empty, so no weights
    line = missing()
    assert "1 thing is missing" in line
    assert str(weights_folder() / "clip-vit-b16") in line
    (dataset / "features/i3d/video_03.npy").unlink()
    assert "1 of 16 videos" in (line := missing())
    assert "video_03.npy" in line


@pytest.mark.parametrize("name", ["i3d", "clip-vit-b16"])
@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("fps", 24.0, "24 frames a second in place of 25"),
        ("window", 64, "64 frames a snippet in place of 16"),
        ("stride", 25, "25 frames from one snippet to the next in place of 16"),
        ("dim", 1024, "1024 columns in place of "),
    ],
)
def test_features_that_lie_otherwise_on_time_are_refused(
    name: str, key: str, value: float, what: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "data")
    make_as_published(tmp_path / "data")
    folder = tmp_path / "data/features" / name
    manifest = read_manifest(folder)
    assert manifest is not None
    write_manifest(folder, manifest.model_copy(update={key: value, "streams": None}))
    line = refused(tmp_path / "data", "null")
    assert "1 thing is missing" in line
    assert f"other features than those of {folder}/manifest.json, {what}" in line
    assert f"--encoder {name}" in line


def refused(dataset: Path, encoder: str) -> str:
    """The one line in which a reproduction with this text encoder is refused."""
    config = load_settings(CollabConfig, None, [f"vlp.text.encoder={encoder}"])
    with pytest.raises(InputError) as caught:
        refuse_missing(BENCHMARKS["thumos14"], dataset, "i3d", "clip-vit-b16", config)
    line = caught.value.line()
    assert "\n" not in line
    return line


WEIGHTS = "model.safetensors or pytorch_model.bin"


@pytest.mark.parametrize(
    ("files", "absent"),
    [
        ([], f"which holds no config.json, no {WEIGHTS}, no tokenizer"),
        (["config.json", "tokenizer.json"], f"which holds no {WEIGHTS}:"),
        (["model.safetensors", "vocab.json"], "which holds no config.json:"),
        (
            ["config.json", "pytorch_model.bin"],
            "which holds no tokenizer (tokenizer.json, or vocab.json and merges.txt):",
        ),
    ],
)
@pytest.mark.parametrize("place", ["named by path", "in the working directory", "among the weights"])
def test_a_folder_without_its_files_is_no_text_encoder(
    files: list[str],
    absent: str,
    place: str,
    tiny_dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "data")
    make_as_published(tmp_path / "data")
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr("weaktal.encoders.weights.cached", lambda _: None)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    parents = {"in the working directory": "here", "among the weights": "weights"}
    folder = tmp_path / parents.get(place, "elsewhere") / "clip-vit-b16"
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).touch()
    line = refused(tmp_path / "data", str(folder) if place == "named by path" else "clip-vit-b16")
    assert "1 thing is missing" in line
    assert str(folder) in line
    if place != "among the weights":
        assert f"files in {folder}, {absent}" in line
    elif "config.json" in files:  # a folder without it is not taken for weights at all
        assert f"files in {folder}, {absent} `weaktal weights fetch clip-vit-b16` completes them" in line
    assert ("working directory" in line) is (place == "in the working directory")


def test_a_whole_folder_is_a_text_encoder(tiny_dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "data")
    make_as_published(tmp_path / "data")
    (tmp_path / "clip").mkdir()
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / "clip" / file).touch()
    config = load_settings(CollabConfig, None, [f"vlp.text.encoder={tmp_path / 'clip'}"])
    found = refuse_missing(BENCHMARKS["thumos14"], tmp_path / "data", "i3d", "clip-vit-b16", config)
    assert len(found.videos) == 16


SMALL = [
    "vlp.text.encoder=null", "vlp.heads=2", "pyramid.width=16", "pyramid.heads=2", "optimizer.batch_size=4",
    "optimizer.lr=0.01", "schedule.updates_per_epoch=1", "schedule.warm_up=2", "schedule.background=2",
    "schedule.foreground=2", "schedule.rounds=1", "engine.tensorboard=false",
]  # fmt: skip


def make_as_published(dataset: Path) -> None:
    """Features of the published widths and place on time, so that little else differs from the experiment."""
    random = np.random.default_rng(0)
    streams = {"rgb": (0, 1024), "flow": (1024, 2048)}
    made = {
        "i3d": Manifest(encoder="noise", fps=25.0, window=16, stride=16, dim=2048, streams=streams),
        "clip-vit-b16": Manifest(encoder="noise", fps=25.0, window=16, stride=16, dim=512, text="text.npy"),
    }
    for name, manifest in made.items():
        folder = dataset / "features" / name
        folder.mkdir(exist_ok=True)
        for video, about in read_annotations(dataset).videos.items():
            rows = random.normal(size=(manifest.grid.count(about.duration), manifest.dim))
            np.save(folder / f"{video}.npy", rows.astype(np.float32))
        write_manifest(folder, manifest)
    np.save(dataset / "features/clip-vit-b16/text.npy", random.normal(size=(3, 512)).astype(np.float32))


@pytest.mark.usefixtures("trainings_here")
def test_a_small_one_from_end_to_end(tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset, out = tmp_path / "data", tmp_path / "out"
    shutil.copytree(tiny_dataset, dataset)
    make_as_published(dataset)
    words = ["reproduce", "thumos14", "--dataset", str(dataset), "--out", str(out), "--seeds", "0,1"]
    assert run([*words, *(word for setting in SMALL for word in ("--set", setting))]) == 0
    text = capsys.readouterr().out
    assert "| Ju et al., CVPR 2023, published | 73.5 | 68.8 | 61.5 | 53.8 | 42.0 | 29.4 | 16.8 | 49.4 |" in text
    cells = [read_model(out / f"readings/whole/seed-{seed}.json", Measured, "a reading") for seed in (0, 1)]
    mean = 50 * (cells[0].average_map + cells[1].average_map)
    (row,) = [line for line in text.splitlines() if line.startswith("| weaktal, preset default, CBP, n = 2")]
    assert "| weaktal, preset paper, CBP, n = 2" in text
    assert "| weaktal, preset default, as it localizes, n = 2" in text
    assert row.split("|")[-2].split("±")[0].strip() == f"{mean:.1f}"
    assert f"{mean - 49.4:+.1f} of the published mean" in text
    assert "Not the published set: trained on 10 videos of 'training'; the published experiment has 200" in text
    assert "- `optimizer.lr=0.01`" in text
    assert "[paper] Adam" in text
    assert "theta_loc: [0.5]" in text


def test_without_a_finished_seed() -> None:
    assert "Preset paper: No seed came to its end." in report(BENCHMARKS["thumos14"], {}, [0], [], [])
