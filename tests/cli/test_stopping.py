from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="blocks in the C library of Linux")

# Two ways to be busy: in Python, and in C, where Python never gets to raise KeyboardInterrupt.
WAITING = "import time; print(flush=True); time.sleep(60)"
STUCK = """
import ctypes
mutex, lock = ctypes.create_string_buffer(64), ctypes.CDLL(None).pthread_mutex_lock
lock(mutex)
print(flush=True)
lock(mutex)
"""


def stopped(busy: str, kind: signal.Signals) -> subprocess.CompletedProcess[str]:
    """A process that is busy, and is told to stop."""
    heard = f"import signal; signal.signal({int(kind)}, signal.SIG_DFL)"  # nohup ignores it
    begin = f"{heard}; from weaktal.cli import stopping; stopping.GRACE = 0.5; stopping.end_when_told()"
    words = [sys.executable, "-c", f"{begin}\n{busy}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)  # from the line to what it announces
        process.send_signal(kind)
        out, err = process.communicate(timeout=30)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_stuck_in_c_ends(kind: signal.Signals) -> None:
    done = stopped(STUCK, kind)
    assert done.returncode == 130
    assert done.stderr == "weaktal: stopped while something did not answer; what was written before is whole\n"


def test_one_that_hears_it_clears_up_itself() -> None:
    assert "KeyboardInterrupt" in stopped(WAITING, signal.SIGTERM).stderr


def test_other_signals_start_no_clock() -> None:
    patient = """
import signal, time
signal.signal(signal.SIGINT, lambda *_: None)
print(flush=True)
time.sleep(3)
"""
    assert stopped(patient, signal.SIGINT).returncode == 0
