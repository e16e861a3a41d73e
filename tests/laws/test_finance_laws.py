from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tco.cost import finance
from tco.decide.breakeven import CHEAPER, find_crossings, linear_breakeven_volume, solve_for
from tco.decide.payback import payback_months, simple_payback_months

approx: Any = pytest.approx

money = st.floats(1.0, 1e9)
share = st.floats(0.0, 1.0)
rate = st.floats(-0.3, 1.0)
positive_rate = st.floats(1e-3, 1.0)
life = st.integers(1, 240)
scale = st.floats(1e-3, 1e3)
savings = st.lists(st.floats(-1e5, 1e6), min_size=1, max_size=48).map(np.array)


@given(money, share, rate, life, scale)
def test_capital_charges_scale_with_money(c: float, f: float, w: float, m: int, k: float) -> None:
    annuity = finance.annuity_usd_per_month(capex_usd=c, residual_frac=f, wacc_frac=w, life_months=float(m))
    scaled = finance.annuity_usd_per_month(capex_usd=k * c, residual_frac=f, wacc_frac=w, life_months=float(m))
    assert scaled == approx(k * annuity, rel=1e-9, abs=1e-9 * k * c)


@given(money, rate, rate, life)
def test_dearer_capital_costs_more(c: float, w1: float, w2: float, m: int) -> None:
    low, high = sorted((w1, w2))
    cheap, dear = (
        finance.annuity_usd_per_month(capex_usd=c, residual_frac=0.1, wacc_frac=w, life_months=float(m))
        for w in (low, high)
    )
    assert cheap <= dear * (1 + 1e-9) + 1e-9 * c


@given(money, share, life)
def test_the_annuity_tends_to_the_straight_line(c: float, f: float, m: int) -> None:
    line = finance.straight_line_usd_per_month(capex_usd=c, residual_frac=f, life_months=float(m))
    exact = finance.annuity_usd_per_month(capex_usd=c, residual_frac=f, wacc_frac=0.0, life_months=float(m))
    near = finance.annuity_usd_per_month(capex_usd=c, residual_frac=f, wacc_frac=1e-9, life_months=float(m))
    assert exact == approx(line, rel=1e-9, abs=1e-12 * c)
    assert near == approx(line, rel=1e-6, abs=1e-6 * c)


@given(money, share, rate, st.integers(1, 30))
def test_the_payments_of_an_annuity_are_worth_the_capex(c: float, f: float, w: float, years: int) -> None:
    per_month = finance.annuity_usd_per_month(capex_usd=c, residual_frac=f, wacc_frac=w, life_months=12.0 * years)
    flows = np.full(years + 1, 12.0 * per_month)
    flows[0] = -c
    flows[-1] += f * c
    assert finance.npv(rate_frac=w, cash_flows_usd=flows) == approx(0.0, abs=1e-6 * c * max(1.0, (1 + w) ** -years))


@given(st.floats(0.01, 100.0), rate, st.integers(1, 60))
def test_the_irr_of_an_annuity_is_its_rate(c: float, w: float, n: int) -> None:
    flows = np.full(n + 1, c * finance.crf(rate_frac=w, n_periods=n))
    flows[0] = -c
    assert finance.irr(cash_flows_usd=flows) == approx(w, rel=1e-6, abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=24).map(np.array))
def test_an_irr_is_never_nan_and_solves_when_finite(flows: np.ndarray) -> None:
    found = finance.irr(cash_flows_usd=flows)
    assert not np.isnan(found)
    if np.isfinite(found) and -0.9 < found < 10.0:
        magnitude = finance.npv(rate_frac=found, cash_flows_usd=np.abs(flows))
        assert finance.npv(rate_frac=found, cash_flows_usd=flows) == approx(0.0, abs=1e-9 * float(magnitude))


@given(money, share, st.floats(0.0, 0.5), life, st.floats(0.0, 0.6), st.floats(1.0, 240.0), scale)
def test_the_full_npv_scales_with_money(
    c: float, f: float, w: float, m: int, tax: float, tax_life: float, k: float
) -> None:
    def price(factor: float) -> float:
        return float(
            finance.npv_usd_per_month(
                capex_usd=factor * c, residual_frac=f, wacc_frac=w, life_months=float(m),
                opex_usd_per_month=factor * 0.01 * c, tax_frac=tax, tax_life_months=tax_life,
            )
        )  # fmt: skip

    assert price(k) == approx(k * price(1.0), rel=1e-9, abs=1e-9 * k * c)


@given(money, share, positive_rate, life)
def test_paying_monthly_costs_less_than_paying_at_the_end_of_the_year(c: float, f: float, w: float, m: int) -> None:
    monthly = finance.npv_usd_per_month(
        capex_usd=c, residual_frac=f, wacc_frac=w, life_months=float(m), opex_usd_per_month=0.0
    )
    annual = finance.annuity_usd_per_month(capex_usd=c, residual_frac=f, wacc_frac=w, life_months=float(m))
    assert monthly < annual


@given(positive_rate, life)
def test_later_deductions_are_worth_less(r: float, n: int) -> None:
    now = finance.pv_depreciation_frac(rate_frac=r, n_tax_periods=n)
    assert finance.pv_depreciation_frac(rate_frac=r, n_tax_periods=n + 1) < now <= 1.0


@given(rate)
def test_rates_convert_there_and_back(a: float) -> None:
    m = finance.monthly_rate_frac(annual_rate_frac=a)
    assert finance.annual_rate_frac(monthly_rate_frac=m) == approx(a, abs=1e-12)
    assert finance.growth_factor(monthly_growth_frac=m, month=7) == approx(
        finance.trend_factor(annual_change_frac=a, month=7)
    )


@given(st.floats(0.5, 600.0))
def test_a_halving_time_halves(h: float) -> None:
    a = finance.annual_change_frac_from_halving(halving_months=h)
    assert finance.trend_factor(annual_change_frac=a, month=h) == approx(0.5, rel=1e-6)
    assert finance.halving_months(annual_change_frac=a) == approx(h, rel=1e-6)


@given(money, st.floats(1.0, 2.0), savings, st.none() | st.floats(0.0, 0.5))
def test_payback_never_falls_when_more_is_upfront(u: float, k: float, s: np.ndarray, w: float | None) -> None:
    less = payback_months(upfront_usd=u, saving_usd_by_month=s, wacc_frac=w)
    more = payback_months(upfront_usd=k * u, saving_usd_by_month=s, wacc_frac=w)
    assert less.whole_months <= more.whole_months
    assert less.months <= more.months + 1e-9


@given(money, savings)
def test_the_two_paybacks_name_one_month(u: float, s: np.ndarray) -> None:
    found = payback_months(upfront_usd=u, saving_usd_by_month=s)
    if np.isfinite(found.months):
        assert found.whole_months - 1 - 1e-9 <= found.months <= found.whole_months + 1e-9
    else:
        assert np.max(np.cumsum(s)) < u


@given(money, scale, savings)
def test_payback_does_not_know_the_currency(u: float, k: float, s: np.ndarray) -> None:
    assume(not np.any(np.isclose(np.cumsum(s), u, rtol=1e-9)))
    one = payback_months(upfront_usd=u, saving_usd_by_month=s)
    assert payback_months(upfront_usd=k * u, saving_usd_by_month=k * s).whole_months == one.whole_months


@given(money, st.floats(0.01, 1.0))
def test_a_flat_saving_pays_back_simply(u: float, part: float) -> None:
    found = payback_months(upfront_usd=u, saving_usd_by_month=np.full(120, part * u))
    assert found.months == approx(simple_payback_months(upfront_usd=u, saving_usd_per_month=part * u), rel=1e-9)


@given(money, st.floats(1e-3, 100.0), share)
def test_at_break_even_both_cost_the_same(fixed: float, price: float, part: float) -> None:
    marginal = 0.99 * part * price
    volume = linear_breakeven_volume(
        fixed_usd_per_month=fixed, price_usd_per_unit=price, marginal_usd_per_unit=marginal
    )
    assert fixed + marginal * volume == approx(price * volume, rel=1e-9)
    found = find_crossings(
        own=lambda v: fixed + marginal * v, versus=lambda v: price * v, lo=0.0, hi=3.0 * float(volume),
        steps=np.array([]),
    )  # fmt: skip
    assert [crossing.direction for crossing in found] == [CHEAPER]
    assert found[0].volume == approx(volume, rel=1e-9)


@given(st.floats(0.5, 50.0), st.floats(0.01, 2.0), st.floats(0.1, 3.0), st.integers(1, 40))
def test_between_crossings_one_side_stays_cheaper(machine: float, slope: float, price: float, n: int) -> None:
    def own(volume: np.ndarray) -> np.ndarray:
        return np.maximum(np.ceil(volume / 10.0), 1.0) * machine + slope * volume

    def api(volume: np.ndarray) -> np.ndarray:
        return price * volume

    steps, hi = np.arange(1.0, n) * 10.0, n * 10.0
    found = find_crossings(own=own, versus=api, lo=0.0, hi=hi, steps=steps)
    volumes = [crossing.volume for crossing in found]
    assert volumes == sorted(volumes)
    assert all(a.direction != b.direction for a, b in pairwise(found))
    for crossing in found:
        if not crossing.at_step:
            at = np.array([crossing.volume])
            assert own(at) == approx(api(at), rel=1e-9)
    edges = np.array([0.0, *volumes, hi])
    is_cheaper_after = [crossing.direction == CHEAPER for crossing in found]
    for k, is_cheaper in enumerate(is_cheaper_after, start=1):
        probe = edges[k] + np.linspace(0.01, 0.99, 25) * (edges[k + 1] - edges[k])
        gap = (own(probe) - api(probe)) * (1.0 if is_cheaper else -1.0)
        assert np.all(gap <= 1e-9 * (own(probe) + api(probe)))


@given(st.floats(1e-3, 1e3), st.floats(0.1, 3.0))
def test_solving_backwards_gives_the_input_back(x: float, power: float) -> None:
    found = solve_for(f=lambda v: v**power, lo=1e-4, hi=1e4, target=x**power)
    assert found.root == approx(x, rel=1e-9)
    assert not found.at_step
