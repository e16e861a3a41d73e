"""Past the largest measured concurrency: the model scaled to the point, its bounds, and when it is not asked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.describe.candidates import StatedSpeed
from tco.describe.option import MachineOption
from tco.describe.profile import LocalThroughput
from tco.files.catalogue import Catalogue
from tco.files.measurements import read_measurements, shipped_measurements
from tco.perform import constants, fit, holdout
from tco.perform.batching import batch, itl_at, max_concurrency, ttft_at
from tco.perform.beyond import CLEARLY_MORE, Anchor, anchor, at_peak, densest
from tco.perform.capacity import predicted
from tco.perform.curves import joined, points_curve, predicted_curve
from tco.perform.deployment import deployment
from tco.perform.fitted import folds_fitted
from tco.perform.load import Load, Slo
from tco.perform.points import judged
from tco.perform.runs import build
from tco.perform.size import built_for, size_for
from tests.factories import a_machine_option
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LOAD = Load(input_tok=1000.0, output_tok=150.0)
CHAT = Slo(ttft_s=2.0, itl_s=0.05)
BATCH = Slo()
HELD = deployment(model=x.LLAMA_8B, hardware=x.H100)
BEYOND = "predicted from a measurement"
UNKNOWN = x.a_gpu(id="abacus-9", memory_gb=80, link_gb_per_s=900)


def own(**changes: Any) -> LocalThroughput:
    base = {"hardware": "h100-sxm", "model": "llama-3.1-8b", "n_gpus": 1, "dtype": "bf16", "engine": "vllm",
            "concurrency": 1, "input_tok": 1000.0, "output_tok": 150.0, "output_tok_per_s": 100.0, "ttft_ms": 60.0,
            "itl_ms": 9.6, "source": "own measurement of 2026-11-20: tco bench endpoint",
            "as_of": date(2026, 11, 20), "kind": "measured", "busy_w": 400.0}  # fmt: skip
    return LocalThroughput.model_validate({**base, **changes})


def published(**changes: Any) -> Any:
    kept = {name: getattr(own(), name) for name in ("concurrency", "output_tok_per_s", "ttft_ms", "itl_ms")}
    return x.a_row(**{**kept, "hardware": "h100-sxm", "model": "llama-3.1-8b", "ttft_stat": "mean", **changes})


def an_option(*rows: Any, **changes: Any) -> MachineOption:
    base = {"model": x.LLAMA_8B, "model_id": "llama-3.1-8b", "hardware": x.H100, "speed": None, "n_gpus": 1}
    return a_machine_option(**{**base, "measured": rows, **changes})


# --- a replica measured with one request in flight


@pytest.mark.parametrize("slo", [CHAT, BATCH])
def test_one_request_in_flight_is_not_the_capacity(slo: Slo) -> None:
    found = size_for(an_option(own()), LOAD, slo).capacity
    free = size_for(an_option(), LOAD, slo).capacity
    assert (found.basis, found.kind) == (BEYOND, "assumed")
    assert (found.band_low_frac, found.band_high_frac) == (free.band_low_frac, free.band_high_frac)
    assert found.output_tok_per_s > 10 * 100.0
    assert found.busy_w != 400.0  # that was drawn with one request
    assert found.notes[0].startswith("measured up to concurrency 1 (100 output tok/s); beyond it the model scaled to")
    assert found.notes[0].endswith(f"measure at concurrency {int(np.ceil(found.concurrency))} to know")
    assert "own measurement of 2026-11-20: tco bench endpoint" in found.notes
    assert found.source == f"{constants.SOURCE}, scaled to {own().source}"
    assert found.as_of == date(2026, 11, 20)


def test_the_ratios_by_hand() -> None:
    # One request: 100 tok/s, 60 ms, 9.6 ms; the model gives X, TTFT and ITL of its own at one sequence.
    state = batch(deployment=HELD, load=LOAD, n_seqs=1.0)
    point = densest(rows=[own()], deployment=HELD, load=LOAD, slo=CHAT)
    by = anchor(point=point, deployment=HELD, load=LOAD, slo=CHAT)
    assert by.rate == approx(100.0 / (float(state.req_per_s) * 150.0))
    assert by.ttft == approx(0.060 / float(state.ttft_s))
    assert by.itl == approx(0.0096 / float(state.itl_s))
    assert by.late_itl == approx(0.0096 / float(state.itl_s))  # one sequence meets no prompts
    bare = densest(rows=[own(ttft_ms=None, itl_ms=None)], deployment=HELD, load=LOAD, slo=BATCH)
    free = anchor(point=bare, deployment=HELD, load=LOAD, slo=BATCH)
    assert (free.ttft, free.itl) == (1.0, approx(0.01 / float(state.itl_s)))


def test_of_the_largest_concurrency_the_fastest_row_within_the_limits() -> None:
    speeds = ((500.0, 9.6), (600.0, 9.6), (700.0, 90.0))
    eight = [own(concurrency=8, output_tok_per_s=speed, itl_ms=itl_ms) for speed, itl_ms in speeds]
    rows = [own(), *eight, own(concurrency=9, output_tok_per_s=None)]
    assert densest(rows=rows, deployment=HELD, load=LOAD, slo=CHAT).output_tok_per_s == 600.0
    assert densest(rows=rows, deployment=HELD, load=LOAD, slo=BATCH).output_tok_per_s == 700.0


def test_a_slower_machine_stays_slower() -> None:
    half = own(output_tok_per_s=50.0, itl_ms=19.2, ttft_ms=120.0)
    one, other = (size_for(an_option(row), LOAD, BATCH).capacity for row in (own(), half))
    assert other.req_per_s == approx(one.req_per_s / 2)


# --- when it is not asked


def test_the_measured_point_where_the_model_has_no_more() -> None:
    built = built_for(an_option(), 1, LOAD)
    most = int(max_concurrency(deployment=built, load=LOAD))
    for concurrency in (most, most + 500):
        row = own(concurrency=concurrency, output_tok_per_s=9000.0)
        found = size_for(an_option(row), LOAD, BATCH).capacity
        assert (found.basis, found.output_tok_per_s, found.kind) == ("measured", 9000.0, "measured")
        assert found.band_high_frac == 1.15
    near = size_for(an_option(own(concurrency=most - 1, output_tok_per_s=5000.0)), LOAD, BATCH).capacity
    assert near.basis == "measured"  # a gain within the error of the measurement is none


def test_a_limit_that_the_scaled_model_misses_keeps_the_point() -> None:
    tight = Slo(itl_s=0.009601)  # one sequence has 9.6 ms
    assert size_for(an_option(own()), LOAD, tight).capacity.basis == "measured"
    missed = size_for(an_option(own()), LOAD, Slo(itl_s=0.001)).capacity
    assert (missed.feasible, missed.basis) == (False, "measured")


def test_where_a_denser_point_misses_a_limit_the_points_decide() -> None:
    rows = (own(), own(concurrency=8, output_tok_per_s=600.0, itl_ms=60.0))
    found = size_for(an_option(*rows), LOAD, Slo(itl_s=0.04)).capacity
    assert found.basis == "interpolated"
    assert 1.0 < found.concurrency < 8.0


def test_a_table_that_a_workload_states_is_taken_as_it_is() -> None:
    table = {"points": ({"concurrency": 1, "output_tok_per_s": 100, "ttft_p95_ms": 60},), "source": "our test"}
    found = size_for(an_option(speed=StatedSpeed.model_validate(table)), LOAD, CHAT).capacity
    assert (found.basis, found.output_tok_per_s) == ("stated", 100.0)


def test_published_rows_need_a_model_fitted_to_the_machine() -> None:
    known = size_for(an_option(published()), LOAD, BATCH).capacity
    assert known.basis == BEYOND
    there = {"hardware": UNKNOWN}
    unseen = size_for(an_option(published(hardware="abacus-9"), **there), LOAD, BATCH).capacity
    assert (unseen.basis, unseen.output_tok_per_s) == ("measured", 100.0)
    assert unseen.notes[-1] == "a higher concurrency was not measured, nor this gpu for the model: it may do more"
    engine = size_for(an_option(published(engine="abaci"), engine="abaci"), LOAD, BATCH).capacity
    assert engine.notes[-1] == "a higher concurrency was not measured, nor this engine for the model: it may do more"
    mine = size_for(an_option(own(hardware="abacus-9"), **there), LOAD, BATCH).capacity
    assert mine.basis == BEYOND  # the point is of this very machine
    assert mine.band_high_frac > known.band_high_frac


# --- laws

ratios = st.builds(
    Anchor, rate=st.floats(0.2, 5.0), ttft=st.floats(0.2, 5.0), itl=st.floats(0.2, 5.0), late_itl=st.floats(0.2, 5.0)
)


@given(ratios, st.floats(1.0, 200.0), st.sampled_from([200.0, 1000.0, 6000.0]))
@settings(max_examples=60, deadline=None)
def test_never_faster_than_the_roofline(by: Anchor, n_seqs: float, input_tok: float) -> None:
    load = Load(input_tok=input_tok, output_tok=150.0)
    found, best = (
        run(deployment=held, load=load, n_seqs=n_seqs) for run, held in ((by.batch, HELD), (batch, at_peak(HELD)))
    )
    for name in ("ttft_s", "own_ttft_s", "itl_s", "decode_step_s", "prefill_step_s"):
        assert getattr(found, name) >= getattr(best, name) * (1.0 - 1e-12)
    assert found.req_per_s <= best.req_per_s
    assert found.e2e_s >= best.e2e_s * (1.0 - 1e-12)
    plain = batch(deployment=HELD, load=load, n_seqs=n_seqs)
    assert plain.req_per_s <= best.req_per_s * (1.0 + 1e-12)  # the model itself is within it
    free = Anchor(1.0, 1.0, 1.0, 1.0).batch(deployment=HELD, load=load, n_seqs=n_seqs)
    for name in ("ttft_s", "itl_s", "e2e_s", "req_per_s"):
        assert getattr(free, name) == approx(getattr(plain, name))


@given(st.integers(1, 64), st.floats(0.5, 1.0), st.floats(1.0, 3.0), st.sampled_from([CHAT, BATCH]))
@settings(max_examples=60, deadline=None)
def test_through_the_measured_point_and_rising(seqs: int, rate: float, slower: float, slo: Slo) -> None:
    state = batch(deployment=HELD, load=LOAD, n_seqs=float(seqs))
    row = own(
        concurrency=seqs, output_tok_per_s=rate * float(state.req_per_s) * 150.0,
        ttft_ms=slower * float(state.ttft_s) * 1e3, itl_ms=slower * float(state.itl_s) * 1e3,
    )  # fmt: skip
    assert row.output_tok_per_s is not None
    point = judged(row=row, output_tok_per_s=row.output_tok_per_s, load=LOAD, slo=slo, deployment=HELD)
    by = anchor(point=point, deployment=HELD, load=LOAD, slo=slo)
    there = by.batch(deployment=HELD, load=LOAD, n_seqs=float(seqs))
    first, late = (95, 95) if slo is CHAT else (50, 50)
    assert float(there.req_per_s) * 150.0 == approx(row.output_tok_per_s)
    assert float(ttft_at(state=there, percentile=first)) == approx(point.ttft_s)  # type: ignore[arg-type]
    assert float(there.itl_s) == approx(point.mean_itl_s)
    assert float(itl_at(state=there, percentile=late)) == approx(point.itl_s)  # type: ignore[arg-type]
    grid = np.geomspace(seqs, 300.0, 30)
    beyond = by.batch(deployment=HELD, load=LOAD, n_seqs=grid)
    assert np.all(np.diff(beyond.itl_s) >= -1e-12)
    assert np.all(np.diff(beyond.req_per_s) >= -1e-9)


@given(st.integers(1, 256), st.floats(0.3, 2.0), st.sampled_from([CHAT, BATCH, Slo(itl_s=0.02), Slo(deadline_s=9.0)]))
@settings(max_examples=60, deadline=None)
def test_never_less_than_measured_and_clearly_more_or_not_at_all(seqs: int, scale: float, slo: Slo) -> None:
    built = built_for(an_option(), 1, LOAD)
    state = batch(deployment=built, load=LOAD, n_seqs=float(seqs))
    row = own(
        concurrency=seqs, output_tok_per_s=scale * float(state.req_per_s) * 150.0,
        ttft_ms=float(state.ttft_s) * 1e3 / scale, itl_ms=float(state.itl_s) * 1e3 / scale,
    )  # fmt: skip
    assert row.output_tok_per_s is not None
    sized = size_for(an_option(row), LOAD, slo)
    if sized.capacity.basis != BEYOND:
        return
    assert sized.capacity.output_tok_per_s > CLEARLY_MORE * row.output_tok_per_s
    assert sized.capacity.concurrency > seqs * (1.0 if not slo.interactive else 0.5)
    assert float(np.asarray(sized.rate_req_per_s(LOAD))) == approx(sized.capacity.req_per_s)
    # Where the scaled model cannot serve a load at all, the measured rate stays.
    assert np.asarray(sized.rate_req_per_s(replace(LOAD, input_tok=9e6))) == approx(row.output_tok_per_s / 150.0)


@given(st.floats(0.011, 0.2), st.floats(0.011, 0.2))
@settings(max_examples=40, deadline=None)
def test_a_looser_limit_never_gives_less(one: float, other: float) -> None:
    rows = (own(), own(concurrency=4, output_tok_per_s=370.0, itl_ms=10.4, ttft_ms=90.0))
    least, most = (
        size_for(an_option(*rows), LOAD, Slo(itl_s=limit)).capacity.req_per_s for limit in sorted((one, other))
    )
    assert least <= most * (1.0 + 1e-9)


# --- a trace


def test_the_curve_goes_on_where_the_points_end() -> None:
    sized = size_for(an_option(own(), own(concurrency=8, output_tok_per_s=700.0, itl_ms=10.5)), LOAD, CHAT)
    assert sized.curve is not None
    found = sized.curve()
    assert list(found.n_req[:2]) == [1.0, 8.0]
    assert found.n_req[-1] == approx(float(max_concurrency(deployment=built_for(an_option(), 1, LOAD), load=LOAD)))
    for values in (found.n_req, found.ttft_s, found.itl_s, found.decode_s):
        assert np.all(np.diff(values) >= 0.0)
    assert found.most_req_per_s > 700.0 / 150.0
    alone = points_curve(rows=[own(concurrency=4096)], load=LOAD, slo=CHAT)
    assert joined(low=alone, high=predicted_curve(deployment=HELD, load=LOAD, slo=CHAT)).n_req == approx([4096.0])


def test_without_ratios_the_prediction() -> None:
    """The scaled model at ratios of 1 is the model."""
    one = Anchor(1.0, 1.0, 1.0, 1.0)
    plain = predicted(deployment=HELD, load=LOAD, slo=CHAT)
    scaled = predicted(deployment=HELD, load=LOAD, slo=CHAT, state_at=one.batch)
    assert scaled.req_per_s == approx(plain.req_per_s)
    assert scaled.percentiles_s == approx(plain.percentiles_s)


# --- against measurements


def test_scaling_halves_the_error_of_published_sweeps_that_the_fit_did_not_see() -> None:
    """Constants fitted without the row's source; one point predicts another at 4 to 16 times its concurrency."""
    catalogue = Catalogue()
    rows = [row for row in read_measurements(shipped_measurements()) if row.usable and row.value is not None]
    runs, _ = build(rows, (catalogue.model, catalogue.hardware))
    plan = fit.design(runs)
    said = holdout.cross_said(
        runs=runs, plan=plan, fold_of=holdout.folds(runs.rows, "source"), effects_by_fold=folds_fitted()["source"]
    )
    for metric, most, kept_most in (("output_tok_s_total", 0.07, 0.5), ("itl_ms", 0.08, 0.8), ("ttft_ms", 0.6, 1.0)):
        sweeps: dict[tuple[Any, ...], dict[float, tuple[float, float]]] = defaultdict(dict)
        for i, row in enumerate(runs.rows):
            if row.metric == metric and row.concurrency and np.isfinite(said[i]):
                same = (row.source, row.model, row.dtype, row.gpu, row.n_gpus, row.engine, row.engine_version,
                        row.input_tok, row.output_tok)  # fmt: skip
                sweeps[same].setdefault(row.concurrency, (said[i] - plan.measured[i], plan.measured[i]))
        pairs = [
            (sweep[low], sweep[high]) for sweep in sweeps.values() for low in sweep for high in sweep
            if 4.0 * low <= high <= 16.0 * low
        ]  # fmt: skip
        alone = float(np.expm1(np.median([abs(high[0]) for _, high in pairs])))
        scaled = float(np.expm1(np.median([abs(high[0] - low[0]) for low, high in pairs])))
        kept = float(np.exp(np.median([low[1] - high[1] for low, high in pairs])))
        assert len(pairs) > 20
        assert scaled < most < alone
        assert kept < kept_most
