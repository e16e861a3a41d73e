"""Every shipped workload: it loads, compares three tiers, and each option has a price or a reason."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest

from tco import evaluate
from tco.describe.workload import Workload
from tco.files.catalogue import Catalogue
from tco.files.scenario import load
from tests.conftest import ROOT

DAY = date(2026, 11, 22)
NAMES = sorted(path.stem for path in (ROOT / "workloads").glob("*.yaml"))
EXPECTED = {
    "agentic-coding", "enterprise-documents-100k", "healthcare-summaries", "latency-chat", "math-majority-vote",
    "single-dev-code-review", "startup-chat", "support-per-outcome",
}  # fmt: skip
TIERS = {"api", "budget_cloud", "self_hosted"}


@cache
def compared(name: str) -> evaluate.Comparison:
    return evaluate.run(load(name, as_of=DAY, today=DAY), n_draws=64)


def workload(name: str) -> Workload:
    return compared(name).scenario.workload


def test_the_workloads_that_ship() -> None:
    assert set(NAMES) == EXPECTED
    assert set(Catalogue(None).names("workloads")) == EXPECTED


@pytest.mark.parametrize("name", NAMES)
class TestWorkload:
    def test_it_says_what_it_is(self, name: str) -> None:
        text = (ROOT / "workloads" / f"{name}.yaml").read_text(encoding="utf-8")
        assert text.startswith("# ")
        assert workload(name).note
        assert workload(name).as_of is None  # a shipped workload is priced on the day it is asked for

    def test_it_compares_enough(self, name: str) -> None:
        results = compared(name).results
        assert 10 <= len(results) <= 30
        assert {result.option.tier for result in results} == TIERS

    def test_each_tier_can_serve_it(self, name: str) -> None:
        assert set(compared(name).verdict.cheapest_by_tier) == TIERS
        kinds = {result.option.kind for result in compared(name).results if result.feasible}
        assert {"per_token", "rental", "owned"} <= kinds

    def test_an_option_has_a_price_or_a_reason(self, name: str) -> None:
        for result in compared(name).results:
            assert result.reasons or result.usd_per_month is not None, result.option.id
            assert all(reason.strip() for reason in result.reasons)
            if result.feasible:
                assert result.usd_per_month is not None
                assert 0 < result.usd_per_month < 1e6, result.option.id
                assert all(line.source for line in result.lines), result.option.id

    def test_ranges_are_in_order(self, name: str) -> None:
        for result in compared(name).results:
            if result.usd_per_month_p10 is not None:
                ends = (result.usd_per_month_p10, result.usd_per_month_p50, result.usd_per_month_p90)
                assert np.all(np.diff(np.array(ends, dtype=float)) >= 0)
        assert sum(result.win_frac or 0.0 for result in compared(name).results) == pytest.approx(1.0)

    def test_machines_keep_within_their_limits(self, name: str) -> None:
        for result in compared(name).results:
            if result.feasible and result.capacity is not None and result.costing is not None:
                used = result.costing.utilisation(result.plan)
                assert used is not None
                assert 0 < float(used) <= 1, result.option.id
                assert result.capacity.req_per_s > 0


class TestWhatEachShows:
    """The point of each workload, so that a change of data that loses it is noticed."""

    def test_the_chat_of_the_readme_costs_what_the_hand_figure_says(self) -> None:
        haiku = evaluate.pick(compared("startup-chat"), "anthropic/claude-haiku-4.5")
        assert haiku.usd_per_month == pytest.approx(1621.80)

    def test_health_data_stays_and_the_reasons_are_named(self) -> None:
        reasons = {result.option.id: " ".join(result.reasons) for result in compared("healthcare-summaries").results}
        assert "data can stay in us" in reasons["deepseek/deepseek-v4-flash"]
        assert "hipaa" in reasons["deepseek/deepseek-v4-flash"]
        assert not reasons["own:h200-sxm/deepseek-v4-flash-mxfp4"]
        sonnet = evaluate.pick(compared("healthcare-summaries"), "anthropic/claude-sonnet-4.6")
        assert sonnet.usd_per_month == pytest.approx(462.0)  # the price of residency is in it

    def test_agents_pay_for_hardening_and_for_cache_writes(self) -> None:
        own = next(result for result in compared("agentic-coding").results if result.option.kind == "owned")
        assert any(line.name == "security hardening" and line.usd_per_month > 0 for line in own.lines)
        sonnet = evaluate.pick(compared("agentic-coding"), "anthropic/claude-sonnet-4.6")
        assert {"cache read tokens", "cache write tokens"} <= {line.name for line in sonnet.lines}

    def test_eight_samples_cost_eight_times(self) -> None:
        held = workload("math-majority-vote").compute
        assert (held.strategy, held.n) == ("majority_vote", 8)
        r1 = evaluate.pick(compared("math-majority-vote"), "deepseek/deepseek-r1")
        assert r1.plan.generated_tok == pytest.approx(8 * 9813)

    def test_outcomes_stand_beside_tokens(self) -> None:
        kinds = [result.option.kind for result in compared("support-per-outcome").results if result.feasible]
        assert kinds.count("outcome") >= 3

    def test_a_latency_limit_excludes_a_slow_api(self) -> None:
        slow = evaluate.pick(compared("latency-chat"), "openai/gpt-5.2")
        assert any("TTFT" in reason for reason in slow.reasons)

    def test_a_seat_is_compared_with_tokens(self) -> None:
        kinds = {result.option.kind for result in compared("single-dev-code-review").results}
        assert "subscription" in kinds

    def test_documents_carry_their_one_time_effort(self) -> None:
        own = next(result for result in compared("enterprise-documents-100k").results if result.option.kind == "owned")
        assert any(line.name == "one-time effort" and line.usd_per_month > 1000 for line in own.lines)
