"""Meaning, unit, range, default and source of every setting, as data."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from weaktal.config.fields import Settings, Source

_Schema = Mapping[str, Any]

SOURCES: Mapping[Source, str] = {
    "paper": "the method's paper states it",
    "code": "the code that its authors released has it",
    "open": "the paper leaves it open, the value is ours",
    "ours": "this project's own",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A setting, or a group of settings, and all that is known about it.

    Attributes:
        path: its keys from the outside in.
        meaning: in plain English, a sentence or several; may be empty.
        group: whether it holds further settings; what follows is for single settings.
        value: as it stands, as JSON has it.
        default: its value by default; None if it has none.
        unit: what it counts or measures.
        limits: which values it takes.
        source: who says that this is the default.
    """

    path: tuple[str, ...]
    meaning: str
    group: bool = False
    value: Any = None
    default: Any = None
    unit: str | None = None
    limits: str = ""
    source: Source | None = None

    @property
    def key(self) -> str:
        """As ``--set`` takes it."""
        return ".".join(self.path)


def described(settings: Settings) -> Iterator[Entry]:
    """Every setting in order, each group before what it holds."""
    try:
        default = type(settings)()
    except ValidationError:  # some of them have no default
        default = None
    yield from _described(settings, default, (), {}, type(settings).model_json_schema())


def _described(
    settings: Settings, default: Settings | None, path: tuple[str, ...], around: Mapping[str, Any], schema: _Schema
) -> Iterator[Entry]:
    """``around`` is what the field that holds these settings knows, ``schema`` their JSON schema."""
    values = settings.model_dump(mode="json")
    defaults = default.model_dump(mode="json") if default is not None else {}
    named = default.model_fields_set if default is not None else set()
    for name, field in type(settings).model_fields.items():
        inner, here = getattr(settings, name), (*path, name)
        known = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if isinstance(inner, Settings) and values[name]:
            yield Entry(here, field.description or _first_line(type(inner)), group=True)
            held = _as_settings(getattr(default, name, None))
            yield from _described(inner, held, here, known, _schema_of(type(inner), name, schema))
            continue
        source = around.get("but", {}).get(name) or around.get("source") if name in named else None
        yield Entry(
            here,
            field.description or "",
            value=values[name],
            default=defaults.get(name),
            unit=_text(known.get("unit")),
            limits=limits(schema["properties"][name]),
            source=source or _own_source(field),
        )


def _schema_of(kind: type[Settings], name: str, schema: _Schema) -> _Schema:
    """The schema of what the field ``name`` holds: a part of ``schema`` if possible, as making one is slow."""
    definitions = schema.get("$defs", {})
    part = definitions.get(schema["properties"][name].get("$ref", "").removeprefix("#/$defs/"), {})
    if part.get("properties", {}).keys() == kind.model_fields.keys():
        return {**part, "$defs": definitions}
    return kind.model_json_schema()


def _as_settings(value: object) -> Settings | None:
    return value if isinstance(value, Settings) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _own_source(field: FieldInfo) -> Source | None:
    extra = field.json_schema_extra
    return next((name for name in SOURCES if isinstance(extra, dict) and extra.get("source") == name), None)


def _first_line(kind: type[Settings]) -> str:
    return (kind.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ").replace("``", "")


def matching(entries: Iterable[Entry], words: str) -> list[Entry]:
    """The settings whose name or meaning holds every one of ``words``, whatever their case, with their groups."""
    wanted = words.casefold().split()
    entries = list(entries)
    found = [e for e in entries if not e.group and all(w in f"{e.key} {e.meaning}".casefold() for w in wanted)]
    groups = {path for entry in found for path in itertools.accumulate((key,) for key in entry.path[:-1])}
    return [entry for entry in entries if entry in found or (entry.group and entry.path in groups)]


def limits(schema: Mapping[str, Any]) -> str:
    """Which values a field takes, out of its JSON schema.

    >>> limits({"type": "integer", "exclusiveMinimum": 0, "maximum": 12})
    '1 to 12'
    >>> limits({"anyOf": [{"type": "number", "minimum": 0, "exclusiveMaximum": 1}, {"type": "null"}]})
    '>= 0, < 1, or null'
    """
    if "anyOf" in schema:
        parts = [limits(part) for part in schema["anyOf"]]
        return ", or ".join(part for part in parts if part)
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "const" in schema:
        return str(schema["const"])
    match schema.get("type"):
        case "integer" | "number":
            return _bounds(schema)
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case "string" if "examples" in schema:
            return f"such as {', '.join(schema['examples'])}"
        case "string":
            return "text" if schema.get("minLength", 0) < 1 else "text, not empty"
        case "array":
            return _list(schema)
    return ""


def _bounds(schema: Mapping[str, Any]) -> str:
    whole = schema["type"] == "integer"
    low, high = schema.get("minimum"), schema.get("maximum")
    if whole and low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + 1
    if low is not None and high is not None:
        return f"{low} to {high}"
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    if whole and low is not None:
        return f"a whole number >= {low}"
    return ", ".join(f"{sign} {schema[key]}" for key, sign in signs.items() if key in schema) or "a number"


def _list(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        each = list(dict.fromkeys(limits(item) for item in schema["prefixItems"]))
        return f"{len(schema['prefixItems'])} values, each {' or '.join(each)}"
    return f"list, {'not empty, ' if schema.get('minItems') else ''}each {limits(schema.get('items', {}))}"
