"""The fit of falling prices: by hand, at limits, by a law."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.sheets import decline
from tco.sheets.decline import Decline, Point, blend, points, t_95
from tests.sheetkit import BATCH, offer, row

FIRST = date(2024, 1, 1)


def point(days: int, usd: float) -> Point:
    return Point(provider="acme", model=f"m-{days}", day=FIRST + timedelta(days=days), usd_per_mtok=usd)


def fit(held: list[Point]) -> Decline:
    found = decline.fit(held)
    assert found is not None
    return found


def test_by_hand():  # 8, 4, 2, 1 at 100 days each: halves every 100 days, without error
    found = fit([point(100 * i, 8 / 2**i) for i in range(4)])
    assert found.halving_days == pytest.approx(100)
    assert [found.low_days, found.high_days] == pytest.approx([100, 100])
    assert found.usd_on_first == pytest.approx(8)


def test_with_scatter():  # ln y = 0, 1, 0, -1, -1 at t = 0..4: slope -0.4, s² = 1.2/3, se = sqrt(0.4/10) = 0.2
    found = fit([point(i, math.exp(y)) for i, y in enumerate((0, 1, 0, -1, -1))])
    assert found.per_day == pytest.approx(-0.4)
    t = 2.353363  # Student's t, 95%, 3 degrees of freedom
    assert found.low_days == pytest.approx(math.log(2) / (0.4 + t * 0.2), rel=0.01)
    assert found.high_days == math.inf  # -0.4 + 0.47 > 0


@pytest.mark.parametrize(("df", "t"), [(1, 6.3138), (2, 2.9200), (3, 2.3534), (5, 2.0150), (10, 1.8125), (100, 1.6602)])
def test_students_t(df, t):
    assert t_95(df) == pytest.approx(t, rel=0.005)


def test_limits():
    assert decline.fit([]) is None
    assert decline.fit([point(0, 1.0)] * 10) is None
    assert decline.fit([point(i, 1.0) for i in range(3)]) is None
    rising = fit([point(i, 2.0**i) for i in range(5)])
    assert rising.halving_days == rising.high_days == math.inf


held_prices = st.lists(
    st.tuples(st.integers(0, 900), st.floats(0.01, 100)), min_size=5, max_size=20, unique_by=lambda each: each[0]
)


@given(held_prices, st.floats(0.01, 100))
def test_a_currency_changes_no_halving_time(held, factor):
    some, scaled = fit([point(*each) for each in held]), fit([point(day, usd * factor) for day, usd in held])
    assert some.per_day == pytest.approx(scaled.per_day, abs=1e-9)
    assert scaled.usd_on_first == pytest.approx(some.usd_on_first * factor, rel=1e-6)


def test_only_dated_standard_list_prices_count():
    seen = (FIRST, FIRST)
    held = offer(
        "m", row("1", "5"), row("2", "5", observed=seen, since=FIRST), row("3", "5", when=BATCH),
        row("3", "9", promo=True), row("4", "9", kind="rumoured"),
        row("0", "9", since=date(2026, 2, 1)), row("7", "9", since=date(2027, 1, 1)),
    )  # fmt: skip
    (found,) = points([held, offer("f", floating=True)], until=date(2026, 11, 22))
    assert found.usd_per_mtok == blend(row("1", "5")) == 2.0  # (3 x 1 + 5) / 4
