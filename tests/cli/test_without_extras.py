"""Work on features needs none of the extras: neither to train nor to localize, score, decode and look."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# What a plain installation lacks, as if it were not installed.
PROGRAM = """
import json, sys
for name in ("av", "cv2", "transformers", "ray", "matplotlib", "pandas"):
    sys.modules[name] = None
from weaktal.cli import run
for words in json.loads(sys.argv[1]):
    code = run(words)
    assert code == 0, (words, code)
assert not any(name.split(".")[0] in ("av", "cv2", "transformers") for name, module in sys.modules.items() if module)
"""


def test_from_features_to_a_page(tiny_dataset: Path, tmp_path: Path) -> None:
    run, results, scores = (str(tmp_path / name) for name in ("run", "results.json", "scores.safetensors"))
    dataset = str(tiny_dataset)
    quick = ["--set", "schedule.epochs=1", "--set", "schedule.updates_per_epoch=3", "--set", "engine.tensorboard=false"]
    commands = [
        ["train", dataset, "--method", "mil", "--features", "i3d", "--run", run, *quick],
        ["localize", run, dataset, "--out", results, "--scores", scores],
        ["evaluate", dataset, results],
        ["diagnose", dataset, scores],
        ["decode", scores, "--out", str(tmp_path / "other.json"), "--set", "theta_loc=0.5"],
        ["view", results, "--dataset", dataset, "--out", str(tmp_path / "page.html"), "--no-browser"],
        ["settings", "collab", "--search", "threshold"],
        ["weights"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
