"""How a model errs, snippet by snippet: what it misses, where it raises false alarms, how far pseudo-labels are right.

For diagnosis only: it looks at when the actions take place, which training never does. All results are counts that add
up over videos, with the shares as properties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from weaktal.arrays import UNCERTAIN


@dataclass(frozen=True, slots=True)
class SnippetErrors:
    """Snippets on the wrong side of the threshold, counted for each class that their video holds.

    Attributes:
        missed: action snippets that did not exceed the threshold.
        action: action snippets.
        false_alarms: background snippets that exceeded it.
        background: background snippets.
    """

    missed: int = 0
    action: int = 0
    false_alarms: int = 0
    background: int = 0

    def as_json(self) -> dict[str, float | int | None]:
        """The object that ``weaktal diagnose --json`` writes for scores."""
        return {
            "missed": self.missed,
            "action": self.action,
            "miss_rate": self.miss_rate if self.action else None,
            "false_alarms": self.false_alarms,
            "background": self.background,
            "false_alarm_rate": self.false_alarm_rate if self.background else None,
        }

    def __add__(self, other: SnippetErrors) -> SnippetErrors:
        return SnippetErrors(
            self.missed + other.missed,
            self.action + other.action,
            self.false_alarms + other.false_alarms,
            self.background + other.background,
        )

    @property
    def miss_rate(self) -> float:
        """Share of action snippets that were missed: high where localization is incomplete; NaN without any."""
        return _share(self.missed, self.action)

    @property
    def false_alarm_rate(self) -> float:
        """Share of background snippets that raised an alarm: high where it is over-complete; NaN without any."""
        return _share(self.false_alarms, self.background)


def snippet_errors(scores: npt.ArrayLike, truth: npt.ArrayLike, *, relative_threshold: float = 0.5) -> SnippetErrors:
    """Errors of one video's class activation sequence at a share of each class's maximum over the video.

    Only classes that the video holds count. A snippet is called action where its score exceeds the threshold; where all
    scores are 0, none is.

    Args:
        scores: class scores of each snippet, 0 or more, shape (T, C).
        truth: whether the snippet lies in an action of the class, shape (T, C).
        relative_threshold: share of the maximum, in [0, 1).

    Raises:
        ValueError: if the shapes differ, a score is negative or NaN, or the threshold does not lie in [0, 1).
    """
    values, action = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.bool_)
    if values.ndim != 2 or values.shape != action.shape:
        raise ValueError(f"scores and truth must both be (T, C), not {values.shape} and {action.shape}")
    if not 0 <= relative_threshold < 1:
        raise ValueError(f"the threshold must lie in [0, 1), not {relative_threshold}")
    if not (values >= 0).all():
        raise ValueError("scores must be 0 or more: a share of a negative maximum means nothing")
    held = action.any(axis=0)  # (C,)
    values, action = values[:, held], action[:, held]
    called = values > relative_threshold * values.max(axis=0, initial=0.0)  # (T, held)
    return SnippetErrors(
        missed=int((action & ~called).sum()),
        action=int(action.sum()),
        false_alarms=int((~action & called).sum()),
        background=int((~action).sum()),
    )


@dataclass(frozen=True, slots=True)
class PseudoLabelQuality:
    """How hard pseudo-labels compare with the truth, in entries (snippet, class).

    Attributes:
        foreground: entries labelled 1.
        foreground_right: those of them that are action.
        background: entries labelled 0.
        background_right: those of them that are background.
        action: entries that are action, whatever their label.
        idle: entries that are background, whatever their label.
    """

    foreground: int = 0
    foreground_right: int = 0
    background: int = 0
    background_right: int = 0
    action: int = 0
    idle: int = 0

    def __add__(self, other: PseudoLabelQuality) -> PseudoLabelQuality:
        return PseudoLabelQuality(
            self.foreground + other.foreground,
            self.foreground_right + other.foreground_right,
            self.background + other.background,
            self.background_right + other.background_right,
            self.action + other.action,
            self.idle + other.idle,
        )

    @property
    def foreground_precision(self) -> float:
        """Share of foreground labels that are right; NaN without any."""
        return _share(self.foreground_right, self.foreground)

    @property
    def foreground_recall(self) -> float:
        """Share of the action that is labelled foreground; NaN without any."""
        return _share(self.foreground_right, self.action)

    @property
    def background_precision(self) -> float:
        """Share of background labels that are right; NaN without any."""
        return _share(self.background_right, self.background)

    @property
    def background_recall(self) -> float:
        """Share of the background that is labelled so; NaN without any."""
        return _share(self.background_right, self.idle)


def pseudo_label_quality(labels: npt.ArrayLike, truth: npt.ArrayLike) -> PseudoLabelQuality:
    """Compares the pseudo-labels of one video with its truth.

    Args:
        labels: 1 foreground, 0 background, -1 uncertain, shape (T, C).
        truth: whether the snippet lies in an action of the class, shape (T, C).

    Raises:
        ValueError: if the shapes differ or a label is none of the three.
    """
    given, action = np.asarray(labels), np.asarray(truth, dtype=np.bool_)
    if given.shape != action.shape:
        raise ValueError(f"labels and truth must have one shape, not {given.shape} and {action.shape}")
    if not np.isin(given, (0, 1, UNCERTAIN)).all():
        raise ValueError("labels must be 1, 0 or -1")
    return PseudoLabelQuality(
        foreground=int((given == 1).sum()),
        foreground_right=int(((given == 1) & action).sum()),
        background=int((given == 0).sum()),
        background_right=int(((given == 0) & ~action).sum()),
        action=int(action.sum()),
        idle=int((~action).sum()),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
