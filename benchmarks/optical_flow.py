"""Our TV-L1 beside OpenCV's TV-L1 and DIS: error, agreement, speed. Run: python benchmarks/optical_flow.py [VIDEO ...].

Three tables at 340x256, the frame size of I3D's flow stream:
- error to the truth on made-up motion (seed 0), of smooth noise and of a frame from the middle of each VIDEO: end-point
  error in pixels, mean / median, and the largest share of a method's mean error in OpenCV's TV-L1's;
- with VIDEOs, on consecutive frames from the middle of each: the end-point difference to OpenCV's TV-L1; the speed, by
  the clock and in brackets by processor time, ours and OpenCV's taken in turn, video by video (over all videos: of the
  sums); and the energy that TV-L1 minimizes;
- with --curve, both for other settings than the defaults in one line each: error against time.

--threads sets the threads of both libraries. Wall time compares them on an idle machine; processor time is the better
measure for one thread on a busy one. Peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

REFERENCE = "opencv-tvl1"
CURVE = {
    "1 warp": TVL1Settings(warps=1),
    "2 warps": TVL1Settings(warps=2),
    "3 warps": TVL1Settings(warps=3),
    "warp tolerance 0.1": TVL1Settings(warp_tolerance=0.1),
    "4 warps": TVL1Settings(warps=4),
    "no median filter": TVL1Settings(median=False),
    "10 iterations a warp": TVL1Settings(most_iterations=10),
    "tolerance 0.05": TVL1Settings(tolerance=0.05),
    "4 levels of 0.5": TVL1Settings(levels=4, shrink=0.5),
    "defaults": TVL1Settings(),
    "6 levels of 0.7": TVL1Settings(levels=6, shrink=0.7),
    "5 levels of 0.8": TVL1Settings(levels=5, shrink=0.8),
    "always 5 warps": TVL1Settings(warp_tolerance=0),
    "tolerance 0.01": TVL1Settings(tolerance=0.01),
    "tolerance 0.005, 100 iterations": TVL1Settings(tolerance=0.005, most_iterations=100, warp_tolerance=0),
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

    real = {path.stem: frame_pairs(path, arguments.pairs) for path in arguments.videos}
    methods = {name: flow_method(name) for name in METHODS}
    motions = known_motions({video: first[0] for video, (first, _) in real.items()})
    methods["tvl1"](*motions["noise, shift"][:2])  # the first call of a process makes torch's buffers
    print(f"{WIDTH}x{HEIGHT}, {arguments.threads} thread(s), torch {torch.__version__}, OpenCV {cv2.__version__}")
    errors = truth_errors(methods, motions)
    print_errors(errors)
    if real:
        print_agreement({name: methods[name] for name in ("tvl1", "dis")}, real, arguments.rounds)
    if arguments.curve and real:
        curve = {
            name: TVL1(settings, "cpu", pairs_at_once=1, workers=arguments.threads) for name, settings in CURVE.items()
        }
        print_curve(curve, truth_errors(curve, motions), errors[REFERENCE], real)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def frame_pairs(path: Path, count: int) -> Pairs:
    video = VideoFrames(path, size=ExactSize(WIDTH, HEIGHT), threads=1)
    middle = (video.info.frames or 2 * count) // 2
    frames = np.stack([to_gray(frame.image) for frame in itertools.islice(video, middle, middle + count + 1)])
    return frames[:-1], frames[1:]


def known_motions(frames: dict[str, Gray]) -> dict[str, tuple[Gray, Gray, Floats]]:
    """First image, second image, and the exact flow (HEIGHT, WIDTH, 2) between them; for noise and for each frame."""
    generator = np.random.default_rng(0)
    coarse = [generator.random((HEIGHT // size + 1, WIDTH // size + 1)) for size in (4, 8, 16, 32)]
    noise = np.sum([cv2.resize(layer, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for layer in coarse], axis=0)
    textures = {"noise": (255 * (noise - noise.min()) / np.ptp(noise)).astype(np.float32)}
    textures |= {name: frame.astype(np.float32) for name, frame in frames.items()}
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


Errors = dict[str, tuple[float, float]]  # by case: mean and median end-point error to the truth


def truth_errors(methods: Mapping[str, FlowMethod], motions: dict[str, tuple[Gray, Gray, Floats]]) -> dict[str, Errors]:
    errors: dict[str, Errors] = {}
    for name, method in methods.items():
        errors[name] = {}
        for case, (first, second, truth) in motions.items():
            error = distance(method(first, second)[0], truth)
            errors[name][case] = float(np.mean(error)), float(np.median(error))
    return errors


def average(errors: Errors) -> str:
    """Mean over the cases of their means and of their medians."""
    mean, median = np.mean(list(errors.values()), axis=0)
    return f"{mean:.3f} / {median:.3f}"


def worst(errors: Errors, reference: Errors) -> str:
    """The case in which the mean error is the largest multiple of the reference's."""
    ratio, case = max((errors[case][0] / reference[case][0], case) for case in errors)
    return f"{ratio:.2f} ({case})"


def print_errors(errors: dict[str, Errors]) -> None:
    print("\nend-point error to the truth in pixels, mean / median")
    cases = list(errors[REFERENCE])
    print(" " * 40 + "".join(f"{name:>18s}" for name in errors))
    for case in cases:
        cells = [f"{mean:.3f} / {median:.3f}" for mean, median in (errors[name][case] for name in errors)]
        print(f"{case:40s}" + "".join(f"{cell:>18s}" for cell in cells))
    for texture in dict.fromkeys(case.split(", ")[0] for case in cases):
        own = [{c: e for c, e in errors[name].items() if c.startswith(f"{texture}, ")} for name in errors]
        print(f"{'mean of ' + texture:40s}" + "".join(f"{average(e):>18s}" for e in own))
    print(f"{'mean of all':40s}" + "".join(f"{average(errors[name]):>18s}" for name in errors))
    for name in errors:
        print(f"{name}: at most {worst(errors[name], errors[REFERENCE])} times the mean error of {REFERENCE}")


@dataclass
class Agreement:
    """Of one method with OpenCV's TV-L1 on one video, and both their times: seconds by the clock and of processor."""

    difference: Floats
    energies: tuple[float, float]
    seconds: npt.NDArray[np.float64]
    reference_seconds: npt.NDArray[np.float64]

    @property
    def median(self) -> float:
        """Of the end-point differences, in pixels."""
        return float(np.median(self.difference))


def agreements(
    methods: Mapping[str, FlowMethod], real: dict[str, Pairs], rounds: int
) -> dict[str, dict[str, Agreement]]:
    """By method and video; the reference and the methods take each video in turn."""
    reference = flow_method(REFERENCE)
    found: dict[str, dict[str, Agreement]] = {name: {} for name in methods}
    for video, pairs in real.items():
        for turn in range(rounds):
            wanted, taken = timed(reference, pairs)
            for name, method in methods.items():
                flow, seconds = timed(method, pairs)
                if turn:
                    found[name][video].seconds += seconds
                    found[name][video].reference_seconds += taken
                else:
                    energies = energy(*pairs, flow), energy(*pairs, wanted)
                    found[name][video] = Agreement(distance(flow, wanted), energies, seconds, taken.copy())
    return found


def times_as_fast(videos: Iterable[Agreement]) -> npt.NDArray[np.float64]:
    """By the clock and by processor time, of the sums over the videos."""
    videos = list(videos)
    ratio = np.sum([v.reference_seconds for v in videos], axis=0) / np.sum([v.seconds for v in videos], axis=0)
    return np.asarray(ratio, dtype=np.float64)


def print_agreement(methods: Mapping[str, FlowMethod], real: dict[str, Pairs], rounds: int) -> None:
    print("\nfrom OpenCV's TV-L1 on real frames: end-point difference in pixels, and how many times as fast")
    for name, videos in agreements(methods, real, rounds).items():
        clock, work = times_as_fast(videos.values())
        print(f"{name}: {clock:.1f} times as fast by the clock, {work:.1f} by processor time")
        for video, found in videos.items():
            clock, work = times_as_fast([found])
            ours, opencvs = found.energies
            print(
                f"    {video:32s} median {found.median:.3f}, 90 % below {np.percentile(found.difference, 90):.3f}, "
                f"{clock:.1f} times as fast ({work:.1f}), energy {ours:.3f} (OpenCV {opencvs:.3f})"
            )


def print_curve(
    methods: Mapping[str, FlowMethod], errors: dict[str, Errors], reference: Errors, real: dict[str, Pairs]
) -> None:
    print("\nerror against time: times as fast over all videos and in the slowest, by processor time; largest median")
    print("difference of a video; error to the truth over all cases; its largest multiple of OpenCV's")
    for name, videos in agreements(methods, real, rounds=1).items():
        fast = times_as_fast(videos.values())[1], min(times_as_fast([v])[1] for v in videos.values())
        print(
            f"{name:32s}{fast[0]:6.1f}{fast[1]:6.1f}   {max(v.median for v in videos.values()):.3f}   "
            f"{average(errors[name])}   {worst(errors[name], reference)}"
        )
    print(f"{REFERENCE:32s}{1:6.1f}{1:6.1f}   {0:.3f}   {average(reference)}")


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
