"""The same seed gives the same bytes in every process, whatever Python's hashes of strings are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def ran(base: Path, folder: Path, hashes: str) -> dict[str, str]:
    shutil.copytree(base, folder)
    env = {
        **os.environ,
        "PYTHONHASHSEED": hashes,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT}/src",
    }
    call = [sys.executable, "-m", "tests.faults.seeded", str(folder)]
    done = subprocess.run(call, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shutil.rmtree(folder)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_every_seeded_verb_gives_the_same_bytes_in_another_process(base: Path, tmp_path: Path) -> None:
    one, other = (ran(base, tmp_path / "work", hashes) for hashes in ("1", "2"))
    assert {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)} == set()
    for name in ("runs/cbp/weights.safetensors", "collab.json", "composed/annotations.json", "found/segments.csv"):
        assert name in one
