"""Support and fusion of proposals, against plain loops and worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from weaktal.decoding import agreement
from weaktal.decoding.agreement import fused, support
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_video
from weaktal.timeline import SnippetGrid

GRID = SnippetGrid(fps=1.0, window=1, stride=1)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    shared = max(min(one[1], other[1]) - max(one[0], other[0]), 0.0)
    return float(shared / (one[1] - one[0] + other[1] - other[0] - shared))


@pytest.mark.parametrize("rows", [3, 256])
def test_as_plain_loops_have_it(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "_ROWS", rows)
    random = np.random.default_rng(1)
    starts = random.uniform(0, 10, 8)
    spans, scores = np.stack([starts, starts + random.uniform(1, 6, 8)], axis=1), random.uniform(0.1, 1, 8)
    overlaps = np.array([[overlap(one, other) for other in spans] for one in spans])
    others = [
        [overlap for column, overlap in enumerate(row) if overlap and column != n] for n, row in enumerate(overlaps)
    ]
    assert support(spans) == pytest.approx([np.mean(found) if found else 0.0 for found in others])
    weights = np.where(overlaps >= 0.4, scores * np.exp(-((1 - overlaps) ** 2) / 0.2), 0)
    expected = [[np.average(spans[:, edge], weights=row) for edge in (0, 1)] for row in weights]
    assert fused(spans, scores, sigma=0.2, least=0.4) == pytest.approx(np.array(expected))


def test_nothing_and_a_single_one() -> None:
    one = np.array([[1.0, 2.0]])
    assert support(one).tolist() == [0.0]
    assert fused(one, np.ones(1), sigma=0.3, least=0.5).tolist() == one.tolist()
    assert len(fused(one[:0], np.ones(0), sigma=0.3, least=0.5)) == 0


def test_what_few_thresholds_agree_on_goes() -> None:
    """A plateau is cut out alike by all thresholds; the bump at the end by the lowest alone."""
    scores = np.array([0, 0.9, 1, 0.9, 0, 0, 0.15, 0, 0], dtype=np.float32)[:, None]

    def starts(**settings: float) -> list[float]:
        config = DecodeConfig.model_validate({"nms": "none", **settings})
        return sorted({s.start for s in decode_video(scores, np.ones(1, np.float32), ["a"], GRID, 9.0, config)})

    assert starts() == [1.0, 2.0, 6.0]
    assert 6.0 not in starts(least_support=0.5)
    assert 1.0 in starts(least_support=0.5)


def test_fusion_averages_boundaries_and_keeps_scores() -> None:
    scores = np.array([0, 0.5, 1, 1, 1, 0.5, 0], dtype=np.float32)[:, None]
    options = {"theta_loc": (0.4, 0.6), "nms": "none", "score": "max"}
    plain, mixed = (
        decode_video(scores, np.ones(1, np.float32), ["a"], GRID, 7.0, DecodeConfig.model_validate(settings))
        for settings in (options, {**options, "fusion": "gaussian"})
    )
    assert {(s.start, s.end) for s in plain} == {(1, 6), (2, 5)}
    far = np.exp(-(0.4**2) / 0.3)  # the tIoU of the two is 3 / 5
    inner, outer = sorted(mixed, key=lambda s: s.duration)
    assert (outer.start, outer.end) == pytest.approx(((1 + 2 * far) / (1 + far), (6 + 5 * far) / (1 + far)))
    assert (inner.start, inner.end) == pytest.approx(((2 + far) / (1 + far), (5 + 6 * far) / (1 + far)))
    assert [s.score for s in mixed] == [1.0, 1.0]
