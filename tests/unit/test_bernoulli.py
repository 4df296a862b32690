"""The Bernoulli function of the kernels, against exact decimal arithmetic."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest

from electrodiff.fvm.kernels.bernoulli import SMALL, bernoulli

getcontext().prec = 60

ARGUMENTS = [0.0, 1e-300, 1e-12, 1e-5, 0.5 * SMALL, SMALL * (1 - 1e-15), SMALL, 0.1, 1.0, 5.0, 36.0, 100.0, 690.0]


def exact(u: float) -> tuple[Decimal, Decimal, Decimal]:
    """B(u), B(-u) and (1 - B(u))/u of u / (e^u - 1); by its series at 0 where 60 digits are not enough."""
    x = Decimal(u)
    if abs(x) < Decimal("1e-10"):
        even = x * x / 12
        return 1 - x / 2 + even, 1 + x / 2 + even, Decimal("0.5") - x / 12
    e = x.exp()
    return x / (e - 1), x * e / (e - 1), (1 - x / (e - 1)) / x


@pytest.mark.parametrize("u", [sign * u for u in ARGUMENTS for sign in (1, -1)])
def test_bernoulli_is_exact_to_round_off_everywhere(u):
    plus, minus, share = bernoulli(u)
    exact_plus, exact_minus, exact_share = (float(value) for value in exact(u))
    assert plus == pytest.approx(exact_plus, rel=1e-15)  # four roundings
    assert minus == pytest.approx(exact_minus, rel=1e-15)
    # The share only steers Newton; above SMALL, 1 - B(u) cancels and leaves eps / SMALL.
    assert share == pytest.approx(exact_share, rel=1e-13)


def test_bernoulli_survives_fields_beyond_the_range_of_the_exponential():
    assert bernoulli(1e4) == (0.0, 1e4, 1e-4)
    assert bernoulli(-1e4) == (1e4, 0.0, 1 - 1e-4)


def test_bernoulli_is_continuous_at_the_change_of_formula():
    below, above = bernoulli(np.nextafter(SMALL, 0)), bernoulli(SMALL)
    np.testing.assert_allclose(below, above, rtol=1e-13)
