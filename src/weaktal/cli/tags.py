"""The option ``--tags`` of the verbs that find segments."""

from __future__ import annotations

from enum import StrEnum


class Tags(StrEnum):
    """What the tags of a video are used for."""

    KNOWN = "known"
