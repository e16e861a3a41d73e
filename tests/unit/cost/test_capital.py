from __future__ import annotations

from typing import Any, get_args

import pytest

from tco.cost import capital

approx: Any = pytest.approx


def charge(method: Any, **changes: Any) -> Any:
    base: dict[str, Any] = {
        "capex_usd": 3600.0, "residual_frac": 0.0, "wacc_frac": 0.0, "life_months": 36.0, "tax_frac": 0.0,
    }  # fmt: skip
    return capital.usd_per_month(method=method, **{**base, **changes})


@pytest.mark.parametrize("method", get_args(capital.Method))
def test_all_methods_agree_without_a_cost_of_capital(method: Any) -> None:
    assert charge(method) == approx(100.0)
    assert charge(method, residual_frac=0.5) == approx(50.0)
    assert charge(method, capex_usd=0.0) == 0.0
    assert method in capital.FORMULAS


def test_annuity_by_hand() -> None:
    # CRF(10%, 3 years) = 0.1 / (1 - 1.1^-3) = 0.402115; 3,600 x 0.402115 / 12 = 120.634.
    assert charge("annuity", wacc_frac=0.1) == approx(120.6344, abs=1e-4)


def test_a_residual_is_worth_its_value_today() -> None:
    # 3,600 x 0.2 / 1.331 = 540.947 back: (3,600 - 540.947) x 0.402115 / 12 = 102.5076.
    assert charge("annuity", wacc_frac=0.1, residual_frac=0.2) == approx(102.5076, abs=1e-4)


def test_tax_by_the_fixed_charge_rate() -> None:
    # PVD = 1 / (3 x 0.402115) = 0.828951; (1 - 0.25 x 0.828951) / 0.75 = 1.057016 x 120.6344 = 127.513.
    assert charge("annuity", wacc_frac=0.1, tax_frac=0.25) == approx(127.5125, abs=2e-4)


def test_tax_without_a_cost_of_capital_changes_nothing() -> None:
    assert charge("annuity", tax_frac=0.25) == approx(100.0)
    assert charge("npv", tax_frac=0.25) == approx(100.0)


def test_straight_line_is_before_tax_and_before_interest() -> None:
    assert charge("straight_line", wacc_frac=0.1, tax_frac=0.25) == approx(100.0)


def test_npv_pays_monthly_so_a_little_less_than_the_annuity() -> None:
    # i = 1.1^(1/12) - 1 = 0.797414%; CRF(i, 36) = 0.0320656 x 3,600 = 115.436.
    assert charge("npv", wacc_frac=0.1) == approx(115.436, abs=1e-2)
    assert charge("npv", wacc_frac=0.1) < charge("annuity", wacc_frac=0.1)
    assert charge("npv", wacc_frac=0.1, tax_frac=0.25) > charge("npv", wacc_frac=0.1)
