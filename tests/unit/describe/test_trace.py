from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.describe.trace import Trace

approx: Any = pytest.approx


def a_trace(at_s: Any, window_s: float = 10.0, **lengths: Any) -> Trace:
    return Trace("t.csv", np.asarray(at_s, dtype=np.float64), lengths.get("i"), lengths.get("o"), window_s)


def test_the_busiest_stay_over_the_mean() -> None:
    # Five requests in 100 s; three within ten seconds; 0.5 in a mean ten: 6 times.
    found = a_trace([0.0, 50.0, 53.0, 56.0, 100.0])
    assert found.burst_ratio == approx(6.0)
    assert found.req_per_s == approx(0.05)
    assert a_trace([0.0, 50.0, 53.0, 56.0, 100.0], 1e6).burst_ratio == 1.0


def test_even_arrivals_have_no_peak() -> None:
    assert a_trace(np.arange(0.0, 100.0, 1.0)).burst_ratio == approx(1.0, abs=0.02)


def test_c_a_squared_of_even_poisson_and_batched_arrivals() -> None:
    rng = np.random.default_rng(3)
    poisson = np.cumsum(rng.exponential(0.5, 40_000))
    assert a_trace(np.arange(0.0, 1000.0, 1.0)).arrival_scv == 0.0
    assert a_trace(poisson).arrival_scv == approx(1.0, abs=0.1)
    assert a_trace(np.repeat(poisson, 4)).arrival_scv == approx(4.0, abs=0.4)
    assert a_trace([0.0, 99.0]).arrival_scv is None  # nine whole windows


def test_lengths() -> None:
    found = a_trace([0.0, 1.0], i=np.array([10.0, 30.0]), o=np.array([1.0, 3.0]))
    assert found.output_scv == approx(0.25)  # variance 1 over a mean of 2 squared
    assert found.input_bias_frac == approx((10.0 + 90.0) / 2 / (20.0 * 2.0) - 1.0)
    assert (a_trace([0.0, 1.0]).output_scv, a_trace([0.0, 1.0]).input_bias_frac) == (None, None)
