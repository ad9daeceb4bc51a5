"""One at a time in a folder, whatever became of whoever was there before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from weaktal.errors import InputError
from weaktal.files import replacing_folder
from weaktal.locks import alone_in, alone_making

HOLDER = """
import sys, time
from pathlib import Path
from weaktal.locks import alone_in
with alone_in(Path(sys.argv[1]), "a test"):
    print("ready", flush=True)
    time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_the_second_is_told_who_is_there(tmp_path: Path) -> None:
    process = holder(tmp_path / "new")
    try:
        with pytest.raises(InputError) as caught, alone_in(tmp_path / "new", "another test"):
            pass
        assert f"another weaktal is at work there (process {process.pid} on " in str(caught.value)
        assert "a test)" in str(caught.value)
    finally:
        process.kill()
        process.communicate()


def test_a_lock_dies_with_its_holder_and_leaves_nothing(tmp_path: Path) -> None:
    process = holder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with alone_in(tmp_path, "another test"):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    assert not list(tmp_path.iterdir())


def test_also_within_one_process(tmp_path: Path) -> None:
    with alone_in(tmp_path, "one"):
        with pytest.raises(InputError, match="at work there"), alone_in(tmp_path, "two"):
            pass
        with alone_in(tmp_path / "below", "three"):
            pass


def test_a_forked_process_does_not_hold_its_parents_locks(tmp_path: Path) -> None:
    ready, done = os.pipe(), os.pipe()
    with alone_in(tmp_path, "parent"):
        child = os.fork()
        if child == 0:  # lives on while the parent is done
            os.write(ready[1], b".")
            os.read(done[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
    try:
        with alone_in(tmp_path, "the next"):
            pass
    finally:
        os.write(done[1], b".")
        os.waitpid(child, 0)


def test_who_makes_a_folder_keeps_others_from_making_it(tmp_path: Path) -> None:
    path = tmp_path / "dataset"
    with replacing_folder(path, "weaktal world") as temporary:
        (temporary / "one").write_text("1")
        with pytest.raises(InputError, match="weaktal world"), alone_making(path, "weaktal compose"):
            pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["dataset"]


def test_a_file_in_the_place_of_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "nul\0"):
        with pytest.raises(InputError), alone_in(folder, "a test"):
            pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_the_place_of_a_lock_is_one_line(tmp_path: Path) -> None:
    """As in a folder that came out of an archive."""
    os.mkfifo(tmp_path / ".lock")
    with pytest.raises(InputError, match=r"\.lock: is no regular file"), alone_in(tmp_path, "a test"):
        pass
    assert (tmp_path / ".lock").is_fifo()
