"""Waiting for a slot: by hand, against Erlang's C, and against a simulation of what the formulas stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.perform import arrivals
from tco.perform.batching import batch
from tco.perform.deployment import deployment
from tco.perform.load import Load, Slo
from tco.perform.solve import solve
from tests.unit.perform import examples as x

approx: Any = pytest.approx
HELD = deployment(model=x.LLAMA_8B, hardware=x.H100)
LOAD = Load(input_tok=1000.0, output_tok=200.0)


def test_a_percentile_of_the_running_sequences_and_back():
    # 100 + 1.645 sqrt(1.5 x 100) = 120.1
    most = arrivals.seqs_at(mean_seqs=100.0, spread=1.5, percentile=95)
    assert most == approx(120.145, abs=1e-3)
    assert arrivals.mean_seqs(most_seqs=most, spread=1.5, percentile=95) == approx(100.0)
    assert arrivals.seqs_at(mean_seqs=7.0, spread=4.0, percentile=50) == 7.0
    assert arrivals.mean_seqs(most_seqs=7.0, spread=0.0, percentile=99) == approx(7.0)


def test_only_what_exceeds_poisson_is_kept_free():
    assert np.asarray(arrivals.burst_spread(arrival_scv=np.array([0.5, 1.0, 3.0]))).tolist() == [0.0, 0.0, 3.0]


def erlang_c(n_slots: int, offered: float) -> float:
    blocked = 1.0
    for k in range(1, n_slots + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked / (1.0 - offered / n_slots * (1.0 - blocked))


@pytest.mark.parametrize("n_slots", [1, 2, 8, 32, 256])
@pytest.mark.parametrize("busy", [0.5, 0.8, 0.9, 0.95])
def test_never_below_erlang_and_close_where_it_counts(n_slots, busy):
    exact = erlang_c(n_slots, busy * n_slots)
    found = float(arrivals.wait_frac(mean_seqs=busy * n_slots, slots=float(n_slots), arrival_scv=1.0))
    assert exact * 0.99 <= found <= exact + 0.05
    if n_slots == 1:
        assert found == approx(busy)


def test_batches_larger_than_the_slots_wait_however_light_the_load():
    # c_a^2 = 5: batches of three on average; of those, 2/3 find the one slot taken by their own.
    assert arrivals.wait_frac(mean_seqs=1e-9, slots=1.0, arrival_scv=5.0) == approx(2 / 3)
    assert arrivals.wait_frac(mean_seqs=1e-9, slots=1.0, arrival_scv=0.5) < 1e-6


def test_a_wait_by_hand_and_its_limit():
    # One slot half busy: P = .5; ln(.5/.05) / (2 - 1) = 2.303 s at p95, none at p50.
    known: dict[str, Any] = {
        "mean_seqs": 0.5,
        "slots": 1.0,
        "arrival_scv": 1.0,
        "req_per_s": 1.0,
        "most_req_per_s": 2.0,
    }
    assert arrivals.wait_s(**known, percentile=95) == approx(2.3026, abs=1e-4)
    assert arrivals.wait_s(**known, percentile=50) == 0.0
    full = known | {"mean_seqs": 1.0, "req_per_s": 2.0}
    assert arrivals.wait_s(**full, percentile=95) == approx(np.log(20.0) / (0.02 * 2.0))


def simulated(rates, req_per_s: float, mean_batch: float, n: int = 20_000) -> tuple[float, float]:
    """Wait p95 and mean number of a replica whose n sequences finish at a total rate X(n); batches are geometric."""
    rng, n_slots = np.random.default_rng(7), len(rates) - 1
    now = busy = area = came = 0.0
    queue: list[float] = []
    waits: list[float] = []
    while came < n:
        both = req_per_s / mean_batch + rates[int(busy)]
        gap = rng.exponential(1.0 / both)
        now, area = now + gap, area + gap * (busy + len(queue))
        if rng.random() < req_per_s / mean_batch / both:
            for _ in range(1 if mean_batch == 1.0 else rng.geometric(1.0 / mean_batch)):
                came += 1
                if busy < n_slots:
                    busy += 1
                    waits.append(0.0)
                else:
                    queue.append(now)
        elif queue:
            waits.append(now - queue.pop(0))
        else:
            busy -= 1
    return float(np.percentile(waits[n // 10 :], 95)), area / now


@pytest.mark.parametrize(("n_slots", "limit_s"), [(4, 2.0), (16, 0.5), (64, 0.5)])
def test_against_a_simulation_of_poisson_arrivals(n_slots, limit_s):
    held = replace(HELD, max_seqs=float(n_slots))
    rates = np.asarray(batch(deployment=held, load=LOAD, n_seqs=np.arange(1.0, n_slots + 1.0)).req_per_s)
    found = solve(deployment=held, load=LOAD, slo=Slo(ttft_s=limit_s))
    wait_s, mean_seqs = simulated(np.concatenate([[0.0], np.maximum.accumulate(rates)]), float(found.req_per_s), 1.0)
    assert wait_s < limit_s
    assert mean_seqs == approx(float(found.n_seqs), rel=0.35)


def test_against_a_simulation_of_batches():
    held, load = replace(HELD, max_seqs=16.0), replace(LOAD, arrival_scv=5.0)
    rates = np.asarray(batch(deployment=held, load=load, n_seqs=np.arange(1.0, 17.0)).req_per_s)
    found = solve(deployment=held, load=load, slo=Slo(ttft_s=0.5), max_busy_frac=0.95)
    wait_s, mean_seqs = simulated(np.concatenate([[0.0], np.maximum.accumulate(rates)]), float(found.req_per_s), 3.0)
    assert wait_s < 0.5
    assert mean_seqs == approx(float(found.n_seqs), rel=0.35)
