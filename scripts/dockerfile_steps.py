"""Runs the Dockerfile's steps in an empty folder, for where there is no container engine.

    python scripts/dockerfile_steps.py [CUDA=0] [EXTRAS=video,clip]

COPY copies what .dockerignore lets through; RUN runs in a virtual environment in place of the image's Python. Steps
that would change this machine, such as ``useradd``, are printed and not run. At the end the entry point is called.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def steps() -> list[tuple[str, str]]:
    """Instructions and what follows them, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def copy(words: list[str], image: Path) -> None:
    """As COPY does: files into a folder, a folder's content into a folder."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line[0] == "!"}
    *sources, target = words
    for source in sources:
        if source not in allowed:
            sys.exit(f"Dockerfile: copies {source}, which .dockerignore keeps out")
        place = image / target / Path(source).name if target.endswith("/") else image / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / source, place)


def main() -> None:
    """Goes through the file from top to bottom."""
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        image, python = Path(name) / "image", Path(name) / "python"
        subprocess.run([sys.executable, "-m", "venv", python], check=True)
        environment = {**os.environ, "PATH": f"{python / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        for word, rest in steps():
            print(f"{word} {rest}", flush=True)
            if word == "ARG":
                key, _, default = rest.partition("=")
                environment[key] = given.get(key, default)
            elif word == "COPY":
                copy(rest.split(), image)
            elif word == "RUN" and "useradd" not in rest:
                command = re.sub(r"--mount=\S+\s*", "", rest)
                subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=image, env=environment, check=True)
            elif word == "ENTRYPOINT":
                for arguments in (["--version"], ["doctor", "--self-test"]):
                    subprocess.run([python / "bin" / "weaktal", *arguments], cwd=name, check=True)


if __name__ == "__main__":
    main()
