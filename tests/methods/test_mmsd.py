"""MMSD on the engine: batches equal to single videos, phases, stored pseudo-labels, branches, a whole small run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from weaktal.config import load_settings
from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.checkpoint import load_tensors
from weaktal.errors import InputError
from weaktal.losses.mmsd_voting import confidence
from weaktal.methods.base import Inputs
from weaktal.methods.mmsd import MutualDistillation, build, stored_labels
from weaktal.methods.mmsd_config import MMSDConfig
from weaktal.models.mmsd import mixed_scores
from weaktal.runs.train import train

CLASSES = ("jump", "run", "throw")
SMALL = ["model.channels=8", "optimizer.batch_size=3", "schedule.epochs=4", "schedule.vote_every=2"]
# Fresh weights are never sure of anything: limits low enough that some streams vote, and teach others, from the start.
EAGER = ["voting.reliable=0.05", "voting.margin=0.05", "voting.threshold=0.5"]


def small_method(*overrides: str, videos: int = 10, dropout: float = 0.0) -> MutualDistillation:
    torch.manual_seed(0)
    config = load_settings(MMSDConfig, overrides=[*SMALL, *EAGER, f"model.dropout={dropout}", *overrides])
    return build(config, Inputs(dim=16, classes=CLASSES, streams={"rgb": (0, 6), "flow": (6, 16)}, videos=videos))


@pytest.fixture(scope="module")
def videos(tiny_dataset: Path) -> VideoSet:
    tags = read_tags(tiny_dataset)
    members = list(tags.subset("training").values())
    return VideoSet(members, tags.classes, Features.open(tiny_dataset, "i3d", None))


def random_batch(lengths: list[int]) -> tuple[Batch, dict[str, Tensor]]:
    """Videos of these lengths with random pseudo-labels, in double precision."""
    generator = torch.Generator().manual_seed(3)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    batch = Batch(
        videos=tuple(f"v{row}" for row in range(len(lengths))),
        features=torch.randn(*mask.shape, 16, generator=generator, dtype=torch.float64) * mask.unsqueeze(-1),
        mask=mask,
        labels=torch.tensor([[1.0, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 1]], dtype=torch.float64)[: len(lengths)],
        starts=torch.zeros(len(lengths), dtype=torch.int64),
    )
    stored = {
        f"labels/v{row}": (torch.rand(3, length, generator=generator) > 0.5).double()
        for row, length in enumerate(lengths)
    }
    return batch, stored


def gradients(method: MutualDistillation) -> Tensor:
    flat = torch.cat([p.grad.flatten() for p in method.module.parameters() if p.grad is not None])
    method.module.zero_grad()
    return flat


@pytest.mark.parametrize("with_labels", [False, True])
def test_a_batch_has_the_summed_gradients_of_its_videos(with_labels: bool) -> None:
    lengths = [5, 31, 17, 1]
    method = small_method("optimizer.batch_size=4", "losses.fused_to_single=true")
    method.module.double()
    batch, labels = random_batch(lengths)
    state = labels if with_labels else {}
    parts = method.losses(batch, state)
    assert ("voting" in parts) == with_labels
    if with_labels:
        assert parts["voting"] > 0.01
    torch.stack(list(parts.values())).sum().backward()
    together = gradients(method)

    single = small_method("optimizer.batch_size=1", "losses.fused_to_single=true")
    single.module.double()
    single.module.load_state_dict(method.module.state_dict())
    sums = dict.fromkeys(parts, torch.zeros(()))
    for piece in batch.split(1):
        alone = single.losses(piece, state)
        torch.stack(list(alone.values())).sum().backward()  # gradients add up, as the released code lets them
        sums = {name: sums[name] + alone[name].detach() for name in sums}
    for name, part in parts.items():
        torch.testing.assert_close(part.detach(), sums[name], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(together, gradients(single), rtol=1e-10, atol=1e-12)


def test_micro_batches_weighted_by_their_share_make_the_same_sum() -> None:
    method = small_method("optimizer.batch_size=4")
    method.module.double()
    batch, labels = random_batch([5, 31, 17, 1])
    whole = method.losses(batch, labels)
    pieces = [(len(piece) / len(batch), method.losses(piece, labels)) for piece in batch.split(3)]
    for name, part in whole.items():
        torch.testing.assert_close(part, sum(share * parts[name] for share, parts in pieces), rtol=1e-12, atol=1e-12)


def test_phases_of_the_released_schedule() -> None:
    config = MMSDConfig()
    streams = {"rgb": (0, 4), "flow": (4, 8)}
    phases = build(config, Inputs(dim=8, classes=CLASSES, streams=streams, videos=120)).phases()
    assert [phase.name for phase in phases] == ["teaching", *(f"voting-{n}" for n in range(1, 6))]
    assert [phase.updates for phase in phases] == [480] * 6  # 40 epochs of 12 updates
    assert [phase.prepare is None for phase in phases] == [True] + [False] * 5
    assert all(phase.keep_optimizer and phase.optimizer.batch_size == 10 for phase in phases)
    rates = [phase.rate(update) for phase in phases for update in range(phase.updates)]
    assert rates == [1.0] * (70 * 12) + [0.2] * (170 * 12)


@pytest.mark.parametrize(
    ("videos", "batch_size", "updates"),
    [(10, 3, [7, 7]), (7, 10, [2, 1]), (3, 100, [1, 0]), (1, 1, [2, 2])],
)
def test_an_epoch_is_a_pass_over_the_videos(videos: int, batch_size: int, updates: list[int]) -> None:
    phases = small_method(f"optimizer.batch_size={batch_size}", videos=videos).phases()
    assert [phase.updates for phase in phases] == updates


def test_first_labels_are_the_attention_and_later_ones_only_the_surer(videos: VideoSet) -> None:
    method = small_method()
    method.module.eval()
    with torch.no_grad():
        first = method.store_labels(videos, {})
        batch = next(iter(videos.whole(len(videos))))
        scores = method.scores(batch)
        now = confidence(scores.snippet_logits, batch.labels)
        for row, (name, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
            assert torch.equal(first[f"labels/{name}"], (scores.attention[:, row, :length] > 0.5).float())
            torch.testing.assert_close(first[f"confidence/{name}"], now[:, row, :length])
        # The opposite labels are stored, on half of the snippets with all confidence, on the others with none.
        planted = dict(first)
        for name in batch.videos:
            odd = torch.arange(first[f"labels/{name}"].shape[1]) % 2
            planted[f"labels/{name}"] = 1 - first[f"labels/{name}"]
            planted[f"confidence/{name}"] = odd.float().expand(3, -1)
        second = method.store_labels(videos, planted)
    for name in batch.videos:
        odd = (torch.arange(first[f"labels/{name}"].shape[1]) % 2).bool()
        assert torch.equal(second[f"labels/{name}"][:, odd], planted[f"labels/{name}"][:, odd])
        assert torch.equal(second[f"labels/{name}"][:, ~odd], first[f"labels/{name}"][:, ~odd])
        assert torch.equal(second[f"confidence/{name}"][:, odd], torch.ones(3, int(odd.sum())))


def test_a_crop_gets_its_own_part_of_the_stored_labels() -> None:
    batch = Batch(
        videos=("a", "b"),
        features=torch.zeros(2, 3, 1),
        mask=torch.tensor([[True, True, True], [True, True, False]]),
        labels=torch.ones(2, 1),
        starts=torch.tensor([2, 0]),
    )
    state = {"labels/a": torch.arange(6.0).expand(3, -1), "labels/b": torch.tensor([7.0, 8.0]).expand(3, -1)}
    rows = stored_labels(batch, state, "labels")
    assert rows.shape == (3, 2, 3)
    assert rows[1].tolist() == [[2.0, 3.0, 4.0], [7.0, 8.0, 0.0]]


def test_branches_are_the_streams_and_none_is_their_mixture() -> None:
    method = small_method()
    method.module.double().eval()
    batch, _ = random_batch([4, 6])
    assert method.branches == ("rgb", "flow", "fused", "classes")
    scores = method.scores(batch)
    for branch, weights in [(None, (0.2, 0.4, 0.4)), ("flow", (0.0, 1.0, 0.0)), ("fused", (0.0, 0.0, 1.0))]:
        for found, expected in zip(method.localize(batch, branch), mixed_scores(scores, weights), strict=True):
            torch.testing.assert_close(found, expected)
    snippets, whole = method.localize(batch, None)
    assert snippets.shape == (2, 6, 3)
    assert whole.shape == (2, 3)
    assert not snippets[~batch.mask].any()


def test_branch_classes_asks_no_attention() -> None:
    """Whatever the attention, its snippets score their class's mixed probability, and videos what they always do."""
    method = small_method()
    method.module.double().eval()
    batch, _ = random_batch([4, 6])
    probabilities = torch.softmax(method.scores(batch).snippet_logits, dim=-1)
    mixed = 0.2 * probabilities[0] + 0.4 * probabilities[1] + 0.4 * probabilities[2]
    snippets, whole = method.localize(batch, "classes")
    torch.testing.assert_close(snippets[batch.mask], mixed[..., :-1][batch.mask])
    assert not snippets[~batch.mask].any()
    torch.testing.assert_close(whole, method.localize(batch, None)[1])


@pytest.mark.parametrize("streams", [{}, {"rgb": (0, 16)}])
def test_features_without_two_modalities_are_refused(streams: dict[str, tuple[int, int]]) -> None:
    with pytest.raises(InputError, match=r"no stream named (rgb or )?flow"):
        build(MMSDConfig(), Inputs(dim=16, classes=CLASSES, streams=streams))


@pytest.mark.parametrize("name", ["fused", "classes"])
def test_no_stream_may_be_called_like_a_branch_of_both(name: str) -> None:
    with pytest.raises(InputError, match=f"names of streams, of which none is {name}"):
        load_settings(MMSDConfig, overrides=[f"modalities=[rgb, {name}]"])


def test_modalities_may_have_other_names_widths_and_order() -> None:
    config = load_settings(MMSDConfig, overrides=["modalities=[sound, sight]", "model.channels=8"])
    method = build(config, Inputs(dim=9, classes=CLASSES, streams={"sight": (0, 7), "sound": (7, 9)}))
    assert method.branches == ("sound", "sight", "fused", "classes")
    assert method.module.rgb_first.linear.in_features == 2
    batch, _ = random_batch([4])
    batch = Batch(batch.videos, batch.features[..., :9].float(), batch.mask, batch.labels, batch.starts)
    assert method.localize(batch, None)[0].shape == (1, 4, 3)


def run_settings(dropout: float) -> list[str]:
    return [
        *SMALL,
        *EAGER,
        f"model.dropout={dropout}",
        "optimizer.lr=0.01",
        "engine.log_every=1",
        "engine.checkpoint_every=2",
        "engine.tensorboard=false",
    ]


def test_a_run_votes_with_what_it_stored_and_resumes_to_the_same_weights(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(folder: str, *, resume: bool = False) -> Path:
        settings = run_settings(dropout=0.5)
        train(
            tiny_dataset,
            method="mmsd",
            features="i3d",
            run=tmp_path / folder,
            overrides=settings,
            resume=resume,
        )
        return tmp_path / folder

    whole = start("whole")
    rows = (whole / "losses.csv").read_text().splitlines()
    assert any(",voting-1,7,voting," in row for row in rows)
    assert not any(",teaching," in row and ",voting," in row for row in rows)
    state = load_tensors(whole / "phases" / "02-voting-1" / "state.safetensors")
    assert {name.partition("/")[0] for name in state} == {"labels", "confidence"}
    assert len(state) == 2 * 10

    losses = MutualDistillation.losses
    calls = 0

    def stopped(self: MutualDistillation, batch: Batch, state: dict[str, Tensor]) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        if calls == 12:  # in the middle of voting, between two checkpoints
            raise KeyboardInterrupt
        return losses(self, batch, state)

    with monkeypatch.context() as patch:
        patch.setattr(MutualDistillation, "losses", stopped)
        with pytest.raises(KeyboardInterrupt):
            start("stopped")
    resumed = start("stopped", resume=True)
    before, after = load_tensors(whole / "weights.safetensors"), load_tensors(resumed / "weights.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)
