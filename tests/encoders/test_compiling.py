from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch

from weaktal.encoders.compiling import Compiled
from weaktal.encoders.networks import Compilable, I3DNetwork, ImageNetwork, Small3DNetwork


@pytest.mark.slow
def test_compiled_code_gives_the_same() -> None:
    model = torch.nn.Linear(3, 2)
    compiled = Compiled(model, backend="eager")  # the frames alone are taken apart: no compiler is needed
    for rows in (1, 4):
        x = torch.randn(rows, 3)
        torch.testing.assert_close(compiled(x), model(x))


@pytest.mark.slow
def test_where_compiling_fails_the_plain_network_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_graph: object, _inputs: object) -> Callable[..., object]:
        raise RuntimeError("no such GPU")

    failing = Compiled(torch.nn.ReLU(), backend=broken)
    with caplog.at_level(logging.WARNING, "weaktal"):
        assert failing(torch.tensor([-1.0, 2.0])).tolist() == [0.0, 2.0]
        assert failing(torch.tensor([-3.0])).tolist() == [0.0]
    assert [message.partition(":")[0] for message in caplog.messages] == ["torch.compile failed, continuing without it"]


def test_the_networks_that_can_be_compiled() -> None:
    assert issubclass(I3DNetwork, Compilable)
    assert issubclass(Small3DNetwork, Compilable)
    assert not issubclass(ImageNetwork, Compilable)
