from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.timeline import SnippetGrid

grids = st.builds(
    SnippetGrid,
    fps=st.floats(0.1, 240).map(lambda x: round(x, 3)),
    window=st.integers(1, 128),
    stride=st.integers(1, 128),
)
I3D = SnippetGrid(fps=25.0, window=16, stride=16)


@pytest.mark.parametrize(
    ("grid", "first", "last", "duration", "span"),
    [
        (I3D, 0, 0, 10.0, (0.0, 0.64)),
        (I3D, 3, 5, 10.0, (1.92, 3.84)),
        (I3D, 15, 15, 10.0, (9.6, 10.0)),  # the last cell is clipped to the video
        (I3D, 20, 21, 10.0, (10.0, 10.0)),  # and beyond it nothing is left
        (SnippetGrid(25.0, 16, 4), 0, 0, 10.0, (0.24, 0.4)),  # centred on the window: (8 - 2) / 25 to (8 + 2) / 25
        (SnippetGrid(30.0, 1, 30), 0, 0, 10.0, (0.0, 15.5 / 30)),  # one frame a second: half a cell before 0 is cut
        (SnippetGrid.from_seconds(2.5), 1, 2, 100.0, (2.5, 7.5)),
    ],
)
def test_worked_spans(grid: SnippetGrid, first: int, last: int, duration: float, span: tuple[float, float]) -> None:
    assert grid.span(first, last, duration) == pytest.approx(span)


@pytest.mark.parametrize(("duration", "count"), [(0.01, 1), (0.64, 1), (0.65, 1), (0.68, 2), (1.28, 2), (10.0, 16)])
def test_worked_counts(duration: float, count: int) -> None:
    # 0.65 s is 16 frames, which one window holds; 0.68 s is 17, whose last frame makes a partial window.
    assert I3D.count(duration) == count


@given(grid=grids, count=st.integers(1, 200), duration=st.floats(0.01, 1e4))
def test_cells_touch_never_overlap_and_lie_in_the_video(grid: SnippetGrid, count: int, duration: float) -> None:
    cells = grid.cells(count, duration)
    assert cells.shape == (count, 2)
    assert (cells >= 0).all()
    assert (cells <= duration).all()
    assert (cells[:, 0] <= cells[:, 1]).all()
    np.testing.assert_array_equal(cells[1:, 0], cells[:-1, 1])


@given(grid=grids, count=st.integers(1, 100), duration=st.floats(0.01, 1e4), data=st.data())
def test_a_span_is_the_union_of_its_cells(grid: SnippetGrid, count: int, duration: float, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first, count - 1))
    cells = grid.cells(count, duration)
    assert grid.span(first, last, duration) == pytest.approx((cells[first, 0], cells[last, 1]), abs=1e-9)


@given(grid=grids, index=st.integers(0, 10_000), share=st.floats(0.001, 0.999))
def test_snippet_at_inverts_the_cell(grid: SnippetGrid, index: int, share: float) -> None:
    start = (index * grid.stride + (grid.window - grid.stride) / 2) / grid.fps
    assert grid.snippet_at(start + share * grid.seconds_per_snippet) == index


@given(grid=grids, count=st.integers(1, 200))
def test_centres_lie_in_the_middle_of_unclipped_cells(grid: SnippetGrid, count: int) -> None:
    centers = grid.centers(count)
    assert centers[0] * grid.fps == pytest.approx(grid.window / 2)
    assert [grid.snippet_at(center) for center in centers] == list(range(count))


@given(grid=grids, frames=st.integers(1, 5000))
def test_count_covers_every_frame_and_has_no_window_to_spare(grid: SnippetGrid, frames: int) -> None:
    count = grid.count(frames / grid.fps)
    end = (count - 1) * grid.stride + grid.window
    assert end >= frames
    assert count == 1 or end - grid.stride < frames


@given(grid=grids, other=grids, count=st.integers(1, 60), other_count=st.integers(1, 60))
def test_nearest_is_the_nearest(grid: SnippetGrid, other: SnippetGrid, count: int, other_count: int) -> None:
    distance = np.abs(grid.centers(count)[:, None] - other.centers(other_count)[None, :])
    chosen = grid.nearest(count, other, other_count)
    assert chosen.shape == (count,)
    np.testing.assert_allclose(distance[np.arange(count), chosen], distance.min(axis=1), atol=1e-9)


@given(grid=grids, count=st.integers(1, 100), spans=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), max_size=4))
def test_inside_asks_each_centre(grid: SnippetGrid, count: int, spans: list[tuple[float, float]]) -> None:
    wanted = [any(start <= center < end for start, end in spans) for center in grid.centers(count)]
    assert grid.inside(spans, count).tolist() == wanted


@pytest.mark.parametrize("values", [(0, 1, 1), (-1, 1, 1), (math.nan, 1, 1), (math.inf, 1, 1), (25, 0, 1), (25, 1, -1)])
def test_impossible_grids(values: tuple[float, int, int]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        SnippetGrid(*values)


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf, 1e-320])
def test_impossible_spacings(seconds: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        SnippetGrid.from_seconds(seconds)
