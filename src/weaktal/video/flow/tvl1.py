"""TV-L1 optical flow on whole batches of image pairs in PyTorch: the same code on CPU and GPU.

Zach, Pock, Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow", DAGM 2007, in the discretization of
Sánchez Pérez, Meinhardt-Llopis, Facciolo, "TV-L1 Optical Flow Estimation", IPOL 2013. The flow u minimizes

    sum over pixels of  |grad u1| + |grad u2| + lambda |I1(x + u) - I0(x)|.

I1 is made linear around the flow u0 so far: rho(u) = I1(x + u0) + (u - u0) . grad I1(x + u0) - I0(x). An auxiliary
field v, held near u by |u - v|^2 / (2 theta), splits the problem into two that are solved in turn:

- v minimizes lambda |rho(v)| + |u - v|^2 / (2 theta) in each pixel by itself (Zach et al., Prop. 3). With g = grad I1
  its three cases are one clamp: v = u + g clamp(-rho(u) / |g|^2, -lambda theta, lambda theta).
- u = v + theta div p, where the dual field p follows Chambolle's fixed-point iteration (Zach et al., Prop. 1):
  p <- (p + tau/theta grad u) / (1 + tau/theta |grad u|).

Around it the usual frame: a pyramid from coarse to fine, several linearizations ("warps") a level, and a 5x5 median
filter of the flow at the start of each, which OpenCV does as well and the papers do not.

Where this differs from ``cv2.optflow.DualTVL1OpticalFlow`` and its defaults (docs/evidence/speed.md has figures):

- The pyramid shrinks by 0.65 from level to level (OpenCV: 0.8), so that it reaches more than twice as far and costs
  two thirds. It is low-pass filtered (OpenCV: samples between pixels, which lets fine texture through as false motion).
- Where the flow leads out of the image there is no data term, as in IPOL 2013 (OpenCV: black, so that an error at the
  border drives itself).
- Iterations end when one of them changes the flow by less than 0.02 pixels (OpenCV: 0.01), looked at every tenth time.
  More iterations come closer to OpenCV's flow, not to the truth.
- From the second warp on, a level ends with one that changes the flow by less than 0.05 pixels (OpenCV: five warps).
- Pairs in a batch do not touch each other: each has its own end.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from weaktal.video.flow.median import Median5x5, median_on_cpu

SMALLEST_SIDE = 16  # of the coarsest level, in pixels
NO_GRADIENT = 1e-7  # below this squared length an image gradient tells nothing
TINY = 1e-20  # keeps the reciprocal root of a squared length finite


@dataclass(frozen=True, slots=True)
class TVL1Settings:
    """Settings of the method; gray levels go from 0 to 255."""

    data_weight: float = 0.15  # lambda: less is smoother [OpenCV; IPOL 2013 recommends it too]
    coupling: float = 0.3  # theta, how far v may be from u [OpenCV, IPOL 2013]
    dual_step: float = 0.25  # tau; convergence is proven up to 1/8, seen up to 1/4 [OpenCV, IPOL 2013]
    levels: int = 5  # of the pyramid; fewer where the images are small [OpenCV, IPOL 2013]
    shrink: float = 0.65  # size of a level as a share of the finer one's [ours; OpenCV: 0.8, IPOL 2013: 0.5]
    warps: int = 5  # linearizations a level at most [OpenCV, IPOL 2013]
    warp_tolerance: float = 0.05  # a warp but the first with a smaller rms change ends the level, pixels [ours]
    tolerance: float = 0.02  # iterate until the root mean square change is below this many pixels [OpenCV: 0.01]
    iterations: int = 10  # between two looks at the change [ours]
    most_iterations: int = 60  # of one warp [OpenCV: 300, which it does not reach on video]
    median: bool = True  # filter the flow before each warp's iterations [OpenCV]


@torch.inference_mode()
def tvl1_flow(first: Tensor, second: Tensor, settings: TVL1Settings | None = None) -> Tensor:
    """Flow from ``first`` to ``second``: ``second[y + v, x + u]`` looks like ``first[y, x]``.

    Args:
        first: gray images, shape (B, H, W), levels 0 to 255, any real type.
        second: gray images, same shape and device.
        settings: of the method.

    Returns:
        Flow in pixels, shape (B, 2, H, W), float32; channel 0 points right (u), channel 1 down (v).

    Raises:
        ValueError: if the shapes differ or a side is shorter than 3 pixels.
    """
    if first.shape != second.shape or first.ndim != 3 or min(first.shape[1:]) < 3:
        raise ValueError(f"two batches of images of at least 3x3 pixels wanted, not {first.shape} and {second.shape}")
    settings = settings or TVL1Settings()
    pyramid = [torch.stack([first, second], dim=1).float()]  # (B, 2, H, W)
    while len(pyramid) < settings.levels:
        size = [round(side * settings.shrink) for side in pyramid[-1].shape[2:]]
        if min(size) < SMALLEST_SIDE:
            break
        # With a weaker filter, fine texture and noise leave coarse patterns that do not move with the image. Where
        # there is little other texture, the flow follows them.
        pyramid.append(functional.interpolate(pyramid[-1], size=size, mode="bilinear", antialias=True))
    flow = torch.zeros_like(pyramid[-1])  # (B, 2, h, w)
    for images in reversed(pyramid):
        flow = _resized(flow, images.shape[2], images.shape[3])
        _refine(flow, images[:, 0], images[:, 1], settings)
    return flow


def _resized(flow: Tensor, height: int, width: int) -> Tensor:
    """Flow (B, 2, h, w) on a finer grid, in that grid's pixels: (B, 2, height, width)."""
    ratio = flow.new_tensor([width / flow.shape[3], height / flow.shape[2]]).view(1, 2, 1, 1)
    return functional.interpolate(flow, size=(height, width), mode="bilinear", align_corners=False) * ratio


def _refine(flow: Tensor, first: Tensor, second: Tensor, settings: TVL1Settings) -> None:
    """All warps of one level; changes ``flow``, shape (B, 2, h, w), in place. A pair that is done keeps its flow."""
    target = torch.stack([second, *_central_gradient(second)], dim=1)  # (B, 3, h, w)
    dual = flow.new_zeros((2, *flow.shape))  # p: (direction, B, component, h, w)
    iteration = _Iteration(flow, dual, settings)
    # The same filter: on a CPU OpenCV's is eight times as fast as ours, which is there for the GPU.
    median = median_on_cpu if flow.device.type == "cpu" else Median5x5()
    done = flow.new_zeros(len(flow), dtype=torch.bool)
    for warp in range(settings.warps):
        before = flow.clone()
        warped, inside = _warped(target, flow)  # (B, 3, h, w), (B, 1, h, w)
        gradient = warped[:, 1:]  # (B, 2, h, w)
        squared = gradient.square().sum(dim=1, keepdim=True)  # (B, 1, h, w)
        # -rho(u) / |g|^2 = constant + slope . u, or 0 where there is nothing to go by.
        scale = torch.where(inside & (squared > NO_GRADIENT), -1 / squared, 0.0)
        constant = scale * (warped[:, :1] - first[:, None] - (gradient * flow).sum(dim=1, keepdim=True))
        slope = scale * gradient
        if settings.median:
            median(flow)
        _iterate(iteration, (constant, slope, gradient), flow, dual, settings)
        flow[done] = before[done]
        # The first warp says little: the dual field starts from zero, so that the flow has hardly been smoothed yet.
        if warp > 0:
            done |= _squared_change(before, flow) < settings.warp_tolerance**2
            if bool(done.all()):
                return


def _squared_change(before: Tensor, after: Tensor) -> Tensor:
    """Mean square of the end-point difference of two flows (B, 2, h, w): (B,)."""
    return (after - before).square().sum(dim=1).mean(dim=(1, 2))


def _iterate(
    iteration: _Iteration, data: tuple[Tensor, Tensor, Tensor], flow: Tensor, dual: Tensor, settings: TVL1Settings
) -> None:
    """Iterations of one warp. A pair that is done stays in the batch, and gets back what it had when it was done."""
    done = flow.new_zeros(len(flow), dtype=torch.bool)
    done_flow, done_dual = flow, dual
    for count in range(settings.iterations, settings.most_iterations + 1, settings.iterations):
        for _ in range(settings.iterations - 1):
            iteration(*data)
        before = flow.clone()
        iteration(*data)
        newly = (_squared_change(before, flow) < settings.tolerance**2) & ~done
        if count + settings.iterations > settings.most_iterations or bool((done | newly).all()):
            break
        if bool(newly.any()):
            if done_flow is flow:
                done_flow, done_dual = flow.clone(), dual.clone()
            done_flow[newly], done_dual[:, newly] = flow[newly], dual[:, newly]
            done |= newly
    if done_flow is not flow:
        flow[done], dual[:, done] = done_flow[done], done_dual[:, done]


class _Iteration:
    """One step of v, u and p. Everything happens in place, in buffers that are made once a level.

    On a CPU the time goes into moving images through the caches, so each line is one pass over one or two of them.
    """

    def __init__(self, flow: Tensor, dual: Tensor, settings: TVL1Settings) -> None:
        batch, _, height, width = flow.shape
        self._flow, self._dual, self._settings = flow, dual, settings
        self._shift = flow.new_empty((batch, 1, height, width))
        # Forward differences; those across the last column and row stay zero.
        self._slopes = torch.zeros_like(dual)
        self._norm = torch.empty_like(flow)
        self._root = torch.empty_like(flow)
        self._one = flow.new_tensor(1.0)
        self._tiny = flow.new_tensor(TINY)

    def __call__(self, constant: Tensor, slope: Tensor, gradient: Tensor) -> None:
        """Constant (B, 1, h, w) and slope (B, 2, h, w) of -rho / |g|^2 in u; image gradient g (B, 2, h, w)."""
        u, (p_x, p_y), shift = self._flow, self._dual, self._shift
        theta = self._settings.coupling
        limit = self._settings.data_weight * theta
        step = self._settings.dual_step / theta

        torch.addcmul(constant, slope[:, :1], u[:, :1], out=shift).addcmul_(slope[:, 1:], u[:, 1:])
        u.addcmul_(gradient, shift.clamp_(-limit, limit))  # u is v now

        u.add_(p_x, alpha=theta)  # u = v + theta div p, backward differences
        u[..., 1:].sub_(p_x[..., :-1], alpha=theta)
        u.add_(p_y, alpha=theta)
        u[..., 1:, :].sub_(p_y[..., :-1, :], alpha=theta)

        u_x, u_y = self._slopes
        torch.sub(u[..., 1:], u[..., :-1], out=u_x[..., :-1])
        torch.sub(u[..., 1:, :], u[..., :-1, :], out=u_y[..., :-1, :])
        # |grad u| as square times reciprocal root: torch's square root takes thrice the time.
        norm = torch.addcmul(self._tiny, u_x, u_x, out=self._norm).addcmul_(u_y, u_y)
        torch.rsqrt(norm, out=self._root)
        torch.addcmul(self._one, norm, self._root, value=step, out=norm)  # 1 + tau/theta |grad u|
        self._dual.add_(self._slopes, alpha=step).div_(norm)


def _central_gradient(images: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives to the right and down, (B, h, w) each; half one-sided differences at the border."""
    padded = functional.pad(images[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    return (
        0.5 * (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]),
        0.5 * (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]),
    )


def _warped(images: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """Images (B, C, h, w) read at x + flow, bicubic, and where that lies inside the image: (B, 1, h, w), boolean."""
    height, width = images.shape[2:]
    x = torch.arange(width, device=flow.device) + flow[:, 0]
    y = torch.arange(height, device=flow.device)[:, None] + flow[:, 1]
    grid = torch.stack([x * (2 / (width - 1)) - 1, y * (2 / (height - 1)) - 1], dim=-1)  # (B, h, w, 2)
    warped = functional.grid_sample(images, grid, mode="bicubic", padding_mode="border", align_corners=True)
    # A pixel reaches half a pixel beyond its center.
    inside = ((x - (width - 1) / 2).abs() < width / 2) & ((y - (height - 1) / 2).abs() < height / 2)
    return warped, inside[:, None]


@dataclass(frozen=True, slots=True)
class TVL1:
    """TV-L1 as a flow method on NumPy images.

    Attributes:
        settings: of the method.
        device: a torch device, such as ``cpu`` or ``cuda``.
        pairs_at_once: how many pairs go through the iterations together. On a CPU one at a time is fastest, because its
            fields fit the cache; a GPU wants many.
        workers: threads that take such groups of pairs side by side. Several threads inside each operation of torch
            would wait for each other thousands of times a pair, and on a busy machine mostly wait.
    """

    settings: TVL1Settings
    device: str
    pairs_at_once: int
    workers: int = 1

    def __call__(self, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Flow of the pairs: gray images (B, H, W) twice in, (B, H, W, 2) out, in pixels."""
        flows = np.empty((*first.shape, 2), dtype=np.float32)

        def compute(start: int) -> None:
            part = slice(start, start + self.pairs_at_once)
            a, b = (torch.from_numpy(np.ascontiguousarray(images[part])).to(self.device) for images in (first, second))
            flows[part] = tvl1_flow(a, b, self.settings).movedim(1, -1).cpu().numpy()

        starts = range(0, len(first), self.pairs_at_once)
        if self.workers == 1:
            for start in starts:
                compute(start)
            return flows
        inside = torch.get_num_threads()
        try:
            with ThreadPoolExecutor(self.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                list(pool.map(compute, starts))
        finally:
            torch.set_num_threads(inside)
        return flows
