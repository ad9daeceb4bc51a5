"""The whole way in one go: a rendered world, features, training on tags alone, localization, scores, a report."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from weaktal import __version__
from weaktal.data.annotations import read_tags
from weaktal.data.video_clips import VIDEO_ENDINGS
from weaktal.encoders import extraction
from weaktal.encoders.recipe import Recipe
from weaktal.encoders.shipped import VLP
from weaktal.errors import InputError
from weaktal.evaluation.scoring import Scores
from weaktal.files import check_writable
from weaktal.report.content import Step
from weaktal.report.page import write_report
from weaktal.workflows.demo_world import WorldPlan, copy_of_world, worlds_folder
from weaktal.workflows.localize import localize
from weaktal.workflows.progress import advancing
from weaktal.workflows.report import BranchFiles, Words, compare
from weaktal.workflows.train import train

CBP = "world-cbp"
METHOD = "collab"
# What the report compares, and what each is.
BRANCHES = {
    "cbp": "the classification-based branch: learns from the tags, then from what vlp is sure of",
    "vlp": "the vision-language branch: matches frames with class names, learns from what cbp is sure of",
    "both": "the mean of cbp and vlp",
    "vanilla": "frames against class names, with nothing learned from these videos",
}
_LEAD = (
    "Training saw which actions each video holds, never when. The report shows what each branch then found in videos "
    "that it had not seen.",
)
_NOTES = (
    "The videos are drawn by a program, and the encoders were trained on other videos of the same program. The scores "
    "say that everything works together. They say nothing about real videos.",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much a demo does.

    Attributes:
        train, test: videos.
        settings: of the method, as ``--set`` takes them.
    """

    train: int
    test: int
    settings: tuple[str, ...]


_COMMON = (
    f"vlp.text.encoder={VLP}",
    "vlp.text.width=128",
    "optimizer.batch_size=16",
    "optimizer.lr=0.0003",
    "engine.tensorboard=false",
)
# How long each step trains was chosen for the time that it takes, not by scores. Fifteen videos show all classes.
FULL = Size(
    30,
    15,
    (
        *_COMMON,
        "schedule.updates_per_epoch=10",
        "schedule.warm_up=15",
        "schedule.background=8",
        "schedule.foreground=8",
        "schedule.rounds=1",
    ),
)
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
    out: Path,
    *,
    size: Size = FULL,
    seed: int = 0,
    workers: int | None = None,
    cache: Path | None = None,
    console: Console | None = None,
) -> Demo:
    """Goes the whole way and leaves a dataset, a run, results and a report in the new folder ``out``.

    A demo that fails or is stopped leaves nothing but, once it was rendered, the world in its cache.

    Args:
        out: folder to make.
        size: how much to do.
        seed: of the world and of training.
        workers: processes that render, and threads that compute optical flow; as many as cores where it is None.
        cache: where worlds are kept; :func:`~weaktal.workflows.demo_world.worlds_folder` where it is None.
        console: where progress goes; standard error where it is None.

    Raises:
        InputError: if ``out`` exists or something cannot be written.
    """
    console = console or Console(stderr=True)
    work = _Work(out, size, seed, workers or os.cpu_count() or 1, cache or worlds_folder(), console)
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
        next=_next(out, videos[first.name], sorted({segment.label for segment in first.truth})),
    )


@dataclass(slots=True)
class _Work:
    """The steps of one demo, and what they leave in ``out``."""

    out: Path
    size: Size
    seed: int
    workers: int
    cache: Path
    console: Console
    steps: list[Step] = field(default_factory=list)

    @property
    def dataset(self) -> Path:
        return self.out / "dataset"

    @property
    def run(self) -> Path:
        return self.out / "run"

    def videos(self) -> dict[str, Path]:
        return {p.stem: p for p in sorted((self.dataset / "videos").iterdir()) if p.suffix in VIDEO_ENDINGS}

    def make_world(self) -> None:
        plan = WorldPlan(train=self.size.train, test=self.size.test, seed=self.seed)
        what = f"make {plan.train} training and {plan.test} test videos"
        numbers = ("--train", plan.train, "--test", plan.test, "--seed", plan.seed)
        with self._step(what, ("world", self.dataset, *numbers)) as done:
            kept = copy_of_world(plan, self.dataset, cache=self.cache, workers=self.workers, console=self.console)
            done("taken from the cache of an earlier demo" if kept else "rendered")

    def extract(self) -> None:
        command = ("extract", self.dataset / "videos", "--encoder", CBP, "--encoder", VLP, "--into", self.dataset)
        with self._step("extract features", command) as done:
            recipe = Recipe(dataset=self.dataset, encoders=(CBP, VLP))
            targets = recipe.targets()
            tags, found = read_tags(self.dataset), self.videos()
            jobs = extraction.plan(found, targets)
            extraction.begin(targets)
            extraction.write_class_vectors(targets, tags, recipe.template)
            seconds = sum(video.duration for video in tags.videos.values())
            frames = 0
            with advancing(self.console, "extracting") as advance:

                def count(more: int) -> None:
                    nonlocal frames
                    frames += more
                    advance(frames / recipe.sampling.fps / seconds)

                for report in extraction.run_here(recipe.pipeline(targets, self.workers), jobs, targets, count):
                    if report.error is not None:
                        raise report.error
            extraction.finish(targets, found, tags)
            done(f"{frames} frames, {seconds:.0f} s of video")

    def train(self) -> None:
        settings = [part for setting in self.size.settings for part in ("--set", setting)]
        features = ("--features", CBP, "--vlp-features", VLP)
        command = (
            "train",
            self.dataset,
            "--method",
            METHOD,
            *features,
            "--run",
            self.run,
            "--seed",
            self.seed,
            *settings,
        )
        with self._step("train on tags alone", command) as done:
            train(
                self.dataset,
                method=METHOD,
                features=CBP,
                vlp_features=VLP,
                run=self.run,
                overrides=self.size.settings,
                seed=self.seed,
                console=self.console,
            )
            done(f"{METHOD} on {self.size.train} videos")

    def localize(self, branch: str) -> BranchFiles:
        results = self.out / "results" / f"{branch}.json"
        scores = self.out / "results" / f"{branch}.safetensors"
        command = ("localize", self.run, self.dataset, "--branch", branch, "--out", results, "--scores", scores)
        with self._step(f"localize with {branch}", command) as done:
            found = localize(
                self.run, self.dataset, results, branch=branch, scores=scores, console=self.console
            ).results
            done(f"{sum(map(len, found.videos.values()))} segments in {len(found.videos)} videos")
        return BranchFiles(branch, results, scores, BRANCHES[branch])

    def facts(self) -> list[tuple[str, str]]:
        import torch

        return [
            ("seed", str(self.seed)),
            ("settings", ", ".join(self.size.settings)),
            ("workers", f"{self.workers} on {os.cpu_count()} cores"),
            ("versions", f"weaktal {__version__}, PyTorch {torch.__version__}"),
        ]

    @contextlib.contextmanager
    def _step(self, what: str, command: Sequence[object] = ()) -> Iterator[_Done]:
        """Times a step and keeps it for the report; the block says what came of it."""
        self.console.print(what, highlight=False, markup=False)
        done = _Done()
        start = time.perf_counter()
        yield done
        seconds = time.perf_counter() - start
        self.console.print(f"  {done.note}, {seconds:.1f} s", highlight=False, markup=False)
        self.steps.append(Step(what, command_line(command) if command else "", seconds, done.note))


@dataclass(slots=True)
class _Done:
    note: str = ""

    def __call__(self, note: str) -> None:
        self.note = note


def command_line(words: Sequence[object]) -> str:
    """A call of weaktal as a shell takes it."""
    return shlex.join(["weaktal", *map(str, words)])


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
                "schedule.epochs=5",
            ),
        )
    )


@contextlib.contextmanager
def _new_folder(path: Path) -> Iterator[None]:
    """Makes a folder that is filled in place, since its run keeps its own path; removes it if the block fails."""
    check_writable(path / "report.html")
    if path.exists():
        raise InputError("exists already", source=path, expected="a new folder")
    path.mkdir(parents=True)
    try:
        yield
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
