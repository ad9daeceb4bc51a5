"""Devices that compute: what they are called, which exist here, and what each does well. Imports torch late."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from weaktal.errors import InputError, arg, first_line, shown

if TYPE_CHECKING:
    import torch

AUTO = "auto"
EVERY = "all"  # of the GPUs
# What PyTorch calls devices; without those that only its own developers use.
KINDS = ("cpu", "cuda", "mps", "xpu", "hpu", "xla", "vulkan", "mtia", "meta", "privateuseone")
PATTERN = rf"{AUTO}|({'|'.join(KINDS)})(:\d{{1,3}})?"
_USUAL = "auto, cpu, cuda, cuda:1 or mps"
_SEVERAL = f"{_USUAL}, several such as cuda:0,cuda:1, or all"

Precision = Literal["fp32", "bf16"]


def check_device(name: str, source: str | None = None, *, several: bool = False) -> None:
    """Refuses what PyTorch calls no device, without importing it; whether it exists here is another question.

    Args:
        name: of a device; or, where ``several`` may be named, of more with commas, or ``all``.
        source: what holds the name, for messages; the argument ``device`` by default.
        several: whether more than one will do.

    Raises:
        InputError: naming those that are usual.
    """
    if several and name == EVERY:
        return
    for part in name.split(",") if several else [name]:
        if re.fullmatch(PATTERN, part) is None:
            source = source or f"{arg('device')} {shown(part)}"
            raise InputError("is not a device", source=source, expected=_SEVERAL if several else _USUAL)


def choose_device(name: str, source: str | None = None) -> str:
    """The device that is meant; ``auto`` is an NVIDIA or AMD GPU if PyTorch sees one, and the CPU otherwise.

    Args:
        name: as :func:`check_device` takes it.
        source: what holds the name, for messages; the argument ``device`` by default.

    Raises:
        InputError: if it cannot be used.
    """
    check_device(name, source)
    import torch

    if name == AUTO:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name).item()  # of the device "meta" there are no numbers
    except (RuntimeError, AssertionError) as error:
        source = source or f"{arg('device')} {name}"
        reason = first_line(error)
        if name == "mps" and not torch.backends.mps.is_available():  # the library's words are about an operator
            reason = "this PyTorch has no Apple GPU here"
        raise InputError(f"cannot be used ({reason})", source=source, expected="cpu or auto") from None
    return name


def choose_devices(name: str) -> tuple[str, ...]:
    """The devices that are meant: one, several with commas (one that is named twice counts twice), or ``all`` GPUs.

    Raises:
        InputError: if one cannot be used, or there is no GPU.
    """
    check_device(name, several=True)
    if name != EVERY:
        return tuple(choose_device(part) for part in name.split(","))
    import torch

    count = torch.cuda.device_count()
    if not count:
        raise InputError("there is no GPU", source=f"{arg('device')} {EVERY}", expected="cpu or auto")
    return tuple(f"cuda:{index}" for index in range(count))


@dataclass(frozen=True, slots=True)
class Habits:
    """What a device does well.

    Attributes:
        device: its name in PyTorch.
        model: what it is, for people.
        precision: the arithmetic in which its networks are fastest without a loss that shows: "bf16" where it has
            instructions for that, "fp32" elsewhere.
        channels_last: whether its convolutions want the channels to be innermost in memory.
        compiles: whether torch.compile can pay for itself there: on GPUs with Triton. Not on a CPU, where it gained
            nothing (docs/evidence/speed.md).
        batch: clips that keep it busy.
    """

    device: str
    model: str
    precision: Precision
    channels_last: bool
    compiles: bool
    batch: int

    def told(self, precision: Precision, batch: int, *, compiled: bool = False) -> str:
        """What a computation went by, in one line."""
        layout = "channels last" if self.channels_last else "channels first"
        parts = (self.model, precision, layout, f"{batch} at once", *(["compiled"] if compiled else []))
        return ", ".join(parts)


def habits(device: str | torch.device) -> Habits:
    """What a device that exists here does well."""
    import torch

    place = torch.device(device)
    if place.type == "cuda":
        capability = torch.cuda.get_device_capability(place)
        return Habits(
            str(device),
            torch.cuda.get_device_name(place),
            precision="bf16" if capability >= (8, 0) or torch.version.hip else "fp32",
            channels_last=True,
            compiles=capability >= (7, 0) and importlib.util.find_spec("triton") is not None,
            batch=8,
        )
    if place.type == "cpu":
        fast = torch.cpu._is_avx512_bf16_supported()
        return Habits(str(device), "CPU", "bf16" if fast else "fp32", channels_last=True, compiles=False, batch=1)
    return Habits(str(device), place.type, "fp32", channels_last=False, compiles=False, batch=8)
