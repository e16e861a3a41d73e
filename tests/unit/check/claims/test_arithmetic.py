"""Quantities with units, and formulas over them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.check.claims import derive
from tco.check.claims.arithmetic import compute, names, parse, trend
from tco.check.claims.formulas import NAMED
from tco.check.claims.quantity import Quantity, digits, quantity, spell, unit
from tco.check.claims.relation import relate, slip
from tco.cost import unit_costs

POSITIVE = st.floats(1e-3, 1e6)


@pytest.mark.parametrize(
    ("text", "low", "high", "dims"),
    [
        ("0.003-0.005 USD/1K tokens", 3e-6, 5e-6, "usd/tok"),  # 0.003 / 1000
        ("5,000 USD/1M tokens", 5e-3, 5e-3, "usd/tok"),
        ("2-3 USD/GPU-h", 2 / 3600, 3 / 3600, "usd/s"),
        ("10K-50K USD/month", 10_000 / 2_628_000, 50_000 / 2_628_000, "usd/s"),
        ("0.15 USD/kWh", 0.15 / 3.6e6, 0.15 / 3.6e6, "usd/joule"),
        ("350 GFLOPS", 350e9, 350e9, "flop/s"),
        ("350 GFLOP/tok", 350e9, 350e9, "flop/tok"),
        ("3.35 TB/s", 3.35e12, 3.35e12, "byte/s"),
        ("4 bit", 0.5, 0.5, "byte"),
        ("1/50 x", 0.02, 0.02, "a plain number"),
        ("1.2 points", 0.012, 0.012, "point"),
        ("30 CVEs/60 days", 30 / (60 * 86_400), 30 / (60 * 86_400), "CVE/s"),
        ("1.5B params", 1.5e9, 1.5e9, "a plain number"),
        ("$2.50/1M tokens", 2.5e-6, 2.5e-6, "usd/tok"),
        ("12 USD/1M input tokens", 12e-6, 12e-6, "usd/tok"),
        ("$20,000", 20_000, 20_000, "usd"),
    ],
)
def test_a_quantity_is_read_into_base_units(text: str, low: float, high: float, dims: str) -> None:
    held = quantity(text)
    assert [held.low, held.high] == pytest.approx([low, high], rel=1e-12)
    assert spell(held.dims) == dims


@pytest.mark.parametrize(
    "text", ["", "five USD", "5 parsecs", "3-2 USD", "1e400 USD", "5 USD/0M tokens", "5 USD//", "-"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="got"):
        quantity(text)


def test_an_unknown_unit_names_the_near_ones() -> None:
    with pytest.raises(ValueError, match="did you mean tokens"):
        unit("tokns")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0008915, "0.0008915"), (1234.5, "1,234"), (51_358, "51,358"), (7e9, "7B"), (1.6e12, "1.6T"), (1e300, "1e+300")],
)
def test_digits_are_written_as_a_person_would(number: float, text: str) -> None:
    assert digits(number) == text


@pytest.mark.parametrize(
    ("text", "low", "high", "relation"),
    [
        ("50 x", 150, 150, "misses"),
        ("33 x", 33.3, 33.3, "agrees"),
        ("50 x", 50, 150, "part"),
        ("1-2 months", 0.4 * 2_628_000, 5 * 2_628_000, "part"),
        ("2-3 x", 2.5, 2.5, "agrees"),
        ("< 1 x", 1, 1, "misses"),  # a tie is not cheaper
        ("> 100 x", 167, 500, "agrees"),
        ("> 100 x", 83, 500, "part"),
        ("up to 90 %", 0.93, 0.95, "agrees"),
        ("up to 90 %", 0.1, 0.3, "misses"),
        ("about 1 x", 1.1, 1.1, "agrees"),
        ("0 USD", 0.001, 0.001, "misses"),  # free is not cheap
        ("0 USD", 0, 0, "agrees"),
        ("0 %", 0.004, 0.004, "agrees"),
        ("within 3 months", 2.9 * 2_628_000, 2.9 * 2_628_000, "agrees"),
    ],
)
def test_a_claim_relates_to_a_computed_range(text: str, low: float, high: float, relation: str) -> None:
    assert relate(quantity(text), low, high) == relation


@pytest.mark.parametrize(
    ("text", "share", "relation"),
    [
        ("95 %", 0.94, "misses"),  # 20 times cheaper, and 16.7 times
        ("98 %", 0.94, "misses"),  # 5% of 98% would reach 93.1%
        ("82 %", 0.8175, "agrees"),  # rounds to it
        ("99 %", 0.986, "agrees"),  # rounds to it, although 100 times and 71 times
        ("100 %", 0.996, "agrees"),
        ("60 %", 0.585, "agrees"),  # 1.5 points off; 5% of the 40% left are 2
        ("60 %", 0.575, "misses"),
        ("2 %", 0.03, "misses"),
        ("40-60 %", 0.61, "agrees"),
        ("at least 95 %", 0.94, "misses"),
        ("at most 94 %", 0.95, "misses"),
        ("over 94 %", 0.945, "agrees"),
        ("up to 95 %", 0.94, "misses"),
        ("about 95 %", 0.94, "misses"),
        ("about 90 %", 0.89, "agrees"),  # 15% of the 10% left are 1.5 points
    ],
)
def test_a_saving_in_percent_is_as_close_as_what_is_left(text: str, share: float, relation: str) -> None:
    stated = replace(quantity(text), saved="share")
    assert relate(stated, share, share) == relation
    if stated.high < 1:  # the same verdict where the evidence gives a ratio
        held = replace(stated, low=1 / (1 - stated.low), high=1 / (1 - stated.high), saved="times")
        assert relate(held, 1 / (1 - share), 1 / (1 - share)) == relation


@given(st.floats(1e-6, 1e6), st.sampled_from([3, -3, 6, -6]))
def test_the_same_digits_in_another_unit_are_a_slip_and_nothing_else_is(number: float, power: int) -> None:
    stated = Quantity(number * 10.0**power, number * 10.0**power)
    found = slip(stated, number, number)
    assert found is not None
    assert found.power == power
    assert slip(Quantity(number * 7, number * 7), number, number) is None


def test_a_formula_follows_dimensions() -> None:
    # 0.45 kW / 40 tok/s x 0.15 USD/kWh = 3.125 kWh/Mtok x 0.15 = 0.46875 USD/Mtok
    held = {"power": quantity("450 W"), "tariff": quantity("0.15 USD/kWh"), "speed": quantity("40 tok/s")}
    found = compute("power * tariff / speed", held)
    assert found.low * 1e6 == pytest.approx(0.46875)
    assert spell(found.dims) == "usd/tok"
    with pytest.raises(ValueError, match="adds"):
        compute("power + tariff", held)


@pytest.mark.parametrize(
    "text",
    [
        "a.b",
        "a[0]",
        "lambda: 1",
        "__import__('os')",
        "[1]",
        "a if b else c",
        "a == b",
        "f(a)",
        "True",
        "1 +",
        "a" * 500,
        "(" * 300,
    ],
)
def test_a_formula_is_arithmetic_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="got"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["a / (b - b)", "a ** b", "a ** 9", "10 ** 4 ** 4 ** 4", "a % b", "'USD'", "unit(a)", "min(a, p)"]
)
def test_what_cannot_be_computed_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"formula|unit|compares"):
        compute(text, {"a": quantity("1 USD"), "b": quantity("2 USD"), "p": quantity("1 W")})


def test_ranges_are_combined_at_all_their_ends() -> None:
    # 20-50 kUSD against 10-50 kUSD a month: 20/50 = 0.4 to 50/10 = 5, not paired ends
    found = compute("a / b", {"a": quantity("20-50 kUSD"), "b": quantity("10-50 kUSD/month")})
    assert [found.low / 2_628_000, found.high / 2_628_000] == pytest.approx([0.4, 5.0])


@pytest.mark.parametrize(
    ("values", "word"), [((5, 10, 16.7), "rises"), ((3, 2), "falls"), ((1, 1), "flat"), ((1, 3, 2), "mixed")]
)
def test_a_series_has_a_direction(values: tuple[float, ...], word: str) -> None:
    held = {f"v{place}": Quantity(value, value) for place, value in enumerate(values)}
    assert trend(f"trend({', '.join(held)})", held)[0] == word


@given(
    capex=POSITIVE,
    life=st.floats(1, 120),
    watts=POSITIVE,
    tariff=st.floats(0.01, 1),
    speed=POSITIVE,
    use=st.floats(0.01, 1),
)
def test_the_cost_of_a_machine_is_the_ledgers(
    capex: float, life: float, watts: float, tariff: float, speed: float, use: float
) -> None:
    held = {
        "capex": quantity(f"{capex!r} USD"), "life": quantity(f"{life!r} months"), "power": quantity(f"{watts!r} W"),
        "tariff": quantity(f"{tariff!r} USD/kWh"), "speed": quantity(f"{speed!r} tok/s"),
        "utilisation": quantity(f"{use!r} frac"),
    }  # fmt: skip
    capital = unit_costs.capital_usd_per_mtok(
        capital_usd_per_month=capex / life, output_tok_per_s=speed, utilisation_frac=use
    )
    energy = unit_costs.joule_usd_per_mtok(joule_per_tok=watts / speed, usd_per_kwh=tariff)
    assert compute(NAMED["machine_cost"].text, held).low * 1e6 == pytest.approx(capital + energy, rel=1e-9)


@given(rental=st.floats(0.1, 20), speed=POSITIVE)
def test_the_cost_of_a_rented_gpu_is_the_ledgers(rental: float, speed: float) -> None:
    held = {
        "rental": quantity(f"{rental!r} USD/h"),
        "speed": quantity(f"{speed!r} tok/s"),
        "utilisation": quantity("1 frac"),
    }
    expected = unit_costs.usd_per_mtok(rental_usd_per_h=rental, output_tok_per_s=speed)
    assert compute(NAMED["rented_cost"].text, held).low * 1e6 == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", NAMED)
def test_a_named_formula_reads_and_its_gaps_have_the_names_it_uses(name: str) -> None:
    assert set(NAMED[name].missing) <= set(names(NAMED[name].text))


def test_a_missing_utilisation_is_solved_for() -> None:
    # 0.4228 / (4 - 0.4688) = 12.0% (capability 12)
    inputs = derive.Inputs(
        {"capex": quantity("1600 USD"), "life": quantity("36 months"), "power": quantity("450 W"),
         "tariff": quantity("0.15 USD/kWh"), "speed": quantity("40 tok/s")},
        {"utilisation": quantity("0.001-1 frac")},
    )  # fmt: skip
    found = derive.judge(quantity("4 USD/Mtok"), "machine_cost", inputs)
    assert found.verdict == "needs_assumption"
    assert any("utilisation = 0.1197" in line for line in found.lines)


def test_a_factor_without_end_is_infinite_not_a_crash() -> None:
    inputs = derive.Inputs(
        {"power": quantity("450 W"), "tariff": quantity("0.15 USD/kWh"), "speed": quantity("40 tok/s")}
    )
    found = derive.judge(quantity("0 USD/Mtok"), "energy_cost", inputs)
    assert found.verdict == "arithmetic_error"
    assert math.isinf(found.off)
