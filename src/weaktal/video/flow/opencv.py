"""OpenCV's optical flow behind the common interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from weaktal.errors import InputError

Gray = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.float32]
_cv: Any = cv2  # its type stubs lack most of the optical flow


def opencv_tvl1(first: Gray, second: Gray) -> Flow:
    """TV-L1 with OpenCV's default settings; see :class:`weaktal.video.flow.FlowMethod` for the shapes.

    Raises:
        InputError: if the installed OpenCV lacks its contributed modules.
    """
    if not hasattr(cv2, "optflow"):
        raise InputError("this OpenCV has no TV-L1", expected="opencv-contrib-python-headless without another OpenCV")
    return _pair_by_pair(_cv.optflow.DualTVL1OpticalFlow_create, first, second)


def dis(first: Gray, second: Gray) -> Flow:
    """Dense Inverse Search (Kroeger et al., ECCV 2016), medium preset; see ``FlowMethod`` for the shapes."""
    return _pair_by_pair(lambda: _cv.DISOpticalFlow_create(_cv.DISOPTICAL_FLOW_PRESET_MEDIUM), first, second)


def _pair_by_pair(create: Callable[[], Any], first: Gray, second: Gray) -> Flow:
    flows = np.empty((*first.shape, 2), dtype=np.float32)
    for flow, a, b in zip(flows, first, second, strict=True):
        # A new algorithm for each pair, so that nothing of the last pair remains. To use one again after
        # collectGarbage() crashes DIS in OpenCV 5.0.
        flow[:] = create().calc(np.ascontiguousarray(a), np.ascontiguousarray(b), None)
    return flows
