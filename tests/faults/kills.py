"""Commands that are killed, at a file operation or at a random moment, and called again; and two calls at once.

``python -m tests.faults.kills --kills 200`` kills that often, over all verbs that write. After each kill the same
command (``train`` with ``--resume``) must end well, with the files of a command that nobody killed and no others.
``--races 20`` starts two of each at once: one ends well, the other one too or is refused in one line.

Each command runs in a process forked from this one, which has imported everything already.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults import world

WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
GOES_ON, REFUSED, ELSE = "exit 0", "exit 2 with one line", "anything else"


@dataclass(frozen=True, slots=True)
class Command:
    """A command that writes.

    Attributes:
        words: of the command line; none for what ``call`` does.
        again: of the call after a kill, where that is another.
        made: what it makes.
        varies: names of files below it that hold times or paths and so differ from call to call.
        slow: whether it takes more than a second or so.
        call: in place of a command line; gives the exit code.
    """

    words: Sequence[str]
    made: Sequence[str]
    again: Sequence[str] = ()
    varies: Sequence[str] = ()
    slow: bool = False
    call: Callable[[], int] | None = None


@dataclass(slots=True)
class Ended:
    """How a command ended, and what it said on standard error."""

    code: int
    said: str = field(repr=False)


SEEDS = ("--seeds", "0-1", "--workers", "1")
CLIPS = ("--train", "3", "--test", "2")
COMMANDS = {
    "train": Command(world.train(), ["run"], world.train("--resume")),
    "seeds": Command([*world.train(), *SEEDS], ["run"], [*world.train("--resume"), *SEEDS], varies=["log"], slow=True),
    "find": Command([], ["found"], varies=["account.txt", "page.html", "videos.jsonl"], call=world.find, slow=True),
    "localize": Command(
        ["localize", "trained", "data", "--out", "out/r.json", "--scores", "out/s.safetensors"], ["out"]
    ),
    "decode": Command(["decode", "scores.safetensors", "--out", "out/r.json"], ["out"]),
    "evaluate": Command(["evaluate", "data", "results.json", "--json", "out/e.json"], ["out"]),
    "view": Command(["view", "results.json", "--dataset", "data", "--no-browser", "--out", "out/v.html"], ["out"]),
    "compose": Command(["compose", "clips", "out", *CLIPS], ["out"]),
    "import": Command(["import", "thumos14", "package", "films"], ["films"]),
    "table": Command(["import", "table", "tags.csv", "films", "out"], ["out"]),
    "extract": Command(["extract", "films", "--encoder", "world-rgb", "--into", "out"], ["out"],
        varies=["videos.jsonl"]),
    "world": Command(
        ["world", "out", "--train", "1", "--test", "1", "--size", "64x36", "--workers", "1"], ["out"], slow=True
    ),
    "demo": Command(
        ["demo", "--quick", "--out", "out", "--cache", "cache", "--workers", "1"],
        ["out"],
        varies=["report.html", "run.json", "events", "videos.jsonl", "json"],
        slow=True,
    ),
    "ablate": Command(
        ["ablate", "data", "--features", "i3d", "--vlp-features", "scene", "--out", "out", "--seeds", "0", "--workers",
         "1", "--config", "collab.yaml", "--variants", "whole"],
        ["out"], varies=["md", "log", "csv", "png", "svg", "json"], slow=True,
    ),
}  # fmt: skip


def start(
    folder: Path,
    command: Sequence[str] | Callable[[], int],
    *,
    count: Path | None = None,
    at: int | None = None,
    said: Path | None = None,
) -> int:
    """Forks a process that runs a command in ``folder``; gives its number.

    Args:
        folder: to work in.
        command: the words of its command line, or what gives its exit code.
        count: file that gets the number of file operations.
        at: the file operation, from 0, at which the process kills itself.
        said: file that gets what the command says on standard error.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream, target in ((0, nowhere), (1, nowhere), (2, os.open(said or os.devnull, os.O_WRONLY | os.O_CREAT))):
            os.dup2(target, stream)
        # What a test runner put there writes to a place of its own.
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        _watch(Path.cwd(), at, count)
        if callable(command):
            code = command()
        else:
            from weaktal.cli import main

            main(list(command))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _watch(folder: Path, at: int | None, count: Path | None) -> None:
    """Counts the operations that write in the folder; dies at one of them."""
    done, within, me = 0, str(folder), os.getpid()
    counter = os.open(count, os.O_WRONLY | os.O_CREAT) if count is not None else None

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        writing = event in WRITES or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        if not writing or os.getpid() != me:
            return
        path = arguments[0]
        if isinstance(path, int) or not os.path.abspath(os.fsdecode(path)).startswith(within):  # type: ignore[arg-type]  # noqa: PTH100
            return
        if done == at:
            os.kill(me, signal.SIGKILL)
        done += 1
        if counter is not None:
            os.pwrite(counter, f"{done:8d}".encode(), 0)

    sys.addaudithook(hook)


def finished(child: int, said: Path | None = None) -> Ended:
    """Waits for a process."""
    _, status = os.waitpid(child, 0)
    text = said.read_text(errors="replace") if said is not None and said.exists() else ""
    return Ended(os.waitstatus_to_exitcode(status), text)


def content(folder: Path, command: Command) -> dict[str, bytes]:
    """Every file that the command made; of those that vary the name alone."""
    files = {}
    for made in command.made:
        for path in sorted((folder / made).rglob("*")):
            if path.is_file():
                name = str(path.relative_to(folder))
                files[name] = b"" if any(word in path.name for word in command.varies) else path.read_bytes()
    return files


class Trial:
    """One command in a folder of its own, what it makes when nobody kills it, and how many operations that takes."""

    def __init__(self, base: Path, name: str, scratch: Path) -> None:
        self.command = COMMANDS[name]
        self._base = base
        self._scratch = scratch
        folder, count, said = self.fresh(), scratch / "count", scratch / "said"
        count.unlink(missing_ok=True)
        begun = time.monotonic()
        ended = finished(start(folder, self.command.call or self.command.words, count=count, said=said), said)
        self.seconds = time.monotonic() - begun
        if ended.code != 0:
            raise RuntimeError(f"{name}: {ended.code} {ended.said}")
        self.operations = int(count.read_text())
        self.right = content(folder, self.command)

    def fresh(self) -> Path:
        """The folder as before any call. Always the same one: results hold its path."""
        folder = self._scratch / "work"
        shutil.rmtree(folder, ignore_errors=True)
        return world.copy(self._base, folder)

    def killed(self, at: int | None, after: float = 0.0) -> str:
        """Kills the command at an operation, or after so many seconds, and calls it again; says what is wrong."""
        folder, said = self.fresh(), self._scratch / "said"
        child = start(folder, self.command.call or self.command.words, at=at)
        if at is None:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        first = finished(child)
        said.unlink(missing_ok=True)
        words = self.command.call or self.command.again or self.command.words
        again = finished(start(folder, words, said=said), said)
        if again.code == 2 and "exists already" in again.said and not self.command.again:
            return self.wrong(folder)  # it was done before the kill, and what is whole is not made again
        if again.code != 0:
            return f"{first.code}, then {again.code}: {again.said[-700:]}"
        return self.wrong(folder)

    def wrong(self, folder: Path) -> str:
        """How what is in the folder differs from what should be there."""
        there = content(folder, self.command)
        if there != self.right:
            names = sorted(n for n in there.keys() | self.right.keys() if there.get(n) != self.right.get(n))
            return f"other files: {', '.join(names)}"
        left = [path.name for path in folder.rglob(".*") if path.name.endswith((".tmp", ".lock"))]
        return f"left {left}" if left else ""

    def raced(self) -> tuple[list[Ended], str]:
        """Two calls at once."""
        folder = self.fresh()
        words = self.command.call or self.command.again or self.command.words
        files = [self._scratch / f"said{number}" for number in range(2)]
        for file in files:
            file.unlink(missing_ok=True)
        children = [start(folder, words, said=file) for file in files]
        ended = [finished(child, file) for child, file in zip(children, files, strict=True)]
        for one in ended:
            lines = [line for line in one.said.splitlines() if line.startswith("weaktal: ")]
            if one.code not in (0, 2) or (one.code == 2 and (len(lines) != 1 or "Traceback" in one.said)):
                return ended, f"{one.code}: {one.said[-700:]}"
        if not any(one.code == 0 for one in ended):
            return ended, f"both were refused: {ended[0].said[-300:]} {ended[1].said[-300:]}"
        return ended, self.wrong(folder)


def main() -> None:
    """Kills and races, and prints what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--races", type=int, default=0, help="of each command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--commands", default=",".join(COMMANDS))
    asked = parser.parse_args()
    random, counts, scratch = Random(asked.seed), Counter[str](), Path(tempfile.mkdtemp())
    try:
        base = world.make(scratch / "base")
        trials = {name: Trial(base, name, scratch) for name in asked.commands.split(",")}
        for name, trial in trials.items():
            print(f"{name}: {trial.operations} operations, {trial.seconds:.1f} s", flush=True)
        for number in range(asked.kills):
            name = list(trials)[number % len(trials)]
            trial = trials[name]
            at = random.randrange(trial.operations) if random.random() < 0.7 else None
            after = random.random() * trial.seconds
            problem = trial.killed(at, after)
            counts[GOES_ON if not problem else ELSE] += 1
            when = f"after {after:.1f} s" if at is None else f"at operation {at}"
            print(f"{'---' if problem else number + 1} {name} killed {when}: {problem or GOES_ON}", flush=True)
        print(f"{asked.kills} kills: the same command goes on {counts[GOES_ON]}, {ELSE} {counts[ELSE]}", flush=True)
        raced = Counter[str]()
        for name, trial in trials.items():
            for _ in range(asked.races):
                ended, problem = trial.raced()
                raced.update([ELSE] if problem else [GOES_ON if one.code == 0 else REFUSED for one in ended])
                if problem:
                    print(f"--- {name} twice at once: {problem}", flush=True)
        if asked.races:
            print("races: " + ", ".join(f"{kind} {raced[kind]}" for kind in (GOES_ON, REFUSED, ELSE)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(counts[ELSE] > 0 or raced[ELSE] > 0)


if __name__ == "__main__":
    main()
