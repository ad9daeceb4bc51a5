"""What a find searches and what it writes: results.json, segments.csv, page.html, account.txt."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from weaktal.data.annotations import Video, annotations_file, read_tags
from weaktal.data.corrections import Judgement
from weaktal.data.features import Features
from weaktal.data.final import FinalSet
from weaktal.data.results import Results
from weaktal.data.same_video import VideoFile
from weaktal.data.scores import StoredScores
from weaktal.data.usable import usable
from weaktal.data.video_files import dataset_videos
from weaktal.decoding.decoder import decode_scores
from weaktal.errors import InputError, counted
from weaktal.evaluation.judged import Precision, precision_of
from weaktal.files import scratch_folder, write_text
from weaktal.finding.account import Told, account, not_found, summary
from weaktal.finding.final_set import HeldOut, finalize
from weaktal.finding.plan import Plan
from weaktal.finding.scoring import score_videos
from weaktal.finding.trust import Agreement, Trust, agree, trust
from weaktal.formats.table import COLUMNS, harmless
from weaktal.progress import OnProgress
from weaktal.report.gather import BranchFiles, Words, compare
from weaktal.report.page import write_report
from weaktal.runs.trained import Trained
from weaktal.runs.video_file import video_file

MOST_SHOWN = 60  # videos on the page

# The files of a find beside its dataset and run.
WRITTEN = ("results.json", "segments.csv", "page.html", "account.txt")


@dataclass(frozen=True, slots=True)
class Search:
    """What a search of all videos found.

    Attributes:
        results: all segments of the classes that each video's tags allow, and the final set.
        trust: how well each class is recognised.
        run: the run's folder.
        learned: the videos that training saw.
        tags: of all videos.
        scores: the file of scores over time.
        skipped: videos that could not be used, and why.
    """

    results: Results
    trust: Trust
    run: Path
    learned: tuple[str, ...]
    tags: Mapping[str, tuple[str, ...]]
    scores: Path
    skipped: Mapping[str, InputError] = field(default_factory=dict)


def search(
    out: Path,
    dataset: Path,
    run: Path,
    plan: Plan,
    *,
    device: str = "auto",
    precision: float | None = None,
    on_progress: OnProgress | None,
) -> Search:
    """Scores the videos that are not scored yet, and chooses the final set of all.

    Args:
        out: the folder of the find.
        dataset: with features.
        run: a finished run.
        plan: its features and branches.
        device: where to score.
        precision: that is wanted of the final set.
        on_progress: is told how many videos are scored.

    Raises:
        InputError: if no video can be used.
    """
    annotations = read_tags(dataset)
    main = Features.open(dataset, plan.features)
    vlp = Features.open(dataset, plan.vlp_features) if plan.vlp_features is not None else None
    videos, skipped = usable(annotations.videos, [main, vlp] if vlp else [main], skip_broken=True)
    trained = Trained.load(run, None, device=device)

    def scored(by: Trained) -> StoredScores:
        keep = out / "scores" / f"{run.name}{f'-{by.branch}' if by.branch else ''}.safetensors"
        return score_videos(by, videos, main, vlp if by.needs_vlp else None, keep, on_progress=on_progress)[0]

    stored = scored(trained)
    tags = {video.name: video.labels for video in videos}
    known = {name: frozenset(labels) for name, labels in tags.items() if labels}
    results = decode_scores(stored, trained.decode, known=known)
    unseen = {name: tags[name] for name in known if name not in trained.info.videos}
    blind = decode_scores(_only(stored, unseen), trained.decode).videos
    results = finalize(results, held_out=HeldOut(blind, unseen), precision=precision)
    assert results.final is not None
    agreement: Agreement | None = None
    if plan.branches:
        alone = {}
        for name in plan.branches:
            by = Trained.load(run, name, device=device)
            alone[name] = decode_scores(scored(by), by.decode, known=known).videos
        agreement = agree(results.final.videos, alone)
    whole = {name: stored.read(name).video for name in unseen}
    believed = trust(
        tags,
        trained.info.classes,
        trained.info.videos,
        blind,
        whole,
        results.final.choice.threshold,
        agreement,
    )
    files = _files(dataset, videos)
    external = {**results.external, "held_out": believed.as_json()}
    results = replace(results, external=external, files=files, skipped=skipped)
    return Search(results, believed, run, trained.info.videos, tags, stored.source, skipped)


def _only(stored: StoredScores, names: Mapping[str, object]) -> StoredScores:
    """The scores of some videos."""
    return replace(stored, durations={name: stored.durations[name] for name in stored.durations if name in names})


def _files(dataset: Path, videos: list[Video]) -> dict[str, VideoFile]:
    paths = dataset_videos(annotations_file(dataset).parent)
    return {
        video.name: video_file(path if (path := paths.get(video.name)) and path.is_file() else None, video.duration)
        for video in videos
    }


@dataclass(frozen=True, slots=True)
class Written:
    """What a user is told at the end.

    Attributes:
        headline: in one line.
        text: the account.
        judged: how precise the shown segments are, where a person judged some.
    """

    headline: str
    text: str
    judged: Precision | None


def write_outputs(
    out: Path,
    found: Search,
    plan: Plan,
    seconds: Mapping[str, float],
    commands: Mapping[str, str],
    judgements: Sequence[Judgement] = (),
) -> Written:
    """Writes what a find gives, each file whole or not at all.

    Args:
        out: the folder.
        found: what the search found.
        plan: how.
        seconds: how long each step took so far.
        commands: to go on with, and what each does.
        judgements: what a person said of segments.
    """
    results, final = found.results, found.results.final
    assert final is not None
    results.save(out / "results.json")
    write_text(out / "segments.csv", as_table(final))
    judged = precision_of(judgements, final.videos)
    told = Told(
        final=final,
        tags=found.tags,
        trust=found.trust,
        learned=len(found.learned),
        seconds=seconds,
        files={
            "page.html": "pictures and segments on one time axis; open it in a browser",
            "segments.csv": "one line per segment: video, start and end in seconds, action, score, how sure",
            "results.json": f"all that was found, also what was not sure enough ({counted(results.count, 'segment')})",
            "dataset": "features of the videos; delete it only if you will not add videos",
        },
        notes=plan.notes,
        skipped={name: error.line(shell=True) for name, error in found.skipped.items()},
        next=commands,
        judged=judged,
    )
    _write_page(out / "page.html", found, told)
    text = account(told)
    write_text(out / "account.txt", text)
    return Written(f"{summary(final.videos)}: {out / 'segments.csv'}", text, judged)


def as_table(final: FinalSet) -> str:
    """The final set as a comma-separated table, with the share that a score stands for where it was measured."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, "sure"])
    for video, segments in final.videos.items():
        for segment in sorted(segments):
            sure = final.sure(segment)
            times = f"{segment.start:.3f}", f"{segment.end:.3f}"
            share = "" if sure is None else f"{sure:.2f}"
            table.writerow([harmless(video), *times, harmless(segment.label), f"{segment.score:.6g}", share])
    return text.getvalue()


def _write_page(path: Path, found: Search, told: Told) -> None:
    final = told.final
    names = list(final.videos)[:MOST_SHOWN]
    missing = [
        f"{label} was not found in {name}, though its tags say so." for name, label in not_found(final, told.tags)
    ]
    notes = [*told.notes, f"Shown are: {final.choice.how}", *missing]
    if len(final.videos) > len(names):
        notes.append(f"This page holds the first {len(names)} of {counted(len(final.videos), 'video')}.")
    words = Words(
        "What was found",
        lead=[f"{summary(final.videos)}. account.txt beside this page says how far to trust it."],
        notes=notes,
    )
    about = str(path.with_name("results.json"))
    with scratch_folder() as folder:  # of all results, only what the page shows is read back
        few = folder / "results.json"
        _only_of(names, found.results, final).save(few)
        report = compare(None, [BranchFiles("found", few, found.scores, about)], words, names=names)
    write_report(path, report)


def _only_of(names: Sequence[str], results: Results, final: FinalSet) -> Results:
    """The results of some videos."""
    return replace(
        results,
        videos={name: results.videos[name] for name in names},
        files={name: results.files[name] for name in names if name in results.files},
        final=FinalSet({name: final.videos[name] for name in names}, final.choice),
    )
