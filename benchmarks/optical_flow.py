"""Our TV-L1 beside OpenCV's TV-L1 and DIS: error, agreement, speed. Run: python benchmarks/optical_flow.py [VIDEO ...].

Three tables at 340x256, the frame size of I3D's flow stream:
- error to the truth on made-up motion (seed 0), on smooth noise and, with a VIDEO, on a frame of it: end-point error in
  pixels, mean / median;
- with VIDEOs, on consecutive frames from the middle of each: the end-point difference to OpenCV's TV-L1; the speed, by
  the clock and in brackets by processor time, ours and OpenCV's taken in turn, video by video (over all videos: of the
  sums); and the energy that TV-L1 minimizes;
- with --curve, the same for other settings than the defaults: error against time.

--threads sets the threads of both libraries. Wall time compares them on an idle machine; processor time is the better
measure for one thread on a busy one. Peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from weaktal.video.decoding import ExactSize, VideoFrames
from weaktal.video.flow import METHODS, FlowMethod, flow_method, to_gray
from weaktal.video.flow.tvl1 import TVL1, TVL1Settings

WIDTH, HEIGHT = 340, 256
Gray = npt.NDArray[np.uint8]
Pairs = tuple[Gray, Gray]  # (N, HEIGHT, WIDTH) each
Floats = npt.NDArray[np.float32]

CURVE = {
    "1 warp": TVL1Settings(warps=1),
    "2 warps": TVL1Settings(warps=2),
    "3 warps": TVL1Settings(warps=3),
    "4 warps": TVL1Settings(warps=4),
    "10 iterations": TVL1Settings(most_iterations=10),
    "tolerance 0.05": TVL1Settings(tolerance=0.05),
    "no median": TVL1Settings(median=False),
    "defaults (5 warps, 0.02)": TVL1Settings(),
    "4 warps, tolerance 0.01": TVL1Settings(warps=4, tolerance=0.01),
    "tolerance 0.01": TVL1Settings(tolerance=0.01),
    "tolerance 0.005": TVL1Settings(tolerance=0.005, most_iterations=100),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--pairs", type=int, default=2, help="frame pairs of each video")
    parser.add_argument("--rounds", type=int, default=2, help="how often each video is timed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--curve", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)

    real = {path.name: frame_pairs(path, arguments.pairs) for path in arguments.videos}
    methods = {name: flow_method(name) for name in METHODS}
    motions = known_motions(next(iter(real.values()))[0][0] if real else None)
    methods["tvl1"](*motions["noise, shift"][:2])  # the first call of a process makes torch's buffers
    print(f"{WIDTH}x{HEIGHT}, {arguments.threads} thread(s), torch {torch.__version__}, OpenCV {cv2.__version__}")
    print_errors(methods, motions)
    if real:
        print_agreement({name: methods[name] for name in ("tvl1", "dis")}, real, arguments.rounds)
    if arguments.curve:
        ours = {
            name: TVL1(settings, "cpu", pairs_at_once=1, workers=arguments.threads) for name, settings in CURVE.items()
        }
        print_errors(ours, motions, cases=False)
        if real:
            print_agreement(ours, real, 1)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def frame_pairs(path: Path, count: int) -> Pairs:
    video = VideoFrames(path, size=ExactSize(WIDTH, HEIGHT), threads=1)
    middle = (video.info.frames or 2 * count) // 2
    frames = np.stack([to_gray(frame.image) for frame in itertools.islice(video, middle, middle + count + 1)])
    return frames[:-1], frames[1:]


def known_motions(frame: Gray | None) -> dict[str, tuple[Gray, Gray, Floats]]:
    """First image, second image, and the exact flow (HEIGHT, WIDTH, 2) between them."""
    generator = np.random.default_rng(0)
    coarse = [generator.random((HEIGHT // size + 1, WIDTH // size + 1)) for size in (4, 8, 16, 32)]
    noise = np.sum([cv2.resize(layer, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for layer in coarse], axis=0)
    textures = {"noise": (255 * (noise - noise.min()) / np.ptp(noise)).astype(np.float32)}
    if frame is not None:
        textures["frame"] = frame.astype(np.float32)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    right, down = x - WIDTH / 2, y - HEIGHT / 2
    square = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    square[80:180, 100:220] = (6, 3)
    fields = {
        "shift": np.stack([right * 0 + 3.3, right * 0 - 2.1], axis=-1),
        "rotation": np.stack([-0.05 * down, 0.05 * right], axis=-1),
        "zoom": np.stack([0.04 * right, 0.04 * down], axis=-1),
        "waves": np.stack([2 * np.sin(y / 20), 2 * np.cos(x / 25)], axis=-1),
        "square": square,
    }
    motions = {}
    for (texture_name, texture), (name, flow) in itertools.product(textures.items(), fields.items()):
        source = (x + flow[..., 0], y + flow[..., 1])
        moved = cv2.remap(texture, *source, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        first, second = (np.clip(np.rint(image), 0, 255).astype(np.uint8)[None] for image in (moved, texture))
        motions[f"{texture_name}, {name}"] = (first, second, flow)
    return motions


def distance(a: Floats, b: Floats) -> Floats:
    """End-point difference of two flows in pixels."""
    return np.asarray(np.linalg.norm(a - b, axis=-1), dtype=np.float32)


def print_errors(
    methods: Mapping[str, FlowMethod], motions: dict[str, tuple[Gray, Gray, Floats]], cases: bool = True
) -> None:
    print("\nend-point error to the truth in pixels, mean / median")
    errors = {
        name: {case: distance(method(first, second)[0], truth) for case, (first, second, truth) in motions.items()}
        for name, method in methods.items()
    }
    width = max(map(len, methods))
    if cases:
        print(" " * 18 + "".join(f"{name:>18s}" for name in methods))
        for case in motions:
            row = [f"{np.mean(errors[name][case]):.3f} / {np.median(errors[name][case]):.3f}" for name in methods]
            print(f"{case:18s}" + "".join(f"{cell:>18s}" for cell in row))
    for name in methods:
        means, medians = ([fold(e) for e in errors[name].values()] for fold in (np.mean, np.median))
        print(f"{name:{width}s}  all cases: {np.mean(means):.3f} / {np.mean(medians):.3f}")


def print_agreement(methods: Mapping[str, FlowMethod], real: dict[str, Pairs], rounds: int) -> None:
    """Difference to OpenCV's TV-L1, and time beside its, in turn on each pair."""
    reference = flow_method("opencv-tvl1")
    print("\nfrom OpenCV's TV-L1 on real frames: end-point difference in pixels, and how many times as fast")
    # Seconds by the clock and of processor time, of each method on each video.
    seconds = {(name, video): np.zeros(2) for name in ("reference", *methods) for video in real}
    differences: dict[tuple[str, str], Floats] = {}
    energies: dict[tuple[str, str], float] = {}
    for video, pairs in real.items():
        for _ in range(rounds):
            wanted, taken = timed(reference, pairs)
            seconds["reference", video] += taken
            energies["reference", video] = energy(*pairs, wanted)
            for name, method in methods.items():
                flow, taken = timed(method, pairs)
                seconds[name, video] += taken
                differences[name, video] = distance(flow, wanted)
                energies[name, video] = energy(*pairs, flow)
    total = {name: sum(seconds[name, video] for video in real) for name in ("reference", *methods)}
    clock, work = total["reference"] / (rounds * sum(len(first) for first, _ in real.values()))
    print(f"OpenCV: {clock:.3f} s a pair by the clock, {work:.3f} s of processor time")
    for name in methods:
        clock, work = total["reference"] / total[name]
        print(f"{name}: {clock:.1f} times as fast by the clock, {work:.1f} by processor time")
        for video in real:
            values = differences[name, video]
            clock, work = seconds["reference", video] / seconds[name, video]
            print(
                f"    {video:32s} median {np.median(values):.3f}, 90 % below {np.percentile(values, 90):.3f}, "
                f"{clock:.1f} times as fast ({work:.1f}), energy {energies[name, video]:.3f} "
                f"(OpenCV {energies['reference', video]:.3f})"
            )


def energy(first: Gray, second: Gray, flow: Floats) -> float:
    """What TV-L1 minimizes, a pixel: total variation of both components and 0.15 times the gray-level difference."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    total = 0.0
    for a, b, field in zip(first, second, flow, strict=True):
        source = (x + field[..., 0], y + field[..., 1])
        moved = cv2.remap(b.astype(np.float32), *source, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        right = np.diff(field, axis=1, append=field[:, -1:])
        down = np.diff(field, axis=0, append=field[-1:])
        total += float(np.hypot(right, down).sum(axis=-1).mean() + 0.15 * np.abs(moved - a).mean())
    return total / len(first)


def timed(method: FlowMethod, pairs: Pairs) -> tuple[Floats, npt.NDArray[np.float64]]:
    begin = time.perf_counter(), time.process_time()
    flow = method(*pairs)
    return flow, np.array([time.perf_counter() - begin[0], time.process_time() - begin[1]])


if __name__ == "__main__":
    main()
