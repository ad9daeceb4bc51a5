"""Which trainings the readings take: equal ones once, and those that begin alike one after the other.

Training goes in steps, and each step is a pure function of the weights before it, the seed, its place and the settings
that act in it. So two trainings whose first steps have equal settings are equal until there, to the bit, and the
later one goes on from the earlier one's stored weights.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from weaktal.config import load_settings
from weaktal.errors import InputError, arg
from weaktal.methods.collab.settings import CollabConfig
from weaktal.studies.tables import END, WARM_UP, WHOLE, Reading, Table

# Settings that act in these kinds of steps only; all others act in every step, unknown ones included. Online training
# is one stretch as far as this goes: its optimizer goes on from step to step, so nothing can begin in between.
NOWHERE: frozenset[str] = frozenset()
IN_B, IN_F, IN_BOTH = ({*kinds, "online"} for kinds in (["background"], ["foreground"], ["background", "foreground"]))
ACTS_IN: Mapping[str, Set[str]] = {
    "decode": NOWHERE,
    "selection": NOWHERE,
    "cbp_share": NOWHERE,  # but in what is noted of the branch "both", see seen_by_statistics
    "engine.checkpoint_every": NOWHERE,
    "engine.log_every": NOWHERE,
    "engine.workers": NOWHERE,
    "engine.tensorboard": NOWHERE,
    "schedule.online": {"online"},
    "schedule.online.localizes": NOWHERE,
    "schedule.rounds": {"online"},
    "schedule.steps": NOWHERE,  # which steps there are is compared by their names
    "schedule.background": IN_B,
    "schedule.foreground": IN_F,
    "schedule.restart": IN_F,
    "labels.background": IN_B,
    "labels.foreground": IN_F,
    "labels.untagged": IN_BOTH,
    "losses.distillation": IN_BOTH,
    "losses.contrast": IN_BOTH,
    "losses.contrast_temperature": IN_BOTH,
    "losses.classification": IN_F,
}


def seen_by_statistics(config: CollabConfig) -> tuple[object, ...]:
    """What acts in no step and yet in the statistics that a run notes after each, which ``selection`` may go by."""
    return config.cbp_share, config.schedule.online.localizes


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted keys."""
    if not isinstance(value, Mapping):
        return {prefix: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found.update(flat(inner, f"{prefix}.{key}" if prefix else str(key)))
    return found


def step_names(config: CollabConfig) -> tuple[str, ...]:
    """The steps of a training, in order: the phases of :meth:`Collaboration.phases`, MMSD's warm-up as one."""
    schedule = config.schedule
    if schedule.kind == "online":
        epochs = schedule.rounds * max(schedule.background, schedule.foreground)
        return (WARM_UP, *(f"online-{n}" for n in range(1, math.ceil(epochs / schedule.online.refresh) + 1)))
    rounds = range(1, schedule.rounds + 1)
    return (WARM_UP, *(f"{step}-{n}" for n in rounds for step in schedule.steps))


def fingerprints(config: CollabConfig) -> tuple[str, ...]:
    """For each step what decides it, besides the steps before it, the data and the seed."""
    settings = flat(config.model_dump(mode="json"))
    return tuple(
        json.dumps([name, {key: value for key, value in settings.items() if _acts(key, name.rpartition("-")[0])}])
        for name in step_names(config)
    )


def _acts(key: str, kind: str) -> bool:
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        kinds = ACTS_IN.get(".".join(parts[:length]))
        if kinds is not None:
            return kind in kinds
    return True


@dataclass(slots=True)
class Training:
    """A training that is to be run for each seed.

    Attributes:
        name: of its folder.
        config: all settings.
        source: the training that it goes on from, and the last step that they share; None to start from scratch.
        readings: what is read from it, with the settings of each reading.
    """

    name: str
    config: CollabConfig
    source: tuple[str, str] | None = None
    readings: list[tuple[Reading, CollabConfig]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """Tables to fill, and the trainings that fill them, each after its source."""

    tables: tuple[Table, ...]
    trainings: tuple[Training, ...]
    base: CollabConfig

    @property
    def readings(self) -> dict[str, Reading]:
        """All readings by name."""
        return {line.reading.name: line.reading for table in self.tables for line in table.lines}


def make_plan(tables: Sequence[Table], base: CollabConfig, *, catalog: Sequence[Table] = ()) -> Plan:
    """Settings of all readings, checked, and the trainings that they take.

    Args:
        tables: to fill.
        base: settings that the overrides go over.
        catalog: all tables there are; they name the trainings, so that a name means the same whatever is filled.

    Raises:
        InputError: if a reading's settings are none, or one name stands for two different readings, or a reading looks
            at a step that its training does not have.
    """
    readings: dict[str, tuple[Reading, CollabConfig]] = {}
    # Trainings are called after readings of the catalog too, so a name taken there would give two of them one folder.
    called = {line.reading.name: line.reading for table in reversed(catalog) for line in reversed(table.lines)}
    for reading in (line.reading for table in tables for line in table.lines):
        if called.setdefault(reading.name, reading) != reading:
            raise InputError("stands for two variants", source=reading.name, expected="another name for one of them")
        try:
            config = load_settings(CollabConfig, overrides=reading.overrides, base=base)
        except InputError as error:
            place = str(error.source).removeprefix(f"{arg('settings')} ")
            source = f"variant {reading.name}"
            raise InputError(error.problem, source=source, place=place, expected=error.expected) from None
        if reading.after != END and reading.after not in step_names(config):
            raise InputError(
                f"there is no step {reading.after} to look at with these settings",
                source=f"variant {reading.name}",
                expected=f"one of {', '.join(step_names(config))}; {arg('variants')} leaves variants out",
            )
        readings[reading.name] = (reading, config)
    names = _names((line.reading for table in (*catalog, *tables) for line in table.lines), base)
    return Plan(tuple(tables), _trainings(list(readings.values()), names, base), base)


def _names(readings: Iterable[Reading], base: CollabConfig) -> dict[tuple[str, ...], str]:
    """What each training is called: the first reading that needs it gives the name."""
    names = {fingerprints(base): WHOLE.name}
    for reading in readings:
        with contextlib.suppress(InputError):  # a variant that is left out may be impossible with these settings
            config = load_settings(CollabConfig, overrides=reading.overrides, base=base)
            names.setdefault(fingerprints(config), reading.name)
    return names


def _trainings(
    readings: Sequence[tuple[Reading, CollabConfig]], names: Mapping[tuple[str, ...], str], base: CollabConfig
) -> tuple[Training, ...]:
    planned: dict[tuple[str, ...], Training] = {}
    for reading, config in readings:
        steps = fingerprints(config)
        if steps not in planned:
            planned[steps] = Training(names[steps], _trained_with(config, base), _source(steps, config, planned))
        at_end = replace(reading, after=step_names(config)[-1])
        planned[steps].readings.append((at_end if reading.after == END else reading, config))
    return tuple(planned.values())


def _trained_with(config: CollabConfig, base: CollabConfig) -> CollabConfig:
    """The settings of the training behind a reading: what acts on the reading alone is as everywhere.

    So a run folder, statistics included, is the same whichever of its readings came first.
    """
    online = config.schedule.online.model_copy(update={"localizes": base.schedule.online.localizes})
    schedule = config.schedule.model_copy(update={"online": online})
    like_base = {name: getattr(base, name) for name in ("decode", "selection", "cbp_share")}
    return config.model_copy(update={**like_base, "schedule": schedule})


def _source(
    steps: tuple[str, ...], config: CollabConfig, planned: Mapping[tuple[str, ...], Training]
) -> tuple[str, str] | None:
    best, shared = None, 0
    for other, training in planned.items():
        common = _common(steps, other)
        if common > shared:
            best, shared = training, common
    return (best.name, step_names(config)[shared - 1]) if best else None


def _common(first: Iterable[str], second: Iterable[str]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count
