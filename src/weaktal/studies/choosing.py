"""Which variants are compared: tables cut down to those that a user wants, and variants of the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from weaktal.errors import InputError, arg, nearest, shown
from weaktal.studies.tables import CHOICE, WHOLE, Line, Reading, Table

# Where the next setting of a variant begins: a value may hold spaces, such as {low: 0.2, high: 0.6}.
_NEXT_SETTING = re.compile(r"\s+(?=[\w.-]+\s*=)")


def own_table(wanted: Sequence[str], option: str = arg("variant")) -> Table | None:
    """Variants of one's own, each ``"NAME: KEY=VALUE KEY=VALUE ..."``, held against the whole method.

    They are read as that is, unless they say something about ``selection``.

    Args:
        wanted: the variants.
        option: that they were given by.

    Raises:
        InputError: if one is not written like that.
    """
    lines = []
    for text in wanted:
        name, colon, settings = text.partition(":")
        name, settings = name.strip(), settings.strip()
        if not colon or not settings or not name.replace("-", "").replace("_", "").isalnum():
            raise InputError(
                "is not a variant",
                source=f"{option} {shown(text)}",
                expected='"NAME: KEY=VALUE [KEY=VALUE ...]"',
            )
        overrides = tuple(_NEXT_SETTING.split(settings))
        # Both selection.rule=best and selection={rule: best} say something about it.
        chooses = any(re.split(r"[.=]", override)[0].strip() == "selection" for override in overrides)
        branch = CHOICE if chooses else WHOLE.branch
        lines.append(Line(Reading(name, name, overrides, branch=branch), WHOLE.name))
    return Table("own", "Variants of one's own", (Line(WHOLE), *lines)) if lines else None


def named_after(error: InputError, variant: str) -> InputError:
    """What is said of a variant's settings, which the error calls a user's own.

    Args:
        error: of loading them.
        variant: what they belong to, in words.
    """
    place = str(error.source or "").removeprefix(f"{arg('settings')} ")
    return InputError(error.problem, source=variant, place=place, expected=error.expected)


def chosen_tables(
    tables: Sequence[Table],
    keys: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
    without: Sequence[str] = (),
) -> tuple[Table, ...]:
    """Tables cut down to some readings and those that they are held against.

    Args:
        tables: to choose from.
        keys: of the tables wanted; all by default.
        variants: names of the readings wanted; all by default.
        without: names of readings not wanted. What is held against one of them goes too; in a chained table it is
            held against the nearest line before it that is left.

    Returns:
        The tables that have a line left, if any.

    Raises:
        InputError: for an unknown table or variant, naming the nearest.
    """
    by_key = {table.key: table for table in tables}
    picked = tables if keys is None else [by_key[_known(key, by_key, arg("tables"))] for key in keys]
    lines = {line.reading.name: line for table in picked for line in table.lines}
    dropped = {_known(name, lines, arg("without")) for name in without}
    wanted = {_known(name, lines, arg("variants")) for name in variants or lines} - dropped
    cut = []
    for whole in picked:
        table = _relinked(whole, dropped) if whole.chained else whole
        kept = [ln for ln in table.lines if ln.reading.name in wanted and ln.versus not in dropped]
        against = {line.versus for line in kept}
        if kept:
            lines_left = tuple(ln for ln in table.lines if ln in kept or ln.reading.name in against)
            cut.append(replace(table, lines=lines_left))
    return tuple(cut)


def _relinked(table: Table, dropped: Set[str]) -> Table:
    """The lines that are not dropped, each held against the one before it."""
    left = [line for line in table.lines if line.reading.name not in dropped]
    before = [None, *(line.reading.name for line in left)]
    return replace(table, lines=tuple(replace(line, versus=name) for line, name in zip(left, before, strict=False)))


def _known(name: str, names: Iterable[str], source: str) -> str:
    known = list(names)
    if name in known:
        return name
    near = nearest(name, known)
    expected = f"one of {', '.join(known)}; nearest is {near}" if near else "none: no table is chosen"
    raise InputError(f"no {shown(name)}", source=source, expected=expected)
