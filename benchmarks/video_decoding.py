"""Video decoding beside the decoder's own speed, and its memory. Run: python benchmarks/video_decoding.py [VIDEO].

Speed, in frames a second to 224x224 RGB, all loops in turn in one run, the best of several rounds:
- the decoder alone (PyAV, nothing done with the pictures);
- the decoder and one `reformat` a picture, with one shared swscale context;
- VideoFrames, which does that in two steps, with every picture and resampled to 25 fps by time stamps;
- the decoder and a new swscale context a picture.
Without a VIDEO it is a made-up one (320x240 H.264, 30 fps, 40 s).

Memory: the highest resident set of a process that reads a made-up video of 3 minutes and one of 3 hours (the same
packets 60 times over) at 25 fps.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from weaktal.video.decoding import ExactSize, VideoFrames

SIZE = 224
READ = """
import resource, sys
from pathlib import Path
from weaktal.video.decoding import ExactSize, VideoFrames
video = VideoFrames(Path(sys.argv[1]), fps=25, size=ExactSize(224, 224), threads=int(sys.argv[2]))
count = sum(1 for _ in video)
print(count, video.seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--no-memory", action="store_true", help="leave out the long video")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.video or write_video(Path(folder) / "speed.mp4", 320, 240, 30, 40)
        for threads in arguments.threads:
            print_speed(path, threads, arguments.rounds)
        if not arguments.no_memory:
            short = write_video(Path(folder) / "short.mp4", 160, 120, 25, 180)
            print_memory(short, repeat(short, Path(folder) / "long.mp4", 60))


def pictures(path: Path, threads: int) -> Iterator[VideoFrame]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        yield from container.decode(stream)


def decode_and_convert(path: Path, threads: int) -> int:
    reformatter = VideoReformatter()
    count = 0
    for picture in pictures(path, threads):
        reformatter.reformat(picture, width=SIZE, height=SIZE, format="rgb24", threads=1).to_ndarray()
        count += 1
    return count


def decode_and_convert_anew(path: Path, threads: int) -> int:
    count = 0
    for picture in pictures(path, threads):
        VideoReformatter().reformat(picture, width=SIZE, height=SIZE, format="rgb24", threads=1).to_ndarray()
        count += 1
    return count


def print_speed(path: Path, threads: int, rounds: int) -> None:
    """Frames a second of the file, by the clock and by processor time."""
    count = sum(1 for _ in pictures(path, threads))
    loops: dict[str, Callable[[], object]] = {
        "decoder alone": lambda: sum(1 for _ in pictures(path, threads)),
        "decoder and one reformat": lambda: decode_and_convert(path, threads),
        "VideoFrames": lambda: sum(1 for _ in VideoFrames(path, size=ExactSize(SIZE, SIZE), threads=threads)),
        "VideoFrames at 25 fps": lambda: sum(
            1 for _ in VideoFrames(path, fps=25, size=ExactSize(SIZE, SIZE), threads=threads)
        ),
        "decoder, context made anew": lambda: decode_and_convert_anew(path, threads),
    }
    wall, work = ({name: float("inf") for name in loops} for _ in range(2))
    for _ in range(rounds):
        for name, loop in loops.items():
            begin = time.perf_counter(), time.process_time()
            loop()
            wall[name] = min(wall[name], time.perf_counter() - begin[0])
            work[name] = min(work[name], time.process_time() - begin[1])
    print(
        f"{path.name}, {count} pictures, {threads} decoder thread(s): pictures a second by the clock, of processor time"
    )
    for name in loops:
        print(
            f"    {name:28s} {count / wall[name]:6.0f} {count / work[name]:6.0f}   "
            f"{wall['decoder and one reformat'] / wall[name]:5.0%} of decoder and one reformat, "
            f"{wall['decoder alone'] / wall[name]:5.0%} of decoder alone (by processor time "
            f"{work['decoder and one reformat'] / work[name]:.0%}, {work['decoder alone'] / work[name]:.0%})"
        )


def print_memory(*paths: Path) -> None:
    for threads in (1, 2):
        for path in paths:
            command = [sys.executable, "-c", READ, str(path), str(threads)]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            print(f"{float(output[1]):6.0f} s, {output[0]:>6s} frames, {threads} thread(s): {float(output[2]):.1f} MiB")


def write_video(path: Path, width: int, height: int, fps: int, seconds: int) -> Path:
    """A video of a texture that moves, with noise on it (seed 0), H.264."""
    generator = np.random.default_rng(0)
    texture = np.kron(generator.integers(0, 255, (height // 4, width // 4, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    noise = generator.integers(0, 16, (8, height, width, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "26"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(fps * seconds):
            image = np.roll(texture, (index, 2 * index), axis=(0, 1)) // 2 + noise[index % 8]
            container.mux(stream.encode(VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def repeat(source: Path, path: Path, times: int) -> Path:
    """The same packets over and over, with time stamps that go on."""
    with av.open(str(source)) as original, av.open(str(path), "w") as copy:
        stream = original.streams.video[0]
        target = copy.add_stream_from_template(stream)
        length = stream.duration
        for time_index in range(times):
            original.seek(0)
            for packet in original.demux(stream):
                if packet.dts is None:
                    continue
                packet.pts += time_index * length
                packet.dts += time_index * length
                packet.stream = target
                copy.mux(packet)
    return path


if __name__ == "__main__":
    main()
