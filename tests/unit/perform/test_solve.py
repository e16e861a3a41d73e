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
    assert solve(deployment=single, load=LOAD, slo=Slo(ttft_s=9.0)).req_per_s == approx(0.8 * free.req_per_s)


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
