from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.describe.trace import Trace
from tco.perform.autoscale import (
    LoadCurve,
    awake_frac,
    cold_frac,
    day_curve,
    levels,
    load_curve,
    trace_curve,
)

approx: Any = pytest.approx


@pytest.mark.parametrize("ratio", [1.0, 1.01, 1.5, 3.0, 10.0, 60.0])
def test_a_day_with_that_peak_and_mean(ratio):
    found = day_curve(peak_to_mean_ratio=ratio).over_mean
    assert found.shape == (288,)
    assert found.mean() == approx(1.0)
    assert found.max() == approx(ratio, rel=2e-3)
    assert found.min() >= 0.0


def test_days_of_many_draws_at_once():
    both = day_curve(peak_to_mean_ratio=np.array([2.0, 5.0])).over_mean
    assert both[1] == approx(day_curve(peak_to_mean_ratio=5.0).over_mean)


def test_what_must_be_up_by_hand():
    # Load 1, 1, 2, 4 by five minutes. A start takes one: 1, 2, 4, 4; headroom of half: 1.5, 1.5, 3, 6.
    curve = LoadCurve(np.array([1.0, 1.0, 2.0, 4.0]), 1.0)
    found = levels(curve=curve, cold_start_s=300.0, headroom_frac=0.5)
    assert found.held.mean() == approx((1.5 + 2.0 + 4.0 + 6.0) / 4)
    assert found.ahead_frac == approx(0.5)  # where 2 > 1.5 and 4 > 3
    assert found.rise_frac == approx(1.0)
    assert found.load.mean() == approx(2.0)
    bursty = levels(curve=LoadCurve(curve.over_mean, 2.0), cold_start_s=300.0, headroom_frac=0.5)
    assert bursty.held == approx(2.0 * found.held)


def test_a_start_between_two_bins_and_of_a_whole_day():
    curve = LoadCurve(np.array([1.0, 3.0, 0.0, 0.0]), 1.0)
    half = levels(curve=curve, cold_start_s=150.0, headroom_frac=0.0)
    assert half.held.mean() == approx((2.0 + 3.0 + 0.0 + 0.5) / 4)
    day = levels(curve=curve, cold_start_s=1200.0, headroom_frac=0.0)
    assert day.held == approx(3.0)


def test_an_instant_start_needs_the_load_alone():
    curve = day_curve(peak_to_mean_ratio=3.0)
    found = levels(curve=curve, cold_start_s=0.0, headroom_frac=0.0)
    assert found.held == approx(found.load)
    assert (found.ahead_frac, found.rise_frac) == (0.0, 0.0)


@given(st.floats(1.0, 20.0), st.floats(0.0, 20_000.0), st.floats(0.0, 2.0), st.floats(1.0, 3.0))
def test_slower_starts_and_more_headroom_never_need_less(ratio, cold_s, headroom, factor):
    curve = day_curve(peak_to_mean_ratio=ratio)
    base = levels(curve=curve, cold_start_s=cold_s, headroom_frac=headroom)
    slower = levels(curve=curve, cold_start_s=cold_s * factor, headroom_frac=headroom)
    safer = levels(curve=curve, cold_start_s=cold_s, headroom_frac=headroom * factor)
    for other in (slower, safer):
        assert other.held.mean() >= base.held.mean() * (1.0 - 1e-9)
    assert base.held.mean() >= (1.0 + headroom) * (1.0 - 1e-9)
    assert slower.held.max() <= max(ratio, (1.0 + headroom) * ratio) * 1.03


def test_draws_of_the_cold_start():
    found = levels(
        curve=day_curve(peak_to_mean_ratio=np.array([2.0, 4.0])), cold_start_s=np.array([0.0, 900.0]), headroom_frac=0.1
    )
    alone = levels(curve=day_curve(peak_to_mean_ratio=4.0), cold_start_s=900.0, headroom_frac=0.1)
    days = levels(curve=day_curve(peak_to_mean_ratio=np.array([2.0, 4.0])), cold_start_s=900.0, headroom_frac=0.1)
    assert days.held[1] == approx(alone.held)
    starts = levels(curve=day_curve(peak_to_mean_ratio=4.0), cold_start_s=np.array([0.0, 900.0]), headroom_frac=0.1)
    assert starts.held[1] == approx(alone.held)
    assert found.held[1] == approx(alone.held)
    assert np.shape(found.ahead_frac) == (2,)


def a_trace(at_s: Any, window_s: float = 60.0) -> Trace:
    return Trace("t", np.asarray(at_s, dtype=np.float64), None, None, window_s)


def test_a_trace_of_a_day_is_its_own_shape():
    # Half a day at one a minute, half a day at three: 0.5 and 1.5 of the mean.
    at = np.concatenate([np.arange(0.0, 43_200.0, 60.0), np.arange(43_200.0, 86_401.0, 20.0)])
    found = load_curve(trace=a_trace(at, 20.0), peak_to_mean_ratio=99.0)
    assert found.over_mean[[0, -1]] == approx([0.5, 1.5])
    assert found.burst_ratio == approx(1.0, abs=0.01)
    assert trace_curve(trace=a_trace([0.0, 1.0, 90_000.0], 1.0)).burst_ratio == approx(100.0)


def test_a_short_trace_stands_above_an_assumed_day():
    short = a_trace([0.0, 1.0, 2.0, 3600.0])
    found = load_curve(trace=short, peak_to_mean_ratio=2.0 * short.burst_ratio)
    assert found.burst_ratio == short.burst_ratio
    assert found.over_mean.max() == approx(2.0, rel=2e-3)
    assert load_curve(trace=None, peak_to_mean_ratio=2.0).burst_ratio == 1.0


def test_sleep_by_hand_and_by_simulation():
    # One request in 100 s, a stop after 100 idle ones, a start of 50 s: (e - 1 + .5) / (e + .5) = 0.689.
    found = awake_frac(req_per_s=0.01, keep_alive_s=100.0, cold_start_s=50.0)
    assert found == approx(0.689, abs=1e-3)
    gaps = np.random.default_rng(1).exponential(100.0, 200_000)
    up = np.minimum(gaps, 100.0).sum() + 50.0 * (gaps > 100.0).sum()
    assert up / (gaps.sum() + 50.0 * (gaps > 100.0).sum()) == approx(float(found), rel=5e-3)
    assert np.mean(gaps > 100.0) == approx(float(cold_frac(req_per_s=0.01, keep_alive_s=100.0)), rel=0.02)


def test_sleep_at_the_limits():
    assert awake_frac(req_per_s=1e9, keep_alive_s=1e9, cold_start_s=60.0) == approx(1.0)
    assert awake_frac(req_per_s=1e-12, keep_alive_s=60.0, cold_start_s=60.0) == approx(1.2e-10, rel=1e-3)
    assert cold_frac(req_per_s=1e-12, keep_alive_s=60.0) == approx(1.0)
