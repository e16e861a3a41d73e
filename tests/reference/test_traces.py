"""A workload with a trace from the file to the bill, and the assumed day against a published week."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tco import evaluate
from tco.files import scenario
from tco.perform.autoscale import LoadCurve, day_curve, levels
from tco.report import record

approx: Any = pytest.approx
TODAY = date(2026, 11, 22)


def compared(folder: Path, at_s: Any, *, slo: str, rest: str = "") -> dict[str, Any]:
    """The JSON record of a fleet of RTX 4090 that serves a made-up trace, answers of 100 and 300 tokens in turn."""
    lines = [json.dumps({"timestamp_s": float(at), "prompt_tokens": 500, "completion_tokens": 100 + 200 * (i % 2)})
             for i, at in enumerate(at_s)]  # fmt: skip
    (folder / "made-up.jsonl").write_text("\n".join(lines), encoding="utf-8")
    path = folder / "w.yaml"
    path.write_text(
        "name: traced\ndemand: {requests: 40 /s, trace: made-up.jsonl, peak_to_mean: 1}\n"
        f"tokens: {{input: trace, output: trace}}\nslo: {slo}\nfinance: {{redundancy: none}}\n{rest}\n"
        "candidates:\n  api: []\n  budget_cloud: []\n"
        "  self_hosted: [{model: llama-3.1-8b, hardware: rtx-4090, n_gpus: 1, dtype: fp8}]\n",
        encoding="utf-8",
    )
    found = record.comparison(evaluate.run(scenario.load(str(path), today=TODAY), n_draws=0))
    option = json.loads(record.dumps(found))["options"][0]
    return {**option, "workload": found["workload"]}


def test_bursts_of_a_trace_cost_replicas(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    even = np.arange(0.0, 1800.0, 0.5)
    bursty = np.sort(np.repeat(np.arange(0.0, 1800.0, 60.0), 120) + rng.uniform(0.0, 5.0, 3600))
    steady, peaky = (compared(tmp_path, at, slo="{ttft_p95: 2 s, itl_p95: 60 ms}") for at in (even, bursty))
    for each in (steady, peaky):
        assert (each["workload"]["input_tok"], each["workload"]["output_tok"]) == (500.0, 200.0)
        assert any("replayed 3,600 requests of made-up.jsonl" in note for note in each["notes"])
    # All of a minute's requests within five seconds of it: several times the replicas, most of them idle.
    assert peaky["n_replicas"] > 2.0 * steady["n_replicas"]
    assert peaky["utilisation_frac"] < 0.5 * steady["utilisation_frac"]
    assert peaky["usd_per_month"] > steady["usd_per_month"]


def test_a_deadline_that_lets_bursts_wait_costs_fewer(tmp_path: Path) -> None:
    bursty = np.sort(np.repeat(np.arange(0.0, 1800.0, 60.0), 120) + np.tile(np.linspace(0.0, 1.0, 120), 30))
    soon, late = (compared(tmp_path, bursty, slo=f"{{deadline: {limit}}}") for limit in ("20 s", "55 s"))
    assert soon["feasible"]
    assert late["n_replicas"] < soon["n_replicas"]


@pytest.mark.parametrize("service", ["code", "conv"])
def test_the_assumed_day_pays_the_hours_of_a_published_week(shared_data: Path, service: str) -> None:
    """Azure LLM inference traces 2024, a week by ten minutes: hours of a fleet of eight with starts of half an hour."""
    with (shared_data / "traces" / "azure2024_digitised_10min.csv").open(encoding="utf-8") as lines:
        rates = np.array([float(row["req_per_min"]) for row in csv.DictReader(lines) if row["trace"] == service])
    week = np.repeat(rates, 2) / rates.mean()
    peak = float(week.max())

    def replicas(curve: LoadCurve) -> float:
        held = levels(curve=curve, cold_start_s=1800.0, headroom_frac=0.1).held
        return float(np.mean(np.minimum(np.ceil(held / peak * 8.0), 8.0)))

    real, assumed = replicas(LoadCurve(week)), replicas(day_curve(peak_to_mean_ratio=peak))
    assert assumed == approx(real, rel=0.10)
