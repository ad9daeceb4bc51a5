"""What to type next: the last line of a verb that leaves something to continue with."""

from __future__ import annotations

import logging
import shlex

from weaktal.errors import one_line


def say_next(*words: object) -> None:
    """Prints a command line of weaktal, but not after ``-q``; words in capitals stand for what the user has to choose.

    >>> from pathlib import Path
    >>> say_next("localize", Path("my run"), "DATASET", "--out", "results.json")
    next: weaktal localize 'my run' DATASET --out results.json
    """
    if logging.getLogger("weaktal").level == logging.WARNING:
        return
    print(one_line(f"next: {shlex.join(['weaktal', *map(str, words)])}"))
