"""Values: exact decimals in one unit a dimension."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tco.check.value import ValueProblem, percent, plain, read

RATES = {"EUR": 1.1, "CNY": 0.14}


def parsed(raw, unit="", currency=""):
    return read(raw, unit, currency, RATES.__getitem__)


@pytest.mark.parametrize(
    ("raw", "unit", "currency", "usd", "canonical"),
    [
        ("0.004 USD/ktok", "", "", "4", "USD/Mtok"),  # 0.004 x 1000
        ("5 USD/1M", "", "", "5", "USD/Mtok"),
        ("0.000005 USD/token", "", "", "5", "USD/Mtok"),
        ("5", "USD/Mtok", "", "5", "USD/Mtok"),
        (5, "USD/Mtok", "USD", "5", "USD/Mtok"),
        ("15,000 USD/Mtok", "", "", "15000", "USD/Mtok"),
        ("1e-6 USD/tok", "", "", "1", "USD/Mtok"),
        ("$5/Mtok", "", "", "5", "USD/Mtok"),
        ("$5", "", "", "5", "USD"),
        ("2 EUR/Mtok", "", "", "2.2", "USD/Mtok"),  # 2 x 1.1
        ("2", "/Mtok", "EUR", "2.2", "USD/Mtok"),
        ("10 RMB/Mtok", "", "", "1.4", "USD/Mtok"),  # 10 x 0.14
        ("3", "", "EUR", "3.3", "USD"),
        ("150 USD/MWh", "", "", "0.15", "USD/kWh"),
        ("900k /month", "", "", "900000", "/month"),
        (".5 USD/h", "", "", "0.5", "USD/h"),
        ("12 %", "", "", "0.12", "frac"),
    ],
)
def test_by_hand(raw, unit, currency, usd, canonical):
    value = parsed(raw, unit, currency)
    assert value.unit == canonical
    assert abs(value.base - Decimal(usd)) < Decimal("1e-12")
    assert (value.low, value.high) == (None, None)


def test_money_is_exact():
    assert parsed("0.1 USD/Mtok").base + parsed("0.2 USD/Mtok").base == Decimal("0.3")


@pytest.mark.parametrize("raw", ["2-4 USD/h", "2 .. 4 USD/h", {"low": "2 USD/h", "high": 4, "unit": "USD/h"}])
def test_a_range_has_its_middle(raw):
    value = parsed(raw)
    assert (value.low, value.base, value.high) == (2, 3, 4)


def test_low_base_high():
    value = parsed({"low": "1", "base": "2", "high": "5"}, "USD/ktok")
    assert (value.low, value.base, value.high, value.unit) == (1000, 2000, 5000, "USD/Mtok")


@pytest.mark.parametrize(
    ("raw", "unit", "currency", "rule", "words"),
    [
        (None, "USD/Mtok", "", "plausible", "no value"),
        ("  ", "USD/Mtok", "", "plausible", "no value"),
        (True, "USD/Mtok", "", "plausible", "no number"),
        (("a",), "USD/Mtok", "", "plausible", "no number"),
        ("five USD/Mtok", "", "", "plausible", "no number"),
        ("1,5 USD/Mtok", "", "", "plausible", "comma"),
        ("1e999 USD", "", "", "plausible", "past any number"),
        ("9" * 300, "USD", "", "plausible", "no number"),
        ("4-2 USD/h", "", "", "plausible", "above its high end"),
        ({}, "USD", "", "plausible", "no value"),
        ({"low": 1}, "USD", "", "plausible", "no value"),
        ({"base": 1, "hgih": 2}, "USD", "", "plausible", "hgih"),
        ({"low": 3, "base": 2, "high": 4}, "USD", "", "plausible", "out of order"),
        ({"low": "1 USD", "high": "2 USD/h"}, "", "", "unit", "USD and USD/h"),
        (5, "", "", "unit", "without a unit"),
        ("5", "", "", "unit", "without a unit"),
        ("5 USD/Mtk", "", "", "unit", "not known"),
        ("5 USD/Mtok", "USD/ktok", "", "unit", "in unit"),
        ("5 USD/Mtok", "", "EUR", "unit", "currency"),
        ("5 EUR/Mtok", "", "USD", "unit", "currency"),
        ("5 parsecs", "", "", "unit", "not known"),
    ],
)
def test_what_cannot_be_used(raw, unit, currency, rule, words):
    with pytest.raises(ValueProblem, match=words) as caught:
        parsed(raw, unit, currency)
    assert caught.value.rule == rule


def test_a_near_unit_is_named():
    with pytest.raises(ValueProblem) as caught:
        parsed("5 USD/Mtk")
    assert "USD/Mtok" in caught.value.expected


@pytest.mark.parametrize(
    ("number", "text"),
    [("1234567.5", "1,234,567.5"), ("5.00", "5"), ("0", "0"), ("1E+4", "10,000"), ("1E-7", "0.0000001")],
)
def test_plain(number, text):
    assert plain(Decimal(number)) == text


def test_long_quotients_are_cut():
    assert plain(Decimal(1) / Decimal(3)) == "0.333333"
    assert percent(Decimal(1) / Decimal(3)) == "33.3%"


@pytest.mark.parametrize(
    ("text", "usd_per_mtok"),
    [
        ("$2.50 / 1M", "2.5"), ("$2.50 per million tokens", "2.5"), ("0.15 cent/ktok", "1.5"), ("15 ¢/Mtok", "0.15"),
        ("2.5 USD per 1M tokens", "2.5"),
    ],
)  # fmt: skip
def test_prices_as_vendors_print_them(text, usd_per_mtok):
    value = read(text, "", "", lambda _: 1.0)
    assert (value.base, value.unit) == (Decimal(usd_per_mtok), "USD/Mtok")
