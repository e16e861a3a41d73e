from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tco.cost import finance

approx: Any = pytest.approx


class TestCrf:
    @pytest.mark.parametrize(
        ("rate", "n", "expected"),
        [
            (0.07, 25, 0.0858105172),  # PyPSA's documented case
            (0.0, 20, 0.05),
            (-0.02, 20, 0.0401699147),
            (0.1, 1, 1.1),  # repaid in one payment with its interest
            (0.1, 2, 0.1 / (1 - 1 / 1.21)),
            (0.1, math.inf, 0.1),
            (0.0, math.inf, 0.0),
            (-0.1, math.inf, 0.0),
        ],
    )
    def test_by_hand(self, rate: float, n: float, expected: float) -> None:
        assert finance.crf(rate_frac=rate, n_periods=n) == approx(expected, rel=1e-8)

    def test_tiny_rates_keep_their_digits(self) -> None:
        # 1/n (1 + (n + 1) r / 2) to first order
        assert finance.crf(rate_frac=1e-13, n_periods=36) == approx((1 + 18.5e-13) / 36, rel=1e-14)

    def test_a_rate_without_digits_is_flat(self) -> None:
        assert finance.crf(rate_frac=5e-324, n_periods=0.5) == 2.0

    def test_long_negative_lives_neither_overflow_nor_warn(self) -> None:
        assert finance.crf(rate_frac=-0.99, n_periods=1000) == 0.0

    def test_broadcasts_and_gives_a_scalar_for_scalars(self) -> None:
        table = finance.crf(rate_frac=np.array([[0.0], [0.1]]), n_periods=np.array([1.0, 2.0, 4.0]))
        assert np.shape(table) == (2, 3)
        assert table[0] == approx([1.0, 0.5, 0.25])  # type: ignore[index]
        assert np.ndim(finance.crf(rate_frac=0.1, n_periods=3)) == 0


def test_present_value_by_hand() -> None:
    assert finance.present_value(future_usd=121.0, rate_frac=0.1, n_periods=2) == approx(100.0)
    assert finance.present_value(future_usd=7.0, rate_frac=0.0, n_periods=99) == 7.0
    assert finance.present_value(future_usd=7.0, rate_frac=0.1, n_periods=math.inf) == 0.0


class TestAnnuity:
    def test_by_hand(self) -> None:
        # (1000 - 100/1.21) * 0.1/(1 - 1/1.21) / 12 = 917.3554 * 0.5761905 / 12
        usd = finance.annuity_usd_per_month(capex_usd=1000.0, residual_frac=0.1, wacc_frac=0.1, life_months=24.0)
        assert usd == approx(44.04762, rel=1e-6)

    def test_free_capital_is_a_straight_line(self) -> None:
        usd = finance.annuity_usd_per_month(capex_usd=1600.0, residual_frac=0.0, wacc_frac=0.0, life_months=36.0)
        assert usd == approx(44.4444, abs=5e-5)
        assert finance.straight_line_usd_per_month(capex_usd=1600.0, residual_frac=0.0, life_months=36.0) == approx(usd)

    def test_full_residual_leaves_the_interest(self) -> None:
        usd = finance.annuity_usd_per_month(capex_usd=1200.0, residual_frac=1.0, wacc_frac=0.1, life_months=36.0)
        assert usd == approx(1200.0 * 0.1 / 12)

    def test_straight_line_by_hand(self) -> None:
        assert finance.straight_line_usd_per_month(capex_usd=3600.0, residual_frac=0.25, life_months=36.0) == 75.0

    def test_a_life_without_end_costs_the_interest(self) -> None:
        usd = finance.annuity_usd_per_month(capex_usd=1200.0, residual_frac=0.5, wacc_frac=0.1, life_months=math.inf)
        assert usd == approx(10.0)


class TestTax:
    def test_depreciation_by_hand(self) -> None:
        # half after one year, half after two, at 10%: 0.5/1.1 + 0.5/1.21
        assert finance.pv_depreciation_frac(rate_frac=0.1, n_tax_periods=2) == approx(0.5 / 1.1 + 0.5 / 1.21)
        assert finance.pv_depreciation_frac(rate_frac=0.0, n_tax_periods=5) == approx(1.0)

    def test_monthly_deductions_come_sooner_than_annual_ones(self) -> None:
        monthly_rate = finance.monthly_rate_frac(annual_rate_frac=0.1)
        monthly = finance.pv_depreciation_frac(rate_frac=monthly_rate, n_tax_periods=60)
        assert finance.pv_depreciation_frac(rate_frac=0.1, n_tax_periods=5) < monthly < 1.0

    def test_fcr_by_hand(self) -> None:
        # 0.25 * (1 - 0.21 * 0.8) / (1 - 0.21) = 0.25 * 0.832 / 0.79
        assert finance.fcr(crf_frac=0.25, tax_frac=0.21, pv_depreciation_frac=0.8) == approx(0.2632911, rel=1e-6)

    def test_fcr_without_tax_or_with_instant_depreciation_is_the_crf(self) -> None:
        assert finance.fcr(crf_frac=0.25, tax_frac=0.0, pv_depreciation_frac=0.8) == 0.25
        assert finance.fcr(crf_frac=0.25, tax_frac=0.4, pv_depreciation_frac=1.0) == approx(0.25)


class TestNpv:
    def test_by_hand(self) -> None:
        flows = np.array([-100.0, 60.0, 60.5])
        assert finance.npv(rate_frac=0.1, cash_flows_usd=flows) == approx(-100 + 60 / 1.1 + 50)
        assert finance.npv(rate_frac=0.0, cash_flows_usd=flows) == approx(20.5)

    def test_an_array_of_rates_meets_an_array_of_series(self) -> None:
        flows = np.array([[-100.0, 110.0], [-100.0, 121.0]])
        assert finance.npv(rate_frac=np.array([0.1, 0.21]), cash_flows_usd=flows) == approx([0.0, 0.0])
        assert finance.npv(rate_frac=np.array([0.0, 0.1]), cash_flows_usd=flows[0]) == approx([10.0, 0.0])


class TestIrr:
    @pytest.mark.parametrize(
        ("flows", "expected"),
        [  # the first five are numpy-financial's documented cases
            ([-100, 39, 59, 55, 20], 0.28095),
            ([-100, 0, 0, 74], -0.0955),
            ([-100, 100, 0, -7], -0.0833),
            ([-100, 100, 0, 7], 0.06206),
            ([-5, 10.5, 1, -8, 1], 0.0886),
            ([-32.8, 108.2, -20.1], -0.802396),  # not 2.101176, which is farther from zero
            ([-100, 110], 0.1),
            ([-100, 110, 0, 0, 0, 0], 0.1),
            ([0, 0, -100, 110], 0.1),
            ([-100, 50, 50], 0.0),
            ([-1, 1e12], 1e12 - 1),
            ([0, 0], 0.0),
            ([1, 2, 3], math.inf),
            ([0, 2, 3], math.inf),
            ([-1, -2], -math.inf),
            ([1, -3, 2.5], math.inf),  # 1 - 3x + 2.5x^2 has no real root
            ([-1, 3, -2.5], -math.inf),
        ],
    )
    def test_by_hand(self, flows: list[float], expected: float) -> None:
        assert finance.irr(cash_flows_usd=np.array(flows, dtype=float)) == approx(expected, rel=1e-9, abs=5e-6)

    def test_a_long_horizon_neither_overflows_nor_warns(self) -> None:
        flows = np.full(1200, 1.0)
        flows[0] = -100.0
        assert finance.irr(cash_flows_usd=flows) == approx(0.01, rel=1e-3)
        flows[2:] = 0.0
        assert finance.irr(cash_flows_usd=flows) == approx(-0.99)

    def test_series_are_solved_side_by_side(self) -> None:
        flows = np.array([[[-100.0, 110.0], [1.0, 1.0]], [[-100.0, 121.0], [-1.0, 0.0]]])
        assert finance.irr(cash_flows_usd=flows) == approx(np.array([[0.1, math.inf], [0.21, -math.inf]]))


class TestLevelised:
    def test_the_mean_without_a_rate(self) -> None:
        usd = np.array([[1.0, 2.0, 3.0], [4.0, 4.0, 4.0]])
        assert finance.levelised_usd_per_month(wacc_frac=0.0, usd_by_month=usd) == approx([2.0, 4.0])

    def test_early_money_weighs_more(self) -> None:
        # r = 1% a month: (2/1.01 + 1/1.0201) / (1/1.01 + 1/1.0201) = 3.02/2.01
        wacc = 1.01**12 - 1
        usd = finance.levelised_usd_per_month(wacc_frac=wacc, usd_by_month=np.array([2.0, 1.0]))
        assert usd == approx(3.02 / 2.01)


class TestNpvUsdPerMonth:
    def test_without_tax_it_is_the_annuity_paid_monthly(self) -> None:
        # r = 1% a month, 12 months: 1000 * 0.01 / (1 - 1.01^-12) = 88.8488 (a textbook loan payment)
        usd = finance.npv_usd_per_month(
            capex_usd=1000.0, residual_frac=0.0, wacc_frac=1.01**12 - 1, life_months=12.0, opex_usd_per_month=5.0
        )
        assert usd == approx(5.0 + 88.8488, abs=5e-5)

    def test_without_a_residual_it_is_the_fixed_charge_rate(self) -> None:
        rate = finance.monthly_rate_frac(annual_rate_frac=0.08)
        charge = finance.fcr(
            crf_frac=finance.crf(rate_frac=rate, n_periods=60),
            tax_frac=0.21,
            pv_depreciation_frac=finance.pv_depreciation_frac(rate_frac=rate, n_tax_periods=36),
        )
        usd = finance.npv_usd_per_month(
            capex_usd=1e6, residual_frac=0.0, wacc_frac=0.08, life_months=60.0, opex_usd_per_month=0.0,
            tax_frac=0.21, tax_life_months=36.0,
        )  # fmt: skip
        assert usd == approx(1e6 * charge)

    @pytest.mark.parametrize("tax_life_months", [12.0, 24.0, 48.0, math.inf])
    def test_the_price_it_names_has_no_net_present_value(self, tax_life_months: float) -> None:
        capex, residual, wacc, life, opex, tax = 1000.0, 0.3, 0.12, 24, 7.0, 0.25
        price = finance.npv_usd_per_month(
            capex_usd=capex, residual_frac=residual, wacc_frac=wacc, life_months=float(life),
            opex_usd_per_month=opex, tax_frac=tax, tax_life_months=tax_life_months,
        )  # fmt: skip
        month = np.arange(life + 1)
        deduction = np.where((month >= 1) & (month <= tax_life_months), capex / tax_life_months, 0.0)
        book = capex - deduction.sum()
        flows = np.where(month >= 1, (price - opex) * (1 - tax) + tax * deduction, -capex)
        flows[-1] += residual * capex - tax * (residual * capex - book)
        rate = 1.12 ** (1 / 12) - 1
        assert finance.npv(rate_frac=rate, cash_flows_usd=flows) == approx(0.0, abs=1e-8)


class TestTrends:
    def test_rates_by_hand(self) -> None:
        assert finance.monthly_rate_frac(annual_rate_frac=1.01**12 - 1) == approx(0.01)
        assert finance.annual_rate_frac(monthly_rate_frac=0.01) == approx(0.12682503)
        assert finance.monthly_rate_frac(annual_rate_frac=0.0) == 0.0

    def test_trend_by_hand(self) -> None:
        assert finance.trend_factor(annual_change_frac=-0.5, month=12) == 0.5
        assert finance.trend_factor(annual_change_frac=-0.5, month=1) == approx(0.94387, abs=5e-6)
        assert finance.trend_factor(annual_change_frac=0.2, month=np.array([0, 12, 24])) == approx([1.0, 1.2, 1.44])

    def test_growth_by_hand(self) -> None:
        assert finance.growth_factor(monthly_growth_frac=0.1, month=2) == approx(1.21)
        assert finance.growth_factor(monthly_growth_frac=0.1, month=0) == 1.0

    def test_change_between_two_prices(self) -> None:
        # 60 -> 0.06 in three years: a tenth every year
        assert finance.annual_change_frac_between(start_usd=60.0, end_usd=0.06, n_months=36) == approx(-0.9)

    def test_halving_by_hand(self) -> None:
        assert finance.annual_change_frac_from_halving(halving_months=12.0) == -0.5
        assert finance.annual_change_frac_from_halving(halving_months=6.0) == -0.75
        assert finance.annual_change_frac_from_halving(halving_months=math.inf) == 0.0
        assert finance.annual_change_frac_from_halving(halving_months=-12.0) == 1.0
        assert finance.halving_months(annual_change_frac=-0.75) == approx(6.0)
        assert finance.halving_months(annual_change_frac=np.array([-0.5, 0.0, 0.3])) == approx([12.0, np.inf, np.inf])
