"""A device that is none: its tensors lie on the CPU, and yet no operation takes them together with the CPU's own.

Where there is no GPU, code that makes a tensor on the wrong device works all the same, and fails on the first machine
that has one. :func:`pretended_device` gives a device of PyTorch's own kind for other backends. Its tensors hold real
numbers, so whatever depends on values goes on as ever; but an operation of which one argument lies on it and another
on the CPU raises, as it does with CUDA. As there, a CPU tensor of no dimensions may take part, and indices may lie on
the CPU.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

_CPU = torch.device("cpu")
_aten = torch.ops.aten
# Copies from device to device, and indexing, of which CUDA takes indices on the CPU as well.
_COPIES = {_aten._to_copy.default, _aten.copy_.default, _aten._pin_memory.default}
_INDEXING = {
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
    _aten._unsafe_index.Tensor,
}


class WrongDeviceError(RuntimeError):
    """Tensors of several devices in one operation."""


class _Backend(_DummyBackendModule):
    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16, torch.float16]


@functools.cache
def _device() -> torch.device:
    _setup_privateuseone_for_python_backend("privateuseone", _Backend())
    return torch.device("privateuseone", 0)


class Elsewhere(torch.Tensor):
    """A tensor on the device; ``inside`` are its numbers."""

    inside: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, inside: torch.Tensor) -> Elsewhere:
        made: Elsewhere = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            inside.size(),
            strides=inside.stride(),
            storage_offset=inside.storage_offset(),
            dtype=inside.dtype,
            layout=inside.layout,
            device=_device(),
            requires_grad=inside.requires_grad,
        )
        made.inside = inside
        return made

    def __repr__(self, **_words: Any) -> str:  # type: ignore[override]
        return f"Elsewhere({self.inside!r})"

    def tolist(self) -> Any:
        return self.inside.tolist()

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return ["inside"], None

    @staticmethod
    def __tensor_unflatten__(parts: dict[str, torch.Tensor], _about: None, _size: Any, _stride: Any) -> Elsewhere:
        return Elsewhere(parts["inside"])

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise WrongDeviceError(f"{func} on the device after it is gone")


class _Pretending(TorchDispatchMode):
    """Takes operations on tensors of the device apart, and looks where each argument lies."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = [tensor for tensor in tensors if isinstance(tensor, Elsewhere)]
        asked = kwargs.get("device") or next((leaf for leaf in args if isinstance(leaf, torch.device)), None)
        here = there or (asked is not None and torch.device(asked).type == _device().type)
        if not here:
            return func(*args, **kwargs)
        with self:  # in inference mode, operations that are made of others come by whole
            parts = func.decompose(*args, **kwargs)
        if parts is not NotImplemented:
            return parts
        if func not in _COPIES:
            _check(func, args, tensors)
        if "device" in kwargs:
            kwargs["device"] = _CPU
        kwargs.pop("pin_memory", None)
        inner_args, inner_kwargs = tree_map(_inside, (args, kwargs))
        found = func(*inner_args, **inner_kwargs)
        if func is _aten.copy_.default:
            return args[0]
        if asked is not None and torch.device(asked).type == "cpu":
            return found
        with torch.inference_mode(False):  # what is a view of a weight must not be less than it
            wrapped = tree_map(lambda leaf: Elsewhere(leaf) if isinstance(leaf, torch.Tensor) else leaf, found)
        return return_and_correct_aliasing(func, args, kwargs, wrapped) if there else wrapped


def _inside(leaf: Any) -> Any:
    return leaf.inside if isinstance(leaf, Elsewhere) else leaf


def _check(func: Any, args: Any, tensors: list[torch.Tensor]) -> None:
    allowed = list(tree_leaves(args[1])) if func in _INDEXING else []
    for tensor in tensors:
        if not isinstance(tensor, Elsewhere) and tensor.dim() and not any(tensor is each for each in allowed):
            raise WrongDeviceError(
                f"{func}: expected all tensors to be on the same device, but found at least two devices, "
                f"{_device()} and {tensor.device}, of {tuple(tensor.shape)}"
            )


@contextlib.contextmanager
def pretended_device() -> Iterator[torch.device]:
    """Inside of it, the device can be used wherever PyTorch takes one."""
    before = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # so that torch.tensor(..., device=...) comes by here
    try:
        with _Pretending():
            yield _device()
    finally:
        torch._C._set_only_lift_cpu_tensors(before)
