"""Typed settings: a YAML file over defaults, single values over the file; unknown keys fail and name the nearest.

Every settings class derives from :class:`Settings`; a method's settings nest those of its model, losses and schedule.
``--set model.levels=3`` reads the value as YAML does, so numbers, booleans, lists and null need no quoting.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from weaktal.errors import InputError, shown
from weaktal.files import from_validation, read_bytes


class Settings(BaseModel):
    """Base of all settings: immutable, strict about unknown keys, finite numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


Config = TypeVar("Config", bound=Settings)


def load_settings(kind: type[Config], file: Path | None = None, overrides: Iterable[str] = ()) -> Config:
    """The settings of ``kind``: defaults, then ``file``, then ``overrides`` such as ``"train.seed=3"``.

    Raises:
        InputError: for a file that cannot be read, an unknown key (with the nearest known one) or a bad value.
    """
    values: dict[str, Any] = {}
    if file is not None:
        values = _read_yaml(file)
        values = _validated(kind, values, source=file).model_dump(exclude_unset=True)
    for override in overrides:
        path, value = _parse_override(override)
        _check_keys(kind, _nested(path, value), source=f"--set {override}")
        _merge(values, path, value)
        _validated(kind, values, source=f"--set {override}")
    return _validated(kind, values, source=file)


def parse_settings(kind: type[Config], values: Mapping[str, Any], source: Path | str) -> Config:
    """Settings that a program stored earlier, validated again."""
    return _validated(kind, dict(values), source=source)


def as_yaml(settings: Settings) -> str:
    """All settings, defaults included, as YAML that :func:`load_settings` reads back."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)


def _read_yaml(file: Path) -> dict[str, Any]:
    content = read_bytes(file, "a YAML file of settings")
    try:
        values = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else None
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(f"not valid YAML ({problem})", source=file, place=place) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f"holds {shown(values)}", source=file, expected="a mapping of settings")
    return values


def _parse_override(override: str) -> tuple[list[str], Any]:
    key, equals, text = override.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise InputError("is not a setting", source=f"--set {override}", expected="KEY=VALUE or KEY.SUB=VALUE")
    try:
        return path, _number(yaml.safe_load(text))
    except yaml.YAMLError:
        raise InputError(
            f"value {shown(text)} cannot be read", source=f"--set {override}", expected="a YAML value"
        ) from None


def _number(value: Any) -> Any:
    """YAML 1.1 reads 1e-4 as text; people mean a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _nested(path: list[str], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def _merge(values: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        inner = values.get(key)
        if not isinstance(inner, dict):
            inner = values[key] = {}
        values = inner
    values[path[-1]] = value


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
        inner = fields[key].annotation
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, BaseModel):
            _check_keys(inner, value, source, place=f"{place}{key}.")
