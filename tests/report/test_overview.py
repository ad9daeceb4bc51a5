"""A dataset before any training."""

from __future__ import annotations

from pathlib import Path

from weaktal.data.annotations import Video
from weaktal.report.overview import length_counts, tag_counts
from weaktal.report.view import view
from weaktal.segments import Segment

VIDEOS = [
    Video("v1", "train", 12.0, ("a", "b")),
    Video("v2", "train", 59.9, ("a",), (Segment(1.0, 3.5, "a"), Segment(5.0, 6.0, "a"))),
    Video("v3", "test", 4000.0, ()),
]


def test_tags_are_counted_by_video_and_segments_by_second() -> None:
    first, second = tag_counts(VIDEOS, ("a", "b", "c"))
    assert (first.label, first.videos, first.share, first.segments, first.seconds) == ("a", 2, 2 / 3, 2, 3.5)
    assert (second.label, second.videos, second.segments) == ("b", 1, 0)


def test_lengths_fall_into_ranges_that_occur() -> None:
    said = [(count.said, count.videos) for count in length_counts(VIDEOS)]
    assert said == [("10 s to 30 s", 1), ("30 s to 1 min", 1), ("60 min or more", 1)]


def test_a_dataset_alone_is_a_page(tiny_dataset: Path, tmp_path: Path) -> None:
    report = view(tiny_dataset, tmp_path / "page.html")
    assert report.branches == []
    assert {video.name for video in report.videos} == {f"video_{number:02d}" for number in range(16)}
    assert sum(count.videos for count in report.lengths) == 16
    assert "What is in the dataset" in (tmp_path / "page.html").read_text()
