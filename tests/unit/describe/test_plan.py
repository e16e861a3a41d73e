from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.describe.plan import FIELDS, base_value, draw
from tco.describe.record import Figure
from tests.factories import a_plan, a_scenario, a_workload

approx: Any = pytest.approx
N = 20_000


def ranged(distribution: str, low: float = 1.0, value: float = 2.0, high: float = 4.0) -> Figure:
    return Figure.model_validate({"value": value, "low": low, "high": high, "distribution": distribution})


def test_the_central_case_reads_the_figures_own_values() -> None:
    plan = a_plan(a_workload(tokens={"input": 1200, "output": 250, "cached_input_frac": 0.6}))
    assert (plan.input_tok, plan.output_tok, plan.cached_input_frac) == (1200.0, 250.0, 0.6)
    assert plan.electricity_usd_per_kwh == 0.10
    assert plan.requests_per_month == 1e6


def test_every_field_has_a_figure_behind_it() -> None:
    plan = a_plan()
    assert set(plan.figures) == set(FIELDS)
    for name in FIELDS:
        (behind,) = plan.inputs(name)
        assert behind.name == FIELDS[name]
        assert behind.value == getattr(plan, name)


def test_samples_multiply_prompt_and_answer() -> None:
    # 3 samples x 1,000 in, 3 x (100 + 50) out: 3,000 + 450 = 3,450 tokens of one answer.
    held = a_workload(tokens={"reasoning": 50}, compute={"strategy": "majority_vote", "n": 3})
    plan = a_plan(held)
    assert (plan.billed_input_tok, plan.generated_tok, plan.tok_per_request) == (3000.0, 450.0, 3450.0)
    assert plan.at_volume(7.0).requests_per_month == 7.0


def test_a_model_may_have_token_counts_of_its_own() -> None:
    scenario = a_scenario(workload=a_workload(tokens={"per_model": {"thinker": {"output": 900, "reasoning": 5000}}}))
    own, other = scenario.plan("thinker"), scenario.plan("m")
    assert (own.input_tok, own.output_tok, own.reasoning_tok) == (1000.0, 900.0, 5000.0)
    assert (other.output_tok, other.reasoning_tok) == (100.0, 0.0)
    assert scenario.plan(None) is other


# --- draws


def test_a_figure_without_a_range_stays_a_number() -> None:
    sample = draw(n_draws=4, seed=0)
    assert sample("a", Figure(value=3.0)) == 3.0
    assert sample("a", Figure(value=3.0, low=3.0, high=3.0)) == 3.0
    assert base_value("a", ranged("triangular")) == 2.0


def test_streams_are_shared_by_name_and_differ_between_names_and_seeds() -> None:
    sample, again, other = draw(n_draws=64, seed=1), draw(n_draws=64, seed=1), draw(n_draws=64, seed=2)
    figure = ranged("triangular")
    assert np.array_equal(sample("power", figure), again("power", figure))
    assert not np.array_equal(sample("power", figure), sample("rent", figure))
    assert not np.array_equal(sample("power", figure), other("power", figure))


def test_split_draws_have_the_base_case_as_their_median() -> None:
    # Half on each side of 2; mean distance a third of the way: (2 - 1/3) / 2 + (2 + 2/3) / 2 = 2.1667.
    drawn = np.asarray(draw(n_draws=N, seed=0)("a", ranged("split")))
    assert drawn.min() >= 1.0
    assert drawn.max() <= 4.0
    assert np.mean(drawn < 2.0) == approx(0.5, abs=0.01)
    assert drawn.mean() == approx(13 / 6, abs=0.02)


def test_triangular_draws() -> None:
    # Mean (1 + 2 + 4) / 3; share below the mode (2 - 1) / (4 - 1).
    drawn = np.asarray(draw(n_draws=N, seed=0)("a", ranged("triangular")))
    assert drawn.min() >= 1.0
    assert drawn.max() <= 4.0
    assert drawn.mean() == approx(7 / 3, abs=0.02)
    assert np.mean(drawn < 2.0) == approx(1 / 3, abs=0.01)


def test_uniform_draws_ignore_the_mode() -> None:
    drawn = np.asarray(draw(n_draws=N, seed=0)("a", ranged("uniform")))
    assert (drawn.min(), drawn.max()) == (approx(1.0, abs=0.01), approx(4.0, abs=0.01))
    assert drawn.mean() == approx(2.5, abs=0.03)


def test_normal_and_lognormal_read_the_ends_as_p10_and_p90() -> None:
    normal = np.asarray(draw(n_draws=N, seed=0)("a", ranged("normal", 1.0, 2.0, 3.0)))
    assert np.percentile(normal, (10, 50, 90)) == approx([1.0, 2.0, 3.0], abs=0.05)
    lognormal = np.asarray(draw(n_draws=N, seed=0)("a", ranged("lognormal", 1.0, 2.0, 4.0)))
    assert np.percentile(lognormal, (10, 50, 90)) == approx([1.0, 2.0, 4.0], rel=0.03)
    assert lognormal.min() > 0.0


def test_a_plan_of_draws_varies_where_the_workload_does() -> None:
    scenario = a_scenario(workload=a_workload(tokens={"output": {"low": 50, "base": 100, "high": 200}}))
    plan = scenario.plan("m", draw(n_draws=16, seed=0))
    assert np.shape(plan.output_tok) == (16,)
    assert plan.input_tok == 1000.0
