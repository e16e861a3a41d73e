from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.perform.between import Limits, Reading, at_share, between, scaled, widened
from tco.perform.deployment import deployment
from tco.perform.load import Load, Slo
from tco.perform.points import from_points, mean_frac
from tests.unit.perform import examples as x

approx: Any = pytest.approx
CHAT = Load(input_tok=1000.0, output_tok=150.0)
LOW = Reading(4.0, 200.0, 0.1, 0.02, 3.0)
HIGH = Reading(16.0, 800.0, 0.4, 0.04, 6.0)
HELD = deployment(model=x.LLAMA_8B, hardware=x.H100)


def test_half_way_on_log_paper_by_hand() -> None:
    # TTFT 0.1 to 0.4 reaches 0.2 half way: concurrency 8, throughput 400, ITL 0.0283, answer 4.24.
    found = between(low=LOW, high=HIGH, limits=Limits(ttft_s=0.2))
    assert found is not None
    assert (found.concurrency, found.output_tok_per_s) == (approx(8.0), approx(400.0))
    assert (found.ttft_s, found.itl_s, found.e2e_s) == (approx(0.2), approx(0.02 * 2**0.5), approx(3.0 * 2**0.5))


def test_the_tightest_limit_decides() -> None:
    found = between(low=LOW, high=HIGH, limits=Limits(ttft_s=0.2, itl_s=0.022, e2e_s=5.0))
    assert found is not None
    assert found.itl_s == approx(0.022)


def test_where_nothing_is_gained() -> None:
    slower = replace(HIGH, output_tok_per_s=150.0)
    assert between(low=LOW, high=slower, limits=Limits(ttft_s=0.2)) is None
    assert between(low=HIGH, high=LOW, limits=Limits()) is None
    assert between(low=LOW, high=replace(HIGH, ttft_s=None), limits=Limits(ttft_s=0.2)) is None
    assert between(low=LOW, high=HIGH, limits=Limits(ttft_s=0.05)) is None


def test_without_a_limit_the_denser_point_itself() -> None:
    assert between(low=LOW, high=HIGH, limits=Limits()) == HIGH


some = st.floats(1e-3, 1e3)


@given(
    some,
    some,
    st.floats(1.01, 9.0),
    st.floats(1.01, 9.0),
    st.floats(0.1, 9.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_laws_of_the_line(first, latency, denser, faster, slower, one, other) -> None:
    """Through both points, between them, and neither speed nor latency falls on the way."""
    low = Reading(first, first * 10.0, latency, latency, None)
    high = Reading(first * denser, first * 10.0 * faster, latency * slower, latency * slower, None)
    ends = [at_share(low=low, high=high, share=share) for share in (0.0, 1.0)]
    assert (ends[0].concurrency, ends[0].output_tok_per_s, ends[0].itl_s) == approx((first, first * 10.0, latency))
    assert (ends[1].concurrency, ends[1].output_tok_per_s) == approx((high.concurrency, high.output_tok_per_s))
    a, b = (at_share(low=low, high=high, share=share) for share in sorted((one, other)))
    for name in ("concurrency", "output_tok_per_s", "itl_s", "ttft_s"):
        assert getattr(a, name) <= getattr(b, name) * (1.0 + 1e-12)
        assert getattr(low, name) * (1.0 - 1e-12) <= getattr(a, name)
        assert getattr(b, name) <= max(getattr(low, name), getattr(high, name)) * (1.0 + 1e-12)
    assert a.e2e_s is None


# --- rows of one test


def rows() -> list[Any]:
    table = {4: (200.0, 100.0), 16: (800.0, 400.0), 64: (1600.0, 1600.0)}
    return [
        x.a_row(concurrency=n, output_tok_per_s=rate, ttft_ms=ttft, ttft_stat="p95")
        for n, (rate, ttft) in table.items()
    ]


def test_a_limit_between_two_measured_points() -> None:
    found = from_points(rows=rows(), load=CHAT, slo=Slo(ttft_s=0.2), interpolate=True)
    assert (found.basis, found.concurrency, found.output_tok_per_s) == ("interpolated", approx(8.0), approx(400.0))
    assert found.notes[0] == "interpolated at concurrency 8 between the measured 4 and 16, log-log"
    assert found.binding == "latency"
    plain = from_points(rows=rows(), load=CHAT, slo=Slo(ttft_s=0.2))
    assert (plain.basis, plain.concurrency) == ("measured", 4.0)


def test_never_beyond_the_points() -> None:
    most = from_points(rows=rows(), load=CHAT, slo=Slo(ttft_s=9.0), interpolate=True)
    assert (most.basis, most.concurrency) == ("measured", 64.0)
    least = from_points(rows=rows(), load=CHAT, slo=Slo(ttft_s=0.05), interpolate=True)
    assert (least.feasible, least.basis) == (False, "measured")


def test_points_of_another_test_are_no_neighbours() -> None:
    other = [row.model_copy(update={"source": "other"}) if row.concurrency > 4 else row for row in rows()]
    found = from_points(rows=other, load=CHAT, slo=Slo(ttft_s=0.2), interpolate=True)
    assert (found.basis, found.concurrency) == ("measured", 4.0)
    runs = [row.model_copy(update={"source": f"us/bench@{row.concurrency} run"}) for row in rows()]
    versions = {4: "1.0", 16: "", 64: "2.0"}
    runs = [row.model_copy(update={"engine_version": versions[row.concurrency]}) for row in runs]
    assert from_points(rows=runs, load=CHAT, slo=Slo(ttft_s=0.2), interpolate=True).basis == "interpolated"
    drifted = [row.model_copy(update={"engine_version": str(row.concurrency)}) for row in runs]
    assert from_points(rows=drifted, load=CHAT, slo=Slo(ttft_s=0.2), interpolate=True).basis == "measured"


def test_a_neighbour_that_is_no_faster_gives_nothing() -> None:
    flat = [row.model_copy(update={"output_tok_per_s": 200.0}) for row in rows()]
    assert from_points(rows=flat, load=CHAT, slo=Slo(ttft_s=0.2), interpolate=True).basis == "measured"


def test_bursts_leave_part_of_a_measured_point_free() -> None:
    # N + 1.645 sqrt(1.5 x 3 N) = 16 at N = 6.86 of 16.
    slo, bursty = Slo(ttft_s=0.5), replace(CHAT, arrival_scv=4.0)
    found = from_points(rows=rows(), load=bursty, slo=slo)
    assert found.concurrency == approx(6.86, abs=0.01)
    assert found.output_tok_per_s == approx(800.0 * found.concurrency / 16.0)
    assert found.notes[-1] == "bursty arrivals, c_a^2 = 4: on average 43% of the measured load"
    assert mean_frac(n_seqs=16.0, load=bursty, slo=Slo()) == 1.0
    assert mean_frac(n_seqs=16.0, load=CHAT, slo=slo) == 1.0


# --- other lengths


def test_a_row_at_other_lengths_by_the_models_ratio() -> None:
    row = x.a_row(hardware="h100-sxm", model="llama-3.1-8b", itl_ms=20.0)
    same = scaled(row=row, deployment=HELD, load=Load(input_tok=1000.0, output_tok=150.0))
    assert same.output_tok_per_s == approx(210.0)
    assert (same.ttft_ms, same.itl_ms) == (approx(157.0), approx(20.0))
    longer = scaled(row=row, deployment=HELD, load=Load(input_tok=1800.0, output_tok=150.0))
    assert longer.output_tok_per_s is not None
    assert longer.output_tok_per_s < 210.0
    assert longer.ttft_ms is not None
    assert longer.ttft_ms > 157.0
    assert longer.input_tok == 1000.0
    bare = scaled(row=row.model_copy(update={"ttft_ms": None, "output_tok_per_s": None}), deployment=HELD, load=CHAT)
    assert (bare.ttft_ms, bare.output_tok_per_s) == (None, None)


def test_a_scaled_row_says_so() -> None:
    found = from_points(rows=rows(), load=Load(input_tok=1500.0, output_tok=150.0), slo=Slo(), is_scaled=True)
    assert found.basis == "measured, scaled by the model"
    assert found.notes[-1].endswith("the load has 1500 in, 150 out: scaled by what the model predicts at both")


def test_the_band_widens_to_the_models_own() -> None:
    known: dict[str, Any] = {"band": (0.9, 1.15), "model": (0.8, 1.3), "length_factor": 2.0}
    at_one = widened(**known, length_ratio=1.0)
    assert at_one == approx((0.9, 1.15))
    low, high = widened(**known, length_ratio=2.0)
    assert np.log(low) == approx(-np.hypot(np.log(0.9), np.log(0.8)))
    assert np.log(high) == approx(np.hypot(np.log(1.15), np.log(1.3)))
