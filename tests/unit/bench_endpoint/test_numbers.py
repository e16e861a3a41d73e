"""From requests to numbers: windows, rates, latencies, limits and loads, worked by hand."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.bench.endpoint import load, prompt, slo, steady
from tco.bench.endpoint.drive import Run
from tco.bench.endpoint.knee import Knee, knee
from tco.bench.endpoint.monitor import Client, Watch
from tco.bench.endpoint.sample import Lengths
from tco.bench.endpoint.slo import Limit, Slo
from tco.bench.endpoint.stats import kept_up_ratio, spread, stats
from tco.describe import workload
from tests.unit.bench_endpoint.kit import sample

ASKED = Lengths(100, 11)


def rounds(n_rounds: int, n_streams: int, **kind):
    """A closed loop in step: each answer takes 0.1 s to its first token and 0.1 s for ten more."""
    return [sample(sent_s=0.2 * k, index=k * n_streams + i, **kind) for k in range(n_rounds) for i in range(n_streams)]


def test_latencies_by_hand():
    one = sample(sent_s=5.0, ttft_s=0.25, itl_s=0.02, n_tok=6, late_s=0.5)
    assert one.ttft_s == pytest.approx(0.25)
    assert one.e2e_s == pytest.approx(0.35)
    assert one.tpot_s == pytest.approx(0.1 / 5)
    assert sample(n_tok=1).tpot_s is None
    record = one.record(origin_s=4.0, level="x")
    assert record["sent_ms"] == pytest.approx(1000.0)
    assert record["intended_ms"] == pytest.approx(500.0)
    assert record["tpot_ms"] == pytest.approx(20.0)
    assert json.dumps(sample(failure="reset").record(origin_s=0.0, level="x"))


def test_a_closed_loop_in_step():
    # Two streams, 0.2 s a round of 11 tokens each: 110 tok/s and 10 requests/s; four rounds leave two in the middle.
    samples = rounds(4, 2)
    found = stats(samples, load.closed(2, [ASKED] * 8), Slo())
    assert found.window is not None
    assert (found.window.start_s, found.window.end_s) == pytest.approx((0.1, 0.5))
    assert found.output_tok_per_s == pytest.approx(110.0)
    assert found.request_per_s == pytest.approx(10.0)
    assert found.input_tok_per_s == pytest.approx(1000.0)
    assert found.n_steady == 4
    assert found.n_in_flight_mean == pytest.approx(2.0)
    assert found.n_in_flight_max == 2
    assert found.latencies["ttft"]["p50"] == pytest.approx(0.1)
    assert found.latencies["itl"]["p99"] == pytest.approx(0.01)
    assert found.latencies["e2e"]["mean"] == pytest.approx(0.2)
    assert (found.meets_slo, found.goodput_request_per_s, found.kept_up_ratio) == (None, None, None)


def test_failures_are_in_no_average_but_count_against_the_limits():
    good = rounds(4, 2)
    bad = [sample(sent_s=0.3, failure="reset", index=9), sample(sent_s=0.3, failure="http_429", index=10)]
    limit = Limit("ttft", 95, 0.15)
    found = stats([*good, *bad], load.closed(2, [ASKED] * 10), Slo((limit,)))
    clean = stats(good, load.closed(2, [ASKED] * 8), Slo((limit,)))
    assert found.failures == {"reset": 1, "http_429": 1}
    assert found.latencies == clean.latencies
    assert found.output_tok_per_s == clean.output_tok_per_s
    assert clean.kept_fracs == ((limit, 1.0),)
    assert found.kept_fracs == ((limit, 0.8),)
    assert (clean.meets_slo, found.meets_slo) == (True, False)
    assert clean.goodput_request_per_s == pytest.approx(10.0)


def test_nothing_answered():
    found = stats([sample(failure="reset")] * 3, load.closed(1, [ASKED] * 3), Slo((Limit("ttft", 95, 1.0),)))
    assert (found.n_ok, found.window, found.output_tok_per_s, found.meets_slo) == (0, None, None, False)
    assert stats([], load.closed(1, [ASKED]), Slo((Limit("ttft", 95, 1.0),))).meets_slo is False


def test_a_short_run_says_so_and_counts_all():
    found = stats(rounds(2, 2), load.closed(2, [ASKED] * 4), Slo())
    assert found.window is not None
    assert "too short" in found.window.reason
    assert found.n_steady == 4
    assert found.output_tok_per_s == pytest.approx(4 * 11 / 0.4)
    at_once = steady.window(rounds(1, 3), n_in_flight=1)
    assert "all at once" in at_once.reason


def test_chunks_that_are_not_tokens():
    found = stats(rounds(4, 2, tok_per_chunk=2), load.closed(2, [ASKED] * 8), Slo())
    assert found.tok_per_chunk == pytest.approx(11 / 6)
    assert found.output_tok_per_s == pytest.approx(110.0)
    assert found.latencies["itl"]["p50"] == pytest.approx(0.02)
    assert found.latencies["tpot"]["p50"] == pytest.approx(0.01)


def test_latency_from_when_it_was_meant_to_be_sent():
    found = stats([sample(sent_s=float(k), late_s=0.3, index=k) for k in range(9)], load.closed(1, [ASKED] * 9), Slo())
    assert found.latencies["ttft_from_intended"]["p50"] == pytest.approx(0.4)
    assert found.latencies["ttft"]["p50"] == pytest.approx(0.1)
    assert found.latencies["late_start"]["p50"] == pytest.approx(0.3)


@pytest.mark.parametrize(("served_per_s", "ratio"), [(20.0, 1.0), (5.0, 0.5)])
def test_an_open_loop_that_is_too_fast_does_not_keep_up(served_per_s, ratio):
    # Ten a second arrive for 20 s at a server that does five a second: the last of 200 ends after about 40 s.
    samples = []
    free_s = 0.0
    for k in range(200):
        start_s = max(k / 10, free_s)
        free_s = start_s + 1 / served_per_s
        samples.append(sample(sent_s=k / 10, ttft_s=free_s - k / 10, itl_s=0.0, n_tok=2, index=k))
    assert kept_up_ratio(samples) == pytest.approx(ratio, abs=0.07)


def test_spread_of_nothing_is_nothing():
    assert spread([]) == {}
    assert spread([2.0, 4.0]) == pytest.approx(
        {"mean": 3.0, "p50": 3.0, "p90": 3.8, "p95": 3.9, "p99": 3.98, "min": 2.0, "max": 4.0}
    )


def test_limits_of_a_workload():
    stated = workload.Slo.model_validate({"ttft_p95": "500 ms", "itl_p99": "50 ms", "deadline": "5 s"})
    found = slo.of_workload(stated)
    assert found.limits == (Limit("ttft", 95, 0.5), Limit("itl", 99, 0.05), Limit("e2e", 95, 5.0))
    fast, slow = sample(ttft_s=0.4, itl_s=0.04), sample(ttft_s=0.4, itl_s=0.06)
    assert found.is_met_by(fast)
    assert not found.is_met_by(slow)
    assert not found.is_met_by(sample(failure="reset"))
    assert found.kept_frac(found.limits[1], [fast, slow]) == 0.5
    assert not Limit("ttft", 95, 0.5).is_kept_by(sample(ttft_s=0.4, late_s=0.2))
    assert Limit("itl", 95, 0.001).is_kept_by(sample(n_tok=1))
    assert Limit("e2e", 95, 0.2).is_kept_by(sample(itl_s=0.005))
    assert all(limit.text for limit in found.limits)


@given(
    kind=st.sampled_from(["constant", "poisson", "gamma"]), rate=st.floats(0.01, 1000), n=st.integers(1, 200),
    shape=st.floats(0.05, 20),
)  # fmt: skip
def test_arrivals_have_the_rate_they_are_named_after(kind, rate, n, shape):
    rng = np.random.default_rng(1)
    found = load.arriving(kind, rate, [ASKED] * n, burstiness=shape, rng=rng)
    assert len(found.at_s) == n
    assert found.at_s[0] == 0.0
    assert all(b >= a for a, b in zip(found.at_s, found.at_s[1:], strict=False))
    if n > 1:
        assert (n - 1) / found.at_s[-1] == pytest.approx(rate)


def test_burstier_gaps_spread_more():
    rng = np.random.default_rng(0)

    def variation(kind, shape=1.0):
        gaps = load.gaps_s(kind, 5.0, 20_000, burstiness=shape, rng=rng)
        return float(np.std(gaps) / np.mean(gaps))

    assert variation("constant") == pytest.approx(0.0, abs=1e-9)
    assert variation("poisson") == pytest.approx(1.0, abs=0.05)
    assert variation("gamma", 0.25) == pytest.approx(2.0, abs=0.15)  # 1 / sqrt(shape)
    assert variation("gamma", 4.0) == pytest.approx(0.5, abs=0.05)


def test_a_trace_is_replayed_as_fast_as_asked():
    found = load.replayed([10.0, 11.0, 14.0], [ASKED] * 3, speed_ratio=2.0)
    assert found.at_s == (0.0, 0.5, 2.0)
    assert found.request_per_s == pytest.approx(1.0)
    assert load.replayed([1.0, 1.0], [ASKED] * 2, speed_ratio=1.0).request_per_s == 2.0
    assert found.label == "1/s trace"
    assert (found.short, load.closed(8, [ASKED]).short) == ("1/s", "8")


@pytest.mark.parametrize(
    ("highest", "first", "is_whole", "found"),
    [
        (37.0, 1.0, True, Knee("concurrency", 36.0, 38.0)), (0.0, 1.0, True, Knee("concurrency", None, 1.0)),
        (1.0, 8.0, True, Knee("concurrency", 1.0, 2.0)), (1e9, 100.0, True, Knee("concurrency", 512.0, None)),
        (1e9, 1.0, False, Knee("rate", 4096.0, None)), (0.001, 1.0, False, Knee("rate", None, 0.015625)),
    ],
)  # fmt: skip
def test_the_knee_is_bracketed_and_halved(highest, first, is_whole, found):
    async def meets(value):
        return value <= highest

    assert asyncio.run(knee(meets, first=first, is_whole=is_whole)) == found


@given(highest=st.floats(0.05, 3000))
def test_the_knee_of_a_rate_is_within_a_tenth(highest):
    async def meets(value):
        return value <= highest

    found = asyncio.run(knee(meets, first=1.0, is_whole=False))
    assert found.value is not None
    assert found.broken_at is not None
    assert found.value <= highest < found.broken_at <= found.value * 1.1 * (1 + 1e-12)


def test_words_to_tokens():
    scale = prompt.through((10, 25), (110, 225))  # two tokens a word and five of the template
    assert (scale.fixed_tok, scale.tok_per_word, scale.is_calibrated) == (5.0, 2.0, True)
    assert scale.n_words(205) == 100
    assert scale.n_words(3) == 0
    assert scale.template_tok == 5.0
    for points in [((10, 25), (110, 25)), ((10, 25), (10, 30)), ((10, 25), (20, 24))]:
        assert prompt.through(*points) == prompt.UNCALIBRATED
    assert prompt.UNCALIBRATED.template_tok == 0.0
    assert prompt.UNCALIBRATED.n_words(50) == 50


def test_prompts_repeat_their_words_but_never_their_beginning():
    one, other = prompt.Prompts(3), prompt.Prompts(3)
    texts = [one.text(20), other.text(20)]
    assert texts[0].split()[1:] == texts[1].split()[1:]
    assert texts[0].split()[0] != texts[1].split()[0]
    assert len(texts[0].split()) == 21


def test_patience_ends_after_nothing_but_failures():
    run = Run(patience=8, n_planned=100)
    for _ in range(7):
        run.take(sample(failure="reset"))
    run.take(sample())
    assert (run.gave_up, run.n_in_row) == (False, 0)
    for _ in range(3):
        run.take(sample(failure="timeout_first"))
    assert run.gave_up


def test_a_busy_client_says_so():
    assert Client(0.0, 0.001, 0.002, 0.5).bound_reason == ""
    assert "90% of a core" in Client(0.0, 0.001, 0.002, 0.9).bound_reason
    assert "20 ms late" in Client(0.0, 0.02, 0.03, 0.5).bound_reason


def test_the_watch_sees_a_blocked_loop():
    async def block():
        with Watch() as watch:
            await asyncio.sleep(0.03)
            until = asyncio.get_running_loop().time() + 0.1
            while asyncio.get_running_loop().time() < until:
                pass
            await asyncio.sleep(0.03)
        return watch.client

    seen = asyncio.run(block())
    assert seen.lag_max_s >= 0.07
    assert seen.cpu_frac > 0.1
