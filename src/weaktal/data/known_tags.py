"""Tags that are known rule classes out: which classes each video may hold."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Literal

from weaktal.data.annotations import Video
from weaktal.errors import InputError, arg, counted, shown

log = logging.getLogger("weaktal")

# What ``tags`` of a verb may be; None leaves tags aside.
TagsUse = Literal["known"]


def known_tags(videos: Iterable[Video], tags: TagsUse | None, classes: Iterable[str]) -> dict[str, frozenset[str]]:
    """The only classes that may be found in a video, by the name of the video; one that is not here may hold any.

    A video without a single tag is not here: nothing is known of it.

    Args:
        videos: with their tags.
        tags: "known" to use them; None gives no video.
        classes: those that can be found, for what is logged.

    Raises:
        InputError: if ``tags`` is another word, or no video has any.
    """
    if tags is None:
        return {}
    if tags != "known":
        raise InputError(f"is {shown(tags)}", source=arg("tags"), expected="known, or to be left out")
    videos = list(videos)
    known = {video.name: frozenset(video.labels) for video in videos if video.labels}
    if not known:
        raise InputError("no video has a tag", source=arg("tags"), expected="tags of some videos, or to be left out")
    log.info("tags: only the classes of their tags are kept in %s", counted(len(known), "video"))
    if len(known) < len(videos):
        log.info("tags: none for %s, where any class may be found", counted(len(videos) - len(known), "video"))
    unknown = sorted({label for labels in known.values() for label in labels} - set(classes))
    if unknown:
        log.warning("tags: %s: not a class that can be found", ", ".join(unknown))
    return known
