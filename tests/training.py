"""Training for tests that look into the folder of a run."""

from __future__ import annotations

from typing import Any

from weaktal.runs import train as training
from weaktal.runs.folder import RunFolder


def train(*args: Any, **words: Any) -> RunFolder:
    """The folder of the run that :func:`weaktal.runs.train.train` makes."""
    return RunFolder(training.train(*args, **words).path)
