"""The time value of money: annuities, present values, internal rates of return, tax, growth and trends.

Every function takes floats or arrays and broadcasts. Nothing is validated here: ranges are in the docstrings.
A rate is effective per period (compounded, not nominal); money out is negative only in a cash-flow series.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tco.units import MONTHS_PER_YEAR, Num

if TYPE_CHECKING:
    from numpy.typing import NDArray

TINY_RATE_FRAC = 1e-300  # below it n r has no digits left; the factor is 1/n to the last bit anyway
LOG_GROWTH_MAX = 40.0  # irr looks between 4e-18 and 2e17 times the money a period
N_GRID = 801  # odd, so that the grid holds the rate of zero


def plain(values: NDArray[Any]) -> Num:
    """The same values, a zero-dimensional array as a scalar: arrays in, arrays out; floats in, floats out."""
    result: Num = values[()]
    return result


def crf(*, rate_frac: Num, n_periods: Num) -> Num:
    """Capital recovery factor, the level payment per dollar and period: r / (1 - (1 + r)^-n).

    1/n at r = 0; r at n = inf (0 when r <= 0: an endless stream that does not shrink needs no payment).
    For r > -1, n > 0. Evaluated with expm1 and |r| so that neither a tiny rate nor a long life loses digits.
    Source: NREL ATB 2024, atb.nrel.gov/electricity/2024/equations_&_variables (CRF); PyPSA costs.py annuity.
    """
    rate, n = np.broadcast_arrays(np.asarray(rate_frac, dtype=float), np.asarray(n_periods, dtype=float))
    is_flat = np.abs(rate) < TINY_RATE_FRAC
    log_growth = n * np.log1p(np.where(is_flat, 1.0, rate))
    discounting = np.abs(rate) * np.exp(np.minimum(log_growth, 0.0)) / -np.expm1(-np.abs(log_growth))
    return plain(np.where(is_flat, 1.0 / n, discounting))


def present_value(*, future_usd: Num, rate_frac: Num, n_periods: Num) -> Num:
    """Value today of an amount n periods ahead: F (1 + r)^-n, for r > -1 and n >= 0."""
    value: Num = future_usd * (1.0 + rate_frac) ** -n_periods
    return value


def annuity_usd_per_month(*, capex_usd: Num, residual_frac: Num, wacc_frac: Num, life_months: Num) -> Num:
    """Capital charge: (C - f C (1 + w)^-y) CRF(w, y) / 12, with y = months / 12 years.

    A twelfth of the payment due at the end of each year, so it lies a little above the charge of
    `npv_usd_per_month`, which pays monthly. For C >= 0, residual share f in 0..1, w > -1 a year, months > 0.
    Source: NREL ATB 2024 equations (CRF); PyPSA costs.py annuity.
    """
    life_years = life_months / MONTHS_PER_YEAR
    residual_usd = present_value(future_usd=capex_usd * residual_frac, rate_frac=wacc_frac, n_periods=life_years)
    return (capex_usd - residual_usd) * crf(rate_frac=wacc_frac, n_periods=life_years) / MONTHS_PER_YEAR


def straight_line_usd_per_month(*, capex_usd: Num, residual_frac: Num, life_months: Num) -> Num:
    """Capital charge without a cost of capital: C (1 - f) / months, for months > 0; the annuity's limit at w = 0."""
    return capex_usd * (1.0 - residual_frac) / life_months


def pv_depreciation_frac(*, rate_frac: Num, n_tax_periods: Num) -> Num:
    """Present value of straight-line depreciation per dollar of basis: sum of (1 + r)^-t / n = 1 / (n CRF(r, n)).

    Periods are months or years, and the rate is per the same period, first deduction after one period.
    1 at r = 0. For r > -1, n > 0 and finite. Source: NREL ATB 2024 equations (PVD), with a straight line.
    """
    return 1.0 / (n_tax_periods * crf(rate_frac=rate_frac, n_periods=n_tax_periods))


def fcr(*, crf_frac: Num, tax_frac: Num, pv_depreciation_frac: Num) -> Num:
    """Fixed charge rate, revenue before tax per dollar of capital and period: CRF (1 - T PVD) / (1 - T).

    The CRF itself at T = 0. For T in 0..1 (below 1). Source: NREL ATB 2022 equations (FCR, ProFinFactor).
    """
    return crf_frac * (1.0 - tax_frac * pv_depreciation_frac) / (1.0 - tax_frac)


def npv(*, rate_frac: Num, cash_flows_usd: NDArray[Any]) -> Num:
    """Net present value over the last axis: sum of CF_t (1 + r)^-t, the first flow today (t = 0), for r > -1.

    An array of rates broadcasts against the leading axes of the flows. Source: numpy-financial npv docstring.
    """
    flows = np.asarray(cash_flows_usd, dtype=float)
    growth = 1.0 + np.asarray(rate_frac, dtype=float)[..., None]
    return plain(np.sum(flows * growth ** -np.arange(flows.shape[-1]), axis=-1))


def irr(*, cash_flows_usd: NDArray[Any]) -> Num:
    """Internal rate of return per period over the last axis: the r > -1 with NPV(r) = 0.

    Never NaN. Where several rates solve it, the one nearest zero (two within 3% of each other, or a double root,
    may go unseen). Where none does: inf when NPV is positive at every rate (nothing to recover), -inf when it is
    negative at every rate (it never comes back); 0 when all flows are zero.
    Scan in g = ln(1 + r), then bisection. Source: numpy-financial irr docstring (examples, root nearest zero).
    """
    flows = np.asarray(cash_flows_usd, dtype=float)
    rows = flows.reshape(-1, flows.shape[-1])
    ahead, back = _without_leading_zeros(rows), _without_leading_zeros(rows[:, ::-1])
    grid = LOG_GROWTH_MAX * np.sinh(np.linspace(-10.0, 10.0, N_GRID)) / math.sinh(10.0)
    period = np.arange(flows.shape[-1])
    weights = np.exp(-np.abs(grid) * period[:, None])
    signs = _carry_signs(np.sign(np.where(grid < 0.0, back @ weights, ahead @ weights)))
    changes = signs[:, :-1] * signs[:, 1:] < 0.0
    at = np.argmin(np.where(changes, np.abs(np.expm1(0.5 * (grid[:-1] + grid[1:]))), np.inf), axis=-1)
    lo, hi = grid[at][:, None], grid[at + 1][:, None]
    sign_lo = np.take_along_axis(signs, at[:, None], axis=-1)
    for _ in range(80):
        mid = 0.5 * (lo + hi)
        terms = np.where(mid < 0.0, back, ahead) * np.exp(-np.abs(mid) * period)
        is_left = np.sign(np.sum(terms, axis=-1, keepdims=True)) == sign_lo
        lo, hi = np.where(is_left, mid, lo), np.where(is_left, hi, mid)
    nowhere = np.where(signs[:, -1] > 0.0, np.inf, -np.inf)
    found = np.where(np.any(changes, axis=-1), np.expm1(hi[:, 0]), nowhere)
    return plain(np.where(np.sum(rows, axis=-1) == 0.0, 0.0, found).reshape(flows.shape[:-1]))


def _without_leading_zeros(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows turned so that each begins with its first flow: NPV keeps its sign, and no sum underflows to zero.

    Flows from the end backwards weigh exp(-|g| k) at g < 0 as flows from the start do at g > 0.
    """
    first = np.argmax(rows != 0.0, axis=-1)[:, None]
    return np.take_along_axis(rows, (first + np.arange(rows.shape[-1])) % rows.shape[-1], axis=-1)


def _carry_signs(signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each zero takes the sign before it on the last axis: a touch is no change of sign."""
    last = np.maximum.accumulate(np.where(signs != 0.0, np.arange(signs.shape[-1]), 0), axis=-1)
    return np.take_along_axis(signs, last, axis=-1)


def levelised_usd_per_month(*, wacc_frac: Num, usd_by_month: NDArray[Any]) -> Num:
    """Level monthly amount worth as much as a monthly series (last axis, each paid at its month's end).

    PV(series) CRF(monthly rate, months); the plain mean at w = 0. For w > -1 a year.
    """
    usd = np.asarray(usd_by_month, dtype=float)
    rate = monthly_rate_frac(annual_rate_frac=np.asarray(wacc_frac, dtype=float))
    value = npv(rate_frac=rate, cash_flows_usd=usd) / (1.0 + rate)
    return value * crf(rate_frac=rate, n_periods=float(usd.shape[-1]))


def npv_usd_per_month(
    *,
    capex_usd: Num,
    residual_frac: Num,
    wacc_frac: Num,
    life_months: Num,
    opex_usd_per_month: Num,
    tax_frac: Num = 0.0,
    tax_life_months: Num = math.inf,
) -> Num:
    """Monthly price before tax at which owning has zero NPV: capex today, costs and price each month, sale at the end.

    x = opex + (C (1 - T D) - S) CRF(i, m) / (1 - T), with i = (1 + w)^(1/12) - 1 over m months of life;
    D = 1 / (m_tax CRF(i, min(m, m_tax))) is the present value of straight-line depreciation while owned;
    S = (R - T (R - B)) (1 + i)^-m the sale after tax on residual R = f C over book value B = C max(0, 1 - m / m_tax).
    Without tax, the annuity paid monthly; with f = 0 and m_tax <= m, C FCR. An infinite tax life depreciates nothing
    (the whole book value comes off at the sale). For T in 0..1 (below 1), w > -1 a year, 0 < months < inf.
    Source: NREL ATB 2022 equations (CRF, ProFinFactor), monthly, with a residual added.
    """
    rate = monthly_rate_frac(annual_rate_frac=wacc_frac)
    depreciated_months = np.minimum(life_months, tax_life_months)
    depreciation_frac = 1.0 / (tax_life_months * crf(rate_frac=rate, n_periods=depreciated_months))
    book_frac = np.maximum(0.0, 1.0 - life_months / tax_life_months)
    sale_usd = capex_usd * (residual_frac - tax_frac * (residual_frac - book_frac))
    sale_today_usd = present_value(future_usd=sale_usd, rate_frac=rate, n_periods=life_months)
    capital_usd = capex_usd * (1.0 - tax_frac * depreciation_frac) - sale_today_usd
    return opex_usd_per_month + capital_usd * crf(rate_frac=rate, n_periods=life_months) / (1.0 - tax_frac)


def monthly_rate_frac(*, annual_rate_frac: Num) -> Num:
    """Effective rate per month of an effective rate per year: (1 + a)^(1/12) - 1, for a > -1."""
    rate: Num = np.expm1(np.log1p(annual_rate_frac) / MONTHS_PER_YEAR)
    return rate


def annual_rate_frac(*, monthly_rate_frac: Num) -> Num:
    """Effective rate per year of an effective rate per month: (1 + m)^12 - 1, for m > -1."""
    rate: Num = np.expm1(np.log1p(monthly_rate_frac) * MONTHS_PER_YEAR)
    return rate


def trend_factor(*, annual_change_frac: Num, month: Num) -> Num:
    """Price or volume relative to the start after some months of steady change: (1 + a)^(m / 12), for a > -1.

    Month 0 is the first month, billed at today's price; the twelfth month of use is month 11.
    """
    factor: Num = (1.0 + annual_change_frac) ** (month / MONTHS_PER_YEAR)
    return factor


def growth_factor(*, monthly_growth_frac: Num, month: Num) -> Num:
    """Volume relative to the start after some months of growth: (1 + g)^m, for g > -1; month 0 is the first."""
    factor: Num = (1.0 + monthly_growth_frac) ** month
    return factor


def annual_change_frac_between(*, start_usd: Num, end_usd: Num, n_months: Num) -> Num:
    """Steady yearly change that takes one price to another: (end / start)^(12 / months) - 1, for prices, months > 0."""
    change: Num = (end_usd / start_usd) ** (MONTHS_PER_YEAR / n_months) - 1.0
    return change


def annual_change_frac_from_halving(*, halving_months: Num) -> Num:
    """Yearly change of a price that halves every h months: 0.5^(12 / h) - 1.

    0 at h = inf; a negative h is a doubling time of -h. For h other than 0.
    """
    change: Num = 0.5 ** (MONTHS_PER_YEAR / halving_months) - 1.0
    return change


def halving_months(*, annual_change_frac: Num) -> Num:
    """Months until a price has halved: 12 ln 0.5 / ln(1 + a); inf when it does not fall (a >= 0). For a > -1."""
    change = np.asarray(annual_change_frac, dtype=float)
    is_falling = change < 0.0
    months = MONTHS_PER_YEAR * math.log(0.5) / np.log1p(np.where(is_falling, change, -0.5))
    return plain(np.where(is_falling, months, np.inf))
