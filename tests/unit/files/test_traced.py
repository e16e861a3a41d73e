"""A workload with a trace: what is measured, what it cannot tell, what contradicts it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tco.describe.scenario import Scenario
from tco.errors import InvalidInputError
from tco.files import scenario

approx: Any = pytest.approx
TODAY = date(2026, 11, 22)
PLAIN = "requests: 1 /s, trace: t.csv"


def loaded(folder: Path, *, at_s: Any, demand: str = PLAIN, tokens: str = "input: 100, output: 20", rest: str = "",
           columns: dict[str, Any] | None = None) -> Scenario:  # fmt: skip
    held = {"time": at_s, **(columns or {})}
    rows = zip(*(np.asarray(values).tolist() for values in held.values()), strict=True)
    (folder / "t.csv").write_text("\n".join([",".join(held), *(",".join(map(str, row)) for row in rows)]) + "\n")
    path = folder / "w.yaml"
    path.write_text(
        f"name: w\ndemand: {{{demand}}}\ntokens: {{{tokens}}}\n"
        f"candidates: {{api: [openai/gpt-4o-mini], budget_cloud: [], self_hosted: []}}\n{rest}\n"
    )
    return scenario.load(str(path), today=TODAY)


EVEN = np.arange(0.0, 3600.0, 1.0)
DAY = np.arange(0.0, 90_000.0, 30.0)


def test_a_short_trace_multiplies_the_peak_of_the_day(tmp_path: Path) -> None:
    # A stay of 1 s + 20 x 50 ms = 2 s; five in one second where the mean two seconds have two.
    found = loaded(tmp_path, at_s=sorted([*EVEN, 10.1, 10.2, 10.3, 10.4]))
    figure = found.plan().figures["peak_to_mean_ratio"]
    burst = 6 / (2 * 3604 / 3599)
    assert (figure.value, figure.low, figure.high) == (approx(3 * burst), approx(1.5 * burst), approx(5 * burst))
    assert figure.kind == "assumed"
    assert figure.source.startswith("default: ")
    assert "the busiest 2 s over the mean in t.csv" in figure.source
    assert "covers 1 hours: it tells bursts, not the peak of a day or a week" in found.warnings[0]


def test_a_stated_peak_stands_beside_a_short_trace_only(tmp_path: Path) -> None:
    demand = "requests: 1 /s, trace: t.csv, peak_to_mean: 2"
    found = loaded(tmp_path, at_s=EVEN, demand=demand)
    assert found.plan().peak_to_mean_ratio == approx(2.0, abs=0.01)
    assert found.plan().figures["peak_to_mean_ratio"].source.startswith("stated in the workload; times")
    with pytest.raises(InvalidInputError, match="a trace of a day or more and a stated peak factor"):
        loaded(tmp_path, at_s=DAY, demand=demand)


def test_a_trace_of_days_measures_the_peak_but_not_the_week(tmp_path: Path) -> None:
    found = loaded(tmp_path, at_s=DAY, demand="requests: 2 /min, trace: t.csv")
    figure = found.plan().figures["peak_to_mean_ratio"]
    assert (figure.kind, figure.low) == ("measured", None)
    assert found.warnings[0] == "the trace t.csv covers 25 hours: it cannot tell the peak of a week"
    week = loaded(tmp_path, at_s=np.arange(0.0, 700_000.0, 200.0), demand="requests: 0.3 /min, trace: t.csv")
    assert not any("covers" in warning for warning in week.warnings)
    days = loaded(tmp_path, at_s=np.arange(0.0, 300_000.0, 100.0), demand="requests: 0.6 /min, trace: t.csv")
    assert "covers 3.47 days" in days.warnings[0]


def test_bursts_are_told_but_counted_once(tmp_path: Path) -> None:
    found = loaded(tmp_path, at_s=EVEN)
    figure = found.plan().figures["burstiness_ratio"]
    assert (figure.value, figure.kind) == (1.0, "measured")
    slo = loaded(tmp_path, at_s=EVEN, rest="slo: {ttft_p95: 1 s}").plan().figures["burstiness_ratio"]
    assert slo.source == "t.csv: c_a^2 = 0 over 2 s; its bursts are in the peak"
    short = loaded(tmp_path, at_s=[0.0, 3.0], rest="slo: {ttft_p95: 1 s}").plan().figures["burstiness_ratio"]
    assert "too short to tell c_a^2" in short.source


@pytest.mark.parametrize("at_s", [EVEN, DAY])
def test_a_stated_burstiness_would_count_twice(tmp_path: Path, at_s: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"w\.yaml:2:\d+: demand\.burstiness: .*would count twice"):
        loaded(tmp_path, at_s=at_s, demand=f"{PLAIN}, burstiness: 3")


def test_all_that_a_long_trace_contradicts_comes_together(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        loaded(tmp_path, at_s=DAY, demand=f"{PLAIN}, burstiness: 3, peak_to_mean: 2")
    told = [str(problem) for problem in caught.value.problems]
    assert ["demand.burstiness" in told[0], "demand.peak_to_mean" in told[1], len(told)] == [True, True, 2]


def test_lengths_of_the_trace(tmp_path: Path) -> None:
    columns = {"isl": np.tile([50, 150], 1800), "osl": np.tile([10, 30], 1800)}
    own = loaded(tmp_path, at_s=EVEN, columns=columns, tokens="input: trace, output: trace")
    plan = own.plan()
    assert (plan.input_tok, plan.output_tok) == (100.0, 20.0)
    assert plan.figures["input_tok"].source == "t.csv: mean of the trace"
    assert (plan.output_scv, plan.input_bias_frac) == (approx(0.25), approx(0.25))
    assert not any("on average" in warning for warning in own.warnings)
    other = loaded(tmp_path, at_s=EVEN, columns=columns, tokens="input: 300, output: 20, output_scv: 2")
    assert (other.plan().input_tok, other.plan().output_scv) == (300.0, 2.0)
    assert any("t.csv has 100 input tokens on average, the workload states 300" in text for text in other.warnings)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("input: trace, output: 20", "t.csv has no column of input tokens"),
        ("input: 100, output: trace", "t.csv has no column of output tokens"),
    ],
)
def test_lengths_the_trace_does_not_have(tmp_path: Path, tokens: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        loaded(tmp_path, at_s=EVEN, tokens=tokens)


def test_problems_of_trace_and_workload_come_together(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\ndemand: {requests: 1 /s, trace: nowhere.csv}\ntokens: {input: trace, output: 20}\nslo: {ttft: 1 s}\n"
    )
    with pytest.raises(InvalidInputError) as caught:
        scenario.load(str(tmp_path / "w.yaml"), today=TODAY)
    where = f"{tmp_path / 'w.yaml'}:2:33: demand.trace: {tmp_path / 'nowhere.csv'}: no such file"
    assert where in str(caught.value)
    assert "slo.ttft" in str(caught.value)
    assert "trace'" not in str(caught.value)


@pytest.mark.parametrize("text", ["demand: 3", "demand: {requests: 1 /s, trace: 7}"])
def test_a_demand_that_is_none_is_left_to_the_schema(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.yaml").write_text(f"name: w\n{text}\ntokens: [1]\n")
    with pytest.raises(InvalidInputError):
        scenario.load(str(tmp_path / "w.yaml"), today=TODAY)


def test_tokens_that_are_none_are_left_to_the_schema(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="tokens"):
        loaded(tmp_path, at_s=EVEN, tokens="")


@pytest.mark.parametrize(
    ("slo", "stay_s"),
    [
        ("", 2.0), ("{ttft_p95: 3 s}", 4.0), ("{itl_p99: 100 ms}", 3.0), ("{ttft_p99: 2 s, itl_p95: 10 ms}", 2.2),
        ("{deadline: 40 s}", 40.0), ("{deadline: 1.5 s, ttft_p95: 1 s}", 1.5),
    ],
)  # fmt: skip
def test_the_window_is_a_requests_stay(tmp_path: Path, slo: str, stay_s: float) -> None:
    found = loaded(tmp_path, at_s=EVEN, rest=f"slo: {slo}" if slo else "")
    assert found.trace is not None
    assert found.trace.window_s == approx(stay_s)


def test_another_volume_than_the_trace_is_said(tmp_path: Path) -> None:
    found = loaded(tmp_path, at_s=EVEN, demand="requests: 100 /s, trace: t.csv")
    assert any("is scaled 300 times to the workload's requests" in warning for warning in found.warnings)


def test_without_a_trace_nothing_changes(tmp_path: Path) -> None:
    found = loaded(tmp_path, at_s=EVEN, demand="requests: 1 /s")
    assert (found.trace, found.plan().peak_to_mean_ratio) == (None, 3.0)
