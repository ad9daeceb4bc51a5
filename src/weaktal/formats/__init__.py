"""Segments for other programs, one format a file: pure functions of segments by video.

``table`` makes rows, CSV and pandas of them, ``drawing`` a timeline for a notebook. ``FORMATS`` names what can be
written. Modules here know nothing of datasets, results files or runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from weaktal.errors import InputError, arg, shown
from weaktal.segments import Segment

Videos = Mapping[str, Sequence[Segment]]

# Format -> the module and function that make its text; a format's name is the ending of its files.
FORMATS: Mapping[str, tuple[str, str]] = {
    "csv": ("weaktal.formats.table", "as_csv"),
}


def format_of(path: Path, to: str | None) -> str:
    """The format that is meant: the named one, else that of the file's ending.

    Raises:
        InputError: if there is no such format.
    """
    name = to if to is not None else path.suffix.removeprefix(".").lower()
    if name not in FORMATS:
        source = arg("to") if to is not None else path
        raise InputError(f"no format {shown(name)}", source=source, expected=f"one of {', '.join(FORMATS)}")
    return name


def rendered(videos: Videos, name: str) -> str:
    """Segments as the text of a file in the named format, one of :data:`FORMATS`."""
    module, function = FORMATS[name]
    render: Callable[[Videos], str] = getattr(importlib.import_module(module), function)
    return render(videos)
