from __future__ import annotations

import logging

import pytest

from weaktal.data.annotations import Video
from weaktal.data.known_tags import known_tags
from weaktal.errors import InputError

VIDEOS = [Video("a", "s", 1.0, ("jump", "run")), Video("b", "s", 1.0, ()), Video("c", "s", 1.0, ("swim",))]


def test_a_video_without_tags_may_hold_anything(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "weaktal"):
        assert known_tags(VIDEOS, "known", ["jump", "run"]) == {"a": {"jump", "run"}, "c": {"swim"}}
    assert [record.getMessage() for record in caplog.records] == [
        "tags: only the classes of their tags are kept in 2 videos",
        "tags: none for 1 video, where any class may be found",
        "tags: swim: not a class that can be found",
    ]
    assert known_tags(VIDEOS, None, ["jump"]) == {}


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="tags: is 'all'; expected known"):
        known_tags(VIDEOS, "all", ["jump"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no video has a tag"):
        known_tags(VIDEOS[1:2], "known", ["jump"])
