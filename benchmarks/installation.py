"""How long each extra takes to install, and how much it adds on disk: ``python benchmarks/installation.py [FOLDER]``.

One fresh environment; the plain package first, then one extra after the other, so that what two of them need counts
for the first. Times depend on pip's cache: call it twice and believe the second table. Prints Markdown.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("", "video", "clip", "table", "pandas", "export", "report", "view", "log", "ray")


def size(folder: Path) -> float:
    """MB on disk."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    """Installs, measures, prints."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name) / "venv"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-c", "constraints.txt"]
        print("| extra | adds, MB | seconds |\n|---|---|---|")
        for extra in EXTRAS:
            before, started = size(folder), time.monotonic()
            subprocess.run([*pip, f".[{extra}]" if extra else "."], cwd=ROOT, check=True)
            took = time.monotonic() - started
            print(f"| {extra or 'none'} | {size(folder) - before:.0f} | {took:.0f} |", flush=True)
        print(f"\n{size(folder):.0f} MB in all")


if __name__ == "__main__":
    main()
