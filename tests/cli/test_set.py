"""``--set FIELD=VALUE``: read and checked as the file is, and told in the report."""

from __future__ import annotations

import pytest

QUICK = ["--draws", "0", "--as-of", "2026-11-22", "--json"]


def options(ran):
    return {each["id"]: each["usd_per_month"] for each in ran.record["options"]}


def test_a_change_is_what_the_file_would_have_said(tco, home):
    text = (home / "chat.yaml").read_text(encoding="utf-8")
    (home / "stated.yaml").write_text(text.replace("electricity: 0.15", "electricity: 0.15, staff_fte: 0.3"))
    changed = tco("compare", "chat.yaml", "--set", "site.staff_fte=0.3", *QUICK)
    assert options(changed) == options(tco("compare", "stated.yaml", *QUICK))
    assert options(changed) != options(tco("compare", "chat.yaml", *QUICK))
    assert (home / "chat.yaml").read_text(encoding="utf-8") == text


def test_several_changes_of_every_kind_of_value(tco, home):
    changes = ["demand.requests=1.2M per month", "slo={ttft_p95: 2 s}", "candidates.api=[openai/gpt-4o-mini]", "name=x"]
    record = tco("compare", "chat.yaml", *(part for each in changes for part in ("--set", each)), *QUICK).record
    assert (record["workload"]["name"], record["workload"]["requests_per_month"]) == ("x", 1.2e6)
    assert [each["id"] for each in record["options"] if each["tier"] == "api"] == ["openai/gpt-4o-mini"]
    told = [each for each in record["warnings"] if "set on the command line" in each]
    assert told[0].startswith("demand.requests is 1.2M per month, set on the command line, in place of what chat.yaml")
    assert len(told) == len(changes)


def test_the_ledger_says_where_a_figure_was_set(tco, home):
    day = ["--as-of", "2026-11-22"]
    ran = tco("explain", "chat.yaml", "own:rtx-4090", "--set", "site.staff_fte=0.3", *day)
    assert "site.staff_fte = 0.3 FTE  [assumed] set on the command line" in ran.out
    own = ["--set", "site.staff_fte={value: 0.3, source: our books}"]
    assert (
        "site.staff_fte = 0.3 FTE  [assumed] our books" in tco("explain", "chat.yaml", "own:rtx-4090", *own, *day).out
    )


def test_a_break_even_moves_with_it(tco, home):
    known = ["breakeven", "chat.yaml", "--own", "own:rtx-4090", "--versus", "haiku", "--as-of", "2026-11-22", "--json"]

    def volume(*more):
        return tco(*known, *more).record["breakeven"]["requests_per_month"]

    assert volume("--set", "site.staff_fte=0.01") < volume() < volume("--set", "site.staff_fte=1")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("site.staf_fte=0.3", "--set site.staf_fte: unknown key; did you mean 'staff_fte'?"),
        ("sight.staff_fte=0.3", "--set sight.staff_fte: unknown key; did you mean 'site'?"),
        ("site.staff_fte=30%", "--set site.staff_fte: got '30%', which is frac; expected FTE"),
        ("site.staff_fte=-1", "--set site.staff_fte: got -1; expected at least 0 FTE"),
        ("site.staff_fte={low: 3, base: 1, high: 5}", "--set site.staff_fte: got low 3, base 1, high 5"),
        ("site.electricity={country: DE", "--set site.electricity: not valid YAML"),
        ("site.pue=.nan", "--set site.pue: got NaN; expected a finite number"),
        ("site.electricity.region=x", "--set site.electricity.region: site.electricity is 0.15; expected a mapping"),
        ("tokens={input: 5}", "--set tokens: output: missing"),
        ("candidates.api=[openai/gpt-4o-mimi]", "--set candidates.api: [0]: no api offer of 'openai/gpt-4o-mimi'; did"),
        ("demand.trace=no.csv", "--set demand.trace: no.csv: no such file"),
        ("site.staff_fte", "--set: got 'site.staff_fte'; expected FIELD=VALUE on one line, such as site.staff_fte=0.3"),
        ("site.staff_fte=", "--set: got 'site.staff_fte='; expected FIELD=VALUE"),
        ("=3", "--set: got '=3'; expected FIELD=VALUE"),
        ("a=1\nb: 2", "expected FIELD=VALUE on one line"),
    ],
)
def test_a_change_that_cannot_be_made(tco, home, change, says):
    ran = tco("compare", "chat.yaml", "--set", change, *QUICK)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "chat.yaml" not in ran.err


def test_every_problem_of_file_and_changes_at_once(tco, home):
    (home / "chat.yaml").write_text((home / "chat.yaml").read_text().replace("output: 250", "output: -250"))
    ran = tco("compare", "chat.yaml", "--set", "site.staff_fte=-1", *QUICK)
    assert "--set site.staff_fte: got -1" in ran.err
    assert "chat.yaml:3:31: tokens.output: got -250" in ran.err
    twice = tco("compare", "chat.yaml", "--set", "x", "--set", "site.pue=1", "--set", "site.pue=2", *QUICK)
    assert twice.err.splitlines()[1] == "--set site.pue: is set twice; set it once"


def test_a_mapping_the_file_leaves_empty_can_be_filled(tco, home):
    (home / "chat.yaml").write_text((home / "chat.yaml").read_text().replace("site: {electricity: 0.15}", "site: {}"))
    assert tco("compare", "chat.yaml", "--set", "finance.life_months=36", "--set", "site.pue=1", *QUICK).code == 0
