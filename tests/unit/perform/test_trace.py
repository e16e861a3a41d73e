"""Replaying a trace: the queues against plain loops, the shares by hand, the number of replicas by its laws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tco.describe.trace import Trace
from tco.perform import trace as replaying
from tco.perform.load import Slo
from tco.perform.trace import Curve, busiest, mean_running, needed, queue_wait_s, replay, running, slot_wait_s

approx: Any = pytest.approx

# One replica: 1 to 4 sequences, TTFT 0.1 s, ITL 10 to 40 ms, 1 s of decoding, 4 requests a second.
CURVE = Curve(
    n_req=np.array([1.0, 4.0]), ttft_s=np.array([0.1, 0.1]), itl_s=np.array([0.01, 0.04]),
    decode_s=np.array([1.0, 1.0]), prompt_s=0.0, most_req_per_s=4.0,
)  # fmt: skip
gaps = arrays(np.float64, st.integers(2, 40), elements=st.floats(0.0, 3.0))


def a_trace(*at_s: float, **lengths: Any) -> Trace:
    return Trace("t.csv", np.array(at_s), lengths.get("input_tok"), lengths.get("output_tok"), 10.0)


@given(gaps, st.floats(0.0, 5.0))
def test_a_queue_is_lindleys(gap, work):
    at, works = np.cumsum(gap), np.full(len(gap), work)
    wait, expected = 0.0, [0.0]
    for k in range(1, len(at)):
        wait = max(wait + work - (at[k] - at[k - 1]), 0.0)
        expected.append(wait)
    assert queue_wait_s(at_s=at, work_s=works) == approx(np.array(expected), abs=1e-9)


@given(gaps, st.integers(1, 5), st.floats(0.0, 5.0))
def test_slots_are_taken_in_turn(gap, n_slots, hold):
    at = np.cumsum(gap)
    free, expected = [-np.inf] * n_slots, []
    for now in at:
        start = max(now, min(free))
        free[free.index(min(free))] = start + hold
        expected.append(start - now)
    assert slot_wait_s(at_s=at, n_slots=n_slots, hold_s=hold) == approx(np.array(expected), abs=1e-9)


def test_who_is_under_way():
    found = running(at_s=np.array([0.0, 1.0, 2.0, 9.0]), stay_s=np.array([2.0, 2.0, 2.0, 2.0]))
    assert found.tolist() == [1.0, 2.0, 2.0, 1.0]  # the first is gone as the third comes


def test_how_many_are_under_way_on_average():
    # The first is alone for a second, then with the second; the last is alone. Two at the same time are always two.
    found = mean_running(at_s=np.array([0.0, 1.0, 9.0]), stay_s=np.array([2.0, 2.0, 3.0]))
    assert found == approx(np.array([1.5, 1.5, 1.0]))
    assert mean_running(at_s=np.zeros(2), stay_s=np.ones(2)) == approx(np.array([2.0, 2.0]))


@given(gaps, st.floats(0.1, 5.0))
def test_the_mean_under_way_is_an_integral(gap, stay):
    at = np.cumsum(gap)
    shared = np.maximum(stay - np.abs(at[:, None] - at), 0.0)
    assert mean_running(at_s=at, stay_s=np.full(len(at), stay)) == approx(shared.sum(axis=1) / stay, abs=1e-6)


def test_an_even_load_needs_what_the_steady_replica_sustains():
    # n = X (0.1 + n / 2): 30 ms is kept up to n = 3, which is 1.875 requests a second.
    slower = replace(CURVE, decode_s=np.array([0.5, 2.0]))
    found = needed(trace=a_trace(*np.arange(0.0, 2000.0, 0.1)), curve=slower, slo=Slo(itl_s=0.03))
    assert found.per_stream == approx(10 / 1.875, rel=0.01)


def test_the_itl_counts_the_times_between_tokens():
    # 10 ms, but 50 ms for a tenth of them at one request and for half at four.
    known = replace(
        CURVE, plain_itl_s=np.array([0.01, 0.01]), late_itl_s=np.array([0.05, 0.05]), late_frac=np.array([0.1, 0.5])
    )
    one, four = np.ones(3), np.full(3, 4.0)
    assert (known.itl_frac(one, None), known.itl_frac(one, 0.05)) == (1.0, 1.0)
    assert (known.itl_frac(one, 0.02), known.itl_frac(four, 0.02)) == (approx(0.9), approx(0.5))
    assert known.itl_frac(one, 0.009) == 0.0
    assert CURVE.itl_frac(np.array([1.0, 4.0]), 0.02) == 0.5  # where only a percentile is known, of the requests


def test_shares_by_hand():
    # Four at once on one replica: all four run together throughout, at 40 ms; one later is alone, at 10 ms.
    held = a_trace(0.0, 0.0, 0.0, 0.0, 100.0)
    found = replay(trace=held, curve=CURVE, slo=Slo(ttft_s=0.2, itl_s=0.02), per_stream=1.0)
    assert (found.ttft_frac, found.deadline_frac) == (1.0, 1.0)
    assert found.itl_frac == approx(1 / 5)
    # On half a replica each stands for two: two slots, so the third and fourth wait a second.
    half = replay(trace=held, curve=CURVE, slo=Slo(ttft_s=0.2, deadline_s=1.5), per_stream=0.5)
    assert half.ttft_frac == half.deadline_frac == approx(3 / 5)
    assert not half.keeps(Slo(ttft_s=0.2))
    assert not found.keeps(Slo(ttft_s=0.2, itl_s=0.02))
    slow = Slo(ttft_s=0.2, itl_s=0.04)
    assert replay(trace=held, curve=CURVE, slo=slow, per_stream=1.0).keeps(slow)


def test_prompts_in_a_row_wait_for_each_other():
    reading = replace(CURVE, prompt_s=1.0)
    held = a_trace(0.0, 0.0, 50.0, input_tok=np.array([1.0, 1.0, 1.0]))
    assert replay(trace=held, curve=reading, slo=Slo(ttft_s=0.5), per_stream=1.0).ttft_frac == approx(2 / 3)
    # A prompt three times as long as the mean of its trace takes three times as long to read.
    long = a_trace(0.0, 40.0, 80.0, input_tok=np.array([0.0, 0.0, 3.0]))
    assert replay(trace=long, curve=reading, slo=Slo(ttft_s=2.0), per_stream=1.0).ttft_frac == approx(2 / 3)


def test_replicas_that_keep_the_limits():
    rng = np.random.default_rng(0)
    held = Trace("t", np.cumsum(rng.exponential(0.1, 4000)), None, None, 10.0)
    slo = Slo(ttft_s=0.2, itl_s=0.035)
    found = needed(trace=held, curve=CURVE, slo=slo)
    assert found.per_stream is not None
    assert found.replayed.keeps(slo)
    assert not replay(trace=held, curve=CURVE, slo=slo, per_stream=found.per_stream * 0.98).keeps(slo)
    # 10 a second, 1.1 s each: 11 at once on average; 0.035 is reached with 3.5 on a replica.
    assert 11 / 3.5 < found.per_stream < 2.0 * 11 / 3.5


def test_a_limit_no_number_of_replicas_keeps():
    held = a_trace(0.0, 1.0, 2.0)
    found = needed(trace=held, curve=CURVE, slo=Slo(ttft_s=0.05))
    assert found.per_stream is None
    assert found.replayed.ttft_frac == 0.0


@settings(max_examples=30)
@given(gaps.filter(lambda held: held[1:].sum() > 0.1), st.floats(0.2, 5.0), st.floats(1.05, 4.0))
def test_more_replicas_keep_no_fewer_ttfts(gap, per_stream, factor):
    at = np.cumsum(gap) - gap[0]
    held = Trace("t", at, None, None, 10.0)
    few, many = (
        replay(trace=held, curve=CURVE, slo=Slo(ttft_s=0.3), per_stream=float(int(4 * x)) / 4 + 0.25)
        for x in (per_stream, per_stream * factor)
    )
    assert many.ttft_frac >= few.ttft_frac - 1e-12


def test_of_a_long_trace_the_busiest_stretch(monkeypatch):
    monkeypatch.setattr(replaying, "MAX_REPLAYED", 3)
    held = a_trace(0.0, 10.0, 20.0, 20.1, 20.2, 40.0, input_tok=np.arange(6.0))
    found = busiest(held)
    assert found.at_s == approx([0.0, 0.1, 0.2])
    assert found.input_tok is not None
    assert found.input_tok.tolist() == [2.0, 3.0, 4.0]
    assert found.output_tok is None
    assert busiest(found) is found
