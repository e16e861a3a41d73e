"""Named systems, section 7: rules that say who may serve a workload, and what a rule costs.

Rows 81, 84 to 89. The worked example of residency is capability 39, that of latency is scenario 5.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tco.describe.workload import Workload
from tco.errors import InvalidInputError
from tco.files.scenario import load
from tests.conftest import ROOT
from tests.reference.workfile import SITE, bill, card, compared, line, scenario_of

approx: Any = pytest.approx
OPUS, SONNET, FLASH = "anthropic/claude-opus-4.6", "anthropic/claude-sonnet-4.6", "deepseek/deepseek-v4-flash"
SHORT = {"input": 1000, "output": 150}


@pytest.mark.parametrize(("limit", "nodes"), [("300 ms", 9), ("1500 ms", 4)])
def test_81_interactive_work_is_sized_for_its_peak(limit: str, nodes: int) -> None:
    names = {"300 ms": "05_latency_sensitive_chat", "1500 ms": "05_ttft_1500ms"}
    path = ROOT / "tests" / "reference" / "scenarios" / f"{names[limit]}.yaml"
    (own,) = compared(load(str(path), only="self_hosted", today=date(2026, 5, 1))).values()
    assert own.costing is not None
    assert own.costing.n_replicas(own.plan) == nodes


def test_81_work_that_may_wait_needs_no_peak(tmp_path: Path) -> None:
    def replicas(batch_frac: float) -> float:
        asked: dict[str, Any] = {"demand": {"requests": "1 /s", "peak_to_mean": 4}, "batch_frac": batch_frac}
        own = {"self_hosted": [card(decode_tok_per_s=200, busy_w=350)]}
        (found,) = compared(scenario_of(tmp_path, requests=1, tokens=SHORT, candidates=own, **asked)).values()
        assert found.costing is not None
        return float(found.costing.n_replicas(found.plan))

    assert replicas(0.0) == 3  # 150 tokens/s x 4 / 200
    assert replicas(1.0) == 1


def test_81_a_deadline_bounds_a_slow_api(tmp_path: Path) -> None:
    slow = {"model": "gpt-5.2", "provider": "openai", "output_tok_per_s": 40}
    found = compared(
        scenario_of(
            tmp_path, requests=1000, tokens={"input": 1000, "output": 150, "reasoning": 9663},
            candidates={"api": [slow]}, slo={"deadline": "5 s"},
        )
    )["openai/gpt-5.2"]  # fmt: skip
    assert any("an answer takes 245 s" in reason for reason in found.reasons)


class TestQualityFloor:
    """Row 84, with the two scores of Sonnet 4.6 on GPQA."""

    def results(self, folder: Path, floor: float) -> dict[str, Any]:
        offers = {"api": [OPUS, SONNET, "openai/gpt-4o"], "budget_cloud": ["deepseek/deepseek-r1"]}
        quality = {"floor": {"gpqa_diamond": floor}}
        return compared(scenario_of(folder, requests=1000, tokens=SHORT, candidates=offers, quality=quality))

    def test_84_the_cheapest_above_the_floor(self, tmp_path: Path) -> None:
        found = self.results(tmp_path, 85)
        assert found[OPUS].feasible
        assert found[SONNET].feasible
        assert not found["openai/gpt-4o"].feasible
        cheapest = min((each for each in found.values() if each.feasible), key=bill)
        assert cheapest.option.id == SONNET

    def test_84_the_row_that_would_turn_the_answer_is_named(self, tmp_path: Path) -> None:
        notes = self.results(tmp_path, 85)[SONNET].notes
        assert any("89.9" in note and "74.1" in note and "would turn this" in note for note in notes)

    def test_84_a_higher_floor_leaves_opus(self, tmp_path: Path) -> None:
        found = self.results(tmp_path, 91)
        assert [name for name, each in found.items() if each.feasible] == [OPUS]

    def test_84_an_unknown_score_is_no_pass(self, tmp_path: Path) -> None:
        offers = {"api": ["openai/gpt-3.5-turbo"]}
        found = compared(
            scenario_of(
                tmp_path, requests=1, tokens=SHORT, candidates=offers, quality={"floor": {"swe_bench_verified": 1}}
            )
        )["openai/gpt-3.5-turbo"]
        assert any("no pass@1 score" in reason for reason in found.reasons)


class TestResidency:
    """Rows 85 and 86, on 20,000 encounters of 4,000 tokens in and 600 out (capability 39)."""

    def results(self, folder: Path, **more: Any) -> dict[str, Any]:
        offers = {
            "api": [SONNET],
            "budget_cloud": [FLASH],
            "self_hosted": [{"model": "deepseek-v4-flash", "hardware": "h200-sxm"}],
        }
        asked: dict[str, Any] = {"requests": 20_000, "tokens": {"input": 4000, "output": 600}, "candidates": offers}
        site = SITE | {"electricity": {"country": "US", "region": "US total", "sector": "commercial"}}
        return compared(scenario_of(folder, **asked, site=site, **more))

    def test_85_the_api_is_excluded_the_weights_are_not(self, tmp_path: Path) -> None:
        found = self.results(tmp_path, constraints={"residency": ["us"]})
        assert any("no evidence that data can stay in us" in reason for reason in found[FLASH].reasons)
        assert found["own:h200-sxm/deepseek-v4-flash-mxfp4"].feasible
        assert found[SONNET].feasible

    def test_85_what_the_rule_costs(self, tmp_path: Path) -> None:
        free, ruled = self.results(tmp_path), self.results(tmp_path, constraints={"residency": ["us"]})
        assert bill(free[FLASH]) == approx(14.56)
        assert bill(free[SONNET]) == approx(420.0)
        assert bill(ruled[SONNET]) == approx(462.0)  # x 1.1 for data that stays in the United States
        assert bill(ruled[SONNET]) - bill(free[FLASH]) == approx(447.44)

    def test_86_a_compliance_floor(self, tmp_path: Path) -> None:
        rules = {"compliance": ["hipaa"], "compliance_usd_per_month": 500}
        found = self.results(tmp_path, constraints=rules)
        assert any("no evidence of hipaa" in reason for reason in found[FLASH].reasons)
        assert found[SONNET].feasible
        own = found["own:h200-sxm/deepseek-v4-flash-mxfp4"]
        assert line(own, "compliance") == 500

    def test_86_an_attestation_nobody_publishes(self, tmp_path: Path) -> None:
        found = self.results(tmp_path, constraints={"compliance": ["fedramp"]})
        assert any("no evidence of fedramp" in reason for reason in found[SONNET].reasons)


def test_87_hardening_is_a_line_of_its_own(tmp_path: Path) -> None:
    site = SITE | {"security_usd_per_month": 2000}
    own = {"self_hosted": [card(decode_tok_per_s=200, busy_w=350)]}
    (found,) = compared(scenario_of(tmp_path, requests=1000, tokens=SHORT, candidates=own, site=site)).values()
    assert line(found, "security hardening") == 2000


def test_87_the_agentic_workload_has_it() -> None:
    day = date(2026, 11, 22)
    scenario = load(str(ROOT / "workloads" / "agentic-coding.yaml"), only="self_hosted", today=day)
    assert isinstance(scenario.workload, Workload)
    assert scenario.workload.site.security_usd_per_month.value > 0
    owned = [each for each in compared(scenario).values() if each.lines]
    assert owned
    assert all(line(each, "security hardening") > 0 for each in owned)


class TestLocalOnly:
    """Row 88: what must not leave the house."""

    def test_88_other_tiers_are_not_looked_at(self, tmp_path: Path) -> None:
        own = {"self_hosted": [card(decode_tok_per_s=200, busy_w=350)]}
        found = compared(
            scenario_of(tmp_path, requests=1000, tokens=SHORT, candidates=own, constraints={"local_only": True})
        )
        assert {each.option.tier for each in found.values()} == {"self_hosted"}
        assert all(each.feasible for each in found.values())

    def test_88_naming_an_api_beside_it_is_a_contradiction(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="local_only"):
            scenario_of(
                tmp_path, requests=1, tokens=SHORT, candidates={"api": [OPUS]}, constraints={"local_only": True}
            )


@pytest.mark.parametrize(("country", "sold"), [("CN", False), ("US", True)])
def test_89_export_controls(tmp_path: Path, country: str, sold: bool) -> None:
    own = {"self_hosted": [{"model": "qwen3-8b", "hardware": "h100-sxm"}]}
    asked: dict[str, Any] = {"requests": 1000, "tokens": SHORT, "candidates": own, "day": date(2026, 11, 22)}
    (found,) = compared(scenario_of(tmp_path, **asked, site=SITE | {"country": country})).values()
    assert any("may not be sold to CN" in reason for reason in found.reasons) != sold


def test_89_the_tariff_names_the_country(tmp_path: Path) -> None:
    own = {"self_hosted": [{"model": "qwen3-8b", "hardware": "h100-sxm"}]}
    site = SITE | {"electricity": {"country": "DE", "sector": "non-household", "band": "IC"}}
    asked: dict[str, Any] = {"requests": 1000, "tokens": SHORT, "candidates": own, "site": site}
    (inside,) = compared(scenario_of(tmp_path, **asked, constraints={"residency": ["eu"]})).values()
    (outside,) = compared(scenario_of(tmp_path, **asked, constraints={"residency": ["us"]})).values()
    assert inside.feasible, inside.reasons
    assert any("no evidence that data can stay in us" in reason for reason in outside.reasons)


@pytest.mark.parametrize(("plan", "remark"), [("spot", "taken away"), ("serverless", "cold start"), ("on_demand", "")])
def test_what_a_rental_plan_does_not_promise(tmp_path: Path, plan: str, remark: str) -> None:
    rented = {"model": "qwen3-8b", "hardware": "h100-sxm", "plan": plan, "usd_per_gpu_h": 2.0}
    (found,) = compared(
        scenario_of(tmp_path, requests=1000, tokens=SHORT, candidates={"budget_cloud": [rented]})
    ).values()
    said = " ".join(found.notes)
    assert remark in said
    assert bool(remark) == any(word in said for word in ("taken away", "cold start"))
