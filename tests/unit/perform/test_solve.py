from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.perform.deployment import deployment, stack
from tco.perform.load import Load, Slo
from tco.perform.solve import BINDINGS, at_position, crossing, solve
from tests.unit.perform import examples as x

approx: Any = pytest.approx

HELD = deployment(model=x.LLAMA_8B, hardware=x.H100)
LOAD = Load(input_tok=1000.0, output_tok=200.0)


def test_crossing_by_hand():
    values = np.array([1.0, 2.0, 4.0])
    assert [float(crossing(values=values, limit=limit)) for limit in (0.5, 1.0, 3.0, 9.0)] == [-1.0, 0.0, 1.5, 2.0]
    rows = np.array([[1.0, 2.0, 4.0], [5.0, 5.0, 5.0]])
    assert crossing(values=rows, limit=np.array([3.0, 5.0])).tolist() == [1.5, 2.0]


def test_reading_between_grid_points():
    assert at_position(values=np.array([1.0, 2.0, 4.0]), position=np.array(1.5)) == 3.0
    assert at_position(values=np.array([1.0, 2.0, 4.0]), position=np.array(-1.0)) == 1.0
    assert at_position(values=np.array([1.0, 2.0, 4.0]), position=np.array(2.0)) == 4.0


def test_a_batch_job_takes_the_best_throughput():
    found = solve(deployment=HELD, load=LOAD, slo=Slo())
    assert found.n_seqs == approx(found.max_seqs)
    assert BINDINGS[int(found.binding)] == "limit"


def test_interactive_loads_keep_headroom():
    batch = solve(deployment=HELD, load=LOAD, slo=Slo())
    loose = solve(deployment=HELD, load=LOAD, slo=Slo(ttft_s=1e3))
    assert loose.req_per_s == approx(0.8 * batch.req_per_s)
    assert BINDINGS[int(loose.binding)] == "headroom"
    full = solve(deployment=HELD, load=LOAD, slo=Slo(ttft_s=1e3), max_busy_frac=1.0)
    assert full.req_per_s == approx(batch.req_per_s)


def test_one_slot_still_keeps_headroom():
    single = replace(HELD, max_seqs=1.0)
    free = solve(deployment=single, load=LOAD, slo=Slo())
    patient = solve(deployment=single, load=LOAD, slo=Slo(ttft_s=1e3))
    assert patient.req_per_s == approx(0.8 * free.req_per_s)
    assert BINDINGS[int(patient.binding)] == "headroom"


# --- requests that come when they like


def test_the_only_slot_is_waited_for():
    # One slot: P = N, wait p95 = ln(N/.05) / (X - N X). At a limit of the TTFT and 1 s more: N = 0.137.
    single = replace(HELD, max_seqs=1.0)
    alone = solve(deployment=single, load=LOAD, slo=Slo(ttft_s=1e3))
    free = float(solve(deployment=single, load=LOAD, slo=Slo()).req_per_s)
    first = float(alone.ttft_s) - np.log(0.8 / 0.05) / (0.2 * free)
    found = solve(deployment=single, load=LOAD, slo=Slo(ttft_s=first + 1.0))
    busy = float(found.n_seqs)
    assert found.req_per_s == approx(busy * free)
    assert np.log(busy / 0.05) / (1.0 - busy) / free == approx(1.0, rel=0.05)
    assert found.ttft_s == approx(first + 1.0, rel=0.02)
    assert BINDINGS[int(found.binding)] == "ttft"


def test_without_a_ttft_target_a_slot_is_free_at_the_percentile():
    # N + 1.645 sqrt(1.5 N) = 8 at N = 3.98; at p99 with 2.326: 3.04.
    eight = replace(HELD, max_seqs=8.0)
    found = solve(deployment=eight, load=LOAD, slo=Slo(itl_s=1.0), max_busy_frac=1.0)
    assert (BINDINGS[int(found.binding)], float(found.n_seqs)) == ("slots", approx(3.98, abs=0.01))
    late = solve(deployment=eight, load=LOAD, slo=Slo(itl_s=1.0, itl_percentile=99), max_busy_frac=1.0)
    assert late.n_seqs == approx(3.04, abs=0.01)
    one = solve(deployment=replace(HELD, max_seqs=1.0), load=LOAD, slo=Slo(itl_s=1.0), max_busy_frac=1.0)
    assert one.n_seqs == approx(0.170, abs=0.001)
    deadline = solve(deployment=eight, load=LOAD, slo=Slo(deadline_s=1e3), max_busy_frac=1.0)
    assert deadline.n_seqs == approx(3.98, abs=0.01)


def test_bursts_lower_the_mean_not_the_latency():
    slo = Slo(itl_s=0.012, itl_percentile=50, ttft_s=9.0)
    even = solve(deployment=HELD, load=LOAD, slo=slo)
    bursty = solve(deployment=HELD, load=replace(LOAD, arrival_scv=9.0), slo=slo)
    # N + 1.645 sqrt(1.5 x 8 N) is the number that the even load holds.
    held = float(bursty.n_seqs)
    assert held + 1.6449 * np.sqrt(12.0 * held) == approx(float(even.n_seqs), rel=0.02)
    assert bursty.itl_s == approx(float(even.itl_s), rel=0.01)
    assert bursty.req_per_s < even.req_per_s


def test_bursts_into_one_slot_cannot_be_served_in_time():
    single, load = replace(HELD, max_seqs=1.0), replace(LOAD, arrival_scv=5.0)
    found = solve(deployment=single, load=load, slo=Slo(ttft_s=2.0))
    assert (bool(found.feasible), float(found.req_per_s)) == (False, 0.0)


def test_arrivals_do_not_matter_to_a_batch_job():
    bursty = solve(deployment=HELD, load=replace(LOAD, arrival_scv=99.0), slo=Slo())
    assert bursty.req_per_s == solve(deployment=HELD, load=LOAD, slo=Slo()).req_per_s


def test_bursts_of_many_loads_at_once():
    slo, scv = Slo(ttft_s=0.5, itl_s=0.03), np.array([0.5, 1.0, 4.0, 100.0])
    rates = solve(deployment=HELD, load=replace(LOAD, arrival_scv=scv), slo=slo).req_per_s
    alone = [float(solve(deployment=HELD, load=replace(LOAD, arrival_scv=each), slo=slo).req_per_s) for each in scv]
    assert rates == approx(alone)
    assert np.all(np.diff(rates) <= 1e-9)


def test_targets_bind():
    itl = solve(deployment=HELD, load=LOAD, slo=Slo(itl_s=0.012, itl_percentile=50))
    assert BINDINGS[int(itl.binding)] == "itl"
    assert itl.itl_s == approx(0.012)
    deadline = solve(deployment=HELD, load=LOAD, slo=Slo(deadline_s=2.0))
    assert BINDINGS[int(deadline.binding)] == "deadline"
    assert deadline.e2e_s == approx(2.0)
    ttft = solve(deployment=HELD, load=LOAD, slo=Slo(ttft_s=0.06))
    assert BINDINGS[int(ttft.binding)] == "ttft"
    assert ttft.ttft_s == approx(0.06)


def test_infeasible_rates_are_zero():
    assert not solve(deployment=HELD, load=LOAD, slo=Slo(ttft_s=1e-3)).feasible
    assert solve(deployment=HELD, load=LOAD, slo=Slo(ttft_s=1e-3)).req_per_s == 0
    no_room = solve(deployment=replace(HELD, margin_bytes=-1.0), load=LOAD, slo=Slo())
    assert (bool(no_room.fits), float(no_room.req_per_s)) == (False, 0.0)
    assert not solve(deployment=HELD, load=Load(input_tok=131072.0, output_tok=1.0), slo=Slo()).feasible


def test_arrays_give_what_their_parts_give():
    small = deployment(model=x.QWEN3_8B, hardware=x.RTX_4090, dtype="fp8")
    slo = Slo(ttft_s=0.5, itl_s=0.05)
    both = solve(deployment=stack([HELD, small]), load=LOAD, slo=slo)
    alone = [solve(deployment=held, load=LOAD, slo=slo) for held in (HELD, small)]
    assert both.req_per_s == approx([float(each.req_per_s) for each in alone])
    loads = solve(deployment=HELD, load=Load(np.array([1000.0, 2000.0]), np.array([200.0, 100.0])), slo=slo)
    assert loads.req_per_s[0] == approx(float(alone[0].req_per_s))
