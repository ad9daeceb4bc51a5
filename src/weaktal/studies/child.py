"""The life of a process that the runner started: it ends with the runner, and says in one line what went wrong."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

from weaktal.errors import InputError, RunError


def exit_code(work: Callable[[], object]) -> int:
    """Does the work of a process that the runner started; what goes wrong is the last line of its log."""
    _end_with_the_runner()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # unfinished files are removed on the way out
    try:
        work()
    except InputError as error:
        print(f"weaktal: {error.line(shell=True)}", flush=True)
        return 2
    except RunError as error:
        print(f"weaktal: {error}", flush=True)
        return 1
    except KeyboardInterrupt:
        print("stopped", flush=True)
        return 1
    return 0


def _end_with_the_runner() -> None:
    """Ends this process at once when its standard input closes."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):  # not through sys.stdin, whose lock would be held at the exit
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
