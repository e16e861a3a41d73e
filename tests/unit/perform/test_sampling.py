from __future__ import annotations

from typing import Any

import pytest

from tco.perform.batching import batch
from tco.perform.deployment import deployment
from tco.perform.load import Load
from tco.perform.sampling import longest_ratio, revised, sampled, verified, verified_req_per_s
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LOAD = Load(input_tok=1000.0, output_tok=200.0)


def test_shapes_of_a_load() -> None:
    assert sampled(load=LOAD, n_samples=8.0).request_output_tok == 1600.0
    assert revised(load=LOAD, n_rounds=3.0).output_tok == 600.0
    assert revised(load=LOAD, n_rounds=3.0).uncached_tok == 1000.0
    verdict = verified(load=LOAD)
    assert (verdict.input_tok, verdict.output_tok) == (1200.0, 1.0)


def test_samples_and_verdicts_take_turns() -> None:
    # 2 answers a second, 8 verdicts each at 40 a second: 1 / (0.5 + 0.2).
    assert verified_req_per_s(req_per_s=2.0, verdicts_per_s=40.0, n_samples=8.0) == approx(1 / 0.7)
    assert verified_req_per_s(req_per_s=2.0, verdicts_per_s=1e12, n_samples=8.0) == approx(2.0)


def test_the_longest_of_eight_traces() -> None:
    # DeepSeek-R1 on eight samples: the longest is 1.49 times the mean; a coefficient of variation of 0.32 gives that.
    assert longest_ratio(n_samples=8.0, output_scv=0.32**2) == approx(1.49, abs=0.02)
    assert longest_ratio(n_samples=8.0, output_scv=0.0) == 1.0
    assert longest_ratio(n_samples=1.0, output_scv=0.5) == 1.0


def test_an_answer_waits_for_its_longest_sample() -> None:
    held = deployment(model=x.LLAMA_8B, hardware=x.H100)
    even = batch(deployment=held, load=Load(1000.0, 200.0, n_samples=8.0), n_seqs=8.0)
    uneven = batch(deployment=held, load=Load(1000.0, 200.0, n_samples=8.0, output_scv=0.1), n_seqs=8.0)
    assert uneven.e2e_s - uneven.ttft_s == approx((even.e2e_s - even.ttft_s) * 1.48, rel=0.02)
