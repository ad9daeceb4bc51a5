"""Which share of a file's pictures arrives at its moment, by container and by what is odd about the file.

    python benchmarks/containers.py                       # the table, of 100 pictures that carry their number
    python benchmarks/containers.py --videos FOLDER       # and features of real clips, copied into other containers

Makes its own files with the ``ffmpeg`` program. Frame k, at k / 25 s, should show picture k; joined files begin again.
For real clips: the cosine of the features of a re-encoding with those of the same coding in mp4, the lowest of all
snippets, by the encoder ``world-vlp``.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from weaktal.data.features import Features
from weaktal.errors import InputError
from weaktal.extraction.extract import extract
from weaktal.video.decoding import VideoFrames

COUNT, WIDTH, HEIGHT = 100, 192, 96
H264 = ["-c:v", "libx264", "-crf", "12", "-bf", "3", "-g", "25", "-pix_fmt", "yuv420p"]
MPEG2 = ["-c:v", "mpeg2video", "-bf", "2", "-q:v", "2"]
MPEG4 = ["-c:v", "mpeg4", "-bf", "2", "-q:v", "2"]
CODINGS = {
    "mp4": H264, "mov": H264, "mkv": H264, "avi": H264, "ts": H264, "flv": H264, "mpg": MPEG2, "vob": MPEG2,
}  # fmt: skip
PROPERTIES = ("B frames", "copied from AVI", "copied from mp4", "begins at 100 s", "joined", "clock jumps", "no length")


def picture(number: int) -> np.ndarray:
    blocks = np.array([215 if number >> bit & 1 else 30 for bit in range(12)], np.uint8).reshape(2, 6)
    return blocks.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 6, axis=1)


def number(image: np.ndarray) -> int:
    blocks = image.mean(axis=2).reshape(2, HEIGHT // 2, 6, WIDTH // 6).mean(axis=(1, 3)) > 122
    return sum(int(bright) << bit for bit, bright in enumerate(blocks.ravel()))


def ffmpeg(*arguments: str | Path, content: bytes | None = None) -> None:
    subprocess.run(["ffmpeg", "-y", "-v", "error", *map(str, arguments)], input=content, check=True)


def encoded(path: Path, *options: str) -> Path:
    raw = b"".join(picture(k).tobytes() for k in range(COUNT))
    source = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "-"]
    ffmpeg(*source, *options, path, content=raw)
    return path


def made(folder: Path, ending: str, what: str) -> Path | None:
    """A file, None where there is no such thing."""
    coding, path = CODINGS[ending], folder / f"{what.replace(' ', '_')}.{ending}"
    if what == "B frames":
        return encoded(path, *coding)
    if what == "copied from AVI" and ending in ("mp4", "mov", "mkv", "ts", "flv"):
        avi = encoded(folder / "source.avi", *H264)
        ffmpeg("-fflags", "+genpts", "-i", avi, "-c", "copy", path)
        return path
    if what == "copied from mp4" and ending in ("mov", "mkv", "avi", "ts", "flv"):
        ffmpeg("-i", encoded(folder / "source.mp4", *H264), "-c", "copy", path)
        return path
    if what == "begins at 100 s" and ending in ("mkv", "ts", "flv", "mpg", "vob", "mov", "mp4"):
        return encoded(path, *coding, "-output_ts_offset", "100")
    if what in ("joined", "clock jumps") and ending in ("ts", "mpg", "vob"):
        first = encoded(folder / f"first.{ending}", *coding)
        later = encoded(folder / f"later.{ending}", *coding, "-output_ts_offset", "600")
        path.write_bytes(first.read_bytes() + (first if what == "joined" else later).read_bytes())
        return path
    if what == "no length" and ending in ("mkv", "flv", "mp4"):
        more = {"mkv": ["-live", "1"], "flv": ["-flvflags", "no_duration_filesize"]}
        return encoded(path, *coding, *more.get(ending, ["-movflags", "frag_keyframe+empty_moov"]))
    return None


def right(path: Path, times: int) -> float:
    wanted = [*range(COUNT)] * times
    try:
        seen = [number(frame.image) for frame in VideoFrames(path, fps=25.0, threads=1)]
    except InputError:
        return 0.0
    return sum(a == b for a, b in zip(seen, wanted, strict=False)) / max(len(seen), len(wanted))


def table(folder: Path) -> None:
    columns = PROPERTIES
    print(f"| container | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for ending in CODINGS:
        cells = []
        for what in columns:
            path = made(folder, ending, what)
            times = 2 if what in ("joined", "clock jumps") else 1
            cells.append("" if path is None else f"{right(path, times):.0%}")
        print(f"| {ending} | {' | '.join(cells)} |", flush=True)


def features(videos: Path, folder: Path) -> None:
    """Each clip coded as in AVI, transport and program streams, against the same coding in mp4."""
    print("| clip | container | snippets | lowest cosine |\n|---|---|---|---|")
    for clip in sorted(path for path in videos.iterdir() if path.suffix in (".mp4", ".gif")):
        for ending, coding in {"avi": MPEG4, "ts": H264, "mpg": MPEG2}.items():
            place = folder / f"{clip.stem}_{ending}"
            place.mkdir()
            for name in (f"it.{ending}", "reference.mp4"):
                even = "fps=25,scale=trunc(iw/2)*2:trunc(ih/2)*2"
                ffmpeg("-i", clip, "-t", "10", "-an", "-vf", even, *coding, place / name)
            extract(place, encoders="world-vlp", into=place / "set", device="cpu")
            made = Features.open(place / "set", "world-vlp")
            one, other = made.folders[""].read("it"), made.folders[""].read("reference")
            same = len(one) == len(other)
            cosines = (
                (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1) if same else [0]
            )
            print(f"| {clip.stem} | {ending} | {len(one)} of {len(other)} | {np.min(cosines):.4f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=Path, help="folder of real clips")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table(Path(folder))
        if chosen.videos:
            features(chosen.videos, Path(folder))


if __name__ == "__main__":
    main()
