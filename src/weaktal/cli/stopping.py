"""Signals that end a command, whatever it is busy with."""

from __future__ import annotations

import os
import signal
import threading
import time

# What a terminal that closes and a batch scheduler send ends a command as Ctrl-C does: unfinished files are removed.
STOPPING = ("SIGTERM", "SIGHUP")
GRACE = 8.0  # seconds for that; schedulers and containers kill after 10 or more
STOPPED = 130  # what shells expect of Ctrl-C


def end_when_told() -> None:
    """Lets the signals of :data:`STOPPING` raise KeyboardInterrupt, and ends the process where that is not heard.

    Python raises it between two of its own steps. A main thread that reads from a disk that does not answer, or waits
    for a thread that does, comes to no such step: then another thread ends the process after :data:`GRACE` seconds.
    """
    numbers = set()
    for name in STOPPING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores it, and means it
            signal.signal(number, signal.default_int_handler)
            numbers.add(int(number))
    if os.name == "posix":
        heard, said = os.pipe()
        os.set_blocking(said, False)
        signal.set_wakeup_fd(said, warn_on_full_buffer=False)
        threading.Thread(target=_watch, args=(heard, numbers), daemon=True).start()


def _watch(heard: int, numbers: set[int]) -> None:
    """Waits for one of the signals, whose numbers come as bytes as soon as they arrive, and from then on so long."""
    while not numbers.intersection(os.read(heard, 64)):
        pass
    time.sleep(GRACE)
    os.write(2, b"weaktal: stopped while something did not answer; what was written before is whole\n")
    os._exit(STOPPED)
