"""The steps of the demo, each timed and with the command that repeats it."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console

from weaktal.data.annotations import read_tags
from weaktal.data.video_files import videos_in
from weaktal.demonstration.worlds import WorldPlan, copy_of_world
from weaktal.encoders.world.shipped import VLP
from weaktal.errors import counted
from weaktal.extraction.extract import extract
from weaktal.progress import advancing, showing
from weaktal.report.content import Done
from weaktal.report.gather import BranchFiles
from weaktal.runs.localize import localize
from weaktal.runs.train import train
from weaktal.version import __version__
from weaktal.worlds.actions import TARGETS

CBP = "world-cbp"
METHOD = "collab"
# What the report compares, and what each is.
BRANCHES = {
    "cbp": "the classification-based branch: learns from the tags, then from what vlp is sure of",
    "vlp": "the vision-language branch: matches frames with class names, learns from what cbp is sure of",
    "both": "the mean of cbp and vlp",
    "vanilla": "frames against class names, with nothing learned from these videos",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much a demo does.

    Attributes:
        train, test: videos.
        settings: of the method, as ``--set`` takes them.
        actions: those to be found.
    """

    train: int
    test: int
    settings: tuple[str, ...]
    actions: tuple[str, ...] = TARGETS


@dataclass(slots=True)
class DemoSteps:
    """The steps of one demo, in the order in which they are called.

    Attributes:
        out: folder that they fill.
        size: how much they do.
        seed: of the world and of training.
        workers: processes that render, and threads that compute optical flow.
        cache: where worlds are kept.
        console: where progress goes.
        device: that computes.
        steps: what was done so far.
    """

    out: Path
    size: Size
    seed: int
    workers: int
    cache: Path
    console: Console
    device: str
    steps: list[Done] = field(default_factory=list)

    @property
    def dataset(self) -> Path:
        """The dataset folder."""
        return self.out / "dataset"

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.out / "run"

    def videos(self) -> dict[str, Path]:
        """The videos of the dataset by name."""
        return {path.stem: path for path in videos_in(self.dataset / "videos")}

    def make_world(self) -> None:
        """Renders the dataset, or takes it from the cache."""
        plan = WorldPlan(train=self.size.train, test=self.size.test, seed=self.seed, actions=self.size.actions)
        what = f"make {plan.train} training and {plan.test} test videos"
        options: list[object] = ["--train", plan.train, "--test", plan.test, "--seed", plan.seed]
        if plan.actions != TARGETS:
            options += ["--actions", ",".join(plan.actions)]
        with self._step(what, ("world", self.dataset, *options)) as done:
            kept = copy_of_world(plan, self.dataset, cache=self.cache, workers=self.workers, console=self.console)
            done("taken from the cache of an earlier demo" if kept else "rendered")

    def extract(self) -> None:
        """Extracts the features of both encoders, each video decoded once."""
        command = ("extract", self.dataset / "videos", "--encoder", CBP, "--encoder", VLP, "--into", self.dataset)
        with self._step("extract features", command) as done:
            videos = self.dataset / "videos"
            with advancing(self.console, "extracting") as advance, _half_the_threads():
                made = extract(
                    videos,
                    encoders=(CBP, VLP),
                    into=self.dataset,
                    device=self.device,
                    workers=self.workers,
                    skip_broken=False,
                    on_progress=lambda event: advance(event.share),
                )
            seconds = sum(video.duration for video in read_tags(self.dataset).videos.values())
            done(f"{made.frames} frames, {seconds:.0f} s of video")

    def train(self) -> None:
        """Trains on tags alone."""
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
            with showing(self.console, lines=True) as show:
                train(
                    self.dataset,
                    method=METHOD,
                    features=CBP,
                    vlp_features=VLP,
                    run=self.run,
                    overrides=self.size.settings,
                    seed=self.seed,
                    device=self.device,
                    on_progress=show,
                )
            done(f"{METHOD} on {counted(self.size.train, 'video')}")

    def localize(self, branch: str) -> BranchFiles:
        """Finds the segments of the test videos with one branch."""
        results = self.out / "results" / f"{branch}.json"
        scores = self.out / "results" / f"{branch}.safetensors"
        command = ("localize", self.run, self.dataset, "--branch", branch, "--out", results, "--scores", scores)
        with self._step(f"localize with {branch}", command) as done:
            found = localize(self.run, self.dataset, results, branch=branch, scores=scores, device=self.device)
            done(f"{counted(found.count, 'segment')} in {counted(len(found.videos), 'video')}")
        return BranchFiles(branch, results, scores, BRANCHES[branch])

    def facts(self) -> list[tuple[str, str]]:
        """Settings and versions, for the report."""
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
        self.steps.append(Done(what, command_line(command) if command else "", seconds, done.note))


@dataclass(slots=True)
class _Done:
    note: str = ""

    def __call__(self, note: str) -> None:
        self.note = note


def command_line(words: Sequence[object]) -> str:
    """A call of weaktal as a shell takes it."""
    return shlex.join(["weaktal", *map(str, words)])


@contextlib.contextmanager
def _half_the_threads() -> Iterator[None]:
    """Leaves cores to decoding and optical flow while the networks of the encoders run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // 2))
    try:
        yield
    finally:
        torch.set_num_threads(threads)
