"""Where training computes, and in which arithmetic: Lightning Fabric on one device."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import torch
from lightning_fabric import Fabric
from lightning_fabric.accelerators.accelerator import Accelerator
from lightning_fabric.accelerators.cpu import CPUAccelerator
from lightning_fabric.accelerators.cuda import CUDAAccelerator
from lightning_fabric.accelerators.mps import MPSAccelerator
from lightning_fabric.plugins import MixedPrecision
from lightning_fabric.strategies.single_device import SingleDeviceStrategy

from weaktal.devices import choose_device, habits
from weaktal.engine.settings import EngineConfig

log = logging.getLogger("weaktal")


class _Other(CPUAccelerator):
    """A device that needs nothing to be set up, such as those that Fabric does not know."""

    def setup_device(self, device: torch.device) -> None:
        """Nothing."""


_ACCELERATORS: Mapping[str, type[Accelerator]] = {"cuda": CUDAAccelerator, "mps": MPSAccelerator}


def fabric_on(settings: EngineConfig) -> Fabric:
    """What places tensors on the device of the settings and computes in their precision.

    Raises:
        InputError: if the device is not there.
    """
    name = choose_device(settings.device, f"engine.device {settings.device}")
    device = torch.device(name)
    kind = _ACCELERATORS.get(device.type, _Other)
    mixed = settings.precision == "bf16-mixed" or (settings.precision == "auto" and habits(name).precision == "bf16")
    precision = MixedPrecision("bf16-mixed", device.type) if mixed else None
    log.info("training on %s, %s", name, "bf16 mixed with fp32" if mixed else "fp32")
    return Fabric(strategy=SingleDeviceStrategy(device, accelerator=kind(), precision=precision))
