"""Settings out of a YAML file, mappings and single values over defaults; unknown keys fail and name the nearest.

``--set model.levels=3`` reads the value as YAML does, so numbers, booleans, lists and null need no quoting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from weaktal.config.fields import Settings
from weaktal.errors import InputError, arg, nearest, shown
from weaktal.files import from_validation, read_bytes

Config = TypeVar("Config", bound=Settings)


def load_settings(
    kind: type[Config],
    file: Path | None = None,
    overrides: Iterable[str] = (),
    *,
    base: Config | None = None,
    values: Mapping[str, Any] | Settings | None = None,
) -> Config:
    """Settings: the defaults of ``kind`` or ``base``, then ``file``, then ``values``, then ``overrides``.

    Args:
        kind: class of the settings.
        file: YAML file.
        overrides: single settings as the shell gives them, such as ``"a.b=3"``.
        base: what to start from in place of the defaults.
        values: nested mappings, such as ``{"a": {"b": 3}}``; or settings of this kind, which are complete and so allow
            neither ``base`` nor ``file`` beside them.

    Raises:
        InputError: for a file that cannot be read, an unknown key (with the nearest known one) or a bad value.
    """
    if isinstance(values, Settings):
        return load_settings(kind, None, overrides, base=_complete(kind, values, alone=not (base or file)))
    settings = base or kind()
    if file is not None:
        settings = _over(settings, _read_yaml(file), file)
    if values:
        settings = _over(settings, values, arg("settings"))
    return _overridden(settings, [(f"{arg('settings')} {text}", _parse_override(text)) for text in overrides])


def _complete(kind: type[Config], settings: Settings, *, alone: bool) -> Config:
    if not isinstance(settings, kind):
        raise InputError(f"is {type(settings).__name__}", source=arg("settings"), expected=kind.__name__)
    if not alone:
        expected = f"a mapping of some settings beside {arg('preset')} or {arg('config')}"
        raise InputError("holds every setting", source=arg("settings"), expected=expected)
    return settings


def _over(settings: Config, given: Mapping[str, Any], source: Path | str) -> Config:
    """``settings`` with what a source says, validated."""
    _check_keys(type(settings), given, source)
    return _validated(type(settings), _merged(settings.model_dump(), given), source)


def _overridden(settings: Config, given: list[tuple[str, dict[str, Any]]]) -> Config:
    """All single values at once, since one may need another; if they do not fit, the first that fails is named."""
    if not given:
        return settings
    together = settings.model_dump()
    for source, values in given:
        _check_keys(type(settings), values, source)
        together = _merged(together, values)
    try:
        return _validated(type(settings), together, given[-1][0])
    except InputError:
        for source, values in given:
            settings = _over(settings, values, source)
        return settings


def parse_settings(kind: type[Config], values: Mapping[str, Any], source: Path | str) -> Config:
    """Settings that a program stored earlier, validated again."""
    _check_keys(kind, values, source)
    return _validated(kind, values, source)


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted keys, so that a difference can be named.

    >>> flat({"a": {"b": 1, "c": [2]}, "d": None})
    {'a.b': 1, 'a.c': [2], 'd': None}
    """
    if not isinstance(value, Mapping):
        return {prefix: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found.update(flat(inner, f"{prefix}.{key}" if prefix else str(key)))
    return found


# YAML that is no YAML, an impossible date, nesting without end.
_UNREADABLE = (yaml.YAMLError, ValueError, OverflowError, RecursionError)
_LARGEST = 1 << 18  # bytes of a file of settings; all settings of a method are a few thousand
_LONGEST = 40  # characters of a number


class _Loader(yaml.SafeLoader):
    """Plain data only, and no key twice: the first of two values would be lost without a word.

    Neither ``*name``, with which a few lines grow into gigabytes, nor ``!!tags``, which say of a value that it is
    another than it is.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        tagged = getattr(event, "tag", None) is not None
        if tagged or isinstance(event, yaml.AliasEvent):
            problem = f"{'a tag' if tagged else 'an alias'}, which settings may not have"
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > _LONGEST:
            raise yaml.MarkedYAMLError(problem="a number too long", problem_mark=node.start_mark)
        return int(super().construct_yaml_int(node))

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


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def _read_yaml(file: Path) -> dict[str, Any]:
    content = read_bytes(file, "a YAML file of settings", _LARGEST)
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


def _merged(values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` over ``values``, mapping by mapping, so that a nested default stays where nothing was given."""
    merged = dict(values)
    for key, value in given.items():
        inner = values.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return merged


def _validated(kind: type[Config], values: Mapping[str, Any], source: Path | str) -> Config:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise from_validation(error, source) from None


def _check_keys(kind: type[BaseModel], values: Mapping[str, Any], source: Path | str, place: str = "") -> None:
    """Unknown keys, found before the values are validated so that the message can name the nearest known key."""
    fields = kind.model_fields
    for key, value in values.items():
        if key not in fields:
            near = nearest(str(key), fields)
            expected = f"one of {', '.join(fields)}; nearest is {place}{near}" if near else "no settings here"
            raise InputError(f"unknown setting {place}{key}", source=source, expected=expected)
        annotation = fields[key].annotation
        for inner in (annotation, *get_args(annotation)):  # ``Model`` and ``Model | None``
            if isinstance(value, Mapping) and isinstance(inner, type) and issubclass(inner, BaseModel):
                _check_keys(inner, value, source, place=f"{place}{key}.")
