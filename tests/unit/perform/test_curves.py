"""A replica's curve from each source, and an option sized on a trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.decide.assess import assess
from tco.describe.trace import Trace
from tco.perform.batching import batch
from tco.perform.curves import points_curve, predicted_curve, serial_curve
from tco.perform.deployment import deployment
from tco.perform.load import Load, Slo
from tco.perform.replayed import size_on
from tco.perform.size import size, size_for
from tests.factories import MONTH_OF_ONE, a_machine_option, a_scenario, a_speed, a_workload
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LOAD = Load(input_tok=1000.0, output_tok=150.0)
HELD = deployment(model=x.LLAMA_8B, hardware=x.H100)


def an_option(**changes: Any) -> Any:
    base = {"model": x.LLAMA_8B, "model_id": "llama-3.1-8b", "hardware": x.H100, "speed": None, "n_gpus": 1}
    return a_machine_option(**{**base, **changes})


def a_trace(per_s: float = 5.0, n: int = 3000, seed: int = 1, **lengths: Any) -> Trace:
    at = np.cumsum(np.random.default_rng(seed).exponential(1.0 / per_s, n))
    return Trace("t.csv", at - at[0], lengths.get("i"), lengths.get("o"), 5.0)


def test_the_predicted_curve_is_the_models() -> None:
    found = predicted_curve(deployment=HELD, load=LOAD, slo=Slo(itl_percentile=50))
    state = batch(deployment=HELD, load=LOAD, n_seqs=found.n_req)
    assert found.itl_s == approx(np.asarray(state.itl_s))
    assert found.ttft_s == approx(np.asarray(state.own_ttft_s))
    assert found.most_req_per_s == approx(0.8 * float(np.max(state.req_per_s)))
    assert 0.0 < found.prompt_s <= found.ttft_s[0]
    groups = replace(HELD, n_groups=2.0)
    both = predicted_curve(deployment=groups, load=LOAD, slo=Slo())
    assert both.n_req == approx(2.0 * np.asarray(found.n_req))
    one = float(np.max(batch(deployment=groups, load=LOAD, n_seqs=found.n_req).req_per_s))
    assert both.most_req_per_s == approx(0.8 * 2.0 * one)
    votes = predicted_curve(deployment=HELD, load=replace(LOAD, n_samples=8.0), slo=Slo())
    assert votes.n_req[0] == approx(1 / 8)


def test_a_measured_curve_by_hand() -> None:
    rows = [
        x.a_row(concurrency=4, output_tok_per_s=200.0, ttft_ms=100.0, ttft_stat="mean", itl_ms=19.0),
        x.a_row(concurrency=4, output_tok_per_s=100.0, ttft_ms=900.0),
        x.a_row(concurrency=8, output_tok_per_s=320.0, ttft_ms=None, itl_ms=10.0),
        x.a_row(concurrency=16, output_tok_per_s=None),
    ]
    found = points_curve(rows=rows, load=LOAD, slo=Slo(ttft_percentile=50), prompt_s=0.5)
    assert found.n_req.tolist() == [4.0, 8.0]
    # Little: 8 x 150 / 320 = 3.75 s, of which 149 x 0.010 are decoding; latencies never fall.
    assert found.ttft_s == approx([0.1, 3.75 - 1.49])
    assert found.itl_s == approx([0.019, 0.019])
    assert found.decode_s == approx([149 * 0.019, 149 * 0.019])
    assert (found.most_req_per_s, found.prompt_s) == (approx(320 / 150), 0.5)
    votes = points_curve(rows=rows[:1], load=replace(LOAD, n_samples=8.0), slo=Slo())
    assert (votes.n_req.tolist(), votes.decode_s.tolist()) == ([0.5], approx([149 * 0.019 * 2]))
    bare = points_curve(rows=[x.a_row(ttft_ms=None)], load=LOAD, slo=Slo())
    assert bare.decode_s == approx([149 * 4 / 210])


def test_one_request_at_a_time() -> None:
    found = serial_curve(request_s=3.0, ttft_s=1.0, itl_s=0.02)
    assert (found.decode_s.tolist(), found.most_req_per_s) == ([2.0], approx(1 / 3))


# --- sized on a trace


def test_the_factor_of_a_replay() -> None:
    slos, held = (Slo(ttft_s=1.0, itl_s=0.05),), a_trace()
    found, plain = size_on(an_option(), LOAD, slos, held), size(an_option(), LOAD, slos)
    assert found.capacity.req_per_s == plain.capacity.req_per_s
    assert (plain.peak_factor, found.peak_factor == 1.0) == (1.0, False)
    note = found.capacity.notes[-1]
    assert note.startswith("replayed 3,000 requests of t.csv: ")
    assert "keep the TTFT limit" in note
    assert "keep the ITL limit" in note
    # Steady requests need about the mean rate over the most a replica can do, not the busiest moment.
    assert found.peak_factor < 1.0


def test_every_limit_counts_in_a_replay() -> None:
    loose, tight = Slo(ttft_s=2.0), Slo(itl_s=0.012, itl_percentile=99)
    both = size_on(an_option(), LOAD, (loose, tight), a_trace())
    assert "keep the ITL limit" in both.capacity.notes[-1]


def test_prompts_too_long_to_be_read_in_time() -> None:
    # One prompt in ten is 100 times as long as the others: no number of replicas reads it in 100 ms.
    held = a_trace(i=np.where(np.arange(3000) % 10 == 0, 100.0, 1.0))
    found = size_on(an_option(), LOAD, (Slo(ttft_s=0.1),), held)
    assert not found.capacity.feasible
    assert found.capacity.req_per_s == 0.0
    assert found.capacity.reasons == ("on the trace t.csv, however many replicas: 90.0% keep the TTFT limit",)


@pytest.mark.parametrize("slo", [Slo(), Slo(itl_s=1e-9)])
def test_without_limits_or_capacity_nothing_is_replayed(slo: Slo) -> None:
    found = size_on(an_option(), LOAD, (slo,), a_trace())
    assert found.peak_factor == 1.0
    assert not any("replayed" in note for note in found.capacity.notes)


def test_pools_are_not_replayed() -> None:
    whole = size_for(an_option(), LOAD, Slo(ttft_s=1.0))
    assert whole.curve is not None
    assert replace(whole, curve=None).peak_factor == 1.0


def test_measured_and_stated_machines_are_replayed_too() -> None:
    row = x.a_row(hardware="h100-sxm", model="llama-3.1-8b", output_tok_per_s=1500.0, ttft_ms=100.0, itl_ms=10.0)
    for option in (an_option(measured=(row,)), an_option(speed=a_speed(prefill_tok_per_s=20_000))):
        found = size_on(option, LOAD, (Slo(deadline_s=60.0),), a_trace())
        assert "keep the deadline" in found.capacity.notes[-1]


def test_replicas_grow_with_the_volume_by_the_replay() -> None:
    trace = a_trace(per_s=1.0)
    workload = a_workload(demand={"requests": 50 * MONTH_OF_ONE}, slo={"deadline": "3 s"})
    found = assess(a_machine_option(), a_scenario(workload=workload, trace=trace))
    plain = assess(a_machine_option(), a_scenario(workload=workload))
    assert found.costing is not None
    assert plain.costing is not None
    assert found.sized is not None
    factor = max(found.sized.peak_factor, 1.0)  # the peak is the mean here
    assert found.sized.peak_factor != 1.0
    assert found.costing.n_replicas(found.plan) == np.ceil(50.0 * factor - 1e-6)
    steps = found.costing.steps(found.plan, 10 * MONTH_OF_ONE)
    assert steps[0] == approx(MONTH_OF_ONE / factor)


def test_a_ttft_nobody_measured_is_the_models() -> None:
    row = x.a_row(hardware="h100-sxm", model="llama-3.1-8b", output_tok_per_s=1500.0, ttft_ms=None, concurrency=1024)
    found = size_for(an_option(measured=(row,)), LOAD, Slo(ttft_s=99.0)).capacity
    assert (found.feasible, found.basis) == (True, "measured")
    assert "TTFT not measured at every point: the model's there" in found.notes
    assert found.ttft_s is not None
    known = size_for(an_option(measured=(row.model_copy(update={"ttft_ms": 50.0}),)), LOAD, Slo(ttft_s=99.0)).capacity
    assert not any("not measured" in note for note in known.notes)
    assert not any("not measured" in note for note in size_for(an_option(measured=(row,)), LOAD, Slo()).capacity.notes)


def test_a_measured_row_at_other_lengths_is_scaled_and_its_band_wider() -> None:
    row = x.a_row(hardware="h100-sxm", model="llama-3.1-8b", output_tok_per_s=1500.0, concurrency=1024)
    same, other = (
        size_for(an_option(measured=(row,)), Load(input_tok=tok, output_tok=150.0), Slo()).capacity
        for tok in (1050.0, 1900.0)
    )
    assert (same.basis, other.basis) == ("measured", "measured, scaled by the model")
    assert other.req_per_s < same.req_per_s
    assert other.band_low_frac < same.band_low_frac < 1.0 < same.band_high_frac < other.band_high_frac
