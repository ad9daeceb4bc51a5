"""What is laid over a frame besides figures: shadows, a studio's desk, lettering."""

from __future__ import annotations

import numpy as np

from weaktal.arrays import Floats, Pixels
from weaktal.worlds.camera import CameraPath


def darken(image: Pixels, center: Floats, scale: float, lift: float) -> None:
    """A shadow on the ground, fainter and wider the higher the figure."""
    import cv2

    strength = 0.45 / (1 + 1.5 * lift)
    rx, ry = (0.34 + 0.1 * lift) * scale, 0.085 * scale
    x0, x1 = int(center[0] - rx) - 1, int(center[0] + rx) + 2
    y0, y1 = int(center[1] - ry) - 1, int(center[1] + ry) + 2
    x0, y0 = max(x0, 0), max(y0, 0)
    part = image[y0:y1, x0:x1]
    if not part.size or min(part.shape[:2]) < 2:
        return
    dark = part.copy()
    middle = (round((center[0] - x0) * 16), round((center[1] - y0) * 16))
    cv2.ellipse(dark, middle, (round(rx * 16), max(1, round(ry * 16))), 0, 0, 360, (10, 10, 20), -1, cv2.LINE_AA, 4)
    image[y0:y1, x0:x1] = cv2.addWeighted(part, 1 - strength, dark, strength, 0)


def desk(image: Pixels, camera: CameraPath, frame: int) -> None:
    """The desk of a studio, before whoever sits there."""
    top, edge = camera.project(np.array([[[0.0, 0.98], [0.0, 0.9]]]).repeat(len(camera), axis=0))[frame, :, 1]
    image[max(0, int(top)) :] = (46, 48, 58)
    image[max(0, int(top)) : max(0, int(edge))] = (170, 176, 190)


def letter(image: Pixels, text: str, index: int) -> None:
    """Lines of text that slide in; ``index`` is the frame of the shot."""
    import cv2

    size = image.shape[1] / 320 * 0.8
    for line, words in enumerate(text.split("\n")):
        shift = max(0, 12 - index) * 6
        where = (round(30 * size) + shift, round((70 + 34 * line) * size / 0.8))
        cv2.putText(
            image, words, where, cv2.FONT_HERSHEY_DUPLEX, size * (1.1 - 0.35 * line), (245, 245, 245), 1, cv2.LINE_AA
        )
