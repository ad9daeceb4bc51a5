"""What each prediction of a video is beside the truth, after Alwassel et al., "Diagnosing Error in Temporal Action
Detectors", ECCV 2018.

A hit is the surest prediction that overlaps an annotated segment of its class by the tIoU threshold. Others are a
double (of a segment that was hit already), a wrong class (by the threshold, but of a segment of another class), badly
placed (the right class, but less overlap), confused (another class, and less overlap) or background (hardly any).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaktal.evaluation.tiou import tiou
from weaktal.segments import Segment

KINDS = ("hit", "double", "label", "localization", "confusion", "background")
BACKGROUND = 0.1  # tIoU below which a prediction overlaps nothing (Alwassel et al., section 3)


def kinds(
    segments: Sequence[Segment], truth: Sequence[Segment], shown: frozenset[int], *, threshold: float
) -> tuple[list[str], list[int]]:
    """What each prediction is, and which annotated segments were missed.

    Args:
        segments: N predictions of a video.
        truth: M annotated segments of it.
        shown: numbers of the predictions that are shown: they are matched before all others.
        threshold: tIoU from which on a prediction is a hit.

    Returns:
        A kind for each prediction, one of :data:`KINDS`; and the numbers of annotated segments that no shown prediction
        hit.
    """
    if not segments:
        return [], list(range(len(truth)))
    if not truth:
        return ["background"] * len(segments), []
    overlaps = tiou(
        np.array([[s.start, s.end] for s in segments])[:, None], np.array([[t.start, t.end] for t in truth])
    )  # (N, M)
    same = np.array([[s.label == t.label for t in truth] for s in segments])  # (N, M)
    found: list[str] = [""] * len(segments)
    taken: set[int] = set()
    missed = set(range(len(truth)))
    order = sorted(range(len(segments)), key=lambda number: (number not in shown, -segments[number].score, number))
    for number in order:
        of_class = np.where(same[number], overlaps[number], 0.0)
        of_others = np.where(same[number], 0.0, overlaps[number])
        free = [index for index in np.argsort(-of_class, kind="stable") if index not in taken]
        if free and of_class[free[0]] >= threshold:
            taken.add(int(free[0]))
            if number in shown:
                missed.discard(int(free[0]))
            found[number] = "hit"
        elif of_class.max() >= threshold:
            found[number] = "double"
        elif of_others.max() >= threshold:
            found[number] = "label"
        elif of_class.max() >= BACKGROUND:
            found[number] = "localization"
        elif of_others.max() >= BACKGROUND:
            found[number] = "confusion"
        else:
            found[number] = "background"
    return found, sorted(missed)
