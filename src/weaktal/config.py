"""Typed settings: a YAML file over defaults, single values over the file; unknown keys fail and name the nearest.

Every settings class derives from :class:`Settings`; a method's settings nest those of its model, losses and schedule.
``--set model.levels=3`` reads the value as YAML does, so numbers, booleans, lists and null need no quoting.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from weaktal.errors import InputError, arg, shown
from weaktal.files import from_validation, read_bytes


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("an odd number, so that the middle has a snippet")
    return value


# Sizes that a network can have: a slip of the finger fails here, not in the allocator.
Size = Annotated[int, Field(gt=0, le=1 << 16)]
Few = Annotated[int, Field(gt=0, le=100)]  # of what is stacked or multiplied, such as layers
Count = Annotated[int, Field(gt=0, le=10**9)]  # of what costs nothing by itself, such as updates
OddSize = Annotated[int, Field(gt=0, le=999), AfterValidator(_odd)]


class Settings(BaseModel):
    """Base of all settings: immutable, strict about unknown keys, finite numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


Config = TypeVar("Config", bound=Settings)


def load_settings(
    kind: type[Config], file: Path | None = None, overrides: Iterable[str] = (), *, base: Config | None = None
) -> Config:
    """Settings: the defaults of ``kind`` or ``base``, then ``file``, then ``overrides`` such as ``"a.b=3"``.

    Raises:
        InputError: for a file that cannot be read, an unknown key (with the nearest known one) or a bad value.
    """
    values = (base or kind()).model_dump()
    if file is not None:
        given = _read_yaml(file)
        _check_keys(kind, given, source=file)
        _merge(values, given)
        _validated(kind, values, source=file)
    for override in overrides:
        source = f"{arg('settings')} {override}"
        given = _parse_override(override)
        _check_keys(kind, given, source)
        _merge(values, given)
        _validated(kind, values, source)
    return _validated(kind, values, source=file)


def parse_settings(kind: type[Config], values: Mapping[str, Any], source: Path | str) -> Config:
    """Settings that a program stored earlier, validated again."""
    return _validated(kind, dict(values), source=source)


def as_yaml(settings: Settings) -> str:
    """All settings, defaults included, as YAML that :func:`load_settings` reads back."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)


# YAML that is no YAML, an impossible date, an integer of thousands of digits, nesting without end.
_UNREADABLE = (yaml.YAMLError, ValueError, OverflowError, RecursionError)


class _Loader(yaml.SafeLoader):
    """Plain data only, and no key twice: the first of two values would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"key {shown(key.value)} appears twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_yaml(file: Path) -> dict[str, Any]:
    content = read_bytes(file, "a YAML file of settings")
    try:
        values = yaml.load(content, Loader=_Loader)  # noqa: S506  # derives from SafeLoader
    except _UNREADABLE as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else None
        problem = getattr(error, "problem", None) or str(error).partition(";")[0]
        raise InputError(f"not valid YAML ({problem})", source=file, place=place) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f"holds {shown(values)}", source=file, expected="a mapping of settings")
    return values


def _parse_override(override: str) -> dict[str, Any]:
    """``"model.levels=3"`` as ``{"model": {"levels": 3}}``."""
    source = f"{arg('settings')} {override}"
    key, equals, text = override.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise InputError("is not a setting", source=source, expected="KEY=VALUE or KEY.SUB=VALUE")
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506  # derives from SafeLoader
    except _UNREADABLE:
        raise InputError(f"value {shown(text)} cannot be read", source=source, expected="a YAML value") from None
    for part in reversed(path):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def _merge(values: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Lays ``given`` over ``values``, mapping by mapping, so that a nested default stays where nothing was given."""
    for key, value in given.items():
        inner = values.get(key)
        if isinstance(value, Mapping) and isinstance(inner, dict):
            _merge(inner, value)
        else:
            values[key] = value


def _validated(kind: type[Config], values: dict[str, Any], source: Path | str | None) -> Config:
    _check_keys(kind, values, source)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise from_validation(error, source) from None


def _check_keys(kind: type[BaseModel], values: Mapping[str, Any], source: Path | str | None, place: str = "") -> None:
    """Unknown keys, found before the values are validated so that the message can name the nearest known key."""
    fields = kind.model_fields
    for key, value in values.items():
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=1, cutoff=0.0)
            expected = f"one of {', '.join(fields)}; nearest is {place}{near[0]}" if near else "no settings here"
            raise InputError(f"unknown setting {place}{key}", source=source, expected=expected)
        annotation = fields[key].annotation
        for inner in (annotation, *get_args(annotation)):  # ``Model`` and ``Model | None``
            if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, BaseModel):
                _check_keys(inner, value, source, place=f"{place}{key}.")
