from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tco.describe.record import Figure, Record, Sourced, Unit, parse_number, parse_quantity

approx: Any = pytest.approx
DAY = date(2026, 11, 1)


def read(raw: Any, unit: str, **bounds: float) -> Figure:
    held: Figure = TypeAdapter(Annotated[Figure, Unit(unit, **bounds)]).validate_python(raw)
    return held


def refused(raw: Any, unit: str, **bounds: float) -> str:
    with pytest.raises(ValidationError) as caught:
        read(raw, unit, **bounds)
    return str(caught.value)


# --- what a person may write


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0.15 USD/kWh", "USD/kWh", 0.15),
        ("150 USD/MWh", "USD/kWh", 0.15),
        ("15 cent/kWh", "USD/kWh", 0.15),
        ("$/kWh".join(["0.15 ", ""]), "USD/kWh", 0.15),
        ("0.15 US$/kWh", "USD/kWh", 0.15),
        ("900k /month", "/month", 900_000.0),
        ("2M/month", "/month", 2e6),
        ("1_200 /day", "/month", 36_500.0),  # 1,200 x 730 / 24
        ("1,200.5 tok", "tok", 1200.5),
        ("2.5e6 tok", "tok", 2.5e6),
        ("-5 %/year", "frac/year", -0.05),
        ("4%", "frac", 0.04),
        ("24 GB", "GB", 24.0),
        ("900 ms", "s", 0.9),
        ("3 years", "months", 36.0),
        ("20 rps", "/month", 52_560_000.0),
        ("2 kW", "W", 2000.0),
        ("$2.50 / 1M", "USD/Mtok", 2.5),  # as vendors print them
        ("US$ 2.50/M", "USD/Mtok", 2.5),
        ("$2.50 per million tokens", "USD/Mtok", 2.5),
        ("$2.50 USD/Mtok", "USD/Mtok", 2.5),
        ("$0.0025 per 1K tokens", "USD/Mtok", 2.5),
        ("0.25 cent/ktok", "USD/Mtok", 2.5),
        ("0.25¢ / 1K", "USD/Mtok", 2.5),
        ("$12k per month", "USD/month", 12_000.0),
        ("-$5", "USD", -5.0),
        ("1.2M per month", "/month", 1.2e6),
    ],
)
def test_one_quantity(text: str, unit: str, value: float) -> None:
    assert read(text, unit).value == approx(value)


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("0.003-0.005 USD/1K", "USD/Mtok", 3.0, 5.0),
        ("1k-2k /month", "/month", 1000.0, 2000.0),
        ("1-2k /month", "/month", 1000.0, 2000.0),  # one multiplier holds for both ends
        ("10 to 20 %", "frac", 0.1, 0.2),
        ("1..3 ms", "s", 0.001, 0.003),
        ("16-24 GB", "GB", 16.0, 24.0),  # the G is of the unit, not a multiplier
        ("100-200 kW", "W", 1e5, 2e5),
        ("1-2 GB/s", "GB/s", 1.0, 2.0),
        ("1–2 GiB", "GB", 1.073741824, 2.147483648),
    ],
)
def test_a_range_is_uniform_about_its_middle(text: str, unit: str, low: float, high: float) -> None:
    held = read(text, unit)
    assert (held.low, held.high, held.value) == (approx(low), approx(high), approx((low + high) / 2))
    assert held.distribution == "uniform"


@pytest.mark.parametrize(
    "text", ["$0.10-$0.20/kWh", "$0.10 – 0.20 / kWh", "10 to 20 cents per kWh", "$0.10..$0.20 per kWh"]
)
def test_a_range_of_money_with_signs(text: str) -> None:
    figure = read(text, "USD/kWh")
    assert (figure.low, figure.high, figure.distribution) == (approx(0.1), approx(0.2), "uniform")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("$2.50", "which is USD; expected USD/Mtok"),
        ("$2.50 / 1m", "got unit 'USD / 1m'"),  # a million, a month or a minute
        ("2.50 / 1M", "got unit '/ 1M'"),  # of which currency?
        ("$2.50 EUR/Mtok", "got unit 'USD EUR/Mtok'"),
        ("$2.50 / 1M requests", "got unit 'USD / 1M requests'"),
        ("$", "got '$'"),
    ],
)
def test_a_price_with_two_meanings_is_refused(text: str, says: str) -> None:
    assert says in refused(text, "USD/Mtok")


def test_numbers_and_mappings() -> None:
    assert read(5, "USD").value == 5.0
    assert read({"base": 0.15, "low": "100 USD/MWh", "high": 0.2}, "USD/kWh") == Figure(
        value=0.15, low=0.1, high=0.2, unit="USD/kWh"
    )
    assert read({"value": 150, "unit": "USD/MWh"}, "USD/kWh").value == approx(0.15)
    middle = read({"low": 1, "high": 3}, "USD")
    assert (middle.value, middle.distribution) == (2.0, "uniform")
    assert read(Figure(value=1.0, unit="USD"), "USD").value == 1.0
    assert parse_number("1_200,000.5") == 1_200_000.5


@pytest.mark.parametrize(
    ("raw", "unit", "says"),
    [
        (True, "USD", "got true; expected a number in USD"),
        ("cheap", "USD", "expected a number in USD"),
        ("1.2.3 USD", "USD", "expected a number in USD"),
        ("5", "USD", "a text without a unit"),
        ("5 GB", "USD/kWh", "which is GB; expected USD/kWh"),
        ("5 bananas", "USD/kWh", "got unit 'bananas'; expected one of"),
        ("3-1 USD", "USD", "expected low <= base <= high"),
        ({"value": 1, "base": 1}, "USD", "both base and value"),
        ({"value": 1, "low": 0.5}, "USD", "one end of a range"),
        ({"value": True}, "USD", "valid number"),
        ({"value": 1, "unit": "GB"}, "USD", "which is GB"),
        ({"low": 0, "value": 1, "high": 2, "distribution": "lognormal"}, "USD", "touches 0"),
        ({"value": 1, "colour": "red"}, "USD", "Extra inputs"),
        (float("nan"), "USD", "finite"),
        ([1], "USD", "valid dictionary"),
    ],
)
def test_what_is_refused(raw: Any, unit: str, says: str) -> None:
    assert says in refused(raw, unit)


def test_bounds_hold_for_the_range_too() -> None:
    assert read(0, "USD", ge=0).value == 0.0
    assert "at least 0" in refused(-1, "USD", ge=0)
    assert "more than 0" in refused(0, "USD", gt=0)
    assert "at most 1" in refused({"low": 0.1, "value": 0.5, "high": 1.5}, "frac", le=1)
    assert "at least 0" in refused({"low": -0.1, "value": 0.5, "high": 1}, "frac", ge=0)
    assert "expected 0 or a number between" in refused(1e300, "USD")


def test_quantity_without_a_record() -> None:
    assert parse_quantity("5 USD", "USD") == {"value": 5.0, "unit": "USD"}


# --- provenance


class Inner(Record):
    busy_w: Annotated[Figure, Unit("W")] | None = None


class Profile(Sourced):
    idle_w: Annotated[Figure, Unit("W")]
    inner: Inner = Inner()
    by_name: dict[str, Annotated[Figure, Unit("W")]] = {}


def a_profile(**fields: Any) -> Profile:
    return Profile.model_validate({"source": "the file", "as_of": DAY, "kind": "vendor", "idle_w": 1, **fields})


def test_figures_inherit_the_provenance_of_their_file() -> None:
    held = a_profile(inner={"busy_w": 2}, by_name={"a": 3})
    assert held.inner.busy_w is not None
    for figure in (held.idle_w, held.inner.busy_w, held.by_name["a"]):
        assert (figure.source, figure.as_of, figure.kind) == ("the file", DAY, "vendor")


def test_a_figure_with_its_own_source_keeps_it() -> None:
    held = a_profile(idle_w={"value": 1, "source": "a meter", "kind": "measured", "as_of": date(2025, 1, 1)})
    assert (held.idle_w.source, held.idle_w.kind, held.idle_w.as_of) == ("a meter", "measured", date(2025, 1, 1))


def test_a_guess_stays_a_guess_under_a_vendors_file() -> None:
    held = a_profile(idle_w={"value": 1, "kind": "assumed", "note": "no figure is published"})
    assert (held.idle_w.kind, held.idle_w.source) == ("assumed", "the file")


def test_a_sourced_record_needs_a_source() -> None:
    with pytest.raises(ValidationError, match="at least 1 character"):
        a_profile(source="")
