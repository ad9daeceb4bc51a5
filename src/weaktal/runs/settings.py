"""Settings to look at before there is a run: every one with its meaning, as YAML that training takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from weaktal.config import Settings, as_yaml, described, load_settings, matching, parse_settings
from weaktal.decoding.config import DecodeConfig
from weaktal.errors import InputError, arg, nearest, shown
from weaktal.methods import METHODS
from weaktal.methods.base import installed_methods, method_settings, no_method
from weaktal.methods.presets import preset_file
from weaktal.runs.folder import RunFolder, RunInfo
from weaktal.runs.zero_shot_config import ZeroShotConfig

# What has settings besides the methods: what ``weaktal decode`` and ``weaktal localize --zero-shot`` take.
OTHERS: dict[str, type[Settings]] = {"decode": DecodeConfig, "zero-shot": ZeroShotConfig}


def settings(of: str, *, preset: str | None = None, search: str | None = None) -> str:
    """Settings as YAML, with meaning, unit, range and source in a comment above each; it can be fed back as a file.

    Args:
        of: name of a method, ``"decode"`` or ``"zero-shot"``.
        preset: name of one of the method's presets; its defaults otherwise.
        search: words; only the settings whose name or meaning holds all of them.

    Raises:
        InputError: if there is no such method or preset, or no setting holds the words.
    """
    loaded = load_settings(settings_kind(of), None if preset is None else preset_file(of, preset))
    entries = list(described(loaded))
    found = entries if search is None else matching(entries, search)
    if not found:
        near = nearest(search or "", [entry.key for entry in entries if not entry.group])
        expected = f"words of a setting's name or meaning; nearest is {near}"
        raise InputError(f"{of} has no setting with {shown(search)}", source=arg("search"), expected=expected)
    return as_yaml(loaded, found)


def check_settings(
    method: str, *, preset: str | None = None, config: Path | None = None, overrides: Sequence[str] = ()
) -> None:
    """Refuses names and settings that training would refuse, without torch and so within a second.

    Methods of other packages are left to training, since finding their settings runs them.

    Raises:
        InputError: if there is no such method, preset or setting.
    """
    if method not in METHODS:
        if "." not in method and method not in installed_methods():
            raise no_method(method)
        return
    kind = method_settings(method)
    base = load_settings(kind, preset_file(method, preset)) if preset else None
    load_settings(kind, config, overrides, base=base)


def check_asked(
    run: RunFolder,
    branch: str | None,
    overrides: Sequence[str] = (),
    values: Mapping[str, Any] | Settings | None = None,
) -> RunInfo:
    """Refuses a branch or settings of decoding that a run of weaktal's own methods has not, without torch.

    Returns:
        What defines the run.

    Raises:
        InputError: if the folder is not a run, or it has no such branch or setting.
    """
    info = run.info()
    if info.method in METHODS:
        config = parse_settings(method_settings(info.method), info.settings, run.path / "run.json")
        if (branches := config.known_branches()) is not None:
            check_branch(branch, branches, info.method)
        load_settings(type(config.decode), None, overrides, base=config.decode, values=values)
    return info


def check_branch(branch: str | None, branches: Sequence[str], method: str) -> None:
    """Refuses a branch that is none of a method's.

    Raises:
        InputError: naming those that it has.
    """
    if branch is not None and branch not in branches:
        expected = f"one of {', '.join(branches)}" if branches else f"none: {method} has but one"
        raise InputError(f"no branch {branch!r}", source=arg("branch"), expected=expected)


def settings_kind(of: str) -> type[Settings]:
    """The class of settings by name.

    Raises:
        InputError: if there is none of that name.
    """
    if of in METHODS or of in installed_methods() or "." in of:
        return method_settings(of)
    if of not in OTHERS:
        known = [*METHODS, *installed_methods(), *OTHERS]
        expected = f"one of {', '.join(known)}; nearest is {nearest(of, known)}"
        raise InputError(f"nothing named {shown(of)} has settings", source=arg("method"), expected=expected)
    return OTHERS[of]
