"""Rules about results: pinned values, budgets, verdicts, on a recomputed workload or a record of compare."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tco.check import asked, results
from tco.check.baseline import Baseline
from tco.check.results import number_of, option_of, quantity
from tco.check.run import check_text, run
from tco.check.selftest import planted_record
from tco.check.settings import Settings
from tco.check.value import ValueProblem
from tco.errors import InvalidInputError, UnknownNameError


def record(**option):
    held = planted_record()
    held["options"][0].update(option)
    return held


def check(context, key, item, held=None, before=None):
    held = held or planted_record()
    baseline = Baseline("old.json", results={"planted": before}) if before else None
    context = replace(context, compare=lambda *_: held, baseline=baseline, failures=[])
    found, _ = check_text(f"{key}: [{{id: x, workload: w, {item}}}]\n", "f.yaml", context)
    return found, context.failures


@pytest.mark.parametrize(
    ("item", "n"),
    [
        ('value: "100 USD/month"', 0),
        ("value: 100", 0),
        ('value: "1200 USD/year"', 0),
        ("value: 100.2", 1),
        ("value: 100.2, tolerance: {rel: 0.01}", 0),
        ("value: 98, tolerance: {abs: 2}", 0),
        ("value: 97, tolerance: {abs: 2}", 1),
        ("value: 0", 1),
        ("value: null", 1),
        ("field: cheapest_tier, value: api", 0),
        ("field: cheapest_tier, value: self_hosted", 1),
        ("field: cheapest, value: planted/model-2", 0),
        ("field: cheapest, value: other", 1),
        ("option: model-2, value: 100", 0),
        ("option: nonsuch, value: 100", 1),
        ("field: usd_per_correct, value: 1", 1),
    ],
)
def test_golden(context, item, n):
    found, failures = check(context, "golden", item)
    assert len(found) == n
    assert not failures
    assert {each.rule for each in found} <= {"golden"}


def test_a_moved_result_shows_its_ledger(context):
    held = record(ledger=[{"name": "tokens", "usd_per_month": 60}, {"name": "fee", "usd_per_month": 40}])
    ((finding,), _) = check(context, "golden", "value: 80", held)
    assert finding.message == "usd_per_month of planted/model-2 moved by 25%"
    assert finding.arithmetic == ("tokens: 60.00 USD/month", "fee: 40.00 USD/month")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("value: 100, field: usd_per_moth", "got field 'usd_per_moth'"),
        ('value: "100 USD/Mtok"', "which is USD/Mtok"),
        ('value: "100 parsecs"', "not known"),
        ("value: 100, result: r.json", "both or neither"),
        ("value: 100, valeu: 3", "unknown key"),
    ],
)
def test_what_cannot_be_asked_is_a_schema_error(context, item, words):
    found, _ = check(context, "golden", item)
    assert {each.rule for each in found} == {"schema"}
    assert words in " ".join(each.message for each in found)


@pytest.mark.parametrize(
    ("item", "messages"),
    [
        ("max: 100", []),
        ('max: "1200 USD/year"', []),
        ("max: 99", ["usd_per_month of planted/model-2 is 1 USD/month over the budget"]),
        ("min: 100", []),
        ("min: 130", ["usd_per_month of planted/model-2 is 30 USD/month under the least expected"]),
        ('max_increase: "25 %"', []),  # 80 -> 100
        ('max_increase: "24 %"', ["usd_per_month rose by 20 USD/month (25%)"]),
        ("max_increase: 19", ["usd_per_month rose by 20 USD/month (25%)"]),
        ('max_increase: "20 USD/month"', []),
        ('max_decrease: "1 %"', []),
    ],
)
def test_budget_up(context, item, messages):
    found, failures = check(context, "budget", item, before=record(usd_per_month=80.0))
    assert [each.message for each in found] == messages
    assert not failures


@pytest.mark.parametrize(
    ("item", "n"), [('max_decrease: "20 %"', 0), ('max_decrease: "19 %"', 1), ("max_decrease: 24", 1)]
)
def test_budget_down(context, item, n):
    found, _ = check(context, "budget", item, before=record(usd_per_month=125.0))  # 125 -> 100 is -20%
    assert len(found) == n


def test_without_a_baseline_a_change_is_no_zero(context):
    found, (failure,) = check(context, "budget", 'max_increase: "10 %"')
    assert found == []
    assert failure.exit_code == 3
    assert "no baseline of workload 'planted'" in failure.message
    _, (failure,) = check(context, "budget", "max_increase: 1", before=record(usd_per_month=None))
    assert "the baseline has no usd_per_month" in failure.message


def test_a_missing_number_breaks_the_budget(context):
    ((finding,), _) = check(context, "budget", "max: 100", record(usd_per_month=None))
    assert "is not there" in finding.message


@pytest.mark.parametrize(
    ("item", "before", "messages"),
    [
        ("cheapest_tier: api", None, []),
        ("cheapest_tier: budget_cloud", None, ["the cheapest tier is api, not budget_cloud"]),
        ("cheapest: model-2", None, []),
        ("cheapest: model-3", None, ["the cheapest option is planted/model-2"]),
        (
            "cheapest_tier: api",
            "self_hosted",
            ["the verdict flipped: the cheapest tier was self_hosted, now it is api"],
        ),
        ("cheapest_tier: api, same_as_baseline: false", "self_hosted", []),
        ("min_margin: 1", None, []),  # from 1,000 to 2,000 requests/month is 100%
        ('min_margin: "100 %"', None, []),
        ('min_margin: "101 %"', None, ["break-even of own:gpu against planted/model-2 is 100% away"]),
        ("min_margin: 1.01", None, ["break-even of own:gpu against planted/model-2 is 100% away"]),
    ],
)
def test_verdict(context, item, before, messages):
    found, failures = check(context, "verdict", item, before=record(tier=before) if before else None)
    assert [each.message for each in found] == messages
    assert not failures


def test_no_feasible_option_is_no_verdict(context):
    held = planted_record()
    held["verdict"]["cheapest"] = None
    ((finding,), _) = check(context, "verdict", "cheapest_tier: api", held)
    assert finding.message == "no option can serve the workload"


def test_other_break_evens_are_none_of_the_margin(context):
    held = planted_record()
    held["breakeven"] = [
        {"own": "a", "versus": "b", "crossings": [{"volume": 1001.0}]},
        {"own": "own", "versus": "planted/model-2"},
    ]
    assert check(context, "verdict", "min_margin: 1", held) == ([], [])


# --- records ----------------------------------------------------------------------------------------


def written(tmp_path: Path, held, name="now.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(held), encoding="utf-8")
    return path


def test_a_record_on_the_command_line_gets_the_rules_of_the_settings(tmp_path, context):
    settings = Settings(budgets=({"max": 90},), verdicts=({"cheapest_tier": "self_hosted"}, {"min_margin": "200 %"}))
    path = written(tmp_path, planted_record())
    report = run([path], replace(context, settings=settings, baseline=None))
    assert [each.rule for each in report.findings] == ["budget", "verdict", "verdict"]
    assert report.exit_code("error") == 1
    clean = run([path], replace(context, settings=Settings(), baseline=None))
    assert (clean.findings, clean.n_items) == ((), 1)


def test_a_flip_from_the_baseline_needs_no_settings(tmp_path, context):
    before = Baseline("old.json", results={"planted": record(tier="self_hosted")})
    report = run([written(tmp_path, planted_record())], replace(context, baseline=before))
    assert [each.rule for each in report.findings] == ["verdict"]


def test_a_result_beside_the_file(tmp_path, context):
    written(tmp_path, planted_record())
    path = tmp_path / "g.yaml"
    path.write_text(
        "golden: [{id: x, result: now.json, value: 100}, {id: y, result: no.json, value: 1}]\n", encoding="utf-8"
    )
    report = run([path], context)
    assert report.findings == ()
    (failure,) = report.failures
    assert (failure.subject, report.exit_code("error")) == ("y", 3)


@pytest.mark.parametrize(
    "held",
    [
        {"schema": "tco.explain/1"},
        {"schema": "tco.compare/1"},
        {**planted_record(), "options": [5]},
        {**planted_record(), "workload": {"name": "x", "requests_per_month": 0}},
        {**planted_record(), "workload": {"name": "x", "requests_per_month": None}},
        {**planted_record(), "breakeven": [{"own": 1, "versus": 2}]},
        {**planted_record(), "verdict": {}},
        {**planted_record(), "provenance": {"price_sheets": 5}},
    ],
)
def test_what_is_no_record_is_an_error(tmp_path, context, held):
    report = run([written(tmp_path, held)], context)
    assert report.exit_code("never") == 2
    assert "tco.compare/1" in report.findings[0].message


@pytest.mark.parametrize("budget", [{"mx": 5}, {"max": [1]}, {"result": 5}])
def test_settings_of_results_are_checked_before_anything_else(budget):
    with pytest.raises(InvalidInputError, match=r"tco\.toml: check\.budget\."):
        asked.of_settings(Settings(budgets=(budget,)))


def test_an_option_by_a_part_of_its_id():
    held = planted_record()
    held["options"].append({"id": "planted/model-22", "tier": "api"})
    assert option_of(held, "planted/model-2")["id"] == "planted/model-2"  # exactly
    assert option_of(held, "22")["id"] == "planted/model-22"
    with pytest.raises(UnknownNameError):
        option_of(held, "model")


def test_numbers_in_their_canonical_unit():
    assert number_of({"ttft_p95_ms": 250.0}, "ttft_p95_ms") == Decimal("0.25")
    assert number_of({"usd_per_month": True}, "usd_per_month") is None
    assert quantity("250 ms", "ttft_p95_ms", float) == quantity(250, "ttft_p95_ms", float) == Decimal("0.25")
    with pytest.raises(ValueProblem):
        quantity("250 USD", "ttft_p95_ms", float)


def test_a_workload_is_recomputed_by_the_tool_itself(tmp_path):
    from datetime import date

    path = tmp_path / "w.yaml"
    path.write_text(
        'name: t\ndemand: {requests: "900k /month"}\ntokens: {input: 1200, output: 250}\n'
        "candidates: {api: [openai/gpt-4o-mini], budget_cloud: [], self_hosted: []}\nsite: {electricity: 0.15}\n",
        encoding="utf-8",
    )
    held = results.Comparer(None)(str(path), date(2026, 11, 22))
    # 900k x (1200 x 0.15 + 250 x 0.60) / 1e6 = 162 + 135 = 297 USD/month
    assert option_of(held, "cheapest")["usd_per_month"] == pytest.approx(297.0)
