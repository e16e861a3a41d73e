"""Reports at several widths: nothing cut, nothing too wide, nothing lost without a word."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from tco.decide.duel import Duel
from tco.describe.workload import Constraints
from tco.evaluate import Comparison
from tco.report import behind, ledger, table, versus
from tco.report.grid import Column, Row, grid, layout

WIDTHS = (80, 100, 120, 160)
EXPONENT = re.compile(r"\d[eE][+-]?\d{2}")


def _shown(lines: list[Text]) -> str:
    return "\n".join(line.plain for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_tables_fit_the_width(compared: Comparison, width: int) -> None:
    lines = [*table.tiers(compared, width), *table.options(compared, top=5, width=width)]
    assert max(len(part) for line in lines for part in line.plain.splitlines()) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_every_option_and_its_cost_is_shown_whole(compared: Comparison, width: int) -> None:
    shown = _shown(table.options(compared, top=9, width=width))
    for result in compared.results:
        assert result.option.id in shown
        assert f"{result.usd_per_month:,.2f}" in shown
    assert "…" not in shown


def test_narrow_names_what_it_leaves_out(compared: Comparison) -> None:
    assert "Not shown at 80 columns" in _shown(table.options(compared, top=5, width=80))
    assert "Not shown" not in _shown(table.options(compared, top=5, width=200))


@pytest.mark.parametrize("width", WIDTHS)
def test_tiers_side_by_side_have_every_measure(compared: Comparison, width: int) -> None:
    shown = _shown(table.tiers(compared, width))
    for label in (
        "USD per month", "p10 – p90", "wins", "USD per Mtok, all", "USD per Mtok, output", "USD per request",
        "replicas x GPUs", "utilisation", "TTFT p95", "ITL p95", "predicted", "price of", "its age",
    ):  # fmt: skip
        assert label in shown


def test_whole_report_has_answer_assumptions_and_provenance(
    compared: Comparison, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    table.show(compared, top=5, include_infeasible=False)
    shown = capsys.readouterr().out
    for part in (
        "Verdict:",
        "Break-even",
        "Assumed",
        "site.electricity" if "site.electricity" in shown else "electricity",
    ):
        assert part in shown
    assert "50 draws with seed 0" in shown
    for width_free in (compared.verdict.cheapest or "", str(compared.scenario.as_of)):
        assert width_free in shown


def test_refused_options_come_with_reasons(refused: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    table.show(refused, top=5, include_infeasible=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert "No option can serve this workload" in shown
    for result in refused.results:
        assert result.option.id in shown
        assert " ".join(result.reasons[0].split()) in shown


def test_a_tier_that_shows_nothing_says_why(compared: Comparison, refused: Comparison) -> None:
    assert "API: no option was asked for." in _shown(table.tiers(compared_without(compared, "api", asked=False), 120))
    assert table.why_absent("api", refused) == "no option was asked for"
    assert table.why_absent("self_hosted", refused) == (
        "none of its 2 options can serve this workload; the reasons are below"
    )
    alone = replace(refused, results=tuple(each for each in refused.results if each.option.tier == "budget_cloud"))
    assert table.why_absent("budget_cloud", alone) == (
        "its only option cannot serve this workload; the reasons are below"
    )
    assert table.why_absent("self_hosted", alone) == "no option of the catalogue can serve this workload"
    held = compared.scenario
    rules = held.workload.model_copy(update={"constraints": Constraints(local_only=True)})
    local = replace(compared, scenario=replace(held, workload=rules))
    assert table.why_absent("api", local) == "constraints.local_only leaves no option"


def compared_without(compared: Comparison, tier: str, *, asked: bool) -> Comparison:
    """The comparison without the results of a tier."""
    tiers = tuple(each for each in compared.scenario.tiers if asked or each != tier)
    results = tuple(result for result in compared.results if result.option.tier != tier)
    return replace(compared, results=results, scenario=replace(compared.scenario, tiers=tiers))


def test_a_purchase_price_says_since_when_and_when_it_was_seen(
    compared: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    own = next(result for result in compared.results if "rtx-4090" in result.option.id)
    told = "in force since 2022-10-12 (1,502 d), last seen 2026-11-22 (0 d)"
    assert table.price_line(own, compared.scenario) == f"price {told}"
    ledger.show(own, compared.scenario)
    assert f"machine.gpu_usd = 1,600 USD [published, {told}]" in " ".join(capsys.readouterr().out.split())
    api = next(result for result in compared.results if result.option.tier == "api")
    assert table.price_line(api, compared.scenario).startswith("price of 20")


def test_a_stated_price_of_electricity_is_not_assumed(compared: Comparison) -> None:
    assert "Electricity, as" not in _shown(behind.assumed(compared.scenario, 120))
    held = compared.scenario
    site = held.workload.site.model_copy(update={"electricity": held.electricity})
    stated = replace(held, workload=held.workload.model_copy(update={"site": site}))
    shown = _shown(behind.assumed(replace(stated, _plans={}), 120))
    assert "Electricity, as the workload says" in shown
    assert shown.index("Electricity, as") < shown.index("site.electricity = ")


@pytest.mark.parametrize("width", WIDTHS)
def test_ledger_adds_up(compared: Comparison, width: int) -> None:
    for result in compared.results:
        lines = ledger.ledger(result.lines, width)
        assert f"{result.usd_per_month:,.2f}" in lines[-1].plain
        assert max(len(line.plain) for line in lines) <= width


def test_explain_names_source_and_kind_of_each_input(compared: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    own = next(result for result in compared.results if result.option.kind == "owned")
    ledger.show(own, compared.scenario)
    shown = " ".join(capsys.readouterr().out.split())
    for line in own.lines:
        assert f"{line.name} = {line.formula}" in shown
        for part in line.inputs:
            assert f"{part.name} = " in shown
            assert " ".join(part.source.split()) in shown
    assert not EXPONENT.search(_shown(ledger.ledger(own.lines, 120)))


def test_duel_in_words(compared: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    found = compared.break_evens[0]
    own, other = (next(r for r in compared.results if r.option.id == name) for name in (found.own, found.versus))
    versus.show(Duel(own=own, versus=other, break_even=found, solved=None), compared.scenario, as_json=False)
    shown = capsys.readouterr().out
    assert "volume: " in shown
    assert "payback: " in shown
    assert behind.volume_text(found)[:30] in shown


def test_layout_drops_the_least_important_first_and_never_the_vital() -> None:
    columns = [Column(("cost",)), Column(("range",), 1), Column(("age",), 2)]
    rows = [Row("an-option-with-a-long-name", ("1,574.56", "1,568 – 5,301", "205 d"))]
    assert layout(columns, rows, width=120).kept == (0, 1, 2)
    assert layout(columns, rows, width=120).key_width > 0
    assert layout(columns, rows, width=40).kept == (0, 1, 2)
    assert layout(columns, rows, width=40).key_width == 0
    assert layout(columns, rows, width=28).kept == (0, 1)
    assert layout(columns, rows, width=5).kept == (0,)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(40, 160))
def test_layout_fits_whenever_its_vital_column_does(widths: list[int], width: int) -> None:
    columns = [Column(("",), i) for i in range(len(widths))]
    rows = [Row("k" * 20, tuple("9" * size for size in widths))]
    assert max(len(line.plain) for line in grid(columns, rows, width=width)[:4]) <= width
