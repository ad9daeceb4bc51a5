"""Files that users give, damaged in every way, in process: a command answers with exit code 0, or 2 and one line.

``python -m tests.faults.fuzz --cases 10000`` tries many; what fails is written to tests/faults/corpus, which the tests
try again for ever.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.faults import damage, world

from weaktal.cli import run
from weaktal.config import load_settings
from weaktal.decoding.config import DecodeConfig
from weaktal.errors import InputError, WeaktalError
from weaktal.methods.base import method_module

CORPUS = Path(__file__).parent / "corpus"
PATIENCE = 60  # seconds of computing that a command may take, whatever else the machine does meanwhile
WAITING = 10 * PATIENCE  # seconds that it may take in all: one that only waits computes nothing
Use = Callable[[], int]
GOOD, REFUSED, ELSE = "exit 0", "exit 2 with one line", "anything else"


def verb(*words: str) -> Use:
    """Runs a command line."""
    return lambda: run([*words])


def settings_of(kind: str) -> Use:
    """Reads a file of settings, which is what a training does before it begins."""

    def read() -> int:
        try:
            load_settings(DecodeConfig if kind == "decode" else method_module(kind).CONFIG, Path("mil.yaml"))
        except InputError as error:
            print(f"weaktal: {error.line(shell=True)}", file=sys.stderr)
            return 2
        return 0

    return read


def resuming() -> int:
    """Goes on with the stopped run."""
    return run([word if word != "run" else "stopped" for word in world.train("--resume")])


Damage = Callable[[bytes, Random], bytes]
SCORE = verb("evaluate", "data", "results.json")
LOCALIZE = verb("localize", "trained", "data", "--out", "out.json")
VIEW = verb("view", "results.json", "--dataset", "data", "--no-browser", "--out", "out.html")
DECODE = verb("decode", "scores.safetensors", "--out", "out.json")
COMPOSE = verb("compose", "clips", "out", "--train", "3", "--test", "2")
TABLE = verb("import", "table", "tags.csv", "films", "out")
THUMOS = verb("import", "thumos14", "package", "out")
EXTRACT = verb("extract", "films", "--encoder", "world-rgb", "--into", "out")
DIAGNOSE = verb("diagnose", "data", "results.json", "--json", "out.json")
COMPARE = verb("compare", "results.json", "--dataset", "data", "--resamples", "10", "--json", "out.json")
CSV = verb("export", "results.json", "--to", "csv", "--out", "out.csv")
SUBTITLES = verb("export", "results.json", "--to", "srt", "--out", "out")
CORRECT = verb("import", "corrections", "corrections.json", "data")

# A kind of file: one of it, how it is damaged, and the commands that read it.
KINDS: dict[str, tuple[str, Damage, tuple[Use, ...]]] = {
    "annotations": ("data/annotations.json", damage.json_of, (SCORE, LOCALIZE, VIEW, DIAGNOSE, COMPARE, CORRECT)),
    "results": ("results.json", damage.json_of, (SCORE, VIEW, DIAGNOSE, COMPARE, CSV, SUBTITLES)),
    "manifest": ("data/features/i3d/manifest.json", damage.json_of, (LOCALIZE,)),
    "features": ("data/features/i3d/video_06.npy", damage.npy_of, (LOCALIZE,)),
    "class-vectors": ("data/features/scene/text.npy", damage.npy_of, (verb("train", "data", "--method", "collab",
        "--features", "i3d", "--vlp-features", "scene", "--run", "new", "--config", "none.yaml"),)),
    "mil-settings": ("mil.yaml", damage.text_of, (settings_of("mil"),)),
    "decode-settings": ("mil.yaml", damage.text_of, (settings_of("decode"),)),
    "scores": ("scores.safetensors", damage.safetensors_of, (DECODE, verb("diagnose", "data", "scores.safetensors"))),
    "run": ("trained/run.json", damage.json_of, (LOCALIZE,)),
    "weights": ("trained/weights.safetensors", damage.safetensors_of, (LOCALIZE,)),
    "position": ("stopped/checkpoints/000000002-000/position.json", damage.json_of, (resuming,)),
    "moments": ("stopped/checkpoints/000000002-000/[mo]*[.][ps]*", damage.bytes_of, (resuming,)),
    "checkpoint": ("stopped/checkpoints/000000002-000/weights.safetensors", damage.safetensors_of, (resuming,)),
    "losses": ("stopped/losses.csv", damage.text_of, (resuming,)),
    "clips": ("clips/clips.json", damage.json_of, (COMPOSE,)),
    "clip-features": ("clips/features.npy", damage.npy_of, (COMPOSE,)),
    "tags": ("tags.csv", damage.text_of, (TABLE,)),
    "package": ("package/segments.npy", damage.bytes_of, (THUMOS,)),
    "package-names": ("package/videoname.npy", damage.npy_of, (THUMOS,)),
    "video": ("films/a.mp4", damage.bytes_of, (TABLE, EXTRACT)),
    "corrections": ("corrections.json", damage.json_of, (CORRECT, verb("evaluate", "corrections.json", "results.json"),
        verb("view", "results.json", "--no-browser", "--corrections", "corrections.json", "--out", "out.html"))),
    "label-studio": ("tasks.json", damage.json_of, (verb("import", "label-studio", "tasks.json", "truth.json"),)),
    "sources": ("noted/features/world-rgb/videos.jsonl", damage.text_of,
        (verb("extract", "films", "--encoder", "world-rgb", "--into", "noted"),)),
    "run-to-look-at": ("trained/run.json", damage.json_of, (verb("diagnose", "data", "trained"),
        verb("compare", "trained", "--dataset", "data", "--resamples", "10"),
        verb("view", "trained", "--no-browser", "--out", "out.html"))),
}  # fmt: skip


def file_of(base: Path, kind: str) -> Path:
    """The file of a kind, below the world."""
    return sorted(base.glob(KINDS[kind][0]))[0].relative_to(base)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: one of GOOD, REFUSED, ELSE; and why, for the last."""

    kind: str
    why: str = ""


def tried(base: Path, kind: str, content: bytes, use: int) -> Outcome:
    """Puts the content in the place of a kind's file, in a copy of the world, and runs a command on it."""
    _, _, uses = KINDS[kind]
    path, before = file_of(base, kind), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        copy = world.copy(base, Path(folder) / "world")
        (copy / path).unlink()
        (copy / path).write_bytes(content)
        os.chdir(copy)
        try:
            return _judged(uses[use % len(uses)])
        finally:
            os.chdir(before)


def _judged(use: Use) -> Outcome:
    said, out = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out), _deadline():
            code = use()
    except WeaktalError as error:
        return Outcome(ELSE, f"came out of the command line: {error!r}")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Outcome(ELSE, "".join(traceback.format_exception(error))[-1500:])
    lines = [line for line in said.getvalue().splitlines() if line]
    problems = [line for line in lines if line.startswith("weaktal: ")]
    if code == 0:
        return Outcome(GOOD)
    left = [path.name for path in Path().iterdir() if path.name.endswith(".tmp")]
    if code == 2 and problems and "Traceback" not in said.getvalue() and not left:
        return Outcome(REFUSED)
    return Outcome(ELSE, f"exit {code}, left {left}, said {said.getvalue()[-600:]}")


@contextlib.contextmanager
def _deadline() -> Iterator[None]:
    def over(number: int, _: Any) -> None:
        raise TimeoutError(
            f"computed for more than {PATIENCE} s" if number == signal.SIGPROF else f"took more than {WAITING} s"
        )

    timers = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, over) for number in timers}
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    signal.setitimer(signal.ITIMER_REAL, WAITING)
    try:
        yield
    finally:
        for number, timer in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


def case(base: Path, kind: str, random: Random) -> tuple[Outcome, bytes, int]:
    """One damaged file of a kind, and what became of it."""
    _, spoil, uses = KINDS[kind]
    good = (base / file_of(base, kind)).read_bytes()
    content = spoil(good, random) if random.random() < 0.85 else damage.bytes_of(good, random)
    use = random.randrange(len(uses))
    return tried(base, kind, content, use), content, use


def stored(name: str) -> tuple[str, int]:
    """Kind and use of an input in the corpus, by its name: ``KIND.USE.DIGEST``."""
    kind, use, _ = name.split(".")
    return kind, int(use)


def main() -> None:
    """Tries many cases and prints what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    kinds, counts, begun = asked.kinds.split(","), Counter[str](), time.monotonic()
    folder = Path(tempfile.mkdtemp())
    try:
        base = world.make(folder / "base")
        for number in range(asked.cases):
            kind = kinds[number % len(kinds)]
            outcome, content, use = case(base, kind, Random(f"{asked.seed} {number}"))
            counts[outcome.kind] += 1
            if outcome.kind == ELSE:
                name = f"{kind}.{use}.{hashlib.sha256(content).hexdigest()[:12]}"
                (CORPUS / name).write_bytes(content)
                print(f"--- {name}\n{outcome.why}", flush=True)
            if (number + 1) % 500 == 0:
                print(f"{number + 1}: {dict(counts)}, {time.monotonic() - begun:.0f} s", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{sum(counts.values())} cases: " + ", ".join(f"{name} {counts[name]}" for name in (GOOD, REFUSED, ELSE)))
    sys.exit(counts[ELSE] > 0)


if __name__ == "__main__":
    main()
