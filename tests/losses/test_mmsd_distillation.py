"""Hand-worked cases of the distillation between streams."""

from __future__ import annotations

import math

import pytest
import torch

from weaktal.losses.mmsd_distillation import snippet_distillation, stream_distillation


def test_cross_entropy_of_sharpened_distributions() -> None:
    # At temperature 0.5 the odds are squared: teacher (3:1) becomes (9:1), student (1:1) stays.
    teacher = torch.log(torch.tensor([[[0.75, 0.25]]]))
    student = torch.log(torch.tensor([[[0.5, 0.5]]]))
    mask = torch.tensor([[True]])
    assert snippet_distillation(student, teacher, mask, temperature=0.5).item() == pytest.approx(math.log(2))
    back = snippet_distillation(teacher, student, mask, temperature=0.5)
    assert back.item() == pytest.approx(-(math.log(0.9) + math.log(0.1)) / 2)


def test_mean_over_true_snippets_only() -> None:
    student = torch.tensor([[[0.0, 0.0], [0.0, 40.0], [9.0, 3.0]]])
    teacher = torch.tensor([[[5.0, 5.0], [0.0, 40.0], [1.0, 2.0]]])
    mask = torch.tensor([[True, True, False]])
    loss = snippet_distillation(student, teacher, mask, temperature=1.0)
    assert loss.item() == pytest.approx(math.log(2) / 2)


def test_a_teacher_gets_no_gradient() -> None:
    logits = torch.randn(3, 1, 4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    mask = torch.ones(1, 4, dtype=torch.bool)
    stream_distillation(logits, mask, temperature=0.2)[2].sum().backward()  # what the fused stream pays
    assert logits.grad is not None
    assert not logits.grad[:2].any()
    assert logits.grad[2].any()


@pytest.mark.parametrize(("learner", "teachers"), [(0, (1,)), (1, (0,)), (2, (0, 1))])
def test_who_learns_from_whom(learner: int, teachers: tuple[int, ...]) -> None:
    logits = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(1))
    mask = torch.tensor([[True] * 4, [True] * 3 + [False]])
    target = torch.stack([logits[teacher] for teacher in teachers]).mean(dim=0)
    expected = snippet_distillation(logits[learner], target, mask, temperature=0.2)
    torch.testing.assert_close(stream_distillation(logits, mask, temperature=0.2)[learner], expected)


def test_the_way_back_from_fused_to_single_is_an_option() -> None:
    logits = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(2))
    mask = torch.ones(2, 4, dtype=torch.bool)
    without = stream_distillation(logits, mask, temperature=0.2)
    with_back = stream_distillation(logits, mask, temperature=0.2, fused_to_single=True)
    for single in (0, 1):
        extra = snippet_distillation(logits[single], logits[2], mask, temperature=0.2)
        torch.testing.assert_close(with_back[single], without[single] + extra)
    torch.testing.assert_close(with_back[2], without[2])
