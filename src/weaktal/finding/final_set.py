"""The few of many segments that a person can use: overlaps resolved, a threshold from data, scores as shares."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.final import Choice, FinalSet
from weaktal.data.results import Results, read_results
from weaktal.errors import InputError, arg, counted, shown
from weaktal.finding import threshold as thresholds
from weaktal.finding.calibration import calibrate
from weaktal.finding.matching import matched
from weaktal.finding.overlaps import without_overlaps
from weaktal.segments import Segment

Videos = Mapping[str, Sequence[Segment]]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What was found in videos that training did not see, and what is known to be in them.

    Attributes:
        found: segments of any class by video: what was found must not have used the tags.
        tags: of the same videos.
    """

    found: Videos
    tags: Mapping[str, Collection[str]]


def finalize(
    results: str | PathLike[str] | Results,
    *,
    held_out: HeldOut | None = None,
    truth: str | PathLike[str] | Annotations | None = None,
    tiou: float = 0.5,
    precision: float | None = None,
    recall: float | None = None,
    score: float | None = None,
) -> Results:
    """The results with a final set: few segments that do not overlap, each above a threshold chosen from data.

    The threshold is, by what is given, ``score`` itself; the one that gives the wanted precision or recall against
    the truth; the lowest at which the wanted share of held-out segments is of a class that their video holds, and at
    least what splits the scores of the results into a high and a low group; or this split alone.

    Args:
        results: what was found, or a results file.
        held_out: what was found in videos that training did not see, for calibration and threshold.
        truth: a dataset, or its annotations, with segments of videos among the results. They must be none that the
            outcome is later scored on.
        tiou: with ``truth``, what a segment must reach to be right.
        precision: the wanted share of shown segments that are right; 0.8 by default.
        recall: with ``truth``, in place of that the wanted share of true segments that are found.
        score: the threshold, chosen by a person.

    Returns:
        The same results with ``final``; a video where nothing reaches the threshold has no final segment.

    Raises:
        InputError: for a bad file, a share out of range, a recall without truth, or a truth that holds no segment.
    """
    found = results if isinstance(results, Results) else read_results(Path(results))
    _check(precision, recall, truth)
    apart = {name: without_overlaps(segments) for name, segments in found.videos.items()}
    scores, right, videos = _held_out(held_out)
    curve = calibrate(scores, right, videos=videos)
    wanted = thresholds.WANTED if precision is None else precision
    if score is not None:
        least, how = score, f"Segments that score {score:.3g} or more, as was asked for."
    elif truth is not None:
        annotations = truth if isinstance(truth, Annotations) else read_annotations(Path(truth))
        least, how = _from_truth(apart, annotations, tiou, wanted, recall)
    else:
        least, how = _without_truth(apart, scores, right, videos, wanted)
    kept = {name: [s for s in segments if s.score >= least] for name, segments in apart.items()}
    return replace(found, final=FinalSet(kept, Choice(threshold=least, how=how, calibration=curve)))


def _check(precision: float | None, recall: float | None, truth: object) -> None:
    for name, value in (("precision", precision), ("recall", recall)):
        if value is not None and not 0 < value <= 1:
            raise InputError(f"is {shown(value)}", source=arg(name), expected="a share above 0, at most 1")
    if recall is not None and (truth is None or precision is not None):
        problem = "contradicts precision" if precision is not None else "cannot be known without truth"
        raise InputError(problem, source=arg("recall"), expected=f"{arg('truth')} with it, and no {arg('precision')}")


def _held_out(held_out: HeldOut | None) -> tuple[list[float], list[bool], int]:
    """Scores of held-out segments, whether their class is in the video, and how many videos have any."""
    if held_out is None:
        return [], [], 0
    scores: list[float] = []
    right: list[bool] = []
    known = {name: labels for name, labels in held_out.tags.items() if labels}
    for name, labels in known.items():
        for segment in without_overlaps(held_out.found.get(name, ())):
            scores.append(segment.score)
            right.append(segment.label in labels)
    return scores, right, len(known)


def _from_truth(
    found: Videos, truth: Annotations, tiou: float, wanted: float, recall: float | None
) -> tuple[float, str]:
    """A threshold by segments that are known, and where it comes from."""
    known = {name: video.segments for name, video in truth.videos.items() if name in found and video.segments}
    count = sum(map(len, known.values()))
    if not count:
        raise InputError("holds no segment of these videos", source=truth.source or arg("truth"))
    scores = [segment.score for name in known for segment in found[name]]
    right = [good for name in known for good in matched(found[name], known[name], tiou)]
    if recall is not None and scores:
        least, share = thresholds.for_recall(scores, right, recall, count)
        aim, reached = f"{recall:.0%} of the {counted(count, 'true segment')} are found", f"{share:.0%}"
    else:
        chosen = thresholds.for_precision(scores, right, wanted)
        if chosen is None:
            return 0.0, f"All segments: too few were found in {counted(len(known), 'video')} with truth to choose by."
        least, share = chosen
        aim, reached = f"{wanted:.0%} of the shown segments are right", f"{share:.0%}"
    return least, (
        f"Segments that score {least:.3g} or more, so that {aim} at tIoU {tiou:g} in the "
        f"{counted(len(known), 'video')} with truth ({reached} there)."
    )


def _without_truth(
    found: Videos, scores: Sequence[float], right: Sequence[bool], videos: int, wanted: float
) -> tuple[float, str]:
    """A threshold by held-out tags and by how the scores lie, and where it comes from."""
    best = [max(s.score for s in segments) for segments in found.values() if segments]
    every = [s.score for segments in found.values() for s in segments]
    if not every:
        return 0.0, "Nothing was found at all."
    # A video's best segment is no evidence of two groups by itself: the split may not hide half of the videos.
    split = min(thresholds.two_groups(every), float(np.median(best)))
    by_scores = f"{split:.3g} is where all scores part into high and low ones"
    chosen = thresholds.for_precision(scores, right, wanted) if thresholds.enough(len(scores), videos) else None
    if chosen is None:
        return split, (
            f"Segments that score {split:.3g} or more: {by_scores}. Too little was found in videos "
            "that were set aside to choose by it."
        )
    tags, share = chosen
    least = max(tags, split)
    by_tags = f"{share:.0%} of those that score {tags:.3g} or more are of an action that is in their video"
    if share < wanted:
        by_tags += f" (no score reaches the wanted {wanted:.0%})"
    unseen = counted(videos, "video")
    return least, (
        f"Segments that score {least:.3g} or more. In the {unseen} that training did not see, {by_tags}; {by_scores}."
    )
