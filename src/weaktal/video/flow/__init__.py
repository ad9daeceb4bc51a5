"""Optical flow between video frames: one interface, three methods.

- ``tvl1``: our TV-L1 in PyTorch, on CPU or GPU. The one to extract features with.
- ``opencv-tvl1``: OpenCV's TV-L1 with its default settings, the reference; slow.
- ``dis``: OpenCV's Dense Inverse Search, a preview: fast, and not what flow networks were trained on.

:func:`i3d_input` turns flow into what I3D's flow stream was trained on: TV-L1 of gray frames, cut off at 20 pixels and
scaled to [-1, 1] (Carreira, Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017, and its released code).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from weaktal.errors import InputError

Gray = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.float32]

FLOW_BOUND = 20.0  # pixels; what I3D's flow was cut off at


class FlowMethod(Protocol):
    """Optical flow of a batch of image pairs."""

    def __call__(self, first: Gray, second: Gray) -> Flow:
        """Flow that moves ``first`` to ``second``.

        Args:
            first: gray images, shape (B, H, W), uint8.
            second: gray images, same shape.

        Returns:
            Flow in pixels, shape (B, H, W, 2); [..., 0] points right, [..., 1] down.
        """


def _tvl1(device: str) -> FlowMethod:
    import torch

    from weaktal.video.flow.tvl1 import TVL1, TVL1Settings

    if torch.device(device).type == "cpu":
        return TVL1(TVL1Settings(), device, pairs_at_once=1, workers=torch.get_num_threads())
    return TVL1(TVL1Settings(), device, pairs_at_once=32)


def _opencv_tvl1(device: str) -> FlowMethod:  # noqa: ARG001  # a CPU method
    from weaktal.video.flow.opencv import opencv_tvl1

    return opencv_tvl1


def _dis(device: str) -> FlowMethod:  # noqa: ARG001  # a CPU method
    from weaktal.video.flow.opencv import dis

    return dis


METHODS: dict[str, Callable[[str], FlowMethod]] = {"tvl1": _tvl1, "opencv-tvl1": _opencv_tvl1, "dis": _dis}


def flow_method(name: str, device: str = "cpu") -> FlowMethod:
    """The method of that name.

    Args:
        name: one of ``METHODS``.
        device: a torch device for ``tvl1``; the other methods run on the CPU whatever it says.

    Raises:
        InputError: if there is no such method.
    """
    check_method(name)
    return METHODS[name](device)


def check_method(name: str) -> None:
    """Refuses a name that is no method's, without importing what the methods need.

    Raises:
        InputError: if there is no such method.
    """
    if name not in METHODS:
        raise InputError(f"unknown optical flow {name}", expected=f"one of {', '.join(METHODS)}")


def to_gray(image: npt.NDArray[np.uint8]) -> Gray:
    """The luma of an RGB image (H, W, 3) by the weights of BT.601, shape (H, W), uint8."""
    import cv2

    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def flow_between(frames: Iterable[Gray], method: FlowMethod, batch: int = 8) -> Iterator[Flow]:
    """Streams the flow from each frame to the next: T gray frames (H, W) in, T - 1 flows (H, W, 2) out.

    Args:
        frames: gray frames of one size.
        method: what computes the flow.
        batch: pairs that the method gets at once; memory grows with it and with nothing else.
    """
    held: list[Gray] = []
    for frame in frames:
        held.append(frame)
        if len(held) == batch + 1:
            yield from method(np.stack(held[:-1]), np.stack(held[1:]))
            del held[:-1]
    if len(held) > 1:
        yield from method(np.stack(held[:-1]), np.stack(held[1:]))


def i3d_input(flow: Flow) -> Flow:
    """Flow in pixels, any shape, as I3D's flow stream takes it: cut off at 20 pixels, scaled to [-1, 1]."""
    return np.clip(flow, -FLOW_BOUND, FLOW_BOUND) / np.float32(FLOW_BOUND)
