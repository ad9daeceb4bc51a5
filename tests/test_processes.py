"""Whether a process is over, and helpers that end with the process that started them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from weaktal.files import replacing, scratch_folder
from weaktal.processes import identity, is_over


def gone(pid: int) -> bool:
    return is_over(identity(pid)) is not False or not Path(f"/proc/{pid}").exists()


def test_a_process_is_over_once_it_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    named = identity(process.pid)
    assert is_over(named) is False
    assert is_over(identity()) is False
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and not buried yet
    assert is_over(named) is True
    process.communicate()
    assert is_over(named) is True


def test_another_process_of_the_same_number_is_another() -> None:
    pid, _, rest = identity().partition("-")
    assert is_over(f"{pid}-1.{rest.partition('.')[2]}") is True


def test_nothing_is_known_of_other_machines() -> None:
    assert is_over("1-1.00000000") is None


PROGRAM = """
import os, sys, time
from weaktal.processes import worker_pool

def who(_):
    time.sleep(0.2)
    return os.getpid()

def work(seconds):
    print(os.getpid(), flush=True)
    time.sleep(seconds)

def main():
    with worker_pool(2) as pool:
        print(*set(pool.map(who, range(6))), flush=True)
        list(pool.map(work, [60] * int(sys.argv[1])))

if __name__ == "__main__":
    main()
"""


def start(folder: Path, tasks: int) -> subprocess.Popen[str]:
    """A process with two helpers and so many tasks that sleep: its first line names the helpers, the next who works."""
    program = folder / "program.py"
    program.write_text(PROGRAM)
    return subprocess.Popen(
        [sys.executable, str(program), str(tasks)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def pool(tmp_path: Path) -> subprocess.Popen[str]:
    return start(tmp_path, tasks=2)


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 60
    while not all(map(gone, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert all(map(gone, pids))


def test_helpers_end_with_a_parent_that_is_killed(pool: subprocess.Popen[str]) -> None:
    assert pool.stdout is not None
    helpers = [int(word) for word in pool.stdout.readline().split()]
    assert helpers
    pool.kill()
    pool.communicate()
    wait_until_gone(helpers)


def test_helpers_end_at_once_when_their_parent_is_told_to_stop(pool: subprocess.Popen[str]) -> None:
    """Also those that have begun something that takes a minute; nobody shows a traceback but the program itself."""
    assert pool.stdout is not None
    helpers = [int(word) for word in pool.stdout.readline().split()]
    pool.send_signal(signal.SIGINT)
    _, said = pool.communicate(timeout=30)
    assert said.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert said.count("Traceback") == 1
    wait_until_gone(helpers)


@pytest.mark.parametrize("idle", [False, True])
def test_a_helper_that_is_killed_is_one_error(idle: bool, tmp_path: Path) -> None:
    """Also one that waits for work, and with it holds the lock that the other, which works, comes to next."""
    pool = start(tmp_path, tasks=1)
    assert pool.stdout is not None
    helpers = [int(word) for word in pool.stdout.readline().split()]
    working = int(pool.stdout.readline())
    waiting = next(pid for pid in helpers if pid != working)
    time.sleep(0.2)  # until it waits
    os.kill(waiting if idle else working, signal.SIGKILL)
    _, said = pool.communicate(timeout=60)
    assert said.strip().splitlines()[-1].startswith("weaktal.errors.RunError: a helper process was killed")
    wait_until_gone(helpers)


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom weaktal.files import replacing, replacing_folder\n"
        "with replacing(Path(sys.argv[1]) / 'a') as a, replacing_folder(Path(sys.argv[1]) / 'b') as b:\n"
        "    (b / 'one').write_text('1')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    (tmp_path / ".mine.tmp").write_text("")
    (tmp_path / ".c.1-1.00000000.00000000.tmp").write_text("")  # of another machine, which may be at work
    alive = tmp_path / f".d.{identity()}.00000000.tmp"
    alive.write_text("")
    with replacing(tmp_path / "new") as temporary:
        temporary.write_text("whole")
    names = {".mine.tmp", ".c.1-1.00000000.00000000.tmp", alive.name, "new"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_scratch_folders_of_killed_processes_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import os, signal\nfrom weaktal.files import scratch_folder\n"
        "with scratch_folder() as folder:\n    (folder / 'x').touch()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with scratch_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]
    shutil.rmtree(tmp_path)
