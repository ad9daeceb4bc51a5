"""Every method and every encoder on a device that is not the CPU: what forgets to place a tensor fails here.

All of it runs in a process of its own, since PyTorch learns of a further kind of device once and for good.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.checkpoints import write_clip_checkpoint, write_siglip_checkpoint
from tests.conftest import add_vlp_features, make_dataset
from tests.pretended import WrongDeviceError, pretended_device
from tests.tiny_models import CONFIGS, write_checkpoint
from torch import Tensor

from weaktal.encoders import imagenet_words
from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.diet import Sound, Spread, Whole
from weaktal.encoders.names import CLIP, HOUSE
from weaktal.encoders.networks import SnippetEncoder
from weaktal.encoders.prompts import class_vectors, prompted_vectors
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.engine.batch import Batch
from weaktal.engine.method import State
from weaktal.methods import METHODS
from weaktal.methods.mil import MultipleInstance
from weaktal.runs.localize import localize
from weaktal.runs.train import train

QUICK = ("schedule.epochs=1", "schedule.updates_per_epoch=1", "optimizer.batch_size=2")
COLLAB = {"vlp_features": "scene", "config": Path(__file__).parent / "methods/collab/small_collab.yaml"}
SHORT = ("schedule.warm_up=1", "schedule.rounds=1", "schedule.updates_per_epoch=1", "optimizer.batch_size=2")
# Method -> what it is trained with; the same method may be here in several ways.
TRAININGS: dict[str, dict[str, Any]] = {
    "mil": {"overrides": (*QUICK, "model.width=16")},
    "cbp": {"overrides": (*QUICK, "model.context=3")},
    "mmsd": {
        "overrides": ("model.channels=8", "schedule.epochs=2", "schedule.vote_every=1", "optimizer.batch_size=2"),
    },
    "collab": {**COLLAB, "overrides": SHORT},
    "collab online": {**COLLAB, "overrides": (*SHORT, "schedule.kind=online", "schedule.online.refresh=1")},
}
BRANCHES: dict[str, tuple[str, ...]] = {"collab": ("both",), "collab online": ("both",)}
TEXTS = ["high jump", "pole vault"]


def in_child(work: Callable[..., None], words: tuple[Any, ...]) -> str | None:
    """What goes wrong when some work is done on the device."""
    try:
        with pretended_device() as device:
            work(device, *words)
    except Exception:
        return traceback.format_exc()
    return None


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Callable[..., None]]:
    """Runs a function of this module, told the device first, in the process that has it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:

        def run(work: Callable[..., None], *words: Any) -> None:
            problem = pool.submit(in_child, work, words).result()
            if problem is not None:
                pytest.fail(problem)

        yield run


@pytest.fixture(scope="module")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset = make_dataset(tmp_path_factory.mktemp("small") / "dataset", train=3, test=1)
    add_vlp_features(dataset)
    return dataset


def train_and_localize(device: torch.device, dataset: Path, run: Path, name: str) -> None:
    settings = dict(TRAININGS[name])
    overrides = [*settings.pop("overrides"), "engine.tensorboard=false"]
    trained = train(
        dataset,
        method=name.partition(" ")[0],
        features="i3d",
        run=run,
        overrides=overrides,
        device=str(device),
        look=name == "mil",
        **settings,
    )
    for branch in BRANCHES.get(name, (None,)):
        assert localize(trained, dataset, branch=branch, device=str(device)).videos


@pytest.mark.parametrize("name", TRAININGS)
def test_a_method_learns_and_scores_there(
    name: str, small_dataset: Path, tmp_path: Path, elsewhere: Callable[..., None]
) -> None:
    elsewhere(train_and_localize, small_dataset, tmp_path / "run", name)


def test_every_method_is_tried_here() -> None:
    assert {name.partition(" ")[0] for name in TRAININGS} == set(METHODS)


def learn_with_a_mistake(device: torch.device, dataset: Path, run: Path) -> None:
    sound = MultipleInstance.losses

    def mistaken(method: MultipleInstance, batch: Batch, state: State) -> dict[str, Tensor]:
        lengths = torch.arange(batch.mask.shape[1])  # on the CPU, wherever the batch is
        assert (lengths < batch.lengths[:, None]).any()
        return sound(method, batch, state)

    MultipleInstance.losses = mistaken  # type: ignore[method-assign]
    try:
        with pytest.raises(WrongDeviceError, match="expected all tensors to be on the same device"):
            train_and_localize(device, dataset, run, "mil")
    finally:
        MultipleInstance.losses = sound  # type: ignore[method-assign]


def test_a_planted_mistake_is_found(small_dataset: Path, tmp_path: Path, elsewhere: Callable[..., None]) -> None:
    elsewhere(learn_with_a_mistake, small_dataset, tmp_path / "run")


def clips_for(encoder: SnippetEncoder, kind: str) -> Tensor:
    """Two clips as an encoder's network of that kind wants them."""
    sight, generator = encoder.sight, torch.Generator().manual_seed(0)
    if kind == "image":
        return torch.randint(0, 256, (2, 32, 32, 3), generator=generator, dtype=torch.uint8)
    if isinstance(sight, Sound):
        return torch.randn(2, round(sight.rate * sight.seconds), generator=generator) / 10
    if isinstance(sight, Spread):
        return torch.randint(0, 256, (2, sight.frames, 3, 32, 32), generator=generator, dtype=torch.uint8)
    height, width = (sight.height, sight.width) if isinstance(sight, Whole) else (224, 224)
    if kind == "flow":
        return torch.rand(1, 1, 2, 16, height, width, generator=generator) * 2 - 1
    return torch.randint(0, 256, (1, 1, 3, 16, height, width), generator=generator, dtype=torch.uint8)


def encode(device: torch.device, name: str, seed: int | None) -> None:
    here, there = (build_encoder(name, WeightsChoice(seed=seed), device=place) for place in (None, device))
    for ours, theirs in zip(here.networks, there.networks, strict=True):
        clips = clips_for(here, str(ours.kind))
        features = theirs.encode(clips)
        assert features.device.type == "cpu"
        torch.testing.assert_close(features, ours.encode(clips))
    if here.text is not None and there.text is not None:
        torch.testing.assert_close(class_vectors(there.text, TEXTS).cpu(), class_vectors(here.text, TEXTS))
        names = there.text.embed_texts(TEXTS)
        learned = torch.zeros(2, names[0].shape[-1], device=device, requires_grad=True)
        prompted_vectors(there.text, names, learned, learned).sum().backward()
        assert learned.grad is not None


# What needs no checkpoint folder, with a seed of random weights where it does not bring its own.
NAMED = {name: None if name.startswith(("world", "imagenet")) else 0 for name in HOUSE if name not in (CLIP, "yamnet")}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("i3d-flow", marks=pytest.mark.slow),
        *(name for name in NAMED if not name.startswith("i3d") and name != "world-cbp"),
    ],
)
def test_an_encoder_of_the_house_computes_there(name: str, elsewhere: Callable[..., None]) -> None:
    if name == imagenet_words.NAME and not imagenet_words.installed():
        pytest.skip(f"needs {imagenet_words.HOW}")
    elsewhere(encode, name, NAMED[name])


def write_and_encode(device: torch.device, kind: str, folder: Path) -> None:
    own = {"clip": write_clip_checkpoint, "siglip": write_siglip_checkpoint}
    path = own[kind](folder) if kind in own else write_checkpoint(kind, folder)
    encode(device, str(path), None)


@pytest.mark.parametrize("kind", ["clip", "siglip", *CONFIGS])
def test_a_checkpoint_computes_there(kind: str, tmp_path: Path, elsewhere: Callable[..., None]) -> None:
    elsewhere(write_and_encode, kind, tmp_path / kind)
