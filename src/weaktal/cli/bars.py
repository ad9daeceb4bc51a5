"""Bars on standard error for verbs that report their progress."""

from __future__ import annotations

import contextlib
import logging
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from weaktal import progress

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


def showing(*columns: ProgressColumn | str, lines: bool = False) -> AbstractContextManager[progress.OnProgress]:
    """What a verb takes as ``on_progress``, shown on standard error; see :func:`weaktal.progress.showing`.

    With ``-q`` nothing is shown.
    """
    if logging.getLogger("weaktal").level > logging.INFO:
        return contextlib.nullcontext(lambda _event: None)
    return progress.showing(progress.console_on("stderr"), *columns, lines=lines)
