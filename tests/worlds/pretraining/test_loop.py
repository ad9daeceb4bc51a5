from __future__ import annotations

import pytest
import torch
from torch import nn

from weaktal.errors import RunError
from weaktal.worlds.pretraining.loop import Fit, rate_at, train


def fitted(seed: int) -> tuple[nn.Linear, list[dict[str, float]]]:
    torch.manual_seed(seed)
    model = nn.Linear(4, 1)
    truth = torch.tensor([1.0, -2.0, 0.5, 3.0])

    def loss_of(generator: torch.Generator) -> dict[str, torch.Tensor]:
        x = torch.randn(16, 4, generator=generator)
        return {"loss": (model(x)[:, 0] - x @ truth).square().mean()}

    fit = Fit(updates=120, batch=16, rate=0.2, decay=0.0, seed=seed)
    return model, train(model, loss_of, fit, every=50, say=lambda _line: None)


def test_a_line_is_fitted_and_the_log_tells_it() -> None:
    model, log = fitted(0)
    assert [line["update"] for line in log] == [50, 100, 120]
    assert log[-1]["loss"] < 0.01 * log[0]["loss"]
    torch.testing.assert_close(model.weight[0], torch.tensor([1.0, -2.0, 0.5, 3.0]), atol=0.05, rtol=0)


def test_a_seed_is_a_run() -> None:
    one, two, other = fitted(3)[0], fitted(3)[0], fitted(4)[0]
    assert torch.equal(one.weight, two.weight)
    assert not torch.equal(one.weight, other.weight)


def test_the_rate_rises_over_a_tenth_and_falls_to_nothing() -> None:
    fit = Fit(updates=200, batch=1, rate=1.0, decay=0.0, seed=0)
    rates = [rate_at(update, fit) for update in range(200)]
    assert max(rates) == rates[20] == 1.0
    assert rates[:20] == sorted(rates[:20])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[-1] < 1e-3


def test_a_loss_that_is_no_number_stops() -> None:
    model = nn.Linear(1, 1)
    fit = Fit(updates=3, batch=1, rate=0.1, decay=0.0, seed=0)
    with pytest.raises(RunError, match="the loss of update 0 is nan"):
        train(model, lambda _generator: {"loss": model.weight.sum() * float("nan")}, fit)
