"""Settings that are tried for every row of the controls, and which rows each can change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from weaktal.config import load_settings
from weaktal.errors import InputError, arg
from weaktal.methods.collab.phases import WARM_UP, acting, seen_by_statistics, step_names
from weaktal.methods.collab.settings import CollabConfig
from weaktal.studies.choosing import named_after, own_table
from weaktal.studies.tables import CHOICE, END, Reading

UNCHANGED = "unchanged"
# What decides nothing, by CBP's network: the settings of the others, and in MMSD's warm-up, which has its own, these.
OTHERS = {
    "pyramid": ("convolution.", "mmsd."),
    "convolution": ("pyramid.", "mmsd."),
    "mmsd": ("pyramid.", "convolution."),
    "auto": ("mmsd.",),
}
VANILLA = ("vlp.", "pooling.", "engine.")  # what decides the scores of a branch that has learned nothing
NOT_IN_MMSD = ("optimizer.", "pooling.", "schedule.warm_up", "schedule.updates_per_epoch", "schedule.end_below")


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate over the base.

    Attributes:
        name: of the candidate and its folder.
        overrides: its settings, as ``--set`` takes them.
        base: all settings with them.
        readings: names of the rows whose result it can change.
    """

    name: str
    overrides: tuple[str, ...]
    base: CollabConfig
    readings: tuple[str, ...]


def usual_candidates(base: CollabConfig) -> tuple[str, ...]:
    """One change each, as ``"NAME: KEY=VALUE ..."``.

    Rate, pooling, the end of the warm-up and dropout reach all rows but ``mmsd``, labels and rounds those in which a
    branch is taught. ``mmsd`` trains by settings of its own, and gets as many candidates as the rows on tags.
    """
    rate, divisor, end = base.optimizer.lr, base.pooling.divisor, base.schedule.end_below
    own, ratio = base.mmsd.optimizer.lr, base.mmsd.losses.ratio

    def labels(scale: str, low: float, high: float, *ways: str) -> str:
        lows = " ".join(f"labels.{way}.low={low} labels.{way}.scale={scale}" for way in ways)
        return f"{lows} labels.foreground.high={high}"

    return (
        f"rate-low: optimizer.lr={0.3 * rate:.3g}",
        f"rate-high: optimizer.lr={3 * rate:.3g}",
        f"k-large: pooling.divisor={max(1, divisor // 2)}",
        f"k-small: pooling.divisor={2 * divisor}",
        f"end-early: schedule.end_below={min(0.99, 2 * end):g}",
        f"end-late: schedule.end_below={end / 2:g}",
        "end-never: schedule.end_below=0",
        "dropout: convolution.dropout=0.8 pyramid.dropout=0.3",
        "pool-logits: pooling.of=logits",
        f"labels-rank: {labels('quantile', 0.5, 0.875, 'background', 'foreground')}",
        f"labels-fewer: {labels('share', 0.4, 0.85, 'background', 'foreground')}",
        f"labels-action: {labels('share', 0.5, 0.5, 'foreground')}",
        "rounds-1: schedule.rounds=1",
        f"mmsd-rate-low: mmsd.optimizer.lr={0.3 * own:.3g}",
        f"mmsd-rate-high: mmsd.optimizer.lr={3 * own:.3g}",
        f"mmsd-k-large: mmsd.losses.ratio={ratio / 2:g}",
        f"mmsd-k-small: mmsd.losses.ratio={2 * ratio:g}",
        f"mmsd-half: mmsd.schedule.epochs={max(1, base.mmsd.schedule.epochs // 2)}",
        "mmsd-dropout: mmsd.model.dropout=0.8",
        "mmsd-no-votes: mmsd.losses.voting=0",
        "mmsd-few-votes: mmsd.voting.threshold=0.55",
        "mmsd-attention: mmsd.losses.attention=0.5",
    )


def trials_of(candidates: Sequence[str], base: CollabConfig, readings: Sequence[Reading]) -> list[Trial]:
    """The unchanged settings, then the candidates.

    Args:
        candidates: of a user; without any, those of the usual ones that these settings allow and that change a row.
        base: settings that all candidates go over.
        readings: the rows.

    Raises:
        InputError: if a user's candidate is not written as one, has a name that is taken, is no setting, changes no
            row, or makes one row of another.
    """
    table = own_table(candidates or usual_candidates(base), arg("candidate"))
    made = [Trial(UNCHANGED, (), base, tuple(reading.name for reading in readings))]
    for candidate in [line.reading for line in table.lines[1:]] if table else []:
        source = f"{arg('candidate')} {candidate.name}"
        if any(candidate.name.casefold() == other.name.casefold() for other in made):
            raise InputError("has a name that is taken", source=source, expected="another name")
        try:
            trial = _trial(candidate, base, readings)
        except InputError as error:
            if not candidates:
                continue
            raise named_after(error, source) from None
        if trial.readings:
            made.append(trial)
        elif candidates:
            raise InputError("changes no row", source=source, expected="settings that a row depends on")
    return made


def _trial(candidate: Reading, base: CollabConfig, readings: Sequence[Reading]) -> Trial:
    config = load_settings(CollabConfig, overrides=candidate.overrides, base=base)
    before = {each.name: decided(each, base) for each in readings}
    after = {each.name: decided(each, config) for each in readings}
    for one, other in combinations(before, 2):
        if before[one] != before[other] and after[one] == after[other]:
            raise InputError(f"makes row {other!r} the same as {one!r}", expected="settings that leave rows apart")
    changed = tuple(name for name in before if before[name] != after[name])
    return Trial(candidate.name, candidate.overrides, config, changed)


def decided(reading: Reading, base: CollabConfig) -> tuple[object, ...]:
    """All that a row's numbers depend on besides data and seed.

    Its steps as far as it is read, with the settings that act in them, and how it is read: decoding, the branch, and
    what mixes or chooses branches.
    """
    config = load_settings(CollabConfig, overrides=reading.overrides, base=base)
    names = step_names(config)
    last = names[-1] if reading.after == END else reading.after
    of = VANILLA if reading.branch == "vanilla" and last == WARM_UP else ("",)
    steps = tuple((step, _acting(config, step, of)) for step in names[: names.index(last) + 1])
    read: list[object] = [last, reading.branch, config.decode]
    if reading.branch in ("both", "late", CHOICE):
        read += [config.cbp_share, config.both_videos]
    if reading.branch == CHOICE:
        read += [config.selection, seen_by_statistics(config)]
    if last != WARM_UP and config.schedule.kind == "online":
        read.append(config.schedule.online.localizes)
    return (steps, *read)


def _acting(config: CollabConfig, step: str, of: tuple[str, ...]) -> tuple[tuple[str, object], ...]:
    """The settings that decide a step, of those that begin in one of these ways."""
    idle = OTHERS[config.cbp] + (NOT_IN_MMSD if config.cbp == "mmsd" and step == WARM_UP else ())
    acts = acting(config, step).items()
    return tuple((key, value) for key, value in acts if key.startswith(of) and not key.startswith(idle))
