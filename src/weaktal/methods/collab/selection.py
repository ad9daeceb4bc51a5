"""Which phase's weights and which branch localize where the user names no branch.

A step of ``collab`` may leave a branch worse than it was: a teacher's wrong labels are learned as well as right ones.
The rules here go by :mod:`weaktal.methods.collab.statistics`, which no segment has a say in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from weaktal.config import Settings, setting
from weaktal.methods.collab.branches import BranchName

# Statistics of a branch that can be selected by, and whether the highest or the lowest value is taken.
Statistic = Literal["tag_bce", "tag_map", "tagged_score", "untagged_score", "margin", "contrast", "entropy"]
LOWEST: frozenset[Statistic] = frozenset({"tag_bce", "untagged_score", "entropy"})
SHARPER = 4 / 3  # contrast of a pyramid that is kept, in those of vanilla VLP (docs/evidence/methods.md)


class SelectionConfig(Settings):
    """Which phase's weights and which branch localize where the user names no branch; no segment has a say in it."""

    rule: Literal["last", "agreement", "best"] = setting(
        "agreement",
        "agreement: CBP as its warm-up left it if the two branches do not agree before either has taught the other. "
        "Else both branches with the last weights if B steps have made VLP find less, which is what they are for, and "
        "CBP alone with the weights before the first step that trains VLP if not. last: the last weights and the "
        "branch cbp, as in the paper. best: the phase and branch with the best statistic.",
        "ours",
    )
    least_agreement: Annotated[float, Field(ge=-1, le=1)] = setting(
        0.1,
        "What the rule agreement asks for: mean correlation over time, on the classes that the tags name, of CBP after "
        "its warm-up with the vanilla branch. Features that know nothing of the videos reach 0.02, real ones mostly "
        "0.3 and more (docs/evidence/methods.md).",
        "ours",
    )
    statistic: Statistic = setting("margin", "The statistic by which the rule best chooses.", "ours")
    branches: Annotated[tuple[BranchName, ...], Field(min_length=1)] = setting(
        ("cbp", "vlp", "both", "vanilla"), "The branches among which the rule best chooses.", "ours"
    )


def branches_agree(warm_up: Mapping[str, Any], config: SelectionConfig) -> bool:
    """Whether CBP and the vanilla branch see the same before either has taught the other.

    Args:
        warm_up: what :func:`statistics` made of the last phase of the warm-up.
        config: how far they have to agree.
    """
    try:
        correlation = warm_up["agreement"]["cbp-vanilla"]["correlation"]
    except (KeyError, TypeError):
        return False
    return isinstance(correlation, int | float) and correlation >= config.least_agreement


def sharp(warm_up: Mapping[str, Any]) -> bool:
    """Whether CBP, on tags alone, sets off action far more clearly than the vanilla branch: by a third at least.

    The paper builds upon a CBP that is sure of the little that it finds.

    Args:
        warm_up: as for :func:`branches_agree`. A CBP without a contrast, which calls all active or nothing, is not
            sharp; where it has one and the vanilla branch has none, it is.
    """
    own, vanilla = (_stored(warm_up, branch, "contrast") for branch in ("cbp", "vanilla"))
    return own is not None and (vanilla is None or own >= SHARPER * vanilla)


def cured(before: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    """Whether VLP finds less than before it was taught, which is what a B step is for.

    It teaches VLP background alone. A VLP that calls more action afterwards has learned something else.

    Args:
        before: what :func:`statistics` made of a phase of the warm-up, when nothing had taught VLP yet.
        last: what it made of the last phase; false where either says nothing of VLP.
    """
    untaught, taught = (_stored(phase, "vlp", "activity") for phase in (before, last))
    return untaught is not None and taught is not None and taught < untaught


def best(phases: Sequence[Mapping[str, Any]], config: SelectionConfig) -> tuple[int, str]:
    """The phase, counted from 0, and the branch with the best statistic; the earliest of equals.

    Args:
        phases: what :func:`statistics` made of each phase, in order.
        config: which statistic of which branches.

    Raises:
        ValueError: if no phase has such a statistic.
    """
    sign = -1.0 if config.statistic in LOWEST else 1.0
    found = [
        (sign * value, -index, branch)
        for index, phase in enumerate(phases)
        for branch in config.branches
        if (value := _stored(phase, branch, config.statistic)) is not None
    ]
    if not found:
        raise ValueError(f"no phase has the statistic {config.statistic}")
    _, index, branch = max(found, key=lambda entry: entry[:2])
    return -index, branch


def _stored(phase: Mapping[str, Any], branch: str, name: str) -> float | None:
    try:
        value = phase["branches"][branch][name]
    except (KeyError, TypeError):
        return None
    return float(value) if isinstance(value, int | float) else None
