from __future__ import annotations

from typing import Any

import pytest

from tco import units

approx: Any = pytest.approx


def test_one_month_everywhere() -> None:
    # 8,760 h a year / 12 = 730 h = 2,628,000 s = 30.41667 days.
    assert units.H_PER_YEAR / units.MONTHS_PER_YEAR == units.H_PER_MONTH
    assert units.H_PER_MONTH * units.S_PER_H == units.S_PER_MONTH
    assert approx(30.416666666666668) == units.DAYS_PER_MONTH


@pytest.mark.parametrize(
    ("text", "canonical", "factor"),
    [
        ("USD/1K", "USD/Mtok", 1e3),
        ("USD/token", "USD/Mtok", 1e6),
        ("USD/year", "USD/month", 1 / 12),
        ("USD/MWh", "USD/kWh", 1e-3),
        ("cent/kWh", "USD/kWh", 0.01),
        ("USD/s", "USD/h", 3600.0),
        ("USD/GPU-month", "USD/GPU-year", 12.0),
        ("/day", "/month", 730 / 24),
        ("/week", "/month", 730 / 168),
        ("rps", "/month", 2_628_000.0),
        ("/min", "/month", 43_800.0),
        ("ms", "s", 1e-3),
        ("days", "s", 86_400.0),
        ("GiB", "GB", 1.073741824),
        ("PFLOPS", "TFLOPS", 1e3),
        ("%", "frac", 0.01),
    ],
)
def test_conversions(text: str, canonical: str, factor: float) -> None:
    assert units.UNITS[text] == (canonical, approx(factor))


def test_each_canonical_unit_converts_to_itself_but_rates_of_change() -> None:
    canonicals = {canonical for canonical, _ in units.UNITS.values()}
    unlisted = {each for each in canonicals if each not in units.UNITS}
    assert unlisted == {"frac/month", "frac/year"}  # written only in percent
    assert all(units.UNITS[each] == (each, 1.0) for each in canonicals - unlisted)


@pytest.mark.parametrize(
    ("text", "canonical", "factor"),
    [
        ("$/1M", "USD/Mtok", 1.0),
        ("US$ / 1M tokens", "USD/Mtok", 1.0),
        ("USD per million tokens", "USD/Mtok", 1.0),
        ("$ per 1M tok", "USD/Mtok", 1.0),
        ("USD/1,000,000 tokens", "USD/Mtok", 1.0),
        ("$/K", "USD/Mtok", 1e3),
        ("USD per 1000 tokens", "USD/Mtok", 1e3),
        ("cent/ktok", "USD/Mtok", 10.0),  # 0.01 USD x 1,000 a million
        ("¢ / 1K", "USD/Mtok", 10.0),
        ("cents per token", "USD/Mtok", 1e4),
        ("cents per kWh", "USD/kWh", 0.01),
        ("cent", "USD", 0.01),
        ("per month", "/month", 1.0),
        ("per day", "/month", 730 / 24),
    ],
)
def test_units_as_people_write_them(text: str, canonical: str, factor: float) -> None:
    assert units.known_unit(text) == (canonical, approx(factor))


@pytest.mark.parametrize(
    "text",
    ["USD/1m", "USD/m", "/1M", "/ 1M tokens", "EUR/Mtok", "USD/1M requests", "USD/1M characters", "cent/Mcent",
     "permonth", "USD//Mtok", "USD/Mtok/month", "USD/10M", "", "per"],
)  # fmt: skip
def test_a_unit_with_two_meanings_or_none_is_not_known(text: str) -> None:
    assert units.known_unit(text) is None


@pytest.mark.parametrize("name", units.UNITS)
def test_every_unit_of_the_vocabulary_is_known_as_it_stands(name: str) -> None:
    assert units.known_unit(name) == units.UNITS[name]
