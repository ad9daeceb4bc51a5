"""``weaktal demo`` where something is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WITHOUT_PYAV = """
import importlib.util, sys
really = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "av" else really(name, *rest)
from weaktal.cli import run
sys.exit(run(["demo", "--out", sys.argv[1]]))
"""


def test_without_the_video_extra_it_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYAV, str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    said = "weaktal: working on video needs PyAV, which is not installed; expected pip install 'weaktal[video]'\n"
    assert done.stderr == said
    assert list(tmp_path.iterdir()) == []
