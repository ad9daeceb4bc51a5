"""What each prediction of a video is beside the truth, after Alwassel et al., "Diagnosing Error in Temporal Action
Detectors", ECCV 2018.

A hit is the surest prediction that overlaps an annotated segment of its class by the tIoU threshold. What another is
depends on the annotated segment that it overlaps most, as in :mod:`weaktal.evaluation.detections`: if that is of its
class, a double (by the threshold) or badly placed (by less); if it is of another class, a wrong class or confused; if
it overlaps hardly any, background. Predictions that a page shows at first are matched before the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaktal.evaluation.detections import LEAST
from weaktal.evaluation.tiou import tiou
from weaktal.segments import Segment

KINDS = ("hit", "double", "label", "localization", "confusion", "background")


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
        free = [index for index in np.argsort(-of_class, kind="stable") if index not in taken]
        if free and of_class[free[0]] >= threshold:
            taken.add(int(free[0]))
            if number in shown:
                missed.discard(int(free[0]))
            found[number] = "hit"
            continue
        nearest = int(overlaps[number].argmax())
        most, right = float(overlaps[number, nearest]), bool(same[number, nearest])
        if most < LEAST:
            found[number] = "background"
        elif most < threshold:
            found[number] = "localization" if right else "confusion"
        else:
            found[number] = "double" if right else "label"
    return found, sorted(missed)
