"""A page in the user's browser, where there is one."""

from __future__ import annotations

import os
import subprocess
import sys

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def open_address(address: str, *, patience: float = 5.0) -> bool:
    """Opens an address in the default browser and comes back, whatever the browser does.

    It is called from a process of its own, without our terminal: some browsers write to it, some would take it over,
    and some end only when they are closed. Without a display there are only such browsers, and none is called.

    Args:
        address: of the page.
        patience: seconds; a browser that takes longer to answer goes on without us.

    Returns:
        Whether a browser took the page, as far as can be told.
    """
    if not (sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")))):
        return False
    nothing = subprocess.DEVNULL
    call = [sys.executable, "-c", _OPEN, address]
    opening = subprocess.Popen(call, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
    try:
        return opening.wait(patience) == 0
    except subprocess.TimeoutExpired:
        return True
