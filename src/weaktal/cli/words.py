"""Words of the command line that several verbs read."""

from __future__ import annotations

from weaktal.errors import InputError, shown


def frame_size(text: str) -> tuple[int, int]:
    """Width and height in pixels out of ``320x180``.

    Raises:
        InputError: if it is not two numbers.
    """
    width, _, height = text.partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise InputError(f"is {shown(text)}", source="--size", expected="WxH, such as 320x180") from None
