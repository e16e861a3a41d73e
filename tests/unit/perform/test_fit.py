from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.perform import fit, forecast, holdout
from tco.perform.batching import batch
from tco.perform.effects import Multipliers, scaled
from tests.unit.perform import measured as m

approx: Any = pytest.approx


def _rows(**changes: Any):
    return [
        m.a_measurement(id=f"{model}{seqs}{prompt}", model=model, concurrency=seqs, input_tok=prompt, **changes)
        for model in ("8B", "70B")
        for seqs in (1.0, 8.0, 64.0)
        for prompt in (200.0, 2000.0)
    ]


def _told(runs, by):
    """The runs with the values a model with known multipliers gives."""
    values = forecast.forecast(runs=runs, deployment=scaled(deployment=runs.deployment, by=by))
    rows = [row.model_copy(update={"value": float(value)}) for row, value in zip(runs.rows, values, strict=True)]
    return replace(runs, rows=tuple(rows))


def test_the_fit_finds_what_made_the_values() -> None:
    runs = _told(m.runs_of(*_rows(n_gpus=4)), Multipliers(layer=1.5))
    plan = fit.design(runs)
    start = fit.predicted_log(runs=runs, logs=fit.multipliers_of(plan=plan, theta=np.zeros(len(plan.names))))
    theta = fit.fit(runs=runs, plan=plan, used=np.ones(len(runs.rows), dtype=bool))
    end = fit.predicted_log(runs=runs, logs=fit.multipliers_of(plan=plan, theta=theta))
    assert np.abs(end - plan.measured).max() < 0.25 * np.abs(start - plan.measured).max()
    again = fit.fit(runs=runs, plan=plan, used=np.ones(len(runs.rows), dtype=bool))
    assert np.array_equal(theta, again)


def test_exact_values_need_no_effects() -> None:
    runs = _told(m.runs_of(*_rows()), Multipliers())
    plan = fit.design(runs)
    theta = fit.fit(runs=runs, plan=plan, used=np.ones(len(runs.rows), dtype=bool))
    assert np.abs(theta).max() < 1e-6


def test_first_tokens_move_only_their_own_constants() -> None:
    runs = _told(m.runs_of(*_rows(metric="ttft_ms")), Multipliers(frontend=3.0, burst=2.0))
    plan = fit.design(runs)
    theta = fit.fit(runs=runs, plan=plan, used=np.ones(len(runs.rows), dtype=bool))
    moved = {name.partition("|")[0] for name, value in zip(plan.names, theta, strict=True) if value}
    assert moved == {"frontend", "burst"}


def test_an_effect_no_used_row_has_stays_zero() -> None:
    runs = m.runs_of(*_rows(), m.a_measurement(id="other", engine="sglang"))
    plan = fit.design(runs)
    used = np.array([row.engine == "vllm" for row in runs.rows])
    found = holdout.named(plan, fit.fit(runs=runs, plan=plan, used=used, n_steps=2))
    assert not [name for name in found if "sglang" in name]


def test_a_measurement_without_a_value_weighs_nothing_by_itself() -> None:
    plan = fit.design(m.runs_of(m.a_measurement(value=None)))
    assert np.isnan(plan.measured).all()


def test_forecasts_by_hand() -> None:
    # 8 sequences at 100 tok/s each are 800 tok/s of one replica
    rows = [
        m.a_measurement(id="i"), m.a_measurement(id="t", metric="output_tok_s_total"),
        m.a_measurement(id="j", metric="joules_per_token"), m.a_measurement(id="p", metric="prefill_tok_s"),
        m.a_measurement(id="d", metric="decode_tok_s_single", concurrency=1.0, input_tok=0.0),
        m.a_measurement(id="f", metric="ttft_ms"),
        m.a_measurement(id="o", metric="ttft_ms", output_tok=1.0, concurrency=1.0),
    ]  # fmt: skip
    runs = m.runs_of(*rows)
    itl, rate, joules, prompt, alone, first, only = forecast.forecast(runs=runs, deployment=runs.deployment)
    assert rate == approx(8 * 200 / (8 * 200 / rate))
    assert rate * itl / 1e3 < 8.0
    # The GPU computes while the host (32 layers of 45 us, 130 us a step, 50 us a sequence) does not: .25 to .705 of it,
    # .705 being .63 + .2 ln 8 / ln 256; 700 W.
    busy = 1.0 - (32 * 45e-6 + 130e-6 + 8 * 50e-6) * 1e3 / itl
    assert joules == approx(700 * (0.25 + 0.455 * busy) / rate, rel=0.01)
    assert only == approx(1e3 * 1000 / prompt)
    assert first > only
    assert alone > 1e3 / itl


def test_the_mean_wait_of_a_burst() -> None:
    runs = m.runs_of(m.a_measurement())
    one = forecast.burst_wait_s(deployment=runs.deployment, load=runs.load, n_seqs=1.0)
    many = forecast.burst_wait_s(deployment=runs.deployment, load=runs.load, n_seqs=9.0)
    twice = forecast.burst_wait_s(deployment=runs.deployment, load=runs.load, n_seqs=17.0)
    assert one == 0.0
    assert twice == approx(2 * many)


def test_power_where_the_throughput_was_measured() -> None:
    runs = m.runs_of(m.a_measurement(metric="joules_per_token"))
    itl_s, host_s = 10e-3, 32 * 45e-6 + 130e-6 + 8 * 50e-6  # 8 sequences at 100 tok/s
    busy = forecast.gpu_busy_frac(deployment=runs.deployment, n_seqs=8.0, itl_s=itl_s, measured_itl_s=2 * itl_s)
    assert busy == approx((itl_s - host_s) / (2 * itl_s))
    assert forecast.gpu_busy_frac(deployment=runs.deployment, n_seqs=8.0, itl_s=1e-6) == 0.0
    state = batch(deployment=runs.deployment, load=runs.load, n_seqs=runs.n_seqs)
    share = (float(np.asarray(state.itl_s)[0]) - host_s) / itl_s
    (found,) = forecast.watts_at(runs=runs, deployment=runs.deployment, out_tok_per_s=np.array([800.0]), power=2.0)
    assert found == approx(2.0 * 700 * (0.25 + 0.455 * share), rel=1e-3)
