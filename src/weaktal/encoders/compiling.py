"""torch.compile that may fail: then the network computes as it did before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from weaktal.errors import first_line

log = logging.getLogger("weaktal")


class Compiled:
    """A network in compiled code. Compiling happens at the first batch, and again for the first of another shape.

    Args:
        model: what to compile.
        backend: of torch.compile.
    """

    def __init__(self, model: Callable[[Tensor], Tensor], backend: str | Callable[..., Any] = "inductor") -> None:
        self._plain = model
        self._fast: Callable[[Tensor], Tensor] | None = torch.compile(model, backend=backend)

    def __call__(self, x: Tensor) -> Tensor:
        """What the network gives."""
        if self._fast is not None:
            try:
                return self._fast(x)
            except Exception as error:  # no compiler, an unsupported GPU: nothing that the user did, and no loss
                log.warning("torch.compile failed, continuing without it: %s", first_line(error))
                self._fast = None
        return self._plain(x)
