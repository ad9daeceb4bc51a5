"""Student's t against its published table, and paired differences worked by hand."""

from __future__ import annotations

import math

import pytest

from weaktal.studies.statistics import estimate, paired_difference, t_quantile


@pytest.mark.parametrize(
    ("share", "freedom", "expected"),
    [
        # Any printed table of Student's t.
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 3, 3.182),
        (0.975, 4, 2.776),
        (0.975, 5, 2.571),
        (0.975, 9, 2.262),
        (0.975, 30, 2.042),
        (0.95, 4, 2.132),
        (0.995, 7, 3.499),
        (0.5, 3, 0.0),
    ],
)
def test_quantiles_of_student(share: float, freedom: int, expected: float) -> None:
    assert t_quantile(share, freedom) == pytest.approx(expected, abs=5e-4)


def test_quantiles_in_closed_form() -> None:
    """One degree of freedom is Cauchy's distribution, two have an algebraic inverse, many are nearly normal."""
    for share in (0.6, 0.9, 0.975, 0.999):
        assert t_quantile(share, 1) == pytest.approx(math.tan(math.pi * (share - 0.5)), rel=1e-12)
        inner = 2 * share - 1
        assert t_quantile(share, 2) == pytest.approx(inner * math.sqrt(2 / (1 - inner**2)), rel=1e-12)
    assert t_quantile(0.975, 100_000) == pytest.approx(1.95996, abs=5e-5)


@pytest.mark.parametrize(("share", "freedom"), [(0.4, 3), (1.0, 3), (0.9, 0)])
def test_quantiles_out_of_range(share: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="must lie"):
        t_quantile(share, freedom)


def test_paired_difference_by_hand() -> None:
    """Differences 2, 4, 3: mean 3, standard deviation 1, half width 4.303 / sqrt(3); seed 9 has no partner."""
    found = paired_difference({0: 12.0, 1: 24.0, 2: 33.0, 9: 99.0}, {0: 10.0, 1: 20.0, 2: 30.0})
    assert (found.n, found.mean, found.std) == (3, 3.0, 1.0)
    assert found.high - 3 == pytest.approx(4.30265 / math.sqrt(3), rel=1e-5)
    assert 3 - found.low == pytest.approx(found.high - 3)
    assert found.certain


def test_pairing_takes_out_what_a_seed_does_to_both() -> None:
    """The two are spread over 20 points, their difference hardly at all."""
    first, second = {0: 40.0, 1: 50.0, 2: 60.0}, {0: 39.0, 1: 48.9, 2: 59.1}
    assert paired_difference(first, second).certain
    assert not estimate([a - b for a, b in zip(first.values(), reversed(second.values()), strict=True)]).certain


def test_few_seeds() -> None:
    none, one = estimate([]), estimate([5.0])
    assert none.n == 0
    assert math.isnan(none.mean)
    assert (one.n, one.mean) == (1, 5.0)
    assert math.isnan(one.std)
    assert math.isnan(one.low)
    assert not one.certain
