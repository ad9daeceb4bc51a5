"""An optimizer's state as named tensors and plain values, so that nothing of a checkpoint is ever unpickled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from torch.optim import Optimizer


class Groups(BaseModel):
    """What an optimizer holds besides tensors.

    Attributes:
        groups: its parameter groups, as PyTorch numbers the parameters.
        values: numbers of its state that are no tensors, by parameter and name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: list[dict[str, Any]]
    values: dict[str, dict[str, float | int | bool | None]] = {}


def taken_apart(optimizer: Optimizer) -> tuple[dict[str, Tensor], Groups]:
    """The tensors of an optimizer's state, called ``PARAMETER.NAME``, and all else."""
    state = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    values: dict[str, dict[str, Any]] = {}
    for number, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{number}.{name}"] = value
            else:
                values.setdefault(str(number), {})[name] = value
    return tensors, Groups(groups=state["param_groups"], values=values)


def put_back(optimizer: Optimizer, tensors: Mapping[str, Tensor], groups: Groups) -> None:
    """Gives an optimizer the state that :func:`taken_apart` took.

    Raises:
        ValueError: if it is the state of another optimizer, or of one for other parameters.
    """
    own = optimizer.state_dict()["param_groups"]
    if [sorted(group) for group in own] != [sorted(group) for group in groups.groups]:
        raise ValueError("other groups of parameters")
    shapes = _shapes(optimizer)
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        if not number.isascii() or not number.isdigit() or int(number) >= len(shapes) or not tensor.isfinite().all():
            raise ValueError(f"{key} is of no parameter, or not finite")
        if tensor.shape not in ((), shapes[int(number)]):
            raise ValueError(f"{key} has shape {tuple(tensor.shape)}, its parameter {tuple(shapes[int(number)])}")
        state.setdefault(int(number), {})[name] = tensor
    for number, values in groups.values.items():
        state.setdefault(int(number), {}).update(values)
    # JSON knows no tuples, such as Adam's betas.
    restored = [
        {key: type(mine[key])(value) if isinstance(value, list) else value for key, value in theirs.items()}
        for mine, theirs in zip(own, groups.groups, strict=True)
    ]
    if [group["params"] for group in restored] != [group["params"] for group in own]:
        raise ValueError("other parameters")
    optimizer.load_state_dict({"state": state, "param_groups": restored})


def _shapes(optimizer: Optimizer) -> list[torch.Size]:
    return [parameter.shape for group in optimizer.param_groups for parameter in group["params"]]
