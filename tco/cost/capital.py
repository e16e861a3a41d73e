"""Spreading a purchase over months, by the method the workload chose."""

from __future__ import annotations

from typing import Literal

from tco.cost.finance import (
    annuity_usd_per_month,
    npv_usd_per_month,
    pv_depreciation_frac,
    straight_line_usd_per_month,
)
from tco.units import MONTHS_PER_YEAR, Num

Method = Literal["annuity", "straight_line", "npv"]

FORMULAS: dict[Method, str] = {
    "annuity": "(price - PV(residual)) x CRF(WACC, life) / 12",
    "straight_line": "price x (1 - residual) / life",
    "npv": "level monthly amount with the net present value of buying now and selling at the end of life",
}


def usd_per_month(
    *, method: Method, capex_usd: Num, residual_frac: Num, wacc_frac: Num, life_months: Num, tax_frac: Num
) -> Num:
    """Monthly charge of a purchase; with tax, the annuity grows by the fixed-charge factor.

    annuity: (C - PV(residual)) CRF / 12 x (1 - T PVD) / (1 - T), PVD of a straight line over the life
    (NREL ATB fixed-charge rate). straight_line: C (1 - f) / months, before tax. npv: see
    ``finance.npv_usd_per_month``, which books the tax shield itself.
    """
    if method == "straight_line":
        return straight_line_usd_per_month(capex_usd=capex_usd, residual_frac=residual_frac, life_months=life_months)
    if method == "npv":
        return npv_usd_per_month(
            capex_usd=capex_usd,
            residual_frac=residual_frac,
            wacc_frac=wacc_frac,
            life_months=life_months,
            opex_usd_per_month=0.0,
            tax_frac=tax_frac,
            tax_life_months=life_months,
        )
    annuity = annuity_usd_per_month(
        capex_usd=capex_usd, residual_frac=residual_frac, wacc_frac=wacc_frac, life_months=life_months
    )
    shield = pv_depreciation_frac(rate_frac=wacc_frac, n_tax_periods=life_months / MONTHS_PER_YEAR)
    return annuity * (1.0 - tax_frac * shield) / (1.0 - tax_frac)
