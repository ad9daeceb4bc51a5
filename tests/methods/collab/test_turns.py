"""The collaboration on the engine: what is frozen, what is labelled, resume in every step, branches, bad input."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from functools import partial
from itertools import compress, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tests.training import train
from torch import Tensor

from weaktal.arrays import UNCERTAIN
from weaktal.cli import run as command
from weaktal.config import load_settings
from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.checkpoint import load_tensors, load_weights
from weaktal.errors import InputError
from weaktal.files import sha256
from weaktal.losses.pseudo_labels import hard_labels, presumed_share
from weaktal.methods.base import Inputs, OtherFeatures
from weaktal.methods.collab import build
from weaktal.methods.collab.branches import vlp_snippets
from weaktal.methods.collab.labels import label_videos, tagged_logits
from weaktal.methods.collab.settings import CollabConfig, ThresholdConfig
from weaktal.methods.collab.turns import Collaboration
from weaktal.methods.mil import MultipleInstance
from weaktal.runs.folder import RunFolder
from weaktal.runs.localize import localize
from weaktal.runs.trained import load_method

DIM = 8
SMALL = Path(__file__).with_name("small_collab.yaml")
STEPS = ["warm-up", "background-1", "foreground-1", "background-2", "foreground-2"]


@pytest.fixture(scope="module")
def dataset(scene_dataset: Path) -> Path:
    return scene_dataset


def trained(dataset: Path, folder: Path, *overrides: str, method: str = "collab", resume: bool = False) -> RunFolder:
    return train(
        dataset,
        method=method,
        features="i3d",
        vlp_features="scene",
        run=folder,
        config=SMALL,
        overrides=overrides,
        resume=resume,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, dataset: Path) -> RunFolder:
    return trained(dataset, tmp_path_factory.mktemp("finished") / "run")


def videos_of(dataset: Path, subset: str = "training") -> VideoSet:
    tags = read_tags(dataset)
    members = list(tags.subset(subset).values())
    return VideoSet(members, tags.classes, Features.open(dataset, "i3d"), {"vlp": Features.open(dataset, "scene")})


def one_batch(dataset: Path) -> Batch:
    return next(videos_of(dataset, "validation").whole(6))


def small_method(dataset: Path, *overrides: str) -> Collaboration:
    torch.manual_seed(0)
    text = np.load(dataset / "features/scene/text.npy")
    config = load_settings(CollabConfig, SMALL, overrides)
    return build(config, Inputs(dim=16, classes=("jump", "run", "throw"), others={"vlp": OtherFeatures(DIM, text)}))


def test_each_step_moves_one_branch_and_keeps_every_bit_of_the_other(finished: RunFolder) -> None:
    after = [load_tensors(finished.phase(i, name) / "weights.safetensors") for i, name in enumerate(STEPS)]
    for name, (before, now) in zip(STEPS[1:], pairwise(after), strict=True):
        learner = "vlp" if name.startswith("background") else "cbp"
        moved = {key.split(".")[0] for key in now if not torch.equal(before[key], now[key])}
        assert moved == {learner}, name
        # All of the learner moves but the given class vectors and the softmax's own invariances.
        for key in now:
            if key.startswith(learner) and key.endswith("weight"):
                assert not torch.equal(before[key], now[key]), (name, key)
    assert torch.equal(after[0]["vlp.text.vanilla"], after[-1]["vlp.text.vanilla"])


def test_warm_up_is_method_cbp_to_the_bit(finished: RunFolder, dataset: Path, tmp_path: Path) -> None:
    settings = ["schedule.epochs=2", "schedule.updates_per_epoch=4", "model.width=16", "model.heads=2"]
    small = yaml.safe_load(SMALL.read_text())
    shared = tmp_path / "shared.yaml"
    shared.write_text(yaml.safe_dump({part: small[part] for part in ("optimizer", "engine")}))
    alone = train(dataset, method="cbp", features="i3d", run=tmp_path / "run", config=shared, overrides=settings)
    expected = load_tensors(alone.weights)
    found = load_tensors(finished.phase(0, "warm-up") / "weights.safetensors")
    for key, value in expected.items():
        assert torch.equal(found[f"cbp.{key}"], value), key


@pytest.mark.parametrize(("step", "teacher"), [(1, "cbp"), (2, "vlp"), (3, "cbp"), (4, "vlp")])
def test_stored_labels_are_what_the_frozen_branch_is_sure_of(
    finished: RunFolder, dataset: Path, step: int, teacher: str
) -> None:
    method, settings, _ = load_method(finished)
    assert isinstance(settings, CollabConfig)
    load_weights(method.module, finished.phase(step - 1, STEPS[step - 1]) / "weights.safetensors")
    method.module.eval()
    stored = load_tensors(finished.phase(step, STEPS[step]) / "state.safetensors")
    thresholds = settings.labels.background if teacher == "cbp" else settings.labels.foreground
    videos = videos_of(dataset)
    assert set(stored) == {f"labels/{name}" for name in videos.names}
    kinds = set()
    for batch in videos.whole(1):
        with torch.no_grad():
            scores, _ = method.localize(batch, teacher)
        expected = hard_labels(scores, batch.labels, batch.mask, low=thresholds.low, high=thresholds.high)[0]
        labels = stored[f"labels/{batch.videos[0]}"]
        assert labels.dtype == torch.int8
        assert torch.equal(labels, expected)
        kinds |= set(labels.unique().tolist())
    assert {1, -1} <= kinds


def test_labels_by_rank_are_as_many_as_asked_for(dataset: Path) -> None:
    ranks = ["labels.foreground.scale=quantile", "labels.foreground.low=0.5", "labels.foreground.high=0.9"]
    method = small_method(dataset, *ranks)
    method.module.eval()
    videos = videos_of(dataset)
    with torch.no_grad():
        stored = method.labels_of_vlp(videos, {})
        scores, given = [], []
        for batch in videos.whole(1):
            held = batch.labels[0] > 0
            labels = stored[f"labels/{batch.videos[0]}"]
            assert (labels[:, ~held] == -1).all()
            given.append(labels[:, held].flatten())
            scores.append(method.localize(batch, "vlp")[0][0][:, held].flatten())
    labels, values = torch.cat(given), torch.cat(scores)
    assert (labels == 1).float().mean() == pytest.approx(0.1, abs=0.01)
    assert (labels == 0).float().mean() == pytest.approx(0.5, abs=0.01)
    assert values[labels == 0].max() <= values[labels == -1].min()
    assert values[labels == -1].max() <= values[labels == 1].min()


@pytest.mark.parametrize("scale", ["class_quantile", "video_quantile"])
def test_labels_by_rank_within_a_class_are_as_many_as_asked_for_in_every_class(dataset: Path, scale: str) -> None:
    method = small_method(dataset, f"labels.background={{scale: {scale}, low: 0.5, high: 0.9}}")
    method.module.eval()
    with torch.no_grad():
        stored = method.labels_of_cbp(videos_of(dataset), {})
    held = {batch.videos[0]: batch.labels[0].bool().tolist() for batch in videos_of(dataset).whole(1)}
    columns: dict[int, list[Tensor]] = {}
    for name, labels in stored.items():
        for index in compress(range(labels.shape[1]), held[name.removeprefix("labels/")]):
            columns.setdefault(index, []).append(labels[:, index])
    groups = list(columns.values())
    if scale == "video_quantile":
        groups = [[labels] for group in groups for labels in group]
    assert groups
    for group in groups:
        labels = torch.cat(group)
        assert (labels == 1).sum().item() == pytest.approx(0.1 * len(labels), abs=1)
        assert (labels == 0).sum().item() == pytest.approx(0.5 * len(labels), abs=1)


class Stopped(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_stopped_inside_any_step_and_resumed_equals_never_stopped(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, restart: bool
) -> None:
    settings = [f"schedule.restart={str(restart).lower()}"]
    whole = trained(dataset, tmp_path / "whole", *settings)
    # The call of a loss at which the run stops: in the warm-up, at a step's first update before any checkpoint of it,
    # in a step, and in the second round.
    owner, name, left = [
        (MultipleInstance, "losses", 4),
        (Collaboration, "background_losses", 0),
        (Collaboration, "foreground_losses", 2),
        (Collaboration, "background_losses", 7),
    ][step]
    original: Callable[..., dict[str, Tensor]] = getattr(owner, name)

    def stopping(self: object, batch: Batch, state: dict[str, Tensor]) -> dict[str, Tensor]:
        nonlocal left
        if left == 0:
            raise Stopped
        left -= 1
        return original(self, batch, state)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, stopping)
        with pytest.raises(Stopped):
            trained(dataset, tmp_path / "stopped", *settings)
    assert not (tmp_path / "stopped/weights.safetensors").exists()
    resumed = trained(dataset, tmp_path / "stopped", *settings, resume=True)
    assert sha256(resumed.weights) == sha256(whole.weights)
    assert resumed.losses.read_bytes() == whole.losses.read_bytes()


def test_segments_of_training_videos_change_nothing(finished: RunFolder, dataset: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dataset"
    shutil.copytree(dataset, copy)
    content = json.loads((copy / "annotations.json").read_text())
    for video in content["database"].values():
        if video["subset"] == "training":
            video["annotations"] = [{"label": label, "segment": "not a segment"} for label in video["labels"]]
    (copy / "annotations.json").write_text(json.dumps(content))
    assert sha256(trained(copy, tmp_path / "run").weights) == sha256(finished.weights)


def test_restart_trains_cbp_from_fresh_weights(dataset: Path) -> None:
    going_on, anew = small_method(dataset), small_method(dataset, "schedule.restart=true")
    for method in (going_on, anew):
        with torch.no_grad():
            for parameter in method.module["cbp"].parameters():
                parameter.fill_(0.25)
        method.module.eval()
        with torch.no_grad():
            method.labels_of_vlp(videos_of(dataset), {})
    weight = "cbp.encoder.project.conv.weight"
    assert going_on.module.state_dict()[weight].std() == 0
    assert anew.module.state_dict()[weight].std() > 0.1


@pytest.mark.parametrize(
    ("overrides", "names"),
    [
        ([], STEPS),
        (["schedule.rounds=0"], STEPS[:1]),
        (["schedule.rounds=1"], STEPS[:3]),
        (["schedule.rounds=1", "schedule.steps=[foreground, background]"], ["warm-up", "foreground-1", "background-1"]),
        (["schedule.steps=[foreground]"], ["warm-up", "foreground-1", "foreground-2"]),
    ],
)
def test_rounds_and_steps(dataset: Path, overrides: list[str], names: list[str]) -> None:
    phases = small_method(dataset, *overrides).phases()
    assert [phase.name for phase in phases] == names
    assert [phase.updates for phase in phases] == [8] + [4] * (len(names) - 1)
    for phase in phases:
        assert phase.trains == (["vlp"] if phase.name.startswith("background") else ["cbp"])


def test_losses_by_step(finished: RunFolder) -> None:
    with finished.losses.open() as stream:
        rows = list(csv.DictReader(stream))
    names = {step: {row["name"] for row in rows if row["phase"] == step} for step in STEPS}
    assert names["warm-up"] == {"loss", "cls"}
    assert names["background-1"] == {"loss", "kd", "contrast"}
    assert names["foreground-2"] == {"loss", "kd", "contrast", "cls"}


def test_weights_of_losses(dataset: Path) -> None:
    settings = ["losses.classification=0.0", "losses.contrast=0.0", "losses.distillation=3.0"]
    plain, changed = small_method(dataset), small_method(dataset, *settings)
    batch = next(videos_of(dataset).whole(10))
    for method in (plain, changed):
        method.module.eval()
    state = plain.labels_of_vlp(videos_of(dataset), {})
    reference, parts = plain.foreground_losses(batch, state), changed.foreground_losses(batch, state)
    assert set(reference) == {"kd", "contrast", "cls"}
    assert set(parts) == {"kd"}
    torch.testing.assert_close(parts["kd"], 3 * reference["kd"])


def test_pieces_of_a_batch_add_up_to_it(dataset: Path) -> None:
    # Fresh scores lie close together: thresholds that still give labels of both kinds.
    method = small_method(dataset, "labels.background.high=0.8", "labels.background.low=0.7")
    method.module.eval()
    videos = videos_of(dataset)
    with torch.no_grad():
        by_cbp, by_vlp = method.labels_of_cbp(videos, {}), method.labels_of_vlp(videos, {})
        batch = next(videos.whole(10))
        for losses, state in ((method.background_losses, by_cbp), (method.foreground_losses, by_vlp)):
            whole = losses(batch, state)
            pieces = [(len(piece) / len(batch), losses(piece, state)) for piece in batch.split(3)]
            for name, part in whole.items():
                assert part > 0
                torch.testing.assert_close(sum(share * found[name] for share, found in pieces), part)


def test_every_step_runs_in_mixed_precision(finished: RunFolder, dataset: Path, tmp_path: Path) -> None:
    mixed = load_tensors(trained(dataset, tmp_path / "run", "engine.precision=bf16-mixed").weights)
    assert any(not torch.equal(mixed[name], value) for name, value in load_tensors(finished.weights).items())
    for name, value in mixed.items():
        assert value.dtype == torch.float32, name
        assert torch.isfinite(value).all(), name


def test_cosines_stay_exact_in_mixed_precision(dataset: Path) -> None:
    method = small_method(dataset)
    batch = one_batch(dataset)
    exact = method.vlp.vanilla(batch.others["vlp"])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(method.vlp.vanilla(batch.others["vlp"]), exact)


@pytest.mark.parametrize("cbp", ["pyramid", "convolution"])
def test_a_student_comes_to_agree_with_its_teacher(dataset: Path, tmp_path: Path, cbp: str) -> None:
    """After an F step CBP says of more snippets what VLP is sure of than before it."""
    settings = [f"cbp={cbp}", "convolution.width=16", "schedule.rounds=1", "schedule.steps=[foreground]"]
    settings += ["labels.foreground.low=0.2", "labels.foreground.high=0.6"]
    run = trained(dataset, tmp_path / "run", *settings, "schedule.foreground=25")
    method, _, _ = load_method(run)
    state = load_tensors(run.phase(1, "foreground-1") / "state.safetensors")
    agreement = []
    for index, name in enumerate(("warm-up", "foreground-1")):
        load_weights(method.module, run.phase(index, name) / "weights.safetensors")
        method.module.eval()
        right = total = 0
        for batch in videos_of(dataset).whole(1):
            labels = state[f"labels/{batch.videos[0]}"]
            with torch.no_grad():
                called = method.localize(batch, "cbp")[0][0] > 0.5
            right += int(((labels == 1) == called)[labels >= 0].sum())
            total += int((labels >= 0).sum())
        agreement.append(right / total)
    assert agreement[1] > agreement[0] + 0.1


def test_branches(finished: RunFolder, dataset: Path) -> None:
    method, _, _ = load_method(finished)
    method.module.eval()
    batch = one_batch(dataset)
    with torch.no_grad():
        found = {branch: method.localize(batch, branch) for branch in (None, *method.branches)}
    assert set(found) == {None, "cbp", "vlp", "both", "vanilla", "late"}
    for snippets, videos in found.values():
        assert snippets.shape == (6, batch.mask.shape[1], 3)
        assert videos.shape == (6, 3)
        assert 0 <= float(snippets.min()) <= float(snippets.max()) <= 1
        assert snippets[~batch.mask].abs().max() == 0
    for part in (0, 1):
        assert torch.equal(found[None][part], found["cbp"][part])
    for together, other in (("both", "vlp"), ("late", "vanilla")):
        torch.testing.assert_close(found[together][0], (found["cbp"][0] + found[other][0]) / 2)
        assert torch.equal(found[together][1], found["cbp"][1])  # which classes a video holds CBP knows best
    text = torch.from_numpy(np.load(dataset / "features/scene/text.npy"))
    cosines = torch.nn.functional.cosine_similarity(batch.others["vlp"][:, :, None], text[None, None], dim=-1)
    expected = (cosines / 0.07).softmax(dim=-1) * batch.mask[:, :, None]
    torch.testing.assert_close(found["vanilla"][0], expected)
    assert not torch.allclose(found["vlp"][0], expected, atol=1e-3)


def test_share_of_cbp_in_both(dataset: Path) -> None:
    method = small_method(dataset, "cbp_share=0.8")
    method.module.eval()
    batch = one_batch(dataset)
    with torch.no_grad():
        cbp, vlp, both = (method.localize(batch, branch)[0] for branch in ("cbp", "vlp", "both"))
    torch.testing.assert_close(both, 0.8 * cbp + 0.2 * vlp)


@pytest.mark.parametrize("kind", ["mean", "geometric"])
def test_both_branches_may_say_together_which_classes_a_video_holds(dataset: Path, kind: str) -> None:
    method = small_method(dataset, f"both_videos={kind}", "cbp_share=0.75")
    method.module.eval()
    batch = one_batch(dataset)
    with torch.no_grad():
        cbp, vlp, both = (method.localize(batch, branch)[1] for branch in ("cbp", "vlp", "both"))
    torch.testing.assert_close(both, 0.75 * cbp + 0.25 * vlp if kind == "mean" else (cbp**3 * vlp) ** 0.25)


def test_cbp_may_teach_itself(dataset: Path) -> None:
    """The control: an F step whose labels are CBP's own, taken before it starts anew."""
    method = small_method(dataset, "labels.teacher=cbp", "schedule.restart=true")
    method.module.eval()
    videos = videos_of(dataset)
    thresholds = method.config.labels.foreground
    with torch.no_grad():
        own = label_videos(videos, method.cbp.snippets, thresholds, "ignored", torch.device("cpu"))
        before = {name: value.clone() for name, value in method.cbp.module.state_dict().items()}
        found = method.labels_of_vlp(videos, {})
    assert found.keys() == own.keys()
    assert all(torch.equal(found[name], own[name]) for name in own)
    after = method.cbp.module.state_dict()
    assert not all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("cbp", ["pyramid", "convolution"])
def test_the_warm_up_may_end_early_and_no_other_phase(dataset: Path, cbp: str) -> None:
    warm_up, *others = small_method(dataset, f"cbp={cbp}", "schedule.end_below=0.2").phases()
    assert (warm_up.may_end_early, warm_up.ask_every) == (True, 4)
    assert not any(phase.may_end_early for phase in others)
    assert not any(phase.may_end_early for phase in small_method(dataset, f"cbp={cbp}").phases())


def test_both_may_teach_where_they_agree(dataset: Path) -> None:
    method = small_method(dataset, "labels.teacher=agreed", "labels.background.high=1")
    method.module.eval()
    videos, config = videos_of(dataset), method.config.labels
    with torch.no_grad():
        device = torch.device("cpu")
        by_vlp = label_videos(videos, partial(vlp_snippets, method.vlp), config.foreground, config.untagged, device)
        by_cbp = label_videos(videos, method.cbp.snippets, config.foreground, config.untagged, device)
        found = method.labels_of_vlp(videos, {})
    same = torch.cat([(by_vlp[name] == by_cbp[name]).flatten() for name in found])
    kept = torch.cat([(rows == by_vlp[name]).flatten() for name, rows in found.items()])
    masked = torch.cat([(rows == UNCERTAIN).flatten() for rows in found.values()])
    assert 0 < same.float().mean() < 1
    assert bool((kept | masked).all())
    assert torch.equal(masked, torch.cat([(by_vlp[name] == UNCERTAIN).flatten() for name in found]) | ~same)


def test_a_teacher_may_be_shuffled_in_time(dataset: Path) -> None:
    """The control of what F brings: as many labels of each class in each video, at other times, always the same."""
    videos = videos_of(dataset)
    with torch.no_grad():
        in_order = small_method(dataset).labels_of_vlp(videos, {})
        found, again = (small_method(dataset, "labels.teacher=shuffled").labels_of_vlp(videos, {}) for _ in range(2))
    assert found.keys() == in_order.keys()
    moved = [name for name, rows in found.items() if not torch.equal(rows, in_order[name])]
    assert len(moved) > len(found) / 2
    for name, rows in found.items():
        assert torch.equal(rows, again[name])
        whole = (sorted(map(tuple, labels.tolist())) for labels in (rows, in_order[name]))  # a snippet's stay together
        assert len(set(map(str, whole))) == 1


def test_labels_by_share_are_ranks_within_what_is_presumed(dataset: Path) -> None:
    method = small_method(dataset)
    method.module.eval()
    videos = videos_of(dataset)
    with torch.no_grad():
        scored = [(logits, tags) for _, logits, tags in tagged_logits(videos, method.cbp.snippets, torch.device("cpu"))]
        share = presumed_share([curve for logits, tags in scored for curve in logits[:, tags > 0].unbind(dim=1)])
        labels = label_videos(
            videos,
            method.cbp.snippets,
            ThresholdConfig(low=0.6, high=0.7, scale="share"),
            "ignored",
            torch.device("cpu"),
        )
    entries = torch.cat([rows.flatten() for rows in labels.values()])
    count = sum(logits[:, tags > 0].numel() for logits, tags in scored)
    assert 0 < share < 1
    assert int((entries == 0).sum()) == pytest.approx(0.6 * (1 - share) * count, abs=1.5)
    assert int((entries == 1).sum()) == pytest.approx(0.3 * share * count, abs=1.5)


def test_the_preset_paper_trains_and_localizes(dataset: Path, tmp_path: Path) -> None:
    """All of it but its sizes: plain residuals, positions, raw thresholds, one fraction of contrast a video."""
    run = train(
        dataset,
        method="collab",
        features="i3d",
        vlp_features="scene",
        run=tmp_path / "run",
        preset="paper",
        overrides=["schedule.updates_per_epoch=1", "optimizer.batch_size=4", "pyramid.width=16", "vlp.positions=7"],
    )
    names = load_tensors(run.weights).keys()
    assert "vlp.position.table" in names
    assert not any("scale_" in name or "mix" in name for name in names)
    results = localize(run.path, dataset)
    assert set(results.videos) == set(read_tags(dataset).subset("validation"))


def test_localizing_with_cbp_needs_no_vision_language_features(
    finished: RunFolder, dataset: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(dataset, bare)
    shutil.rmtree(bare / "features/scene")
    localize(finished.path, bare, tmp_path / "bare.json")
    localize(finished.path, dataset, tmp_path / "full.json", branch="cbp")
    results = [json.loads((tmp_path / name).read_text())["results"] for name in ("bare.json", "full.json")]
    assert results[0] == results[1]
    with pytest.raises(InputError, match="scene"):
        localize(finished.path, bare, tmp_path / "both.json", branch="both")


def test_without_vision_language_features_the_message_names_the_branch_that_needs_none(
    finished: RunFolder, dataset: Path, tmp_path: Path
) -> None:
    bare, run = tmp_path / "bare", tmp_path / "run"
    shutil.copytree(dataset, bare)
    shutil.rmtree(bare / "features/scene")
    shutil.copytree(finished.path, run)
    info = json.loads((run / "run.json").read_text())
    info["settings"]["selection"] |= {"rule": "best", "branches": ["both"]}
    (run / "run.json").write_text(json.dumps(info))
    localize(run, dataset, tmp_path / "both.json")
    with pytest.raises(InputError, match=r"scene: no such folder .*; or branch cbp, which does without"):
        localize(run, bare, tmp_path / "bare.json")
    with pytest.raises(InputError, match=r"expected one of i3d$"):
        localize(run, bare, tmp_path / "bare.json", branch="both")
    assert not (tmp_path / "bare.json").exists()
    localize(run, bare, tmp_path / "bare.json", branch="cbp")


def test_a_run_needs_no_class_vectors_to_localize(finished: RunFolder, dataset: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(dataset, bare)
    (bare / "features/scene/text.npy").unlink()
    localize(finished.path, bare, tmp_path / "a.json", branch="vlp")
    localize(finished.path, dataset, tmp_path / "b.json", branch="vlp")
    assert json.loads((tmp_path / "a.json").read_text()) == json.loads((tmp_path / "b.json").read_text())


def bad_text(dataset: Path) -> None:
    np.save(dataset / "features/scene/text.npy", np.ones((2, DIM), np.float32))


def no_text(dataset: Path) -> None:
    manifest = json.loads((dataset / "features/scene/manifest.json").read_text())
    del manifest["text"]
    (dataset / "features/scene/manifest.json").write_text(json.dumps(manifest))


def untouched(_dataset: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (bad_text, ["--vlp-features", "scene"], "text.npy: has shape (2, 8)"),
        (no_text, ["--vlp-features", "scene"], "no class vectors"),
        (untouched, [], "--vlp-features: names no vision-language features"),
        (untouched, ["--vlp-features", "scene", "--set", "vlp.heads=3"], "a divisor of 8"),
        (untouched, ["--vlp-features", "scene", "--set", "vlp.text.encoder=nowhere"], "nowhere"),
        (
            untouched,
            ["--vlp-features", "scene", "--set", "labels.background={low: 0.99, high: 0.5, scale: quantile}"],
            "low to be at most high",
        ),
        (untouched, ["--vlp-features", "scene", "--set", "schedule.steps=[]"], "schedule.steps"),
    ],
)
def test_bad_input_gets_one_line(
    dataset: Path,
    tmp_path: Path,
    change: Callable[[Path], None],
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "dataset"
    shutil.copytree(dataset, copy)
    change(copy)
    run = tmp_path / "run"
    arguments = ["train", str(copy), "--method", "collab", "--features", "i3d", "--run", str(run), *words]
    assert command(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not run.exists()


def test_softmax_over_one_class_is_refused(dataset: Path) -> None:
    text = np.ones((1, DIM), np.float32)
    inputs = Inputs(dim=16, classes=("jump",), others={"vlp": OtherFeatures(DIM, text)})
    with pytest.raises(InputError, match="there is one class"):
        build(load_settings(CollabConfig, SMALL), inputs)
    build(load_settings(CollabConfig, SMALL, ["vlp.probabilities=sigmoid"]), inputs)


@pytest.mark.parametrize(
    "setting",
    [
        "schedule.rounds=100000",
        "schedule.background=1000000",
        "pyramid.blocks=1000",
        "vlp.blocks=1000",
        "vlp.text.width=1000000",
        "vlp.text.before=0",
        "mmsd.model.channels=1000000",
        "mmsd.schedule.epochs=0",
        "optimizer.batch_size=1000000",
        "pooling.divisor=0",
    ],
)
def test_sizes_that_no_machine_holds_are_refused(setting: str) -> None:
    with pytest.raises(InputError, match=setting.partition("=")[0]):
        load_settings(CollabConfig, overrides=[setting])
