"""Settings that have a name: ``METHOD/NAME.yaml`` here, over the method's defaults. A new file is a new preset."""

from __future__ import annotations

from pathlib import Path

from weaktal.errors import InputError, arg, nearest, shown

_FOLDER = Path(__file__).parent


def presets(method: str) -> list[str]:
    """The names of a method's presets."""
    return sorted(path.stem for path in (_FOLDER / method).glob("*.yaml"))


def check_preset(name: str | None) -> None:
    """Refuses the name of a preset that no method has, where the method is not known yet.

    Raises:
        InputError: naming the nearest.
    """
    known = sorted({path.stem for path in _FOLDER.glob("*/*.yaml")})
    if name is not None and name not in known:
        expected = f"one of {', '.join(known)}; nearest is {nearest(name, known)}"
        raise InputError(f"no preset {shown(name)}", source=arg("preset"), expected=expected)


def preset_file(method: str, name: str) -> Path:
    """The YAML file of a preset.

    Raises:
        InputError: if the method has no such preset.
    """
    known = presets(method)
    if name not in known:
        near = nearest(name, known)
        expected = f"one of {', '.join(known)}; nearest is {near}" if near else f"none, since {method} has no presets"
        raise InputError(f"{method} has no preset {shown(name)}", source=arg("preset"), expected=expected)
    return _FOLDER / method / f"{name}.yaml"
