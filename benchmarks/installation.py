"""Installs a wheel or a source archive, without extras and with each, and tries what each extra is for.

    bash scripts/package
    python3.12 benchmarks/installation.py out/dist/weaktal-*.whl [--in FOLDER] [--only EXTRA]...

First without extras: it must train, localize and score. Then, for each extra, a command that needs it: without the
extra it must say in one line what to install, with the extra it must work. Each extra has an environment of its own,
which sees the plain one (and that of ``video``, where its trial works on videos), so that PyTorch is installed once and
a line of the table is of that extra alone. Last, each verb that needs PyTorch is called where there is none.

Prints Markdown, and exits with 1 if anything went wrong. Seconds by the clock depend on the network and on what else
runs, processor seconds hardly.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRACT = "weaktal extract drawn/videos --into extracted --features"
TRAIN = "weaktal train made --method mil --features rows --set schedule.epochs=1 --set schedule.updates_per_epoch=2"
# Extra -> a command that needs it.
NEEDING = {
    "video": "weaktal world drawn --train 1 --test 1 --workers 1",
    "clip": f"{EXTRACT} clip --encoder clip-vit-b16 --random-weights 0 --stride 128",
    "table": "weaktal import table tags.xlsx drawn/videos joined",
    "pandas": "python -c \"import weaktal; weaktal.Results.load('results.json').to_pandas()\"",
    "export": "weaktal export results.json --to otio --out timelines",
    "report": "weaktal compare results.json --dataset truth.json --resamples 0 --out table.png",
    "view": "weaktal view results.json --dataset truth.json --serve --no-browser",
    "log": f"{TRAIN} --run logged",
    "ray": f"{EXTRACT} ray --encoder world-cbp --engine ray --workers 1",
    "pretrained": f"{EXTRACT} words --encoder imagenet-words",
    "wandb": f"{TRAIN} --run told-wandb --logger wandb",
    "mlflow": f"{TRAIN} --run told-mlflow --logger mlflow",
    "all": "weaktal doctor",
}
ON_VIDEOS = ("clip", "table", "ray", "pretrained")  # their trials work on what video's drew
OPTIONAL = ("log", "all")  # nothing asks for them: without TensorBoard, training writes its table alone
WITHOUT_TORCH = ("numpy", "safetensors", "pydantic", "pyyaml", "typer", "rich", "jinja2")
NEEDING_TORCH = (
    "weaktal find drawn --tags tags.csv --out found",
    "weaktal demo --out demo",
    f"{EXTRACT} none --encoder world-cbp",
    f"{TRAIN} --run none",
    "weaktal localize logged made --out none.json",
    "weaktal localize --zero-shot jump drawn/videos --out none.json",
    "weaktal ablate made --features rows --vlp-features rows --out ablation",
)
# What the trials work on, made by the plain installation.
PREPARE = """
import json, pathlib, zipfile
import numpy as np
random = np.random.default_rng(0)
rows = pathlib.Path("made/features/rows")
rows.mkdir(parents=True)
database = {}
for number in range(6):
    name, label = f"video_{number}", ("jump", "throw")[number % 2]
    truth = {"label": label, "segment": [4.0, 8.0]}
    subset = "training" if number < 4 else "validation"
    database[name] = {"subset": subset, "duration": 20.0, "annotations": [truth]}
    np.save(rows / f"{name}.npy", random.normal(size=(20, 8)).astype(np.float32))
manifest = {"encoder": "rows", "fps": 1.0, "window": 1, "stride": 1, "dim": 8, "complete": True}
results = {name: [{**video["annotations"][0], "score": 0.9}] for name, video in database.items()}
videos = {name: {"file": f"{name}.mp4", "duration": 20.0, "fps": 25.0} for name in database}
for path, content in {
    rows / "manifest.json": manifest,
    "made/annotations.json": {"version": "1", "taxonomy": [], "database": database},
    "truth.json": {"version": "1", "taxonomy": [], "database": database},
    "results.json": {"version": "1", "external_data": {"videos": videos}, "results": results},
}.items():
    pathlib.Path(path).write_text(json.dumps(content))
pathlib.Path("tags.csv").write_text("video,tags\\nvideo_0,jump\\n")
with zipfile.ZipFile("tags.xlsx", "w") as book:
    book.writestr("xl/workbook.xml", "")
"""
SHEET = """
import pathlib, openpyxl
book = openpyxl.Workbook()
for words in [("video", "tags"), *((path.name, "jump") for path in pathlib.Path("drawn/videos").iterdir())]:
    book.active.append(words)
book.save("tags.xlsx")
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and what pip took to fill it.

    Attributes:
        folder: where it is.
        size: MB that pip added on disk.
        processor, clock: seconds of pip.
    """

    folder: Path
    size: float
    processor: float
    clock: float

    @property
    def packages(self) -> Path:
        """The folder of its packages."""
        return packages(self.folder)

    def run(self, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Runs ``weaktal ...`` or ``python ...``; a server is asked for its page, then stopped."""
        words = shlex.split(command)
        words = [str(self.folder / "bin/python"), *(words[1:] if words[0] == "python" else ["-m", *words])]
        here = {**os.environ, "COLUMNS": "400", "WANDB_MODE": "offline", "OMP_NUM_THREADS": "1"}
        here.pop("PYTHONPATH", None)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(words, cwd=folder, env=here, text=True, **pipes) as running:
            said = ""
            if "--serve" in words:
                said = _visit(running)
            out, err = running.communicate()
        return subprocess.CompletedProcess(words, running.returncode, said + out, err)


def _visit(server: subprocess.Popen[str]) -> str:
    """Waits for the server's address, loads the page, and stops the server as Ctrl-C does; what the server said."""
    said = ""
    for line in server.stdout or ():
        said += line
        if found := re.search(r"http://\S+", line):
            with urllib.request.urlopen(found[0], timeout=30) as answer:
                said += f"{answer.status}, {len(answer.read())} bytes\n"
            server.send_signal(signal.SIGINT)
            break
    return said


def packages(environment: Path) -> Path:
    """The folder of an environment's packages."""
    return next(environment.glob("lib/python*/site-packages"))


def size(folder: Path) -> float:
    """MB on disk."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def processor() -> float:
    """Processor seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def install(folder: Path, arguments: list[str], seen: list[Environment]) -> Environment:
    """A fresh environment that sees those in ``seen``, and into which pip installs what the arguments say."""
    # Its own pip would bring setuptools, in front of the one that is seen.
    subprocess.run([sys.executable, "-m", "venv", *(["--without-pip"] if seen else []), folder], check=True)
    lines = "".join(f"{one.packages}\n" for one in seen)
    (packages(folder) / "seen.pth").write_text(lines, encoding="utf-8")
    before, started, used = size(folder), time.monotonic(), processor()
    pip = [(seen[0].folder if seen else folder) / "bin/pip", "--python", folder / "bin/python", "install"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, *quiet, "-c", ROOT / "constraints.txt", *arguments], check=True)
    return Environment(folder, size(folder) - before, processor() - used, time.monotonic() - started)


class Trials:
    """Commands that must work, or must say what they need.

    Args:
        folder: where they run.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.went = self.failed = 0

    def works(self, where: Environment, command: str) -> None:
        """The command must succeed; so does a server that is stopped with Ctrl-C."""
        done = where.run(command, self._folder)
        self._note(done.returncode == 0, command, done, "exit code 0")

    def asks(self, where: Environment, command: str, remedy: str) -> None:
        """The command must name the remedy in one line; in Python, in the last line of the error."""
        done = where.run(command, self._folder)
        said = done.stderr.splitlines() or [""]
        shaped = command.startswith("python") or (done.returncode == 2 and len(said) == 1)
        self._note(shaped and f"expected {remedy}" in said[-1], command, done, f"one line that says {remedy}")

    def _note(self, well: bool, command: str, done: subprocess.CompletedProcess[str], expected: str) -> None:
        self.went += well
        self.failed += not well
        if not well:
            said = (done.stdout[-500:] + done.stderr[-2000:]).strip()
            print(
                f"{command}\n  expected {expected}; exit code {done.returncode}:\n{said}", file=sys.stderr, flush=True
            )


def show(name: str, made: Environment) -> None:
    """A line of the table."""
    print(f"| {name} | {made.size:.0f} | {made.processor:.0f} | {made.clock:.0f} |", flush=True)


def go_through(extras: list[str], package: Path, place: Path) -> Trials:
    """Installs and tries everything, and prints a line for each environment."""
    trials = Trials(place / "work")
    plain = install(place / "plain", [str(package)], [])
    show("none", plain)
    trials.works(plain, "weaktal doctor --self-test")
    trials.works(plain, f"python -c {shlex.quote(PREPARE)}")
    made = {"": plain}
    if any(extra in ON_VIDEOS for extra in extras):
        extras = ["video", *(extra for extra in extras if extra != "video")]
    for extra in extras:
        seen = [plain, made["video"]] if extra in ON_VIDEOS else [plain]
        if extra not in OPTIONAL:
            trials.asks(seen[-1], NEEDING[extra], f"pip install 'weaktal[{extra}]'")
        made[extra] = install(place / extra, [f"{package}[{extra}]"], seen)
        show(f"`{extra}`", made[extra])
        if extra == "table":
            trials.works(made[extra], f"python -c {shlex.quote(SHEET)}")
        trials.works(made[extra], NEEDING[extra])
    without = install(place / "without", ["--no-deps", str(package)], [])
    pip = [without.folder / "bin/pip", "install", "--quiet", "-c", ROOT / "constraints.txt", *WITHOUT_TORCH]
    subprocess.run(pip, check=True)
    for command in NEEDING_TORCH:
        trials.asks(without, command, "pip install torch")
    return trials


def main() -> None:
    """Reads the command line, and says how it went."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("package", type=Path, help="wheel or source archive")
    parser.add_argument("--in", dest="place", type=Path, help="folder for the environments, removed at the end")
    parser.add_argument("--only", action="append", choices=list(NEEDING), help="these extras alone; repeatable")
    given = parser.parse_args()
    print(f"{given.package.name}, Python {sys.version.split()[0]}\n")
    print("| extra | adds, MB | processor seconds | seconds by the clock |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(dir=given.place) as name:
        trials = go_through(given.only or list(NEEDING), given.package.resolve(), Path(name))
    print(f"\n{trials.went} trials went well, {trials.failed} did not")
    sys.exit(1 if trials.failed else 0)


if __name__ == "__main__":
    main()
