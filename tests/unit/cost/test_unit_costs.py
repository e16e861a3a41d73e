from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.cost import unit_costs

approx: Any = pytest.approx


def test_rental_by_hand() -> None:  # 2.50 / (1200 * 3600) * 1e6
    assert unit_costs.usd_per_mtok(rental_usd_per_h=2.5, output_tok_per_s=1200.0) == approx(0.5787, abs=5e-5)
    assert unit_costs.tok_per_s_for_usd_per_mtok(rental_usd_per_h=3.6, target_usd_per_mtok=1.0) == approx(1000.0)
    assert unit_costs.monthly_rental_usd(usd_per_h=2.0, billed_h=730.0, n_units=8) == 11_680.0


def test_prices_by_hand() -> None:
    assert unit_costs.blended_usd_per_mtok(input_usd_per_mtok=5.0, output_usd_per_mtok=25.0, input_frac=0.75) == 10.0
    assert unit_costs.token_bill_usd(tok=2e6, usd_per_mtok=3.0) == 6.0
    # a half read at a tenth: 0.5 + 0.05
    price = unit_costs.cached_input_usd_per_mtok(input_usd_per_mtok=1.0, cached_frac=0.5, cache_discount_frac=0.9)
    assert price == approx(0.55)


def test_energy_by_hand() -> None:
    assert unit_costs.energy_usd(mean_w=1000.0, hours=10.0, usd_per_kwh=0.2, pue_ratio=1.5) == approx(3.0)
    assert unit_costs.joule_usd_per_mtok(joule_per_tok=3.6, usd_per_kwh=0.15) == approx(0.15)


def test_capital_and_utilisation_by_hand() -> None:
    usd = unit_costs.capital_usd_per_mtok(capital_usd_per_month=26.28, output_tok_per_s=10.0, utilisation_frac=0.5)
    assert usd == approx(2.0)
    u = unit_costs.utilisation_frac_for(
        full_capital_usd_per_mtok=1.0, target_usd_per_mtok=3.0, marginal_usd_per_mtok=1.0
    )
    assert u == 0.5
    assert unit_costs.utilisation_frac(tok_per_month=2.628e6, output_tok_per_s=10.0) == approx(0.1)


def test_implied_by_hand() -> None:
    # 1 USD buys half an hour at 2 USD/h
    assert unit_costs.implied_gpu_s_per_mtok(claimed_usd_per_mtok=1.0, gpu_usd_per_h=2.0) == 1800.0
    mfu = unit_costs.implied_mfu_frac(
        claimed_usd_per_mtok=1.0, gpu_usd_per_h=np.array([2.0, 4.0]), flop_per_tok=1.8e11, peak_flop_per_s=1e15
    )
    assert mfu == approx([0.1, 0.2])


def test_markup_is_not_margin() -> None:
    assert unit_costs.markup_frac(revenue_usd=150.0, cost_usd=100.0) == 0.5
    assert unit_costs.margin_frac(revenue_usd=150.0, cost_usd=100.0) == approx(1 / 3)


def test_escalation_at_its_limits() -> None:
    for share, expected in ((0.0, 1.0), (0.5, 6.0), (1.0, 11.0)):
        usd = unit_costs.escalated_usd_per_request(
            own_usd_per_request=1.0, escalated_frac=share, next_usd_per_request=10.0
        )
        assert usd == expected
