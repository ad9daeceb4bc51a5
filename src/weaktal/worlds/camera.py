"""The camera: what of the world, in meters, lands where in the frame, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weaktal.arrays import Floats

HEIGHT = 180  # frame height, in pixels, that zooms are given for


@dataclass(frozen=True, slots=True)
class CameraPath:
    """A camera over N frames.

    Attributes:
        center: (N, 2) meters, what lies in the middle of the frame.
        zoom: (N,) pixels a meter.
        mirror: whether right and left are swapped.
        size: (width, height) of the frame, pixels.
    """

    center: Floats
    zoom: Floats
    mirror: bool
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.zoom)

    def cut_to(self, other: CameraPath, start: int) -> CameraPath:
        """This camera up to frame ``start``, then ``other``."""
        center = np.concatenate([self.center[:start], other.center])
        return CameraPath(center, np.concatenate([self.zoom[:start], other.zoom]), self.mirror, self.size)

    def project(self, points: Floats) -> Floats:
        """World points (N, ..., 2) in meters to pixels of the same shape."""
        extra = (1,) * (points.ndim - 2)
        zoom = self.zoom.reshape(-1, *extra)
        center = self.center.reshape(-1, *extra, 2)
        width, height = self.size
        pixels = np.empty_like(points)
        pixels[..., 0] = (points[..., 0] - center[..., 0]) * zoom * (-1 if self.mirror else 1) + width / 2
        pixels[..., 1] = (center[..., 1] - points[..., 1]) * zoom + height / 2
        return pixels

    def matrix(self, frame: int, left: float, top: float, density: float) -> Floats:
        """The affine map (2, 3) from pixels of a backdrop to pixels of the frame.

        Args:
            frame: which.
            left, top: world position of the backdrop's upper left corner, meters.
            density: pixels a meter of the backdrop.
        """
        scale = self.zoom[frame] / density
        sign = -1 if self.mirror else 1
        x = (left - self.center[frame, 0]) * self.zoom[frame] * sign + self.size[0] / 2
        y = (self.center[frame, 1] - top) * self.zoom[frame] + self.size[1] / 2
        return np.array([[scale * sign, 0.0, x], [0.0, scale, y]])


def smooth(values: Floats, width: float) -> Floats:
    """Values (N, ...) over time, averaged over about ``width`` frames (three box filters, ends held)."""
    reach = max(1, int(width / 2))
    if len(values) < 2:
        return values
    box = np.ones(2 * reach + 1) / (2 * reach + 1)
    flat = values.reshape(len(values), -1)
    for _ in range(2):
        padded = np.pad(flat, ((reach, reach), (0, 0)), mode="edge")
        flat = np.stack([np.convolve(column, box, mode="valid") for column in padded.T], axis=1)
    return flat.reshape(values.shape)


def drift(rng: np.random.Generator, frames: int, size: float, width: float) -> Floats:
    """A slow random movement (N, 2) of standard deviation ``size``: a hand that does not hold still."""
    noise = smooth(rng.normal(size=(frames + 1, 2)), width)[:frames]
    spread = noise.std(axis=0) + 1e-9
    return noise / spread * size if frames > 2 else np.zeros((frames, 2))


@dataclass(frozen=True, slots=True)
class Framing:
    """How a shot is taken.

    Attributes:
        zoom: pixels a meter for a frame of HEIGHT rows.
        push: how much the zoom grows over the shot, 0.1 is a tenth.
        offset: (x, y) meters from the followed point to the middle of the frame.
        lag: frames over which following is smoothed; 0 stands still.
        shake: meters.
        mirror: swaps right and left.
    """

    zoom: float = 40.0
    push: float = 0.0
    offset: tuple[float, float] = (0.0, 0.0)
    lag: float = 12.0
    shake: float = 0.01
    mirror: bool = False


def follow(
    target: Floats, framing: Framing, size: tuple[int, int], rng: np.random.Generator, floor: float
) -> CameraPath:
    """A camera that follows ``target`` (N, 2) meters, never looking further down than ``floor``.

    The zoom is scaled with the frame's height, so that all sizes show the same.
    """
    frames = len(target)
    path = smooth(target, framing.lag) if framing.lag else np.repeat(target.mean(axis=0, keepdims=True), frames, 0)
    zoom = framing.zoom * size[1] / HEIGHT * (1 + framing.push * np.linspace(0, 1, frames))
    center = path + np.array(framing.offset) + drift(rng, frames, framing.shake, 14.0)
    center[:, 1] = np.maximum(center[:, 1], floor + size[1] / zoom / 2)
    return CameraPath(center, zoom, framing.mirror, size)
