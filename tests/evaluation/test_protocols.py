from __future__ import annotations

import pytest

from weaktal.errors import InputError
from weaktal.evaluation.protocols import PROTOCOLS, protocol_named, tiou_grid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1:0.7:0.1", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),
        ("0.5:0.95:0.05", (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)),
        ("0.3:0.7:0.2", (0.3, 0.5, 0.7)),
        ("0.1:0.65:0.1", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)),
        ("0.5:0.5:0.1", (0.5,)),
        ("0.5", (0.5,)),
        (" 0.5 , 0.75,1", (0.5, 0.75, 1.0)),
    ],
)
def test_grid_of_exact_decimals(text: str, expected: tuple[float, ...]) -> None:
    assert tiou_grid(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a set of thresholds"),
        ("high", "not a set of thresholds"),
        ("0.1:0.7", "not a set of thresholds"),
        ("0.1:0.7:0.1:2", "not a set of thresholds"),
        ("0.1,,0.3", "not a set of thresholds"),
        ("nan", "not a set of thresholds"),
        ("0.1:inf:0.1", "not a set of thresholds"),
        ("0.7:0.1:0.1", "counts no thresholds"),
        ("0.1:0.7:0", "counts no thresholds"),
        ("0.1:0.7:-0.1", "counts no thresholds"),
        ("0.1:0.7:1e-9", "too many"),
        ("0:0.5:0.1", "0.0 is not a threshold"),
        ("0.5,1.5", "1.5 is not a threshold"),
        ("-0.5", "-0.5 is not a threshold"),
        ("1e-999", "0.0 is not a threshold"),
        ("0.5,0.50", "twice"),
    ],
)
def test_bad_grid_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        tiou_grid(text)
    assert "--tiou" in caught.value.line(shell=True)


def test_protocols_prescribe_what_the_benchmarks_do() -> None:
    assert set(PROTOCOLS) == {"plain", "thumos14", "activitynet12", "activitynet13"}
    thumos = protocol_named("thumos14")
    assert (thumos.subset, thumos.tious[0], thumos.tious[-1], len(thumos.tious)) == ("test", 0.1, 0.7, 7)
    assert thumos.drop_ambiguous
    for name in ("activitynet12", "activitynet13"):
        protocol = protocol_named(name)
        assert (protocol.subset, protocol.tious) == ("validation", tiou_grid("0.5:0.95:0.05"))
        assert not protocol.drop_ambiguous


def test_unknown_protocol_names_the_nearest() -> None:
    with pytest.raises(InputError, match="nearest is thumos14"):
        protocol_named("thumos15")
