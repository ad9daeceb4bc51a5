"""``weaktal reproduce``: the recipes, what is missing, and the row beside the published one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from weaktal.cli import run
from weaktal.config import flat, load_settings
from weaktal.data.annotations import read_annotations
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.encoders.weights import weights_folder
from weaktal.evaluation.protocols import PROTOCOLS
from weaktal.files import read_model
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.studies.benchmarks import BENCHMARKS
from weaktal.studies.reproduce import report
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
    assert "16 columns in place of 2048, 1 frames a second in place of 25, 1 frames a snippet in place of 16" in line
    make_as_published(dataset)
    (weights_folder() / "clip-vit-b16").mkdir(parents=True)  # empty, so no weights
    line = missing()
    assert "1 thing is missing" in line
    assert str(weights_folder() / "clip-vit-b16") in line
    (dataset / "features/i3d/video_03.npy").unlink()
    assert "1 of 16 videos" in (line := missing())
    assert "video_03.npy" in line


SMALL = [
    "vlp.text.encoder=null", "vlp.heads=2", "pyramid.width=16", "pyramid.heads=2", "optimizer.batch_size=4",
    "optimizer.lr=0.01", "schedule.updates_per_epoch=1", "schedule.warm_up=2", "schedule.background=2",
    "schedule.foreground=2", "schedule.rounds=1", "engine.tensorboard=false",
]  # fmt: skip


def make_as_published(dataset: Path) -> None:
    """Features of the published widths and rate, so that little else differs from the experiment."""
    random = np.random.default_rng(0)
    streams = {"rgb": (0, 1024), "flow": (1024, 2048)}
    made = {
        "i3d": Manifest(encoder="noise", fps=25.0, window=16, stride=25, dim=2048, streams=streams),
        "clip-vit-b16": Manifest(encoder="noise", fps=1.0, window=1, stride=1, dim=512, text="text.npy"),
    }
    for name, manifest in made.items():
        folder = dataset / "features" / name
        folder.mkdir(exist_ok=True)
        for video, about in read_annotations(dataset).videos.items():
            rows = random.normal(size=(int(about.duration), manifest.dim))
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
