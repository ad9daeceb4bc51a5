"""A report from files: the results and scores of each branch, and the truth where there is a dataset."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from weaktal.data.annotations import Annotations, Video, read_annotations
from weaktal.data.results import Results, read_results
from weaktal.data.scores import StoredScores, read_scores
from weaktal.errors import InputError, arg, counted, nearest, shown
from weaktal.evaluation.detections import Detections, diagnose_detections
from weaktal.evaluation.diagnose import diagnose_videos
from weaktal.evaluation.protocols import Protocol, protocol_of
from weaktal.evaluation.scoring import Scores, score, subset_of, tables_of
from weaktal.report.content import Done, Report, Row
from weaktal.report.gather_videos import PICTURES, Known, Loaded, show_videos
from weaktal.report.overview import length_counts, tag_counts

# What the results say of their scores' origin, and must say alike.
_ORIGIN = ("method", "branch", "phase", "seed")


@dataclass(frozen=True, slots=True)
class BranchFiles:
    """What one branch left on disk.

    Attributes:
        name: what it is called in the report.
        results: its segments.
        scores: its scores over time; None where they were not kept.
        about: what it is, in a sentence; the file and what it says of itself where it is empty.
    """

    name: str
    results: Path
    scores: Path | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a report says in words; see :class:`~weaktal.report.content.Report`."""

    title: str
    lead: Sequence[str] = ()
    steps: Sequence[Done] = ()
    facts: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()


def compare(
    annotations: Path | None,
    branches: Sequence[BranchFiles],
    words: Words,
    *,
    videos: Mapping[str, Path] | None = None,
    strict: bool = False,
    names: Sequence[str] = (),
    count: int | None = None,
    pictures: int = PICTURES,
    subset: str | None = None,
    protocol: Protocol | None = None,
    threshold: float = 0.5,
) -> Report:
    """A report on one subset of a dataset, or on results alone.

    Where no videos are named, all or the first ``count`` by name are shown: a choice that knows nothing of how well it
    went. A subset without segments, such as one that has tags only, is shown without truth and without scores.

    Args:
        annotations: dataset folder or annotations file; None shows the results without any truth.
        branches: what to compare, each with a name of its own.
        words: what else the page says.
        videos: video files by name, for the pictures; others have those of the file that the results name, if any.
        strict: whether the user named ``videos``, so that a file that is not the one that was localized is an error.
        names: of the videos to show; any of the dataset or the results.
        count: how many videos are shown where none is named; all by default.
        pictures: how many of them get a strip of pictures.
        subset: that is scored; the protocol's or the dataset's test subset by default.
        protocol: how it is scored; as the dataset says by default.
        threshold: for misses and false alarms, see :func:`~weaktal.evaluation.diagnose.diagnose`.

    Raises:
        InputError: for bad input, such as a video that nobody knows, or results that hold no video of the subset.
    """
    loaded = [read_branch(branch) for branch in branches]
    truth = Annotations((), {}) if annotations is None else read_annotations(annotations)
    protocol = protocol_of(truth) if protocol is None else protocol
    chosen: dict[str, Video] = {}
    if annotations is not None and not branches and subset is None:  # the dataset itself is looked at
        chosen = dict(truth.videos)
    elif annotations is not None:
        subset = subset or subset_of(truth, protocol)
        chosen = {name: v for name, v in truth.subset(subset).items() if name not in protocol.excluded}
        for branch in loaded:
            _check_about(branch.results, chosen, subset, truth)
    annotated = any(video.segments for video in chosen.values())
    scores = [score(truth, branch.results, protocol, subset=subset) if annotated else None for branch in loaded]
    pool = sorted(chosen) if annotations is not None else sorted({name for b in loaded for name in b.results.videos})
    picked = list(dict.fromkeys(names)) or pool[:count]
    if not picked:
        source = loaded[0].results.source if loaded else truth.source
        raise InputError("names no video", source=source, expected="at least one")
    check_names(picked, dict.fromkeys([*truth.videos, *(name for b in loaded for name in b.results.videos)]))
    used = {segment.label for branch in loaded for found in branch.results.videos.values() for segment in found}
    known = Known(truth, {video.subset for video in truth.videos.values() if video.segments})
    figures, notes = show_videos(picked, known, loaded, videos or {}, strict=strict, pictures=pictures)
    if annotations is not None and branches and not annotated:
        notes.insert(0, f"Subset {subset} has no annotated segments: there is no truth to show, and nothing is scored.")
    return Report(
        title=words.title,
        lead=words.lead,
        classes=(*truth.classes, *sorted(used - set(truth.classes))),
        branches=[
            Row(
                name=branch.name,
                about=files.about or _about(branch.results),
                scores=scored,
                errors=diagnose_videos(chosen, branch.scores, threshold=threshold)
                if annotated and branch.scores is not None
                else None,
            )
            for files, branch, scored in zip(branches, loaded, scores, strict=True)
        ],
        videos=figures,
        choice=_choice(len(picked), len(pool), named=bool(names), of=_of(branches, chosen, subset)),
        steps=words.steps,
        facts=words.facts,
        threshold=threshold,
        notes=[*words.notes, *notes, *_warnings(loaded, scores)],
        diagnosis=[(branch.name, _diagnosis(truth, branch.results, protocol, subset)) for branch in loaded]
        if annotated
        else [],
        tags=tag_counts(chosen.values(), truth.classes),
        lengths=length_counts(chosen.values()),
    )


def _diagnosis(truth: Annotations, results: Results, protocol: Protocol, subset: str | None) -> Detections:
    return diagnose_detections(tables_of(truth, results, protocol, subset=subset), protocol.tious, protocol.name)


def _of(branches: Sequence[BranchFiles], chosen: Collection[str], subset: str | None) -> str:
    if not chosen:
        return "the results"
    return "the subset" if branches or subset is not None else "the dataset"


def read_branch(files: BranchFiles) -> Loaded:
    """Results and scores of a branch.

    Raises:
        InputError: if a file is not as it should be, or the scores are of another branch than the results.
    """
    results = read_results(files.results)
    stored = read_scores(files.scores) if files.scores is not None else None
    if stored is not None:
        _check_match(results, stored)
    return Loaded(files.name, results, stored)


def _check_match(results: Results, stored: StoredScores) -> None:
    """Refuses scores of one branch beside the segments of another."""
    for key in _ORIGIN:
        ours, theirs = results.external.get(key), stored.origin.get(key)
        if key in results.external and key in stored.origin and ours != theirs:
            raise InputError(
                f"has scores of {key} {shown(theirs)}",
                source=stored.source,
                expected=f"those of {results.source}, of {key} {shown(ours)}",
            )


def _check_about(results: Results, chosen: Mapping[str, Video], subset: str, truth: Annotations) -> None:
    if not chosen.keys() & results.videos.keys():
        raise InputError(
            f"names no video of subset {shown(subset)} of {truth.source}",
            source=results.source,
            expected=f"results of this dataset; another subset is chosen with {arg('subset')}",
        )


def check_names(names: Sequence[str], known: Collection[str]) -> None:
    """Refuses videos to show that nobody knows.

    Raises:
        InputError: naming the first one, and the nearest that is known.
    """
    for name in names:
        if name not in known:
            near = nearest(name, known)
            expected = f"one of {counted(len(known), 'name')}" + (
                f"; nearest is {shown(near)}" if near is not None else ""
            )
            raise InputError(f"no video {shown(name)}", source=arg("video"), expected=expected)


def _about(results: Results) -> str:
    said = [f"{key} {results.external[key]}" for key in ("run", *_ORIGIN) if results.external.get(key) is not None]
    return "; ".join([str(results.source), *said])


def _choice(shown: int, videos: int, *, named: bool, of: str) -> str:
    if named:
        return f"{counted(shown, 'video')}, picked by name."
    if shown == videos:
        return "The only video." if videos == 1 else f"All {videos} videos of {of}, by name."
    if shown == 1:
        return f"The first of {videos} videos by name: it was not chosen by how well it went."
    return f"The first {shown} of {videos} videos by name: they were not chosen by how well they went."


def _warnings(branches: Sequence[Loaded], scores: Sequence[Scores | None]) -> list[str]:
    """What scoring has to say, each once, with whom it is about."""
    about: dict[str, list[str]] = {}
    for branch, scored in zip(branches, scores, strict=True):
        for warning in scored.warnings if scored is not None else ():
            about.setdefault(warning, []).append(branch.name)
    return [f"{', '.join(names)}: {warning}." for warning, names in about.items()]
