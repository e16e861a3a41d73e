from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from tco.errors import MissingDataError
from tco.price.machines import bought_at
from tco.price.plans import n_requests_billed, n_seats, n_units, peak_per_s, rented_gpu_h
from tests.factories import a_gpu, a_price

approx: Any = pytest.approx


def test_seats_are_whole() -> None:
    # 24 messages a day are 730 a month.
    assert n_seats(messages_per_month=730.0, messages_per_day=24.0) == 1.0
    assert n_seats(messages_per_month=731.0, messages_per_day=24.0) == 2.0
    assert n_seats(messages_per_month=0.0, messages_per_day=24.0) == 0.0


def test_an_exact_multiple_adds_no_seat() -> None:
    days = 730 / 24
    for cap in (7.0, 33.0, 49.0, 123.0):
        seats = np.arange(1.0, 400.0)
        assert np.array_equal(n_seats(messages_per_month=seats * cap * days, messages_per_day=cap), seats)


def test_units_have_a_minimum_and_a_step() -> None:
    held: dict[str, Any] = {"unit_tok_per_s": 10.0, "min_units": 3, "unit_step": 2}
    peaks = np.array([0.0, 30.0, 30.1, 50.0, 50.1])
    assert np.asarray(n_units(peak_tok_per_s=peaks, **held)).tolist() == [3, 3, 5, 5, 7]


def test_a_free_quota_comes_first() -> None:
    assert n_requests_billed(requests_per_month=100.0, free_per_month=30.0) == 70.0
    assert n_requests_billed(requests_per_month=10.0, free_per_month=30.0) == 0.0


def test_utilisation_never_lowers_an_always_on_bill() -> None:
    assert rented_gpu_h(n_gpus=2.0, busy_frac=0.1, scale_to_zero=False) == 1460.0
    assert rented_gpu_h(n_gpus=2.0, busy_frac=0.1, scale_to_zero=True) == approx(146.0)


def test_only_interactive_work_peaks() -> None:
    # A request a second on average: interactive at four times, batch at the mean.
    held: dict[str, Any] = {"per_month": 2_628_000.0, "peak_to_mean_ratio": 4.0}
    assert peak_per_s(batch_frac=0.0, **held) == approx(4.0)
    assert peak_per_s(batch_frac=1.0, **held) == approx(1.0)
    assert peak_per_s(batch_frac=0.5, **held) == approx(2.5)


def test_the_last_price_begun_is_paid() -> None:
    rows = (a_price(), a_price(since=date(2026, 9, 1), usd=2500), a_price(since=date(2027, 1, 1), usd=2000))
    assert bought_at(a_gpu(prices=rows), date(2026, 11, 22)).usd.value == 2500.0
    assert bought_at(a_gpu(prices=rows), date(2026, 9, 1)).usd.value == 2500.0
    assert bought_at(a_gpu(prices=rows), date(2026, 8, 31)).usd.value == 3000.0


def test_a_machine_without_a_price_says_so() -> None:
    with pytest.raises(MissingDataError, match="gpu: no price: no row begun by 2026-01-01"):
        bought_at(a_gpu(), date(2026, 1, 1))
    with pytest.raises(MissingDataError, match="not for sale"):
        bought_at(a_gpu(prices=(), unpriced="not for sale"), date(2026, 11, 22))
    with pytest.raises(MissingDataError, match="no price"):
        bought_at(a_gpu(prices=(a_price(kind="rumoured"),)), date(2026, 11, 22))
