"""Help texts as they look on a terminal of 80 columns."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import pytest

from weaktal.cli import VERBS


def help_of(verb: str) -> str:
    environment = {**os.environ, "COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "weaktal", verb, "--help"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("verb", VERBS)
def test_paragraphs_are_filled(verb: str) -> None:
    """A line ends only where the next word would not have fit: the source's own line breaks are not shown."""
    text = help_of(verb).partition("╭")[0]
    lines = [line.strip() for line in text.splitlines()]
    for line, after in pairwise(lines):
        if line and after and not line.startswith("Usage:"):
            assert len(line) + 1 + len(after.split()[0]) > 78, line


def test_options_of_compose_are_grouped_by_kind_of_clip() -> None:
    text = help_of("compose")
    titles = ("Both kinds of clips", "Clips that are features", "Clips that are videos")
    places = [text.index(word) for word in (titles[0], "--seed", titles[1], "--pool", titles[2], "--fps")]
    assert places == sorted(places)
