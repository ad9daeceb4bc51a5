"""How long each extra takes to install, and how much it adds on disk: ``python benchmarks/installation.py [FOLDER]``.

One fresh environment; the plain package first, then one extra after the other, so that what two of them need counts
for the first. Seconds by the clock depend on the network, on pip's cache and on what else runs; processor seconds on
the cache alone: call it twice and believe the second table. Prints Markdown.
"""

from __future__ import annotations

import resource
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


def processor() -> float:
    """Processor seconds of what was installed so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Installs, measures, prints."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name) / "venv"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--no-compile", "-c", "constraints.txt"]
        print("| extra | adds, MB | processor seconds | seconds |\n|---|---|---|---|")
        for extra in EXTRAS:
            before, used, started = size(folder), processor(), time.monotonic()
            subprocess.run([*pip, f".[{extra}]" if extra else "."], cwd=ROOT, check=True)
            seconds = f"{processor() - used:.0f} | {time.monotonic() - started:.0f}"
            print(f"| {extra or 'none'} | {size(folder) - before:.0f} | {seconds} |", flush=True)
        print(f"\n{size(folder):.0f} MB in all")


if __name__ == "__main__":
    main()
