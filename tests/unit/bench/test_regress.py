"""Two profiles compared: a change counts only beyond what repeats of one run differ by."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.bench.regress import PUBLISHED, STATED, Change, difference, limit_frac
from tco.describe.profile import Micro, Profile, measured
from tests.unit.bench.examples import H200, H200_MICRO, gemm, profile, row

approx: Any = pytest.approx


def held(*rows: Any, micro: Micro | None = None, **machine: Any) -> Profile:
    return profile(H200.model_copy(update=machine), micro, rows=rows)


def found(before: Profile, after: Profile) -> dict[str, Change]:
    return {each.metric: each for each in difference(before, after).changes}


def test_the_limit_by_hand() -> None:
    """Repeats of TPOT differ by 0.3%: two runs by 0.42%, and twice that is 0.85%."""
    assert limit_frac(before_frac=0.003, after_frac=0.003) == approx(0.008485, rel=1e-3)


@pytest.mark.parametrize(
    ("tpot_ms", "verdict"), [(9.0, "within noise"), (9.07, "within noise"), (9.09, "worse"), (8.9, "better")]
)
def test_a_slower_token_is_worse_beyond_noise(tpot_ms: float, verdict: str) -> None:
    change = found(held(row()), held(row(tpot_ms={"mean": tpot_ms})))["tpot_ms mean"]
    assert change.verdict == verdict
    assert change.noise == PUBLISHED


def test_first_tokens_are_noisier() -> None:
    changes = found(held(row()), held(row(ttft_ms={"mean": 126.0})))
    assert changes["ttft_ms mean"].limit_frac == approx(2.0 * math.sqrt(2.0) * 0.02)
    assert changes["ttft_ms mean"].verdict == "within noise"


def test_less_throughput_is_worse_and_less_energy_better() -> None:
    both = difference(held(row()), held(row(output_tok_per_s=2900.0, joules_per_tok=0.18)))
    verdicts = {each.metric: each.verdict for each in both.changes}
    assert verdicts["output_tok_per_s"] == "worse"
    assert verdicts["joules_per_tok"] == "better"
    assert both.is_worse
    assert not difference(held(row()), held(row())).is_worse


def test_stated_repeats_replace_the_published_noise() -> None:
    """Two runs of 4 repeats, 1% apart each: the means differ by 0.5% each, the limit is 2 sqrt(2) 0.5%."""
    repeated = row(output_tok_per_s_std=30.0, n_repeats=4)
    change = found(held(repeated), held(repeated))["output_tok_per_s"]
    assert (change.noise, change.limit_frac) == (STATED, approx(2.0 * math.sqrt(2.0) * 0.005))
    once = row(output_tok_per_s_std=30.0, n_repeats=1)
    assert found(held(once), held(repeated))["output_tok_per_s"].noise == PUBLISHED


def test_points_that_only_one_has_are_listed() -> None:
    result = difference(held(row(), row(concurrency=1)), held(row(), row(concurrency=64)))
    assert result.only_before == ("llama-3.1-8b bf16 vllm 1 GPU x1 1000/250",)
    assert result.only_after == ("llama-3.1-8b bf16 vllm 1 GPU x64 1000/250",)
    assert {each.point for each in result.changes} == {"llama-3.1-8b bf16 vllm 1 GPU x32 1000/250"}


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"engine_version": "9"}, True),
        ({"input_tok": 1090.0}, True),
        ({"input_tok": 1200.0}, False),
        ({"input_tok": None}, False),
        ({"dtype": "fp8"}, False),
        ({"arrival": "poisson", "concurrency": None, "request_per_s_asked": 2.0}, False),
    ],
)
def test_what_counts_as_the_same_point(changed: dict[str, Any], same: bool) -> None:
    assert row().is_again(row(**changed)) == same


def test_microbenchmarks_are_compared_kernel_by_kernel() -> None:
    slower = H200_MICRO.model_copy(update={
        "read_gb_per_s": measured(4000.0, "GB/s"), "gemm": (gemm("bf16", 1, tflops=2.0, gb_per_s=4010.0),),
    })  # fmt: skip
    changes = difference(held(micro=H200_MICRO), held(micro=slower)).changes
    verdicts = {(each.point, each.metric): each.verdict for each in changes}
    assert verdicts[("microbenchmark", "read_gb_per_s")] == "worse"
    assert verdicts[("GEMM bf16 1 x 4096 x 4096", "gb_per_s")] == "within noise"
    assert len([name for name, _ in verdicts if name.startswith("GEMM")]) == 2
    assert not difference(held(micro=H200_MICRO), held()).changes


def test_what_makes_a_comparison_doubtful_is_said() -> None:
    odd = held(
        row(flags=("wrong",)),
        name="H200 NVL",
        driver="590",
        contended=True,
        throttling=("thermal",),
        hardware="h200-nvl",
    )
    warnings = difference(held(row()), odd).warnings
    for words in ("machines differ", "drivers differ: 580.1 and 590", "others used", "held back (thermal)", "1 of its"):
        assert any(words in each for each in warnings), words


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.booleans())
def test_swapping_the_runs_turns_the_verdict(before: float, after: float, higher_is_better: bool) -> None:
    there = Change("p", "m", "u", before, after, 0.0, "n", higher_is_better).verdict
    back = Change("p", "m", "u", after, before, 0.0, "n", higher_is_better).verdict
    assert {there, back} in ({"better", "worse"}, {"within noise"})
