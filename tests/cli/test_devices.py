"""The option --device: on every verb that computes, refused before torch is imported."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

from weaktal.cli import VERBS

# Verb -> words that it needs besides.
COMPUTE = {
    "ablate": ["d", "--features", "a", "--vlp-features", "b", "--out", "o"],
    "compare": ["r", "--dataset", "d"],
    "demo": [],
    "diagnose": ["d", "r"],
    "extract": ["v", "--encoder", "i3d", "--into", "d"],
    "find": ["v", "--out", "o"],
    "localize": ["r", "v", "--out", "o"],
    "reproduce": ["thumos14", "--dataset", "d", "--out", "o"],
    "train": ["d", "--method", "mil", "--features", "a", "--run", "r"],
    "view": ["r"],
    "weights": ["check", "a/b"],
}
# Numbers in, numbers out, without any network.
WITHOUT = {"compose", "decode", "doctor", "evaluate", "export", "import", "settings", "world"}


def test_every_verb_is_one_or_the_other() -> None:
    assert {*COMPUTE, *WITHOUT} == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_verbs_that_compute_take_a_device(verb: str) -> None:
    module = importlib.import_module(f"weaktal.cli.{verb}_command")
    found = getattr(module, "import_" if verb == "import" else verb, None)
    takes = "device" in inspect.signature(found).parameters if callable(found) else False
    assert takes == (verb in COMPUTE)


TRY_ALL = f"""
import sys
from weaktal.cli import run
for verb, words in {COMPUTE!r}.items():
    assert run([verb, *words, "--device", "gpu"]) == 2, verb
assert "torch" not in sys.modules
"""


def test_what_is_no_device_is_one_line_before_torch() -> None:
    done = subprocess.run([sys.executable, "-c", TRY_ALL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(COMPUTE)
    for line in lines:
        said = "weaktal: --device 'gpu': is not a device; expected auto, cpu, cuda, cuda:1 or mps"
        assert line.startswith(said), line
