"""Classes that are true at once: who competes in VLP's softmax, and what its labels and its weights make of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.methods.collab.test_turns import small_method, trained, videos_of
from torch import Tensor

from weaktal.config import load_settings
from weaktal.data.annotations import Annotations, read_annotations, write_annotations
from weaktal.engine.checkpoint import load_tensors
from weaktal.methods.collab.labels import label_batch
from weaktal.methods.collab.online import OnlineCollaboration
from weaktal.methods.collab.rivals import LEAST_VIDEOS, NESTED, not_nested, stored_rivals, with_rivals
from weaktal.methods.collab.settings import CollabConfig, ThresholdConfig, VlpConfig
from weaktal.methods.presets import preset_file
from weaktal.models.logits import one_against_rest

# Of four classes "cliff" is "dive" as well; "run" and "jump" meet in some videos.
TAGS = torch.tensor([[1, 1, 0, 0]] * LEAST_VIDEOS + [[0, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 1]]).float()
CLIFF, DIVE, RUN, JUMP = range(4)


def of(rivals: str) -> VlpConfig:
    return VlpConfig.model_validate({"rivals": rivals})


def test_a_class_that_never_comes_alone_does_not_compete_with_the_one_it_comes_with() -> None:
    rivals = not_nested(TAGS)
    assert rivals.tolist() == [
        [False, False, True, True],
        [False, False, True, True],
        [True, True, False, True],
        [True, True, True, False],
    ]
    few = not_nested(TAGS[1:])  # one video fewer tells nothing
    assert torch.equal(few, ~torch.eye(4, dtype=torch.bool))


def test_a_class_without_a_rival_keeps_all() -> None:
    everywhere = torch.tensor([[1.0, 1, 0]] * LEAST_VIDEOS + [[1, 0, 1]] * LEAST_VIDEOS)  # the first is in all videos
    assert not not_nested(everywhere)[0].any()
    logits = one_against_rest(torch.tensor([[[9.0, 9.0, 0.0]]]))
    seen = with_rivals(logits, of("not_nested"), everywhere[:1], {NESTED: not_nested(everywhere)})
    assert torch.equal(seen[..., 0], logits[..., 0])
    pair = not_nested(TAGS[:, :2])
    assert torch.equal(with_rivals(logits[..., :2], of("not_nested"), TAGS[:1, :2], {NESTED: pair}), logits[..., :2])


def test_half_precision_does_not_round_what_rivals_add_up_to() -> None:
    torch.manual_seed(0)
    logits, state = one_against_rest(5 * torch.randn(2, 30, 4)), {NESTED: not_nested(TAGS)}
    exact = with_rivals(logits, of("not_nested"), TAGS[:2], state)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(with_rivals(logits, of("not_nested"), TAGS[:2], state), exact)


def of_tied(rivals: str, tags: Tensor) -> Tensor:
    """VLP's labels of a snippet where cliff and dive have the same high score, at thresholds on the scores."""
    config = of(rivals)
    logits = one_against_rest(torch.tensor([[[9.0, 9.0, 1.0, 0.0], [0.0, 0.0, 9.0, 1.0]]]))
    seen = with_rivals(logits, config, tags[None], {NESTED: not_nested(TAGS)} if rivals == "not_nested" else {})
    thresholds = ThresholdConfig(low=0.2, high=0.8, scale="raw")
    return label_batch(seen, tags[None], torch.ones(1, 2, dtype=torch.bool), thresholds, None, "ignored")[0]


@pytest.mark.parametrize("rivals", ["not_nested", "untagged"])
def test_two_classes_that_are_true_at_once_can_both_be_sure(rivals: str) -> None:
    tags = TAGS[0]
    assert of_tied("all", tags)[0, [CLIFF, DIVE]].tolist() == [-1, -1]  # neither above a half
    assert of_tied(rivals, tags)[0, [CLIFF, DIVE]].tolist() == [1, 1]
    assert of_tied(rivals, tags)[1, [CLIFF, DIVE]].tolist() == [0, 0]  # where "run" is true


def test_of_a_video_with_the_outer_class_alone_the_inner_one_takes_nothing() -> None:
    tags = torch.tensor([0.0, 1.0, 0.0, 0.0])
    assert of_tied("untagged", tags)[0, DIVE] == -1  # the softmax cannot tell a dive from a cliff dive there
    assert of_tied("not_nested", tags)[0, DIVE] == 1


def test_a_sigmoid_knows_no_rivals() -> None:
    config = of("untagged").model_copy(update={"probabilities": "sigmoid"})
    logits = torch.randn(1, 2, 4)
    assert with_rivals(logits, config, TAGS[:1], {}) is logits


@pytest.fixture(scope="module")
def nested_dataset(tmp_path_factory: pytest.TempPathFactory, scene_dataset: Path) -> Path:
    """The scene dataset, where every video with "jump" has "run" as well."""
    folder = tmp_path_factory.mktemp("nested") / "dataset"
    shutil.copytree(scene_dataset, folder)
    known = read_annotations(folder)
    videos = {
        name: replace(video, labels=tuple(sorted({*video.labels, *(["run"] if "jump" in video.labels else [])})))
        for name, video in known.videos.items()
    }
    write_annotations(folder / "annotations.json", Annotations(classes=known.classes, videos=videos))
    return folder


@pytest.mark.parametrize("rivals", ["not_nested", "untagged"])
def test_vlp_labels_nested_classes_otherwise(nested_dataset: Path, rivals: str) -> None:
    """In an F step, and where teachers are ranked while both train at once."""
    videos = videos_of(nested_dataset)
    usual, without = (small_method(nested_dataset, f"vlp.rivals={one}") for one in ("all", rivals))
    labels = [method.labels_of_vlp(videos, {}) for method in (usual, without)]
    assert any(not torch.equal(rows, labels[1][name]) for name, rows in labels[0].items())
    ranked = ("labels.foreground={low: 0.3, high: 0.8, scale: quantile}", "schedule.kind=online")
    ranks = []
    for one in ("all", rivals):
        method = small_method(nested_dataset, f"vlp.rivals={one}", *ranked)
        assert isinstance(method, OnlineCollaboration)
        ranks.append(method.take_ranks(videos, {})["limits/vlp"])
    assert not torch.equal(*ranks)


@pytest.mark.parametrize("kind", ["alternate", "online"])
@pytest.mark.parametrize("rivals", ["not_nested", "untagged"])
def test_nested_classes_train_otherwise(nested_dataset: Path, tmp_path: Path, rivals: str, kind: str) -> None:
    overrides = (f"schedule.kind={kind}", "schedule.rounds=1")
    usual = load_tensors(trained(nested_dataset, tmp_path / "usual", "vlp.rivals=all", *overrides).weights)
    without = load_tensors(trained(nested_dataset, tmp_path / "without", f"vlp.rivals={rivals}", *overrides).weights)
    assert any(not torch.equal(tensor, without[name]) for name, tensor in usual.items() if name.startswith("vlp."))


def test_where_no_class_is_nested_every_bit_stays(scene_dataset: Path, tmp_path: Path) -> None:
    assert not_nested(videos_of(scene_dataset).labels).sum() == 3 * 2
    runs = [
        trained(scene_dataset, tmp_path / rivals, f"vlp.rivals={rivals}", "schedule.rounds=1").weights
        for rivals in ("all", "not_nested")
    ]
    usual, without = map(load_tensors, runs)
    assert all(torch.equal(tensor, without[name]) for name, tensor in usual.items())


def test_rivals_are_stored_with_a_step(nested_dataset: Path, scene_dataset: Path) -> None:
    method = small_method(nested_dataset, "vlp.rivals=not_nested")
    videos = videos_of(nested_dataset)
    state = method.labels_of_cbp(videos, {})
    assert torch.equal(state[NESTED], stored_rivals(of("not_nested"), videos)[NESTED])
    assert state[NESTED].sum() == 3 * 2 - 2
    assert NESTED not in small_method(nested_dataset, "vlp.rivals=all").labels_of_cbp(videos, {})
    assert NESTED not in method.labels_of_cbp(videos_of(scene_dataset), {})  # where no class is nested


def test_by_default_nested_classes_do_not_compete_and_in_the_paper_all_do() -> None:
    assert load_settings(CollabConfig).vlp.rivals == "not_nested"
    for preset in ("paper", "paper-activitynet"):
        assert load_settings(CollabConfig, preset_file("collab", preset)).vlp.rivals == "all"
