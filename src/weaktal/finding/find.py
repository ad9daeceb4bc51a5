"""``weaktal find``: a folder of videos and a spreadsheet of tags in; segments, a page and a plain account out."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaktal.data.annotations import Annotations, Video, read_tags
from weaktal.data.corrections import read_corrections
from weaktal.data.importers.tags.import_table import Paths, import_folders, import_table
from weaktal.data.results import Results
from weaktal.data.video_files import dataset_videos, files_of
from weaktal.devices import choose_device
from weaktal.errors import LARGEST_SEED, InputError, arg, counted, within
from weaktal.evaluation.judged import FILE as CORRECTIONS
from weaktal.evaluation.judged import Precision
from weaktal.files import as_paths, check_writable
from weaktal.finding.estimate import in_words, parts_in_words, training_seconds
from weaktal.finding.learning import State, learn, next_lesson, read_state, write_state
from weaktal.finding.outputs import WRITTEN, Search, search, write_outputs
from weaktal.finding.plan import Plan, chosen_encoders, make_plan
from weaktal.finding.trust import FEW, Trust
from weaktal.formerly import formerly
from weaktal.locks import alone_in
from weaktal.progress import OnProgress
from weaktal.runs.folder import RunFolder
from weaktal.runs.run import Run

if TYPE_CHECKING:
    from weaktal.encoders.weights_choice import WeightsChoice, WeightsLike

HELD_OUT = 0.25  # share of each class's videos that training does not see
LEAST_PRECISION = 0.01
_TRIES = 3  # videos that may fail before measuring is given up
log = logging.getLogger("weaktal")


@dataclass(frozen=True, slots=True)
class Found:
    """What a find leaves.

    Attributes:
        out: the folder.
        results: all segments, and the final set of few.
        run: what was trained.
        trust: how well each class is recognised.
        account: the account in plain words.
        seconds: how long each step took this time.
        judged: how precise the shown segments are, where a person judged some: ``corrections.json`` in the folder.
        extracted: videos whose features were made this time.
        skipped: videos that could not be used, and why.
    """

    out: Path
    results: Results
    run: Run
    trust: Trust
    account: str
    seconds: Mapping[str, float]
    judged: Precision | None
    extracted: tuple[str, ...]
    skipped: Mapping[str, InputError]


@formerly(precision="correct_share")
def find(
    videos: Paths,
    out: str | PathLike[str],
    *,
    tags: str | PathLike[str] | None = None,
    encoder: str | Sequence[str] = (),
    weights: WeightsLike | None = None,
    device: str = "auto",
    workers: int | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    correct_share: float | None = None,
    retrain: bool = False,
    resume: bool = False,  # noqa: ARG001  # what weaktal train has the word for, a find does by itself
    video_column: str | None = None,
    tag_columns: Sequence[str] = (),
    separator: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    on_progress: OnProgress | None = None,
) -> Found:
    """Finds when actions occur in videos of which a spreadsheet says only that they do.

    Goes the whole way: reads the spreadsheet, turns the videos into features, sets a quarter of them aside, learns from
    the tags of the others, searches all videos for the actions of their tags, and keeps the few segments that are sure.
    A find that was stopped at any moment goes on where it was when it is called again. Called with more videos, it
    makes the features of these alone, and searches them with what it learned before, unless tags or actions changed.

    Args:
        videos: files, and folders with all their subfolders; they stay where they are.
        out: folder for everything: dataset, run, scores, results.json, segments.csv, page.html, account.txt.
        tags: spreadsheet, as :func:`weaktal.import_table` reads it; by default the folder of a video is its tag.
        encoder: one of motion, one of images and texts, or both; I3D and CLIP by default, where their weights are.
        weights: where to look for their weights.
        device: where encoders and training run: "cpu", "cuda", "cuda:1", "mps"; "auto" takes a GPU if there is one.
        workers: threads that compute optical flow; as many as cores by default.
        preset: of the method's settings; one that suits the number of videos by default.
        settings: of the method, over those of the preset, as of :func:`weaktal.train`.
        seed: of training.
        correct_share: share of the shown segments that should be of an action that their video holds; 0.8 by default.
        retrain: learn anew if videos were added since.
        resume: changes nothing: a find that was begun is gone on with in any case, as a run is with this word.
        video_column, tag_columns, separator, encoding, sheet: of the spreadsheet, as of :func:`weaktal.import_table`.
        on_progress: is told how far the work has come.

    Raises:
        InputError: for a bad spreadsheet, missing weights, fewer than two actions, or if no video can be used.
        RunError: if training diverges.
    """
    import weaktal.video  # noqa: F401  # says what to install where the extra is missing, before anything else
    from weaktal.encoders.weights_choice import WeightsChoice

    within(seed=(seed, 0, LARGEST_SEED), workers=(workers, 1, 1000), correct_share=(correct_share, LEAST_PRECISION, 1))
    folder = Path(out)
    read = [*files_of(as_paths(videos)), *([] if tags is None else [Path(tags)])]
    check_writable(*(folder / name for name in WRITTEN), inputs=read)
    choice, where = WeightsChoice.of(weights), choose_device(device)
    encoders = chosen_encoders((encoder,) if isinstance(encoder, str) else encoder, choice)
    read_state(folder)  # refuses a folder of other things before anything is put there
    corrections = folder / CORRECTIONS
    judgements = read_corrections(corrections).judgements if corrections.exists() else []
    with alone_in(folder, "weaktal find"):
        state = read_state(folder)
        write_state(folder, state)
        work = _Work(folder, choice, where, workers, on_progress)
        with work.step("reading the spreadsheet"):
            options = {"test_share": HELD_OUT, "on_progress": on_progress}
            if tags is None:
                import_folders(videos, work.dataset, **options)  # type: ignore[arg-type]
            else:
                import_table(
                    tags,
                    videos,
                    work.dataset,
                    video_column=video_column,
                    tag_columns=tag_columns,
                    separator=separator,
                    encoding=encoding,
                    sheet=sheet,
                    **options,  # type: ignore[arg-type]
                )
        annotations = read_tags(work.dataset)
        _check_classes(annotations, None if tags is None else Path(tags))
        plan = make_plan(encoders, choice, annotations.classes, device=where, settings=settings)
        state = next_lesson(folder, work.renew(state, plan), plan, annotations, preset=preset, seed=seed, again=retrain)
        write_state(folder, state)
        work.announce(plan, state, annotations)
        with work.step("features"):
            work.extract(plan)
        with work.step("training"):
            run = learn(folder, work.dataset, plan, state, on_progress)
        with work.step("searching"):
            found = search(
                folder, work.dataset, run, plan, device=where, precision=correct_share, on_progress=on_progress
            )
        with work.step("page"):
            found = replace(found, skipped={**work.failures, **found.skipped})
            told = write_outputs(folder, found, plan, work.seconds, next_commands(folder, found), judgements)
    log.info("%s", told.headline)
    return Found(
        out=folder,
        results=found.results,
        run=Run(run),
        trust=found.trust,
        account=told.text,
        seconds=work.seconds,
        judged=told.judged,
        extracted=tuple(work.extracted),
        skipped=found.skipped,
    )


def next_commands(out: Path, found: Search) -> dict[str, str]:
    """What to type after a find, and what it does."""
    results = shlex.quote(str(out / "results.json"))

    def place(name: str) -> str:
        return shlex.quote(str(out / name))

    return {
        f"weaktal view {results} --serve": "play the segments and mark them as right or wrong, in a browser",
        f"weaktal export {results} --to clips --out {place('clips')}": "cut the segments out as small videos",
        f"weaktal export {results} --to vtt --out {place('chapters')}": "chapters for a video player",
        f"weaktal localize {place(found.run.name)} NEW.mp4 --out {place('new.json')}": "search a video without tags",
    }


def _check_classes(annotations: Annotations, source: Path | None) -> None:
    if len(annotations.classes) < 2:
        named = f"only {annotations.classes[0]!r}" if annotations.classes else "no action"
        expected = "two actions or more: one is told from another; or weaktal localize --zero-shot"
        raise InputError(f"names {named}", source=source, expected=expected)


@dataclass(slots=True)
class _Work:
    """A find on its way.

    Attributes:
        out: the folder.
        weights, device, workers: of extraction.
        on_progress: is told how far the work has come.
        seconds: of each step.
        extracted: videos whose features were made.
        failures: videos that could not be used.
    """

    out: Path
    weights: WeightsChoice
    device: str
    workers: int | None
    on_progress: OnProgress | None
    seconds: dict[str, float] = field(default_factory=dict)
    extracted: list[str] = field(default_factory=list)
    failures: dict[str, InputError] = field(default_factory=dict)

    @property
    def dataset(self) -> Path:
        """The dataset's folder."""
        return self.out / "dataset"

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Notes how long something took."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def renew(self, state: State, plan: Plan) -> State:
        """Takes note of the video files; features of those that are other files than before are thrown away."""
        now: dict[str, tuple[int, int]] = {}
        for name, path in dataset_videos(self.dataset).items():
            if not path.is_file():
                continue
            status = path.stat()
            now[name] = (status.st_size, status.st_mtime_ns)
            if state.videos.get(name, now[name]) != now[name]:
                log.info("%s is another file than before: its features are made again", path)
                for features in self._feature_files(plan, name):
                    features.unlink(missing_ok=True)
        return state.model_copy(update={"videos": {**state.videos, **now}})

    def _feature_files(self, plan: Plan, name: str) -> list[Path]:
        return [
            self.dataset / "features" / folder / f"{name}.npy"
            for folder in (plan.features, plan.vlp_features)
            if folder
        ]

    def _missing(self, plan: Plan) -> dict[str, Path]:
        """Videos that lack features, by name."""
        return {
            name: path
            for name, path in dataset_videos(self.dataset).items()
            if not all(features.exists() for features in self._feature_files(plan, name))
        }

    def announce(self, plan: Plan, state: State, annotations: Annotations) -> None:
        """Says what will be done, on what, and how long it will take, which it measures first."""
        tagged = [video for video in annotations.videos.values() if video.labels]
        counts = {label: sum(label in video.labels for video in tagged) for label in annotations.classes}
        minutes = sum(video.duration for video in annotations.videos.values()) / 60
        size = counted(len(annotations.videos), "video"), minutes, counted(len(counts), "action")
        log.info("%s, %.1f minutes; %s", *size)
        for label, count in counts.items():
            few = ": too few to learn from" if count == 1 else f": fewer than {FEW}" if count < FEW else ""
            log.info("  %s: %s%s", label, counted(count, "video"), few)
        lesson = state.lesson
        assert lesson is not None
        aside = len(tagged) - len(lesson.tags)
        log.info("learns from %d of them; set aside, to see how well it does: %d", len(lesson.tags), aside)
        settings = f", preset {lesson.preset}" if lesson.preset else ""
        cores = counted(os.cpu_count() or 1, "core") if self.device == "cpu" else "a GPU"
        log.info(
            "runs on %s (%s) with %s: %s%s", self.device, cores, " and ".join(plan.encoders), plan.method, settings
        )
        for note in plan.notes:
            log.warning("%s", note)
        parts = self._estimate(plan, state, annotations)
        if parts is None:
            log.info("cannot tell how long that takes: no video could be measured")
        elif sum(parts.values()) < 1:
            log.info("nothing is left to extract or to learn: this takes seconds")
        else:
            log.info("about %s from now: %s", in_words(sum(parts.values())), parts_in_words(parts))

    def _estimate(self, plan: Plan, state: State, annotations: Annotations) -> dict[str, float] | None:
        """Seconds that extraction and training will take; None where nothing could be measured."""
        missing = self._missing(plan)
        lengths = {name: annotations.videos[name].duration for name in missing}
        unfinished = not RunFolder(self.out / state.run).finished()
        if not missing and not unfinished:
            return {}
        first, rate = None, 0.0
        if missing:
            log.info("measuring on the shortest video%s", " and the first updates" if unfinished else "")
        for name in sorted(lengths, key=lambda each: lengths[each])[:_TRIES]:
            start = time.perf_counter()
            with self.step("features"):
                self._extract(plan, missing[name])
            if name in self.extracted:
                first, rate = name, (time.perf_counter() - start) / lengths[name]
                break
        first = first or next((name for name in annotations.videos if name not in missing), None)
        if first is None:
            return None
        left = sum(seconds for name, seconds in lengths.items() if name not in self.extracted and name != first)
        training = 0.0
        lesson = state.lesson
        if unfinished and lesson is not None:
            taught: list[Video] = [annotations.videos[name] for name in lesson.tags]
            with self.step("measuring"):
                measured = training_seconds(
                    self.dataset, plan, lesson.preset, taught, annotations.classes, annotations.videos[first]
                )
            training = measured or 0.0
        return {"features": rate * left, "training": training}

    def extract(self, plan: Plan) -> None:
        """Makes the features that are not there yet, and brings class vectors and manifests up to date.

        Raises:
            InputError: if no video at all has features afterwards.
        """
        self._extract(plan, None)
        lacking = self._missing(plan)
        if self.failures and len(lacking) == len(dataset_videos(self.dataset)):
            first = next(iter(self.failures.values()))
            raise InputError(f"no video can be used; the first: {first.text}")

    def _extract(self, plan: Plan, video: Path | None) -> None:
        from weaktal.extraction.extract import extract

        done = extract(
            video,
            encoders=plan.encoders,
            into=self.dataset,
            weights=self.weights,
            device=self.device,
            workers=self.workers,
            on_progress=self.on_progress,
        )
        self.extracted += done.extracted
        self.failures |= dict(done.failures)
        for reason in done.no_class_vectors:
            raise InputError(reason, source=arg("encoder"), expected="an encoder with its tokenizer")
