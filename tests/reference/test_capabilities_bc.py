"""Worked examples of self-hosted cost and break-even, by number, through the equations alone.

Conventions of the examples: month = 730 h, electricity 0.15 USD/kWh, straight line over 36 months without residual,
RTX 4090 = 1,600 USD, 450 W single-stream, 350 W batched.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tco.cost import finance, unit_costs
from tco.decide.breakeven import CHEAPER, Crossing, find_crossings, linear_breakeven_volume, solve_for
from tco.decide.payback import payback_months, payback_range, simple_payback_months
from tco.units import H_PER_MONTH, S_PER_H, S_PER_MONTH, TOK_PER_MTOK

approx: Any = pytest.approx

USD_PER_KWH = 0.15
CARD_USD_PER_MONTH = finance.straight_line_usd_per_month(capex_usd=1600.0, residual_frac=0.0, life_months=36.0)
SINGLE_TOK_PER_S, SINGLE_W = 40.0, 450.0
BATCHED_TOK_PER_S, BATCHED_W = 1100.0, 350.0


def energy(watts: float, tok_per_s: float) -> float:
    return float(unit_costs.joule_usd_per_mtok(joule_per_tok=watts / tok_per_s, usd_per_kwh=USD_PER_KWH))


def capital(tok_per_s: float, utilisation: float = 1.0) -> float:
    return float(
        unit_costs.capital_usd_per_mtok(
            capital_usd_per_month=CARD_USD_PER_MONTH, output_tok_per_s=tok_per_s, utilisation_frac=utilisation
        )
    )


def line(fixed: float, slope: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda volume: fixed + slope * volume


def test_04_blend_by_mix() -> None:
    assert unit_costs.blended_usd_per_mtok(input_usd_per_mtok=5.0, output_usd_per_mtok=25.0, input_frac=3 / 4) == 10.0


def test_11_usd_per_mtok_from_throughput_utilisation_power_and_life() -> None:
    life_mtok = SINGLE_TOK_PER_S * S_PER_MONTH * 36 / TOK_PER_MTOK
    assert life_mtok == approx(3784.3, abs=0.05)
    assert capital(SINGLE_TOK_PER_S) == approx(0.4228, abs=5e-5)
    assert energy(SINGLE_W, SINGLE_TOK_PER_S) == approx(0.46875)  # 0.4688
    assert capital(SINGLE_TOK_PER_S) + energy(SINGLE_W, SINGLE_TOK_PER_S) == approx(0.8915, abs=5e-5)
    assert capital(SINGLE_TOK_PER_S, 0.12) == approx(3.5233, abs=5e-5)
    assert capital(SINGLE_TOK_PER_S, 0.12) + energy(SINGLE_W, SINGLE_TOK_PER_S) == approx(3.99, abs=5e-3)


def test_12_backwards_for_utilisation() -> None:
    def needed(target: float, watts: float, tok_per_s: float) -> float:
        return float(
            unit_costs.utilisation_frac_for(
                full_capital_usd_per_mtok=capital(tok_per_s), target_usd_per_mtok=target,
                marginal_usd_per_mtok=energy(watts, tok_per_s),
            )
        )  # fmt: skip

    single = needed(4.0, SINGLE_W, SINGLE_TOK_PER_S)
    assert single == approx(0.120, abs=5e-4)
    assert single * SINGLE_TOK_PER_S * S_PER_MONTH == approx(12.6e6, abs=5e4)
    assert capital(BATCHED_TOK_PER_S) == approx(0.01537, abs=5e-6)
    assert needed(0.05, BATCHED_W, BATCHED_TOK_PER_S) == approx(0.418, abs=5e-4)
    found = solve_for(
        f=lambda u: capital(SINGLE_TOK_PER_S, u) + energy(SINGLE_W, SINGLE_TOK_PER_S), lo=1e-4, hi=1.0, target=4.0
    )
    assert found.root == approx(single, rel=1e-9)


def test_13_no_zero_marginal_cost() -> None:
    assert energy(SINGLE_W, SINGLE_TOK_PER_S) == approx(0.469, abs=5e-4)
    assert energy(BATCHED_W, BATCHED_TOK_PER_S) == approx(0.0133, abs=5e-5)
    volume = linear_breakeven_volume(
        fixed_usd_per_month=CARD_USD_PER_MONTH, price_usd_per_unit=0.28,
        marginal_usd_per_unit=np.array([energy(SINGLE_W, SINGLE_TOK_PER_S), energy(BATCHED_W, BATCHED_TOK_PER_S)]),
    )  # fmt: skip
    assert np.isinf(volume).tolist() == [True, False]


def test_20_flop_audit_of_a_claim() -> None:
    claimed = 0.01 * 1000  # USD per thousand tokens -> per million
    rents = np.array([2.0, 3.0])
    gpu_s = unit_costs.implied_gpu_s_per_mtok(claimed_usd_per_mtok=claimed, gpu_usd_per_h=rents)
    assert gpu_s / 1000 == approx([18.0, 12.0])
    flop_s = 2 * 175e9 * 1000 / 989e12
    assert flop_s == approx(0.354, abs=5e-4)
    mfu = unit_costs.implied_mfu_frac(
        claimed_usd_per_mtok=claimed, gpu_usd_per_h=rents, flop_per_tok=2 * 175e9, peak_flop_per_s=989e12
    )
    assert mfu == approx([0.020, 0.029], abs=5e-4)


def test_21_rented_gpu() -> None:
    assert unit_costs.usd_per_mtok(rental_usd_per_h=2.35, output_tok_per_s=1500.0) == approx(0.435, abs=5e-4)
    needed = unit_costs.tok_per_s_for_usd_per_mtok(rental_usd_per_h=2.35, target_usd_per_mtok=0.10)
    assert needed == approx(6528.0, abs=0.5)


def test_22_separate_lines() -> None:
    busy_h = 13.13
    lines = {
        "host": finance.straight_line_usd_per_month(capex_usd=3000.0, residual_frac=0.0, life_months=36.0),
        "busy": unit_costs.energy_usd(mean_w=550.0, hours=busy_h, usd_per_kwh=USD_PER_KWH, pue_ratio=1.0),
        "idle": unit_costs.energy_usd(mean_w=100.0, hours=H_PER_MONTH - busy_h, usd_per_kwh=USD_PER_KWH, pue_ratio=1.0),
        "staff": 0.1 * 12_500.0,
    }
    assert list(lines.values()) == approx([83.33, 1.08, 10.75, 1250.0], abs=5e-3)
    total = math.fsum(map(float, lines.values()))
    assert total == approx(1345.17, abs=5e-3)
    assert lines["staff"] / total == approx(0.929, abs=5e-4)


def test_23_one_time_cost() -> None:
    gpu_h = 16 * 26 / 60
    gpu_usd = unit_costs.monthly_rental_usd(usd_per_h=np.array([2.0, 3.0]), billed_h=gpu_h)
    people_usd = 3 * 12_500.0
    assert gpu_h == approx(6.933, abs=5e-4)
    assert gpu_usd == approx([13.87, 20.80], abs=5e-3)
    assert people_usd / (people_usd + gpu_usd) == approx([0.999, 0.999], abs=1e-3)


def test_24_break_even_volume() -> None:
    prices = np.array([25.0, 15.0, 10.0, 4.0, 2.19, 0.28])
    marginal = energy(SINGLE_W, SINGLE_TOK_PER_S)
    mtok: Any = linear_breakeven_volume(
        fixed_usd_per_month=CARD_USD_PER_MONTH, price_usd_per_unit=prices, marginal_usd_per_unit=marginal
    )
    assert mtok == approx([1.81, 3.06, 4.66, 12.59, 25.8, math.inf], rel=2e-3)
    u: Any = unit_costs.utilisation_frac(tok_per_month=mtok * TOK_PER_MTOK, output_tok_per_s=SINGLE_TOK_PER_S)
    assert (u[0], u[4]) == (approx(0.017, abs=5e-4), approx(0.246, abs=5e-4))
    capacity_mtok = SINGLE_TOK_PER_S * S_PER_MONTH / TOK_PER_MTOK
    for price, expected in zip(prices[:5], mtok[:5], strict=True):
        found = find_crossings(
            own=line(float(CARD_USD_PER_MONTH), marginal), versus=line(0.0, price),
            lo=0.0, hi=capacity_mtok, steps=np.array([]),
        )  # fmt: skip
        assert found == [Crossing(approx(expected, rel=1e-9), CHEAPER, False)]


def test_25_payback_over_ranges() -> None:
    open_range = payback_range(
        capex_low_usd=20e3, capex_high_usd=50e3, api_low_usd_per_month=10e3, api_high_usd_per_month=50e3,
        opex_usd_per_month=0.0,
    )  # fmt: skip
    paired = (20 / 10, 50 / 50)  # how "1-2 months" comes about
    assert open_range.low_months < min(paired) < max(paired) < open_range.high_months
    assert open_range == (approx(0.4), approx(5.0))
    low_bill = payback_range(
        capex_low_usd=20e3, capex_high_usd=50e3, api_low_usd_per_month=10e3, api_high_usd_per_month=10e3,
        opex_usd_per_month=0.5 * 12_500.0,
    )  # fmt: skip
    assert low_bill == (approx(5.3, abs=0.05), approx(13.3, abs=0.05))


def test_26_payback_with_upfront_effort() -> None:
    saving = 1050.0 - 11.84
    months = simple_payback_months(upfront_usd=np.array([3000.0, 40_500.0]), saving_usd_per_month=saving)
    assert months == approx([2.9, 39.0], abs=0.05)
    within_life = payback_months(upfront_usd=np.array([3000.0, 40_500.0]), saving_usd_by_month=np.full(36, saving))
    assert within_life.whole_months == approx([3, math.inf])


def test_27_capacity_that_a_bill_buys() -> None:
    mtok = 10_000.0 / np.array([15.0, 0.10])
    tok_per_s = mtok * TOK_PER_MTOK / S_PER_MONTH
    assert mtok == approx([666.7, 100_000.0], abs=0.05)
    assert tok_per_s == approx([253.7, 38_052.0], abs=0.5)
    u: Any = unit_costs.utilisation_frac(tok_per_month=mtok * TOK_PER_MTOK, output_tok_per_s=BATCHED_TOK_PER_S)
    assert u[0] == approx(0.23, abs=5e-3)
    cards = float(np.ceil(u[1]))
    power = unit_costs.energy_usd(mean_w=cards * BATCHED_W, hours=H_PER_MONTH, usd_per_kwh=USD_PER_KWH, pue_ratio=1.0)
    assert (cards, cards * 1600.0) == (35.0, 56_000.0)
    assert power == approx(1341.0, abs=0.5)
    assert simple_payback_months(upfront_usd=56_000.0, saving_usd_per_month=10_000.0 - power) == approx(6.5, abs=0.05)


def test_28_payback_with_a_falling_price() -> None:
    change = finance.annual_change_frac_from_halving(halving_months=12.0)
    price: Any = 1000.0 * finance.trend_factor(annual_change_frac=change, month=np.arange(36.0))
    saving = price - 100.0
    saved = np.cumsum(saving)
    assert price[1] / price[0] == approx(0.94387, abs=5e-6)
    assert saved[[11, 14, 15]] == approx([7709.0, 8826.0, 9146.0], abs=1.0)
    assert payback_months(upfront_usd=9000.0, saving_usd_by_month=saving).whole_months == 16
    assert payback_months(upfront_usd=9000.0, saving_usd_by_month=np.full(36, 900.0)) == (10, approx(10.0))
    assert S_PER_H * H_PER_MONTH == S_PER_MONTH
