"""Which trainings the readings take: equal ones once, and those that begin alike one after the other.

Training goes in steps, and each step is a pure function of the weights before it, the seed, its place and the settings
that act in it. So two trainings whose first steps have equal settings are equal until there, to the bit, and the
later one continues from the earlier one's stored weights.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from weaktal.config import load_settings
from weaktal.errors import InputError, arg
from weaktal.methods.collab.phases import acting, step_names, trained_with
from weaktal.methods.collab.settings import CollabConfig
from weaktal.studies.choosing import named_after
from weaktal.studies.tables import END, WHOLE, Reading, Table


def fingerprints(config: CollabConfig) -> tuple[str, ...]:
    """For each step what decides it, besides the steps before it, the data and the seed."""
    return tuple(json.dumps([step, acting(config, step)]) for step in step_names(config))


@dataclass(slots=True)
class Training:
    """A training that is to be run for each seed.

    Attributes:
        name: of its folder.
        config: all settings.
        source: the training that it continues from, and the last step that they share; None to start from scratch.
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
            raise named_after(error, f"variant {reading.name}") from None
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
            planned[steps] = Training(names[steps], trained_with(config, base), _source(steps, config, planned))
        at_end = replace(reading, after=step_names(config)[-1])
        planned[steps].readings.append((at_end if reading.after == END else reading, config))
    return tuple(planned.values())


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
