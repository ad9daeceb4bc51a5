"""A dataset that a whole ablation takes seconds on, and trainings that need no process of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from weaktal.data.annotations import read_annotations
from weaktal.data.manifest import Manifest, write_manifest

DIM = 8
SMALL = """
optimizer: {batch_size: 4, lr: 0.01, max_snippets: 12}
cbp: pyramid
pyramid: {width: 16, heads: 2}
convolution: {width: 16}
vlp: {heads: 2}
schedule: {steps: [background, foreground], warm_up: 1, background: 1, foreground: 1, rounds: 2, updates_per_epoch: 4}
engine: {tensorboard: false, log_every: 3}
"""


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """As many threads here as in the processes of a study: on some processors more of them change a sum's last bits."""
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            patch.setenv(name, "1")
        torch.set_num_threads(1)
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def ablation_dataset(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    """The tiny dataset with features that see each class too early and for too long."""
    dataset = tmp_path_factory.mktemp("ablation") / "dataset"
    shutil.copytree(tiny_dataset, dataset)
    annotations = read_annotations(dataset)
    random = np.random.default_rng(1)
    text = random.normal(size=(len(annotations.classes), DIM)).astype(np.float32)
    folder = dataset / "features" / "scene"
    folder.mkdir()
    for video in annotations.videos.values():
        rows = 0.5 * random.normal(size=(int(video.duration), DIM))
        for segment in video.segments:
            rows[max(int(segment.start) - 2, 0) : int(segment.end) + 2] += text[
                annotations.classes.index(segment.label)
            ]
        np.save(folder / f"{video.name}.npy", rows.astype(np.float32))
    np.save(folder / "text.npy", text)
    write_manifest(folder, Manifest(encoder="scene", fps=1.0, window=1, stride=1, dim=DIM, text="text.npy"))
    return dataset


@pytest.fixture(scope="session")
def ablation_settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("settings") / "small.yaml"
    file.write_text(SMALL)
    return file


@pytest.fixture
def trainings_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of studies run in the process of the test, one after the other.

    That each is a process of its own, with a log, that ends with the runner, and gives the weights of a training here,
    is what ``finished``, the kills and the failing seed of ``test_ablate.py`` and ``test_seeds.py`` are for.
    """
    from tests.in_process import Finished

    monkeypatch.setattr("weaktal.studies.runner._Process", Finished)
    monkeypatch.setattr("weaktal.studies.runner.POLL", 0.0)
