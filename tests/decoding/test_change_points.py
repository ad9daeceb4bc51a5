"""Where features change, against the checkerboard kernel written out, and edges that move there."""

from __future__ import annotations

import numpy as np
import pytest

from weaktal.decoding.change_points import WIDTH, change_points, feature_changes, snapped
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_video
from weaktal.timeline import SnippetGrid


def test_changes_are_a_checkerboard_on_the_cosines() -> None:
    rows = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T
    found = feature_changes(rows)
    for edge in range(WIDTH, 12 - WIDTH):
        before, after = slice(edge - WIDTH, edge), slice(edge, edge + WIDTH)
        within = (cosines[before, before].mean() + cosines[after, after].mean()) / 2
        assert found[edge] == pytest.approx(within - cosines[before, after].mean(), abs=1e-5)
    assert found[0] == 0


def test_a_cut_is_the_only_change_point() -> None:
    one, other = np.eye(2, 4, dtype=np.float32)
    changes = feature_changes(np.stack([one] * 7 + [other] * 5))
    assert change_points(changes).tolist() == [7]
    assert change_points(feature_changes(np.ones((6, 3), np.float32))).tolist() == []
    assert change_points(feature_changes(np.zeros((1, 3), np.float32))).tolist() == []


def test_edges_move_to_the_strongest_point_in_reach_and_never_meet() -> None:
    starts, stops = np.array([2, 4, 9, 5]), np.array([6, 6, 12, 7])
    points, strengths = np.array([1, 3, 6]), np.array([0.2, 0.5, 0.1])
    # 2 -> 3, the stronger of 1 and 3; 6 stays on its point; [4, 6) -> [3, 6); out of reach of any: as it was; and
    # [5, 7) would have no length left, for both edges would go to 6.
    moved = snapped(starts, stops, points, strengths, reach=1, count=12, least=1)
    assert list(zip(*(edges.tolist() for edges in moved), strict=True)) == [(3, 6), (3, 6), (9, 12), (5, 7)]


@pytest.mark.parametrize(("shortest", "expected"), [(1, (2.0, 4.0)), (3, (1.0, 4.0))])
def test_a_moved_proposal_is_never_shorter_than_the_shortest(shortest: int, expected: tuple[float, float]) -> None:
    scores = np.array([0.1, 0.9, 0.9, 0.9, 0.1], dtype=np.float32)[:, None]
    changes = np.array([0, 0, 1, 0, 0], dtype=np.float32)
    config = DecodeConfig(theta_loc=(0.5,), snap=1, min_snippets=shortest)
    grid = SnippetGrid(fps=1.0, window=1, stride=1)
    (found,) = decode_video(scores, np.ones(1, np.float32), ["a"], grid, 5.0, config, changes=changes)
    assert (found.start, found.end) == expected


@pytest.mark.parametrize("upsample", [1, 3])
def test_segments_begin_and_end_at_cuts(upsample: int) -> None:
    grid = SnippetGrid(fps=1.0, window=1, stride=1)
    scores = np.array([0.1, 0.2, 0.4, 0.9, 0.9, 0.5, 0.2, 0.1], dtype=np.float32)[:, None]
    changes = np.array([0, 0, 1, 0, 0, 0, 1, 0], dtype=np.float32)
    config = DecodeConfig(theta_loc=(0.6,), snap=1.5, upsample=upsample)
    (found,) = decode_video(scores, np.ones(1, np.float32), ["a"], grid, 8.0, config, changes=changes)
    assert (found.start, found.end) == (2.0, 6.0)
    with pytest.raises(ValueError, match="changes"):
        decode_video(scores, np.ones(1, np.float32), ["a"], grid, 8.0, config)
