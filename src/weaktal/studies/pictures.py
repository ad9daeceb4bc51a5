"""Pictures as files, and what they have in common. matplotlib is imported when one is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaktal.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GRAY = "#2b6cb0", "#dd7a1f", "#777777"
ROW = 0.34  # inches a line


def save(figure: Figure, path: Path) -> list[Path]:
    """Writes ``path`` with the endings .png and .svg, each whole or not at all."""
    written = [path.with_name(path.name + ending) for ending in (".png", ".svg")]
    for file in written:
        save_as(figure, file)
    return written


# Without a date, and with names that do not change, equal figures are equal files.
_UNDATED = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None, "Producer": None}}


def save_as(figure: Figure, path: Path) -> None:
    """Writes a picture in the format that the ending says, whole or not at all."""
    options: dict[str, Any] = {"format": path.suffix[1:], "dpi": 130, "metadata": _UNDATED[path.suffix]}
    with _fixed_names(), replacing(path) as temporary:
        figure.savefig(temporary, **options)


def _fixed_names() -> Any:
    import matplotlib as mpl

    return mpl.rc_context({"svg.hashsalt": "weaktal"})
