from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tco.decide.payback import payback_months, payback_range, simple_payback_months

approx: Any = pytest.approx


class TestPaybackMonths:
    def test_flat_saving_by_hand(self) -> None:
        found = payback_months(upfront_usd=1000.0, saving_usd_by_month=np.full(12, 300.0))
        assert found.whole_months == 4
        assert found.months == approx(1000 / 300)

    def test_uneven_saving_by_hand(self) -> None:
        # 100, 300, 600: 250 is reached three quarters into the second month
        found = payback_months(upfront_usd=250.0, saving_usd_by_month=np.array([100.0, 200.0, 300.0]))
        assert (found.whole_months, found.months) == (2, approx(1.75))

    def test_exactly_on_a_month(self) -> None:
        found = payback_months(upfront_usd=9000.0, saving_usd_by_month=np.full(12, 900.0))
        assert (found.whole_months, found.months) == (10, approx(10.0))

    def test_cents_that_do_not_sum_exactly_still_repay(self) -> None:
        found = payback_months(upfront_usd=1.0, saving_usd_by_month=np.full(12, 0.1))
        assert (found.whole_months, found.months) == (10, approx(10.0))

    @pytest.mark.parametrize("upfront", [0.0, -5.0])
    def test_nothing_upfront_is_repaid_at_once(self, upfront: float) -> None:
        assert payback_months(upfront_usd=upfront, saving_usd_by_month=np.array([-1.0, 2.0])) == (0, 0)

    def test_not_within_the_horizon(self) -> None:
        assert payback_months(upfront_usd=100.0, saving_usd_by_month=np.full(3, 33.0)) == (math.inf, math.inf)
        assert payback_months(upfront_usd=1.0, saving_usd_by_month=np.full(3, -1.0)) == (math.inf, math.inf)

    def test_a_loss_after_payback_does_not_undo_the_month(self) -> None:
        found = payback_months(upfront_usd=10.0, saving_usd_by_month=np.array([-5.0, 20.0, -20.0]))
        assert (found.whole_months, found.months) == (2, approx(1.75))

    def test_discounted_by_hand(self) -> None:
        # 1% a month: 1/1.01 + 1/1.0201 = 1.970395
        wacc = 1.01**12 - 1
        saving = np.full(3, 1.0)
        found = payback_months(upfront_usd=1.970395, saving_usd_by_month=saving, wacc_frac=wacc)
        assert found.months == approx(2.0, abs=1e-6)
        later = payback_months(upfront_usd=2.0, saving_usd_by_month=saving, wacc_frac=wacc)
        assert later.whole_months == 3
        assert payback_months(upfront_usd=2.0, saving_usd_by_month=saving, wacc_frac=0.0).whole_months == 2

    def test_arrays_broadcast(self) -> None:
        upfront = np.array([100.0, 200.0, 1e6])
        found = payback_months(upfront_usd=upfront, saving_usd_by_month=np.full(4, 50.0))
        assert found.whole_months == approx([2, 4, math.inf])
        assert found.months == approx([2.0, 4.0, math.inf])
        draws = payback_months(
            upfront_usd=100.0,
            saving_usd_by_month=np.array([[50.0, 50.0], [100.0, 0.0]]),
            wacc_frac=np.array([0.0, 0.0]),
        )
        assert draws.whole_months == approx([2, 1])


def test_simple_payback_by_hand_and_at_its_limits() -> None:
    assert simple_payback_months(upfront_usd=3000.0, saving_usd_per_month=1038.16) == approx(2.8897, abs=5e-5)
    saving = np.array([0.0, -1.0, 2.0])
    assert simple_payback_months(upfront_usd=10.0, saving_usd_per_month=saving) == approx([math.inf, math.inf, 5.0])
    assert simple_payback_months(upfront_usd=0.0, saving_usd_per_month=-1.0) == 0.0


def test_range_is_not_paired_end_to_end() -> None:
    found = payback_range(
        capex_low_usd=20e3, capex_high_usd=50e3, api_low_usd_per_month=10e3, api_high_usd_per_month=50e3,
        opex_usd_per_month=0.0,
    )  # fmt: skip
    assert found == (approx(0.4), approx(5.0))


def test_range_is_open_when_the_low_bill_does_not_cover_running() -> None:
    found = payback_range(
        capex_low_usd=20e3, capex_high_usd=50e3, api_low_usd_per_month=5e3, api_high_usd_per_month=50e3,
        opex_usd_per_month=6250.0,
    )  # fmt: skip
    assert found == (approx(20 / 43.75), math.inf)
