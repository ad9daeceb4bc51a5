"""The whole way in one go: a rendered world, features, training on tags alone, localization, scores, a report."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from rich.console import Console

from weaktal.demonstration.steps import BRANCHES, CBP, DemoSteps, Size, command_line
from weaktal.devices import choose_device
from weaktal.encoders.world.shipped import VLP
from weaktal.errors import LARGEST_SEED, within
from weaktal.evaluation.scoring import Scores
from weaktal.files import cache_folder, check_writable, discard_folder, replacing_folder
from weaktal.locks import alone_making
from weaktal.progress import console_on
from weaktal.report.gather import Words, compare
from weaktal.report.page import write_report

_LEAD = (
    "Training saw which actions each video holds, never when. The report shows what each branch then found in videos "
    "that it had not seen.",
)
_NOTES = (
    "The videos are drawn by a program, and the encoders were trained on other videos of the same program. The scores "
    "say that everything works together. They say nothing about real videos.",
)


_COMMON = (
    f"vlp.text.encoder={VLP}",
    "vlp.text.width=128",
    "optimizer.batch_size=16",
    "optimizer.lr=0.001",
    "engine.tensorboard=false",
)
# Chosen for the time it takes, and so that the tags of the training videos are learned; no test video had a say.
# Fifteen test videos show every class.
FULL = Size(
    24,
    15,
    (
        *_COMMON,
        "schedule.updates_per_epoch=10",
        "schedule.warm_up=10",
        "schedule.background=4",
        "schedule.foreground=10",
        "schedule.rounds=1",
    ),
)
# Few actions, so that five training videos show every one of them.
QUICK = Size(
    5,
    3,
    (
        *_COMMON,
        "schedule.updates_per_epoch=1",
        "schedule.warm_up=10",
        "schedule.background=5",
        "schedule.foreground=5",
        "schedule.rounds=1",
    ),
    actions=("high jump", "javelin throw", "tennis serve"),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo left behind.

    Attributes:
        report: the page.
        scores: by branch.
        seconds: how long it all took.
        next: commands to try.
    """

    report: Path
    scores: dict[str, Scores]
    seconds: float
    next: tuple[str, ...]


def demo(
    out: str | PathLike[str] = "weaktal-demo",
    *,
    size: Size = FULL,
    seed: int = 0,
    workers: int | None = None,
    cache: str | PathLike[str] | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Demo:
    """Goes the whole way and leaves a dataset, a run, results and a report in the new folder ``out``.

    A demo that fails or is stopped leaves nothing but, once it was rendered, the world in its cache. One that was
    killed is begun anew by the same call.

    Args:
        out: folder to make.
        size: how much to do.
        seed: of the world and of training.
        workers: processes that render, and threads that compute optical flow; as many as cores by default.
        cache: where worlds are kept; :func:`~weaktal.files.cache_folder` by default.
        device: where encoders and training run: "cpu", "cuda", "cuda:1", "mps"; "auto" takes a GPU if there is one.
        console: where progress goes; standard error by default.

    Raises:
        InputError: if there is no such device, ``out`` exists, another demo is making it, or it cannot be written.
    """
    within(seed=(seed, 0, LARGEST_SEED), workers=(workers, 1, 1000))
    out, console = Path(out), console or console_on("stderr")
    worlds = cache_folder("worlds") if cache is None else Path(cache)
    work = DemoSteps(out, size, seed, workers or os.cpu_count() or 1, worlds, console, choose_device(device))
    start = time.perf_counter()
    with _new_folder(out):
        work.make_world()
        work.extract()
        work.train()
        branches = [work.localize(name) for name in BRANCHES]
        console.print("writing the report", highlight=False)
        words = Words("weaktal demo", lead=_LEAD, steps=work.steps, facts=work.facts(), notes=_NOTES)
        videos = work.videos()
        report = compare(work.dataset, branches, words, videos=videos)
        write_report(out / "report.html", report)
    first = report.videos[0]
    return Demo(
        report=out / "report.html",
        scores={branch.name: branch.scores for branch in report.branches if branch.scores is not None},
        seconds=time.perf_counter() - start,
        next=_next(out, videos[first.name], sorted({segment.label for segment in first.truth or ()})),
    )


def _next(out: Path, video: Path, labels: Sequence[str]) -> tuple[str, ...]:
    """What to try after the demo, with what it left behind."""
    return tuple(
        command_line(words)
        for words in (
            ("localize", out / "run", video, "--out", out / "one-video.json"),
            ("localize", "--zero-shot", ",".join(labels), video, "--encoder", VLP, "--out", out / "words.json"),
            (
                "train",
                out / "dataset",
                "--method",
                "mil",
                "--features",
                CBP,
                "--run",
                out / "mil",
                "--set",
                "schedule.epochs=1",
                "--set",
                "optimizer.batch_size=16",
            ),
        )
    )


_BEGUN = ".demo"  # in the folder of a demo that is not finished; there first, gone last
_MADE = ("report.html", "results", "run", "dataset")


@contextlib.contextmanager
def _new_folder(path: Path) -> Iterator[None]:
    """Makes a folder that is filled in place, since its run keeps its own path; empties it if the block fails.

    A demo that was killed is begun anew.
    """
    check_writable(path / "report.html")
    with alone_making(path, "weaktal demo"):
        if path.is_dir() and (path / _BEGUN).is_file():
            _remove(path)
        with replacing_folder(path) as folder:
            (folder / _BEGUN).touch()
        try:
            yield
        except BaseException:
            _remove(path)
            raise
        (path / _BEGUN).unlink()


def _remove(path: Path) -> None:
    """Removes what a demo makes, and nothing else; the folder too, where nothing else is in it."""
    for name in _MADE:
        made = path / name
        if made.is_dir() and not made.is_symlink():
            shutil.rmtree(made, ignore_errors=True)
        else:
            made.unlink(missing_ok=True)
    if [entry.name for entry in path.iterdir()] == [_BEGUN]:
        discard_folder(path)
    else:
        (path / _BEGUN).unlink(missing_ok=True)
