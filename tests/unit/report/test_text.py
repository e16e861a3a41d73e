"""Numbers as people read them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.report import text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"), (0.0, "0"), (250.0, "250"), (1200, "1,200"), (1_305e6, "1,305,000,000"), (0.1 + 0.2, "0.300"),
        (3.14159, "3.14"), (1234.56, "1,235"), (9.996, "10.0"), (99.96, "100"), (0.000276, "0.000276"),
        (2.5e-9, "0.00000000250"),
        (-0.5, "-0.500"), (1e22, "10,000,000,000,000,000,000,000"), (float("inf"), "never"), (float("nan"), "–"),
    ],
)  # fmt: skip
def test_figures_by_hand(value: float | None, expected: str) -> None:
    assert text.figures(value) == expected


@given(st.floats(min_value=1e-12, max_value=1e15))
def test_figures_have_no_exponent_and_stay_within_half_a_percent(value: float) -> None:
    for shown in (text.figures(value), text.price(value), text.plain(value)):
        assert "e" not in shown.lower()
        assert float(shown.replace(",", "")) == pytest.approx(value, rel=0.0051)


@given(st.floats(min_value=1e-9, max_value=1e15))
def test_short_has_no_exponent_and_stays_within_half_a_percent(value: float) -> None:
    shown = text.short(value)
    factor = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}.get(shown[-1], 1.0)
    assert "e" not in shown
    assert float(shown.rstrip("kMBT").replace(",", "")) * factor == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (900_000, "900k"),
        (6_694_657, "6.69M"),
        (999_999, "1M"),
        (0.05, "0.05"),
        (100, "100"),
        (1e9, "1B"),
        (22_000, "22k"),
    ],
)
def test_short_by_hand(value: float, expected: str) -> None:
    assert text.short(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (0.0, "0.00"), (1574.5613, "1,574.56"), (0.999, "1.00"), (0.5942, "0.594"), (12.0, "12.00")],
)
def test_usd_by_hand(value: float | None, expected: str) -> None:
    assert text.usd(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"), (0.0, "0%"), (1.0, "100%"), (0.9996, ">99%"), (0.171, "17%"), (0.0451, "4.5%"),
        (0.00001, "0.0010%"), (-0.5, "-50%"), (1.5, "150%"),
    ],
)  # fmt: skip
def test_percent_by_hand(value: float | None, expected: str) -> None:
    assert text.percent(value) == expected


def test_ranges_and_latencies() -> None:
    assert text.span(3973.2, 7702.8) == "3,973 – 7,703"
    assert text.span(248.4, 248.4) == "248"
    assert text.span(None, 1.0) == "–"
    assert text.milliseconds(0.05) == "50 ms"
    assert text.milliseconds(1.25) == "1.25 s"
    assert text.milliseconds(None) == "–"


def test_age_counts_days() -> None:
    assert text.age(date(2026, 5, 1), date(2026, 11, 22)) == "2026-05-01 (205 d)"
    assert text.age(None, date(2026, 11, 22)) == "–"


def test_hanging_keeps_long_words_whole() -> None:
    url = "https://example.org/" + "a" * 90
    lines = text.hanging(f"source: {url} and more", 40).splitlines()
    assert f"    {url}" in lines
    assert lines[0] == "  source:"


@given(st.from_regex(r"[a-z0-9]{1,12}([/:-][a-z0-9]{1,12}){0,6}", fullmatch=True), st.integers(6, 60))
def test_split_id_loses_nothing(name: str, width: int) -> None:
    assert "".join(text.split_id(name, width)) == name


def test_every_noun_of_a_count_is_plural() -> None:
    assert [text.plural(n, "replica") for n in (1, 2)] == ["1 replica", "2 replicas"]
    assert [text.plural(n, "offer or machine") for n in (1, 52)] == ["1 offer or machine", "52 offers or machines"]
